"""The options about the tariff: accepted values, stored values, and values shown again."""

from datetime import date, datetime, timedelta
from functools import partial

import pytest
import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import InvalidData
from homeassistant.helpers import entity_registry as er

from custom_components.smarty_p1.coordinator.meter_coordinator import MeterCoordinator
from custom_components.smarty_p1.flows.shared_form_fields import DayField
from smartyp1.json_types import JsonDict
from tests.ha.dialogs import (
    add_contract,
    contract_in,
    enter_aids,
    enter_contract,
    is_created,
    schema_of,
    submit,
    suggested,
    told,
)
from tests.ha.refusals import Refusals, Row
from tests.ha.support import OF_TELEGRAM, TELEGRAM, Home

THIS_YEAR = OF_TELEGRAM.year
DEFAULTS = {"energy_fee_per": "month", "with_levies": True}
NORDPOOL = "sensor.nord_pool_current_price"
EXPORT = "input_number.export_price"


@pytest.fixture
async def home(hass: HomeAssistant, home: Home) -> Home:
    """Return a home whose meter answers each reload, and two entities with prices beside it."""
    hass.config.currency = "GBP"
    hass.states.async_set(NORDPOOL, "0.085", {"unit_of_measurement": "EUR/kWh"})
    hass.states.async_set(EXPORT, "40", {"unit_of_measurement": "EUR/MWh"})
    await home.set_up()
    home.answer()
    return home


async def enter(home: Home, **typed: object) -> ConfigFlowResult:
    return await enter_contract(home.hass, home.entry, typed)


def is_collapsed(form: ConfigFlowResult, name: str) -> bool:
    return bool(schema_of(form).schema[name].options["collapsed"])


async def test_few_fields_come_first(home: Home) -> None:
    form = await home.page()

    assert form["last_step"] is False
    first = ["reference_power", "energy_price", "energy_fee", "energy_fee_per", "discount"]
    assert list(suggested(form)) == first
    form = await home.details()
    assert form["last_step"] is True
    sections = ["second_price", "dynamic_price", "feed_in", "levies"]
    sections += ["energy_sharing", "network_prices"]
    assert list(suggested(form)) == [*sections, "since"]
    assert all(is_collapsed(form, name) for name in sections)


async def test_a_contract_is_stored_flat_and_shown_again_by_its_sections(
    home: Home,
) -> None:
    sections: dict[str, JsonDict] = {
        "dynamic_price": {"energy_price_entity": NORDPOOL, "energy_margin": "0.1"},
        "feed_in": {"feed_in_price_entity": EXPORT, "feed_in_margin": "-0.01"},
        "levies": {
            "vat": False,
            "with_levies": True,
            "consumer_category": "B",
        },
        "network_prices": {
            "meter_ampere": "63",
            "network_fixed_price": "12.5",
            "surcharge_price": "0.08",
            "surcharge_replaces_variable": True,
        },
    }
    result = await enter(
        home,
        reference_power="12,5 kW",
        energy_fee="21,00 €/an",
        energy_fee_per="year",
        discount="1,5",
        **sections,
    )

    assert is_created(result)
    assert contract_in(home.entry) == {
        "reference_power": 12.5,
        "meter_ampere": "63",
        "energy_fee": 21.0,
        "energy_fee_per": "year",
        "discount": 1.5,
        "surcharge_price": 0.08,
        "energy_price_entity": NORDPOOL,
        "energy_margin": 0.1,
        "feed_in_price_entity": EXPORT,
        "feed_in_margin": -0.01,
        "vat": False,
        "with_levies": True,
        "consumer_category": "B",
        "network_fixed_price": 12.5,
        "surcharge_replaces_variable": True,
    }
    assert suggested(await home.page())["reference_power"] == "12.5 kW"
    form = await home.details()
    shown = suggested(form)
    assert shown["dynamic_price"] == sections["dynamic_price"]
    assert shown["feed_in"] == {"feed_in_price": None, **sections["feed_in"]}
    assert sections["network_prices"].items() <= shown["network_prices"].items()
    # The page is one screen, for any entered values.
    assert all(is_collapsed(form, name) for name in sections)


