"""Meters whose telegrams can be told apart wherever they are shown."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, override

from dev.simulator import Clock, Meter
from dev.simulator.reading import Flow, Reading

KEY = bytes.fromhex("8F1E2D3C4B5A69788796A5B4C3D2E1F0")
_NUMBERS = 700
_STEP_KW = 0.001


class Sent(NamedTuple):
    """A frame, and the moment (`time.time()`) just before it went out."""

    moment: float
    frame: bytes


class NumberedMeter(Meter):
    """A meter whose power differs in each of 700 telegrams in a row.

    `extra_kw` is what it draws, by its register, besides what its household does.
    """

    def __init__(self, number: int = 1, *, extra_kw: float = 0.0) -> None:
        super().__init__(number, KEY)
        self.sent: list[Sent] = []
        self.moments: dict[float, float] = {}
        self._extra_kw = extra_kw
        self._since = datetime.now(UTC) - timedelta(days=1)

    @override
    def reading_at(self, when: datetime) -> Reading:
        reading = super().reading_at(when)
        extra_kwh = self._extra_kw * ((when - self._since) / timedelta(hours=1))
        energy = reading.energy
        return replace(
            reading,
            energy=Flow(energy.imported + extra_kwh, energy.exported),
            power=Flow(self.last_power, 0.0),
        )

    @override
    def frame_at(
        self,
        when: datetime,
        *,
        key: bytes | None = None,
        authentication_key: bytes | None = None,
    ) -> bytes:
        self.sent.append(Sent(0.0, b""))
        frame = super().frame_at(when, key=key, authentication_key=authentication_key)
        self.sent[-1] = Sent(time.time(), frame)
        self.moments[self.last_power] = self.sent[-1].moment
        return frame

    @property
    def last_power(self) -> float:
        """Return the power in the last telegram, in kW."""
        return round(self._extra_kw + len(self.sent) % _NUMBERS * _STEP_KW, 3)


class SettableClock(Clock):
    """The wall's clock, until it is set to another moment."""

    moment: datetime | None = None

    @override
    def now(self) -> datetime:
        return self.moment or super().now()
