"""MQTT topics of a telegram: a name for every value, and the value as text.

The names come from the table of the P1 specification, in small letters. The names of an M-Bus
meter's values begin with the kind and the channel of the meter. A text that the meter sends becomes
at most one level of a topic.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice, zip_longest
from typing import NamedTuple

from ..p1.obis import CHANNELS, MBUS_FIELDS, OBJECTS, mbus_reference
from ..p1.telegram import Telegram
from ..p1.telegram_lines import read_lines
from ..p1.value_converters import Capture, Value

MAX_TOPIC_BYTES = 256
"""Maximum length of an entered topic. MQTT permits 65,535 bytes, which nobody can read."""
DISCOVERY_END = "/config"
"""End of the topic of a discovery message."""

_MBUS_NAMES = {
    mbus_reference(channel, name): (channel, name) for channel in CHANNELS for name in MBUS_FIELDS
}
_INDEXES = {reference for reference, (_, name) in _MBUS_NAMES.items() if name == "index"}
_NOT_CAPTURED = Capture(None, None, None)
_LIMITS = ("current_limit_imported", "current_limit_exported")
PART_NAMES: Mapping[str, Sequence[str]] = {"1-1:31.4.0": _LIMITS, "1-1:34.4.0": _LIMITS}
"""Names of the single values of an object with several values, keyed by OBIS reference."""

_number = re.compile(r"[+-]?[0-9]+(?:\.(?P<decimals>[0-9]+))?")
# An identifier of digits matches this pattern, too. But as a number, it would lose its leading
# zeros. So `_number_and_unit` accepts a number only with a unit or a decimal point.
_is_number = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,9})?").fullmatch
_NO_NAME = re.compile(r"[^a-z0-9]+")
# Maximum number of values of one object, because every value gets a topic. No meter sends more
# values.
_MAX_VALUES = 32
_MAX_LEVEL_SIZE = 64
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")


class Item(NamedTuple):
    """Value of a telegram.

    `text` is the value as text, "" if the value is unknown. `sent` is the text that the meter sent
    for the value. For the capture time of an index, and for one of several values, `sent` is the
    text of the whole object. For the unit of an index, it is `text`.
    """

    reference: str
    name: str
    unit: str | None
    text: str
    sent: str


def is_topic(text: str) -> bool:
    """Return whether `text` is one topic: printable, without + and #, and not beginning with $.

    A broker may close the connection because of control characters, or because of some topics that
    begin with $.
    """
    is_fit = text.isprintable() and not text.startswith("$") and not set(text) & set("+#")
    return is_fit and 0 < len(text.encode()) <= MAX_TOPIC_BYTES


def level(text: str) -> str:
    """Return `text` as one level of a topic. `_` replaces characters such as `#`, `+` and `/`."""
    return _UNSAFE.sub("_", text[:_MAX_LEVEL_SIZE])


def items(telegram: Telegram) -> Iterator[Item]:
    """Yield the values of a telegram. An object with several values gives several items."""
    lines, _ = read_lines(telegram.text)
    yield Item("", "identification", None, telegram.identification, telegram.identification)
    sent = {reference: value for reference, (_, value, _) in lines.items()}
    for reference, value in telegram.objects.items():
        yield from _items(telegram, reference, value, sent.get(reference, ""))


def _items(telegram: Telegram, reference: str, value: Value, sent: str) -> Iterator[Item]:
    name = _name(telegram, reference)
    if reference in _INDEXES:
        capture = value if isinstance(value, Capture) else _NOT_CAPTURED
        yield from _index_items(telegram, reference, name, capture, sent)
    elif isinstance(value, tuple):
        parts = zip_longest(value, sent.split(")("), PART_NAMES.get(reference, ()))
        for count, (part, sent_part, part_name) in enumerate(islice(parts, _MAX_VALUES), start=1):
            own_name = part_name or f"{name}_{count}"
            yield _item(reference, own_name, part, sent_part or "")._replace(sent=sent)
    else:
        yield _item(reference, name, value, sent)


def _item(reference: str, name: str, value: Value, sent: str) -> Item:
    if kind := OBJECTS.get(reference):
        return Item(reference, name, kind.unit, _as_text(value, sent), sent)
    number, unit = _number_and_unit(sent)
    return Item(reference, name, unit, number or _as_text(value, sent), sent)


def _index_items(
    telegram: Telegram, reference: str, name: str, capture: Capture, sent: str
) -> Iterator[Item]:
    """Yield the index of an M-Bus meter, its unit and its capture time.

    These are always three items. The text of an item is "" if its value is unknown.
    """
    reading = telegram.channels.get(_MBUS_NAMES[reference][0])
    # A meter omits the unit of an unknown index. But the topic names of the device SmartyReader
    # contain a unit. So take `reading.unit`: if the telegram has no unit, it is the default unit
    # for the type of the meter.
    unit = capture.unit or (reading.unit if reading else None)
    _, _, index = sent.partition(")(")
    # A meter that has never captured the index sends fill bytes instead of a capture time. So its
    # index is not valid, and is left out.
    text = _as_text(capture.value, index) if capture.time else ""
    yield Item(reference, name, unit, text, index)
    yield Item(reference, f"{name}_unit", None, unit or "", unit or "")
    capture_time = f"{name.removesuffix('_index')}_capture_time"
    yield Item(reference, capture_time, None, _as_text(capture.time, ""), sent)


def object_name(reference: str) -> str:
    """Return the name of an object in topics. The object must not belong to an M-Bus meter."""
    if kind := OBJECTS.get(reference):
        return _NO_NAME.sub("_", kind.name.lower().replace("'s", ""))
    # Some programs that read topics give a special meaning to dots and colons. So replace both.
    return reference.replace(":", "_").replace(".", "_")


def _name(telegram: Telegram, reference: str) -> str:
    if reference in _MBUS_NAMES:
        channel, name = _MBUS_NAMES[reference]
        reading = telegram.channels.get(channel)
        kind = "channel" if reading is None or reading.type == "unknown" else reading.type
        return f"{kind}_{channel}_{name}"
    return object_name(reference)


def _number_and_unit(sent: str) -> tuple[str | None, str | None]:
    """Return the number and the unit in the text of an object that OBJECTS does not list.

    Return (None, None) if the text is not a number.
    """
    number, star, unit = sent.partition("*")
    if not _is_number(number) or (star and not unit) or not (star or "." in number):
        return None, None
    return f"{Decimal(number):f}", unit or None


def _as_text(value: Value, sent: str) -> str:
    match value:
        case None:
            return ""
        case float():
            return _as_decimal(value, sent)
        case datetime():
            return value.isoformat()
        case _:
            return str(value)


def _as_decimal(value: float, sent: str) -> str:
    """Return `value` as text. If `sent` has the same number, the text has the decimals of `sent`.

    Otherwise, the text has at least as many decimals as `sent`.
    """
    if match := _number.match(sent):
        if float(match[0]) == value:
            return f"{Decimal(match[0]):f}"
        # `value` differs from the number in `sent` in two cases. Either a unit was converted, or
        # `sent` has an implausible total and `value` is the last accepted total.
        text = f"{value:.{len(match['decimals'] or '')}f}"
        if float(text) == value:
            return text
    return f"{Decimal(repr(value)):f}"
