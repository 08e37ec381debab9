"""Ownership of names (serial numbers). A meter writes only to the series of its own name.

A verified telegram proves that the sender has the key of a system title. But the sender can put any
serial number into the telegram. So the first serial number of a system title belongs to that title
alone. A bucket in NATS, which all collectors share, has an entry for each title and for each name.
"""

import re
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import suppress

from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from smarty_p1_gateway import Keys
from smartyp1.p1.telegram import Telegram

from .frames.frame_order import MAX_TITLES
from .store.series_line_protocol import meter_label

OTHER_METER = "other_meter"
# Maximum number of wrong names that are looked up for a meter. A wrong name does not belong to the
# meter that sends it. After this number, further new names in telegrams of this meter are rejected
# without a lookup.
_MAX_REFUSED_NAMES = 16
_OTHER_METER = "A telegram of the meter %s names %s, which is not its name: it is refused"
_IS_TITLE = re.compile(rb"[0-9A-F]{16}").fullmatch
_NAME = "name."
_METER = "meter."
_IS_KEY = re.compile(r"[A-Za-z0-9_-]+").fullmatch


class _Meter:
    """Names of one meter that this process has already looked up."""

    def __init__(self) -> None:
        self.name: str | None = None
        # Labels of the series to which this meter's values are written. The label is the meter's
        # name. If a telegram has no serial number, the label is the meter's system title.
        self.own: set[str] = set()
        self.refused: set[str] = set()


class MeterNames:
    """Names (serial numbers) of all meters. The name in a telegram is looked up in NATS.

    `domain` has the system titles of the meters that this collector collects, () for all meters.
    """

    def __init__(
        self,
        bucket: Callable[[], KeyValue],
        keys: Keys,
        warn: Callable[[str, bytes, str], None],
        domain: Collection[bytes] = (),
    ) -> None:
        # `bucket` is a function, because each connection to NATS has a bucket object of its own.
        self._bucket = bucket
        self._domain = domain
        self._keys = keys
        self._warn = warn
        self._meters: dict[bytes, _Meter] = {}

    async def load(self, entries: AsyncIterator[tuple[str, bytes, int]]) -> None:
        """Take all names from `entries` of the bucket (see `read_entries`).

        Otherwise, the first telegram of each meter costs several requests. Raises NATS's errors.
        """
        values = {key: value async for key, value, _ in entries}
        for key, value in values.items():
            digits, label = key.removeprefix(_METER).encode(), value.decode(errors="replace")
            if not (key.startswith(_METER) and _IS_TITLE(digits)):
                continue
            title = bytes.fromhex(digits.decode())
            # Another meter may take the name of a meter without a key at any time.
            is_own = self._keys.of(title) and values.get(name_key(label)) == digits
            if is_own and len(self._meters) < MAX_TITLES:
                meter = self._meters.setdefault(title, _Meter())
                meter.name = label
                meter.own.add(label)

    def use(self, keys: Keys) -> None:
        """Replace the keys. If a meter no longer has a key, another meter may take its name."""
        for title in list(self._meters):
            if keys.of(title) is None:
                del self._meters[title]
            else:
                self._meters[title].refused.clear()
        self._keys = keys

    async def may_write(self, telegram: Telegram) -> bool:
        """Return whether a verified telegram is allowed to write to the series of its name.

        If the name is free, claim it for the telegram's meter. Raises NATS's errors.
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
        """Claim the name `label` for the system title `digits`.

        Return False if the name is taken.
        """
        if label == digits:
            return await self._owns(digits, label)
        key = f"{_METER}{digits}"
        meter.name = meter.name or await self._get(key)
        if meter.name is None and await self._owns(digits, label):
            # If another collector creates the entry at the same time, this call fails. So read the
            # entry afterwards in any case.
            with suppress(KeyWrongLastSequenceError):
                await self._bucket().create(key, label.encode())
            meter.name = await self._get(key)
        return meter.name == label and await self._owns(digits, label)

    async def _get(self, key: str) -> str | None:
        with suppress(KeyNotFoundError):
            return ((await self._bucket().get(key)).value or b"").decode(errors="replace")
        return None

    async def _owns(self, digits: str, label: str) -> bool:
        """Return whether the system title `digits` owns the name `label`. Claim a free name.

        A name is free if it has no owner, or if its owner has no key.
        """
        key, own = name_key(label), digits.encode()
        while True:
            # If another collector changes the entry before this update, the update fails. Then look
            # the entry up again.
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
        # Another collector perhaps has a key for a title outside `self._domain`. So assume that
        # such a title has a key.
        return bool(self._keys.of(title) or (self._domain and title not in self._domain))


def name_key(label: str) -> str:
    """Return the bucket's key for the name `label`."""
    # NATS allows only a few characters in keys. A name with other characters is written as "=" and
    # hexadecimal digits.
    return f"{_NAME}{label if _IS_KEY(label) else f'={label.encode().hex()}'}"


def label_of(key: str) -> str:
    """Return the name in a key of the bucket. Return "" for an invalid key."""
    text = key.removeprefix(_NAME)
    if not text.startswith("="):
        return text
    try:
        return bytes.fromhex(text[1:]).decode()
    except ValueError:
        return ""
