"""Report about a line for people who help: sizes, times and numbers, but nothing that identifies.

    report = LineReport()
    decoder = Decoder(key, report=report)
    report.add_bytes(len(data), now)
    decoder.feed(data)
    report.facts(now)

A report keeps no byte of a frame, because a key may become known later. Texts of a telegram are
left out. Identifiers are replaced by substitutes, which are random for each call of `facts`.
"""

import re
import secrets
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ..json_types import JsonDict
from .obis import OBJECTS
from .rejection_reasons import Reason, Rejection
from .telegram import Telegram
from .value_converters import INDEX_UNITS, Value, device_name, identifier, message

MAX_FRAMES = 20
# A meter sends its telegrams ten seconds apart. Gateways cut a telegram into parts, a fraction of a
# second apart.
_PAUSE_S = 2.0
# A register or index has at most eight digits before its point. A longer number may be an
# identifier.
_NUMBER_LIMIT = 1e8
_DECIMALS = 3
_TEXT_CONVERTERS = (device_name, identifier, message)
_is_short_number = re.compile(r"[0-9]{1,3}").fullmatch

type Substitutes = defaultdict[object, str]
"""Substitutes by their identifiers. Equal identifiers get equal substitutes."""


def new_substitutes() -> Substitutes:
    """Return substitutes that nobody can link with those of another report."""
    return defaultdict(lambda: f"id-{secrets.token_hex(4)}")


class _Frame(NamedTuple):
    """Frame or plain telegram: time of its last byte, its place on the line, and its result.

    `size` is None if another frame has cut it short.
    """

    at: float
    end: int
    size: int | None
    result: str
    title: bytes | None
    counter: int | None


class LineReport:
    """Report about the last frames on one line, and the last accepted telegram."""

    def __init__(self) -> None:
        self.size = 0
        """Number of received bytes."""
        self._now = 0.0
        self._bursts = deque[tuple[float, int]](maxlen=MAX_FRAMES)
        self._accepted = deque[_Frame](maxlen=MAX_FRAMES)
        self._refused = deque[_Frame](maxlen=MAX_FRAMES)
        self._rejections = Counter[Reason]()
        self._telegram: Telegram | None = None

    def add_bytes(self, size: int, now: float) -> None:
        """Add `size` bytes that came at `now`, in seconds of a monotonic clock."""
        continues = self._bursts and now - self._now < _PAUSE_S
        begin, before = self._bursts.pop() if continues else (now, 0)
        self._bursts.append((begin, before + size))
        self.size += size
        self._now = now

    def add_events(self, events: Sequence[Telegram | Rejection], start: int, end: int) -> None:
        """Add one or more events of the bytes from `start` to `end`, counted since the line began.

        The last event is that of a frame or telegram, which has cut short the frames before it.
        """
        *cut_short, last = events
        for event in cut_short:
            self._add(event, start, None)
        self._add(last, end, end - start)

    def _add(self, event: Telegram | Rejection, end: int, size: int | None) -> None:
        title, counter = event.system_title, event.frame_counter
        if isinstance(event, Telegram):
            self._telegram = event
            frames, result = self._accepted, event.verification.value
            # The bytes before a plain telegram are no part of it.
            size = len(event.text) if counter is None else size
        else:
            self._rejections[event.reason] += 1
            frames, result = self._refused, event.reason.value
        frames.append(_Frame(self._now, end, size, result, title, counter))

    def facts(self, now: float | None = None, names: Substitutes | None = None) -> JsonDict:
        """Return the report as JSON values. Without `now`, the ages are left out.

        Of a frame counter, only its difference from a meter's last counter is shown.
        """
        names = new_substitutes() if names is None else names
        last = {frame.title: frame.counter or 0 for frame in (*self._refused, *self._accepted)}

        def age(at: float) -> JsonDict:
            return {} if now is None else {"seconds_ago": round(now - at, 1)}

        def described(frame: _Frame) -> JsonDict:
            facts = age(frame.at) | {"end": frame.end, "size": frame.size, "result": frame.result}
            if frame.title is not None and frame.counter is not None:
                facts["title"] = names[frame.title]
                facts["counter"] = frame.counter - last[frame.title]
            return facts

        return {
            "bytes": self.size,
            "bursts": [age(begin) | {"size": size} for begin, size in self._bursts],
            "frames": [*map(described, self._accepted)],
            "refused": [*map(described, self._refused)],
            "rejections": {reason.value: count for reason, count in self._rejections.items()},
            "telegram": self._telegram and telegram_facts(self._telegram, names),
        }


def telegram_facts(telegram: Telegram, names: Substitutes) -> JsonDict:
    """Return the numbers and times in known objects of a telegram. Unreadable ones are None."""

    def name(identifier: str | None) -> str | None:
        return None if identifier is None else names[identifier]

    objects = {
        reference: _shown(value)
        for reference, value in telegram.objects.items()
        if (kind := OBJECTS.get(reference)) and kind.convert not in _TEXT_CONVERTERS
    }
    return {
        "verification": telegram.verification.value,
        "size": len(telegram.text),
        "meter": name(telegram.serial_number),
        "time": _shown(telegram.time),
        "objects": objects,
        "objects_left_out": len(telegram.objects) - len(objects),
        "channels": {
            str(channel): {
                "type": meter.type,
                "meter": name(meter.serial_number),
                "value": _shown(meter.value),
                "unit": _shown(meter.unit),
                "time": _shown(meter.time),
                "valve": _shown(meter.valve),
            }
            for channel, meter in telegram.channels.items()
        },
    }


def _shown(value: Value) -> Any:  # noqa: ANN401 - JSON has no type of its own
    match value:
        case datetime():
            return value.isoformat()
        case tuple():
            return [*map(_shown, value)]
        case int() | float():
            return round(value, _DECIMALS) if abs(value) < _NUMBER_LIMIT else None
        case str() if value in INDEX_UNITS or _is_short_number(value):
            return value
    return None
