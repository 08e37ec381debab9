"""Outline of a meter's telegrams: their objects and M-Bus meters, without values.

After a restart, the outline tells which entities exist, until the first telegram comes.
"""

import re
from dataclasses import dataclass
from typing import Annotated, NamedTuple

from ..p1.obis import CHANNELS, is_reference
from ..p1.telegram import Telegram
from ..p1.value_converters import MBusChannels, MBusReading
from ..stored_json import Range, Size

MAX_OBJECTS = 512
MAX_NAME_SIZE = 128
# Some firmware sends currents with decimals. The sensors of these currents show decimals, too.
_AMPERES_WITH_DECIMALS = re.compile(rb"^([0-9.:-]+)\(-?[0-9]+\.[0-9]+\*A\)", re.MULTILINE)


type _Name = Annotated[str, Size(MAX_NAME_SIZE)]
type _References = Annotated[tuple[str, ...], Size(MAX_OBJECTS)]


class _Meter(NamedTuple):
    """M-Bus meter of an outline. A meter in doubt has no identity."""

    channel: Annotated[int, Range(min(CHANNELS), max(CHANNELS))]
    identity: _Name | None
    serial_number: _Name | None
    type: _Name
    unit: _Name | None


@dataclass(frozen=True)
class Outline:
    """Outline of a telegram: the OBIS references of its objects, and its M-Bus meters.

    `decimals` has the references of the electric currents that the meter sends with decimals.
    """

    objects: _References = ()
    decimals: _References = ()
    channels: Annotated[tuple[_Meter, ...], Size(len(CHANNELS))] = ()

    def check_stored(self) -> None:
        """Raise ValueError if a reference is malformed."""
        if not all(map(is_reference, (*self.objects, *self.decimals))):
            raise ValueError

    @property
    def identities(self) -> MBusChannels:
        """Return the M-Bus channels, keyed by the identities of their meters."""
        return {meter.identity: meter.channel for meter in self.channels if meter.identity}

    def updated(self, telegram: Telegram, identities: MBusChannels) -> Outline:
        """Return the outline of a telegram, or this outline if it is the same.

        `identities` has the M-Bus channels, keyed by the identities of their meters. An M-Bus meter
        without a capture keeps the unit of its last capture. Every telegram is checked, so this
        must be fast.
        """
        identity_of = {channel: identity for identity, channel in identities.items()}
        units: dict[str | None, str | None] = {
            meter.identity: meter.unit for meter in self.channels if meter.identity
        }
        channels = tuple(
            _Meter(
                channel,
                identity := identity_of.get(channel),
                meter.serial_number,
                meter.type,
                meter.unit if meter.time else units.get(identity, meter.unit),
            )
            for channel, meter in telegram.channels.items()
        )
        objects = tuple(telegram.objects)
        if (objects, channels) == (self.objects, self.channels):
            return self
        names = {name.decode() for name in _AMPERES_WITH_DECIMALS.findall(telegram.text)}
        return Outline(objects, tuple(name for name in objects if name in names), channels)

    def telegram(self, serial_number: str | None, system_title: bytes | None) -> Telegram:
        """Return a telegram with the objects and M-Bus meters of the outline.

        All values are None.
        """
        return Telegram(
            identification="",
            serial_number=serial_number,
            time=None,
            objects=dict.fromkeys(self.objects),
            channels={
                meter.channel: MBusReading(
                    type=meter.type, serial_number=meter.serial_number, unit=meter.unit
                )
                for meter in self.channels
            },
            system_title=system_title,
            text="".join(f"{name}(0.0*A)\r\n" for name in self.decimals).encode(),
        )
