"""The telegram: formats, times, checksum, and a whole one against the literal text."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dev.simulator import telegram
from dev.simulator.telegram_values import Channel, EmptyChannel, Flow, Phase, Reading
from tests.dev.simulator.support import FRAMES


@pytest.mark.parametrize("path", sorted(FRAMES.glob("*.json")), ids=lambda path: path.stem)
def test_checksum_of_literal_telegrams(path: Path) -> None:
    body, _, checksum = json.loads(path.read_text())["telegram"].rpartition("!")
    assert f"{telegram.crc16(f'{body}!'.encode()):04X}\r\n" == checksum


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
    literal = json.loads((FRAMES / "three_phase_gas_water_heat.json").read_text())["telegram"]
    assert telegram.encode(reading) == literal


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


@pytest.mark.parametrize(
    ("number", "digits", "decimals", "text"),
    [
        (25678.901, 9, 3, "025678.901"),
        (0, 5, 3, "00.000"),
        (69, 4, 1, "069.0"),
        (4.4, 3, 0, "004"),
        (28.103, 8, 3, "00028.103"),
    ],
)
def test_formats(number: float, digits: int, decimals: int, text: str) -> None:
    assert telegram.fixed(number, digits, decimals) == text
