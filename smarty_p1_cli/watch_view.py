"""From what is known of a port to a picture of it, fitted to a window."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import batched, zip_longest
from typing import NamedTuple

from rich.console import Group
from rich.text import Text

from smartyp1.p1 import MBUS_FIELDS, MESSAGES, OBJECTS, MBusReading, Telegram, Value, mbus_reference

from .rejection_words import EXPLANATIONS
from .watch_state import (
    Known,
    Level,
    channel_type,
    channel_value,
    clean,
    condition,
    control_state,
    object_text,
    summary,
)

_STYLES = {Level.GOOD: "bold green", Level.WAITING: "bold yellow", Level.WRONG: "bold red"}
_LONGEST_HEADER = 3
_GAP = 3
_CELL_WIDTH = 36
_LONGEST_SERIAL = 40

type _Items = Sequence[tuple[str, str]]
type _Quantities = tuple[tuple[str, str, tuple[str, ...]], ...]

_DIRECTIONS = ("imported", "exported")
_ENERGY_AND_POWER: _Quantities = (
    ("energy", "kWh", ("1-0:1.8.0", "1-0:2.8.0")),
    ("power", "kW", ("1-0:1.7.0", "1-0:2.7.0")),
    ("apparent", "kVA", ("1-0:9.7.0", "1-0:10.7.0")),
    ("reactive", "kvarh", ("1-0:3.8.0", "1-0:4.8.0")),
    ("reactive", "kvar", ("1-0:3.7.0", "1-0:4.7.0")),
)
_PHASES = ("L1", "L2", "L3")
_BY_PHASE: _Quantities = (
    ("voltage", "V", ("1-0:32.7.0", "1-0:52.7.0", "1-0:72.7.0")),
    ("current", "A", ("1-0:31.7.0", "1-0:51.7.0", "1-0:71.7.0")),
    ("imported", "kW", ("1-0:21.7.0", "1-0:41.7.0", "1-0:61.7.0")),
    ("exported", "kW", ("1-0:22.7.0", "1-0:42.7.0", "1-0:62.7.0")),
    ("imported", "kvar", ("1-0:23.7.0", "1-0:43.7.0", "1-0:63.7.0")),
    ("exported", "kvar", ("1-0:24.7.0", "1-0:44.7.0", "1-0:64.7.0")),
)
_IN_TABLES = {
    reference
    for quantities in (_ENERGY_AND_POWER, _BY_PHASE)
    for _, _, references in quantities
    for reference in references
}


class _Row(NamedTuple):
    """A row of the picture, and how many values it shows."""

    text: Text
    values: int


_BLANK = _Row(Text(), 0)


def view(known: Known, now: float, width: int, height: int) -> Group:
    """Return at most `height` rows of `width`: what is wrong comes first, then what matters."""
    state = condition(known, now)
    header = _header(summary(known, now), _STYLES[state.level], width, height)
    rows = list(_rows(known, width))
    room = height - len(header)
    if len(rows) > room:
        rows = [row for row in rows if row is not _BLANK]
    if len(rows) > room:
        kept = max(room - 1, 0)
        hidden = sum(row.values for row in rows[kept:])
        if hidden:
            rows = [*rows[:kept], _Row(Text(f"+ {hidden} more", "bold"), 0)]
        rows = rows[:room]
    # What is shown may no longer be true.
    style = "dim" if state.level is Level.WRONG else ""
    body = [row.text.copy() for row in rows]
    for text in body:
        text.stylize(style)
        text.truncate(width, overflow="ellipsis")
    return Group(*header, *body)


def _header(text: str, style: str, width: int, height: int) -> list[Text]:
    highest = max(1, min(_LONGEST_HEADER, height // 4))
    lines = textwrap.wrap(
        text, width, max_lines=highest, placeholder="..."[:width], break_on_hyphens=False
    )
    header = [Text(part, style, no_wrap=True) for part in lines]
    for row in header:
        row.truncate(width, overflow="ellipsis")
    return header


def _rows(known: Known, width: int) -> Iterator[_Row]:
    telegram = known.telegram
    if telegram is None:
        yield _BLANK
        for reason, count in known.rejected.items():
            name = reason.replace("_", " ")
            text = f"rejected ({name}), {count} times: {EXPLANATIONS[reason]}"
            yield from (_Row(_text(part), 0) for part in textwrap.wrap(text, width))
        return
    energy = _table(telegram, _DIRECTIONS, _ENERGY_AND_POWER)
    phases = _table(telegram, _PHASES, _BY_PHASE)
    yield _BLANK
    if energy and phases and _width(energy) + _GAP + _width(phases) <= width:
        yield from _beside(energy, phases)
    else:
        yield from energy
        yield _BLANK
        yield from phases
    yield _BLANK
    yield from _channels(telegram.channels)
    yield _BLANK
    for items in _rest(telegram):
        yield from _cells(items, width)


def _table(telegram: Telegram, titles: Sequence[str], quantities: _Quantities) -> list[_Row]:
    """Return a row per quantity that the meter sends, below the titles of the columns."""
    labels, columns = [""], [[title] for title in titles]
    counts = [0]
    for name, unit, references in quantities:
        values = [telegram.objects.get(reference) for reference in references]
        if not any(reference in telegram.objects for reference in references):
            continue
        labels.append(f"{name} {unit}")
        counts.append(sum(reference in telegram.objects for reference in references))
        for column, text in zip(columns, _aligned(values, unit), strict=True):
            column.append(text)
    if len(labels) == 1:
        return []
    widths = [max(map(len, column)) for column in columns]
    label_width = max(map(len, labels))
    rows = []
    for count, label, *texts in zip(counts, labels, *columns, strict=True):
        cells = "".join(f"  {text:>{size}}" for text, size in zip(texts, widths, strict=True))
        rows.append(_Row(_text(f"{label:<{label_width}}{cells}", "" if count else "bold"), count))
    return rows


def _aligned(values: Sequence[Value], unit: str) -> list[str]:
    """Return numbers with as many decimals as the one that has the most."""
    numbers = [value for value in values if isinstance(value, float)]
    sent = (len(repr(number).partition(".")[2]) for number in numbers)
    decimals = max([3 if unit.startswith("k") else 0, *sent])
    return [f"{value:.{decimals}f}" if isinstance(value, float) else "-" for value in values]


def _width(rows: Sequence[_Row]) -> int:
    return max(row.text.cell_len for row in rows)


def _beside(left: Sequence[_Row], right: Sequence[_Row]) -> Iterator[_Row]:
    width = _width(left) + _GAP
    for one, other in zip_longest(left, right, fillvalue=_BLANK):
        text = one.text.copy()
        text.truncate(width, pad=True)
        yield _Row(text.append_text(other.text), one.values + other.values)


def _channels(channels: Mapping[int, MBusReading]) -> Iterator[_Row]:
    types = [channel_type(reading) for reading in channels.values()]
    values = [channel_value(reading) for reading in channels.values()]
    type_width, value_width = (max(map(len, texts), default=0) for texts in (types, values))
    for (channel, reading), name, value in zip(channels.items(), types, values, strict=True):
        parts = [
            f"M-Bus {channel} {name:<{type_width}} {value:>{value_width}}",
            f"{reading.time:%Y-%m-%d %H:%M}" if reading.time else "never captured",
            clean(reading.serial_number or "-", _LONGEST_SERIAL),
        ]
        if reading.valve is not None:
            parts.append(f"valve {control_state(reading.valve)}")
        yield _Row(_text("  ".join(parts)), 1)


def _rest(telegram: Telegram) -> tuple[_Items, ...]:
    """Return names and values of what no table shows: messages, values, what has no value."""
    shown = _IN_TABLES | {
        mbus_reference(channel, field) for channel in telegram.channels for field in MBUS_FIELDS
    }
    messages: list[tuple[str, str]] = []
    values = [("meter", clean(telegram.identification))]
    empty: list[tuple[str, str]] = []
    if telegram.frame_counter is not None:
        values.append(("frame counter", str(telegram.frame_counter)))
    for reference, value in telegram.objects.items():
        if reference in shown:
            continue
        name = OBJECTS[reference].name if reference in OBJECTS else reference
        text = object_text(reference, value)
        found = empty if text == "-" else messages if reference in MESSAGES else values
        found.append((name, text))
    return messages, values, empty


def _cells(items: _Items, width: int) -> Iterator[_Row]:
    """Return the items in columns; one that is too long for a column has a row of its own."""
    columns = max(1, (width + _GAP) // (_CELL_WIDTH + _GAP))
    size = (width - _GAP * (columns - 1)) // columns
    texts = [(name, _text(value)) for name, value in items]
    short = [item for item in texts if len(item[0]) + 1 + item[1].cell_len <= size]
    for batch in batched(short, columns, strict=False):
        row = _text("")
        for name, value in batch:
            start = row.cell_len + (_GAP if row else 0)
            row.pad_right(start - row.cell_len)
            row.append(name)
            row.pad_right(start + size - row.cell_len - value.cell_len)
            row.append_text(value)
        yield _Row(row, len(batch))
    for name, value in texts:
        if (name, value) not in short:
            yield _Row(_text(f"{name}  ").append_text(value), 1)


def _text(text: str, style: str = "") -> Text:
    # Never a string: rich would take what a meter says in brackets for markup.
    return Text(text, style, no_wrap=True)
