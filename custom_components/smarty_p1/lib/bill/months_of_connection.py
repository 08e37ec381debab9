"""Months of a connection, from its spans and from the days of Leneda, as both change."""

from collections.abc import Callable
from datetime import datetime

from ..history.month_columns import Columns
from ..history.readings_to_spans import ReadingHistory
from ..history.spans import Span
from ..prices.contract import Contracts
from .leneda_days import NO_LENEDA_DAYS, LenedaDays
from .month import Month
from .month_cache import KnownMonths


class MonthsOfConnection:
    """Months of a connection. They are computed again only as far as spans or days have changed.

    `leneda` has the days of Leneda, which complete the measured quarter-hours and are never stored
    with them.
    """

    def __init__(self, history: ReadingHistory) -> None:
        self.leneda = NO_LENEDA_DAYS
        self._history = history
        self._months = KnownMonths()
        self._noted: list[Span] | None = None
        """Spans added or dropped while a thread computes the months, None at other times."""

    def made(self, contracts: Contracts) -> dict[datetime, Month]:
        """Return the months, keyed by start. While nothing changes, the same object is returned."""
        self._note_changed()
        return self._months.made(self._history.columns(), self.leneda, contracts)

    def begin_leneda(
        self, columns: Columns, contracts: Contracts
    ) -> Callable[[LenedaDays], KnownMonths]:
        """Return a function that computes the months for `set_past` in a thread.

        `columns` is a copy of the present spans. The thread does not see spans that are added or
        dropped while it works. So they are recorded, and `set_past` marks their days and months as
        changed.
        """
        self._note_changed()
        self._noted = []
        return lambda leneda: KnownMonths.of(columns, leneda, contracts)

    def set_leneda(self, leneda: LenedaDays, months: KnownMonths | None) -> None:
        """Complete the measured quarter-hours with `leneda`, the days of Leneda.

        `months` were computed by a thread. If None, the months are computed when they are needed.
        """
        self._note_changed()
        self.leneda = leneda
        self._history.known_elsewhere = leneda.months
        if months is not None:
            self._months = months
            for span in self._noted or ():
                months.note(span)
        self._noted = None

    def _note_changed(self) -> None:
        for span in self._history.take_changed():
            self._months.note(span)
            if self._noted is not None:
                self._noted.append(span)
