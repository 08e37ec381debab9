"""Simulated Smarty meter, with its identity, readings and frames."""

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import hypot
from typing import NamedTuple

from . import frame, telegram
from .heater import Heater
from .house import House, Medium, house_of
from .household import EPOCH, Household, Registers
from .randomness import seeded_random
from .telegram_values import Channel, EmptyChannel, Flow, Phase, Reading

FIRST_SERIAL = 90_002_574
FIRST_TITLE = 0x67_70_04_10_2E

# The first frame counter of a run is five times the number of seconds since 2025. If a meter sends
# fewer than five frames a second, the first counter after a restart is above the last counter. So
# no counter has to be stored. The 32 bits of a counter are enough until 2052.
COUNTER_EPOCH = datetime(2025, 1, 1, tzinfo=UTC).timestamp()
COUNTS_PER_SECOND = 5


class _Tap(NamedTuple):
    """Kind of M-Bus meter, and how often the electricity meter reads a meter of this kind."""

    device_type: int
    name: str
    unit: str
    # `every` is the time between two captures (readings) of the M-Bus meter. `takes` is the time
    # from a capture until telegrams contain it.
    every: timedelta
    takes: timedelta


TAPS: dict[Medium, _Tap] = {
    "gas": _Tap(3, "GAS ", "m3", timedelta(minutes=5), timedelta(seconds=15)),
    "water": _Tap(7, "WATE", "m3", timedelta(minutes=15), timedelta(seconds=40)),
    "heat": _Tap(4, "HEAT", "GJ", timedelta(hours=1), timedelta(seconds=75)),
}


class CounterExhaustedError(Exception):
    """Error for a meter that has used all frame counters. The meter sends no more frames."""


class Meter:
    """Simulated meter. Meters are numbered from 1."""

    def __init__(
        self,
        number: int,
        key: bytes | None = None,
        *,
        house: House | None = None,
        heater: Heater | None = None,
        counter: int | None = None,
    ) -> None:
        self.number = number
        self.house = house or house_of(number)
        self.household = _household(self.house, number, heater or Heater())
        self.device_name = f"SAG10307{FIRST_SERIAL + (number - 1) * 1_117:08d}"
        self.system_title = b"SAG" + (FIRST_TITLE + (number - 1) * 0x101).to_bytes(5)
        self.next_counter = _counter_of_now() if counter is None else counter
        self.last_telegram = ""
        # Text message that the grid operator sends to the household.
        self.message = ""
        self._key = key
        chance = seeded_random("history", number)
        # State of the meter's registers at EPOCH, when the household's consumption begins.
        before = Registers(*(chance.randrange(10**8, 10**9) for _ in range(4)))
        self._before = before._replace(
            warmth=chance.randrange(10**6, 10**8), water=chance.randrange(10**4, 10**6)
        )
        if not self.house.solar_peak:
            self._before = self._before._replace(exported=0)
        self._power_failures = chance.randrange(30)
        self._sags = (chance.randrange(40), chance.randrange(10), chance.randrange(10))
        self._swells = (chance.randrange(5), chance.randrange(5), chance.randrange(5))

    def __repr__(self) -> str:
        """Return a text with the meter's number and name, but not its key.

        The key must never appear in a log.
        """
        return f"Meter({self.number}, {self.device_name!r})"

    def telegram_at(self, when: datetime) -> str:
        """Return the unencrypted telegram with the reading at the time `when`."""
        self.last_telegram = telegram.encode(self.reading_at(when))
        return self.last_telegram

    def change_key(self, key: bytes) -> None:
        """Encrypt all following frames with `key`."""
        self._key = key

    def frame_at(self, when: datetime) -> bytes:
        """Return the meter's next frame. It contains the reading at the time `when`.

        If the meter has no key, return an unencrypted telegram. Raises CounterExhaustedError if all
        frame counters are used.
        """
        text = self.telegram_at(when)
        if self._key is None:
            return text.encode("ascii")
        if self.next_counter > frame.LAST_COUNTER:
            raise CounterExhaustedError
        counter, self.next_counter = self.next_counter, self.next_counter + 1
        return frame.encipher(
            text,
            key=self._key,
            system_title=self.system_title,
            counter=counter,
        )

    def registers_at(self, when: datetime) -> Registers:
        """Return the registers at the time `when`, without rounding."""
        return self._before.plus(self.household.registers_at(when))

    def reading_at(self, when: datetime) -> Reading:
        """Return the reading at the time `when`. A reading is the content of a telegram."""
        registers = self.registers_at(when)
        powers = self.household.powers_at(when)
        active, reactive = sum(powers.active), sum(powers.reactive)
        apparent = hypot(active, reactive)
        wired = [
            Phase(volts, hypot(watts, var) * 1000 / volts, Flow.of(watts), Flow.of(var))
            for watts, var, volts in zip(*powers, strict=True)
        ]
        first, second, third = wired if len(wired) > 1 else (*wired, *self._loose_phases(when))
        return Reading(
            time=when,
            device_name=self.device_name,
            energy=Flow(registers.imported_kwh, registers.exported_kwh),
            reactive_energy=Flow(
                registers.reactive_imported_kvarh, registers.reactive_exported_kvarh
            ),
            power=Flow.of(active),
            reactive_power=Flow.of(reactive),
            apparent_power=Flow.of(apparent if active > 0 else -apparent),
            phases=(first, second, third),
            channels=tuple(
                self._channel(number, medium, when)
                for number, medium in enumerate(self.house.media, 1)
            ),
            apparent_limit=69.0 if self.house.phases > 1 else 9.2,
            current_limits=(100, -63) if self.house.phases > 1 else (40, -40),
            power_failures=self._power_failures,
            sags=self._sags,
            swells=self._swells,
            messages=(self.message, "", "", "", ""),
        )

    def _loose_phases(self, when: datetime) -> tuple[Phase, Phase]:
        # A real meter measures about 1 V at a terminal that is not connected. So return a small
        # random voltage.
        chance = seeded_random("noise", self.number, when.timestamp() // 10)
        second, third = (Phase(chance.uniform(0, 1.4), 0, Flow(), Flow()) for _ in range(2))
        return second, third

    def _channel(self, number: int, medium: Medium, when: datetime) -> Channel | EmptyChannel:
        if medium == "empty":
            return EmptyChannel(number)
        tap = TAPS[medium]
        answered = max(when - tap.takes, EPOCH)
        captured_at = answered - (answered - EPOCH) % tap.every
        registers = self.registers_at(captured_at)
        return Channel(
            number=number,
            device_type=tap.device_type,
            identifier=f"{tap.name}{self.device_name[6:]}{number:02d}",
            captured_at=captured_at,
            value={
                "gas": registers.gas_m3,
                "water": registers.water_m3,
                "heat": registers.heat_gj,
            }[medium],
            unit=tap.unit,
        )


@lru_cache(maxsize=32)
def _household(house: House, seed: int, heater: Heater) -> Household:
    # Copies of a meter share one household, so that its caches are computed only once. Sharing is
    # safe, because a household has no other state.
    return Household(house, seed, heater)


def _counter_of_now() -> int:
    return int((time.time() - COUNTER_EPOCH) * COUNTS_PER_SECOND)
