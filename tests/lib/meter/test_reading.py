"""Reading of each telegram, without Home Assistant."""

from dataclasses import replace
from datetime import datetime, timedelta

from dev.encoder import KEY, frame, telegram as encoded
from dev.testing.times import utc
from smartyp1.bill.household import Household
from smartyp1.meter.meter_memory import MeterMemory
from smartyp1.meter.meter_reader import MeterReader, Reading
from smartyp1.meter.object_count_and_rate_limits import Limits
from smartyp1.p1.decoder import Decoder
from smartyp1.p1.telegram import Telegram
from smartyp1.p1.value_converters import Capture, MBusReading
from smartyp1.prices.contract import Contract

NOW = utc("2025-07-03 08:30:02")
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
    return MeterReader(MeterMemory(Household(Contract(reference_kw=7))), limits)


def test_a_reading_holds_all_that_is_known() -> None:
    reading = reader().read_telegram(TELEGRAM, NOW)

    assert reading.telegram == TELEGRAM
    assert reading.channels == {"GAS7401": 1}
    assert reading.meter("GAS7401") == GAS
    assert reading.meter("WATER") is None
    assert reading.received_at == NOW
    assert reading.demand
    assert reading.demand.projected_kw == 1.5


def test_a_total_that_falls_is_held_back_and_is_no_part_of_the_quarter_hour() -> None:
    following = reader()
    before = following.read_telegram(TELEGRAM, NOW)
    after = following.read_telegram(with_objects(energy=0.0), NOW)

    assert after.telegram.objects["1-0:1.8.0"] == 100.0
    assert after.demand is before.demand


def test_without_a_time_nothing_is_known_of_this_moment() -> None:
    following = reader()
    following.read_telegram(TELEGRAM, NOW)
    demand = following.read_telegram(replace(TELEGRAM, time=None), NOW).demand

    assert demand
    assert demand.projected_kw is demand.running_kw is demand.available_kw is None
    assert demand.will_exceed is None


def test_the_names_from_the_line_are_bounded() -> None:
    warned: list[str] = []
    limits = Limits(
        lambda: {f"{number}" for number in range(16)}, lambda kind, _most: warned.append(kind)
    )
    many = {f"9-9:{number}.0.0": "x" for number in range(100)}

    reading: Reading = reader(limits).read_telegram(replace(TELEGRAM, objects=many), NOW)

    assert len(reading.telegram.objects) == 64
    assert reading.channels == {}
    assert limits.ignored == {"objects": 36, "meters": 1}
    assert warned == ["objects", "meters"]


def test_a_quarter_hour_has_all_four_registers_and_the_available_power_is_the_meters_limit() -> (
    None
):
    def telegram(minute: int, *values: float) -> Telegram:
        """Return a telegram with the registers and a threshold of 3 kVA."""
        registers = zip(("1-0:1.8.0", "1-0:2.8.0", "1-0:3.8.0", "1-0:4.8.0"), values, strict=True)
        objects = {**TELEGRAM.objects, **dict(registers), "0-0:17.0.0": 3.0}
        return replace(TELEGRAM, time=NOW.replace(minute=minute, second=0), objects=objects)

    following = reader()
    started = following.read_telegram(telegram(30, 100.0, 50.0, 3.0, 7.0), NOW).demand
    ended = following.read_telegram(telegram(45, 101.0, 50.1, 3.2, 7.3), NOW).demand

    assert started
    assert started.available_kw == 3.0
    assert ended
    assert ended.last_quarter
    assert ended.last_quarter[1:5] == (4.0, 0.1, 0.2, 0.3)


def sent(reader: MeterReader, text: str, received_at: datetime, gas: str = "") -> Reading:
    """Read a telegram with a time as the meter writes it, and with such a time of gas."""
    capture = f"0-1:24.2.1({gas})(00678.900*m3)"
    lines = [f"0-0:1.0.0({text})", "1-0:1.8.0(000100.000*kWh)", "0-1:24.1.0(003)"]
    [telegram] = Decoder(KEY).feed(frame(1, encoded(*lines, *([capture] if gas else []))))
    assert isinstance(telegram, Telegram)
    return reader.read_telegram(telegram, received_at)


def test_in_the_repeated_hour_a_time_without_letter_follows_the_last_telegram() -> None:
    begin = utc("2026-10-25 00:00")  # 02:00 in Luxembourg, for the first time
    following = reader()
    # The clock is corrected at 30 and 90 minutes; the computer's clock is a day ahead.
    for minute in [-10, 0, 30, 29.7, 59, 60, 61, 90, 89.5, 119, 120, 190]:
        at = begin + timedelta(minutes=minute)
        local = at + timedelta(hours=2 if minute < 60 else 1)
        if minute == 61:
            following = MeterReader(MeterMemory(following.memory.demand_meter))  # a restart
        reading = sent(following, f"{local:%y%m%d%H%M%S}", at + timedelta(days=1))
        assert reading.time == reading.telegram.objects["0-0:1.0.0"] == at
    # Without an earlier telegram, the computer's clock decides.
    for hour in (0, 1):
        at = begin + timedelta(hours=hour, minutes=10)
        assert sent(reader(), "261025021000", at).time == at
    # A capture of the M-Bus is in the last hour that is not after the telegram.
    for text, hour in [("021000S", 0), ("021000W", 1), ("031000W", 1), ("021000", 0)]:
        reading = sent(reader(), f"261025{text}", begin + timedelta(minutes=10), "261025020000")
        [gas] = reading.telegram.channels.values()
        assert gas.time == begin + timedelta(hours=hour)
        capture = reading.telegram.objects["0-1:24.2.1"]
        assert isinstance(capture, Capture)
        assert capture.time == gas.time
