"""The sensors about costs; the numbers are those in `billed_month`."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.data_entry_flow import section
from homeassistant.helpers.entity_registry import EntityRegistry, async_entries_for_config_entry
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.smarty_p1.lib.advice import household_money
from custom_components.smarty_p1.lib.advice.class_comparison import compare
from custom_components.smarty_p1.lib.advice.month_forecast import estimated
from custom_components.smarty_p1.lib.bill.household import Household
from custom_components.smarty_p1.lib.bill.month import Month
from custom_components.smarty_p1.lib.history.register_amounts import Energies
from custom_components.smarty_p1.lib.prices.contract import Contracts
from smartyp1.json_types import JsonDict
from tests.ha import billed_month
from tests.ha.billed_month import telegram
from tests.ha.dialogs import open_options, schema_of
from tests.ha.meter import SERIAL, with_value
from tests.ha.support import Home, fall_silent, reload_entry, state_of

PRICE = "smarty_price_of_imported_energy"
PRICE_EXPORT = "smarty_price_of_exported_energy"
ENERGY = "smarty_energy_cost_this_month"
NETWORK = "smarty_network_cost_this_month"
SURCHARGE = "smarty_surcharge_this_month"
TOTAL = "smarty_total_cost_this_month"
FEED_IN = "smarty_feed_in_revenue_this_month"
PEAK = "smarty_highest_power_last_month"
PEAK_YEAR = "smarty_highest_power_in_12_months"
ABOVE = "smarty_quarter_hours_with_surcharge"
CHEAPEST = "smarty_cheapest_reference_power"
SAVING = "smarty_possible_saving_per_year"
MONTH_END = "smarty_cost_forecast_for_the_month"
PROJECTED = "smarty_projected_quarter_hour_power"


@pytest.fixture
async def entry(
    home: Home,
    hass_storage: JsonDict,
    everything_enabled: None,  # noqa: ARG001 - before it is set up
) -> MockConfigEntry:
    """Return the entry of a meter with one month and a half behind it, at midnight."""
    return await billed_month.set_up(home, hass_storage)


def values(hass: HomeAssistant, *names: str) -> list[float]:
    return [float(state_of(hass, name).state) for name in names]


@pytest.mark.usefixtures("entry")
async def test_the_costs_of_a_month(home: Home) -> None:
    assert values(home.hass, ENERGY, NETWORK, SURCHARGE, FEED_IN) == [23.33, 17.95, 0, 0]
    assert values(home.hass, TOTAL) == [41.28]
    # (0.15 + 0.051) * 1.08; exported energy bears no VAT.
    assert values(home.hass, PRICE, PRICE_EXPORT) == [0.21708, 0.06]
    assert home.state_of(TOTAL).attributes["last_month"] == 87.78

    changed: list[str] = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        changed.append(event.data["entity_id"].removeprefix("sensor."))

    unlisten = home.hass.bus.async_listen("state_changed", note)
    # A minute at 0.6 kW: 10 Wh, 0.0015 + 0.00051 + the fixed part of a minute, without VAT.
    await home.receive(telegram("00:01:00", 0.01))
    unlisten()
    # An unchanged state is not written anew.
    costs = {PRICE, PRICE_EXPORT, ENERGY, NETWORK, SURCHARGE, FEED_IN, TOTAL, PEAK, PEAK_YEAR}
    assert "smarty_energy_imported" in changed
    assert (costs | {ABOVE, CHEAPEST, SAVING}) & set(changed) == set()

    # 1 kWh more costs 0.15 and 0.051 more: 21.75, and 6.42 + 7.40 (7.395) + 2.86.
    await home.receive(telegram("00:10:00", 1.0, 0.5))
    assert values(home.hass, ENERGY, NETWORK, SURCHARGE, FEED_IN) == [23.49, 18.01, 0, 0.03]
    # 38.43 and 8 % of it, without the feed-in: 41.50 (41.5044) - 0.03.
    assert values(home.hass, TOTAL) == [41.47]
    assert values(home.hass, ABOVE) == [0]

    # 2 kWh in the quarter-hour are 0.25 kWh above 7 kW: 0.019125 + VAT.
    await home.receive(telegram("00:15:00", 2.0, 0.5))
    assert values(home.hass, SURCHARGE, ABOVE) == [0.020655, 1]
    # 21.90, 6.42 + 7.45 (7.446) + 2.86, 0.02: 38.65 and 3.09 of VAT; less 0.03.
    assert values(home.hass, TOTAL) == [41.71]


@pytest.mark.usefixtures("everything_enabled")
async def test_prices_of_the_contract_alone_stay_in_an_outage(
    home: Home, hass_storage: JsonDict, freezer: FrozenDateTimeFactory
) -> None:
    hass = home.hass
    freezer.move_to("2026-06-15T22:00:00Z")
    second = {"second_price_from": "22:00:00", "second_price_to": "06:00:00"}
    market = {"feed_in_price_entity": "sensor.market"}
    prices = {"reference_power": 7.0, "energy_price": 0.15, "second_energy_price": 0.1}
    prices["feed_in_margin"] = 0.0
    hass.states.async_set("sensor.market", "0.09", {"unit_of_measurement": "EUR/kWh"})
    entry = await billed_month.set_up(home, hass_storage, **prices, **second, **market)
    # (0.1 + 0.051) * 1.08, and (0.15 + 0.051) * 1.08 from 6:00 on
    night, day = 0.16308, 0.21708
    assert values(hass, PRICE) == [night]

    async def pass_until(time: str) -> None:
        freezer.move_to(time)
        async_fire_time_changed(hass)
        await hass.async_block_till_done()

    await fall_silent(hass, entry)
    for time, price in (("03:45", night), ("04:00", day), ("19:45", day), ("20:00", night)):
        await pass_until(f"2026-06-16T{time}:01Z")
        assert values(hass, PRICE) == [price]
        # A price that follows the market needs a current one.
        for name in (PRICE_EXPORT, TOTAL, ENERGY, NETWORK):
            assert home.state_of(name).state == STATE_UNAVAILABLE
    # A restart keeps the state.
    home.port.greeting = b""
    assert await reload_entry(hass, entry)
    await hass.async_block_till_done()
    assert values(hass, PRICE) == [night]
    assert home.state_of(TOTAL).state == STATE_UNAVAILABLE


@pytest.mark.usefixtures("entry")
async def test_peaks_and_classes(hass: HomeAssistant, home: Home) -> None:
    assert values(hass, PEAK, PEAK_YEAR) == [8.0, 8.0]
    start = "2026-04-30T15:00:00-07:00"  # midnight in Luxembourg
    assert state_of(hass, PEAK).attributes["start"] == start
    assert state_of(hass, PEAK).attributes["measured_share"] == 1.0
    assert state_of(hass, PEAK_YEAR).attributes["start"] == start
    assert state_of(hass, CHEAPEST).state == "3"
    attributes = state_of(hass, CHEAPEST).attributes
    assert attributes["months"] == ["2026-05"]
    assert attributes["classes"]["3"] == 9.04
    assert attributes["classes"]["7"] == 14.08
    assert len(attributes["classes"]) == 10
    assert values(hass, SAVING) == [60.48]
    # An estimate is no total.
    for name in (SAVING, CHEAPEST, PROJECTED, MONTH_END):
        attributes = state_of(hass, name).attributes
        assert {"state_class", "last_reset"} & attributes.keys() == set()
    assert state_of(hass, SAVING).attributes["device_class"] == "monetary"
    # 30 days of 9.6 kWh: 43.20 + 12.84 + 14.69 + 5.72 = 76.45; 6.12 of VAT. 1 May took more, so the
    # forecast is a bit higher.
    assert values(hass, MONTH_END) == [pytest.approx(82.57, abs=1)]
    attributes = state_of(hass, MONTH_END).attributes
    assert attributes["low"] < 82.57 < attributes["high"]
    assert attributes["measured_share"] == 1.0
    assert "since" not in state_of(hass, TOTAL).attributes

    # 2.5 kWh are 10 kW.
    await home.receive(telegram("00:15:00", 2.5))
    assert values(hass, PEAK, PEAK_YEAR) == [8.0, 10.0]


@pytest.mark.usefixtures("everything_enabled")
async def test_the_tariff_is_in_euro_with_any_currency_of_home_assistant(
    hass: HomeAssistant, home: Home, hass_storage: JsonDict
) -> None:
    await hass.config.async_update(currency="GBP")
    entry = await billed_month.set_up(home, hass_storage)

    units = Counter(
        state.attributes.get("unit_of_measurement") for state in hass.states.async_all()
    )
    assert (units["EUR/kWh"], units["EUR"]) == (2, 7)
    form = await open_options(hass, entry)
    details = await hass.config_entries.options.async_configure(form["flow_id"], {})
    for page in (form, details):
        assert units_of(schema_of(page).schema) == {"€/kWh", "€", None}


def units_of(fields: Mapping[Any, Any]) -> set[str | None]:
    """Return the units that a form has, also in its sections."""
    found: set[str | None] = set()
    for field in fields.values():
        if isinstance(field, section):
            found |= units_of(field.schema.schema)
        else:
            found.add(field.config.get("suffix"))
    return found


ALWAYS = {"peak_last_month", "peak_12_months", "cheapest_reference_power"}
ALWAYS |= {"demand_running", "demand_last", "demand_peak"}
OF_THE_CLASS = {"cost_network", "demand_excess_cost", "quarter_hours_above"}
OF_THE_CLASS |= {"saving_per_year", "demand_available", "demand_excess_energy"}
OF_THE_CLASS |= {"demand_will_exceed"}
ENDS = ALWAYS | OF_THE_CLASS
ENDS |= {"price_import", "price_export", "cost_energy", "cost_total", "feed_in"}


OF_OPTIONS: list[tuple[dict[str, object], set[str]]] = [
    ({"reference_power": 7.0, "energy_price": 0.1, "feed_in_price": 0.1}, ENDS),
    ({"vat": True}, ALWAYS),
    ({"surcharge_price": 0.1}, ALWAYS),
    ({"reference_power": 7.0}, ALWAYS | OF_THE_CLASS),
    ({"energy_price": 0.1}, ALWAYS | {"price_import", "cost_energy"}),
    ({"feed_in_price": 0.1}, ALWAYS | {"price_export", "feed_in"}),
    ({"energy_price_entity": "sensor.x"}, ALWAYS | {"price_import", "cost_energy"}),
    ({"feed_in_price_entity": "sensor.x"}, ALWAYS | {"price_export", "feed_in"}),
]


async def test_the_options_decide_which_sensors_exist(
    home: Home, entity_registry: EntityRegistry
) -> None:
    entry = home.entry = home.make_entry(home.port.url)
    for options, ends in OF_OPTIONS:
        # Sensors of earlier options are removed.
        await home.again(telegram("00:00:00", 0.0), options)
        registered = async_entries_for_config_entry(entity_registry, entry.entry_id)
        assert {each.unique_id.removeprefix(f"{SERIAL}_") for each in registered} & ENDS == ends


@pytest.mark.begins_at("2026-06-16T23:30:00+02:00")
@pytest.mark.usefixtures("everything_enabled")
async def test_a_month_in_part_is_marked(hass: HomeAssistant, home: Home) -> None:
    first = with_value(telegram("23:30:00", 0.0), "0-0:1.0.0", "()")
    await home.set_up(first, **billed_month.OPTIONS)
    # The costs are unknown before the meter has sent its time.
    for name in (PRICE, ENERGY, TOTAL, PEAK, PEAK_YEAR, ABOVE, CHEAPEST, SAVING):
        assert home.state_of(name).state == STATE_UNKNOWN
        assert "measured_share" not in home.state_of(name).attributes
    await home.receive(telegram("23:30:00", 0.0), telegram("23:45:00", 1.0))

    # A single quarter-hour of the 16 * 96 - 1 that have ended, 0.00065; nothing is known of May.
    for name in (ENERGY, NETWORK, SURCHARGE, FEED_IN, TOTAL, ABOVE):
        assert home.state_of(name).attributes["measured_share"] == 0.0007
    assert home.state_of(TOTAL).attributes["last_month"] is None
    # 23:30 in Luxembourg, in Home Assistant's time zone
    assert home.state_of(TOTAL).attributes["since"] == "2026-06-16T14:30:00-07:00"
    for name in (PEAK, CHEAPEST, SAVING, MONTH_END):
        assert home.state_of(name).state == STATE_UNKNOWN
    assert home.state_of(PEAK).attributes["measured_share"] is None
    assert home.state_of(CHEAPEST).attributes["classes"] == {}
    assert values(hass, PEAK_YEAR) == [4.0]


def since_june(**terms: Any) -> Contracts:  # noqa: ANN401 - terms of any kind
    """Return the contract of the month, with other terms from June on."""
    contract = billed_month.CONTRACT
    june = date(2026, 6, 1), replace(contract, **terms)
    return Contracts.of_days([(None, contract), june])


def test_the_months_are_compared_when_they_change_also_of_two_meters() -> None:
    stored = billed_month.stored(billed_month.CONTRACT)
    meters = [
        Household.from_dict(
            stored, billed_month.CONTRACT, files=billed_month.files(billed_month.CONTRACT)
        )
        for _ in range(2)
    ]
    time = datetime(2026, 6, 15, 22, tzinfo=UTC)
    households = [household_money.HouseholdMoney(meter) for meter in meters]
    with patch.object(household_money, "compare", wraps=compare) as compared:
        for n in range(10):
            time += timedelta(seconds=10)
            if n == 5:
                # The months are the same, and their costs are not.
                meters[0]._contracts = since_june(reference_kw=12.0)
                meters[0].set_leneda_days(meters[0].leneda)
            for meter, money_of in zip(meters, households, strict=True):
                meter.count_telegram(time, Energies(1460.6, 520.0, 300.0, 300.0), 0.4, SERIAL)
                found = money_of()
                assert found
                assert found.cheapest_reference_power.value == 3
    assert compared.call_count == len(meters) + 1


def test_a_bill_is_made_for_its_sensors_and_when_a_cent_may_change() -> None:
    meter = Household.from_dict(
        billed_month.stored(billed_month.CONTRACT),
        billed_month.CONTRACT,
        files=billed_month.files(billed_month.CONTRACT),
    )
    time = datetime(2026, 6, 15, 22, 0, 5, tzinfo=UTC)
    meter.count_telegram(time, Energies(1460.6, 520.0, 300.0, 300.0), 0.4, SERIAL)
    money_of = household_money.HouseholdMoney(meter)
    with (
        patch.object(Month, "bill", autospec=True, side_effect=Month.bill) as billed,
        patch.object(household_money, "estimated", wraps=estimated) as forecast,
    ):
        found = money_of()
        assert found
        assert found.cheapest_reference_power.value == 3
        assert found.price_import.value
        assert billed.call_count == 0
        assert found.cost_network.value
        assert found.cost_energy.value
        assert (billed.call_count, forecast.call_count) == (1, 0)
        assert found.cost_month_end.value
        assert forecast.call_count == 1
        meter.count_telegram(time + timedelta(seconds=10), Energies(1460.7, 520.0), 0.4, SERIAL)
        later = money_of()
        assert later
        assert later.demand_excess_cost == found.demand_excess_cost
        assert later.cost_month_end == found.cost_month_end
        # The bills of the whole month and of the reading
        assert (billed.call_count, forecast.call_count) == (3, 1)
        for seconds, bills in (20, 5), (30, 5), (40, 5):
            # Little energy flows, so the second bill is that of a later reading.
            kwh = 1460.7 + seconds / 20_000
            meter.count_telegram(
                time + timedelta(seconds=seconds), Energies(kwh, 520.0), 0.4, SERIAL
            )
            last = money_of()
            assert last
            assert last.cost_energy.value
            assert billed.call_count == bills


def test_the_months_are_compared_at_the_prices_of_today() -> None:
    meter = Household.from_dict(
        billed_month.stored(billed_month.CONTRACT),
        since_june(surcharge=0.53),
        files=billed_month.files(billed_month.CONTRACT),
    )
    time = datetime(2026, 6, 15, 22, tzinfo=UTC)
    meter.count_telegram(time, Energies(1460.6, 520.0, 300.0, 300.0), 0.4, SERIAL)
    found = household_money.HouseholdMoney(meter)()
    assert found
    told = found.cheapest_reference_power.attributes
    # May, with 8 %: 7.42 and 12.5 * 0.53, and 12.84 and 2.5 * 0.53
    assert (told["classes"]["3"], told["classes"]["7"]) == (15.17, 15.3)
    assert (told["months"], told["prices"], told["about_the_same"]) == (
        ["2026-05"],
        "current",
        True,
    )
    assert found.saving_per_year.value == 1.56
