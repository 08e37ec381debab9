"""Which meter is on which M-Bus channel."""

from datetime import UTC, datetime

from ..p1 import MBusReading, Telegram

CHANNEL_PREFIX = "channel_"
_NEVER = datetime.min.replace(tzinfo=UTC)


def identity_of(channel: int, reading: MBusReading) -> str:
    """Return what identifies the meter on a channel.

    It is the equipment identifier; only a meter without one is identified by its channel.
    """
    return reading.serial_number or f"{CHANNEL_PREFIX}{channel}"


def channels_by_meter(telegram: Telegram) -> dict[str, int]:
    """Return the channels by what identifies the meters on them.

    A channel may keep the last index of a meter that has moved to another one: the newest counts.
    """
    oldest_first = sorted(telegram.channels.items(), key=lambda item: item[1].time or _NEVER)
    return {identity_of(channel, reading): channel for channel, reading in oldest_first}
