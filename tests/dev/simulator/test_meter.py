"""The meter: what it says of itself, its counter, its M-Bus channels, its past."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from dev.simulator import CounterExhaustedError, Meter
from dev.simulator.household import EPOCH
from dev.simulator.reading import Channel
from tests.dev.simulator.support import KEY, field, open_frame, value

WHEN = datetime(2026, 5, 4, 10, 17, 33, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_meter_1_is_a_three_phase_meter_with_gas_water_heat_and_an_empty_channel() -> None:
    text = Meter(1, KEY).telegram_at(WHEN)
    assert text.startswith(
        "/Lux5\\253694471_M\r\n\r\n1-3:0.2.8(42)\r\n0-0:1.0.0(260504121733S)\r\n"
    )
    assert bytes.fromhex(field(text, "0-0:42.0.0")) == b"SAG1030790002574"
    assert [field(text, f"0-{n}:24.1.0") for n in (1, 2, 3, 4)] == ["003", "007", "004", "007"]
    assert bytes.fromhex(field(text, "0-1:96.1.0")) == b"GAS 079000257401"
    assert field(text, "0-3:24.2.1", 1).endswith("*GJ")
    assert "0-4:96.1.0()\r\n0-4:24.2.1(632525252525S)(00000.000)\r\n0-4:24.4.0(1)\r\n!" in text


def test_meters_differ() -> None:
    meters = [Meter(number, KEY) for number in range(1, 12)]
    assert len({meter.device_name for meter in meters}) == len(meters)
    assert len({meter.system_title for meter in meters}) == len(meters)
    assert all(len(meter.device_name) == 16 for meter in meters)
    texts = [meter.telegram_at(WHEN) for meter in meters]
    assert len({value(text, "1-0:1.8.0") for text in texts}) == len(meters)
    identifiers = [
        field(text, f"0-{number}:96.1.0")
        for meter, text in zip(meters, texts, strict=True)
        for number, medium in enumerate(meter.house.media, 1)
        if medium != "empty"
    ]
    assert len(set(identifiers)) == len(identifiers)


def test_single_phase_meter_shows_noise_on_the_terminals_without_wire() -> None:
    texts = [Meter(3).telegram_at(WHEN + n * timedelta(minutes=1)) for n in range(20)]
    assert all(value(text, "1-0:32.7.0") > 220 for text in texts)
    assert {value(text, "1-0:52.7.0") < 2 for text in texts} == {True}
    assert len({value(text, "1-0:52.7.0") for text in texts}) > 1
    assert {value(text, "1-0:71.7.0") for text in texts} == {0}
    assert "24.1.0" not in texts[0]


@pytest.mark.parametrize("number", range(1, 6))
def test_telegram_agrees_with_itself(number: int) -> None:
    meter = Meter(number)
    for minute in range(0, 1440, 7):
        text = meter.telegram_at(WHEN + timedelta(minutes=minute))
        imported, exported = value(text, "1-0:1.7.0"), value(text, "1-0:2.7.0")
        assert min(imported, exported) == 0
        by_phase = sum(value(text, f"1-0:{n}.7.0") for n in (21, 41, 61)) - sum(
            value(text, f"1-0:{n}.7.0") for n in (22, 42, 62)
        )
        assert imported - exported == pytest.approx(by_phase, abs=0.003)
        for volts, amperes, power, fed in ((32, 31, 21, 22), (52, 51, 41, 42), (72, 71, 61, 62)):
            kilowatts = value(text, f"1-0:{power}.7.0") + value(text, f"1-0:{fed}.7.0")
            shown = value(text, f"1-0:{amperes}.7.0")
            expected = kilowatts * 1000 / max(value(text, f"1-0:{volts}.7.0"), 1)
            # The current also carries the little reactive power.
            assert expected - 0.6 <= shown <= expected + 1.2
        apparent = value(text, "1-0:9.7.0") + value(text, "1-0:10.7.0")
        assert apparent >= max(imported, exported)


METERS = [Meter(number) for number in range(1, 6)]


@settings(max_examples=300)
@given(
    st.sampled_from(METERS),
    st.timedeltas(timedelta(0), timedelta(days=9999)).map(lambda age: EPOCH + age),
)
def test_every_telegram_can_be_encoded_and_is_whole(meter: Meter, when: datetime) -> None:
    text = meter.telegram_at(when)
    assert text.count("\r\n") == text.count("\n") == 51 + 4 * len(meter.house.media)
    assert text.isascii()


def test_frames_are_genuine_and_count_up() -> None:
    meter = Meter(2, KEY, counter=7)
    opened = [open_frame(meter.frame_at(WHEN + n * SECOND)) for n in range(3)]
    assert [frame.counter for frame in opened] == [7, 8, 9]
    assert {frame.title for frame in opened} == {meter.system_title}
    assert [frame.text for frame in opened] == [
        meter.telegram_at(WHEN + n * SECOND) for n in (0, 1, 2)
    ]


def test_counter_goes_on_above_the_last_after_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dev.simulator.meter.time.time", WHEN.timestamp)
    first = Meter(1, KEY)
    for _ in range(100):
        first.frame_at(WHEN)
    monkeypatch.setattr("dev.simulator.meter.time.time", (WHEN + 20 * SECOND).timestamp)
    second = Meter(1, KEY)
    assert first.next_counter - 1 < second.next_counter
    end_of_2051 = datetime(2051, 12, 31, tzinfo=UTC).timestamp()
    monkeypatch.setattr("dev.simulator.meter.time.time", lambda: end_of_2051)
    assert Meter(1, KEY).next_counter < 2**32


def test_counter_stops_at_its_end() -> None:
    meter = Meter(1, KEY, counter=0xFFFF_FFFF)
    assert open_frame(meter.frame_at(WHEN)).counter == 0xFFFF_FFFF
    with pytest.raises(CounterExhaustedError):
        meter.frame_at(WHEN)


def test_restarted_meter_says_the_same() -> None:
    assert Meter(4).telegram_at(WHEN) == Meter(4).telegram_at(WHEN)


def test_without_a_key_frames_are_plain() -> None:
    assert Meter(1).frame_at(WHEN) == Meter(1).telegram_at(WHEN).encode()


def test_message() -> None:
    meter = Meter(1)
    meter.message = "Kontroll vum Zähler"
    text = meter.telegram_at(WHEN)
    assert bytes.fromhex(field(text, "0-0:96.13.0")).decode() == meter.message


def test_channels_hold_their_capture_until_the_next() -> None:
    meter = Meter(1)
    every = {1: timedelta(minutes=5), 2: timedelta(minutes=15), 3: timedelta(hours=1)}
    held: dict[int, dict[datetime, set[float]]] = {1: {}, 2: {}, 3: {}}
    start = datetime(2026, 1, 10, 21, 0, 5, tzinfo=UTC)
    for when in (start + n * timedelta(seconds=10) for n in range(6 * 60 * 5)):
        for channel in meter.reading_at(when).channels[:3]:
            assert isinstance(channel, Channel)
            lag = when - channel.captured_at
            assert timedelta(0) < lag <= every[channel.number] + timedelta(minutes=2)
            held[channel.number].setdefault(channel.captured_at, set()).add(channel.value)
    for number, captures in held.items():
        times = sorted(captures)
        assert {b - a for a, b in pairwise(times)} == {every[number]}
        assert all(len(values) == 1 for values in captures.values())
        values = [captures[time].pop() for time in times]
        assert values == sorted(values)
        assert values[0] < values[-1]


def test_history_ends_where_the_current_reading_begins() -> None:
    meter = Meter(1)
    past = list(meter.history(WHEN - timedelta(days=2), WHEN, timedelta(hours=1)))
    assert len(past) == 48
    now = meter.reading_at(WHEN)
    energies = [reading.energy for reading in [*past, now]]
    assert energies == sorted(energies)
    assert past[0].energy.imported < now.energy.imported
    for index in range(3):
        channels = [reading.channels[index] for reading in [*past, now]]
        values = [channel.value for channel in channels if isinstance(channel, Channel)]
        assert len(values) == 49
        assert values == sorted(values)


def test_key_is_not_in_the_representation() -> None:
    assert repr(Meter(1, KEY)) == "Meter(1, 'SAG1030790002574')"
