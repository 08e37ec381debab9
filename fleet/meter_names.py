"""Which series a meter may write to: its system title and its name belong together.

A verified telegram proves that its writer has the key of a system title; the serial number in it is
only what that meter says. The first name of a title is its own, and no other title's, in whichever
collector that is: the bucket of the meters has a key for each title and for each name.
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
# So many names of others a title may say before it is believed nothing more: each is looked up.
_MAX_REFUSED_NAMES = 16
_OTHER_METER = "A telegram of the meter %s names %s, which is not its name: it is refused"
_IS_TITLE = re.compile(rb"[0-9A-F]{16}").fullmatch
_NAME = "name."
_IS_KEY = re.compile(r"[A-Za-z0-9_-]+").fullmatch


class _Meter:
    """Names of a meter, as far as this process has looked them up."""

    def __init__(self) -> None:
        self.name: str | None = None
        # As whom it has written: its name, or its title where it said none.
        self.own: set[str] = set()
        self.refused: set[str] = set()


class MeterNames:
    """Names of all meters, looked up with the first telegram of each."""

    def __init__(
        self,
        bucket: Callable[[], KeyValue],
        keys: Keys,
        warn: Callable[[str, bytes, str], None],
        domain: Collection[bytes] = (),
    ) -> None:
        # Connections come and go.
        self._bucket = bucket
        self._domain = domain
        self._keys = keys
        self._warn = warn
        self._meters: dict[bytes, _Meter] = {}

    def use(self, keys: Keys) -> None:
        """Take other keys: the name of a meter without one is free, and others may have it now."""
        for title in list(self._meters):
            if keys.of(title) is None:
                # Somebody else may have its name when there is a key for it again.
                del self._meters[title]
            else:
                self._meters[title].refused.clear()
        self._keys = keys

    async def may_write(self, telegram: Telegram) -> bool:
        """Return whether the series of a verified telegram is its meter's own, or nobody's yet.

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
        """Make a name a title's own, or return False."""
        if label == digits:
            return await self._owns(digits, label)
        key = f"meter.{digits}"
        meter.name = meter.name or await self._get(key)
        if meter.name is None and await self._owns(digits, label):
            # Another collector may be faster.
            with suppress(KeyWrongLastSequenceError):
                await self._bucket().create(key, label.encode())
            meter.name = await self._get(key)
        return meter.name == label and await self._owns(digits, label)

    async def _get(self, key: str) -> str | None:
        with suppress(KeyNotFoundError):
            return ((await self._bucket().get(key)).value or b"").decode(errors="replace")
        return None

    async def _owns(self, digits: str, label: str) -> bool:
        """Return whether a name is a title's, which it becomes if it is nobody's.

        It is somebody's as long as there is a key for that meter, here or with other collectors.
        """
        key, own = name_key(label), digits.encode()
        while True:
            # Somebody else was faster: it is looked up again.
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
        # The keys of titles outside the own domain are not known here.
        return bool(self._keys.of(title) or (self._domain and title not in self._domain))


def name_key(label: str) -> str:
    """Return under which key the bucket has whose name this is."""
    # What NATS allows in a key, and for all else what cannot be one of these.
    return f"{_NAME}{label if _IS_KEY(label) else f'={label.encode().hex()}'}"


def label_of(key: str) -> str:
    """Return the name that a key is for, "" if that cannot be told."""
    text = key.removeprefix(_NAME)
    if not text.startswith("="):
        return text
    try:
        return bytes.fromhex(text[1:]).decode()
    except ValueError:
        return ""
