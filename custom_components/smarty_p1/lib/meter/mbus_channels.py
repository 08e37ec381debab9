"""Identities of the meters on the M-Bus, and the channels on which they are."""

from datetime import UTC, datetime

from ..p1 import MBusReading, Telegram

CHANNEL_PREFIX = "channel_"
_NEVER = datetime.min.replace(tzinfo=UTC)


def identity_of(channel: int, reading: MBusReading) -> str:
    """Return the identity of the meter on an M-Bus channel.

    It is the meter's equipment identifier, or "channel_<number>" if it has none.
    """
    return reading.serial_number or f"{CHANNEL_PREFIX}{channel}"


def channels_by_meter(telegram: Telegram) -> dict[str, int]:
    """Return the M-Bus channels of a telegram, keyed by the identities of their meters.

    When a meter is moved to another channel, its last index can stay on the old channel. So of two
    channels with the same meter, the channel with the newer index is returned.
    """
    oldest_first = sorted(telegram.channels.items(), key=lambda item: item[1].time or _NEVER)
    return {identity_of(channel, reading): channel for channel, reading in oldest_first}
