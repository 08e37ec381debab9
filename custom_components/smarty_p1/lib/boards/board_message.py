"""Content of a board's message: a JSON object or array with values, or a word such as ON.

A message comes from a stranger's firmware, so its size, depth and number of values are bounded.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..json_types import JsonDict
from .running_count import parse_count

MAX_MESSAGE_CHARS = 16_384
MAX_DEPTH = 8
MAX_KEY_CHARS = 64
MAX_VALUES = 100
_MAX_VALUE_CHARS = 32
# Beginning of a damaged object or array. A text in brackets, such as `[pulse]`, is neither.
_is_damaged = re.compile(r"\{|\[\s*(?:[\[{\"]|-?[0-9.]+\s*(?:,|\Z))").match
_MAX_SHOWN_CHARS = 100
# A number also rises if it is only noise, such as the quality of a radio link. So a number counts
# as rising only if its rises outnumber its falls by this factor. A restart of the board is a fall.
_RISES_PER_FALL = 3
# Active and inactive word of each pair. A contact closes for each pulse, so "closed" is active.
_STATE_WORDS = (
    ("on", "off"),
    ("true", "false"),
    ("closed", "open"),
    ("high", "low"),
    ("active", "inactive"),
    ("pressed", "released"),
)
_ACTIVE_WORDS = {word: active for active, *others in _STATE_WORDS for word in (active, *others)}
# Words that boards and bridges send if they have no value, or if their connection changes.
_NO_VALUE = {
    *("nan", "inf", "-inf", "infinity", "-infinity", "null", "none", "undefined"),
    *("unknown", "unavailable", "online", "offline"),
}

type Path = tuple[str | int, ...]
type Json = JsonDict | list[Any]


def active_word(text: str) -> str | None:
    """Return the active word of the pair that `text` belongs to, such as `on` for `OFF`.

    Return None if `text` is not a word of a state.
    """
    return _ACTIVE_WORDS.get(text.lower())


def parse_state(text: str) -> bool | None:
    """Return whether a word or a number 0 or 1 is the active state. Return None for other texts."""
    if text in {"0", "1"}:
        return text == "1"
    active = active_word(text)
    return None if active is None else text.lower() == active


def is_no_value(text: str) -> bool:
    """Return whether `text` says that the board has no value, or is online or offline."""
    return text.lower() in _NO_VALUE


def parse_json(text: str) -> Json | None:
    """Return the JSON object or array in `text`. Return None if `text` is neither.

    Numbers stay texts. NaN and Infinity become None. A damaged object, an object that lacks its
    first characters, and one that is too large or too deep become `{}`.
    """
    if not (text.startswith(("{", "[")) or text.endswith("}")):
        return None
    if len(text) > MAX_MESSAGE_CHARS:
        return {}
    try:
        content = json.loads(text, parse_int=str, parse_float=str, parse_constant=lambda _: None)
    except RecursionError:
        return {}
    except ValueError:
        return {} if text.endswith("}") or _is_damaged(text) else None
    return content if isinstance(content, (dict, list)) else None


def value_at(content: Json, path: Path) -> str | None:
    """Return the value at `path` as a text. Return None if there is no single value."""
    value: Any = content
    for key in path:
        is_inside = isinstance(value, dict if isinstance(key, str) else list)
        if not is_inside:
            return None
        try:
            value = value[key]
        except KeyError, IndexError:
            return None
    return _as_text(value)


def shown_path(path: Path) -> str:
    """Return a path for users, such as `COUNTER.C1`, cut if it is very long."""
    text = ".".join(str(key) for key in path).replace("`", "'")
    return text if len(text) <= _MAX_SHOWN_CHARS else f"…{text[-_MAX_SHOWN_CHARS:]}"


def _as_text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and len(value) <= _MAX_VALUE_CHARS:
        return value.strip()
    return None


def _values_in(content: Json) -> Iterator[tuple[Path, str]]:
    """Yield the first MAX_VALUES values with their paths, in the order of the message."""
    waiting: list[tuple[Path, Any]] = [((), content)]
    found = 0
    while waiting and found < MAX_VALUES:
        path, value = waiting.pop()
        if isinstance(value, (dict, list)):
            if len(path) < MAX_DEPTH:
                items = value.items() if isinstance(value, dict) else enumerate(value)
                inner = [((*path, key), item) for key, item in items if _is_key(key)]
                waiting += reversed(inner[:MAX_VALUES])
        elif (text := _as_text(value)) is not None:
            found += 1
            yield path, text


def _is_key(key: str | int) -> bool:
    return isinstance(key, int) or (0 < len(key) <= MAX_KEY_CHARS and key.isprintable())


class Counted(StrEnum):
    """Part of a message that is counted. A stored value never changes."""

    PLAIN = "plain"
    """A message without JSON: a running count, a state, or one pulse."""
    EACH = "each"
    """A message as for PLAIN, or a JSON object or array, which is one pulse."""
    COUNT = "count"
    """The running count at a path of a JSON message."""
    STATE = "state"
    """The state at a path of a JSON message. Each change to the active state is one pulse."""


@dataclass(frozen=True, slots=True)
class MessageForm:
    """Form of a board's messages: the part that is counted, and its path in a JSON message."""

    counted: Counted = Counted.PLAIN
    path: Path = ()


