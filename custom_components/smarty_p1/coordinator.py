"""From the port to the entities: the link, this meter's telegrams, and what is wrong with both."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_PORT
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady, HomeAssistantError
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .const import (
    CONF_AUTHENTICATION_KEY,
    CONF_ENCRYPTION_KEY,
    CONF_MIN_INTERVAL,
    DOMAIN,
    LOGGER,
)
from .demand_store import IMPORTED_ENERGY, DemandStore
from .mbus import CHANNEL_PREFIX, channels_by_meter
from .p1 import (
    DEFAULT_AUTHENTICATION_KEY,
    MESSAGES,
    Decoder,
    Link,
    LinkError,
    Reason,
    Telegram,
    Value,
    parse_key,
    redact_port,
)
from .totals import Totals

SETUP_TIMEOUT = 30.0
STALE_TIMEOUT = 60.0
# The second try is for gateways that have not noticed yet that the last connection is closed.
SETUP_TRIES = 2

# What is shown at once, however seldom entities are to be updated: texts, breaker, relays.
_URGENT = (*MESSAGES, "0-0:96.3.10", "0-1:96.3.10", "0-2:96.3.10")
_MEMORIES: HassKey[dict[str, Memory]] = HassKey(f"{DOMAIN}_memories")
# How much before its turn a telegram may come.
_EARLY = 0.5


class Memory(NamedTuple):
    """What is kept of a meter while Home Assistant runs, also over a reload.

    That is what is believed of its totals, and which M-Bus channels had meters with identifiers.
    """

    totals: Totals
    named_channels: set[int]


type SmartyConfigEntry = ConfigEntry[SmartyCoordinator]


class Obstacle(NamedTuple):
    """Why there is no telegram: the key of a translated exception and its placeholders."""

    translation_key: str
    placeholders: Mapping[str, str] = {}


NOTHING_RECEIVED = Obstacle("nothing_received")
NOT_P1 = Obstacle("not_p1")
NO_DEVICE_NAME = Obstacle("no_device_name")
_LINK_LOST = "link_lost"
_NO_BYTES = {_LINK_LOST, NOTHING_RECEIVED.translation_key}
REJECTED: Mapping[Reason, Obstacle] = {
    Reason.TAG: Obstacle("wrong_key"),
    Reason.AUTHENTICATION_KEY: Obstacle("other_authentication_key"),
    Reason.REPLAY: Obstacle("replay"),
    Reason.CRC: Obstacle("damaged"),
    Reason.DOWNGRADE: Obstacle("security_off"),
    Reason.KEY_MISSING: Obstacle("key_missing"),
    Reason.MALFORMED: Obstacle("damaged"),
}


def stored_keys(data: Mapping[str, Any]) -> tuple[bytes | None, bytes]:
    """Return the encryption key, if there is one, and the authentication key of an entry."""
    key = data.get(CONF_ENCRYPTION_KEY)
    authentication_key = data.get(CONF_AUTHENTICATION_KEY)
    return (
        parse_key(key) if key else None,
        parse_key(authentication_key) if authentication_key else DEFAULT_AUTHENTICATION_KEY,
    )


def _urgent_values(telegram: Telegram) -> list[Value]:
    return [telegram.objects.get(reference) for reference in _URGENT]


def forget_meter(hass: HomeAssistant, entry_id: str) -> None:
    """Forget the meter of an entry that is removed."""
    hass.data.get(_MEMORIES, {}).pop(entry_id, None)


class SmartyCoordinator(DataUpdateCoordinator[Telegram]):
    """Pushes the telegrams of one meter to its entities.

    Their totals do not fall before that is confirmed; `falls` counts how often they wanted to, by
    the reference of the object.
    """

    config_entry: SmartyConfigEntry

    def __init__(self, hass: HomeAssistant, entry: SmartyConfigEntry) -> None:
        """Take the port, the keys and the meter's serial number from the entry."""
        super().__init__(hass, LOGGER, config_entry=entry, name=entry.title)
        self.serial_number = str(entry.unique_id)
        self.telegrams = 0
        self.rejections: Counter[Reason] = Counter()
        self.other_meters: Counter[str | None] = Counter()
        self.demand = DemandStore(hass, entry)
        self._min_interval: float = entry.options.get(CONF_MIN_INTERVAL, 0)
        self._next_push = 0.0
        self._needs_follow_up = True
        self._is_closed = False
        self.received_at = dt_util.utcnow()
        self.channels: Mapping[str, int] = {}
        memories = hass.data.setdefault(_MEMORIES, {})
        self._totals, self._named_channels = memories.setdefault(
            entry.entry_id, Memory(Totals(), set())
        )
        self._seen_objects: set[str] = set()
        self.falls = self._totals.falls
        self._link = Link(entry.data[CONF_PORT], self._on_data, self._on_lost)
        self._shown_port = redact_port(entry.data[CONF_PORT])
        self._decoder = Decoder(*stored_keys(entry.data))
        self._system_title: bytes | None = None
        self._obstacle = NOTHING_RECEIVED
        self._losses = 0
        self._setup_decided = asyncio.Event()
        self._cancel_stale_timer: CALLBACK_TYPE | None = None

    async def async_start(self) -> None:
        """Open the port and wait for the first telegram.

        Raises ConfigEntryNotReady when none comes.
        """
        await self.demand.async_load()
        # Home Assistant cancels this task and waits for its end, when the entry is unloaded and
        # when its setup fails.
        self.config_entry.async_create_background_task(
            self.hass, self._link.run(), f"{self.name} link"
        )
        with suppress(TimeoutError):
            async with asyncio.timeout(SETUP_TIMEOUT):
                await self._setup_decided.wait()
        if not self.telegrams:
            raise self._explain(ConfigEntryNotReady)

    @override
    async def _async_update_data(self) -> Telegram:
        """Answer a manual refresh with what is known: the meter cannot be asked."""
        if not self.last_update_success:
            raise self._explain(UpdateFailed)
        return self.data

    @override
    async def async_shutdown(self) -> None:
        """Stop waiting for telegrams."""
        await super().async_shutdown()
        if self._cancel_stale_timer:
            self._cancel_stale_timer()
            self._cancel_stale_timer = None

    def set_closed(self, *, is_closed: bool) -> None:
        """Ignore what is received, or no longer: there is nobody to show it, and no new entity."""
        self._is_closed = is_closed

    @callback
    def _on_data(self, data: bytes) -> None:
        if self._is_closed:
            return
        try:
            self._take(data)
        except Exception:  # noqa: BLE001 - whatever it is
            # A mistake here, or in what listens to updates, must not end the link for good.
            LOGGER.exception("%s: unexpected error while taking a telegram", self.name)

    def _take(self, data: bytes) -> None:
        if self._obstacle.translation_key in _NO_BYTES:
            self._obstacle = NOT_P1
        for event in self._decoder.feed(data):
            if isinstance(event, Telegram):
                self._on_telegram(event)
            else:
                self.rejections[event.reason] += 1
                self._obstacle = REJECTED[event.reason]

    @callback
    def _on_lost(self, error: LinkError) -> None:
        LOGGER.debug("%s: lost the port: %s", self.name, error)
        self._obstacle = Obstacle(_LINK_LOST, {"error": str(error)})
        self._losses += 1
        if self._losses >= SETUP_TRIES:
            self._setup_decided.set()

    @callback
    def _on_telegram(self, telegram: Telegram) -> None:
        if not self._is_ours(telegram):
            self._on_other_meter(telegram.serial_number)
            return
        if not self.last_update_success:
            LOGGER.info("%s: telegrams are coming again", self.name)
        self.telegrams += 1
        self._link.confirm()
        self._obstacle = NOTHING_RECEIVED
        settled = self._totals.settle(telegram)
        is_held_back = settled.objects.get(IMPORTED_ENERGY) != telegram.objects.get(IMPORTED_ENERGY)
        # The quarter-hour goes without a reading rather than with one that is not of this moment.
        has_milestone = not is_held_back and self.demand.update(telegram)
        channels = self._identify_channels(settled)
        if self._is_due(settled, channels, has_milestone=has_milestone):
            self.received_at = dt_util.utcnow()
            self.channels = channels
            self.async_set_updated_data(settled)
        self._restart_stale_timer()
        self._setup_decided.set()

    def _identify_channels(self, telegram: Telegram) -> dict[str, int]:
        """Return the channels by their meters.

        A meter without identifier, on a channel that had one with, is none that can be trusted.
        """
        channels = channels_by_meter(telegram)
        named = {c for identity, c in channels.items() if not identity.startswith(CHANNEL_PREFIX)}
        self._named_channels |= named
        return {
            identity: channel
            for identity, channel in channels.items()
            if channel in named or channel not in self._named_channels
        }

    def _is_due(
        self, telegram: Telegram, channels: Mapping[str, int], *, has_milestone: bool
    ) -> bool:
        """Tell whether the entities are to be updated, for the sake of the recorder not too often.

        Registers lose nothing when a telegram is passed over. A text, or the end of a month, could
        be gone by the next. Entities that a telegram makes see only the one after it.
        """
        now = self.hass.loop.time()
        makes_entities = not telegram.objects.keys() <= self._seen_objects
        self._seen_objects |= telegram.objects.keys()
        is_due = (
            has_milestone
            or makes_entities
            or self._needs_follow_up
            or channels.keys() != self.channels.keys()
            or now >= self._next_push
            or not self.last_update_success
            or _urgent_values(telegram) != _urgent_values(self.data)
        )
        if is_due:
            self._needs_follow_up = makes_entities
            # A telegram a second must not miss every other turn for being a moment early.
            self._next_push = now + self._min_interval - _EARLY
        return is_due

    def _is_ours(self, telegram: Telegram) -> bool:
        """Tell whether the telegram names this entry's meter, or its frame proves it."""
        if telegram.serial_number is None:
            return telegram.system_title is not None and (
                telegram.system_title == self._system_title
            )
        if telegram.serial_number != self.serial_number:
            return False
        self._system_title = telegram.system_title
        return True

    @callback
    def _on_other_meter(self, serial_number: str | None) -> None:
        self.other_meters[serial_number] += 1
        if serial_number is None:
            self._obstacle = NO_DEVICE_NAME
            return
        self._obstacle = Obstacle("other_meter", {"found": serial_number})
        # During set-up, Home Assistant itself says why the meter is not ready.
        if self.telegrams and self.other_meters[serial_number] == 1:
            LOGGER.warning(
                "%s: ignoring the telegrams of another meter, %s, at %s",
                self.name,
                serial_number,
                self._shown_port,
            )

    @callback
    def _restart_stale_timer(self) -> None:
        if self._cancel_stale_timer:
            self._cancel_stale_timer()
        self._cancel_stale_timer = async_call_later(
            self.hass, STALE_TIMEOUT, HassJob(self._on_stale, cancel_on_shutdown=True)
        )

    @callback
    def _on_stale(self, _now: datetime) -> None:
        self._restart_stale_timer()
        if self.last_update_success:
            self.async_set_update_error(self._explain(UpdateFailed))
        else:
            self.last_exception = self._explain(UpdateFailed)
            self.async_update_listeners()  # what is received meanwhile is still counted

    def _explain[E: HomeAssistantError](self, error: type[E]) -> E:
        """Return the error that says why there is no telegram."""
        return error(
            translation_domain=DOMAIN,
            translation_key=self._obstacle.translation_key,
            translation_placeholders={
                "port": self._shown_port,
                "serial_number": self.serial_number,
                **self._obstacle.placeholders,
            },
        )
