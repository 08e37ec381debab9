"""Lowest and highest voltage of each phase in each five minutes of the last 24 hours."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, Self

from ...lib.bounds import keep_newest
from ...lib.meter.meter_reader import MIN_CONNECTED_VOLTS
from ...lib.stored_values import Stored, checked_count, checked_list, checked_text

STEP: Final = 300
SLOTS = 288
_PHASES = 3
_MAX_VOLTS = 10_000

type Bounds = list[float | None]
"""Lowest and highest voltage of L1, then of L2 and L3, None where the meter sent no voltage."""


class VoltageHistory:
    """Lowest and highest voltages of the phases, in one row for each five minutes.

    The number of a row is the number of five-minute periods since 1970.
    """

    def __init__(self, rows: Iterable[tuple[int, Bounds]] = ()) -> None:
        self._rows: dict[int, Bounds] = dict(rows)
        self._number = -1
        self._row: Bounds = []

    def note_voltages(self, seconds: float, voltages: Sequence[object]) -> None:
        """Add the voltages of the three phases, measured `seconds` after the start of 1970.

        Ignore negative voltages, and voltages above 10,000 V.
        """
        number = int(seconds) // STEP
        if number != self._number:
            self._begin(number)
        row = self._row
        for n, voltage in enumerate(voltages):
            if isinstance(voltage, (int, float)) and 0 <= voltage <= _MAX_VOLTS:
                lowest, highest = row[2 * n], row[2 * n + 1]
                if lowest is None or voltage < lowest:
                    row[2 * n] = voltage
                if highest is None or voltage > highest:
                    row[2 * n + 1] = voltage

    def join_newer(self, newer: Self) -> Self:
        """Add the rows of a history that began without this one. Return this history."""
        for number, row in newer._rows.items():
            self.note_voltages(number * STEP, row[0::2])
            self.note_voltages(number * STEP, row[1::2])
        return self

    def _begin(self, number: int) -> None:
        self._number = number
        self._row = self._rows.setdefault(number, [None] * (2 * _PHASES))
        # Drop the row that was begun first. The row with the lowest number need not be the
        # oldest row, because the clock may have been ahead for a time.
        keep_newest(self._rows, SLOTS)

    def rows(self, now: datetime) -> tuple[datetime, list[Bounds]]:
        """Return the start of the first row, and the 288 rows of the last 24 hours."""
        last = int(now.timestamp()) // STEP
        first = last - SLOTS + 1
        nothing: Bounds = [None] * (2 * _PHASES)
        start = datetime.fromtimestamp(first * STEP, UTC)
        return start, [self._rows.get(number, nothing) for number in range(first, last + 1)]

    def is_connected(self, phase: int, now: datetime) -> bool:
        """Return whether a phase (0 to 2) had 50 V or more in the last 24 hours."""
        _, rows = self.rows(now)
        return any((row[2 * phase + 1] or 0) >= MIN_CONNECTED_VOLTS for row in rows)

    def as_list(self) -> list[Stored]:
        """Return the rows as JSON values.

        Each row is one string, so that it takes one line of the file.
        """
        return [
            f"{number} {' '.join('-' if voltage is None else f'{voltage:g}' for voltage in row)}"
            for number, row in self._rows.items()
        ]

    @classmethod
    def from_list(cls, stored: Stored) -> Self:
        """Return the history from the result of `as_list`. Raises ValueError for malformed data."""
        return cls(map(_parsed, checked_list(stored, SLOTS + 1)))


def _parsed(stored: Stored) -> tuple[int, Bounds]:
    number, *cells = checked_text(stored).split(" ")
    row = [None if cell == "-" else float(cell) for cell in cells]
    if len(row) != 2 * _PHASES:
        raise ValueError
    for voltage in row:
        if voltage is not None and not 0 <= voltage <= _MAX_VOLTS:
            raise ValueError
    return checked_count(int(number)), row
