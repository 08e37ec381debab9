"""Live view of a port, as rows of text that fit the terminal."""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import batched, zip_longest
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from smartyp1.p1 import MBUS_FIELDS, MESSAGES, OBJECTS, Telegram, mbus_reference

from .rejection_words import EXPLANATIONS
from .watch_state import PortStatus
from .watch_texts import WRONG, channel_texts, clean, condition, object_text, summary

_GAP = "   "
_CELL_WIDTH = 36

# Rows of a table by their labels. The row with the empty label holds the column titles. All other
# rows hold the OBIS references of the values.
type _Table = dict[str, tuple[str, ...]]
_ENERGY_AND_POWER: _Table = {
    "": ("imported", "exported"),
    "energy kWh": ("1-0:1.8.0", "1-0:2.8.0"),
    "power kW": ("1-0:1.7.0", "1-0:2.7.0"),
    "apparent kVA": ("1-0:9.7.0", "1-0:10.7.0"),
    "reactive kvarh": ("1-0:3.8.0", "1-0:4.8.0"),
    "reactive kvar": ("1-0:3.7.0", "1-0:4.7.0"),
}
_BY_PHASE: _Table = {
    "": ("L1", "L2", "L3"),
    "voltage V": ("1-0:32.7.0", "1-0:52.7.0", "1-0:72.7.0"),
    "current A": ("1-0:31.7.0", "1-0:51.7.0", "1-0:71.7.0"),
    "imported kW": ("1-0:21.7.0", "1-0:41.7.0", "1-0:61.7.0"),
    "exported kW": ("1-0:22.7.0", "1-0:42.7.0", "1-0:62.7.0"),
    "imported kvar": ("1-0:23.7.0", "1-0:43.7.0", "1-0:63.7.0"),
    "exported kvar": ("1-0:24.7.0", "1-0:44.7.0", "1-0:64.7.0"),
}
_IN_TABLES = {*sum((*_ENERGY_AND_POWER.values(), *_BY_PHASE.values()), ())}


class _Row(NamedTuple):
    """Row of the view: its text, the number of values in the text, and its style."""

    text: str = ""
    values: int = 0
    style: str = ""


