"""The quarter-hours of Luxembourg's grid tariff: mean power, peak, energy above reference power.

    meter = DemandMeter(Contract(reference_kw=7))
    meter.update(time, Energies(imported_kwh), power_kw, serial_number)  # every telegram
    demand = meter.snapshot
    if demand and demand.will_exceed:
        print("shed load: at most", demand.available_kw, "kW until the quarter-hour ends")

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
- Energy is billed under the contract of its time (`contract_start_day.py`), so a day has one record
  for each of its contracts.

This module does no I/O and uses only the meter's clock. Work and memory per reading are bounded.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self

from ..history.calendar import QUARTER_HOUR, month_start, quarter_start
from ..history.gap_clock_and_power_limits import MAX_POWER_KW
from ..history.market_prices import NO_PRICES, MarketPrices
from ..history.meter_clock_jumps import MAX_SEGMENTS, ReadingSegment
from ..history.month_columns import Columns, Row
from ..history.month_file_lines import Files
from ..history.month_file_reader import RowReader
from ..history.readings_to_spans import ReadingHistory
from ..history.register_amounts import DECIMALS, Energies, Registers
from ..history.shown_month import sure_time, time_until
from ..history.spans import Span
from ..prices.contract import BEGINNING, NO_CONTRACT, Aid, Contract, Contracts
from ..prices.contract_start_day import with_entered
from ..stored_values import Stored, checked_count, checked_flag, checked_list, checked_mapping
from .contract_and_reading_json import (
    check_version,
    load_contracts,
    load_doubt,
    load_quarter,
    load_registers,
    load_segment,
    store_contracts,
    store_doubt,
    store_quarter,
    store_registers,
    store_segment,
)
from .demand_snapshot import Demand, DemandSummary, summarised
from .leneda_days import LenedaDays
from .month import Month
from .month_cache import KnownMonths
from .months_of_connection import MonthsOfConnection

_VERSION = 3
_MAX_RESTORED = 1_000_000
_HOUR = timedelta(hours=1)
_SECOND = timedelta(seconds=1)
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


class DemandMeter:
    """Record of one connection: its quarter-hours, contracts and months."""

    def __init__(self, contract: Contract = NO_CONTRACT) -> None:
        self.damaged: frozenset[str] = frozenset()
        """Months such as "2026-06" whose files have damaged or lost lines."""
        self._contracts = Contracts(((BEGINNING, contract),))
        self._market = NO_PRICES
        self._power_kw: float | None = None
        self._limit_kw = MAX_POWER_KW
        self._history = ReadingHistory(Row())
        self._months = MonthsOfConnection(self._history)
        self._summary: DemandSummary | None = None
        self._is_begun_here = True
        self._snapshot: Demand | None = None
        self._is_snapshot_old = False

    def change_contract(
        self, contract: Contract, since: date | None = None, now: datetime | None = None
    ) -> None:
        """Apply `contract` from the day `since` on, by the rules of `contract_start_day.py`.

        `now` is the present time for a meter that is never read, otherwise None.
        """
        segments = self._history.segments
        if segments:
            now = sure_time(segments)
        self._contracts = with_entered(self._contracts, contract, since, now)
        self._is_snapshot_old = True

    def set_aids(self, aids: tuple[Aid, ...]) -> None:
        """Apply aids and rebates.

        They are not stored, so the caller sets them again after a restart.
        """
        self._contracts = replace(self._contracts, aids=aids)
        self._is_snapshot_old = True

    @property
    def snapshot(self) -> Demand | None:
        """Return the values after the last reading.

        Before the first reading, these are only values from the platform Leneda, or None if Leneda
        has no values. The values are computed when a caller first asks for them, because a caller
        that takes years of readings rarely asks.
        """
        if self._is_snapshot_old:
            self._snapshot = self._make_snapshot()
            self._is_snapshot_old = False
        return self._snapshot

    @property
    def newest(self) -> Demand | None:
        """Return `snapshot`, or values from the platform Leneda that are later than the snapshot.

        If Leneda's last quarter-hour ends after the last reading, the meter is no longer read. The
        result then has the values at the end of Leneda's last quarter-hour, as for a meter without
        a cable. If that quarter-hour lies in a later month than the shown month, the result shows
        the later month.

        Answers to actions and cards use this property, but sensors use `snapshot`. If the readings
        stop before a month ends, the sensors lack the energy since the last reading. At the next
        reading, the sensors first show the whole old month, so Home Assistant's statistics get this
        energy. If a sensor had shown a later month before, the statistics would be wrong.
        """
        snapshot, until = self.snapshot, self._months.leneda.until
        if snapshot is None or until is None or not self.has_readings:
            return snapshot
        shown = max(snapshot.month_start, month_start(until - QUARTER_HOUR))
        if until > time_until(self._history.segments):
            return self._leneda_snapshot(until, shown)
        if shown == snapshot.month_start:
            return snapshot
        summary = self._summarise(shown)
        return replace(
            snapshot,
            month_start=shown,
            peak=summary.month.peak,
            excess_kwh=None if snapshot.excess_kwh is None else summary.excess_kwh,
            known_month=summary.month,
            earlier_months=summary.earlier,
        )

    @property
    def contracts(self) -> Contracts:
        """Return the contracts of the connection, as they are shown at the last reading."""
        return self.snapshot.contracts if self.snapshot else self._contracts

    @property
    def has_readings(self) -> bool:
        """Return whether a meter of the connection has ever sent a reading."""
        return self._segment is not None

    def may_continue(self, time: datetime, imported_kwh: float) -> bool:
        """Return whether `imported_kwh` can be a later value of the register of imported energy.

        Return True before the first reading.
        """
        segment = self._segment
        reading = Registers.of(time, Energies(imported_kwh + _MAX_ROUNDING_KWH), None)
        return not segment or (reading is not None and segment.is_register_of(reading, None))

    @property
    def leneda(self) -> LenedaDays:
        """Return the days of the platform Leneda that the last `set_leneda_days` has set."""
        return self._months.leneda

    def begin_leneda(self) -> Callable[[LenedaDays], KnownMonths]:
        """Return a function that computes the months for `set_leneda_days`.

        The function may run in a thread while `update` is called. It takes tens of milliseconds for
        25 months.
        """
        return self._months.begin_leneda(self.columns, self._contracts)

    def set_leneda_days(self, leneda: LenedaDays, months: KnownMonths | None = None) -> None:
        """Complete the measured days with `leneda`, the days of the national platform Leneda.

        `NO_LENEDA_DAYS` removes Leneda's days. Computing the months takes a long time. So the
        caller can compute `months` in a thread, with the function that `begin_past` returns.
        Leneda's days are not stored, so the caller sets them again after a restart.
        """
        self._months.set_leneda(leneda, months)
        self._is_snapshot_old = True

    @property
    def columns(self) -> Columns:
        """Return a copy of all spans by month, including spans that are not confirmed yet."""
        return {start: month.copy() for start, month in self._history.columns().items()}

    def keep(self, months: int) -> None:
        """Keep the spans of at most `months` months in memory."""
        self._history.row.max_months = months

    def take_new(self) -> list[Span]:
        """Return the spans added since the last call.

        The caller writes these spans to the files.
        """
        new, self._history.new = self._history.new, []
        return new

    def is_before_change(self, time: datetime | None) -> bool:
        """Return whether `time` is before the latest contract begins. Return False for None."""
        return time is not None and self._contracts.at(time) is not self._contracts.latest

    def update(  # noqa: PLR0913, PLR0917 - the values of a telegram
        self,
        time: datetime | None,
        energies: Energies,
        power_kw: float | None,
        serial_number: str | None,
        threshold_kva: float | None = None,
        market: MarketPrices = NO_PRICES,
        received_at: datetime | None = None,
    ) -> None:
        """Take the values of one telegram.

        A telegram without a time, or without a valid imported energy, changes nothing. A telegram
        without a serial number counts as a telegram of the same meter as before. `power_kw` is the
        current power. `threshold_kva` is the connection's limit; None keeps the last limit. The
        prices in `market` hold from this telegram on. `received_at` is the time of the computer's
        clock. If the clock of a new meter is more than a day from it, energy is booked at the
        computer's time (`doubtful_clock.py`).
        """
        if time is None:
            return
        segment = self._segment
        is_same = segment is not None and segment.is_of(serial_number)
        last = segment.last if segment and is_same else None
        reading = Registers.of(time.astimezone(UTC), energies, last)
        if reading is None:
            return
        if not is_same:
            self._limit_kw = MAX_POWER_KW
        prices = self._market, market
        self._history.follow(reading, serial_number, prices, received_at)
        self._market = market
        self._power_kw = power_kw
        if threshold_kva is not None and threshold_kva > 0:
            self._limit_kw = min(threshold_kva, MAX_POWER_KW)
        self._is_snapshot_old = True

    @property
    def is_clock_doubtful(self) -> bool:
        """Return whether energy is booked at the computer's time, as a gap."""
        return self._history.is_held

    def confirm_clock(self) -> None:
        """End the doubt about the meter's clock. Quarter-hours follow it from the next telegram."""
        self._history.confirm_clock()

    def as_dict(self) -> dict[str, Any]:
        """Return the state to be stored as JSON.

        The state has no spans, which are in files, and no aids (see `set_aids`).
        """
        history = self._history
        return {
            "version": _VERSION,
            "stretches": list(map(store_segment, history.segments)),
            "last_quarter": store_quarter(history.last_quarter),
            "contracts": store_contracts(self._contracts.entries),
            "replaced_contracts": store_contracts(self._contracts.replaced),
            "is_begun_here": self._is_begun_here,
            "begun": history.begun and store_registers(history.begun),
            # Number of the last span in this state. The spans in the files are numbered. Spans with
            # higher numbers were written after this state was stored. So `from_dict` adds these
            # spans to the restored state.
            "number": history.row.number,
            **({"doubt": store_doubt(history.doubt)} if history.doubt else {}),
        }

    @classmethod
    def from_dict(
        cls,
        data: Stored,
        contract: Contract = NO_CONTRACT,
        since: date | None = None,
        files: Files | None = None,
        now: datetime | None = None,
    ) -> Self:
        """Return the meter restored from its stored state and its stored spans.

        `data` is the state that `as_dict` returned. `files` has the spans. `contract` is the
        contract in the options, and `since` its first day. Reading years of files takes some time.

        The time since the last reading becomes a gap, and the power is unknown until the next
        reading. Raises ValueError for malformed data and unknown versions.
        """
        meter = cls(contract)
        try:
            meter._restore(checked_mapping(data), files or {})
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as err:
            raise ValueError from err
        meter.change_contract(contract, since, now)
        return meter

    @classmethod
    def from_files(cls, contract: Contract, since: date | None, files: Files) -> Self:
        """Return the meter restored only from the spans in `files`, because its state is lost.

        `contract` and `since` have the same meaning as for `from_dict`.
        """
        meter = cls(contract)
        meter._restore(None, files)
        meter.change_contract(contract, since)
        return meter

    def _restore(self, stored: dict[str, Stored] | None, files: Files) -> None:
        if stored is None:
            reader = RowReader(files)
            reader.close()
            if reader.runs:
                # A backup can bring back lines that are lost or unreadable now. So leave the
                # numbers of these lines free, and continue with higher numbers.
                reader.row.number += _MAX_RESTORED
            self._history = history = ReadingHistory(reader.row)
            self._is_begun_here = not reader.row.months
            if reader.end and reader.end.imported_wh >= 0:
                history.begin_at(reader.end)
        else:
            check_version(stored, _VERSION)
            self._contracts = load_contracts(stored["contracts"], stored.get("replaced_contracts"))
            self._is_begun_here = checked_flag(stored["is_begun_here"])
            doubt = load_doubt(stored["doubt"]) if "doubt" in stored else None
            segments = checked_list(stored["stretches"], MAX_SEGMENTS)
            reader = RowReader(files, checked_count(stored["number"]))
            self._history = history = ReadingHistory(
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
        self._months = MonthsOfConnection(history)
        self.damaged = frozenset(reader.damaged)

    @property
    def _segment(self) -> ReadingSegment | None:
        return self._history.segments[-1] if self._history.segments else None

    def _make_snapshot(self) -> Demand | None:
        segment = self._segment
        if segment is None:
            end = self._months.leneda.end
            return self._leneda_snapshot(end, month_start(end - QUARTER_HOUR)) if end else None
        time, since = segment.last.time, segment.since
        start = quarter_start(time)
        end = start + QUARTER_HOUR
        energy_kwh = segment.amounts.imported_wh / 1000
        elapsed, rest, whole = (time - since) / _HOUR, end - time, (end - since) / _HOUR
        power_kw, reference_kw = self._power_kw, self._contracts.at(start).reference_kw
        summary = self._summarise(segment.month_start)
        until, leneda_until = time_until(self._history.segments), self._months.leneda.until
        running_kw = round(energy_kwh / elapsed, DECIMALS) if elapsed else power_kw
        projected_kw = will_exceed = available_kw = excess_kwh = None
        if power_kw is not None:
            projected_kw = round((energy_kwh + power_kw * (rest / _HOUR)) / whole, DECIMALS)
        if reference_kw is not None:
            if projected_kw is not None:
                will_exceed = projected_kw > reference_kw
            left_kwh = reference_kw * whole - energy_kwh
            available_kw = min(_available(left_kwh, rest, reference_kw), self._limit_kw)
            excess_kwh = summary.excess_kwh
        if self._history.is_held:
            # The meter's clock decides when a quarter-hour ends, but the clock is doubtful.
            running_kw = projected_kw = will_exceed = available_kw = None
        return Demand(
            time=time,
            until=until if leneda_until is None else max(until, leneda_until),
            quarter_start=start,
            measured_since=since,
            running_kw=running_kw,
            projected_kw=projected_kw,
            will_exceed=will_exceed,
            available_kw=available_kw,
            last_quarter=self._history.last_quarter,
            month_start=summary.month.start,
            peak=summary.month.peak,
            excess_kwh=excess_kwh,
            known_month=summary.month,
            running=segment.amounts,
            earlier_months=summary.earlier,
            contracts=self._shown(time, summary.month),
            market=self._market,
            is_begun_here=self._is_begun_here,
            day_sums=self._months.leneda.day_sums,
        )

    def _leneda_snapshot(self, end: datetime, shown: datetime) -> Demand:
        """Return the values at `end`, the time up to which Leneda's data is shown.

        `shown` is the start of the shown month. The values of the running quarter-hour are None,
        because Leneda does not know them.
        """
        summary = self._summarise(shown)
        has_reference = self._contracts.at(end - QUARTER_HOUR).reference_kw is not None
        return Demand(
            time=end,
            until=end,
            quarter_start=end,
            measured_since=end,
            running_kw=None,
            projected_kw=None,
            will_exceed=None,
            available_kw=None,
            last_quarter=self._history.last_quarter,
            month_start=summary.month.start,
            peak=summary.month.peak,
            excess_kwh=summary.excess_kwh if has_reference else None,
            known_month=summary.month,
            running=None,
            earlier_months=summary.earlier,
            contracts=self._shown(end, summary.month),
            market=self._market,
            is_begun_here=self._is_begun_here,
            day_sums=self._months.leneda.day_sums,
        )

    def _shown(self, time: datetime, month: Month) -> Contracts:
        """Return the contracts as they are shown at `time` with `month`.

        The last values of a month come at its end or later. They belong to the contract before.
        """
        return self._contracts.shown_at(min(time, month.end - _SECOND))

    def _summarise(self, shown: datetime) -> DemandSummary:
        """Return the summary of the shown month and the earlier months.

        `shown` is the start of the shown month.
        """
        self._summary = summarised(
            self._months.made(self._contracts),
            self._contracts,
            shown,
            self._summary,
            is_begun_here=self._is_begun_here,
        )
        return self._summary


def _available(left_kwh: float, rest: timedelta, reference_kw: float) -> float:
    """Return the power in kW that uses up the energy `left_kwh` in the time `rest`.

    `rest` is the remaining time of the quarter-hour. The docstring of `Demand.available_kw`
    explains the exceptions.
    """
    exact_kw = max(0.0, left_kwh / (rest / _HOUR))
    if exact_kw < reference_kw <= (left_kwh + _RESOLUTION_KWH) / (rest / _HOUR):
        return reference_kw
    if exact_kw > reference_kw:
        exact_kw = max(reference_kw, left_kwh / (max(rest, _MIN_REST) / _HOUR))
    return round(exact_kw, DECIMALS)
