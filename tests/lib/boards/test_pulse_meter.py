"""Energy and power from pulses: nothing lost, nothing invented, for any message of the board."""

from itertools import accumulate, pairwise

import pytest
from hypothesis import given, strategies as st

from smartyp1.boards.board_message import Counted, MessageForm
from smartyp1.boards.pulse_meter import PulseMeter, Pulses
from tests.json_copy import through_json
from tests.lib.boards.support import cut, sizes

PER_KWH = 1000
ends = st.sampled_from([b"\r", b"\n", b"\r\n", b"\n\r"])
words = st.sampled_from([b"", b"p", b"pulse", b"pulse 7", b"LED blinked", b"+", b"#1"])


def restarted(meter: PulseMeter, pulses_per_kwh: float = PER_KWH) -> PulseMeter:
    """Return a meter that goes on from this meter's stored state."""
    return PulseMeter.from_dict(through_json(meter.as_dict()), pulses_per_kwh)


def counting(*counts: int, every: float = 10.0) -> PulseMeter:
    """Return a meter that has read these counts."""
    meter = PulseMeter(PER_KWH)
    for number, count in enumerate(counts):
        meter.read_count(f"{count}", number * every)
    return meter


@given(st.lists(words, max_size=30), ends, sizes)
def test_a_text_is_a_pulse(lines: list[bytes], end: bytes, lengths: list[int]) -> None:
    meter = PulseMeter(PER_KWH)
    meter.feed(b"first" + end, 0)
    data = b"".join(line + end for line in lines)
    events = [event for chunk in cut(data, lengths) for event in meter.feed(chunk, 1)]

    assert events == [Pulses(1)] * len(lines)
    assert meter.pulses == len(lines) + 1
    assert not meter.is_counting


@given(st.lists(st.integers(0, 20), min_size=2, max_size=40), st.integers(0, 10**9), ends, sizes)
def test_a_running_count_is_the_sum_of_its_differences(
    steps: list[int], first: int, end: bytes, lengths: list[int]
) -> None:
    first += 2  # counts that do not rise could be pulses, too
    counts = [first, *accumulate(steps, initial=first)]
    meter = PulseMeter(PER_KWH)
    meter.feed(end + b"x" + end, 0)
    before = meter.pulses
    data = b"".join(b"%d" % count + end for count in counts)
    for chunk in cut(data, lengths):
        meter.feed(chunk, 5)

    assert meter.pulses - before == sum(steps)
    assert meter.is_counting == any(steps)


def test_a_count_held_back_before_the_loss_of_the_port_is_forgotten() -> None:
    meter = counting(500, 510, 90_000)
    meter.start_anew()
    meter.read_count("90001", 30)
    assert meter.pulses == 10
    meter.read_count("90002", 40)
    assert meter.pulses == 10 + 1


def fallen(
    last: int, count: int, *, per_hour: int | None, gap_minutes: float, is_restarted: bool = False
) -> int:
    """Return the pulses that a fall from `last` to `count` gives, after an hour at this rate."""
    meter = PulseMeter(PER_KWH)
    at = 0.0
    if per_hour is not None:
        for five_minutes in range(24, -1, -1):
            meter.read_count(f"{last - five_minutes * per_hour // 12}", at := at + 300)
    else:
        meter.read_count(f"{last}", at)
    meter = restarted(meter) if is_restarted else meter
    before = meter.pulses
    at += 60 * gap_minutes
    for _ in range(2):
        meter.read_count(f"{count}", at)
    return meter.pulses - before


@pytest.mark.parametrize("is_restarted", [False, True])
@pytest.mark.parametrize("size", [1 << 16, 1 << 24, 1 << 32])
@pytest.mark.parametrize(
    "case",
    [
        (600, 5, 30, 20, 50),
        (600, 5, 130, 20, 150),
        (600, 5, 131, 20, 20),
        (600, 600, 1000, 5000, 6000),
        (600, 600, 10_000, 8001, 8001),
        (12_000, 60, 5000, 7000, 12_000),
        # No energy was used for an hour: even the smallest rise is a reset.
        (0, 600, 1, 3, 3),
        # The rate is unknown: 100 kW for five minutes and the longest delay are 8,612 pulses.
        (None, 5, 8000, 612, 8612),
        (None, 5, 8000, 613, 613),
        # Days of silence could have counted to the end from anywhere.
        (600, 10_000, 20_000, 40, 40),
    ],
)
def test_a_fall_is_an_overflow_only_if_the_rate_of_the_last_hour_allows_it(
    size: int, case: tuple[int | None, float, int, int, int], *, is_restarted: bool
) -> None:
    per_hour, gap_minutes, left, count, pulses = case
    last = size - left
    if left == 20_000 and size > 1 << 16:
        last = size // 4 * 3 - 1
    assert pulses == fallen(
        last, count, per_hour=per_hour, gap_minutes=gap_minutes, is_restarted=is_restarted
    )


