"""Ownership of names: a meter writes only to the series of its own serial number.

A verified telegram proves that its writer has the key of a system title, but the meter can claim
any serial number in it. So the first serial number of a title belongs to that title alone, for all
collectors: the bucket has an entry for each title and for each name.
"""

import re
from collections.abc import Callable, Collection
from contextlib import suppress

from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from smarty_p1_gateway import Keys
from smartyp1.p1 import Telegram

from .newest_values import MAX_TITLES
from .series_line_protocol import meter_label

OTHER_METER = "other_meter"
# Each foreign name costs a lookup: beyond this number, a title's new names are rejected unseen.
_MAX_REFUSED_NAMES = 16
_OTHER_METER = "A telegram of the meter %s names %s, which is not its name: it is refused"
_IS_TITLE = re.compile(rb"[0-9A-F]{16}").fullmatch
_NAME = "name."
_IS_KEY = re.compile(r"[A-Za-z0-9_-]+").fullmatch


class _Meter:
    """Names of one meter that this process has looked up."""

    def __init__(self) -> None:
        self.name: str | None = None
        # Labels of its series: its name, or its title for telegrams without a serial number.
        self.own: set[str] = set()
        self.refused: set[str] = set()


class MeterNames:
    """Names of all meters, each looked up with its first telegram."""

    def __init__(
        self,
        bucket: Callable[[], KeyValue],
        keys: Keys,
        warn: Callable[[str, bytes, str], None],
        domain: Collection[bytes] = (),
    ) -> None:
        # Each connection has a bucket object of its own.
        self._bucket = bucket
        self._domain = domain
        self._keys = keys
        self._warn = warn
        self._meters: dict[bytes, _Meter] = {}

    def use(self, keys: Keys) -> None:
        """Replace the keys. The name of a meter without a key is free for other meters."""
        for title in list(self._meters):
            if keys.of(title) is None:
                # Another meter may own its name by the time there is a key again.
                del self._meters[title]
            else:
                self._meters[title].refused.clear()
        self._keys = keys

    async def may_write(self, telegram: Telegram) -> bool:
        """Return whether a verified telegram may write to its series; claim a free name.

        Raises NATS's errors.
        """
        title, label = telegram.system_title or b"", meter_label(telegram)
        meter = self._meters.get(title)
        if meter is None:
            while len(self._meters) >= MAX_TITLES:
                del self._meters[next(iter(self._meters))]
            meter = self._meters[title] = _Meter()
        if label in meter.own:
            return True
        is_own = (
            label not in meter.refused
            and len(meter.refused) < _MAX_REFUSED_NAMES
            and await self._claim(meter, title.hex().upper(), label)
        )
        if is_own:
            meter.own.add(label)
        else:
            if len(meter.refused) < _MAX_REFUSED_NAMES:
                meter.refused.add(label)
            self._warn(_OTHER_METER, title, label)
        return is_own

    async def _claim(self, meter: _Meter, digits: str, label: str) -> bool:
        """Claim a name for a title; return False if it belongs to another one."""
        if label == digits:
            return await self._owns(digits, label)
        key = f"meter.{digits}"
        meter.name = meter.name or await self._get(key)
        if meter.name is None and await self._owns(digits, label):
            # Another collector may create it first; the next line reads the winner.
            with suppress(KeyWrongLastSequenceError):
                await self._bucket().create(key, label.encode())
            meter.name = await self._get(key)
        return meter.name == label and await self._owns(digits, label)

    async def _get(self, key: str) -> str | None:
        with suppress(KeyNotFoundError):
            return ((await self._bucket().get(key)).value or b"").decode(errors="replace")
        return None

    async def _owns(self, digits: str, label: str) -> bool:
        """Return whether a name belongs to a title; take a free name.

        A name is taken as long as its meter has a key, here or in another key domain.
        """
        key, own = name_key(label), digits.encode()
        while True:
            # Another collector was faster: look up the entry again.
            with suppress(KeyWrongLastSequenceError):
                try:
                    entry = await self._bucket().get(key)
                except KeyNotFoundError:
                    await self._bucket().create(key, own)
                    return True
                owner = entry.value or b""
                if owner != own:
                    if _IS_TITLE(owner) and self._has_key(bytes.fromhex(owner.decode())):
                        return False
                    await self._bucket().update(key, own, entry.revision)
                return True

    def _has_key(self, title: bytes) -> bool:
        # Keys of other domains are unknown here: assume that they exist.
        return bool(self._keys.of(title) or (self._domain and title not in self._domain))


def name_key(label: str) -> str:
    """Return the bucket's key for a name."""
    # NATS allows few characters in keys: other names are written in hex, after "=".
    return f"{_NAME}{label if _IS_KEY(label) else f'={label.encode().hex()}'}"


def label_of(key: str) -> str:
    """Return the name in a bucket's key, "" for an invalid key."""
    text = key.removeprefix(_NAME)
    if not text.startswith("="):
        return text
    try:
        return bytes.fromhex(text[1:]).decode()
    except ValueError:
        return ""
