"""Present values of a reading for the virtual meter. Import is positive, export is negative."""

from dataclasses import dataclass, replace
from functools import cached_property
from math import hypot
from typing import Any, Self

from ..meter.meter_reader import EXPORTED_ENERGY, MIN_CONNECTED_VOLTS, Reading

# Group C of the OBIS references (A-B:C.D.E) for L1, L2 and L3: active power imported and exported,
# reactive power imported and exported, voltage. Source: lib/p1/obis.py.
_PHASES = ((21, 22, 23, 24, 32), (41, 42, 43, 44, 52), (61, 62, 63, 64, 72))


@dataclass(frozen=True, slots=True)
class PhaseValues:
    """Values of one phase: active and reactive power (positive if imported), and voltage.

    A value is None if it is unknown. `is_connected` is False for a phase that the meter does not
    have.
    """

    power_w: float | None
    reactive_var: float | None
    voltage_v: float | None
    is_connected: bool = True

    @property
    def current_a(self) -> float | None:
        """Return the active power divided by the voltage, in A.

        An exported current is negative. Return None if power or voltage are unknown. If the voltage
        is 0, return 0 for a power of 0, and None for any other power.

        The current in the telegram is not used, because it is a whole number without a sign.
        """
        if self.power_w is None or self.voltage_v is None:
            return None
        if self.voltage_v:
            return self.power_w / self.voltage_v
        return None if self.power_w else 0.0

    @property
    def apparent_va(self) -> float | None:
        """Return the apparent power in VA. Return None if the active power is unknown.

        An unknown reactive power counts as 0.
        """
        return None if self.power_w is None else hypot(self.power_w, self.reactive_var or 0.0)

    def scaled(self, factor: float) -> Self:
        """Return these values with both powers multiplied by `factor`. The voltage stays."""
        return replace(
            self,
            power_w=None if self.power_w is None else self.power_w * factor,
            reactive_var=None if self.reactive_var is None else self.reactive_var * factor,
        )


@dataclass(frozen=True)
class MeterValues:
    """Values of a reading: the power at the grid in W, and the values of the three phases."""

    power_w: float | None
    phases: tuple[PhaseValues, PhaseValues, PhaseValues]
    reading: Reading

    def scaled(self, factor: float) -> Self:
        """Return these values with all powers multiplied by `factor`.

        Voltages and energies stay.
        """
        if factor == 1:
            return self
        power_w = None if self.power_w is None else self.power_w * factor
        first, second, third = self.phases
        phases = first.scaled(factor), second.scaled(factor), third.scaled(factor)
        return replace(self, power_w=power_w, phases=phases)

    @cached_property
    def imported_kwh(self) -> float | None:
        """Return the register of the imported energy in kWh. Return None if it is unknown."""
        return object_number(self.reading, "1-0:1.8.0")

    @cached_property
    def exported_kwh(self) -> float | None:
        """Return the register of the exported energy in kWh. Return None if it is unknown."""
        return object_number(self.reading, EXPORTED_ENERGY)


def object_number(reading: Reading, reference: str) -> float | None:
    """Return the value of the object with this OBIS reference; None if it is not a number."""
    value: Any = reading.telegram.objects.get(reference)
    return value if isinstance(value, int | float) else None


def values_of(reading: Reading) -> MeterValues:
    """Return the present values of `reading` for the virtual meter.

    If the telegram has no reactive power of any phase, the first phase gets the total reactive
    power.
    """
    # Unpack the phases, so that the type checker knows their number.
    first, second, third = (_phase(reading, *groups) for groups in _PHASES)
    if all(phase.reactive_var is None for phase in (first, second, third)):
        first = replace(first, reactive_var=_net(reading, 3, 4, 0.0))
    power_w = _net(reading, 1, 2, reading.missing_export)
    return MeterValues(power_w, (first, second, third), reading)


def _phase(  # noqa: PLR0913, PLR0917 - the objects of a phase
    reading: Reading,
    imported: int,
    exported: int,
    reactive_plus: int,
    reactive_minus: int,
    voltage: int,
) -> PhaseValues:
    objects = reading.telegram.objects
    volts = object_number(reading, f"1-0:{voltage}.7.0")
    powers = (f"1-0:{group}.7.0" for group in (imported, exported, reactive_plus, reactive_minus))
    return PhaseValues(
        _net(reading, imported, exported, reading.missing_export),
        _net(reading, reactive_plus, reactive_minus, 0.0),
        volts,
        is_connected=(volts or 0) >= MIN_CONNECTED_VOLTS
        or any(power in objects for power in powers),
    )


def _net(reading: Reading, plus: int, minus: int, missing: float | None) -> float | None:
    """Return imported minus exported power, in W or var.

    The imported power is the object 1-0:`plus`.7.0, and the exported power is the object
    1-0:`minus`.7.0. `missing` and the result are as in `Reading.net`.
    """
    kilo = reading.net(f"1-0:{plus}.7.0", f"1-0:{minus}.7.0", missing)
    return None if kilo is None else round(kilo * 1000, 3)
