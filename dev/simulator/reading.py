"""What a meter knows at one moment: the input of the telegram encoder."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self


class Flow(NamedTuple):
    """A quantity in its two directions; neither is ever negative."""

    imported: float = 0.0
    exported: float = 0.0

    @classmethod
    def of(cls, net: float) -> Self:
        """Split a signed quantity: positive is imported."""
        return cls(net, 0.0) if net > 0 else cls(0.0, abs(net))


class Phase(NamedTuple):
    """One phase, in V, A, kW and kvar."""

    voltage: float
    current: float
    power: Flow
    reactive_power: Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """The last capture of a meter on the M-Bus."""

    number: int
    device_type: int
    identifier: str
    captured_at: datetime
    value: float
    unit: str
    valve: int = 1


@dataclass(frozen=True, slots=True)
class EmptyChannel:
    """A channel that the telegram lists although no meter is behind it."""

    number: int
    device_type: int = 7
    valve: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything a telegram tells; energies in kWh and kvarh, powers in kW, kvar and kVA."""

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