async def test_an_empty_field_is_removed_and_sections_that_are_not_sent_stay(
    home: Home,
) -> None:
    feed_in = {"feed_in_price": 0.07}
    network = {"network_variable_price": 0.06, "meter_fee": 6, "surcharge_replaces_variable": False}
    await enter(home, energy_price=0.12, feed_in=feed_in, network_prices=network)
    assert contract_in(home.entry)["energy_price"] == 0.12

    await enter(home, network_prices={"meter_fee": 6})
    assert contract_in(home.entry) == {
        **DEFAULTS,
        "meter_ampere": "40",
        "feed_in_price": 0.07,
        "meter_fee": 6.0,
        "surcharge_replaces_variable": False,
    }

    await enter(home, feed_in={}, network_prices={})
    assert contract_in(home.entry) == {}


MARKET = {"energy_price_entity": NORDPOOL}
SECOND: JsonDict = {"second_energy_price": "0.1"}
EVENING, MORNING = {"second_price_from": "22:00:00"}, {"second_price_to": "06:00:00"}
SUNDAY = {"second_price_days": ["sun"]}
INCOMPLETE: list[JsonDict] = [
    {"second_price": SECOND | SUNDAY},
    {"dynamic_price": MARKET, "second_price": SECOND | SUNDAY},
    {"energy_price": 0.15, "second_price": SECOND},
    {"energy_price": 0.15, "second_price": SECOND | {"second_price_days": []}},
    {"energy_price": 0.15, "second_price": SECOND | EVENING},
    {"energy_price": 0.15, "second_price": SECOND | MORNING},
    {"energy_price": 0.15, "second_price": SECOND | MORNING | {"second_price_from": "06:00:00"}},
    {"energy_price": 0.15, "second_price": {"second_price_days": ["sat", "sun"]}},
    {"energy_price": 0.15, "second_price": EVENING | MORNING},
]
AID = {
    "name": " Resilienzpak ",
    "per_kwh": "-4 ct/kWh",
    "with_vat": True,
    "first_day": "2026-08-01",
    "last_day": "2026-12-31",
}
REBATE = {"name": "Domiciliation".ljust(60, "."), "per_month": "-1,00", "first_day": "2026-01-01"}
MARGIN = {"dynamic_price": {"energy_margin": "0.1"}}
TWO_PRICES = {"feed_in_price": "0.1", "feed_in_price_entity": EXPORT}
NO_AIDS: list[list[JsonDict]] = [
    [{**AID, "name": "  "}],
    [{**AID, "name": "x" * 61}],
    [{**AID, "per_kwh": "0"}],
    [REBATE, {**AID, "last_day": "2026-07-31"}],
]
WRONG = [
    Row("dynamic_price: two_prices", {"energy_price": "0.1", "dynamic_price": MARKET}),
    Row("feed_in: two_prices", {"feed_in": TWO_PRICES}),
    Row("dynamic_price: margin_without_entity", MARGIN),
    Row("dynamic_price: margin_without_entity", MARGIN | {"energy_price": "0.1"}),
    Row("feed_in: margin_without_entity", {"feed_in": {"feed_in_margin": "-0.1"}}),
    *(
        Row(f"dynamic_price: {error}", {"dynamic_price": {"energy_price_entity": f"sensor.{name}"}})
        for name, error in (
            ("nowhere", "price_entity_missing"),
            ("power", "price_entity_unit"),
            ("own", "price_entity_own"),
        )
    ),
    Row("feed_in: price_entity_unit", {"feed_in": {"feed_in_price_entity": "sensor.in_francs"}}),
    *(Row("second_price: second_price_incomplete", typed) for typed in INCOMPLETE),
    *(
        Row("reference_power: reference_power_malformed", {"reference_power": text})
        for text in ("much", "0", "nan", "1001")
    ),
    *(
        Row("network_prices: reference_power_without_price", {"reference_power": text})
        for text in ("5", "6,9 kW", "250")
    ),
    *(
        Row(
            "since: surcharge_day_implausible",
            {"energy_price": "0.1", "since": day},
        )
        for day in ("2024-12-31", f"{THIS_YEAR + 3}-01-01")
    ),
    Row("since: day_without_change", {"since": "2026-01-01"}),
]
WRONG_AIDS = [
    *(Row("aids: aid_malformed", {"aids": aids}) for aids in NO_AIDS),
    Row("aids: too_many_aids", {"aids": [REBATE] * 21}),
]


