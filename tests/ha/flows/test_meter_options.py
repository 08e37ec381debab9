"""The menu of the options: stored values of each page, values left alone, and messages."""

from math import inf, nan

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData, UnknownFlow
from homeassistant.helpers.selector import NumberSelector
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from custom_components.smarty_p1.flows.options import goal_and_messages
from smartyp1.json_types import JsonDict
from tests.ha.dialogs import (
    enter_contract,
    is_created,
    markers,
    open_details,
    open_options,
    reconfigure,
    schema_of,
    submit,
)
from tests.ha.meter import OTHER_SERIAL
from tests.ha.refusals import Refusals, Row
from tests.ha.support import TELEGRAM, Home, at, unload_entry

GOAL = ["goal", "goal_amount"]
RECIPIENTS = ["recipients", "quiet_from", "quiet_until"]
KINDS = ["silent", "soon_above", "above_goal", "water_at_night", "grid", "monthly_report"]
SERVER = {"enabled": False, "address": "127.0.0.1", "port": 2001}
# All values of the page, and values that a version to come may have stored.
CONTRACT = {
    "reference_power": 7.0,
    "meter_ampere": "63",
    "vat": True,
    "energy_price": 0.15,
    "with_levies": False,
}
STORED: JsonDict = {
    "contracts": [CONTRACT],
    "prices_confirmed": 2027,
    "min_interval": 10,
    "p1_server": SERVER,
    "of_a_later_version": {"kept": True},
}


@pytest.fixture
async def entry(home: Home) -> MockConfigEntry:
    """Return an entry that has options of every page; its meter answers each reload."""
    entry = await home.set_up(**STORED)
    home.port.greeting = lambda: home.port.next_frame(TELEGRAM)
    return entry


