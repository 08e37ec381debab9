"""Limits for telegrams, because anybody on the line can imitate a meter that does not encrypt."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Set as AbstractSet
from dataclasses import replace

from ..connection_outage import Budget
from ..json_types import without
from ..p1.obis import MBUS_FIELDS, OBJECTS, mbus_reference
from ..p1.telegram import Telegram, Verification
from ..p1.value_converters import MBusChannels, MBusReading
from .mbus_meters import identity_of

MAX_OTHER_OBJECTS = 64
MAX_MBUS_METERS = 16
# Maximum number of plain telegrams that are read in a second: twice as many as the fastest meter
# sends. Anybody with access to the line can forge any number of plain telegrams. Encrypted frames
# need no limit, even if their tags are not checked. Without the key, an attacker can only change
# recorded frames, and each frame counter is accepted only once. So there cannot be more forged
# frames than frames of the meter. As there is no limit for encrypted frames, all frames that come
# late after an outage can be read.
TELEGRAMS_A_SECOND = 2.0
# Maximum number of plain telegrams that are read at once. A delayed link delivers several telegrams
# at once. A silence of 30 seconds closes the link, so the delay is at most 30 seconds. In this
# time, the fastest meter sends 30 telegrams, one a second.
MAX_TELEGRAMS_AT_ONCE = 30
_MAX_SHOWN_SIZE = 64
# A meter's name is shown to people, so a forged name must not contain markup.
_UNSAFE = re.compile(r"[^0-9A-Za-z ._-]")


def shown_name(name: str) -> str:
    """Return the name of a meter, with "?" in place of each character that is unsafe to show."""
    return _UNSAFE.sub("?", name[:_MAX_SHOWN_SIZE])


class Limits:
    """Limits for the telegrams of one meter.

    The number of M-Bus meters, the number of objects outside the specification, and the rate of
    plain telegrams are limited. `kept_meters` returns the identities of the M-Bus meters that have
    devices in Home Assistant. When a device is removed, a new meter can take its place.

    `ignored` counts everything beyond the limits, keyed by "meters", "objects" and "telegrams".
    When a limit is exceeded for the first time, `warn` is called with the limit and its key.
    """

    def __init__(
        self,
        kept_meters: Callable[[], AbstractSet[str]] = frozenset,
        warn: Callable[[str, float], None] = lambda _kind, _limit: None,
    ) -> None:
        self.ignored: Counter[str] = Counter()
        self._kept_meters = kept_meters
        self._warn = warn
        self._objects: set[str] = set()
        # `_new_meters` has the identities of accepted M-Bus meters that are not among the
        # `kept_meters`. `_meters` has the identities of all M-Bus meters accepted in the last
        # telegram.
        self._new_meters: set[str] = set()
        self._meters: AbstractSet[str] = frozenset()
        self._admitted: Mapping[int, MBusReading] = {}
        self._turns = Budget(TELEGRAMS_A_SECOND, MAX_TELEGRAMS_AT_ONCE)

    def has_turn(self, telegram: Telegram, now: float) -> bool:
        """Return whether the rate limit admits a telegram at the time `now` in seconds.

        The limit applies only to plain telegrams.
        """
        if telegram.verification is not Verification.PLAIN:
            return True
        if self._turns.left(now) < 1:
            self._note("telegrams", 1, TELEGRAMS_A_SECOND)
            return False
        self._turns.spend(1)
        return True

    def apply(self, telegram: Telegram, identities: MBusChannels | None = None) -> Telegram:
        """Return the telegram without the objects and M-Bus meters that exceed the limits.

        `identities` has the M-Bus channels, keyed by the identities of their meters. If it is None,
        the identities come from this telegram alone.
        """
        objects = self._refused_objects(telegram)
        channels = self._refused_channels(telegram, identities)
        if not objects and not channels:
            return telegram
        self._note("objects", len(objects), MAX_OTHER_OBJECTS)
        self._note("meters", len(channels), MAX_MBUS_METERS)
        objects |= {mbus_reference(channel, field) for channel in channels for field in MBUS_FIELDS}
        return replace(
            telegram,
            objects=without(telegram.objects, objects),
            channels=without(telegram.channels, channels),
        )

    def _refused_objects(self, telegram: Telegram) -> set[str]:
        if telegram.objects.keys() <= OBJECTS.keys():
            return set()
        # Check the objects in the order of the telegram, so that the limit always lets the same
        # objects pass.
        others = (reference for reference in telegram.objects if reference not in OBJECTS)
        return {reference for reference in others if not self._admits_object(reference)}

    def _admits_object(self, reference: str) -> bool:
        if reference not in self._objects and len(self._objects) < MAX_OTHER_OBJECTS:
            self._objects.add(reference)
        return reference in self._objects

    def _refused_channels(self, telegram: Telegram, channels: MBusChannels | None) -> set[int]:
        if telegram.channels == self._admitted:
            return set()
        identities = _identities(telegram, channels)
        meters = set(identities.values())
        if meters == self._meters:
            self._admitted = telegram.channels
            return set()
        kept = self._kept_meters()
        self._new_meters -= kept
        for identity in identities.values():
            if identity not in kept and len(kept) + len(self._new_meters) < MAX_MBUS_METERS:
                self._new_meters.add(identity)
        self._meters = meters & (kept | self._new_meters)
        return {channel for channel, identity in identities.items() if identity not in self._meters}

    def _note(self, kind: str, refused: int, limit: float) -> None:
        if not refused:
            return
        if not self.ignored[kind]:
            self._warn(kind, limit)
        self.ignored[kind] += refused


def _identities(telegram: Telegram, channels: MBusChannels | None) -> dict[int, str]:
    if channels is not None:
        return {channel: identity for identity, channel in channels.items()}
    readings = telegram.channels.items()
    return {channel: identity_of(channel, reading) for channel, reading in readings}
