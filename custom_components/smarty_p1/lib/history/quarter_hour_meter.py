"""The quarter-hours of Luxembourg's grid tariff: mean power, peak, energy above reference power.

    meter = QuarterHourMeter()
    meter.count_telegram(time, Energies(imported_kwh), power_kw, serial_number)  # every telegram
    values = meter.values
    if values and values.will_exceed:
        print("shed load: at most", values.available_kw, "kW until the quarter-hour ends")

The tariff charges `max(0, mean power - reference power) * 0.25 h` for every quarter-hour of the
meter's clock. The energy of a quarter-hour is the rise of the register of imported energy
(1-0:1.8.0) from start to end. Both register values are interpolated between two readings. Power
readings do not count, so a short spike costs nothing while the mean stays low.

- Energy is interpolated between readings up to 15 minutes apart. A quarter-hour is unknown if it
  touches a longer gap, a change of meter, a register that falls or leaps, or a clock change. An
  unknown quarter-hour counts neither for the peak nor for the energy above the reference power.
  Its energy still counts in its day and month (`readings_to_spans.py`).
- A clock set back by up to a minute is a correction: readings are ignored until the clock has
  caught up.
- Months are calendar months in Luxembourg. A quarter-hour belongs to the month of its start.
- All values belong to the connection, so a new meter does not reset them.
- The reading that ends the last quarter-hour of a month still shows that whole month. The next
  reading begins the new month. A doubtful clock does not change the shown month
  (`shown_month.py`).

This module does no I/O and uses only the meter's clock. Work and memory per reading are bounded.
"""

import json
from collections.abc import Callable, Container
from datetime import UTC, datetime, timedelta
from typing import Self

from ..clock_verdict import NO_DOUBT, ClockVerdict
from ..json_types import JsonDict, JsonMapping
from ..stored_json import dump, load
from ..stored_values import Stored, checked_count, checked_flag, checked_list, checked_mapping
from .doubtful_clock import ClockDoubt
from .gap_clock_and_power_limits import MAX_POWER_KW
from .luxembourg_time import HOUR, QUARTER_HOUR, month_start, quarter_start
from .market_prices import NO_PRICES, MarketPrices
from .month_columns import Columns, MonthColumns, Row
from .month_file_lines import Files, checksum
from .month_file_reader import RowReader
from .quarter_hour import QuarterHour
from .quarter_hour_values import QuarterHourValues
from .reading_json import load_quarter, load_registers, load_segment, store_known, store_segment
from .reading_segments import MAX_SEGMENTS, ReadingSegment
from .readings_to_spans import ReadingHistory
from .register_amounts import DECIMALS, Energies, Registers
from .shown_month import time_until
from .spans import Span

_VERSION = 3
_PARTS = ("version", "stretches", "last_quarter", "is_begun_here", "begun", "number", "doubt")
_CHECK = "check"
_MAX_RESTORED = 1_000_000
# The register counts whole watt-hours, so the energy of a quarter-hour can be 1 Wh too high.
_RESOLUTION_KWH = 0.001
# Minimum divisor for the available power. The available power is the energy left until the
# reference power, divided by the remaining time of the quarter-hour. In the last few seconds, this
# quotient would be very high. An appliance switched on at that power would exceed the reference
# power in the next quarter-hour.
_MIN_REST = timedelta(minutes=1)
# Tolerance in kWh. If another program has rounded a register up, a later reading can be lower than
# the rounded value by up to this tolerance.
_MAX_ROUNDING_KWH = 1.0

type ReferenceAt = Callable[[datetime], float | None]
"""Reference power in kW at a time, None without a contract."""