def test_the_rate_is_that_of_the_last_hour() -> None:
    """A night at 60 W after an evening at 6 kW: the evening's rate does not count."""
    meter = PulseMeter(PER_KWH)
    at, count = 0.0, 50_000
    for step in [500] * 30 + [5] * 15:
        meter.read_count(f"{count}", at)
        at, count = at + 300, count + step
    before = meter.pulses
    last = 50_000 + 30 * 500 + 14 * 5
    assert last == 65_070
    for text in ("20", "21"):
        meter.read_count(text, at)
    assert meter.pulses - before == 21
    assert len(meter.as_dict()) < 20


def read(*lines: str, form: MessageForm | None = None, old: str = "") -> int:
    """Return the pulses that these messages give, after a retained message."""
    meter = PulseMeter(PER_KWH, form)
    if old:
        assert sum(event.pulses for event in meter.read_line(old, 0, is_old=True)) == 0
    for at, line in enumerate(lines):
        meter.read_line(line, at)
    return meter.pulses


@pytest.mark.parametrize(
    ("active", "inactive"),
    [
        *(("ON", "OFF"), ("on", "off"), ("true", "false"), ("True", "False")),
        *(("closed", "open"), ("CLOSED", "OPEN"), ("HIGH", "LOW"), ('"ON"', '"OFF"')),
    ],
)
def test_each_change_to_the_active_word_is_a_pulse(active: str, inactive: str) -> None:
    assert read(active, inactive, active, inactive) == 2
    assert read(inactive, active, active, inactive, inactive, active) == 2
    # A retained word is no change, and the state is known from then on.
    assert read(active, inactive, active, old=active) == 1
    assert read(active, inactive, active, old=inactive) == 2
    # Repeated states, some of them every few seconds.
    assert read(inactive, *[active] * 30, inactive, *[active] * 30) == 2
    assert read(*[inactive] * 30) == 0
    # Other words are greetings now.
    assert read(active, inactive, "board started", active) == 2


EACH = MessageForm(Counted.EACH)
JSON = ('{"pulse":1}', "{}", "[]", "[1]", '{"a": 1}')
NO_VALUES = ("nan", "NaN", "inf", "null", "unknown", "Online", "offline", "x" * 20_000)


@pytest.mark.parametrize(
    ("lines", "form", "pulses"),
    [
        # The active word alone is sent for each pulse.
        (["ON"] * 9, None, 1),
        (["ON"] * 10, None, 10),
        (["ON"] * 25, None, 25),
        ([*["ON"] * 25, "OFF", "ON", "ON"], None, 26),
        # Zero and one are a state.
        (["0", "1"] * 20, None, 20),
        (["0", "0", "1", "1"] * 20, None, 20),
        (["1", "0"] * 20, None, 19),
        # A bare 1 is a pulse, if nothing else comes; a running count may begin with both.
        (["1"] * 12, None, 12),
        (["0", "1", "2", "3"], None, 3),
        # A word after a running count is a greeting.
        (["100", "105", "OFF", "ON", "110", "113"], None, 13),
        *(([text, text], None, 0) for text in NO_VALUES),
        # JSON is no pulse unless the form says so.
        *(([text, text], None, 0) for text in JSON),
        *(([text, text], EACH, 2) for text in JSON),
        *((["4", "6", text], EACH, 2) for text in JSON),
        (["[pulse]", "[12:00:01] LED"], None, 2),
    ],
    ids=lambda value: " ".join(value)[:30] if isinstance(value, list) else None,
)
def test_the_pulses_of_messages(lines: list[str], form: MessageForm | None, pulses: int) -> None:
    assert read(*lines, form=form) == pulses


def test_lines_of_json_at_a_port_that_was_opened_in_the_middle_of_one() -> None:
    meter = PulseMeter(PER_KWH)
    meter.feed(b'TER":{"C1":7}}\r\n{"COUNTER":{"C1":8}}\r\n', 0)
    assert meter.pulses == 0
    meter = PulseMeter(PER_KWH, MessageForm(Counted.COUNT, ("COUNTER", "C1")))
    meter.feed(b'TER":{"C1":7}}\r\n{"COUNTER":{"C1":8}}\r\n{"COUNTER":{"C1":11}}\r\n', 0)
    assert meter.pulses == 3


def test_a_count_that_is_set_is_no_pulse() -> None:
    meter = counting(0, 200)
    for at, count in enumerate(("199", "201", "unknown", "0", "3", "0.5", "3"), 20):
        meter.read_own_count(count, at)

    assert meter.pulses == 200 + 2 + 3


