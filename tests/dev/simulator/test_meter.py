"""The meter: what it says of itself, its counter, its M-Bus channels, its past."""

from datetime import UTC, datetime, timedelta

import pytest

from dev.simulator import CounterExhaustedError, Meter
from dev.simulator.heater import Heater
from tests.dev.simulator.support import KEY, field, open_frame

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


def test_key_is_not_in_the_representation() -> None:
    assert repr(Meter(1, KEY)) == "Meter(1, 'SAG1030790002574')"


@pytest.mark.parametrize("start", ["2026-06-14T12:00:03+00:00", "2026-11-25T23:40:00+00:00"])
def test_the_heater_moves_power_and_registers_alike(start: str) -> None:
    begin = datetime.fromisoformat(start)
    meter, without = Meter(1, heater=Heater((begin,))), Meter(1)
    assert meter.registers_at(begin) == without.registers_at(begin)
    watt_minutes, ups, before = 0.0, 0, 0.0
    for second in range(0, 3600, 5):
        when = begin + timedelta(seconds=second)
        # The middle of the five seconds, because a step may begin inside them.
        middle = when + timedelta(seconds=2.5)
        more = sum(meter.household.powers_at(middle).active)
        more -= sum(without.household.powers_at(middle).active)
        assert more == pytest.approx(2, rel=0.03) or more == 0
        watt_minutes += more * 1000 / 12
        ups += more > before
        before = more
    end = begin + timedelta(hours=2)
    after, plain = meter.registers_at(end), without.registers_at(end)
    drawn, fed = after.imported - plain.imported, after.exported - plain.exported
    assert drawn - fed == pytest.approx(watt_minutes, rel=0.03)
    assert (fed < 0) is (begin.month == 6)
    assert ups > 10


def test_the_heater_changes_soon_after_each_start() -> None:
    for minutes in range(1, 60):
        again = WHEN + timedelta(minutes=minutes)
        first, both = Heater((WHEN,)), Heater((WHEN, again))
        times = [again + n * SECOND for n in range(90)]
        assert len({both.is_on(time) for time in times}) == 2
        # What was counted before stays.
        before = [WHEN + n * timedelta(seconds=7) for n in range(8 * minutes)]
        assert all(first.is_on(time) is both.is_on(time) for time in before if time < again)