async def test_an_impossible_value_has_its_error_at_its_place(
    hass: HomeAssistant, home: Home, refuses: Refusals
) -> None:
    hass.states.async_set("sensor.power", "0.1", {"unit_of_measurement": "kW"})
    hass.states.async_set("sensor.in_francs", "0.1", {"unit_of_measurement": "CHF/kWh"})
    er.async_get(hass).async_get_or_create("sensor", "smarty_p1", "own", suggested_object_id="own")
    hass.states.async_set("sensor.own", "0.1", {"unit_of_measurement": "EUR/kWh"})
    await refuses.each("contract", partial(enter_contract, hass, home.entry), WRONG)
    await refuses.each("aids", partial(enter_aids, hass, home.entry), WRONG_AIDS)
    assert dict(home.entry.options) == {}


async def test_the_first_page_is_kept_while_the_second_is_corrected(home: Home) -> None:
    first = {"reference_power": "7", "energy_price": 0.15, "discount": 1}
    wrong = {"since": "2024-12-31"}
    form = await enter_contract(home.hass, home.entry, first | wrong)
    assert (form["step_id"], form["errors"]) == (
        "contract_details",
        {"since": "surcharge_day_implausible"},
    )

    home.port.greeting = home.port.next_frame(TELEGRAM)
    typed = {"since": f"{THIS_YEAR + 2}-12-31"}
    result = await submit(home.hass, form, typed)
    assert is_created(result)
    stored = {"reference_power": 7.0, "energy_price": 0.15, "discount": 1.0, **typed}
    assert contract_in(home.entry) == {**DEFAULTS, **stored}


async def test_a_program_may_omit_the_zeros_of_days_and_times(home: Home) -> None:
    aids = [{**REBATE, "first_day": "2026-9-1", "last_day": "2026-10-31"}]
    second = SECOND | {"second_price_from": "7:00", "second_price_to": "9:30:00"}
    typed = {"since": "2026-1-1", "second_price": second}
    result = await enter(home, reference_power="7", energy_price=0.15, **typed)
    assert is_created(result)
    options = contract_in(home.entry)
    assert options["since"] == "2026-01-01"
    assert (options["second_price_from"], options["second_price_to"]) == ("07:00:00", "09:30:00")
    await enter_aids(home.hass, home.entry, {"aids": aids})
    [aid] = home.entry.options["aids"]
    assert (aid["first_day"], aid["last_day"]) == ("2026-09-01", "2026-10-31")


async def test_values_that_no_form_sends_are_refused(home: Home) -> None:
    refused: list[JsonDict] = [
        {"network_prices": {"meter_ampere": "50"}},
        {"energy_fee_per": "week"},
        {"levies": {"consumer_category": "C"}},
        {"second_price": {"second_price_days": ["someday"]}},
        {"second_price": {"second_price_from": "late"}},
        {"dynamic_price": {"energy_price_entity": "switch.pump"}},
    ]
    for typed in refused:
        with pytest.raises(InvalidData):
            await enter(home, **typed)


async def test_units_of_prices(hass: HomeAssistant, home: Home) -> None:
    for unit in ("EUR/kWh", "€/kWh", "EUR/MWh", "ct/kWh", "c/kWh", "¢/kWh", None):
        hass.states.async_set(NORDPOOL, "unknown", {"unit_of_measurement": unit} if unit else {})
        result = await enter(home, dynamic_price=MARKET)
        assert is_created(result), unit


def prices(home: Home, *days: str) -> list[float | None]:
    """Return the price of energy that the meter's bills have on some days of 2026."""
    coordinator: MeterCoordinator = home.entry.runtime_data
    contracts = coordinator.records.household.contracts
    noon = [datetime.fromisoformat(f"2026-{day}T12:00:00+01:00") for day in days]
    return [contracts.at(time).energy_price for time in noon]


async def list_of(home: Home, step: str = "contracts") -> ConfigFlowResult:
    """Open the list of contracts, or a page behind it."""
    form = await home.hass.config_entries.options.async_init(home.entry.entry_id)
    for page in ("contracts", step) if step != "contracts" else (step,):
        form = await submit(home.hass, form, {"next_step_id": page})
    return form