@pytest.mark.parametrize(
    ("counts", "pulses"),
    [
        # Damaged: the next count fits the last one.
        ((25_011, 250_012, 250_013), 2),
        ((950_011, 250_012, 250_013), 2),
        ((25_011, 950_011, 250_012), 1),
        ((250_000, 250_012), 1),
        # The board goes on from 0, from an earlier count, or after an outage.
        ((7,), 0),
        ((7, 7), 7),
        ((7, 9), 9),
        ((25_011, 7, 9), 9),
        ((250_000, 250_001), 1),
        ((270_000, 270_001), 20_000 - 10),
        # 100 kW make 1945 pulses in a minute and the longest delay of a message.
        ((251_956,), 1_945),
        ((251_957,), 0),
        # A fall is confirmed only below the last count, at any time.
        ((270_000, 7, 250_012), 1),
    ],
)
def test_a_fall_or_a_large_rise_waits_for_the_next_count(
    counts: tuple[int, ...], pulses: int
) -> None:
    meter = counting(250_000, 250_011)
    for number, count in enumerate(counts):
        meter.read_count(f"{count}", 8 * 3600.0 + 20 * number)
    assert meter.pulses == 11 + pulses


def test_a_board_that_sends_its_count_every_hour() -> None:
    meter = counting(0, 10_000, 20_000, 1_000, 30_000, 40_000, 5_000, 15_000, every=3600)
    assert meter.pulses == 40_000 + 15_000


def test_a_first_number_may_have_lost_its_first_digits() -> None:
    meter = restarted(counting(123_000, 123_456))
    meter.feed(b"57\r\n", 20)
    meter.feed(b"123458\r\n", 30)
    assert meter.pulses == 458

    meter.start_anew()
    meter.feed(b"123460\r\n", 40)
    assert meter.pulses == 460
    meter.feed(b"1234", 41)
    meter.start_anew()
    meter.feed(b"61\r\n123462\r\n", 50)
    assert meter.pulses == 462


def test_decimals_of_a_count() -> None:
    meter = PulseMeter(PER_KWH)
    assert meter.read_line("7.0", 0) == [Pulses(0, 7)]
    assert meter.read_line("9.00", 10) == [Pulses(2, 9)]
    for text in ("9.5", "-3", "+3", "1e5", "1,5", "9" * 20, "unknown"):
        assert meter.read_count(text, 20) == []
        assert meter.read_line(text, 20) == []


def test_pulses_and_counts_that_are_no_lines() -> None:
    meter = PulseMeter(PER_KWH)
    for _ in range(20):
        assert meter.read_count("1", 0) == [Pulses(0, 1)]
    assert meter.read_pulse(5) == [Pulses(1)]
    assert meter.read_pulse(8.6) == [Pulses(1)]
    assert (meter.pulses, meter.power_kw(8.6)) == (2, pytest.approx(1))


def test_counts_of_one_that_never_rise_are_pulses() -> None:
    meter = PulseMeter(PER_KWH)
    for second in range(40):
        meter.feed(b"1\r\n", second)
    assert meter.pulses == 40
    meter = restarted(meter)
    meter.feed(b"1\r\n1\r\n", 50)
    assert meter.pulses == 42

    meter = PulseMeter(PER_KWH)
    for count in b"1111111223":
        meter.feed(bytes([count]) + b"\r\n", 10)
    assert meter.pulses == 2
    for _ in range(40):
        meter.feed(b"3\r\n", 10)
    assert meter.pulses == 2

    # Another number is not among the ten.
    meter = PulseMeter(PER_KWH)
    meter.feed(b"0.5\r\n" + b"1\r\n" * 9, 10)
    assert meter.pulses == 0
    meter.feed(b"1\r\n", 10)
    assert meter.pulses == 10


@given(st.lists(st.sampled_from(b"\r\n1p\x80")).map(bytes), sizes)
def test_chunks_make_no_difference(data: bytes, lengths: list[int]) -> None:
    whole, chunked = PulseMeter(PER_KWH), PulseMeter(PER_KWH)
    events = [event for chunk in cut(data, lengths) for event in chunked.feed(chunk, 5)]

    assert events == whole.feed(data, 5)
    assert chunked.as_dict() == whole.as_dict()


