"""What a Reading says of now, as both meters tell it: watts, import above zero, export below."""

from dataclasses import dataclass, replace
from functools import cached_property
from math import hypot
from typing import Any, Self

from ..meter import Reading

# The second digit group of L1, L2 and L3: active power imported, exported; reactive the same;
# voltage. Source: lib/p1/obis.py.
_PHASES = ((21, 22, 23, 24, 32), (41, 42, 43, 44, 52), (61, 62, 63, 64, 72))


@dataclass(frozen=True, slots=True)
class PhaseValues:
    """One phase: W and var (import +, export -), V. What is unknown is None."""

    power_w: float | None
    reactive_var: float | None
    voltage_v: float | None

    @property
    def current_a(self) -> float | None:
        """Return the current that carries the active power, with its sign.

        The Smarty's own is a whole number without a sign.
        """
        if self.power_w is None or not self.voltage_v:
            return None
        return self.power_w / self.voltage_v

    @property
    def apparent_va(self) -> float | None:
        """Return the apparent power."""
        return None if self.power_w is None else hypot(self.power_w, self.reactive_var or 0.0)

    def scaled(self, factor: float) -> Self:
        """Return the phase with a part of its power."""
        return replace(
            self,
            power_w=None if self.power_w is None else self.power_w * factor,
            reactive_var=None if self.reactive_var is None else self.reactive_var * factor,
        )


@dataclass(frozen=True)
class MeterValues:
    """The power at the grid in W, the three phases, and the reading that all of it is from."""

    power_w: float | None
    phases: tuple[PhaseValues, PhaseValues, PhaseValues]
    reading: Reading

    def scaled(self, factor: float) -> Self:
        """Return the same with a part of the power; voltages and energies stay true."""
        if factor == 1:
            return self
        power_w = None if self.power_w is None else self.power_w * factor
        first, second, third = self.phases
        phases = first.scaled(factor), second.scaled(factor), third.scaled(factor)
        return replace(self, power_w=power_w, phases=phases)

    @cached_property
    def imported_kwh(self) -> float | None:
        """Return the register of the imported energy."""
        return number(self.reading, "1-0:1.8.0")

    @cached_property
    def exported_kwh(self) -> float | None:
        """Return the register of the exported energy."""
        return number(self.reading, "1-0:2.8.0")


def number(reading: Reading, reference: str) -> float | None:
    """Return an object that is a number, None when it is empty or not there."""
    value: Any = reading.telegram.objects.get(reference)
    return value if isinstance(value, int | float) else None


def values_of(reading: Reading) -> MeterValues:
    """Return what a reading says of now."""
    # Each of its own, so that the checker knows that there are three.
    first, second, third = (_phase(reading, *groups) for groups in _PHASES)
    return MeterValues(_net(reading, 1, 2), (first, second, third), reading)


def _phase(  # noqa: PLR0913, PLR0917 - the objects of a phase
    reading: Reading, imported: int, exported: int, taken: int, given: int, voltage: int
) -> PhaseValues:
    return PhaseValues(
        _net(reading, imported, exported),
        _net(reading, taken, given),
        number(reading, f"1-0:{voltage}.7.0"),
    )


def _net(reading: Reading, plus: int, minus: int) -> float | None:
    """Return the difference of two objects in whole W or var; None when one of them is unknown.

    A meter for one direction sends the first one only. One that is there and empty is unknown.
    """
    objects = reading.telegram.objects
    first: Any = objects.get(f"1-0:{plus}.7.0")
    second: Any = objects.get(f"1-0:{minus}.7.0", 0.0)
    if not isinstance(first, int | float) or not isinstance(second, int | float):
        return None
    # Kilowatts with three decimals: what is beyond them is of the representation.
    return float(round((first - second) * 1000, 3))
