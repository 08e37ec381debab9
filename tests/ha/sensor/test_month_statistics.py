"""Long-term statistics by a recorder: their kinds, and each month once, at any clock."""

from datetime import UTC, datetime, timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder.history import get_significant_states
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.recorder import get_instance
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.components.recorder.common import do_adhoc_statistics
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smarty_p1.lib.prices import agreed_prices
from custom_components.smarty_p1.lib.prices.published_prices import PublishedPrices
from dev.testing.prices import PRICES
from smartyp1.json_types import JsonDict
from tests.ha.meter import with_registers, with_value
from tests.ha.support import (
    TELEGRAM,
    Home,
    at,
    let_pass,
    recorder_done,
    set_up_entry,
    unload_entry,
    wait_for_telegram,
)

pytestmark = pytest.mark.usefixtures("recorder_mock")

OPTIONS = {"reference_power": 3.0, "energy_price": 0.15, "energy_fee": 5.0, "feed_in_price": 0.06}
EXCESS = "sensor.smarty_energy_above_reference_power"
MONTHLY = {
    EXCESS,
    "sensor.smarty_surcharge_this_month",
    "sensor.smarty_energy_cost_this_month",
    "sensor.smarty_network_cost_this_month",
    "sensor.smarty_total_cost_this_month",
    "sensor.smarty_feed_in_revenue_this_month",
    "sensor.smarty_quarter_hours_with_surcharge",
}
TWO_HOURS_BEFORE = ["250703083000S", "250703084500S", "250703090000S"]
# Times of telegrams after these; 1 kWh comes from each to the next. The third one comes after a
# restart. The test of the shown month tries many more clocks.
STORIES = {
    "lost for three hours": [
        *(f"00010103{minute:02}00W" for minute in (0, 15, 30, 45)),
        *(f"00010104{minute:02}00W" for minute in (0, 15, 30, 45)),
        *(f"00010105{minute:02}00W" for minute in (0, 15, 30, 45)),
        *("250703120000S", "250703121500S", "250703123000S"),
    ],
    "unknown": [*("", "", "", "250703091400S", "250703093000S", "250703094500S")],
}


def telegram(time: str, kwh: float) -> str:
    """Return a telegram of a time as the meter writes it, and an index."""
    text = with_value(TELEGRAM, "0-0:1.0.0", f"({time})")
    return with_registers(text, kwh, kwh / 2)


async def compile_last_states(hass: HomeAssistant) -> datetime:
    """Compile the statistics of the states that were just written. Return the present time."""
    await recorder_done(hass)
    now = dt_util.utcnow()
    this_period = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0)
    # The states may have been written across the border of two periods.
    for start in (this_period - timedelta(minutes=5), this_period):
        do_adhoc_statistics(hass, start=start)
        await recorder_done(hass)
    return now


async def sums_of_statistics(hass: HomeAssistant) -> dict[str, float]:
    """Return the sums of long-term statistics."""
    now = await compile_last_states(hass)

    def rows() -> JsonDict:
        start = now - timedelta(minutes=15)
        found = statistics_during_period(hass, start, None, MONTHLY, "5minute", None, {"sum"})
        return dict(found)

    found = await get_instance(hass).async_add_executor_job(rows)
    return {name: each[-1]["sum"] for name, each in found.items()}


def shown(hass: HomeAssistant) -> dict[str, float]:
    """Return all that begins anew with each month."""
    return {
        state.entity_id: float(state.state)
        for state in hass.states.async_all("sensor")
        if "last_reset" in state.attributes
    }


@pytest.mark.parametrize("times", STORIES.values(), ids=STORIES)
@pytest.mark.usefixtures("everything_enabled")
async def test_a_month_is_counted_once(home: Home, times: list[str]) -> None:
    assert await async_setup_component(home.hass, "sensor", {})
    await home.set_up(telegram("250703081500S", 100.0))
    await home.again(telegram("250703081510S", 100.0), OPTIONS)
    assert shown(home.hass).keys() == MONTHLY
    first = shown(home.hass)
    for count, time in enumerate([*TWO_HOURS_BEFORE, *times], 101):
        if count == len(TWO_HOURS_BEFORE) + 103:
            await home.again(telegram(time, count))
        else:
            await home.receive(telegram(time, count))
        assert home.state_of(EXCESS).attributes["last_reset"] == "2025-07-01T00:00:00+02:00"

    last = shown(home.hass)
    # Whole quarter-hours of 4 kW: two before, and one or two after.
    assert last[EXCESS] >= 0.75
    sums = await sums_of_statistics(home.hass)
    assert sums == pytest.approx({name: last[name] - first[name] for name in MONTHLY})


