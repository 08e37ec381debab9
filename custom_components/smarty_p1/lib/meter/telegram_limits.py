"""How much is read of what the line names: meters that do not encrypt can be imitated."""

import re
from collections import Counter
from collections.abc import Callable, Container, Mapping, Set as AbstractSet
from dataclasses import replace

from ..backoff import Budget
from ..p1 import MBUS_FIELDS, OBJECTS, MBusReading, Telegram, Verification, mbus_reference
from .mbus_channels import identity_of

MAX_OTHER_OBJECTS = 64
MAX_MBUS_METERS = 16
# Anybody who can write to the line can write telegrams without a tag, as fast as the line is. A
# meter sends one a second at most.
TELEGRAMS_A_SECOND = 2.0
# What a link may have held up: it is made anew after 30 seconds without a byte.
MAX_TELEGRAMS_AT_ONCE = 30
_MAX_SHOWN_SIZE = 64
# Whoever can write to the line must not write markup into what people read.
_UNSAFE = re.compile(r"[^0-9A-Za-z ._-]")


def shown_name(name: str) -> str:
    """Return what a meter calls itself as people may read it."""
    return _UNSAFE.sub("?", name[:_MAX_SHOWN_SIZE])


class Limits:
    """Removes what is too much from the telegrams of one meter.

    These are objects outside the specification, and meters on the M-Bus beyond those kept:
    `kept_meters` returns their identities, and to forget one makes room for another. `ignored`
    counts what was removed, "objects" and "meters", in each telegram anew, and whole "telegrams";
    `warn` is called with the kind and the limit when the first of a kind is.
    """

    def __init__(
        self,
        kept_meters: Callable[[], AbstractSet[str]] = frozenset,
        warn: Callable[[str, float], None] = lambda _kind, _most: None,
    ) -> None:
        self.ignored: Counter[str] = Counter()
        self._kept_meters = kept_meters
        self._warn = warn
        self._objects: set[str] = set()
        # Those that are not kept yet, and all that the last telegram was allowed.
        self._new_meters: set[str] = set()
        self._meters: AbstractSet[str] = frozenset()
        self._admitted: Mapping[int, MBusReading] = {}
        self._turns = Budget(TELEGRAMS_A_SECOND, MAX_TELEGRAMS_AT_ONCE)

    def has_turn(self, telegram: Telegram, now: float) -> bool:
        """Return whether a telegram may be read: those without a tag only so many a second."""
        if telegram.verification is Verification.TAG:
            return True
        if self._turns.left(now) < 1:
            self._note("telegrams", 1, TELEGRAMS_A_SECOND)
            return False
        self._turns.spend(1)
        return True

    def apply(self, telegram: Telegram) -> Telegram:
        """Return the telegram without what is too much."""
        objects = self._refused_objects(telegram)
        channels = self._refused_channels(telegram)
        if not objects and not channels:
            return telegram
        self._note("objects", len(objects), MAX_OTHER_OBJECTS)
        self._note("meters", len(channels), MAX_MBUS_METERS)
        objects |= {mbus_reference(channel, each) for channel in channels for each in MBUS_FIELDS}
        return replace(
            telegram,
            objects=_without(telegram.objects, objects),
            channels=_without(telegram.channels, channels),
        )

    def _refused_objects(self, telegram: Telegram) -> set[str]:
        if telegram.objects.keys() <= OBJECTS.keys():
            return set()
        # In their order: whoever reads the same telegrams again keeps the same ones.
        others = (each for each in telegram.objects if each not in OBJECTS)
        return {each for each in others if not self._admits_object(each)}

    def _admits_object(self, reference: str) -> bool:
        if reference not in self._objects and len(self._objects) < MAX_OTHER_OBJECTS:
            self._objects.add(reference)
        return reference in self._objects

    def _refused_channels(self, telegram: Telegram) -> set[int]:
        if telegram.channels == self._admitted:
            return set()
        found = {
            channel: identity_of(channel, meter) for channel, meter in telegram.channels.items()
        }
        meters = set(found.values())
        if meters == self._meters:
            self._admitted = telegram.channels
            return set()
        kept = self._kept_meters()
        self._new_meters -= kept
        for identity in found.values():
            if identity not in kept and len(kept) + len(self._new_meters) < MAX_MBUS_METERS:
                self._new_meters.add(identity)
        self._meters = meters & (kept | self._new_meters)
        return {channel for channel, identity in found.items() if identity not in self._meters}

    def _note(self, kind: str, refused: int, most: float) -> None:
        if not refused:
            return
        if not self.ignored[kind]:
            self._warn(kind, most)
        self.ignored[kind] += refused


def _without[K, V](mapping: Mapping[K, V], keys: Container[K]) -> dict[K, V]:
    return {key: value for key, value in mapping.items() if key not in keys}
