"""One reading of each telegram, without Home Assistant."""

from dataclasses import replace
from datetime import UTC, datetime

from smartyp1.meter import Limits, MeterMemory, MeterReader, Reading
from smartyp1.p1 import MBusReading, Telegram
from smartyp1.tariff import Contract, DemandMeter

NOW = datetime(2025, 7, 3, 8, 30, 2, tzinfo=UTC)
GAS = MBusReading(type="gas", serial_number="GAS7401", value=678.9, unit="m3", time=NOW, valve=None)
TELEGRAM = Telegram(
    "Lux5",
    "SAG1",
    NOW,
    {"1-0:1.8.0": 100.0, "1-0:1.7.0": 1.5, "9-9:99.99.9": "x"},
    {1: GAS},
)


def with_objects(**values: float) -> Telegram:
    """Return the telegram with another energy."""
    return replace(TELEGRAM, objects={**TELEGRAM.objects, "1-0:1.8.0": values["energy"]})


def reader(limits: Limits | None = None) -> MeterReader:
    """Return a reader that knows nothing yet."""
    return MeterReader(MeterMemory(DemandMeter(Contract(reference_kw=7))), limits)


def test_a_reading_holds_all_that_is_known() -> None:
    reading = reader().read(TELEGRAM, NOW)

    assert reading.telegram == TELEGRAM
    assert reading.channels == {"GAS7401": 1}
    assert reading.meter("GAS7401") == GAS
    assert reading.meter("WATER") is None
    assert reading.received_at == NOW
    assert reading.demand
    assert reading.demand.projected_kw == 1.5


def test_a_total_that_falls_is_held_back_and_is_no_part_of_the_quarter_hour() -> None:
    following = reader()
    before = following.read(TELEGRAM, NOW)
    after = following.read(with_objects(energy=0.0), NOW)

    assert after.telegram.objects["1-0:1.8.0"] == 100.0
    assert after.demand is before.demand


def test_without_a_time_nothing_is_known_of_this_moment() -> None:
    following = reader()
    following.read(TELEGRAM, NOW)
    demand = following.read(replace(TELEGRAM, time=None), NOW).demand

    assert demand
    assert demand.projected_kw is demand.running_kw is demand.available_kw is None
    assert demand.will_exceed is None


def test_what_the_line_names_is_bounded() -> None:
    warned: list[str] = []
    limits = Limits(
        lambda: {f"{number}" for number in range(16)}, lambda kind, _most: warned.append(kind)
    )
    many = {f"9-9:{number}.0.0": "x" for number in range(100)}

    reading: Reading = reader(limits).read(replace(TELEGRAM, objects=many), NOW)

    assert len(reading.telegram.objects) == 64
    assert reading.channels == {}
    assert limits.ignored == {"objects": 36, "meters": 1}
    assert warned == ["objects", "meters"]


def test_a_quarter_hour_is_of_all_four_registers_and_available_is_what_the_meter_allows() -> None:
    def telegram(minute: int, *values: float) -> Telegram:
        """Return a telegram with the registers and a threshold of 3 kVA."""
        registers = zip(("1-0:1.8.0", "1-0:2.8.0", "1-0:3.8.0", "1-0:4.8.0"), values, strict=True)
        objects = {**TELEGRAM.objects, **dict(registers), "0-0:17.0.0": 3.0}
        return replace(TELEGRAM, time=NOW.replace(minute=minute, second=0), objects=objects)

    following = reader()
    started = following.read(telegram(30, 100.0, 50.0, 3.0, 7.0), NOW).demand
    ended = following.read(telegram(45, 101.0, 50.1, 3.2, 7.3), NOW).demand

    assert started
    assert started.available_kw == 3.0
    assert ended
    assert ended.last_quarter
    assert ended.last_quarter[1:5] == (4.0, 0.1, 0.2, 0.3)