@pytest.mark.begins_at("2025-07-31T23:30:00+02:00")
@pytest.mark.usefixtures("everything_enabled")
async def test_a_month_that_has_begun_does_not_end_by_a_crash(
    home: Home, hass_storage: JsonDict
) -> None:
    assert await async_setup_component(home.hass, "sensor", {})
    entry = await home.set_up(telegram("250731233000S", 100.0))
    await home.again(telegram("250731233010S", 100.0), OPTIONS)
    first = shown(home.hass)
    await home.receive(telegram("250731234500S", 101.0), telegram("250801000000S", 102.0))
    july = shown(home.hass)
    assert july[EXCESS] == 0.5
    await home.receive(telegram("250801000010S", 102.0))
    await let_pass(home.hass, 1)
    stored = dict(hass_storage)

    assert await unload_entry(home.hass, entry)
    # The files as they were when Home Assistant was killed.
    hass_storage.update(stored)
    home.port.greeting = home.port.next_frame(telegram("250801003000S", 103.0))
    assert await set_up_entry(home.hass, entry)
    await wait_for_telegram(home.hass, entry)
    await home.receive(telegram("250801004500S", 104.0))
    august = shown(home.hass)

    assert home.state_of(EXCESS).attributes["last_reset"] == "2025-08-01T00:00:00+02:00"
    sums = await sums_of_statistics(home.hass)
    assert sums == pytest.approx(
        {name: july[name] - first[name] + august[name] for name in MONTHLY}
    )


COST = {"sensor.smarty_energy_cost_this_month", "sensor.smarty_total_cost_this_month"}
LEVIES = {"reference_power": 12.0, "energy_price": 0.1125, "with_levies": True}


async def rows_of_statistics(hass: HomeAssistant, start: datetime) -> dict[str, list[float]]:
    """Return the sums of a period of five minutes and of all periods before it."""
    await recorder_done(hass)
    do_adhoc_statistics(hass, start=start)
    await recorder_done(hass)

    def rows() -> dict[str, list[float]]:
        first = start - timedelta(hours=1)
        found = statistics_during_period(hass, first, None, MONTHLY, "5minute", None, {"sum"})
        return {name: [row["sum"] or 0.0 for row in each] for name, each in found.items()}

    return await get_instance(hass).async_add_executor_job(rows)


