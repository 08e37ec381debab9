"""Telegrams and frames against stored ones; the meter's own data; each of its faults."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from dev.altered_bytes import cut, flipped, lost, noise
from dev.simulator import CounterExhaustedError, Meter, Server, telegram
from dev.simulator.frame import LengthForm, encipher
from dev.simulator.heater import Heater
from dev.simulator.randomness import seeded_random
from dev.simulator.telegram_values import Channel, EmptyChannel, Flow, Phase, Reading
from tests.dev.simulator.support import AUTHENTICATION_KEY, FRAMES, KEY, field, open_frame


def test_whole_telegram_is_the_literal_one() -> None:
    when = datetime(2025, 7, 3, 8, 30, tzinfo=UTC)

    def channel(number: int, device_type: int, name: str, value: float, unit: str) -> Channel:
        return Channel(
            number=number,
            device_type=device_type,
            identifier=f"{name}0790002574{number:02d}",
            captured_at=when,
            value=value,
            unit=unit,
            valve=0,
        )

    reading = Reading(
        time=when,
        device_name="SAG1030790002574",
        energy=Flow(25678.901, 1234.567),
        reactive_energy=Flow(0.835, 63.781),
        power=Flow(2.345),
        reactive_power=Flow(0.011, 0.022),
        apparent_power=Flow(2.345),
        phases=(
            Phase(233.1, 4, Flow(1.173), Flow(0.001, 0.004)),
            Phase(231.2, 1, Flow(0.586), Flow(0.002, 0.005)),
            Phase(229.3, 2, Flow(0.586), Flow(0.003, 0.006)),
        ),
        channels=(
            channel(1, 3, "GAS ", 678.901, "m3"),
            channel(2, 7, "WATE", 28.103, "m3"),
            channel(3, 4, "HEAT", 12.345, "GJ"),
            EmptyChannel(4),
        ),
        power_failures=99,
        sags=(40, 3, 2),
        swells=(5, 6, 7),
    )
    stored = json.loads((FRAMES / "three_phase_gas_water_heat.json").read_text())["telegram"]
    assert telegram.encode(reading) == stored


@pytest.mark.parametrize(
    ("utc", "stamp"),
    [
        (datetime(2025, 1, 22, 10, 10, 10, tzinfo=UTC), "250122111010W"),
        (datetime(2025, 7, 3, 8, 30, 0, tzinfo=UTC), "250703103000S"),
        (datetime(2025, 10, 26, 0, 30, 0, tzinfo=UTC), "251026023000S"),
        (datetime(2025, 10, 26, 1, 30, 0, tzinfo=UTC), "251026023000W"),
        (datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), "260329015959W"),
        (datetime(2026, 3, 29, 1, 0, 0, tzinfo=UTC), "260329030000S"),
    ],
)
def test_times_and_letters(utc: datetime, stamp: str) -> None:
    assert telegram.timestamp(utc) == stamp


TITLE = bytes.fromhex("534147677004102E")
FORMS: dict[str, LengthForm] = {"length_in_81_form": "81", "length_in_short_form": "short"}
ENCIPHERED = [path for path in sorted(FRAMES.glob("*.json")) if path.stem != "plain"]


@pytest.mark.parametrize("path", ENCIPHERED, ids=lambda path: path.stem)
def test_literal_frames(path: Path) -> None:
    stored = json.loads(path.read_text())
    made = encipher(
        stored["telegram"],
        key=bytes.fromhex(stored["key"]),
        system_title=bytes.fromhex(stored["system_title"]),
        counter=stored["frame_counter"],
        authentication_key=bytes.fromhex(stored["authentication_key"]),
        length_form=FORMS.get(path.stem, "82"),
    )
    assert made == bytes.fromhex(stored["bytes"])


@given(st.text(st.characters(max_codepoint=127), max_size=5000), st.integers(0, 0xFFFFFFFF))
def test_any_text_comes_back(text: str, counter: int) -> None:
    made = encipher(text, key=KEY, system_title=TITLE, counter=counter)
    assert open_frame(made, KEY, AUTHENTICATION_KEY) == (TITLE, counter, text, b"")


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
        # The periods before `again` stay.
        before = [WHEN + n * timedelta(seconds=7) for n in range(8 * minutes)]
        assert all(first.is_on(time) is both.is_on(time) for time in before if time < again)


async def test_a_slow_reader_loses_bytes_and_stops_nobody() -> None:
    piece, count = bytes(2**20), 40
    async with Server([Meter(1, KEY)]) as server:
        server.silence()
        ends = [await asyncio.open_connection("127.0.0.1", server.ports[0]) for _ in range(2)]
        (slow, slow_writer), (fast, fast_writer) = ends
        while server.connections() < 2:
            await asyncio.sleep(0.01)
        for _ in range(count):
            server.push(piece)
            await fast.readexactly(len(piece))
        received = b""
        while b"\1" not in received:
            server.push(b"\1")
            received += await slow.read(len(piece))
    assert received.count(0) < len(piece) * count
    for writer in (fast_writer, slow_writer):
        writer.close()


def test_noise_has_heads_of_frames_and_damage_is_small() -> None:
    chance, data = seeded_random("noise"), Meter(1, KEY).frame_at(WHEN)
    noises = b"".join(noise(chance) for _ in range(40))
    assert noises.count(b"\xdb\x08SAG") > 40
    assert b"\x82\xff\xff" in noises
    wrong = int.from_bytes(flipped(700, bit=3)(data)) ^ int.from_bytes(data)
    assert wrong.bit_count() == 1
    assert cut(700)(data) == data[:700]
    assert lost(500, 200)(data) == data[:500] + data[700:]