async def test_new_prices_hold_from_their_day_and_leave_earlier_bills_alone(home: Home) -> None:
    contract = {"reference_power": "7", "energy_price": 0.15, "energy_fee": 5}
    await enter(home, **contract)
    assert prices(home, "01-01", "12-31") == [0.15, 0.15]
    result = await add_contract(
        home.hass, home.entry, contract | {"energy_price": "0,20", "since": "2026-03-01"}
    )
    assert is_created(result)
    assert prices(home, "02-28", "03-01") == [0.15, 0.2]

    # A price that is announced late comes before it; each holds until the next one.
    late = contract | {"energy_price": "0,10", "since": "2026-02-01"}
    await add_contract(home.hass, home.entry, late)
    assert prices(home, "01-31", "02-01", "02-28", "03-01") == [0.15, 0.1, 0.1, 0.2]
    kept = {**DEFAULTS, "reference_power": 7.0, "energy_fee": 5.0}
    assert home.entry.options["contracts"] == [
        {**kept, "energy_price": 0.15},
        {**kept, "energy_price": 0.1, "since": "2026-02-01"},
        {**kept, "energy_price": 0.2, "since": "2026-03-01"},
    ]


async def test_the_list_is_shown_and_each_contract_can_be_edited_and_removed(home: Home) -> None:
    hass = home.hass
    await enter(home, reference_power="7", energy_price=0.15)
    market = {"energy_price_entity": NORDPOOL, "energy_margin": "0.01"}
    typed = {"reference_power": "12", "dynamic_price": market, "since": "2026-03-01"}
    await add_contract(hass, home.entry, typed)
    menu = await list_of(home)
    assert menu["menu_options"] == ["contract_add", "contract_edit", "contract_remove"]
    names = ["From the beginning: 7\xa0kW, 0.15\xa0€/kWh"]
    names += [f"From 2026-03-01: 12\xa0kW, {NORDPOOL}, + 0.01\xa0€/kWh"]
    assert told(menu)["contracts"] == "\n".join(f"- {name}" for name in names)

    # A new one begins with the terms of the last one, but has no day yet.
    form = await list_of(home, "contract_add")
    assert suggested(form)["reference_power"] == "12 kW"
    form = await submit(hass, form, {"reference_power": "12"})
    assert suggested(form)["since"] is None
    assert suggested(form)["dynamic_price"] == market

    form = await list_of(home, "contract_edit")
    choices = schema_of(form).schema["contract"].config["options"]
    assert [choice["label"] for choice in choices] == names[::-1]
    form = await submit(hass, form, {"contract": "always"})
    assert suggested(form)["energy_price"] == "0.15"
    form = await submit(hass, form, {"energy_price": "0.16"})
    assert suggested(form)["since"] is None
    await submit(hass, form, {})
    assert prices(home, "02-28", "03-01") == [0.16, None]

    # The day of a contract can be corrected, too.
    form = await submit(hass, await list_of(home, "contract_edit"), {"contract": "2026-03-01"})
    form = await submit(hass, form, {"reference_power": "12"})
    assert suggested(form)["since"] == "2026-03-01"
    await submit(hass, form, {"dynamic_price": market, "since": "2026-04-01"})
    assert prices(home, "03-31", "04-01") == [0.16, None]

    form = await list_of(home, "contract_remove")
    await submit(hass, form, {"contract": "2026-04-01"})
    assert prices(home, "12-31") == [0.16]
    await submit(hass, await list_of(home, "contract_remove"), {})
    assert dict(home.entry.options) == {}


async def test_two_contracts_never_hold_from_one_day(home: Home, refuses: Refusals) -> None:
    await enter(home, energy_price=0.15, since="2026-02-01")
    assert prices(home, "01-31", "02-01") == [None, 0.15]
    add = partial(add_contract, home.hass, home.entry)
    dearer = {"energy_price": "0.2"}
    same_day = [Row("since: day_taken", dearer | {"since": "2026-02-01"})]
    await refuses.each("contract", add, same_day)
    # Earlier prices, whose day is unknown, hold from the beginning.
    await add({"energy_price": "0.1"})
    assert prices(home, "01-31", "02-01") == [0.1, 0.15]
    await refuses.each("contract", add, [Row("since: day_missing", dearer)])


async def test_there_is_a_most_of_contracts(home: Home, refuses: Refusals) -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(198)]
    dated = [{"energy_price": 0.1, "since": day.isoformat()} for day in days]
    options = {"contracts": [{"energy_price": 0.1}, *dated]}
    home.hass.config_entries.async_update_entry(home.entry, options=options)
    add = partial(add_contract, home.hass, home.entry)
    row = Row("since: too_many_contracts", {"energy_price": "0.2", "since": "2026-12-01"})
    await refuses.each("contract", add, [row])


