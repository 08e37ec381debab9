"""How many states of a day a recorder would store, of what is enabled by default.

By the tables of what there is to show, without Home Assistant: `scripts/soak rows` takes half an
hour for the same with a real one.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dev.simulator import Meter
from dev.simulator.house import House, house_of
from smartyp1.entities import (
    BINARY_SENSORS,
    DEMAND_SENSORS,
    SENSORS,
    TARIFF_SENSORS,
    Described,
    DescribedSensor,
    Follower,
    mbus_sensors,
)
from smartyp1.meter import MeterMemory, MeterReader, Reading
from smartyp1.p1 import Decoder, Telegram
from smartyp1.tariff import Contract, DemandMeter

AIM = 30_000
_PACE = timedelta(seconds=10)
_A_DAY = 8640
_CONTRACT = Contract(reference_kw=3, energy_price=0.1463, feed_in_price=0.0782)


def rows_of_days() -> Iterator[tuple[str, Counter[str]]]:
    """Yield the rows of each entity, of a day of each kind."""
    house = house_of(1)
    winter, summer = datetime(2026, 1, 17, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
    no_sun = replace(house, solar_peak=0)
    yield "winter, sun, a car", _rows(house, winter)
    yield "winter, no sun, a car", _rows(no_sun, winter)
    yield "summer, sun", _rows(house, summer)
    yield "summer, no sun", _rows(no_sun, summer)


def _rows(house: House, day: datetime) -> Counter[str]:
    """Count how often a state or its attributes differ from those before."""
    counted: Counter[str] = Counter()
    last: dict[str, object] = {}
    followers: dict[str, Follower] = {}
    for reading in _readings(house, day):
        for key, described in _enabled(reading):
            value: Any = described.value_fn(reading)
            if isinstance(described, DescribedSensor) and described.follow:
                follower = followers.setdefault(key, Follower(described.follow))
                value = follower.shown(value, reading.time)
            attributes = described.attributes_fn and described.attributes_fn(reading)
            reset = described.last_reset_fn and described.last_reset_fn(reading)
            state = (value, attributes, reset)
            counted[key] += last.get(key, ...) != state
            last[key] = state
    return counted


def _readings(house: House, day: datetime) -> Iterator[Reading]:
    meter, decoder = Meter(1, house=house), Decoder(None)
    reader = MeterReader(MeterMemory(DemandMeter(_CONTRACT)))
    for number in range(_A_DAY):
        time = day + number * _PACE
        for event in decoder.feed(meter.frame_at(time)):
            if isinstance(event, Telegram):
                yield reader.read(event, time)


def _enabled(reading: Reading) -> Iterator[tuple[str, Described[Reading]]]:
    """Yield what is enabled by default, by names that tell it apart."""
    for described in (*SENSORS, *DEMAND_SENSORS, *TARIFF_SENSORS, *BINARY_SENSORS):
        if described.entity_registry_enabled_default and described.exists_fn(reading):
            yield described.key, described
    for identity in reading.channels:
        if meter := reading.meter(identity):
            for described in mbus_sensors(identity, meter):
                if described.entity_registry_enabled_default and described.exists_fn(reading):
                    yield f"{meter.type}: {described.key}", described
