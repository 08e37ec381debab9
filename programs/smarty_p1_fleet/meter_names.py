"""Ownership of names (serial numbers). A meter writes only to the series of its own name.

A verified telegram proves that the sender has the key of a system title. But the sender can put any
serial number into the telegram. So the first serial number of a system title belongs to that title
alone. A bucket in NATS, which all collectors share, has an entry for each title and for each name.
Only a command of the operator (`meter_exchange.py`) gives a name to another title.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from math import inf
from typing import NamedTuple

from nats.errors import Error as NatsError
from nats.js.errors import KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from smarty_p1_gateway.log_once import LogOnce
from smartyp1.p1.frame_header import title_text
from smartyp1.p1.telegram import Telegram

from .store.series_line_protocol import meter_label

ENTRIES = "*.*"
"""Pattern of the keys of all entries of names and meters in the bucket."""
NAMES_INTERVAL_S = 5.0
"""Maximum age in seconds of a collector's copy of the entries."""
# A claim writes two entries, and another collector can be faster once for each of them.
_MAX_CLAIMS = 4
_TAKEN = ("",)
_OTHER_METER = "A telegram of the meter %s names %s, which is not its name: it is refused"
_TENURE = re.compile(r"([0-9A-F]{16})(?::(\d{1,12}))?").fullmatch
_NAME = "name."
_METER = "meter."
_IS_KEY = re.compile(r"[A-Za-z0-9_-]+").fullmatch


class Tenure(NamedTuple):
    """Ownership of a name by a system title, for telegrams up to the time `until` (Unix seconds).

    The ownership of the present owner has no end.
    """

    title: str
    until: float = inf


def parse_tenures(value: bytes) -> tuple[Tenure, ...]:
    """Return the owners in an entry of a name, in the order of time. () means a free name.

    The name of a meter that is just being exchanged has no present owner.
    """
    found = [_TENURE(text) for text in value.decode(errors="replace").split(" ")]
    return tuple(Tenure(match[1], float(match[2] or inf)) for match in found if match)


def tenures_to_bytes(tenures: tuple[Tenure, ...]) -> bytes:
    """Return the value of an entry of a name."""
    texts = (f"{title}:{until:.0f}" if until < inf else title for title, until in tenures)
    return " ".join(texts).encode()


def owner_at(tenures: tuple[Tenure, ...], moment: float) -> str | None:
    """Return the only title that owns the name in telegrams of the time `moment`."""
    return next((tenure.title for tenure in tenures if moment <= tenure.until), None)


class MeterNames:
    """Copy of the names (serial numbers) of all meters in the bucket.

    `last_revision` returns the number of the last change of ENTRIES, and `entries` yields key,
    value and revision of each. `changes` counts the changes that were seen.
    """

    def __init__(
        self,
        bucket: Callable[[], KeyValue],
        last_revision: Callable[[], Awaitable[int]],
        entries: Callable[[], AsyncIterator[tuple[str, bytes, int]]],
        log: LogOnce,
    ) -> None:
        # `bucket` is a function, because each connection to NATS has a bucket object of its own.
        self._bucket = bucket
        self._last_revision = last_revision
        self._entries = entries
        self._log = log
        self.changes = 0
        self._values: dict[str, tuple[bytes, int]] = {}
        self._revision, self._looked_at = -1, -inf
        self._lock = asyncio.Lock()

    def drop(self) -> None:
        """Read all entries again before the next telegram. A deletion leaves no revision."""
        self._revision, self._looked_at = -1, -inf

    async def read_changes(self) -> None:
        """Read all entries if one of them has changed. Raises NATS's errors."""
        async with self._lock:
            now = time.monotonic()
            if now < self._looked_at + NAMES_INTERVAL_S:
                return
            revision = await self._last_revision()
            if revision != self._revision:
                values = {key: (value, at) async for key, value, at in self._entries()}
                if max((at for _, at in values.values()), default=0) < revision:
                    raise NatsError("the node that is read has not all names yet")
                self._values, self._revision = values, revision
                self.changes += 1
            self._looked_at = now

    async def may_write(self, telegram: Telegram) -> bool:
        """Return whether a verified telegram with a time may write to the series of its name.

        If the name is free, claim it for the telegram's meter. Raises NATS's errors.
        """
        await self.read_changes()
        title, label = title_text(telegram.system_title), meter_label(telegram)
        moment = telegram.time.timestamp() if telegram.time else inf
        for _ in range(_MAX_CLAIMS):
            missing = self._missing(title, label, moment)
            if not missing:
                return True
            if missing == _TAKEN:
                break
            if await self._put(*missing) and missing[1] == title != label:
                await self._put(meter_key(title), label)
        self._log.warn(_OTHER_METER, title, label, key=(_OTHER_METER, telegram.system_title))
        return False

    def _missing(self, title: str, label: str, moment: float) -> tuple[str, ...]:
        """Return key and text of an entry that a title needs to write to a name, () for none.

        Return _TAKEN if another title owns the name, or it is free and the title has another name.
        The entry of a title that gets the next free name is empty.
        """
        tenures = parse_tenures(self._value(name_key(label)))
        if tenures and owner_at(tenures, moment) != title:
            return _TAKEN
        # A meter without a serial number is named by its title.
        is_named = label == title or meter_key(title) in self._values
        if tenures:
            return () if is_named else (meter_key(title), label)
        own = self._value(meter_key(title)).decode(errors="replace")
        return (name_key(label), title) if label == title or own in {"", label} else _TAKEN

    def _value(self, key: str) -> bytes:
        return self._values.get(key, (b"", 0))[0]

    async def _put(self, key: str, text: str) -> bool:
        """Write an entry. If another collector has written it, read all entries instead."""
        value, (_, revision) = text.encode(), self._values.get(key, (b"", 0))
        with suppress(KeyWrongLastSequenceError):
            bucket = self._bucket()
            written = (
                await bucket.update(key, value, revision)
                if revision
                else await bucket.create(key, value)
            )
            self._values[key] = value, written
            return True
        self.drop()
        await self.read_changes()
        return False


def meter_key(title: str) -> str:
    """Return the bucket's key for the name of a meter."""
    return f"{_METER}{title}"


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
