"""A day costs the recorder few rows by default: counted by the tables that make the entities."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from dev.simulator import Meter
from dev.testing.times import utc
from smartyp1.bill.household import Household
from smartyp1.entities.deadband import DeadbandFilter
from smartyp1.entities.entity_description import EntitySpec, SensorSpec
from smartyp1.entities.mbus_sensors import sensors_of_mbus_meter
from smartyp1.entities.meter_sensors import SENSORS
from smartyp1.entities.quarter_hour_power_sensors import BINARY_SENSORS, DEMAND_SENSORS
from smartyp1.entities.tariff_sensors import TARIFF_SENSORS
from smartyp1.meter.meter_memory import MeterMemory
from smartyp1.meter.meter_reader import MeterReader, Reading
from smartyp1.p1.decoder import Decoder
from smartyp1.p1.telegram import Telegram
from smartyp1.prices.contract import Contract

MAX_ROWS = 30_000
"""As docs/entities.md promises."""
PACE = timedelta(seconds=10)
CONTRACT = Contract(reference_kw=3, energy_price=0.1463, feed_in_price=0.0782)
# The simulated house with its panels, a car, gas, water and heat: of days, it costs most then.
WINTER = utc("2026-01-17 00:00")


@pytest.mark.slow
def test_a_day_costs_few_rows() -> None:
    counted: Counter[str] = Counter()
    last: dict[str, object] = {}
    followers: dict[str, DeadbandFilter] = {}
    for reading in readings(WINTER):
        for key, described in enabled(reading):
            value: Any = described.value_fn(reading)
            if isinstance(described, SensorSpec) and described.follow:
                follower = followers.setdefault(key, DeadbandFilter(described.follow))
                value = follower.shown(value, reading.time)
            attributes = described.attributes_fn and described.attributes_fn(reading)
            reset = described.last_reset_fn and described.last_reset_fn(reading)
            state = (value, attributes, reset)
            counted[key] += last.get(key, ...) != state
            last[key] = state

    # A day with fewer telegrams would show hardly any value.
    assert 20_000 < counted.total() < MAX_ROWS, counted.most_common()


def readings(day: datetime) -> Iterator[Reading]:
    """Yield the reading after each telegram of a day."""
    meter, decoder = Meter(1), Decoder(None)
    reader = MeterReader(MeterMemory(Household(CONTRACT)))
    for number in range(timedelta(days=1) // PACE):
        time = day + number * PACE
        for event in decoder.feed(meter.frame_at(time)):
            if isinstance(event, Telegram):
                yield reader.read_telegram(event, time)


def enabled(reading: Reading) -> Iterator[tuple[str, EntitySpec[Reading]]]:
    """Yield the entities that are enabled by default, by names that tell them apart."""
    for described in (*SENSORS, *DEMAND_SENSORS, *TARIFF_SENSORS, *BINARY_SENSORS):
        if described.entity_registry_enabled_default and described.exists_fn(reading):
            yield described.key, described
    for identity in reading.channels:
        if meter := reading.meter(identity):
            for described in sensors_of_mbus_meter(identity, meter):
                if described.entity_registry_enabled_default and described.exists_fn(reading):
                    yield f"{meter.type}: {described.key}", described
