"""The options about the tariff: what may be entered, what is stored, what is shown again."""

from datetime import datetime
from functools import partial
from typing import Any

import pytest
import voluptuous as vol
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import entity_registry as er

from custom_components.smarty_p1.coordinator.meter_coordinator import SmartyCoordinator
from custom_components.smarty_p1.flows.shared_form_fields import DayField
from custom_components.smarty_p1.lib.prices.contract import Contract
from tests.ha.dialogs import enter_contract, schema_of, submit, suggested
from tests.ha.refusals import Refusals, Row
from tests.ha.support import TELEGRAM, Home

THIS_YEAR = datetime.now().astimezone().year
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
    sections += ["aids", "energy_sharing", "network_prices"]
    assert list(suggested(form)) == [*sections, "surcharge_price_since"]
    assert all(is_collapsed(form, name) for name in sections)


async def test_a_contract_is_stored_flat_and_shown_again_by_its_sections(home: Home) -> None:
    sections: dict[str, dict[str, Any]] = {
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

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert dict(home.entry.options) == {
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
    # The page is one screen, whatever is entered.
    assert all(is_collapsed(form, name) for name in sections)


async def test_what_is_left_empty_is_removed_and_sections_that_are_not_sent_stay(
    home: Home,
) -> None:
    feed_in = {"feed_in_price": 0.07}
    network = {"network_variable_price": 0.06, "meter_fee": 6, "surcharge_replaces_variable": False}
    await enter(home, energy_price=0.12, feed_in=feed_in, network_prices=network)
    assert home.entry.options["energy_price"] == 0.12

    await enter(home, network_prices={"meter_fee": 6})
    assert dict(home.entry.options) == {
        **DEFAULTS,
        "meter_ampere": "40",
        "feed_in_price": 0.07,
        "meter_fee": 6.0,
        "surcharge_replaces_variable": False,
    }

    await enter(home, feed_in={}, network_prices={})
    assert dict(home.entry.options) == {}


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
NO_AIDS: list[list[dict[str, Any]]] = [
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
            "surcharge_price_since: surcharge_day_implausible",
            {"energy_price": "0.1", "surcharge_price_since": day},
        )
        for day in ("2024-12-31", f"{THIS_YEAR + 3}-01-01")
    ),
    Row("surcharge_price_since: day_without_change", {"surcharge_price_since": "2026-01-01"}),
    *(Row("aids: aid_malformed", {"aids": {"aids": aids}}) for aids in NO_AIDS),
    Row("aids: too_many_aids", {"aids": {"aids": [REBATE] * 21}}),
]


async def test_what_cannot_be_is_said_at_its_place(
    hass: HomeAssistant, home: Home, refuses: Refusals
) -> None:
    hass.states.async_set("sensor.power", "0.1", {"unit_of_measurement": "kW"})
    hass.states.async_set("sensor.in_francs", "0.1", {"unit_of_measurement": "CHF/kWh"})
    er.async_get(hass).async_get_or_create("sensor", "smarty_p1", "own", suggested_object_id="own")
    hass.states.async_set("sensor.own", "0.1", {"unit_of_measurement": "EUR/kWh"})
    await refuses.each("contract", partial(enter_contract, hass, home.entry), WRONG)
    assert dict(home.entry.options) == {}


