"""Market prices by quarter-hour: measured, from lists, from the recorder, from stored costs."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder.models import StatisticMeanType, StatisticMetaData
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.smarty_p1.coordinator.market_prices.measured_prices import MeasuredPrices
from custom_components.smarty_p1.lib.bill.hourly_amounts import amounts_by_hour
from custom_components.smarty_p1.lib.bill.household import Household
from custom_components.smarty_p1.lib.bill.household_state import HouseholdState
from custom_components.smarty_p1.lib.history.luxembourg_time import day_start, quarter_start
from custom_components.smarty_p1.lib.history.register_amounts import Energies
from custom_components.smarty_p1.lib.prices.entered_contract import contracts_of
from custom_components.smarty_p1.lib.prices.market_price_series import PriceSeries
from tests.ha import kit
from tests.ha.support import Home, recorder_done, remove_entry, said, smarty_entry, unload_entry

PRICE = "input_number.market_price"
NOON = datetime(2026, 6, 15, 10, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
HOUR = 4 * QUARTER


class Meter:
    """A meter's market prices, and the folder with its files."""

    def __init__(self, hass: HomeAssistant, folder: Path, *contracts: Mapping[str, object]) -> None:
        self.hass = hass
        self.entry = smarty_entry(unique_id="SAG1", options={"contracts": [*contracts]})
        self.entry.add_to_hass(hass)
        self.folder = folder / f"smarty_p1.{self.entry.entry_id}.market_prices"
        self.household = Household()

    async def open(self) -> None:
        """Begin to measure."""
        self.household = Household(contracts_of(self.entry.options))
        self.prices = MeasuredPrices(self.hass, self.entry)
        await self.prices.async_open(self.household)
        await self.hass.async_block_till_done(wait_background_tasks=True)

    async def close(self) -> None:
        await kit.leave(self.hass, self.entry)
        await self.prices.async_close()

    async def restart(self) -> None:
        await self.close()
        await self.open()

    def series(self, contract: int = 0) -> PriceSeries:
        series = self.household.price_sources[contract].energy
        assert series
        return series

    def known(self, count: int, start: datetime = NOON, contract: int = 0) -> list[float | None]:
        """Return the prices of some quarter-hours."""
        prices = [self.series(contract).at(start + n * QUARTER) for n in range(count)]
        return [None if price is None else round(price, 6) for price in prices]

    def stored(self, source: str = PRICE) -> list[str]:
        """Return the lines of a source's files, without their checksums."""
        paths = sorted((self.folder / source).iterdir())
        lines = [line for path in paths for line in path.read_text().splitlines()[1:]]
        return [line.rpartition(",")[0] for line in lines]