async def test_the_options_begin_with_a_menu(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    menu = await hass.config_entries.options.async_init(entry.entry_id)

    assert menu["type"] is FlowResultType.MENU
    assert menu["menu_options"] == [
        "contracts",
        "aids",
        "goal_and_messages",
        "gas",
        "sun",
        "other_programs",
        "leneda_file",
        "leneda_account",
    ]
    assert menu["description_placeholders"] == {"name": "Smarty 2574"}
    gas = ["gas_kwh_per_m3", "gas_prices"]
    programs = await open_options(hass, entry, "other_programs")
    assert programs["menu_options"] == ["p1_server", "virtual_meter", "mqtt", "updates"]
    for page, fields in (
        ("gas", gas),
        ("updates", ["min_interval"]),
        ("p1_server", ["enabled", "address", "port"]),
        ("goal_and_messages", [*GOAL, *RECIPIENTS, *KINDS, "send_test"]),
    ):
        form = await open_options(hass, entry, page)
        assert [*markers(form)] == fields

    # The gas of a meter that is not read is unknown.
    assert await unload_entry(hass, entry)
    form = await open_options(hass, entry, "gas")
    assert [*markers(form)] == gas


async def test_dialogs_end_when_their_entry_is_removed(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    flows = hass.config_entries
    dialogs = [
        (flows.options, await open_options(hass, entry)),
        (flows.flow, await reconfigure(hass, entry)),
    ]
    await flows.async_remove(entry.entry_id)
    for manager, form in dialogs:
        # Home Assistant answers 404, and its frontend closes the dialog.
        with pytest.raises(UnknownFlow):
            await manager.async_configure(form["flow_id"], {})


async def test_a_page_leaves_the_values_of_other_pages(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    prices = [{"gas_price": 0.9, "gas_fixed_price": 16.5}]
    of_gas = {"gas_kwh_per_m3": 11.2, "gas_prices": prices}
    stored = {**STORED}
    for page, typed in (
        ("gas", of_gas),
        ("updates", {"min_interval": 30}),
        # The numbers of the gas bill can be taken back.
        ("gas", {}),
        ("p1_server", {**SERVER, "port": 2005}),
    ):
        form = await open_options(hass, entry, page)
        result = await submit(hass, form, typed)
        assert is_created(result)
        if page == "gas":
            stored = {name: value for name, value in stored.items() if name not in of_gas}
        stored |= {page: typed} if page == "p1_server" else typed
        assert dict(entry.options) == stored

    result = await enter_contract(hass, entry, {"reference_power": "12"})
    await hass.async_block_till_done()
    assert is_created(result)
    changed = CONTRACT | {"reference_power": 12.0, "energy_fee_per": "month"}
    del changed["energy_price"]
    assert dict(entry.options) == stored | {"contracts": [changed]}


@pytest.mark.parametrize("number", ["nan", "NaN", nan, "inf", inf, "-inf", "1e999", 2.5])
async def test_a_number_is_finite_and_whole(
    hass: HomeAssistant, entry: MockConfigEntry, number: str | float
) -> None:
    refused = set()
    for page in ("updates", "p1_server", "virtual_meter", "mqtt"):
        form = await open_options(hass, entry, page)
        fields = schema_of(form).schema
        for key in [key for key, kind in fields.items() if isinstance(kind, NumberSelector)]:
            with pytest.raises(InvalidData):
                await submit(hass, form, {key: number})
            refused.add(f"{page}.{key}")
    assert refused == {
        "updates.min_interval",
        "p1_server.port",
        "virtual_meter.port",
        "mqtt.min_interval",
    }
    assert dict(entry.options) == STORED


async def test_a_stored_interval_that_was_no_number_is_none(home: Home) -> None:
    await home.set_up(at("10:30:00", 100.0), min_interval=None)
    await home.receive(at("10:30:20", 100.5))
    assert home.values()["smarty_energy_imported"] == "100.5"


GOALS = [
    Row("goal_amount: goal_missing", {}),
    Row("goal_amount: goal_missing", {"goal_amount": " "}),
    Row("goal_amount: amount_unit", {"goal_amount": "95 kWh"}),
    Row("goal_amount: amount_out_of_range", {"goal_amount": "10001"}),
    Row("goal_amount: amount_out_of_range", {"goal_amount": 10000.5}),
]


async def test_a_goal_is_an_amount_or_moves_with_last_year(
    hass: HomeAssistant, entry: MockConfigEntry, refuses: Refusals
) -> None:
    form = await open_options(hass, entry, "goal_and_messages")
    # This meter was not read a year ago.
    assert form["description_placeholders"] == {"name": "Smarty 2574", "last_year": "–"}  # noqa: RUF001
    await refuses(form, GOALS, {"goal": "amount"})
    assert dict(entry.options) == STORED

    for typed, stored in (
        ({"goal": "amount", "goal_amount": "95,50 €"}, {"goal": 95.5}),
        # The amount that the form has shown is not a choice.
        ({"goal": "last_year", "goal_amount": "95,5"}, {"goal": "last_year"}),
        ({"goal": "amount", "goal_amount": "-12"}, {"goal": -12.0}),
        ({"goal": "none", "goal_amount": "-12 €"}, {}),
        # A changed amount is the goal, also beside another choice above.
        ({"goal": "none", "goal_amount": "120 €/Monat"}, {"goal": 120.0}),
        ({"goal": "last_year", "goal_amount": "80 € pro Monat"}, {"goal": 80.0}),
        ({"goal": "last_year", "goal_amount": "79 €/mois", "above_goal": True}, {"goal": 79.0}),
        ({"goal": "last_year"}, {"goal": "last_year"}),
    ):
        form = await open_options(hass, entry, "goal_and_messages")
        assert is_created(await submit(hass, form, typed))
        options = {key: value for key, value in entry.options.items() if key != "messages"}
        assert options == STORED | stored


async def test_the_offered_messages_may_change_while_the_page_is_open(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    entries = hass.config_entries
    assert await entries.async_unload(entry.entry_id)
    form = await open_options(hass, entry, "goal_and_messages")
    assert "water_at_night" not in markers(form)
    assert await entries.async_setup(entry.entry_id)
    clocks = [schema_of(form).schema[name].serialize() for name in ("quiet_from", "quiet_until")]
    # Hours and minutes are enough. A program may omit the zero of a time.
    assert clocks == 2 * [{"selector": {"time": {"no_second": True}}}]
    with pytest.raises(InvalidData) as refused:
        await submit(hass, form, {"quiet_until": "24:00"})
    assert refused.value.schema_errors == {"quiet_until": "time_malformed"}
    await submit(hass, form, {"grid": True, "quiet_from": "9:30"})
    stored = entry.options["messages"]
    assert (stored["kinds"], stored["quiet_from"]) == (["grid"], "09:30:00")
    form = await open_options(hass, entry, "goal_and_messages")
    assert await entries.async_unload(entry.entry_id)
    await submit(hass, form, {"water_at_night": True})
    assert entry.options["messages"]["kinds"] == ["water_at_night", "grid"]


async def test_the_cost_of_last_year_is_offered_as_a_goal(
    hass: HomeAssistant, entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(goal_and_messages, "last_year_total", lambda _month: 101.26)
    form = await open_options(hass, entry, "goal_and_messages")
    fields = schema_of(form).schema
    suggested = {str(key): (key.description or {}).get("suggested_value") for key in fields}
    assert (suggested["goal"], suggested["goal_amount"]) == ("none", "101")
    assert (form["description_placeholders"] or {})["last_year"] == "101.26\xa0€"


async def test_messages_are_switched_on_one_by_one(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    hass.states.async_set("notify.phone", "unknown")
    calls = async_mock_service(hass, "notify", "send_message")

    async def enter(**typed: object) -> JsonDict:
        form = await open_options(hass, entry, "goal_and_messages")
        return dict(await submit(hass, form, typed))

    phone = {"recipients": ["notify.phone"]}
    for typed, errors in (
        ({"above_goal": True}, {"above_goal": "goal_needed"}),
        (
            {"recipients": [f"notify.phone_{n}" for n in range(11)]},
            {"recipients": "too_many_recipients"},
        ),
        # No message is sent while any field is wrong.
        ({"above_goal": True, "send_test": True, **phone}, {"above_goal": "goal_needed"}),
        ({"send_test": True, "recipients": ["notify.gone"]}, {"recipients": "test_failed"}),
    ):
        assert (await enter(**typed))["errors"] == errors
    assert dict(entry.options) == STORED
    assert calls == []

    # A test is sent once, and is no option.
    await enter(send_test=True, **phone)
    [call] = calls
    assert call.data == {
        "entity_id": "notify.phone",
        "message": "Test of Smarty 2574\nMessages of the meter arrive here.",
    }
    stored = {
        "kinds": [],
        "recipients": ["notify.phone"],
        "quiet_from": "22:00:00",
        "quiet_until": "07:00:00",
    }
    assert dict(entry.options) == STORED | {"messages": stored}

    await enter(goal="last_year", above_goal=True, grid=True, quiet_from="23:00:00", **phone)
    stored |= {"kinds": ["above_goal", "grid"], "quiet_from": "23:00:00"}
    assert dict(entry.options) == STORED | {"goal": "last_year", "messages": stored}
    form = await open_options(hass, entry, "goal_and_messages")
    shown = markers(form)
    assert shown["recipients"].description == {"suggested_value": ["notify.phone"]}
    defaults = {name: shown[name].default() for name in ("quiet_from", *KINDS)}
    assert defaults == {
        "quiet_from": "23:00:00",
        "silent": False,
        "soon_above": False,
        "above_goal": True,
        "water_at_night": False,
        "grid": True,
        "monthly_report": False,
    }
    # Without any choice, nothing is stored.
    await enter(quiet_from="22:00:00", above_goal=False, grid=False)
    assert dict(entry.options) == STORED


async def test_recipients_are_typed_once_for_all_meters(home: Home, entry: MockConfigEntry) -> None:
    home.hass.states.async_set("notify.phone", "unknown")
    other = home.make_entry("/dev/other", serial=OTHER_SERIAL)
    other_options = {"vat": True, "messages": {"kinds": ["silent"]}}
    home.hass.config_entries.async_update_entry(other, options=other_options)

    async def shown(of: MockConfigEntry) -> tuple[str, JsonDict]:
        form = await open_options(home.hass, of, "goal_and_messages")
        keys = markers(form)
        recipients = keys["recipients"].description["suggested_value"]
        defaults = {name: keys[name].default() for name in ("for_all_meters", "quiet_from")}
        return form["flow_id"], {"recipients": recipients, **defaults}

    flow, values = await shown(entry)
    # Neither meter has recipients yet.
    expected = {"recipients": [], "for_all_meters": True, "quiet_from": "22:00:00"}
    assert values == expected
    typed = {"recipients": ["notify.phone"], "quiet_from": "23:00:00"}
    await home.hass.config_entries.options.async_configure(flow, typed | {"for_all_meters": False})
    await home.hass.async_block_till_done()
    assert dict(other.options) == other_options
    flow, values = await shown(entry)
    assert values["for_all_meters"] is False
    await home.hass.config_entries.options.async_configure(flow, typed | {"for_all_meters": True})
    await home.hass.async_block_till_done()
    target = {**typed, "quiet_until": "07:00:00"}
    assert entry.options["messages"] == {"kinds": [], **target}
    assert dict(other.options) == {"vat": True, "messages": {"kinds": ["silent"], **target}}

    # A third meter offers the recipients of the others.
    third = home.make_entry("/dev/third", serial="SAG1030700000043")
    _, values = await shown(third)
    assert values == typed | {"for_all_meters": True}


WRONG = [
    *(
        Row("gas_kwh_per_m3: gas_kwh_per_m3_implausible", {"gas_kwh_per_m3": energy})
        for energy in (0, 4.99, 15.01, 11200)
    ),
    *(
        Row(f"gas_prices: {error}", {"gas_prices": rows})
        for error, rows in (
            # The price of a kWh, and cents.
            *(
                ("gas_price_implausible", [{"gas_price": price}])
                for price in (0, 0.0812, 0.19, 10.01, 90)
            ),
            ("gas_fixed_price_implausible", [{"gas_price": 0.9, "gas_fixed_price": 1000.01}]),
            ("gas_price_missing", [{"gas_fixed_price": 16.5}]),
            ("amount_out_of_range", [{"gas_price": 1_000_000.5}]),
            ("amount_out_of_range", [{"gas_price": 0.9, "gas_fixed_price": -0.5}]),
            ("gas_days_alike", [{"gas_price": 0.9}, {"gas_price": 1}]),
            ("gas_days_alike", [{"gas_price": 1, "since": "2027-01-01"}] * 2),
            ("too_many_gas_prices", [{"gas_price": 1}] * 101),
        )
    ),
]


async def test_numbers_of_no_gas_bill_are_refused(
    hass: HomeAssistant, entry: MockConfigEntry, refuses: Refusals
) -> None:
    await refuses(await open_options(hass, entry, "gas"), WRONG)
    assert dict(entry.options) == STORED

    allowed: tuple[JsonDict, ...] = (
        {"gas_kwh_per_m3": 5},
        {"gas_kwh_per_m3": 15},
        {"gas_prices": [{"gas_price": 0.2, "gas_fixed_price": 0}]},
        {"gas_prices": [{"gas_price": 10, "gas_fixed_price": 1000}]},
    )
    for bound in allowed:
        form = await open_options(hass, entry, "gas")
        result = await submit(hass, form, bound)
        assert is_created(result)


async def test_without_gas_no_form_asks_for_gas_prices(home: Home) -> None:
    text = TELEGRAM.replace("0-1:24.1.0(003)", "0-1:24.1.0(007)")
    entry = await home.set_up(text, min_interval=10)
    menu = await home.hass.config_entries.options.async_init(entry.entry_id)

    assert "gas" not in menu["menu_options"]


UNKNOWN = dict.fromkeys(("above", "on_top", "instead", "difference"), "\N{EN DASH}")


async def readings(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, str]:
    placeholders = (await open_details(hass, entry))["description_placeholders"]
    assert placeholders
    return {name: placeholders[name] for name in UNKNOWN}


@pytest.mark.parametrize("replaces", [False, True])
async def test_both_readings_and_their_difference(home: Home, *, replaces: bool) -> None:
    prices = {"network_variable_price": 0.1, "surcharge_price": 0.15}
    options = {"reference_power": 3.0, "vat": True, "surcharge_replaces_variable": replaces}
    entry = await home.set_up(at("10:15:00", 100.0), **prices, **options)

    # 10.75 kWh in a quarter-hour are 43 kW: 10 kWh above 3 kW.
    await home.receive(at("10:30:00", 110.75))

    # On top: 10.75 x 0.10 + 10 x 0.15 = 1.08 + 1.50; instead: 0.75 x 0.10 + 1.50 = 0.08 + 1.50.
    # With 8 % VAT: 2.58 x 1.08 = 2.79 and 1.58 x 1.08 = 1.71.
    expected = {"above": "10.00\xa0kWh", "on_top": "2.79\xa0€", "instead": "1.71\xa0€"}
    expected |= {"difference": "1.08\xa0€"}
    for language, mark in {"en-GB": ".", "de": ",", "fr": ",", "lb": ",", "pt": ","}.items():
        home.hass.config.language = language
        assert await readings(home.hass, entry) == {
            name: text.replace(".", mark) for name, text in expected.items()
        }
    # Without readings, nothing is known.
    assert await unload_entry(home.hass, entry)
    assert await readings(home.hass, entry) == UNKNOWN


async def test_without_a_reference_power_nothing_is_known(home: Home) -> None:
    entry = await home.set_up()
    assert await readings(home.hass, entry) == UNKNOWN
