"""Outline of a meter's telegrams: their objects and M-Bus meters, without values.

After a restart, the outline tells which entities exist, until the first telegram comes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple, Self

from ..p1.obis import CHANNELS, is_reference
from ..p1.telegram import Telegram
from ..p1.value_converters import MBusReading
from ..stored_json import Range, Size, load
from ..stored_values import Stored

MAX_OBJECTS = 512
MAX_NAME_SIZE = 128
# Some firmware sends currents with decimals. The sensors of these currents show decimals, too.
_AMPERES_WITH_DECIMALS = re.compile(rb"^([0-9.:-]+)\(-?[0-9]+\.[0-9]+\*A\)", re.MULTILINE)


type _Name = Annotated[str, Size(MAX_NAME_SIZE)]
type _References = Annotated[list[str], Size(MAX_OBJECTS)]


class _StoredMeter(NamedTuple):
    """M-Bus meter of an outline in a stored file."""

    channel: Annotated[int, Range(min(CHANNELS), max(CHANNELS))]
    identity: _Name | None
    serial_number: _Name | None
    type: _Name
    unit: _Name | None


@dataclass(frozen=True)
class _Stored:
    """Outline in a stored file."""

    objects: _References
    decimals: _References
    channels: Annotated[list[_StoredMeter], Size(len(CHANNELS))]

    def check_stored(self) -> None:
        """Raise ValueError if a reference is malformed."""
        if not all(map(is_reference, (*self.objects, *self.decimals))):
            raise ValueError


@dataclass(frozen=True)
class Outline:
    """Outline of a telegram: the OBIS references of its objects, and its M-Bus meters by channel.

    `decimals` has the references of the electric currents that the meter sends with decimals. The
    meters in `channels` have only type, identifier and unit. `identities` has the M-Bus channels,
    keyed by the identities of their meters.
    """

    objects: frozenset[str] = frozenset()
    decimals: frozenset[str] = frozenset()
    channels: Mapping[int, MBusReading] = field(default_factory=dict[int, MBusReading])
    identities: Mapping[str, int] = field(default_factory=dict[str, int])

    def updated(self, telegram: Telegram, identities: Mapping[str, int]) -> Self:
        """Return the outline of a telegram, or this outline if it is the same.

        `identities` has the M-Bus channels, keyed by the identities of their meters. An M-Bus meter
        without a capture keeps the unit of its last capture.
        """
        if self._is_of(telegram, identities):
            return self
        names = _AMPERES_WITH_DECIMALS.findall(telegram.text)
        kept = {
            channel: self.channels[self.identities[identity]].unit
            for identity, channel in identities.items()
            if identity in self.identities
        }
        return type(self)(
            frozenset(telegram.objects),
            frozenset(name.decode() for name in names) & telegram.objects.keys(),
            {
                channel: MBusReading(
                    type=meter.type,
                    serial_number=meter.serial_number,
                    unit=meter.unit if meter.time else kept.get(channel, meter.unit),
                )
                for channel, meter in telegram.channels.items()
            },
            dict(identities),
        )

    def _is_of(self, telegram: Telegram, identities: Mapping[str, int]) -> bool:
        """Return whether a telegram has this outline.

        Every telegram is checked, so this must be fast.
        """
        channels = self.channels
        return (
            telegram.objects.keys() == self.objects
            and identities == self.identities
            and telegram.channels.keys() == channels.keys()
            and all(
                (meter.type, meter.serial_number)
                == (channels[channel].type, channels[channel].serial_number)
                and (meter.time is None or meter.unit == channels[channel].unit)
                for channel, meter in telegram.channels.items()
            )
        )

    def telegram(self, serial_number: str | None, system_title: bytes | None) -> Telegram:
        """Return a telegram with the objects and M-Bus meters of the outline.

        All values are None.
        """
        return Telegram(
            identification="",
            serial_number=serial_number,
            time=None,
            objects=dict.fromkeys(sorted(self.objects)),
            channels=self.channels,
            system_title=system_title,
            text="".join(f"{name}(0.0*A)\r\n" for name in sorted(self.decimals)).encode(),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the outline as JSON values."""
        identity_of = {channel: identity for identity, channel in self.identities.items()}
        return {
            "objects": sorted(self.objects),
            "decimals": sorted(self.decimals),
            "channels": [
                [channel, identity_of.get(channel), meter.serial_number, meter.type, meter.unit]
                for channel, meter in self.channels.items()
            ],
        }

    @classmethod
    def from_dict(cls, stored: Stored) -> Self:
        """Return the outline from the result of `as_dict`. Raises ValueError for malformed data."""
        data = load(_Stored, stored)
        return cls(
            frozenset(data.objects),
            frozenset(data.decimals),
            {
                meter.channel: MBusReading(
                    type=meter.type, serial_number=meter.serial_number, unit=meter.unit
                )
                for meter in data.channels
            },
            {
                meter.identity: meter.channel
                for meter in data.channels
                if meter.identity is not None
            },
        )
