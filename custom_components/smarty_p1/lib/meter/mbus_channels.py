"""Identities of the meters on the M-Bus, and the channels of these meters."""

from datetime import UTC, datetime

from ..p1 import MBusReading, Telegram

CHANNEL_PREFIX = "channel_"
_NEVER = datetime.min.replace(tzinfo=UTC)


def identity_of(channel: int, reading: MBusReading) -> str:
    """Return the identity of the meter on an M-Bus channel.

    The identity is the equipment identifier, or "channel_<number>" without an identifier.
    """
    return reading.serial_number or f"{CHANNEL_PREFIX}{channel}"


def channels_by_meter(telegram: Telegram) -> dict[str, int]:
    """Return the M-Bus channels of a telegram by the identities of their meters.

    A moved meter may leave its last index on its old channel. So the channel with the newest index
    counts.
    """
    oldest_first = sorted(telegram.channels.items(), key=lambda item: item[1].time or _NEVER)
    return {identity_of(channel, reading): channel for channel, reading in oldest_first}
