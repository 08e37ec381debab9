"""Format of the key file, and lookup of a meter's keys."""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import override

from smartyp1.p1.keys import DEFAULT_AUTHENTICATION_KEY

from .config_table import is_title, refuse

LOGGER = logging.getLogger(__name__)

MAX_LINES = 1_000_000
_KEY_BYTES = 16
_EVERY_METER = "*"
_KEY = re.compile(r"[0-9A-Fa-f]{32}")
_MAX_LISTED_LINES = 3


@dataclass(frozen=True, slots=True)
class MeterKeys:
    """Encryption key and authentication key of a meter, 16 bytes each."""

    encryption: bytes = field(repr=False)
    authentication: bytes = field(default=DEFAULT_AUTHENTICATION_KEY, repr=False)


class Keys:
    """Keys of meters by DLMS system title."""

    def __init__(
        self,
        by_title: Mapping[bytes, bytes],
        otherwise: bytes | None,
        second: Mapping[bytes, bytes] | None = None,
    ) -> None:
        """Take the keys of the meters.

        `by_title` has a value for each DLMS system title. A value is the encryption key (16 bytes),
        or the encryption key and the authentication key (32 bytes). `otherwise` is the value for
        all meters that `by_title` lacks. If the key file has two lines for a meter, `second` has
        the value of the second line.
        """
        # Keep the keys as bytes and not as MeterKeys objects, because the keys of 300,000 meters
        # must fit into memory.
        self._by_title = by_title
        self._otherwise = otherwise
        self._second = second or {}

    @property
    def count(self) -> int:
        """Return the number of meters with keys of their own."""
        return len(self._by_title)

    @override
    def __repr__(self) -> str:
        every = " and every other" if self._otherwise else ""
        return f"<Keys of {len(self._by_title)} meters{every}>"

    def key_of(self, system_title: bytes) -> MeterKeys | None:
        """Return the keys for a system title of 8 bytes. Return None if there are none."""
        joined = self._by_title.get(system_title, self._otherwise)
        return None if joined is None else _separate(joined)

    def all_of(self, system_title: bytes) -> tuple[MeterKeys, ...]:
        """Return a meter's keys (none, one or two) in the order of the lines in the key file."""
        first, second = self.key_of(system_title), self._second.get(system_title)
        if first is None:
            return ()
        return (first,) if second is None else (first, _separate(second))


def _separate(joined: bytes) -> MeterKeys:
    encryption, authentication = joined[:_KEY_BYTES], joined[_KEY_BYTES:]
    return MeterKeys(encryption, authentication or DEFAULT_AUTHENTICATION_KEY)


def parse_keys(content: bytes, *, may_change: bool) -> Keys:
    """Return the keys in the text of a key file.

    With `may_change`, a meter may have a second line, with its next key. Raises WrongValueError.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        refuse("is no text in UTF-8")
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        refuse(f"has more than {MAX_LINES:,} lines")
    # The title b"" stands for all meters without a line of their own.
    by_title: dict[bytes, bytes] = {}
    second: dict[bytes, bytes] = {}
    published: list[int] = []
    for number, title, keys in _entries(lines):
        if keys[:_KEY_BYTES] == DEFAULT_AUTHENTICATION_KEY:
            published.append(number)
        if title not in by_title:
            by_title[title] = keys
            continue
        if not may_change or not title:
            refuse(f"line {number}: its meter stands on an earlier line, too")
        _check_second(number, by_title[title], second.get(title), keys)
        second[title] = keys
    if not by_title:
        refuse("has no key in it")
    if published:
        _warn_of_published(published)
    otherwise = by_title.pop(b"", None)
    return Keys(by_title, otherwise, second)


def _check_second(
    line_number: int, first_keys: bytes, second_keys: bytes | None, keys: bytes
) -> None:
    """Raise WrongValueError for a third line of a meter, or for a second line with the same key."""
    if second_keys is not None:
        msg = f"line {line_number}: its meter stands on two earlier lines: remove the oldest key"
    elif first_keys[:_KEY_BYTES] == keys[:_KEY_BYTES]:
        msg = f"line {line_number}: its meter stands on an earlier line with the same key"
    else:
        return
    refuse(msg)


def _warn_of_published(lines: Sequence[int]) -> None:
    # Only warn, and do not refuse the file, because the keys of the other meters are usable.
    shown = ", ".join(map(str, lines[:_MAX_LISTED_LINES]))
    more = f" and {len(lines) - _MAX_LISTED_LINES:,} more" if len(lines) > _MAX_LISTED_LINES else ""
    LOGGER.warning(
        "[keys] line%s %s%s: the encryption key there is the published authentication key, which is"
        " the same for all meters and decrypts nothing: enter the one of the operator's letter",
        "s" if len(lines) > 1 else "",
        shown,
        more,
    )


def _entries(lines: Iterable[str]) -> Iterable[tuple[int, bytes, bytes]]:
    """Yield the number, the DLMS system title and the keys of each line.

    Two keys are joined to one bytes object. The title "*" becomes b"".
    """
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        title, *keys = words
        if title != _EVERY_METER and not is_title(title):
            refuse(f"line {number}: it must begin with a system title, 16 hexadecimal digits, or *")
        if len(keys) not in {1, 2} or not all(map(_KEY.fullmatch, keys)):
            refuse(f"line {number}: one or two keys must follow, 32 hexadecimal digits each")
        yield (
            number,
            b"" if title == _EVERY_METER else bytes.fromhex(title),
            bytes.fromhex("".join(keys)),
        )
