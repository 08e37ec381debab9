"""Nights of a house with a heat pump at the end of summer time, against perfect knowledge.

The house takes 0.4 kW on average, as in the weeks before. The charger is that of `test_orders`.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from operator import add
from random import Random

import pytest
from homeassistant.const import EVENT_CALL_SERVICE
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from smartyp1.history.luxembourg_time import LUXEMBOURG, QUARTER_HOUR
from smartyp1.json_types import JsonDict
from smartyp1.plan.next_kwh_price import Quarter
from smartyp1.plan.planned_load import Load
from tests.lib.plan.best_plan import lowest_cost

from . import billed_month, test_load_follower, test_orders, test_planned_loads
from .billed_month import telegram as midnight_telegram
from .meter import with_value
from .support import Home, receive
from .test_orders import MINUTE, POWER, RELAY, Box
from .test_planned_loads import SetClock, record

clock = test_planned_loads.clock
charger = test_load_follower.charger
box = test_orders.box
pytestmark = [
    # Later than the patched clock: states are recent then, and timers are set by the true clock.
    pytest.mark.begins_at("2026-11-30T12:00:00Z"),
    pytest.mark.usefixtures("recorder_mock", "fast_rows", "without_hourly_statistics"),
    pytest.mark.slow,
]

MIDNIGHT = datetime(2026, 10, 24, tzinfo=LUXEMBOURG).astimezone(UTC)
"""The night that begins on this Saturday has 14 hours from 18:00 to 7:00."""
KWH, HIGHEST_KW, REFERENCE_KW, SURCHARGE = 12.0, 7.36, 3.0, 0.0765 * 1.08
MARKET, MEASURED = "sensor.market", "sensor.box_power"
FREE = "connected", "on"


def market_price(time: datetime) -> float:
    """Return the price of an hour in EUR per kWh. It is lower from midnight on."""
    hour = time.replace(minute=0, second=0, microsecond=0)
    evening = 0.08 if 15 <= hour.hour < 22 else 0.0
    return 0.08 + evening + Random(hour.isoformat()).uniform(0, 0.04)  # noqa: S311 - no secret


def quarter_at(time: datetime) -> Quarter:
    price = (market_price(time) + 0.02 + 0.051) * 1.08
    return Quarter(price, 0.06, REFERENCE_KW / 4, SURCHARGE)


def bill_eur(quarter: Quarter, kwh: float) -> float:
    return quarter.price * kwh + SURCHARGE * max(0.0, kwh - quarter.limit)


def telegram(time: datetime, kwh: float, kw: float) -> str:
    local = time.astimezone(LUXEMBOURG)
    clock = f"({local:%y%m%d%H%M%S}{'S' if local.dst() else 'W'})"
    text = with_value(midnight_telegram("00:00:00", kwh), "0-0:1.0.0", clock)
    return with_value(text, "1-0:1.7.0", f"({kw:06.3f}*kW)")


@pytest.fixture
async def house(
    home: Home, hass_storage: JsonDict, monkeypatch: pytest.MonkeyPatch
) -> MockConfigEntry:
    """Return a meter of 3 kW with market prices that is read since 8 September."""
    await home.hass.config.async_set_time_zone("Europe/Luxembourg")
    monkeypatch.setattr(billed_month, "START", MIDNIGHT - timedelta(days=46))
    monkeypatch.setattr(billed_month, "_stored", billed_month._stored.__wrapped__)
    monkeypatch.setattr(billed_month, "telegram", lambda *_: telegram(MIDNIGHT, 0.0, 0.4))
    entry = await billed_month.set_up(
        home,
        hass_storage,
        reference_power=REFERENCE_KW,
        energy_price_entity=MARKET,
        energy_margin=0.02,
        feed_in_price=0.06,
        vat=True,
    )
    # The first load reloads the meter, which needs a reading to plan.
    home.port.greeting = home.port.next_frame(telegram(MIDNIGHT, 0.0, 0.4))
    home.hass.states.async_set("binary_sensor.wallbox_connected", "on")
    await record(home.hass, MEASURED, "kW", "power")
    return entry


class Nights:
    """House with a heat pump and a car, minute by minute."""

    def __init__(self, hass: HomeAssistant, home: Home, box: Box, clock: SetClock) -> None:
        self.hass, self.home, self.box, self.clock = hass, home, box, clock
        self.random = Random("heat pump")  # noqa: S311 - no secret
        self.imported_kwh, self.minutes_left, self.heats = 0.0, 0, False
        self.starts = self.untrue = 0
        self.cost = self.perfect = 0.0

    def house_kw(self) -> float:
        if not self.minutes_left:
            self.heats = not self.heats
            self.minutes_left = self.random.randrange(12, 20) if self.heats else 48
        self.minutes_left -= 1
        return 0.1 + self.heats * 1.2

    async def report(self, time: datetime, left_kwh: float, kw: float, house_kw: float) -> None:
        """Let market, car, charger and meter tell their values."""
        self.clock(time)
        day = time.astimezone(LUXEMBOURG).replace(hour=0, minute=0, second=0).astimezone(UTC)
        hours = (day + n * timedelta(hours=1) for n in range(48))
        rows = [{"start": at.isoformat(), "value": market_price(at)} for at in hours]
        prices = {"unit_of_measurement": "EUR/kWh", "today": rows}
        price, at = str(market_price(time)), time.timestamp()
        self.hass.states.async_set(MARKET, price, prices, timestamp=at)
        power = {"unit_of_measurement": "kW", "device_class": "power"}
        self.hass.states.async_set(MEASURED, f"{kw:.3f}", power)
        self.box.needs(round(left_kwh, 3))
        await receive(self.hass, self.home.port, telegram(time, self.imported_kwh, house_kw + kw))

    async def live(self, begin: datetime, by: datetime) -> float:
        """Let a night pass. Return the energy that is missing in the car at its end."""
        box, left, wrong, kw = self.box, KWH, 0, 0.0
        count = (by - begin) // QUARTER_HOUR
        house, car = [0.0] * count, [0.0] * count
        for minute in range(15 * count):
            number, house_kw, before = minute // 15, self.house_kw(), kw
            kw = min(HIGHEST_KW, box.watts / 1000) if box.is_on and left > 0 else 0.0
            self.starts += kw > 0 and not before
            house[number] += house_kw / 60
            car[number] += min(left, kw / 60)
            left = max(0.0, left - kw / 60)
            self.imported_kwh += (house_kw + kw) / 60
            time = begin + minute * MINUTE + timedelta(seconds=25)
            await self.report(time, left, kw, house_kw)
            if minute % 15 == 0:
                # Its relay plans anew, as the clock does otherwise.
                self.hass.states.async_set(RELAY, FREE[number % 2])
                await box.charger.until(box.has_new_plan)
            await self.hass.async_block_till_done()
            runs = box.state("binary_sensor.car_runs_by_plan") == "on"
            shown_kw = float(box.state("sensor.car_planned_power"))
            is_true = runs is box.is_on and abs(shown_kw - box.watts / 1000 * runs) < 0.06
            wrong = 0 if is_true else wrong + 1
            self.untrue += wrong > 2
        quarters = [quarter_at(begin + n * QUARTER_HOUR) for n in range(count)]
        without = sum(map(bill_eur, quarters, house, strict=True))
        both = map(add, house, car, strict=True)
        self.cost += sum(map(bill_eur, quarters, both, strict=True)) - without
        whole = Load("car", KWH, HIGHEST_KW, 0, count)
        self.perfect += lowest_cost(quarters, house, [whole]) - without
        return left


async def test_a_car_is_ready_at_little_more_than_the_lowest_cost(
    hass: HomeAssistant, home: Home, box: Box, clock: SetClock
) -> None:
    nights, orders = Nights(hass, home, box, clock), async_capture_events(hass, EVENT_CALL_SERVICE)
    local = [MIDNIGHT.astimezone(LUXEMBOURG) + timedelta(days=day) for day in range(3)]
    await nights.report(MIDNIGHT + timedelta(hours=15.8), KWH, 0.0, 0.4)
    hass.states.async_set(RELAY, FREE[1])
    await box.enters(
        measured_by=MEASURED,
        power_set_by=POWER,
        kwh=None,
        by_weekend="07:00:00",
        blocked_by=RELAY,
        limited_to="0",
        max_kw="7.36",
        min_kw="1.38",
        phases="1",
    )
    for day, then in pairwise(local):
        begin, by = (at.astimezone(UTC) for at in (day.replace(hour=18), then.replace(hour=7)))
        assert await nights.live(begin, by) < 0.1
    assert nights.cost <= 1.03 * nights.perfect
    assert nights.starts <= 6
    assert sum(order.data["service"] == "set_value" for order in orders) <= 100
    assert nights.untrue == 0
