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
from smarty_p1_gateway.log_once import LogOnce
from smartyp1.p1.telegram import Telegram

from .frames.frame_order import MAX_TITLES, of_title
from .store.series_line_protocol import meter_label

OTHER_METER = "other_meter"
# Maximum number of wrong names that are looked up for a meter. A wrong name does not belong to the
# meter that sends it. After this number, further new names in telegrams of this meter are rejected
# without a lookup.
_MAX_REFUSED_NAMES = 16
_OTHER_METER = "A telegram of the meter %s names %s, which is not its name: it is refused"
# A name in the bucket has no such sign, because it is invisible.
_OWNER_SIGN = "\n"
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
        # Names that other meters own, each with its owner (see `owner_of`).
        self.refused: dict[str, str] = {}


class MeterNames:
    """Names (serial numbers) of all meters. The name in a telegram is looked up in NATS.

    `domain` has the system titles of the meters that this collector collects, () for all meters.
    """

    def __init__(
        self,
        bucket: Callable[[], KeyValue],
        keys: Keys,
        log: LogOnce,
        domain: Collection[bytes] = (),
    ) -> None:
        # `bucket` is a function, because each connection to NATS has a bucket object of its own.
        self._bucket = bucket
        self._domain = domain
        self._keys = keys
        self._log = log
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

    async def owner_of(self, title: bytes, label: str) -> str:
        """Return a text that changes when a meter may perhaps use the name `label`.

        It has the system title of the meter that owns the name, if that meter has a key, and the
        name that the meter with the system title `title` has until now. Raises NATS's errors.
        """
        digits = title.hex().upper()
        owner = await self._get(name_key(label)) or ""
        is_taken = _IS_TITLE(owner.encode()) and self._has_key(bytes.fromhex(owner))
        return _OWNER_SIGN.join(
            (label, owner if is_taken else "", await self._get(f"{_METER}{digits}") or "")
        )

    async def has_changed(self, title: bytes, owners: Collection[str]) -> bool:
        """Return whether a meter may perhaps use a name now that it was refused.

        `owners` are the texts of `owner_of` at that time. If one of them has changed, look the
        names of these meters up again. Raises NATS's errors.
        """
        labels = {owner.split(_OWNER_SIGN)[0] for owner in owners}
        if {await self.owner_of(title, label) for label in labels} <= {*owners}:
            return False
        self._meters.pop(title, None)
        for owner in owners:
            if _IS_TITLE(digits := "".join(owner.split(_OWNER_SIGN)[1:2]).encode()):
                self._meters.pop(bytes.fromhex(digits.decode()), None)
        return True

    async def refusal_of(self, telegram: Telegram) -> str | None:
        """Return None if a verified telegram may write to the series of its name.

        If the name is free, claim it for the telegram's meter. If another meter owns the name,
        return the text of `owner_of`. Raises NATS's errors.
        """
        title, label = telegram.system_title or b"", meter_label(telegram)
        meter = of_title(self._meters, title, _Meter)
        if label in meter.own:
            return None
        if label not in meter.refused:
            if len(meter.refused) >= _MAX_REFUSED_NAMES:
                return ""
            # Look first: the name may become free after the claim.
            owner = await self.owner_of(title, label)
            if await self._claim(meter, title.hex().upper(), label):
                meter.own.add(label)
                return None
            meter.refused[label] = owner
        self._log.warn(_OTHER_METER, title.hex().upper(), label, key=(_OTHER_METER, title))
        return meter.refused[label]

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