@given(
    st.lists(
        st.tuples(
            st.one_of(
                st.binary(max_size=8),
                st.sampled_from([b"x\r\n", b"\n", b"1\n", b"0\n"]),
                st.integers(0, 10**10).map(lambda count: b"%d\r\n" % count),
            ),
            st.floats(-5, 5000),
            st.sampled_from(["go on", "restart", "lost port", "other pulses per kWh"]),
        )
    )
)
def test_the_energy_never_falls(events: list[tuple[bytes, float, str]]) -> None:
    meter = PulseMeter(PER_KWH)
    at = 0.0
    readings = [0.0]
    for data, passed, event in events:
        at += passed
        before = meter.pulses
        said = meter.feed(data, at)
        assert sum(event.pulses for event in said) == meter.pulses - before
        readings.append(meter.energy_kwh)
        power = meter.power_kw(at)
        assert power is None or power >= 0
        if event == "lost port":
            meter.start_anew()
        elif event != "go on":
            meter = restarted(meter, PER_KWH if event == "restart" else 640)
            assert meter.energy_kwh == pytest.approx(readings[-1])

    assert all(later >= earlier - 1e-9 for earlier, later in pairwise(readings))


def test_energy_is_exact_and_can_be_set() -> None:
    meter = counting(0, 3, 6)
    assert meter.energy_kwh == 0.006
    meter.set_energy(12345.678)
    assert meter.energy_kwh == 12345.678
    meter.feed(b"28\n", 60)
    assert meter.energy_kwh == pytest.approx(12345.7)
    assert restarted(meter).energy_kwh == meter.energy_kwh

    meter = restarted(meter, 500)
    assert meter.energy_kwh == pytest.approx(12345.7)
    meter.feed(b"board\n33\n", 70)
    assert meter.energy_kwh == pytest.approx(12345.71)
    assert restarted(meter, 500).energy_kwh == meter.energy_kwh


def test_power_is_the_time_between_pulses() -> None:
    meter = PulseMeter(PER_KWH)
    assert meter.power_kw(0) is None
    meter.feed(b"p\n", 0)
    assert meter.power_kw(1) is None
    meter.feed(b"p\n", 3.6)
    assert meter.power_kw(3.6) == pytest.approx(1)
    assert meter.power_kw(7.2) == pytest.approx(1)
    # A pulse would have come by now.
    assert meter.power_kw(3.6 + 36) == pytest.approx(0.1)
    assert meter.power_kw(3.6 + 36000) == pytest.approx(0.0001)
    meter.feed(b"p\n", 3.6 + 7.2)
    assert meter.power_kw(3.6 + 7.2) == pytest.approx(0.5)


def test_a_high_power_lasts_between_two_pulses() -> None:
    meter = PulseMeter(PER_KWH)
    for n in range(31):
        meter.feed(b"p\n", n * 0.36)
    assert meter.power_kw(10.8 + 0.1) == pytest.approx(10)
    assert meter.power_kw(10.8 + 0.72) == pytest.approx(5)


def test_power_of_counts_that_jump() -> None:
    meter = counting(0, 50, 100, every=60)
    assert meter.power_kw(120) == pytest.approx(3)
    # No message, no news: until the next is due, nothing is known to have changed.
    assert meter.power_kw(180) == pytest.approx(3)
    assert meter.power_kw(240) == pytest.approx(1.5)
    # An unchanged count is news.
    meter.feed(b"100\n", 180)
    assert meter.power_kw(180) == pytest.approx(0.06)


def test_power_after_the_port_was_lost() -> None:
    meter = counting(0, 10, 20)
    assert meter.power_kw(20)
    meter.start_anew()
    assert meter.power_kw(20) is None
    meter.feed(b"30\n", 1000)
    assert (meter.pulses, meter.power_kw(1000)) == (30, None)
    meter.feed(b"40\n", 1010)
    assert meter.power_kw(1010) == pytest.approx(3.6)


def test_power_over_a_new_connection() -> None:
    meter = counting(0, 10, 20)
    meter.feed(b"2", 25)
    meter.begin_line()
    assert meter.power_kw(36010) == pytest.approx(0.001 * 3600 * 10 / 35990)
    meter.feed(b"8\r\n21\r\n", 36010)
    assert meter.pulses == 21


def test_the_clock_may_be_set() -> None:
    meter = counting(0, 10, 20)
    # 100 kW make 277.8 pulses in ten seconds, the longest delay of a message.
    meter.feed(b"298\n", -1000)
    assert meter.pulses == 298
    meter.feed(b"308\n", -990)
    assert meter.pulses == 308
    assert meter.power_kw(-990) == pytest.approx(3.6)


@pytest.mark.parametrize(("count", "pulses"), [(1, 1), (2, 0)])
def test_a_text_is_no_pulse_after_a_running_count_above_one(count: int, pulses: int) -> None:
    meter = PulseMeter(1000)
    meter.begin_at(count, 0.0)
    assert sum(event.pulses for event in meter.read_line("blink", 10.0)) == pulses
