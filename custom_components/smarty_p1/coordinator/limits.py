"""How much is taken in of what the line names: meters that do not encrypt can be imitated."""

import re
from collections import Counter
from dataclasses import replace

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from ..const import DOMAIN, LOGGER
from ..lib.meter.channels import identity_of
from ..lib.p1 import OBJECTS, Telegram, Verification
from .entry_types import AnyConfigEntry

MOST_OTHER_OBJECTS = 64
MOST_MBUS_METERS = 16
# Anybody who can write to the line can write telegrams without a tag, as fast as the line is. A
# meter sends one a second at most.
TELEGRAMS_A_SECOND = 2.0
# What a link may have held up: it is made anew after 30 seconds without a byte.
MOST_TELEGRAMS_AT_ONCE = 30
_MAX_SHOWN_SIZE = 64
# Whoever can write to the line must not write markup into what people read.
_UNSAFE = re.compile(r"[^0-9A-Za-z ._-]")
_CHANNEL_FIELDS = ("24.1.0", "96.1.0", "24.2.1", "24.4.0")


def shown_name(name: str) -> str:
    """Return what a meter calls itself as people may read it."""
    return _UNSAFE.sub("?", name[:_MAX_SHOWN_SIZE])


class Limits:
    """Takes what is too much out of the telegrams of one meter.

    That are objects outside the specification, counted since the set-up, and meters on the M-Bus,
    counted by their devices: to delete one makes room for another. `ignored` counts what was taken
    out, "objects" and "meters", in each telegram anew, and whole "telegrams".
    """

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        """Begin without any object; the meters that have devices stay."""
        self.ignored: Counter[str] = Counter()
        self._hass = hass
        self._entry = entry
        self._objects: set[str] = set()
        # Their devices are made a moment later.
        self._new_meters: set[str] = set()
        self._turns = float(MOST_TELEGRAMS_AT_ONCE)
        self._counted_at = hass.loop.time()

    def has_turn(self, telegram: Telegram) -> bool:
        """Return whether a telegram may be shown: those without a tag only so many a second."""
        if telegram.verification is Verification.TAG:
            return True
        now = self._hass.loop.time()
        earned = (now - self._counted_at) * TELEGRAMS_A_SECOND
        self._turns = min(self._turns + earned, MOST_TELEGRAMS_AT_ONCE)
        self._counted_at = now
        if self._turns < 1:
            self._note("telegrams", 1, TELEGRAMS_A_SECOND)
            return False
        self._turns -= 1
        return True

    def apply(self, telegram: Telegram) -> Telegram:
        """Return the telegram without what is too much."""
        channels = {
            channel
            for channel, reading in telegram.channels.items()
            if not self._admits_meter(identity_of(channel, reading))
        }
        objects = {
            reference
            for reference in telegram.objects
            if reference not in OBJECTS and not self._admits_object(reference)
        }
        self._note("objects", len(objects), MOST_OTHER_OBJECTS)
        self._note("meters", len(channels), MOST_MBUS_METERS)
        objects |= {f"0-{channel}:{field}" for channel in channels for field in _CHANNEL_FIELDS}
        if not objects:
            return telegram
        return replace(
            telegram,
            objects={
                name: telegram.objects[name] for name in telegram.objects if name not in objects
            },
            channels={
                channel: reading
                for channel, reading in telegram.channels.items()
                if channel not in channels
            },
        )

    def _admits_object(self, reference: str) -> bool:
        if reference not in self._objects and len(self._objects) < MOST_OTHER_OBJECTS:
            self._objects.add(reference)
        return reference in self._objects

    def _admits_meter(self, identity: str) -> bool:
        identifier = self._identifier(identity)
        registry = dr.async_get(self._hass)
        if registry.async_get_device_by_identifier(
            (DOMAIN, identifier), config_entry_id=self._entry.entry_id
        ):
            self._new_meters.discard(identifier)
            return True
        if identifier in self._new_meters:
            return True
        known = {
            name
            for device in dr.async_entries_for_config_entry(registry, self._entry.entry_id)
            for domain, name in device.identifiers
            if domain == DOMAIN and name != self._entry.unique_id
        }
        self._new_meters -= known
        if len(known) + len(self._new_meters) >= MOST_MBUS_METERS:
            return False
        self._new_meters.add(identifier)
        return True

    def _identifier(self, identity: str) -> str:
        return f"{self._entry.unique_id}_{identity}"

    def _note(self, kind: str, refused: int, most: float) -> None:
        if not refused:
            return
        if not self.ignored[kind]:
            LOGGER.warning(_MESSAGES[kind], self._entry.title, most)
        self.ignored[kind] += refused


_MESSAGES = {
    "objects": "%s: more than %d objects that no specification knows; the others are ignored",
    "telegrams": "%s: more than %d telegrams a second without a tag; the others are ignored",
    "meters": "%s: more than %d meters on the M-Bus; the others are ignored until you delete some",
}