@dataclass(frozen=True, slots=True)
class MessageValue:
    """Value in JSON messages that can be counted. `text` is its last value.

    `has_moved` says whether the count has risen, or the state has changed.
    """

    form: MessageForm
    text: str
    has_moved: bool

    @property
    def shown_path(self) -> str:
        """Return the path for users."""
        return shown_path(self.form.path)

    @property
    def active(self) -> str:
        """Return the active value of a state."""
        return active_word(self.text) or "1"

    @property
    def count(self) -> int | None:
        """Return the running count. The count of a state is 1 or 0, as in `Pulses`."""
        if self.form.counted is Counted.COUNT:
            return parse_count(self.text)
        is_active = parse_state(self.text)
        return None if is_active is None else int(is_active)


class _Seen:
    """Values at one path so far."""

    def __init__(self, text: str, *, is_old: bool) -> None:
        self.text = text
        self._is_old = is_old
        self._is_word = active_word(text) is not None
        self._is_zero_or_one = text in {"0", "1"}
        self._is_valid = self._is_word or parse_count(text) is not None
        self._rises = self._falls = 0

    def add(self, text: str) -> None:
        """Add a value of a later message."""
        before = self._number(self.text)
        if (now := self._number(text)) is None or before is None:
            self._is_valid = False
            return
        self._is_zero_or_one &= text in {"0", "1"}
        self._rises += now > before
        # A retained count can be from a time before the board was restarted.
        self._falls += now < before and not self._is_old
        self.text, self._is_old = text, False

    def _number(self, text: str) -> int | None:
        return parse_state(text) if self._is_word else parse_count(text)

    def value(self, path: Path) -> MessageValue | None:
        """Return the value at `path`. Return None if it cannot be counted."""
        # A number of kilowatt-hours is energy, not a count of pulses.
        is_energy = str(path[-1]).lower().endswith("kwh")
        if not self._is_valid or is_energy:
            return None
        if self._is_word or (self._is_zero_or_one and self._falls):
            form, has_moved = Counted.STATE, self._rises + self._falls > 0
        else:
            form, has_moved = Counted.COUNT, self._rises > _RISES_PER_FALL * self._falls
        return MessageValue(MessageForm(form, path), self.text, has_moved)


class MessageSurvey:
    """Values in the JSON messages of a board, to find the value that counts pulses."""

    def __init__(self) -> None:
        self._seen: dict[Path, _Seen] = {}
        self.has_messages = False

    def add(self, content: Json, *, is_old: bool = False) -> None:
        """Add the values of a message. `is_old` says that the broker had retained the message."""
        self.has_messages = True
        for path, text in _values_in(content):
            if seen := self._seen.get(path):
                seen.add(text)
            elif len(self._seen) < MAX_VALUES:
                self._seen[path] = _Seen(text, is_old=is_old)

    @property
    def values(self) -> list[MessageValue]:
        """Return the values that can be counted. Values that have moved come first."""
        values = [value for path, seen in self._seen.items() if (value := seen.value(path))]
        return sorted(values, key=lambda value: not value.has_moved)

    @property
    def best(self) -> MessageValue | None:
        """Return the only count that has risen. If none has, return the only changed state.

        Return None if there are several, or neither.
        """
        for counted in (Counted.COUNT, Counted.STATE):
            moved = [v for v in self.values if v.has_moved and v.form.counted is counted]
            if moved:
                return moved[0] if len(moved) == 1 else None
        return None