async def test_the_first_page_is_kept_while_the_second_is_corrected(home: Home) -> None:
    first = {"reference_power": "7", "energy_price": 0.15, "discount": 1}
    wrong = {"surcharge_price_since": "2024-12-31"}
    form = await enter_contract(home.hass, home.entry, first | wrong)
    assert (form["step_id"], form["errors"]) == (
        "contract_details",
        {"surcharge_price_since": "surcharge_day_implausible"},
    )

    home.port.greeting = home.port.next_frame(TELEGRAM)
    typed = {"surcharge_price_since": f"{THIS_YEAR + 2}-12-31"}
    result = await submit(home.hass, form, typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    stored = {"reference_power": 7.0, "energy_price": 0.15, "discount": 1.0, **typed}
    assert dict(home.entry.options) == {**DEFAULTS, **stored}


async def test_a_program_may_omit_the_zeros_of_days_and_times(home: Home) -> None:
    aids = [{**REBATE, "first_day": "2026-9-1", "last_day": "2026-10-31"}]
    second = SECOND | {"second_price_from": "7:00", "second_price_to": "9:30:00"}
    typed = {"surcharge_price_since": "2026-1-1", "second_price": second, "aids": {"aids": aids}}
    result = await enter(home, reference_power="7", energy_price=0.15, **typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    options = home.entry.options
    assert options["surcharge_price_since"] == "2026-01-01"
    assert (options["second_price_from"], options["second_price_to"]) == ("07:00:00", "09:30:00")
    [aid] = options["aids"]
    assert (aid["first_day"], aid["last_day"]) == ("2026-09-01", "2026-10-31")


async def test_what_no_form_sends_is_refused(home: Home) -> None:
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
            await enter(home, **typed)


async def test_units_of_prices(hass: HomeAssistant, home: Home) -> None:
    for unit in ("EUR/kWh", "€/kWh", "EUR/MWh", "ct/kWh", "c/kWh", "¢/kWh", None):
        hass.states.async_set(NORDPOOL, "unknown", {"unit_of_measurement": unit} if unit else {})
        result = await enter(home, dynamic_price=MARKET)
        assert result["type"] is FlowResultType.CREATE_ENTRY, unit


async def test_the_day_of_a_change(home: Home, freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to("2026-11-20T12:00:00Z")
    contract = {"reference_power": "7", "energy_price": 0.15}
    await enter(home, **contract, surcharge_price_since="2027-01-01")
    assert home.entry.options["surcharge_price_since"] == "2027-01-01"

    # A day to come is shown again. What is not about the contract changes nothing of it.
    form = await home.details()
    assert suggested(form)["surcharge_price_since"] == "2027-01-01"
    await enter(home, **contract)
    assert home.entry.options["surcharge_price_since"] == "2027-01-01"

    # A day that is past is not; the same contract may be given another day.
    result = await enter(home, **contract, surcharge_price_since="2026-10-01")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    form = await home.details()
    assert suggested(form)["surcharge_price_since"] is None
    await enter(home, **contract)
    assert home.entry.options["surcharge_price_since"] == "2026-10-01"

    # The day is about the change that it was entered with.
    await enter(home, **contract, levies={"vat": False})
    assert "surcharge_price_since" not in home.entry.options


async def test_from_when_on_an_entry_holds(home: Home, freezer: FrozenDateTimeFactory) -> None:
    """The meter's telegrams are of 3 July 2025."""
    freezer.move_to("2025-07-03T08:30:00Z")

    def held(day: str) -> Contract:
        coordinator: SmartyCoordinator = home.entry.runtime_data
        demand = coordinator.books.demand
        assert demand
        return demand.contracts.at(datetime.fromisoformat(f"{day}T12:00:00+02:00"))

    # A first entry holds for all that is recorded, also with a day.
    contract: dict[str, Any] = {"reference_power": "7", "energy_price": 0.15}
    await enter(home, **contract, surcharge_price_since="2025-07-02")
    assert held("2025-05-01").reference_kw == held("2025-07-03").reference_kw == 7

    # A value put into an empty field from the 1st of this month, a changed one from the day.
    contract |= {"energy_price": 0.2, "energy_fee": 5, "feed_in": {"feed_in_price": 0.06}}
    await enter(home, **contract, surcharge_price_since="2025-07-02")
    assert held("2025-06-30") == Contract(reference_kw=7, energy_price=0.15, has_levies=True)
    added: dict[str, Any] = {"reference_kw": 7, "energy_fee": 5, "feed_in_price": 0.06}
    added["has_levies"] = True
    assert held("2025-07-01") == Contract(**added, energy_price=0.15)
    assert held("2025-07-02") == Contract(**added, energy_price=0.2)

    # Without a day, a changed one holds from now on; so does one that is taken away.
    surcharge = {"surcharge_price": 0.1}
    contract = {"reference_power": "12", "energy_fee": 5, "network_prices": surcharge}
    await enter(home, **contract)
    assert held("2025-06-30").surcharge is None
    assert held("2025-07-01") == Contract(**added, energy_price=0.15, surcharge=0.1)
    assert held("2025-07-02") == Contract(**added, energy_price=0.2, surcharge=0.1)
    assert held("2025-07-04").reference_kw == 12
    assert held("2025-07-04").energy_price is None

    # A market's price into an empty field, from the 1st; and with a day to come, all of it waits.
    market = {"energy_price_entity": NORDPOOL, "energy_margin": 0.02}
    await enter(home, **contract, dynamic_price=market)
    assert held("2025-07-04").energy_margin == 0.02
    assert held("2025-07-02").energy_margin is None
    contract |= {"energy_fee": 6, "network_prices": {**surcharge, "network_variable_price": 0.05}}
    await enter(home, **contract, dynamic_price=market, surcharge_price_since="2025-08-01")
    assert (held("2025-07-31").energy_fee, held("2025-07-31").network_variable) == (5, None)
    assert (held("2025-08-01").energy_fee, held("2025-08-01").network_variable) == (6, 0.05)


async def test_a_surcharge_that_is_taken_away_has_no_day(home: Home) -> None:
    await enter(home, reference_power="7", network_prices={"surcharge_price": 0.1})

    taken_away: dict[str, Any] = {"network_prices": {}, "surcharge_price_since": "2026-01-01"}
    result = await enter(home, reference_power="7", **taken_away)
    assert result["errors"] == {"network_prices": "surcharge_price_missing"}
    assert not is_collapsed(result, "network_prices")

    # One more change, and the day may be about that.
    result = await enter(home, reference_power="12", **taken_away)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_another_entity_alone_has_no_day(home: Home, freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to("2026-11-20T12:00:00Z")
    await enter(home, energy_price=0.15)
    one = {"dynamic_price": {"energy_price_entity": NORDPOOL, "energy_margin": 0.1}}
    other = {"dynamic_price": {"energy_price_entity": EXPORT, "energy_margin": 0.1}}
    await enter(home, **one, surcharge_price_since="2026-03-01")

    # The margin holds since March, and goes on doing so.
    result = await enter(home, **other, surcharge_price_since="2027-01-01")
    assert result["errors"] == {"surcharge_price_since": "day_of_entity"}
    await enter(home, **other)
    assert home.entry.options["energy_price_entity"] == EXPORT
    assert home.entry.options["surcharge_price_since"] == "2026-03-01"

    # Of what is still to come, the day may change with the entity.
    fees = {"energy_fee": 2.5}
    await enter(home, **other, **fees, surcharge_price_since="2027-01-01")
    # An entity that both contracts have is replaced in both, with or without the day.
    for chosen, entity_id, day in (
        (one, NORDPOOL, {"surcharge_price_since": "2027-01-01"}),
        (other, EXPORT, {}),
    ):
        await enter(home, **chosen, **fees, **day)
        assert home.entry.options["energy_price_entity"] == entity_id
        assert home.entry.options["energy_price_entity_before"] == entity_id
        assert home.entry.options["surcharge_price_since"] == "2027-01-01"
    for chosen, entity_id in ((one, NORDPOOL), (other, EXPORT)):
        await enter(home, **chosen, **fees, surcharge_price_since="2027-02-01")
        assert home.entry.options["energy_price_entity"] == entity_id
        assert home.entry.options["energy_price_entity_before"] == EXPORT
        assert home.entry.options["surcharge_price_since"] == "2027-02-01"


async def test_a_second_price_has_hours_or_days(home: Home) -> None:
    weekend = {"second_price_days": ["sat", "sun"]}
    for second in (EVENING | MORNING, weekend, EVENING | MORNING | SUNDAY):
        typed: dict[str, Any] = {**SECOND, **second}
        await enter(home, energy_price=0.15, second_price=typed)
        assert dict(home.entry.options) == {
            **DEFAULTS,
            "energy_price": 0.15,
            **typed,
            "second_energy_price": 0.1,
        }
        shown = suggested(await home.details())["second_price"]
        assert {name: value for name, value in shown.items() if value is not None} == typed

    # Days that are all taken away are none.
    await enter(home, energy_price=0.15, second_price={"second_price_days": []})
    assert dict(home.entry.options) == {**DEFAULTS, "energy_price": 0.15}


def default_of_levies(form: ConfigFlowResult) -> bool:
    fields = schema_of(form).schema["levies"].schema.schema
    (marker,) = (key for key in fields if key == "with_levies")
    return bool(marker.default())


async def test_levies_are_on_until_somebody_switches_them_off_and_are_no_contract_alone(
    home: Home,
) -> None:
    await enter(home, levies={"with_levies": False})
    assert dict(home.entry.options) == {}
    assert default_of_levies(await home.details()) is True
    await enter(home, reference_power="7", levies={"vat": True})
    assert home.entry.options["with_levies"] is True

    for typed in ({"levies": {"with_levies": False}}, {}):
        await enter(home, reference_power="7", **typed)
        assert home.entry.options["with_levies"] is False


async def test_aids_hold_on_their_own_days_and_change_nothing_else(home: Home) -> None:
    await enter(home, reference_power="7", energy_price=0.15)
    sections = {"aids": {"aids": [AID, REBATE]}, "energy_sharing": {"community_price": 0.09}}
    result = await enter(home, reference_power="7", energy_price=0.15, **sections)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    stored = {"name": "Resilienzpak", "per_kwh": 0.04}
    assert home.entry.options["aids"] == [{**AID, **stored}, {**REBATE, "per_month": 1.0}]
    coordinator: SmartyCoordinator = home.entry.runtime_data
    contracts = coordinator.books.household.contracts
    assert [(aid.name, aid.amount, aid.unit, aid.vat) for aid in contracts.aids] == [
        ("Resilienzpak", 0.04, "kWh", "included"),
        (REBATE["name"], 1.0, "month", "excluded"),
    ]
    assert contracts.latest.community_price == 0.09
    shown = suggested(await home.details())
    shown_aids = [{**AID, "name": "Resilienzpak", "per_kwh": "0.04"}, {**REBATE, "per_month": "1"}]
    assert shown["aids"] == {"aids": shown_aids}

    # A day is about the prices: with aids alone there is nothing that it could be about.
    options = dict(home.entry.options)
    without = {"aids": {"aids": [REBATE]}, "energy_sharing": {"community_price": 0.09}}
    await enter(home, reference_power="7", energy_price=0.15, **without)
    assert home.entry.options == {**options, "aids": [{**REBATE, "per_month": 1.0}]}
    assert "surcharge_price_since" not in home.entry.options

    # So a day that is entered with aids leaves the day of the last price.
    dearer = {"reference_power": "7", "energy_price": 0.2, **without}
    await enter(home, **dearer, surcharge_price_since="2026-03-01")
    dearer["aids"] = {"aids": [AID, REBATE]}
    await enter(home, **dearer, surcharge_price_since="2026-08-01")
    assert home.entry.options["surcharge_price_since"] == "2026-03-01"


@pytest.mark.parametrize(
    "typed", ["2026-02-01", "2026-2-1", "1.2.2026", "01/02/2026", "1. 2. 2026"]
)
def test_a_day_as_on_paper(typed: str) -> None:
    assert DayField()(typed) == "2026-02-01"


@pytest.mark.parametrize("typed", ["31.2.2026", "2/2026", "1.2.26", "2026/02/01", "1.2.2026 x", 5])
def test_what_is_no_day(typed: object) -> None:
    with pytest.raises(vol.Invalid):
        DayField()(typed)