def view(status: PortStatus, now: float, width: int, height: int) -> Group:
    """Return at most `height` rows of `width` characters: the port's status, then the values.

    If not all values fit, the last row has the number of hidden values.
    """
    _, style = condition(status, now)
    max_lines = max(1, min(3, height // 4))
    text, end = summary(status, now), "..."[:width]
    header = textwrap.wrap(
        text, width, max_lines=max_lines, placeholder=end, break_on_hyphens=False
    )
    room = height - len(header)
    rows = list(_rows(status, width))
    if len(rows) > room:
        rows = [row for row in rows if row.text]
    if hidden := sum(row.values for row in rows[max(room - 1, 0) :]) if len(rows) > room else 0:
        rows = [*rows[: max(room - 1, 0)], _Row(f"+ {hidden} more", style="bold")]
    # A meter's texts may contain brackets, which are markup in a string. So build a Text, which has
    # no markup.
    picture = Text(no_wrap=True, overflow="ellipsis").append("\n".join(header), style)
    for row in rows[:room]:
        # During an error, the last telegram may be outdated. So show its values dimmed.
        picture.append(f"\n{row.text}", f"{row.style}{' dim' * (style == WRONG)}")
    return Group(picture)


def _rows(status: PortStatus, width: int) -> Iterator[_Row]:
    yield _Row()
    telegram = status.telegram
    if telegram is None:
        for reason, count in status.rejected.items():
            name = reason.replace("_", " ")
            text = f"rejected ({name}), {count} times: {EXPLANATIONS[reason]}"
            yield from map(_Row, textwrap.wrap(text, width))
        return
    energy, phases = _table(telegram, _ENERGY_AND_POWER), _table(telegram, _BY_PHASE)
    size = len(energy[0].text + _GAP) if energy else 0
    if energy and phases and size + len(phases[0].text) <= width:
        for left, right in zip_longest(energy, phases, fillvalue=_Row()):
            text = f"{left.text:<{size}}{right.text}"
            yield _Row(text, left.values + right.values, left.style)
    else:
        yield from (*energy, _Row(), *phases)
    yield _Row()
    yield from _channels(telegram)
    yield _Row()
    for items in _rest(telegram):
        yield from _cells(items, width)


def _table(telegram: Telegram, table: _Table) -> list[_Row]:
    """Return the rows of `table`: the column titles, and each quantity that the meter sends.

    If the meter sends none of the quantities, return [].
    """
    cells, counts = [("", *table[""])], [0]
    for label, references in table.items():
        if count := len(telegram.objects.keys() & references):
            values = [telegram.objects.get(reference) for reference in references]
            sent = [repr(value).partition(".")[2] for value in values if isinstance(value, float)]
            # All numbers of a row get as many decimals as the number with the most decimals.
            decimals = max(3 if " k" in label else 0, *map(len, sent), 0)
            shown = (f"{v:.{decimals}f}" if isinstance(v, float) else "-" for v in values)
            cells.append((label, *shown))
            counts.append(count)
    title, *rows = map(_Row, _aligned(cells), counts, strict=True)
    return [title._replace(style="bold"), *rows] if rows else []


def _aligned(cells: Sequence[Sequence[str]], gap: str = "  ") -> list[str]:
    """Return the rows of a table. The first column is left-aligned, all others right-aligned."""
    first, *others = (max(map(len, column)) for column in zip(*cells, strict=True))
    form = gap.join([f"{{:<{first}}}", *(f"{{:>{width}}}" for width in others)])
    return [form.format(*row) for row in cells]


def _channels(telegram: Telegram) -> Iterator[_Row]:
    heads = _aligned(channel_texts(telegram), " ") if telegram.channels else []
    for head, (number, reading) in zip(heads, telegram.channels.items(), strict=True):
        time = f"{reading.time:%Y-%m-%d %H:%M}" if reading.time else "never captured"
        parts = [f"M-Bus {head}", time, clean(reading.serial_number or "-", 40)]
        if reading.valve is not None:
            parts.append(f"valve {object_text(mbus_reference(number, 'valve'), reading.valve)}")
        yield _Row("  ".join(parts), 1)


def _rest(telegram: Telegram) -> Iterator[list[tuple[str, str]]]:
    """Yield three lists of pairs (name, text) for the data that is not in the tables.

    The first list has the messages, the second the values, the third the empty objects.
    """
    shown = {mbus_reference(at, field) for at in telegram.channels for field in MBUS_FIELDS}
    first = [("meter", clean(telegram.identification))]
    if telegram.frame_counter is not None:
        first.append(("frame counter", str(telegram.frame_counter)))
    kinds: tuple[list[tuple[str, str]], ...] = ([], first, [])
    for reference, value in telegram.objects.items():
        if reference not in shown | _IN_TABLES:
            text = object_text(reference, value)
            name = OBJECTS[reference].name if reference in OBJECTS else reference
            kinds[2 if text == "-" else reference not in MESSAGES].append((name, text))
    yield from kinds


def _cells(items: list[tuple[str, str]], width: int) -> Iterator[_Row]:
    """Yield rows with the items in columns.

    An item that is too long for a column has its own row.
    """
    columns = max(1, (width + len(_GAP)) // (_CELL_WIDTH + len(_GAP)))
    size = (width - len(_GAP) * (columns - 1)) // columns
    short, long = [], []
    for name, text in items:
        if (gap := size - len(name) - cell_len(text)) > 0:
            short.append(f"{name}{' ' * gap}{text}")
        else:
            long.append(_Row(f"{name}  {text}", 1))
    for batch in batched(short, columns, strict=False):
        yield _Row(_GAP.join(batch), len(batch))
    yield from long
