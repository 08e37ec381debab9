"""The options about the tariff: what may be entered, what is stored, what is shown again."""

from datetime import datetime
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData, section
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.coordinator.meter_coordinator import SmartyCoordinator
from custom_components.smarty_p1.lib.prices import Contract
from tests.ha.dialogs import enter_contract, open_details, open_options, submit, suggested
from tests.ha.meter import MeterPort
from tests.ha.support import TELEGRAM, Home

DEFAULTS = {"energy_fee_per": "month", "with_levies": True}
NORDPOOL = "sensor.nord_pool_current_price"
EXPORT = "input_number.export_price"


@pytest.fixture
async def entry(hass: HomeAssistant, home: Home) -> MockConfigEntry:
    """Return an entry whose meter answers each reload, and two entities with prices beside it."""
    hass.config.currency = "GBP"
    hass.states.async_set(NORDPOOL, "0.085", {"unit_of_measurement": "EUR/kWh"})
    hass.states.async_set(EXPORT, "40", {"unit_of_measurement": "EUR/MWh"})
    return await home.set_up()


async def enter(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry, **typed: object
) -> ConfigFlowResult:
    """Fill in the form; the meter answers the reload."""
    port.greeting = port.next_frame(TELEGRAM)
    result = await enter_contract(hass, entry, typed)
    await hass.async_block_till_done()
    port.greeting = b""
    return result


def is_collapsed(form: ConfigFlowResult, name: str) -> bool:
    """Return whether a section of the form is closed."""
    assert form["data_schema"]
    return bool(form["data_schema"].schema[name].options["collapsed"])