class QuarterHourMeter:
    """Measurement of one connection: its spans, its running quarter-hour, the shown month.

    `reference_kw_at` returns the reference power of the contract at a time.
    """

    def __init__(self, reference_kw_at: ReferenceAt = lambda _: None) -> None:
        self.damaged: frozenset[str] = frozenset()
        """Months such as "2026-06" whose files have damaged or lost lines."""
        self.is_begun_here = True
        """Whether the day of the connection's first reading is known. Billing begins on it."""
        self.history = ReadingHistory(Row())
        self.market = NO_PRICES
        self._reference_kw_at = reference_kw_at
        self._power_kw: float | None = None
        self._limit_kw = MAX_POWER_KW
        self._values: QuarterHourValues | None = None
        self._are_values_old = False
        self.refreshed = 0
        """How often all values had to be computed anew."""
        self._peaks: tuple[object, list[QuarterHour | None]] = None, []
        """Version, and highest quarter-hours of the shown month and of the month before."""

    @property
    def segment(self) -> ReadingSegment | None:
        """Return the segment of the last reading. Return None before the first reading."""
        return self.history.segments[-1] if self.history.segments else None

    @property
    def values(self) -> QuarterHourValues | None:
        """Return the values after the last reading. Return None before the first reading.

        The values are computed when a caller first asks for them, because a caller that takes years
        of readings rarely asks.
        """
        if self._are_values_old:
            self._values = self._make_values()
            self._are_values_old = False
        return self._values

    @property
    def has_readings(self) -> bool:
        """Return whether a meter of the connection has ever sent a reading."""
        return self.segment is not None

    @property
    def until(self) -> datetime | None:
        """Return the time up to which the readings count for the shown month."""
        return time_until(self.history.segments) if self.history.segments else None

    def may_continue(self, time: datetime, imported_kwh: float) -> bool:
        """Return whether `imported_kwh` can be a later value of the register of imported energy.

        Return True before the first reading.
        """
        segment = self.segment
        reading = Registers.of(time, Energies(imported_kwh + _MAX_ROUNDING_KWH), None)
        return not segment or (reading is not None and segment.is_register_of(reading, None))

    def set_elsewhere(self, months: Container[datetime]) -> None:
        """Set the starts of the months of which Leneda has quarter-hours."""
        self.history.known_elsewhere = months
        self.refresh()

    @property
    def version(self) -> tuple[int, int]:
        """Return numbers that change with the known spans, contracts and quarter-hours."""
        return self.history.changes.version, self.refreshed

    def refresh(self) -> None:
        """Compute all values anew when they are next needed."""
        self.refreshed += 1
        self._are_values_old = True

    @property
    def columns(self) -> Columns:
        """Return a copy of all spans by month, including spans that are not confirmed yet."""
        return {start: month.copy() for start, month in self.history.columns().items()}

    def limit_months(self, months: int) -> None:
        """Keep the spans of at most `months` months in memory."""
        self.history.row.max_months = months

    def take_new(self) -> list[Span]:
        """Return the spans added since the last call.

        The caller writes these spans to the files.
        """
        new, self.history.new = self.history.new, []
        return new

    def count_telegram(  # noqa: PLR0913, PLR0917 - the values of a telegram
        self,
        time: datetime | None,
        energies: Energies,
        power_kw: float | None,
        serial_number: str | None,
        threshold_kva: float | None = None,
        market: MarketPrices = NO_PRICES,
        clock: ClockVerdict = NO_DOUBT,
    ) -> bool:
        """Take the values of one telegram. Return whether it counts.

        A telegram without a time, or without a valid imported energy, does not count. A telegram
        without a serial number counts as a telegram of the same meter as before. `power_kw` is the
        current power. `threshold_kva` is the connection's limit; None keeps the last limit.
        `market` has the present market prices. `clock` is the verdict on the time. If the clock
        of a new meter is more than a day from the computer's clock, energy is booked at the
        computer's time (`doubtful_clock.py`).
        """
        if time is None:
            return False
        segment = self.segment
        is_same = segment is not None and segment.is_of(serial_number)
        last = segment.last if segment and is_same else None
        reading = Registers.of(time.astimezone(UTC), energies, last)
        if reading is None:
            return False
        if not is_same:
            self._limit_kw = MAX_POWER_KW
        self.history.follow(reading, serial_number, clock)
        self.market = market
        self._power_kw = power_kw
        if threshold_kva is not None and threshold_kva > 0:
            self._limit_kw = min(threshold_kva, MAX_POWER_KW)
        self._are_values_old = True
        return True

    def confirm_clock(self) -> None:
        """End the doubt about the meter's clock. Quarter-hours follow it from the next telegram."""
        self.history.confirm_clock()

    def as_dict(self, number: int | None = None) -> JsonDict:
        """Return the state to be stored as JSON. The spans are in files.

        `number` replaces the number of the last span for a program without such files.
        """
        history = self.history
        state = {
            "version": _VERSION,
            "stretches": list(map(store_segment, history.segments)),
            "last_quarter": history.last_quarter and store_known(history.last_quarter),
            "is_begun_here": self.is_begun_here,
            "begun": history.begun and store_known(history.begun),
            # Number of the last span in this state. The spans in the files are numbered. Spans with
            # higher numbers were written after this state was stored. So `from_dict` adds these
            # spans to the restored state.
            "number": history.row.number if number is None else number,
            **({"doubt": dump(history.doubt)} if history.doubt else {}),
        }
        return {**state, _CHECK: _check_of(state)}

    @classmethod
    def from_dict(
        cls,
        data: Stored,
        files: Files | None = None,
        reference_kw_at: ReferenceAt = lambda _: None,
    ) -> Self:
        """Return the meter restored from its stored state and its stored spans.

        `data` is the state that `as_dict` returned. `files` has the spans. Reading years of files
        takes some time.

        The time since the last reading becomes a gap, and the power is unknown until the next
        reading. Raises ValueError for malformed data and unknown versions.
        """
        meter = cls(reference_kw_at)
        try:
            meter._restore(checked_mapping(data), files or {})
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as err:
            raise ValueError from err
        return meter

    @classmethod
    def from_files(cls, files: Files, reference_kw_at: ReferenceAt = lambda _: None) -> Self:
        """Return the meter restored only from the spans in `files`, because its state is lost."""
        meter = cls(reference_kw_at)
        reader = RowReader(files)
        reader.close()
        if reader.runs:
            # A backup can bring back lines that are lost or unreadable now. So leave the numbers of
            # these lines free, and continue with higher numbers.
            reader.row.number += _MAX_RESTORED
        # The first reading is known if the first span is.
        meter.is_begun_here = not reader.runs or reader.runs[0].first == 1
        meter._take(ReadingHistory(reader.row), reader)
        if reader.end and reader.end.imported_wh >= 0:
            meter.history.begin_at(reader.end)
        return meter

    def _restore(self, stored: dict[str, Stored], files: Files) -> None:
        # A damaged number may look like energy.
        if checked_count(stored["version"]) != _VERSION or stored[_CHECK] != _check_of(stored):
            raise ValueError
        self.is_begun_here = checked_flag(stored["is_begun_here"])
        doubt = load(ClockDoubt, stored["doubt"]) if "doubt" in stored else None
        segments = checked_list(stored["stretches"], MAX_SEGMENTS)
        reader = RowReader(files, checked_count(stored["number"]))
        history = ReadingHistory(
            reader.row,
            [load_segment(item, doubt) for item in segments],
            load_quarter(stored["last_quarter"]),
            load_registers(stored["begun"]) if stored.get("begun") else None,
        )
        history.doubt = doubt
        reader.close(history.begun, history.segments[0] if history.segments else None)
        if reader.lost:
            history.new.append(history.row.add(reader.lost))
        history.go_on_from(reader.new)
        self._take(history, reader)

    def _take(self, history: ReadingHistory, reader: RowReader) -> None:
        self.history = history
        self.damaged = frozenset(reader.damaged)
        self.refresh()

    def _make_values(self) -> QuarterHourValues | None:
        segment = self.segment
        if segment is None:
            return None
        time, since = segment.last.time, segment.since
        start = quarter_start(time)
        end = start + QUARTER_HOUR
        energy_kwh = segment.amounts.imported_wh / 1000
        elapsed, rest, whole = (time - since) / HOUR, end - time, (end - since) / HOUR
        power_kw, reference_kw = self._power_kw, self._reference_kw_at(start)
        running_kw = round(energy_kwh / elapsed, DECIMALS) if elapsed else power_kw
        projected_kw = will_exceed = available_kw = None
        if power_kw is not None:
            projected_kw = round((energy_kwh + power_kw * (rest / HOUR)) / whole, DECIMALS)
        if reference_kw is not None:
            if projected_kw is not None:
                will_exceed = projected_kw > reference_kw
            left_kwh = reference_kw * whole - energy_kwh
            available_kw = min(_available(left_kwh, rest, reference_kw), self._limit_kw)
        if self.history.is_held:
            # The meter's clock decides when a quarter-hour ends, but the clock is doubtful.
            running_kw = projected_kw = will_exceed = available_kw = None
        peak, peak_last_month = self._peaks_of(segment.month_start)
        return QuarterHourValues(
            time=time,
            quarter_start=start,
            measured_since=since,
            running_kw=running_kw,
            projected_kw=projected_kw,
            will_exceed=will_exceed,
            available_kw=available_kw,
            reference_kw=reference_kw,
            last_quarter=self.history.last_quarter,
            running=segment.amounts,
            month_start=segment.month_start,
            peak=peak,
            peak_last_month=peak_last_month,
        )

    def _peaks_of(self, start: datetime) -> list[QuarterHour | None]:
        """Return the highest quarter-hours of the month that begins at `start`, and of the last.

        Most readings end no quarter-hour, so they are computed only after a change of the spans.
        """
        version = start, self.version
        if self._peaks[0] != version:
            columns = self.history.columns()
            starts = start, month_start(start - HOUR)
            self._peaks = version, [_peak_of(columns.get(at) or MonthColumns(at)) for at in starts]
        return self._peaks[1]