# With a clock that runs: the port waits for its meter by it.
@pytest.mark.freeze_time("2026-09-20T12:00:10Z", tick=True)
@pytest.mark.usefixtures("everything_enabled")
async def test_new_published_prices_lower_the_running_month_once_and_no_recorded_row(
    home: Home, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = datetime(2026, 9, 20, 12, tzinfo=UTC)
    assert await async_setup_component(home.hass, "sensor", {})
    # An earlier version knew nothing of the aid that the State pays since August.
    with monkeypatch.context() as earlier:
        [aid] = [line for line in PRICES.splitlines() if "state_aid" in line]
        earlier.setattr(agreed_prices, "PUBLISHED", PublishedPrices.read(PRICES.replace(aid, "")))
        await home.set_up(telegram("260920090000S", 100.0))
        await home.again(telegram("260920090010S", 100.0), LEVIES)
        for quarter in range(1, 4):
            time = f"26092009{15 * quarter:02}00S"
            await home.receive(telegram(time, 100.0 + 2 * quarter))
        before = shown(home.hass)
        recorded = await rows_of_statistics(home.hass, start)

    freezer.move_to(start + timedelta(minutes=5))
    await home.again(telegram("260920094510S", 106.0))
    after = shown(home.hass)
    rows = await rows_of_statistics(home.hass, start + timedelta(minutes=5))

    # 6 kWh at 0.0371 instead of 0.0010: 0.22 for 0.01, with 8 %.
    # Parts are rounded so that they add up: another one may get the last cent.
    changed = {name for name in before if abs(after[name] - before[name]) > 0.015}
    assert changed == COST
    for name, sums in rows.items():
        assert sums[:-1] == recorded[name]
        fall = recorded[name][-1] - sums[-1]
        assert fall == pytest.approx(0.23 if name in COST else 0.0, abs=0.011), name


GAS = "sensor.gas_meter_7401"
WATER = "sensor.water_meter_7402"
HEAT = "sensor.heat_meter_7403"
IMPORTED = "sensor.smarty_energy_imported"
EXPORTED = "sensor.smarty_energy_exported"
NET_POWER = "sensor.smarty_net_power"
PRICE = "sensor.smarty_price_of_imported_energy"
CHEAPEST = "sensor.smarty_cheapest_reference_power"

# Unit, kind of unit, and whether there is a sum or a mean.
STATISTICS = {
    IMPORTED: ("kWh", "energy", "sum"),
    EXPORTED: ("kWh", "energy", "sum"),
    GAS: ("m³", "volume", "sum"),
    WATER: ("m³", "volume", "sum"),
    HEAT: ("GJ", "energy", "sum"),
    NET_POWER: ("kW", "power", "mean"),
    "sensor.smarty_quarter_hour_power": ("kW", "power", "mean"),
    "sensor.smarty_power_of_last_quarter_hour": ("kW", "power", "mean"),
    "sensor.smarty_highest_power_this_month": ("kW", "power", "mean"),
    "sensor.smarty_available_power": ("kW", "power", "mean"),
    "sensor.smarty_energy_above_reference_power": ("kWh", "energy", "sum"),
    "sensor.smarty_surcharge_this_month": ("EUR", None, "sum"),
    "sensor.smarty_total_cost_this_month": ("EUR", None, "sum"),
    PRICE: ("EUR/kWh", None, "mean"),
}
GRID = {
    "type": "grid",
    "stat_energy_from": IMPORTED,
    "entity_energy_price": PRICE,
    "stat_energy_to": EXPORTED,
    "stat_rate": NET_POWER,
    "cost_adjustment_day": 0,
}


async def compile_statistics(home: Home) -> None:
    """Let the meter send a quarter-hour of 4 kW and later captures, and compile all that."""
    hass = home.hass
    assert await async_setup_component(hass, "sensor", {})
    options = {"reference_power": 3.0, "surcharge_price": 0.2, "energy_price": 0.15}
    options |= {"feed_in_price": 0.06, "vat": False}
    await home.set_up(at("10:30:00", 100.0, 4.0), **options)
    later = at("10:45:00", 101.0, 4.0)
    later = with_value(later, "0-1:24.2.1", "(250703104000S)(00679.901*m3)")
    later = with_value(later, "0-2:24.2.1", "(250703104000S)(00028.203*m3)")
    later = with_value(later, "0-3:24.2.1", "(250703104000S)(00012.445*GJ)")
    await home.receive(later)

    await compile_last_states(hass)


async def test_statistics_are_compiled(home: Home, hass_ws_client: WebSocketGenerator) -> None:
    assert await async_setup_component(home.hass, "energy", {})
    await compile_statistics(home)
    client = await hass_ws_client()

    await client.send_json_auto_id({"type": "recorder/list_statistic_ids"})
    found = {known["statistic_id"]: known for known in (await client.receive_json())["result"]}
    assert {
        key: (
            known["statistics_unit_of_measurement"],
            known["unit_class"],
            "sum" if known["has_sum"] else "mean",
        )
        for key, known in found.items()
        if key in STATISTICS
    } == STATISTICS

    await client.send_json_auto_id(
        {
            "type": "recorder/statistics_during_period",
            "start_time": (dt_util.utcnow() - timedelta(minutes=15)).isoformat(),
            "statistic_ids": list(STATISTICS),
            "period": "5minute",
        }
    )
    rows: JsonDict = (await client.receive_json())["result"]
    assert rows.keys() == STATISTICS.keys()
    sums = {
        key: round(row[-1]["sum"], 3) for key, row in rows.items() if STATISTICS[key][2] == "sum"
    }
    assert sums == {
        IMPORTED: 1.0,
        EXPORTED: 0.0,
        GAS: 1.0,
        WATER: 0.1,
        HEAT: 0.1,
        "sensor.smarty_energy_above_reference_power": 0.25,
        "sensor.smarty_surcharge_this_month": 0.05,
        # 0.15 for the energy, 0.08 (0.0759) for the grid, 0.05 as above; less than a cent for the
        # meter and for the reference power.
        "sensor.smarty_total_cost_this_month": 0.28,
    }
    assert rows[PRICE][-1]["mean"] == pytest.approx(0.2259)  # 0.15 and 0.0759
    assert rows["sensor.smarty_power_of_last_quarter_hour"][-1]["max"] == 4.0

    # The Energy dashboard finds nothing wrong.
    sources = [GRID, *({"type": "gas", "stat_energy_from": fuel} for fuel in (GAS, HEAT))]
    sources.append({"type": "water", "stat_energy_from": WATER})
    await client.send_json_auto_id({"type": "energy/save_prefs", "energy_sources": sources})
    assert (await client.receive_json())["success"]
    await client.send_json_auto_id({"type": "energy/validate"})
    findings = (await client.receive_json())["result"]
    assert findings["energy_sources"] == [[]] * len(sources)


@pytest.mark.usefixtures("everything_enabled")
async def test_long_and_double_attributes_are_not_recorded(hass: HomeAssistant, home: Home) -> None:
    await compile_statistics(home)
    text = with_value(TELEGRAM, "0-0:96.13.0", f"({b'Hallo'.hex()})")
    await home.receive(f"{text.partition('!')[0]}9-9:99.99.99(long)\r\n!")
    await recorder_done(hass)

    def recorded(entity_id: str) -> JsonDict:
        found = get_significant_states(
            hass, dt_util.utcnow() - timedelta(hours=1), None, [entity_id]
        )
        last = found[entity_id][-1]
        assert isinstance(last, State)
        return dict(last.attributes)

    attributes = {
        entity_id: await get_instance(hass).async_add_executor_job(recorded, entity_id)
        for entity_id in (
            *(
                "sensor.smarty_message_text",
                "event.smarty_message",
                "sensor.smarty_other_values_of_the_meter",
            ),
            *("sensor.smarty_quarter_hour_power", "sensor.smarty_energy_above_reference_power"),
            *("binary_sensor.smarty_reference_power_warning", CHEAPEST),
        )
    }
    kept = {
        (entity_id, name)
        for entity_id, found in attributes.items()
        for name in (
            *("text", "measured_since", "9-9:99.99.99", "last_reset", "months", "classes"),
        )
        if name in found
    }
    assert kept == {
        ("event.smarty_message", "text"),
        ("sensor.smarty_energy_above_reference_power", "last_reset"),
    }
