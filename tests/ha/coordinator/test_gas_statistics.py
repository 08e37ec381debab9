"""Hourly statistics of gas, with a real recorder.

The expected hours come from straight lines between captures, computed minute by minute.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance

from custom_components.smarty_p1.coordinator.leneda.gas_download import LenedaGas
from custom_components.smarty_p1.coordinator.statistics.gas_statistics import GasStatistics
from custom_components.smarty_p1.coordinator.stored.meter_history import LENEDA_GAS, MeterHistory
from custom_components.smarty_p1.lib.meter.meter_reader import MeterReader, Reading
from custom_components.smarty_p1.lib.p1.decoder import Decoder
from custom_components.smarty_p1.lib.p1.telegram import Telegram
from custom_components.smarty_p1.lib.p1.value_converters import MBusReading
from dev.leneda import Platform
from tests.ha import kit
from tests.ha.leneda import ENERGY_ID, KEY, POINT, utc
from tests.ha.meter import seal
from tests.ha.support import TELEGRAM, changes_of, smarty_entry

pytestmark = pytest.mark.usefixtures("recorder_mock", "fast_rows")

HOUR, MINUTE, A_DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
GAS_POINT = "LU0000012345678901234000000000009"
ACCOUNT = {
    "api_key": KEY,
    "energy_id": ENERGY_ID,
    "consumption_point": POINT,
    "gas_point": GAS_POINT,
}
VOLUME, ENERGY = "7-1:99.23.17", "7-20:99.33.17"
START = utc("2026-03-20 08:20")
type Captures = list[tuple[datetime, float]]


class House:
    """A meter with gas on its M-Bus, or at Leneda."""

    def __init__(self, hass: HomeAssistant, **options: object) -> None:
        self.hass = hass
        self.entry = smarty_entry(
            title="Smarty", data={"statistics_key": "0a0b0c0d"}, options=options
        )
        self.entry.add_to_hass(hass)
        [telegram] = Decoder(None).feed(seal(TELEGRAM))
        assert isinstance(telegram, Telegram)
        self._telegram, self._reader = telegram, MeterReader()
        self.history = MeterHistory(hass, self.entry.entry_id)
        self.history.loaded.set()
        self._begin()

    def _begin(self) -> None:
        self.statistics = GasStatistics(self.hass, self.entry, self.history)
        self.statistics.start()

    async def restart(self) -> None:
        """Kill Home Assistant, and start it with the file of the last hour."""
        await kit.leave(self.hass, self.entry)
        await self.history.async_save()
        self.history = MeterHistory(self.hass, self.entry.entry_id)
        await self.history.async_load()
        self._begin()
        await self.settle()

    async def capture(self, captures: Captures, identity: str = "7401") -> None:
        for time, index in captures:
            self.history.note_reading(self._captured(time, index, identity))
        await self.settle()

    async def capture_ahead(self, captures: Captures, ahead: timedelta) -> None:
        """Receive captures at their times, by a clock that is ahead."""
        for time, index in captures:
            self.history.note_reading(self._captured(time + ahead, index, "7401", time))
        await self.settle()

    def _captured(
        self, time: datetime, index: float, identity: str, received_at: datetime | None = None
    ) -> Reading:
        meter = MBusReading(
            type="gas", serial_number=identity, value=index, unit="m3", time=time, valve=None
        )
        telegram = replace(self._telegram, channels={1: meter}, time=time)
        return self._reader.read_telegram(telegram, received_at or time)

    async def settle(self) -> None:
        await self.hass.async_block_till_done(wait_background_tasks=True)

    async def rows(self, kind: str = "volume") -> dict[datetime, float]:
        return await changes_of(self.hass, f"smarty_p1:0a0b0c0d_gas_{kind}")

    def leneda(self, point: str = GAS_POINT) -> LenedaGas:
        account = {**ACCOUNT, "gas_point": point}
        return LenedaGas(self.hass, account, self.history, self.statistics, no_pause)


async def no_pause() -> None:
    """Wait for nothing between requests."""


def expected(*meters: Captures) -> dict[datetime, float]:
    """Return the m³ of each hour that has ended, from captures of each meter."""
    hours: dict[datetime, float] = {}
    for captures in meters:
        for (start, before), (end, after) in pairwise(captures):
            minutes = (end - start) // MINUTE
            for n in range(minutes):
                hour = (start + n * MINUTE).replace(minute=0)
                hours[hour] = hours.get(hour, 0.0) + (after - before) / minutes
    last = max(captures[-1][0] for captures in meters).replace(minute=0)
    return {hour: m3 for hour, m3 in hours.items() if hour < last}


def same(rows: Mapping[datetime, float], wanted: Mapping[datetime, float]) -> bool:
    return rows.keys() == wanted.keys() and all(
        rows[hour] == pytest.approx(wanted[hour], abs=2e-6) for hour in wanted
    )


def captured(count: int, start: datetime = START, index: float = 500.0) -> Captures:
    """Return hourly captures, of a little more gas each hour."""
    return [(start + n * HOUR, round(index + n * (0.5 + n / 1000), 3)) for n in range(count)]


def dated_prices(price: float, later: float, since: str) -> dict[str, object]:
    """Return options with two prices of gas."""
    return {"gas_prices": [{"gas_price": price}, {"gas_price": later, "since": since}]}


async def test_a_new_price_of_january_leaves_the_hours_of_december_alone(
    hass: HomeAssistant,
) -> None:
    options = dated_prices(1.0, 2.0, "2027-01-01")
    house = House(hass, **options)
    start = utc("2026-12-31 12:00")
    await house.capture([(start + n * HOUR, 500.0 + n) for n in range(24)])
    cost = await house.rows("cost")
    # A year begins at Luxembourg's midnight.
    assert {hour: cost[hour] for hour in sorted(cost)} == {
        hour: pytest.approx(2.0 if hour >= utc("2026-12-31 23:00") else 1.0) for hour in cost
    }
    assert len(cost) == 23

    # Entered later: all hours that are kept are written again, and December is as before.
    options = dated_prices(1.0, 3.0, "2027-01-01")
    hass.config_entries.async_update_entry(house.entry, options=options)
    await house.restart()
    again = await house.rows("cost")
    assert again == {hour: pytest.approx(3.0 if eur > 1.5 else 1.0) for hour, eur in cost.items()}


async def test_hours_have_the_gas_between_captures(hass: HomeAssistant) -> None:
    house = House(
        hass, gas_prices=[{"gas_price": 0.9, "gas_fixed_price": 15.0}], gas_kwh_per_m3=11.0
    )
    captures = captured(5)
    await house.capture(captures)
    rows = await house.rows()
    assert same(rows, expected(captures))
    # The clocks change in March: a month of 743 hours.
    assert same(await house.rows("cost"), {h: m3 * 0.9 + 15 / 743 for h, m3 in rows.items()})
    assert same(await house.rows("energy"), {h: m3 * 11 for h, m3 in rows.items()})

    # The running hour comes with its end. A gap of two days is spread over it.
    captures += [(START + 5 * HOUR, 503.0), (START + 53 * HOUR, 527.0), (START + 54 * HOUR, 528.0)]
    await house.capture(captures[5:])
    assert same(await house.rows(), expected(captures))
    assert sum((await house.rows()).values()) == pytest.approx(27.4, abs=0.7)


@pytest.mark.parametrize(
    "indexes",
    [
        [3461.6, 3462.1, 0, 0, 3463.0, 3463.5, 3464.0, 3464.5],
        [3461.6, 3962.1, 3462.1, 3462.6, 3463.5, 3464.0, 3464.5, 3464.5],
    ],
)
async def test_a_faulty_index_is_no_gas_and_costs_nothing(
    hass: HomeAssistant, indexes: list[float]
) -> None:
    house = House(hass, gas_prices=[{"gas_price": 0.95}])
    start = utc("2026-03-20 08:00")
    await house.capture([(start + n * HOUR, index) for n, index in enumerate(indexes)])
    assert sum((await house.rows()).values()) == pytest.approx(2.9)
    assert sum((await house.rows("cost")).values()) == pytest.approx(2.755)
    [day] = house.history.media["7401"].days.values()
    assert day.amount == pytest.approx(2.9)


async def test_gas_of_a_changed_index_comes_after_a_day_in_its_hours(hass: HomeAssistant) -> None:
    house = House(hass)
    start = utc("2026-03-20 08:00")
    await house.capture([(start, 3461.6), (start + HOUR, 3462.1)])
    changed = [(start + n * HOUR, 1000 + n / 4) for n in range(2, 27)]
    await house.capture(changed[:-1])
    assert sum((await house.rows()).values()) == pytest.approx(0.5)
    await house.capture(changed[-1:])
    rows = await house.rows()
    assert rows[start + HOUR] == 0
    assert [rows[start + n * HOUR] for n in range(2, 26)] == [pytest.approx(0.25)] * 24
    assert len(house.history.media["7401"].days) == 2


async def test_hours_that_a_user_has_cleared_come_back(hass: HomeAssistant) -> None:
    house = House(hass, gas_prices=[{"gas_price": 0.9}])
    captures = captured(8)
    await house.capture(captures[:6])
    for kind in ("volume", "cost"):
        get_instance(hass).async_clear_statistics([f"smarty_p1:0a0b0c0d_gas_{kind}"])
    assert await house.rows() == {}
    await house.capture(captures[6:])
    rows = await house.rows()
    assert same(rows, expected(captures))
    assert same(await house.rows("cost"), {hour: m3 * 0.9 for hour, m3 in rows.items()})


@pytest.mark.parametrize("ahead", [1.5, 2, 20, 30])
@pytest.mark.parametrize("count", [1, 3])
async def test_a_clock_ahead_for_a_while_takes_no_gas_from_later_hours(
    hass: HomeAssistant, ahead: float, count: int
) -> None:
    house = House(hass)
    captures = captured(40)
    await house.capture(captures[:6])
    await house.capture_ahead(captures[6 : 6 + count], ahead * HOUR)
    assert same(await house.rows(), expected(captures[: 6 + count]))
    await house.capture(captures[6 + count :])
    assert same(await house.rows(), expected(captures))


async def test_a_computer_that_starts_in_the_past_loses_no_gas(hass: HomeAssistant) -> None:
    house = House(hass)
    captures = captured(20)
    await house.capture(captures[:6])
    # After hours without power, the first telegram is received at a time before the last capture.
    reading = house._captured(*captures[10], "7401")
    house.history.note_reading(replace(reading, received_at=captures[5][0] - 20 * MINUTE))
    await house.capture(captures[11:])
    assert same(await house.rows(), expected(captures[:6] + captures[11:]))


async def test_a_clock_an_hour_ahead_keeps_its_hours(hass: HomeAssistant) -> None:
    """A meter in summer time, in winter."""
    house = House(hass)
    await house.capture_ahead(captured(10), HOUR)
    assert same(await house.rows(), expected(captured(10, START + HOUR)))


async def test_a_restart_writes_missing_rows_and_changes_nothing_else(
    hass: HomeAssistant,
) -> None:
    house = House(hass)
    captures = captured(30)
    await house.capture(captures[:10])
    # Killed before the rows of the next hours are written.
    for time, index in captures[10:20]:
        house.history.note_reading(house._captured(time, index, "7401"))
    await house.restart()
    assert same(await house.rows(), expected(captures[:20]))
    await house.capture(captures[20:])
    assert same(await house.rows(), expected(captures))
    assert await house.rows("cost") == await house.rows("energy") == {}
    before = await house.rows()
    await house.restart()
    assert await house.rows() == before

    # A fresh database gets all hours that are kept.
    get_instance(hass).async_clear_statistics(["smarty_p1:0a0b0c0d_gas_volume"])
    await house.restart()
    assert same(await house.rows(), expected(captures))


async def test_an_exchanged_meter_goes_on_in_the_same_statistic(hass: HomeAssistant) -> None:
    house = House(hass)
    step = 3 * HOUR
    old = [(START + n * step, 500.0 + n) for n in range(300)]
    new = [(old[-1][0] + 20 * MINUTE + n * step, 2.0 * n) for n in range(340)]
    for n in range(0, 300, 60):
        await house.capture(old[n : n + 60])
    await house.capture(new[:2], "9999")
    assert same(await house.rows(), expected(old, new[:2]))
    # After 42 days, the kept hours have neither the exchange nor some hours after it.
    for n in range(2, 340, 60):
        await house.capture(new[n : n + 60], "9999")
    assert same(await house.rows(), expected(old, new))
    await house.restart()
    assert same(await house.rows(), expected(old, new))


@pytest.fixture
def platform_with_gas(platform: Platform) -> Platform:
    """Return a platform with half a cubic metre of gas an hour since 30 March."""
    platform.now = lambda: utc("2026-04-20 14:00")
    platform.series[GAS_POINT, VOLUME] = lambda t: 0.5 if t >= utc("2026-03-30 22:00") else None
    platform.series[GAS_POINT, ENERGY] = lambda t: 5.5 if t >= utc("2026-03-30 22:00") else None
    return platform


def hours(start: str, end: str, value: float) -> dict[datetime, float]:
    first = utc(start)
    return {first + n * HOUR: value for n in range((utc(end) - first) // HOUR)}


async def test_leneda_gives_the_hours_of_gas_without_a_meter(
    hass: HomeAssistant, platform_with_gas: Platform
) -> None:
    house = House(hass, gas_prices=[{"gas_price": 1.0}])
    await house.leneda().async_refresh(utc("2026-04-20 14:00"))
    known = hours("2026-03-30 22:00", "2026-04-19 22:00", 0.5)
    assert same(await house.rows(), known)
    assert same(await house.rows("energy"), dict.fromkeys(known, 5.5))
    assert same(await house.rows("cost"), known)

    # A correction of the last two weeks, and a price from the 10th on.
    at = utc("2026-04-18 10:00")
    platform_with_gas.series[GAS_POINT, VOLUME] = lambda t: (
        0.5 + (t == at) if t >= utc("2026-03-30 22:00") else None
    )
    hass.config_entries.async_update_entry(
        house.entry, options=dated_prices(1.0, 2.0, "2026-04-10")
    )
    await house.leneda().async_refresh(utc("2026-04-20 14:00"))
    rows = await house.rows()
    assert same(rows, known | {at: 1.5})
    cost = await house.rows("cost")
    assert (cost[at], cost[utc("2026-03-31 10:00")]) == (pytest.approx(3.0), pytest.approx(0.5))

    # Another database: days that the history knows as fetched are fetched again.
    names = [f"smarty_p1:0a0b0c0d_gas_{kind}" for kind in ("volume", "energy", "cost")]
    get_instance(hass).async_clear_statistics(names)
    await house.leneda().async_refresh(utc("2026-04-20 14:00"))
    assert (await house.rows()).keys() >= known.keys()


@pytest.mark.usefixtures("platform_with_gas")
async def test_rows_of_a_corrected_point_go_before_its_history(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(hass)
    await house.leneda().async_refresh(utc("2026-04-20 14:00"))
    other = f"{GAS_POINT[:-1]}8"
    with monkeypatch.context() as patch:
        # Killed after the rows: the next start still knows the period.
        patch.setattr(LenedaGas, "forget", lambda _self: None)
        await house.leneda(other).async_leave_former_point()
    await house.restart()
    assert LENEDA_GAS in house.history.media
    await house.leneda(other).async_leave_former_point()
    assert LENEDA_GAS not in house.history.media
    assert not any((await house.rows()).values())
    # Removing the point keeps the gas that was right.
    await house.leneda().async_refresh(utc("2026-04-20 14:00"))
    await LenedaGas(
        hass, {"api_key": KEY}, house.history, house.statistics, no_pause
    ).async_leave_former_point()
    assert sum((await house.rows()).values()) == pytest.approx(20 * 24 * 0.5)


@pytest.mark.usefixtures("platform_with_gas")
async def test_the_own_meter_comes_before_leneda(hass: HomeAssistant) -> None:
    house = House(hass)
    captures = captured(40, utc("2026-04-01 06:10"))
    await house.capture(captures)
    own = expected(captures)
    # The meter is silent for more than two weeks: Leneda gives the hours after it, and before.
    await house.leneda().async_refresh(utc("2026-04-20 14:00"))
    wanted = hours("2026-03-30 22:00", "2026-04-19 22:00", 0.5) | own
    assert same(await house.rows(), wanted)
    await house.restart()
    assert same(await house.rows(), wanted)
    # The meter is back: the rows add up to the rise of its index, with the gas of its silence.
    back = (utc("2026-04-20 10:00"), 1000.0)
    await house.capture([back, (back[0] + HOUR, 1001.0)])
    rows = await house.rows()
    assert sum(rows[hour] for hour in rows if hour >= utc("2026-04-01 06:00")) == pytest.approx(
        501.0 - 1.0 + 1.0, abs=0.01
    )


@pytest.mark.begins_at("2026-03-31T14:00:00Z")
async def test_rows_of_the_own_meter_stay_when_its_hours_are_forgotten(
    hass: HomeAssistant, platform: Platform
) -> None:
    house = House(hass, gas_prices=[{"gas_price": 0.9}])
    captures = [(utc("2026-01-10 00:00") + n * HOUR, 500.0 + n) for n in range(60 * 24)]
    for n in range(0, len(captures), 240):
        await house.capture(captures[n : n + 240])
    # From the first whole day to the last captures.
    first, last = utc("2026-01-10 23:00"), utc("2026-03-10 22:00")

    async def measured(kind: str) -> dict[datetime, float]:
        rows = await house.rows(kind)
        return {hour: value for hour, value in rows.items() if first <= hour < last}

    volumes, costs = await measured("volume"), await measured("cost")
    # Now the meter is silent, its gas is dearer, and Leneda counts a little less.
    hass.config_entries.async_update_entry(
        house.entry, options=dated_prices(0.9, 1.5, "2026-03-10")
    )
    platform.series[GAS_POINT, VOLUME] = lambda _start: 0.9
    gas, now = house.leneda(), utc("2026-03-31 14:00")
    await gas.async_leave_former_point()
    await gas.async_refresh(now)
    assert await measured("volume") == pytest.approx(volumes)
    assert await measured("cost") == pytest.approx(costs)
    assert (await house.rows("cost"))[last + A_DAY] == pytest.approx(1.35)
    # At another point, only hours without a measurement are removed.
    await house.leneda(f"{GAS_POINT[:-1]}8").async_leave_former_point()
    await house.settle()
    assert await measured("volume") == pytest.approx(volumes)
    assert not (await house.rows()).get(last + A_DAY)  # before 2026.11, the row stays, without gas


@pytest.mark.parametrize(("missing_s", "volume"), [(1, 1.0), (2, 9.0)])
async def test_a_day_is_measured_whole_up_to_a_second(
    hass: HomeAssistant, missing_s: int, volume: float
) -> None:
    house, day = House(hass), utc("2026-01-09 23:00")
    await house.capture([(day + timedelta(seconds=missing_s), 500.0), (day + A_DAY, 524.0)])
    # Later, the hours are forgotten.
    house.history.media["7401"].hours.clear()
    await house.statistics.async_add({day + HOUR: 9.0}, {}, None)
    assert (await house.rows())[day + HOUR] == pytest.approx(volume, abs=1e-4)


async def test_without_euros_there_is_no_cost(hass: HomeAssistant) -> None:
    hass.config.currency = "USD"
    house = House(hass, gas_prices=[{"gas_price": 1.0}])
    await house.capture(captured(4))
    assert await house.rows("cost") == {}
    assert len(await house.rows()) == 3


@pytest.mark.parametrize("parts", [1, 2, 3])
async def test_a_write_that_is_cancelled_is_completed_later(
    hass: HomeAssistant, parts: int
) -> None:
    house = House(hass, gas_prices=[{"gas_price": 1.0}])
    captures = captured(100)
    for time, index in captures:
        house.history.note_reading(house._captured(time, index, "7401"))
    for _ in range(parts):
        await asyncio.sleep(0)
    await house.restart()
    assert same(await house.rows(), expected(captures))
    assert len(await house.rows("cost")) == 99