def _peak_of(month: MonthColumns) -> QuarterHour | None:
    imported = month.imported
    candidates = [span.quarter_hour for span in month.repeated]
    if month.quarter_hours:
        highest = max([wh for wh in imported if wh == wh])  # noqa: PLR0124 - NaN
        candidates.append(month.span_at(imported.index(highest)).quarter_hour)
    return min(candidates, key=lambda q: (-q.mean_kw, q.start), default=None)


def _check_of(state: JsonMapping) -> str:
    """Return the checksum of a stored state. It leaves out what other classes have added."""
    return checksum(json.dumps([state.get(name) for name in _PARTS], sort_keys=True))


def _available(left_kwh: float, rest: timedelta, reference_kw: float) -> float:
    """Return the power in kW that uses up the energy `left_kwh` in the time `rest`.

    `rest` is the remaining time of the quarter-hour. The docstring of
    `QuarterHourValues.available_kw` explains the exceptions.
    """
    exact_kw = max(0.0, left_kwh / (rest / HOUR))
    if exact_kw < reference_kw <= (left_kwh + _RESOLUTION_KWH) / (rest / HOUR):
        return reference_kw
    if exact_kw > reference_kw:
        exact_kw = max(reference_kw, left_kwh / (max(rest, _MIN_REST) / HOUR))
    return round(exact_kw, DECIMALS)