async def test_few_fields_come_first(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    form = await open_options(hass, entry)

    assert form["last_step"] is False
    first = ["reference_power", "energy_price", "energy_fee", "energy_fee_per", "discount"]
    assert list(suggested(form)) == first
    form = await open_details(hass, entry)
    assert form["last_step"] is True
    sections = ["second_price", "dynamic_price", "feed_in", "levies"]
    sections += ["aids", "energy_sharing", "network_prices"]
    assert list(suggested(form)) == [*sections, "surcharge_price_since"]
    assert all(is_collapsed(form, name) for name in sections)


async def test_a_contract_is_stored_flat_and_shown_again_by_its_sections(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry
) -> None:
    sections: dict[str, dict[str, Any]] = {
        "dynamic_price": {"energy_price_entity": NORDPOOL, "energy_margin": "0.1"},
        "feed_in": {"feed_in_price_entity": EXPORT, "feed_in_margin": "-0.01"},
        "levies": {
            "vat": False,
            "with_levies": True,
            "consumer_category": "B",
            "electricity_tax": "0.0005",
            "compensation": "-0.02",
        },
        "network_prices": {
            "meter_ampere": "63",
            "network_fixed_price": "12.5",
            "network_variable_price": "0.06",
            "meter_fee": "6",
            "surcharge_price": "0.08",
            "surcharge_replaces_variable": True,
        },
    }
    result = await enter(
        hass,
        port,
        entry,
        reference_power="12,5 kW",
        energy_fee="21,00 €/an",
        energy_fee_per="year",
        discount="1,5",
        **sections,
    )

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert dict(entry.options) == {
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
        "electricity_tax": 0.0005,
        "compensation": -0.02,
        "network_fixed_price": 12.5,
        "network_variable_price": 0.06,
        "meter_fee": 6.0,
        "surcharge_replaces_variable": True,
    }
    assert suggested(await open_options(hass, entry))["reference_power"] == "12.5 kW"
    form = await open_details(hass, entry)
    shown = suggested(form)
    assert shown["dynamic_price"] == sections["dynamic_price"]
    assert shown["feed_in"] == {"feed_in_price": None, **sections["feed_in"]}
    assert shown["network_prices"] == sections["network_prices"]
    # The page is one screen, whatever is entered.
    assert all(is_collapsed(form, name) for name in sections)


async def test_what_is_left_empty_is_removed_and_sections_that_are_not_sent_stay(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry
) -> None:
    feed_in = {"feed_in_price": 0.07}
    network = {"network_variable_price": 0.06, "meter_fee": 6, "surcharge_replaces_variable": False}
    await enter(hass, port, entry, energy_price=0.12, feed_in=feed_in, network_prices=network)
    assert entry.options["energy_price"] == 0.12

    await enter(hass, port, entry, network_prices={"meter_fee": 6})
    assert dict(entry.options) == {
        **DEFAULTS,
        "meter_ampere": "40",
        "feed_in_price": 0.07,
        "meter_fee": 6.0,
        "surcharge_replaces_variable": False,
    }

    await enter(hass, port, entry, feed_in={}, network_prices={})
    assert dict(entry.options) == {}


MARKET = {"energy_price_entity": NORDPOOL}
SECOND: dict[str, Any] = {"second_energy_price": "0.1"}
EVENING, MORNING = {"second_price_from": "22:00:00"}, {"second_price_to": "06:00:00"}
SUNDAY = {"second_price_days": ["sun"]}
INCOMPLETE: list[dict[str, Any]] = [
    {"second_price": SECOND | SUNDAY},
    {"dynamic_price": MARKET, "second_price": SECOND | SUNDAY},
    {"energy_price": 0.15, "second_price": SECOND},
    {"energy_price": 0.15, "second_price": SECOND | {"second_price_days": []}},
    {"energy_price": 0.15, "second_price": SECOND | EVENING},
    {"energy_price": 0.15, "second_price": SECOND | MORNING},
    {
        "energy_price": 0.15,
        "second_price": SECOND | MORNING | {"second_price_from": "06:00:00"},
    },
    {"energy_price": 0.15, "second_price": {"second_price_days": ["sat", "sun"]}},
    {"energy_price": 0.15, "second_price": EVENING | MORNING},
]
# The field with the error, the error, and what is typed.
WRONG: list[tuple[str, str, dict[str, Any]]] = [
    ("dynamic_price", "two_prices", {"energy_price": "0.1", "dynamic_price": MARKET}),
    (
        "feed_in",
        "two_prices",
        {"feed_in": {"feed_in_price": "0.1", "feed_in_price_entity": EXPORT}},
    ),
    ("dynamic_price", "margin_without_entity", {"dynamic_price": {"energy_margin": "0.1"}}),
    (
        *("dynamic_price", "margin_without_entity"),
        {"energy_price": "0.1", "dynamic_price": {"energy_margin": "0.1"}},
    ),
    ("feed_in", "margin_without_entity", {"feed_in": {"feed_in_margin": "-0.1"}}),
    *(
        ("dynamic_price", error, {"dynamic_price": {"energy_price_entity": f"sensor.{name}"}})
        for name, error in (
            ("nowhere", "price_entity_missing"),
            ("power", "price_entity_unit"),
            ("own", "price_entity_own"),
        )
    ),
    ("feed_in", "price_entity_unit", {"feed_in": {"feed_in_price_entity": "sensor.in_francs"}}),
    *(("second_price", "second_price_incomplete", typed) for typed in INCOMPLETE),
    *(
        ("reference_power", "reference_power_malformed", {"reference_power": text})
        for text in ("much", "0", "nan", "1001")
    ),
    *(
        ("network_prices", "reference_power_without_price", {"reference_power": text})
        for text in ("5", "6,9 kW", "250")
    ),
    (
        *("surcharge_price_since", "surcharge_day_implausible"),
        {"energy_price": "0.1", "surcharge_price_since": "2024-12-31"},
    ),
    ("surcharge_price_since", "day_without_change", {"surcharge_price_since": "2026-01-01"}),
]


async def test_what_cannot_be_is_said_at_its_place(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry
) -> None:
    hass.states.async_set("sensor.power", "0.1", {"unit_of_measurement": "kW"})
    hass.states.async_set("sensor.in_francs", "0.1", {"unit_of_measurement": "CHF/kWh"})
    er.async_get(hass).async_get_or_create("sensor", "smarty_p1", "own", suggested_object_id="own")
    hass.states.async_set("sensor.own", "0.1", {"unit_of_measurement": "EUR/kWh"})

    for name, error, typed in WRONG:
        result = await enter(hass, port, entry, **typed)

        assert result["type"] is FlowResultType.FORM
        assert result["errors"] == {name: error}, typed
        # What is wrong can be seen, and what was typed is still there.
        for field in typed.keys() & suggested(result).keys():
            shown = suggested(result)[field]
            if isinstance(shown, dict):
                shown = {field: value for field, value in shown.items() if value is not None}
            assert shown == typed[field]
        schema = result["data_schema"]
        assert schema
        sections = {str(key) for key, field in schema.schema.items() if isinstance(field, section)}
        assert {each for each in sections if not is_collapsed(result, each)} == sections & {name}
        hass.config_entries.options.async_abort(result["flow_id"])
    assert dict(entry.options) == {}


async def test_the_first_page_is_kept_while_the_second_is_corrected(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry
) -> None:
    first = {"reference_power": "7", "energy_price": 0.15, "discount": 1}
    wrong = {"surcharge_price_since": "2024-12-31"}
    form = await enter_contract(hass, entry, first | wrong)
    assert (form["step_id"], form["errors"]) == (
        "contract_details",
        {"surcharge_price_since": "surcharge_day_implausible"},
    )

    port.greeting = port.next_frame(TELEGRAM)
    result = await submit(hass, form, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    stored = {"reference_power": 7.0, "energy_price": 0.15, "discount": 1.0}
    assert dict(entry.options) == {**DEFAULTS, **stored}


async def test_what_no_form_sends_is_refused(home: Home, entry: MockConfigEntry) -> None:
    refused: list[dict[str, Any]] = [
        {"network_prices": {"meter_ampere": "50"}},
        {"energy_fee_per": "week"},
        {"levies": {"consumer_category": "C"}},
        {"second_price": {"second_price_days": ["someday"]}},
        {"second_price": {"second_price_from": "late"}},
        {"dynamic_price": {"energy_price_entity": "switch.pump"}},
    ]
    for typed in refused:
        with pytest.raises(InvalidData):
            await enter(home.hass, home.port, entry, **typed)


async def test_units_of_prices(hass: HomeAssistant, home: Home, entry: MockConfigEntry) -> None:
    for unit in ("EUR/kWh", "€/kWh", "EUR/MWh", "ct/kWh", "c/kWh", "¢/kWh", None):
        hass.states.async_set(NORDPOOL, "unknown", {"unit_of_measurement": unit} if unit else {})
        result = await enter(hass, home.port, entry, dynamic_price=MARKET)
        assert result["type"] is FlowResultType.CREATE_ENTRY, unit


async def test_the_day_of_a_change(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to("2026-11-20T12:00:00Z")
    contract = {"reference_power": "7", "energy_price": 0.15}
    await enter(hass, port, entry, **contract, surcharge_price_since="2027-01-01")
    assert entry.options["surcharge_price_since"] == "2027-01-01"

    # A day to come is shown again. What is not about the contract changes nothing of it.
    form = await open_details(hass, entry)
    assert suggested(form)["surcharge_price_since"] == "2027-01-01"
    await enter(hass, port, entry, **contract)
    assert entry.options["surcharge_price_since"] == "2027-01-01"

    # A day that is past is not; the same contract may be given another day.
    result = await enter(hass, port, entry, **contract, surcharge_price_since="2026-10-01")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    form = await open_details(hass, entry)
    assert suggested(form)["surcharge_price_since"] is None
    await enter(hass, port, entry, **contract)
    assert entry.options["surcharge_price_since"] == "2026-10-01"

    # The day is about the change that it was entered with.
    await enter(hass, port, entry, **contract, levies={"vat": False})
    assert "surcharge_price_since" not in entry.options


async def test_from_when_on_an_entry_holds(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """The meter's telegrams are of 3 July 2025."""
    freezer.move_to("2025-07-03T08:30:00Z")

    def held(day: str) -> Contract:
        coordinator: SmartyCoordinator = entry.runtime_data
        demand = coordinator.books.demand
        assert demand
        return demand.contracts.at(datetime.fromisoformat(f"{day}T12:00:00+02:00"))

    # A first entry holds for all that is recorded, also with a day.
    contract: dict[str, Any] = {"reference_power": "7", "energy_price": 0.15}
    await enter(hass, port, entry, **contract, surcharge_price_since="2025-07-02")
    assert held("2025-05-01").reference_kw == held("2025-07-03").reference_kw == 7

    # A value put into an empty field from the 1st of this month, a changed one from the day.
    contract |= {"energy_price": 0.2, "energy_fee": 5, "feed_in": {"feed_in_price": 0.06}}
    await enter(hass, port, entry, **contract, surcharge_price_since="2025-07-02")
    assert held("2025-06-30") == Contract(reference_kw=7, energy_price=0.15, has_levies=True)
    added: dict[str, Any] = {"reference_kw": 7, "energy_fee": 5, "feed_in_price": 0.06}
    added["has_levies"] = True
    assert held("2025-07-01") == Contract(**added, energy_price=0.15)
    assert held("2025-07-02") == Contract(**added, energy_price=0.2)

    # Without a day, a changed one holds from now on; so does one that is taken away.
    surcharge = {"surcharge_price": 0.1}
    contract = {"reference_power": "12", "energy_fee": 5, "network_prices": surcharge}
    await enter(hass, port, entry, **contract)
    assert held("2025-06-30").surcharge is None
    assert held("2025-07-01") == Contract(**added, energy_price=0.15, surcharge=0.1)
    assert held("2025-07-02") == Contract(**added, energy_price=0.2, surcharge=0.1)
    assert held("2025-07-04").reference_kw == 12
    assert held("2025-07-04").energy_price is None

    # A market's price into an empty field, from the 1st; and with a day to come, all of it waits.
    market = {"energy_price_entity": NORDPOOL, "energy_margin": 0.02}
    await enter(hass, port, entry, **contract, dynamic_price=market)
    assert held("2025-07-04").energy_margin == 0.02
    assert held("2025-07-02").energy_margin is None
    contract |= {"energy_fee": 6, "network_prices": {**surcharge, "network_variable_price": 0.05}}
    await enter(
        hass, port, entry, **contract, dynamic_price=market, surcharge_price_since="2025-08-01"
    )
    assert (held("2025-07-31").energy_fee, held("2025-07-31").network_variable) == (5, None)
    assert (held("2025-08-01").energy_fee, held("2025-08-01").network_variable) == (6, 0.05)


async def test_a_surcharge_that_is_taken_away_has_no_day(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry
) -> None:
    await enter(hass, port, entry, reference_power="7", network_prices={"surcharge_price": 0.1})

    taken_away: dict[str, Any] = {"network_prices": {}, "surcharge_price_since": "2026-01-01"}
    result = await enter(hass, port, entry, reference_power="7", **taken_away)
    assert result["errors"] == {"network_prices": "surcharge_price_missing"}
    assert not is_collapsed(result, "network_prices")

    # One more change, and the day may be about that.
    result = await enter(hass, port, entry, reference_power="12", **taken_away)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_another_entity_alone_has_no_day(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to("2026-11-20T12:00:00Z")
    await enter(hass, port, entry, energy_price=0.15)
    one = {"dynamic_price": {"energy_price_entity": NORDPOOL, "energy_margin": 0.1}}
    other = {"dynamic_price": {"energy_price_entity": EXPORT, "energy_margin": 0.1}}
    await enter(hass, port, entry, **one, surcharge_price_since="2026-03-01")

    # The margin holds since March, and goes on doing so.
    result = await enter(hass, port, entry, **other, surcharge_price_since="2027-01-01")
    assert result["errors"] == {"surcharge_price_since": "day_of_entity"}
    await enter(hass, port, entry, **other)
    assert entry.options["energy_price_entity"] == EXPORT
    assert entry.options["surcharge_price_since"] == "2026-03-01"

    # Of what is still to come, the day may change with the entity.
    fees = {"energy_fee": 2.5}
    await enter(hass, port, entry, **other, **fees, surcharge_price_since="2027-01-01")
    # An entity that both contracts have is replaced in both, with or without the day.
    for chosen, entity_id, day in (
        (one, NORDPOOL, {"surcharge_price_since": "2027-01-01"}),
        (other, EXPORT, {}),
    ):
        await enter(hass, port, entry, **chosen, **fees, **day)
        assert entry.options["energy_price_entity"] == entity_id
        assert entry.options["energy_price_entity_before"] == entity_id
        assert entry.options["surcharge_price_since"] == "2027-01-01"
    for chosen, entity_id in ((one, NORDPOOL), (other, EXPORT)):
        await enter(hass, port, entry, **chosen, **fees, surcharge_price_since="2027-02-01")
        assert entry.options["energy_price_entity"] == entity_id
        assert entry.options["energy_price_entity_before"] == EXPORT
        assert entry.options["surcharge_price_since"] == "2027-02-01"


async def test_a_second_price_has_hours_or_days(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry
) -> None:
    weekend = {"second_price_days": ["sat", "sun"]}
    for second in (EVENING | MORNING, weekend, EVENING | MORNING | SUNDAY):
        typed: dict[str, Any] = {**SECOND, **second}
        await enter(hass, port, entry, energy_price=0.15, second_price=typed)
        assert dict(entry.options) == {
            **DEFAULTS,
            "energy_price": 0.15,
            **typed,
            "second_energy_price": 0.1,
        }
        shown = suggested(await open_details(hass, entry))["second_price"]
        assert {name: value for name, value in shown.items() if value is not None} == typed

    # Days that are all taken away are none.
    await enter(hass, port, entry, energy_price=0.15, second_price={"second_price_days": []})
    assert dict(entry.options) == {**DEFAULTS, "energy_price": 0.15}


def default_of_levies(form: ConfigFlowResult) -> bool:
    """Return what the form says of levies while nothing is stored of them."""
    assert form["data_schema"]
    fields = form["data_schema"].schema["levies"].schema.schema
    (marker,) = (key for key in fields if key == "with_levies")
    return bool(marker.default())


async def test_levies_are_on_until_somebody_switches_them_off_and_are_no_contract_alone(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry
) -> None:
    await enter(hass, port, entry, levies={"with_levies": False})
    assert dict(entry.options) == {}
    assert default_of_levies(await open_details(hass, entry)) is True
    await enter(hass, port, entry, reference_power="7", levies={"vat": True})
    assert entry.options["with_levies"] is True

    for typed in ({"levies": {"with_levies": False}}, {}):
        await enter(hass, port, entry, reference_power="7", **typed)
        assert entry.options["with_levies"] is False


AID = {
    "name": " Resilienzpak ",
    "per_kwh": "-4 ct/kWh",
    "with_vat": True,
    "first_day": "2026-08-01",
    "last_day": "2026-12-31",
}
REBATE = {
    "name": "Domiciliation",
    "per_month": "1,00",
    "first_day": "2026-01-01",
}


async def test_aids_hold_on_their_own_days_and_change_nothing_else(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry
) -> None:
    await enter(hass, port, entry, reference_power="7", energy_price=0.15)
    sections = {"aids": {"aids": [AID, REBATE]}, "energy_sharing": {"community_price": 0.09}}
    result = await enter(hass, port, entry, reference_power="7", energy_price=0.15, **sections)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    stored = {"name": "Resilienzpak", "per_kwh": 0.04}
    assert entry.options["aids"] == [{**AID, **stored}, {**REBATE, "per_month": 1.0}]
    coordinator: SmartyCoordinator = entry.runtime_data
    contracts = coordinator.books.memory.demand_meter.contracts
    assert [(aid.name, aid.amount, aid.unit, aid.vat) for aid in contracts.aids] == [
        ("Resilienzpak", 0.04, "kWh", "included"),
        ("Domiciliation", 1.0, "month", "excluded"),
    ]
    assert contracts.latest.community_price == 0.09
    shown = suggested(await open_details(hass, entry))
    shown_aids = [{**AID, "name": "Resilienzpak", "per_kwh": "0.04"}, {**REBATE, "per_month": "1"}]
    assert shown["aids"] == {"aids": shown_aids}

    # A day is about the prices: with aids alone there is nothing that it could be about.
    options = dict(entry.options)
    without = {"aids": {"aids": [REBATE]}, "energy_sharing": {"community_price": 0.09}}
    await enter(hass, port, entry, reference_power="7", energy_price=0.15, **without)
    assert entry.options == {**options, "aids": [{**REBATE, "per_month": 1.0}]}
    assert "surcharge_price_since" not in entry.options

    # So a day that is entered with aids leaves the day of the last price.
    dearer = {"reference_power": "7", "energy_price": 0.2, **without}
    await enter(hass, port, entry, **dearer, surcharge_price_since="2026-03-01")
    dearer["aids"] = {"aids": [AID, REBATE]}
    await enter(hass, port, entry, **dearer, surcharge_price_since="2026-08-01")
    assert entry.options["surcharge_price_since"] == "2026-03-01"


async def test_an_aid_that_cannot_be(home: Home, entry: MockConfigEntry) -> None:
    for aids, error in (
        ([{**AID, "name": "  "}], "aid_malformed"),
        ([{**AID, "name": "x" * 61}], "aid_malformed"),
        ([{**AID, "per_kwh": "0"}], "aid_malformed"),
        ([REBATE, {**AID, "last_day": "2026-07-31"}], "aid_malformed"),
        ([REBATE] * 21, "too_many_aids"),
    ):
        form = await enter(home.hass, home.port, entry, reference_power="7", aids={"aids": aids})
        assert form["errors"] == {"aids": error}
        # What was typed is shown again.
        assert suggested(form)["aids"] == {"aids": aids}
