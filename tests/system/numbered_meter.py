"""A meter with a different number in each telegram, and a Home Assistant that shows it."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import override

from dev.simulator.telegram_values import Flow, Reading
from dev.testing.real_programs import RecordingMeter
from tests.system.home import Home

ROUNDS = int(os.environ.get("ROUNDS", "3"))
KEY = bytes.fromhex("8F1E2D3C4B5A69788796A5B4C3D2E1F0")


class NumberedMeter(RecordingMeter):
    """A meter whose power differs in each of a thousand telegrams in a row."""

    def __init__(self, number: int = 1) -> None:
        super().__init__(number, KEY)
        self.frames: list[bytes] = []

    @override
    def reading_at(self, when: datetime) -> Reading:
        power = Flow(len(self.frames) % 1000 / 1000, 0.0)
        return replace(super().reading_at(when), power=power)

    @override
    def frame_at(self, when: datetime) -> bytes:
        self.frames.append(super().frame_at(when))
        return self.frames[-1]


@asynccontextmanager
async def reading(
    directory: Path,
    meter: NumberedMeter,
    port: str,
    *,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Home]:
    """Run a Home Assistant that shows a meter."""
    async with Home(directory, meter, environment=environment) as home:
        await home.add_meter(port, KEY)
        await home.set_options(reference_power="3", network_prices={"surcharge_price": 0.1139})
        await home.until_settled()
        yield home
