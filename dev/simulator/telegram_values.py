"""Values that a meter sends in one telegram. `telegram.encode` encodes them."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self


class Flow(NamedTuple):
    """Imported and exported amount of a quantity, such as an energy. Both are 0 or more."""

    imported: float = 0.0
    exported: float = 0.0

    @classmethod
    def of(cls, net: float) -> Self:
        """Return the signed amount `net` as an imported and an exported amount."""
        return cls(net, 0.0) if net > 0 else cls(0.0, abs(net))


class Phase(NamedTuple):
    """Values of a phase: voltage in V, current in A, power in kW and reactive power in kvar."""

    voltage: float
    current: float
    power: Flow
    reactive_power: Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """M-Bus channel of a telegram: a meter, and the newest capture (reading) of this meter."""

    number: int
    device_type: int
    identifier: str
    captured_at: datetime
    value: float
    unit: str
    valve: int = 1


@dataclass(frozen=True, slots=True)
class EmptyChannel:
    """M-Bus channel without a meter. Telegrams have lines for such a channel, too."""

    number: int
    device_type: int = 7
    valve: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Content of a telegram. Energies are in kWh and kvarh, and powers are in kW, kvar and kVA."""

    time: datetime
    device_name: str
    energy: Flow
    reactive_energy: Flow
    power: Flow
    reactive_power: Flow
    apparent_power: Flow
    phases: tuple[Phase, Phase, Phase]
    channels: tuple[Channel | EmptyChannel, ...] = ()
    apparent_limit: float = 69.0
    current_limits: tuple[int, int] = (100, -63)
    breaker: int = 1
    relays: tuple[int, int] = (0, 1)
    power_failures: int = 0
    sags: tuple[int, int, int] = (0, 0, 0)
    swells: tuple[int, int, int] = (0, 0, 0)
    messages: tuple[str, str, str, str, str] = ("", "", "", "", "")