async def test_a_margin_of_an_unknown_entity_can_stay(home: Home) -> None:
    old = {"energy_margin": 0.02, "with_levies": True}
    home.hass.config_entries.async_update_entry(home.entry, options={"contracts": [old]})
    await enter(home, reference_power="7")
    assert contract_in(home.entry) == {**DEFAULTS, **old, "reference_power": 7.0}
    form = await enter(home, dynamic_price={"energy_margin": 0.03})
    assert form["errors"] == {"dynamic_price": "margin_without_entity"}


async def test_a_second_price_has_hours_or_days(home: Home) -> None:
    weekend = {"second_price_days": ["sat", "sun"]}
    for second in (EVENING | MORNING, weekend, EVENING | MORNING | SUNDAY):
        typed: JsonDict = {**SECOND, **second}
        await enter(home, energy_price=0.15, second_price=typed)
        assert contract_in(home.entry) == {
            **DEFAULTS,
            "energy_price": 0.15,
            **typed,
            "second_energy_price": 0.1,
        }
        shown = suggested(await home.details())["second_price"]
        assert {name: value for name, value in shown.items() if value is not None} == typed

    # Days that are all taken away are none.
    await enter(home, energy_price=0.15, second_price={"second_price_days": []})
    assert contract_in(home.entry) == {**DEFAULTS, "energy_price": 0.15}


def default_of_levies(form: ConfigFlowResult) -> bool:
    fields = schema_of(form).schema["levies"].schema.schema
    (marker,) = (key for key in fields if key == "with_levies")
    return bool(marker.default())


async def test_levies_are_on_by_default_and_are_no_contract_alone(
    home: Home,
) -> None:
    await enter(home, levies={"with_levies": False})
    assert contract_in(home.entry) == {}
    assert default_of_levies(await home.details()) is True
    await enter(home, reference_power="7", levies={"vat": True})
    assert contract_in(home.entry)["with_levies"] is True

    for typed in ({"levies": {"with_levies": False}}, {}):
        await enter(home, reference_power="7", **typed)
        assert contract_in(home.entry)["with_levies"] is False


async def test_aids_hold_on_their_own_days_and_change_nothing_else(home: Home) -> None:
    sharing = {"energy_sharing": {"community_price": 0.09}}
    await enter(home, reference_power="7", energy_price=0.15, **sharing)
    contracts = home.entry.options["contracts"]
    result = await enter_aids(home.hass, home.entry, {"aids": [AID, REBATE]})

    assert is_created(result)
    stored = {"name": "Resilienzpak", "per_kwh": 0.04}
    assert dict(home.entry.options) == {
        "contracts": contracts,
        "aids": [{**AID, **stored}, {**REBATE, "per_month": 1.0}],
    }
    coordinator: MeterCoordinator = home.entry.runtime_data
    held = coordinator.records.household.contracts
    assert [(aid.name, aid.amount, aid.unit, aid.vat) for aid in held.aids] == [
        ("Resilienzpak", 0.04, "kWh", "included"),
        (REBATE["name"], 1.0, "month", "excluded"),
    ]
    assert held.latest.community_price == 0.09
    shown = suggested(await home.page("aids"))
    shown_aids = [{**AID, "name": "Resilienzpak", "per_kwh": "0.04"}, {**REBATE, "per_month": "1"}]
    assert shown == {"aids": shown_aids}

    await enter_aids(home.hass, home.entry, {})
    assert dict(home.entry.options) == {"contracts": contracts}


@pytest.mark.parametrize(
    "typed",
    ["2026-02-01", "2026-2-1", "1.2.2026", "01/02/2026", "1. 2. 2026", "01-02-2026", "01.02.26"],
)
def test_a_day_as_on_paper(typed: str) -> None:
    assert DayField()(typed) == "2026-02-01"


@pytest.mark.parametrize(
    "typed", ["31.2.2026", "2/2026", "1.2-26", "1.2.126", "2026/02/01", "1.2.2026 x", 5]
)
def test_a_text_that_is_no_day(typed: object) -> None:
    with pytest.raises(vol.Invalid):
        DayField()(typed)