class Clock:
    """Clock of Home Assistant, which fires its timers at each quarter-hour on the way."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
        self.hass = hass
        self.freezer = freezer
        self.time = NOON
        freezer.move_to(NOON)

    async def set(self, minutes: float) -> None:
        """Set the clock to some minutes after noon."""
        time = NOON + timedelta(minutes=minutes)
        while self.time < time:
            seconds = (self.time - NOON).total_seconds() % 900
            step = 90 - seconds if seconds < 90 else 900 - seconds
            self.time = min(time, self.time + timedelta(seconds=step))
            self.freezer.move_to(self.time)
            async_fire_time_changed(self.hass, self.time)
            await self.hass.async_block_till_done(wait_background_tasks=True)

    async def price(self, minutes: float, price: object, **attributes: object) -> None:
        """Let the price entity report a price some minutes after noon."""
        await self.set(minutes)
        self.hass.states.async_set(PRICE, str(price), attributes)
        await self.hass.async_block_till_done()


@pytest.fixture
def clock(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Clock:
    return Clock(hass, freezer)


@pytest.fixture
def meter(hass: HomeAssistant, tmp_path: Path) -> Meter:
    return Meter(hass, tmp_path / ".storage", {"energy_price_entity": PRICE})


@pytest.mark.usefixtures("hass_storage")
async def test_the_states_survive_a_restart(meter: Meter, clock: Clock) -> None:
    await clock.price(0, 0.1)
    await meter.open()
    await clock.price(5, 0.4)
    await clock.set(10)
    assert meter.known(2) == [0.1, None]
    await meter.restart()
    await clock.set(15)
    assert meter.known(1) == [0.4]
    # The next price comes a minute late.
    await clock.price(16, 0.2)
    await clock.set(30)
    assert meter.known(3) == [0.4, 0.2, 0.2]
    await meter.restart()
    assert meter.known(2) == [0.4, 0.2]
    assert meter.stored() == ["2026-06-15T10:00Z,0.4,", "2026-06-15T10:15Z,0.2,"]
    await meter.close()


async def test_a_list_that_agrees_has_the_price(meter: Meter, clock: Clock) -> None:
    rows = [
        {"start": (NOON + n * QUARTER).isoformat(), "price": 0.1 + n / 100} for n in range(-4, 8)
    ]
    await clock.price(0, 0.1, prices=rows)
    await meter.open()
    # The state comes late, and the list has the hour before.
    await clock.price(18, 0.11, prices=rows)
    await clock.set(30)
    assert meter.known(4, NOON - QUARTER) == [0.09, 0.1, 0.11, 0.11]
    # From here on, the list has other prices than the entity.
    await clock.price(30, 0.2, prices=[row | {"price": 0.9} for row in rows])
    await clock.set(60)
    assert meter.known(4) == [0.1, 0.11, 0.2, 0.2]
    await meter.close()


async def test_a_renamed_entity_is_the_same_source(
    hass: HomeAssistant, clock: Clock, entity_registry: er.EntityRegistry, tmp_path: Path
) -> None:
    entity = entity_registry.async_get_or_create("sensor", "demo", "price")
    hass.states.async_set(entity.entity_id, "0.1")
    meter = Meter(hass, tmp_path / ".storage", {"energy_price_entity": entity.entity_id})
    await meter.open()
    await clock.set(15)
    await meter.close()
    entity_registry.async_update_entity(entity.entity_id, new_entity_id="sensor.moved")
    hass.states.async_set("sensor.moved", "0.2")
    options = {"contracts": [{"energy_price_entity": "sensor.moved"}]}
    hass.config_entries.async_update_entry(meter.entry, options=options)
    await meter.open()
    await clock.set(30)
    assert meter.known(2) == [0.1, 0.2]
    assert [path.name for path in meter.folder.iterdir()] == [entity.id]
    await meter.close()


async def test_an_entity_that_enters_and_leaves_the_registry_is_the_same_source(
    hass: HomeAssistant, clock: Clock, entity_registry: er.EntityRegistry, tmp_path: Path
) -> None:
    name, moved = "sensor.demo_price", "sensor.moved"
    meter = Meter(hass, tmp_path / ".storage", {"energy_price_entity": name})

    async def measure(price: float, minutes: int, entity_id: str) -> None:
        hass.states.async_set(entity_id, str(price))
        options = {"contracts": [{"energy_price_entity": entity_id}]}
        hass.config_entries.async_update_entry(meter.entry, options=options)
        await meter.open()
        await clock.set(minutes)
        await meter.close()
        hass.states.async_remove(entity_id)

    await measure(0.1, 15, name)
    assert entity_registry.async_get_or_create("sensor", "demo", "price").entity_id == name
    await measure(0.2, 30, name)
    assert meter.known(2) == [0.1, 0.2]
    entity_registry.async_update_entity(name, new_entity_id=moved)
    await measure(0.3, 45, moved)
    assert meter.known(3) == [0.1, 0.2, 0.3]
    # Another entity has the old name now, with prices of its own.
    other = entity_registry.async_get_or_create("sensor", "demo", "other")
    entity_registry.async_update_entity(other.entity_id, new_entity_id=name)
    await measure(0.4, 60, name)
    assert meter.known(4) == [None, None, None, 0.4]
    entity_registry.async_remove(moved)
    await measure(0.5, 75, moved)
    assert meter.known(5) == [0.1, 0.2, 0.3, None, 0.5]


async def test_each_contract_has_the_prices_of_its_own_source(
    hass: HomeAssistant, clock: Clock, tmp_path: Path
) -> None:
    other = "sensor.other"
    meter = Meter(
        hass,
        tmp_path / ".storage",
        {"energy_margin": 0.01},
        {"since": "2026-01-01", "energy_price": 0.2},
        {"since": "2026-02-01", "energy_price_entity": PRICE},
        {"since": "2026-06-16", "energy_price_entity": other, "feed_in_price_entity": PRICE},
    )
    hass.states.async_set(other, "0.7")
    await clock.price(0, 0.1)
    await meter.open()
    await clock.set(30)
    unknown, fixed, now, later = meter.household.price_sources
    assert unknown.energy
    assert unknown.energy is not now.energy
    assert (fixed.energy, fixed.feed_in) == (None, None)
    # The entities of a coming contract are measured, too.
    assert now.energy is later.feed_in
    assert meter.known(2, contract=2) == [0.1, 0.1]
    assert meter.known(2, contract=3) == [0.7, 0.7]
    await meter.close()


async def test_a_fixed_price_stores_nothing(
    hass: HomeAssistant, clock: Clock, tmp_path: Path
) -> None:
    meter = Meter(hass, tmp_path / ".storage", {"energy_price": 0.15})
    await meter.open()
    await clock.set(30)
    await meter.close()
    assert not meter.folder.exists()
    assert meter.household.price_sources[0][1:] == (None, None)


async def test_damaged_files_cost_only_their_prices(meter: Meter, clock: Clock) -> None:
    await clock.price(0, 0.1)
    await meter.open()
    await clock.set(45)
    await meter.close()
    path = meter.folder / PRICE / "2026-06.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([lines[0], lines[1], "junk\n", lines[3], lines[1][:9]]))
    (meter.folder / "..strange name").mkdir()
    await meter.open()
    assert meter.known(3) == [0.1, None, 0.1]
    await clock.set(60)
    for _ in range(2):
        assert meter.known(4) == [0.1, None, 0.1, 0.1]
        await meter.restart()
    await meter.close()


async def test_a_file_that_is_too_large_is_made_small(meter: Meter, clock: Clock) -> None:
    await clock.price(0, 0.1)
    await meter.open()
    await clock.set(15)
    path = meter.folder / PRICE / "2026-06.csv"
    path.write_text(path.read_text() + "junk\n" * 200_001)
    await clock.set(30)
    await meter.restart()
    assert meter.known(2) == [0.1, 0.1]
    assert meter.stored() == ["2026-06-15T10:00Z,0.1,", "2026-06-15T10:15Z,0.1,"]
    await meter.close()


async def test_a_removed_meter_leaves_no_prices(
    home: Home, hass_storage: dict[str, object], tmp_path: Path
) -> None:
    home.hass.states.async_set(PRICE, "0.1")
    entry = await home.set_up(energy_price_entity=PRICE)
    assert entry.runtime_data.records.household.price_sources
    assert await unload_entry(home.hass, entry)
    key = f"smarty_p1.{entry.entry_id}.prices"
    assert key in hass_storage
    folder = tmp_path / ".storage" / f"smarty_p1.{entry.entry_id}.market_prices"
    folder.mkdir(parents=True)
    await remove_entry(home.hass, entry)
    assert key not in hass_storage
    assert not folder.exists()


async def import_means(
    hass: HomeAssistant, entity_id: str, unit: str, means: dict[datetime, float]
) -> None:
    metadata = StatisticMetaData(
        mean_type=StatisticMeanType.ARITHMETIC,
        has_sum=False,
        name=None,
        source="recorder",
        statistic_id=entity_id,
        unit_class=None,
        unit_of_measurement=unit,
    )
    rows = [{"start": start, "mean": mean} for start, mean in means.items()]
    async_import_statistics(hass, metadata, rows)  # type: ignore[arg-type]
    await recorder_done(hass)


def told(hass: HomeAssistant, key: str) -> list[dict[str, str]]:
    """Return the placeholders of the repair issues with a key."""
    issues = ir.async_get(hass).issues.values()
    return [said(issue) for issue in issues if issue.translation_key == key]


@pytest.mark.usefixtures("hass_storage")
async def test_an_impossible_price_is_refused_and_raises_a_repair(
    hass: HomeAssistant, meter: Meter, clock: Clock
) -> None:
    await clock.price(0, 0.085)
    await meter.open()
    await clock.price(5, 85.3)
    [issue] = told(hass, "impossible_price")
    assert issue["prices"] == f"{PRICE}: 85.3 €/kWh"
    await clock.price(6, 0.085)
    assert not told(hass, "impossible_price")
    # Such a price for most of a quarter-hour leaves the rest of it.
    await clock.price(16, 85.3)
    await clock.price(29, 0.09)
    await clock.set(30)
    assert meter.known(2) == [0.085, 0.09]
    await meter.close()


@pytest.mark.usefixtures("hass_storage")
async def test_a_later_list_corrects_a_price_for_good(meter: Meter, clock: Clock) -> None:
    rows = [{"start": (NOON + n * QUARTER).isoformat(), "value": 0.1 + n / 100} for n in range(8)]
    await clock.price(0, 0.1, prices=rows)
    await meter.open()
    await clock.set(20)
    assert meter.known(2) == [0.1, 0.11]
    corrected = [rows[0], {**rows[1], "value": 0.3}, *rows[2:]]
    await clock.price(31, 0.12, prices=corrected)
    await clock.set(45)
    assert meter.known(3) == [0.1, 0.3, 0.12]
    await meter.restart()
    assert meter.known(3) == [0.1, 0.3, 0.12]
    await meter.close()


@pytest.mark.usefixtures("hass_storage")
async def test_a_damaged_file_of_prices_raises_a_repair(
    hass: HomeAssistant, meter: Meter, clock: Clock
) -> None:
    await clock.price(0, 0.1)
    await meter.open()
    await clock.set(60)
    await meter.close()
    assert not told(hass, "damaged_prices")
    [path] = (meter.folder / PRICE).iterdir()
    whole = path.read_bytes()
    for data in (whole[: len(whole) // 2], b""):
        path.write_bytes(data)
        await meter.open()
        [issue] = told(hass, "damaged_prices")
        assert (issue["months"], issue["folder"]) == ("2026-06", str(meter.folder))
        await meter.close()
    path.write_bytes(whole)
    await meter.open()
    assert not told(hass, "damaged_prices")
    await meter.close()


@pytest.mark.usefixtures("recorder_mock")
async def test_unknown_prices_come_from_the_recorder(hass: HomeAssistant, meter: Meter) -> None:
    now = quarter_start(dt_util.utcnow()).replace(minute=0)
    start = now - HOUR
    unit = {"unit_of_measurement": "ct/kWh"}
    for minutes, price in ((0.5, 10), (20, 40), (31, "unavailable"), (52, 20)):
        time = (start + timedelta(minutes=minutes)).timestamp()
        hass.states.async_set(PRICE, str(price), unit, timestamp=time)
    await recorder_done(hass)
    means = {start - 2 * HOUR: 80.0, start: 999.0}
    await import_means(hass, PRICE, "EUR/MWh", means)
    await meter.open()
    # No state was known in the third quarter-hour.
    assert meter.known(4, start) == [0.1, 0.4, 0.999, 0.2]
    assert meter.known(6, start - 2 * HOUR) == [0.08] * 4 + [None] * 2
    assert f"{start - 2 * HOUR:%Y-%m-%dT%H:%MZ},0.08,hourly" in meter.stored()
    await meter.close()


@pytest.mark.usefixtures("recorder_mock")
async def test_a_closed_meter_reads_no_more_from_the_recorder(
    hass: HomeAssistant, meter: Meter
) -> None:
    recorder, begun, goes_on = get_instance(hass), asyncio.Event(), Event()
    reads = 0
    add = recorder.async_add_executor_job

    def counted(work: Callable[..., object], *arguments: object) -> asyncio.Future[object]:
        nonlocal reads
        reads += 1
        begun.set()
        return add(lambda: (goes_on.wait(10), work(*arguments))[1])

    with patch.object(recorder, "async_add_executor_job", counted):
        opening = hass.async_create_task(meter.open())
        await begun.wait()
        hass.loop.call_later(0.05, goes_on.set)
        await kit.leave(hass, meter.entry)
        read_before = reads
        await opening
    assert reads == read_before > 0
    await meter.prices.async_close()


@pytest.mark.usefixtures("recorder_mock")
async def test_a_total_is_known_as_soon_as_the_recorder_has_the_prices(
    hass: HomeAssistant, tmp_path: Path
) -> None:
    options = {"energy_price_entity": PRICE, "reference_power": 3.0}
    meter = Meter(hass, tmp_path / ".storage", options)
    now = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    start = max(day_start(now - HOUR), now - 2 * HOUR)
    await meter.open()

    def known_after(n: int) -> HouseholdState:
        """Return the state of the household after the reading at the end of a quarter-hour."""
        meter.household.count_telegram(start + n * QUARTER, Energies(1000 + n / 10), None, "SAG1")
        assert meter.household.newest
        return meter.household.newest

    *_, before = [known_after(n) for n in range(4)]
    assert before.known_month.bill(before.until).missing == ("energy",)
    for minutes, price in ((0, 0.1), (20, 0.4)):
        time = (start + timedelta(minutes=minutes)).timestamp()
        hass.states.async_set(PRICE, str(price), timestamp=time)
    await recorder_done(hass)
    async_fire_time_changed(hass, now + HOUR + timedelta(minutes=20))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert meter.known(4, start) == [0.1, 0.4, 0.4, 0.4]
    # 0.1 kWh each at 0.1, 0.4, 0.4 and 0.4 EUR
    household = known_after(4)
    bill = household.known_month.bill(household.until)
    assert [line.amount for line in bill.lines if line.name == "energy"] == [0.13]
    assert (bill.missing, bill.unpriced_kwh) == ((), 0.0)
    hours = amounts_by_hour(household.ledger, [household.month_start], household.until).total
    assert sum(hours.values()) == pytest.approx(bill.total)
    await meter.close()


@pytest.mark.parametrize("unit", ["EUR", "kWh", "USD/kWh"])
@pytest.mark.usefixtures("recorder_mock")
async def test_statistics_of_another_unit_are_no_prices(
    hass: HomeAssistant, meter: Meter, unit: str
) -> None:
    await import_means(hass, PRICE, unit, {NOON: 80.0})
    await meter.open()
    assert not meter.series().months
    await meter.close()
