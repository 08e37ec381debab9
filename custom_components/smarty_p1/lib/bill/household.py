"""Household with one connection: its quarter-hours, contracts, Leneda's days and months.

    meter = Household(Contract(reference_kw=7))
    meter.count_telegram(time, Energies(imported_kwh), power_kw, serial_number)  # every telegram
    household = meter.snapshot
    if household:
        print(household.month.bill(household.until).total)

`history/quarter_hour_meter.py` measures the quarter-hours. Energy is billed under the contract of
its day. The contracts come from the caller, and a stored state does not restore them.

This module does no I/O and uses only the meter's clock. Work and memory per reading are bounded.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Self

from ..clock_verdict import NO_DOUBT, ClockVerdict
from ..energy_table.filled_market_prices import stand_ins_of_today
from ..energy_table.table import Table
from ..history.luxembourg_time import (
    QUARTER_HOUR,
    SECOND,
    day_start,
    month_end,
    month_start,
    quarter_start,
)
from ..history.market_prices import NO_PRICES, MarketPrices
from ..history.month_file_lines import Files
from ..history.quarter_hour import QuarterHour
from ..history.quarter_hour_meter import QuarterHourMeter
from ..history.quarter_hour_values import QuarterHourValues
from ..history.register_amounts import DECIMALS, Energies
from ..json_types import JsonDict
from ..prices.contract import NO_CONTRACT, Contract, Contracts
from ..prices.market_price_series import PriceSources, series_of, sources_at
from ..stored_values import Stored
from .growing_ledger import GrowingLedger
from .household_state import HouseholdState
from .household_table import table_and_refused
from .ledger import Ledger, RunningPrices
from .leneda_days import NO_LENEDA_DAYS, LenedaDays


class Household:
    """Record of one connection: its quarter-hours, contracts and months."""

    def __init__(self, contracts: Contracts | Contract = NO_CONTRACT) -> None:
        if isinstance(contracts, Contract):
            contracts = Contracts.always(contracts)
        self._contracts = contracts
        self.price_sources: Sequence[PriceSources] = ()
        """Market prices, as `set_prices` has set them."""
        self._use(QuarterHourMeter(contracts.reference_kw_at))

    def _use(self, meter: QuarterHourMeter) -> None:
        self.meter = meter
        """Measurement of the connection: its spans, and the state of its clock."""
        self.leneda = NO_LENEDA_DAYS
        """Days of the platform Leneda, as `set_leneda_days` has set them."""
        self._snapshot: HouseholdState | None = None
        self._is_snapshot_old = True
        self._growing = GrowingLedger()
        self._ledger: tuple[object, Ledger] | None = None
        self._stand_ins: dict[datetime, MarketPrices] = {}
        self._peaks: dict[datetime, tuple[list[QuarterHour | None], float]] = {}
        """Highest quarter-hours, and energy above the reference power in kWh, by shown month."""
        self.refused: frozenset[str] = frozenset()
        """Months such as "2026-06" whose impossible energy is left out, after the last reading."""

    @property
    def values(self) -> QuarterHourValues | None:
        """Return the values of `snapshot` for the running quarter-hour and the shown month."""
        return self.snapshot.values if self.snapshot else None

    @property
    def snapshot(self) -> HouseholdState | None:
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
    def newest(self) -> HouseholdState | None:
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
        snapshot, until = self.snapshot, self.leneda.until
        read_until = self.meter.until
        if snapshot is None or until is None or read_until is None:
            return snapshot
        shown = max(snapshot.month_start, month_start(until - QUARTER_HOUR))
        if until > read_until:
            return self._state(self._leneda_values(until, shown), until)
        if shown == snapshot.month_start:
            return snapshot
        at_end = self._with_leneda(self._leneda_values(until, shown), snapshot.ledger)
        excess_kwh = None if snapshot.values.excess_kwh is None else at_end.excess_kwh
        return replace(
            snapshot,
            values=snapshot.values._replace(
                month_start=shown, peak=at_end.peak, excess_kwh=excess_kwh
            ),
        )

    @property
    def contracts(self) -> Contracts:
        """Return the contracts of the connection, as they are shown at the last reading."""
        return self.snapshot.contracts if self.snapshot else self._contracts

    def forget(self) -> None:
        """Forget all energy and prices of a meter that is unloaded.

        The parts of an unloaded meter refer to each other. So they stay in memory until Python's
        garbage collector runs, and the household would stay with them.
        """
        self.price_sources = ()
        self._use(QuarterHourMeter(self._contracts.reference_kw_at))

    def set_leneda_days(self, leneda: LenedaDays) -> None:
        """Complete the measured days with `leneda`, the days of the national platform Leneda.

        `NO_LENEDA_DAYS` removes Leneda's days. They are not stored, so the caller sets them again
        after a restart.
        """
        self.leneda = leneda
        self.meter.set_elsewhere(leneda.months)
        self._is_snapshot_old = True

    def set_prices(self, sources: Sequence[PriceSources]) -> None:
        """Set the market prices of each contract's sources. New prices of a source count at once.

        They are not stored here, so the caller sets them again after a restart.
        """
        self.price_sources = sources
        self._is_snapshot_old = True

    def _price_versions(self) -> list[int]:
        return [series.changes.version for series in series_of(self.price_sources)]

    def _ledger_under(self, contracts: Contracts, until: datetime) -> Ledger:
        """Return all known energy under `contracts`, without the running quarter-hour.

        The day that contains `until` has not ended.
        """
        running = [series.running for series in series_of(self.price_sources)]
        # In a quarter-hour, the cache of `day_start` knows the day.
        day = day_start(quarter_start(until))
        basis = self.meter.version, contracts, self._price_versions(), running, day
        if self._ledger is None or self._ledger[0] != basis:
            sources = self.price_sources
            grown = self._growing.under(contracts, self.meter, self.leneda, sources, until)
            self._ledger, self.refused = (basis, grown.ledger), grown.refused
            self._stand_ins = {**grown.stand_ins}
            self._peaks.clear()
        return self._ledger[1]

    def _stand_ins_of(self, sources: PriceSources, until: datetime) -> MarketPrices:
        """Return the stand-in prices of the running day, under the contract of `sources`."""
        since = sources.since
        if self._ledger and since not in self._stand_ins and any(sources[1:]):
            self._stand_ins[since] = stand_ins_of_today(self._ledger[1].table, since, until)
        return self._stand_ins.get(since, NO_PRICES)

    @property
    def table(self) -> Table:
        """Return all known energy, also that of files before the first reading."""
        if newest := self.newest:
            return newest.ledger.table
        return table_and_refused(self.meter.history.columns(), self.leneda)[0]

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
        """Take the values of one telegram, as `QuarterHourMeter.count_telegram` does."""
        has_changed = self.meter.count_telegram(
            time, energies, power_kw, serial_number, threshold_kva, market, clock
        )
        self._is_snapshot_old |= has_changed
        return has_changed

    def as_dict(self) -> JsonDict:
        """Return the state to be stored as JSON. The spans are in files."""
        return self.meter.as_dict()

    @classmethod
    def from_dict(
        cls,
        data: Stored,
        contracts: Contracts | Contract = NO_CONTRACT,
        files: Files | None = None,
    ) -> Self:
        """Return the household restored from its stored state and its stored spans.

        `data` is the state that `as_dict` returned. `files` has the spans. Reading years of files
        takes some time.

        The time since the last reading becomes a gap, and the power is unknown until the next
        reading. Raises ValueError for malformed data and unknown versions.
        """
        household = cls(contracts)
        household._use(
            QuarterHourMeter.from_dict(data, files, household._contracts.reference_kw_at)
        )
        return household

    @classmethod
    def from_files(cls, contracts: Contracts | Contract, files: Files) -> Self:
        """Return the household restored only from the spans in `files`, as its state is lost."""
        household = cls(contracts)
        household._use(QuarterHourMeter.from_files(files, household._contracts.reference_kw_at))
        return household

    def _make_snapshot(self) -> HouseholdState | None:
        values, until, leneda = self.meter.values, self.meter.until, self.leneda
        if values is None or until is None:
            if (end := leneda.end) is None:
                return None
            return self._state(self._leneda_values(end, month_start(end - QUARTER_HOUR)), end)
        until = until if leneda.until is None else max(until, leneda.until)
        return self._state(values, until)

    def _leneda_values(self, end: datetime, shown: datetime) -> QuarterHourValues:
        """Return the values at `end`, the time up to which Leneda's data is shown.

        `shown` is the start of the shown month. Leneda does not know the running quarter-hour.
        """
        return QuarterHourValues(
            time=end,
            quarter_start=end,
            measured_since=end,
            month_start=shown,
            reference_kw=self._contracts.reference_kw_at(end - QUARTER_HOUR),
            last_quarter=self.meter.history.last_quarter,
        )

    def _state(self, values: QuarterHourValues, until: datetime) -> HouseholdState:
        contracts = self._shown(values.time, month_end(values.month_start))
        ledger, start = self._ledger_under(contracts, until), quarter_start(values.measured_since)
        sources = sources_at(self.price_sources, start)
        return HouseholdState(
            values=self._with_leneda(values, ledger),
            until=until,
            contracts=contracts,
            market=self.meter.market,
            running_prices=RunningPrices(
                sources.prices_at(start), self._stand_ins_of(sources, until)
            ),
            is_begun_here=self.meter.is_begun_here,
            version=(self.meter.version, *self._price_versions()),
            ledger=ledger,
        )

    def _with_leneda(self, values: QuarterHourValues, ledger: Ledger) -> QuarterHourValues:
        """Return `values` with the peaks and the excess of all quarter-hours of the table."""
        start, end = values.month_start, month_end(values.month_start)
        if start not in self._peaks:
            before = month_start(start - SECOND)
            year = month_end(start.replace(year=start.year - 1))
            periods = (start, end), (before, start), (year, end)
            above_kwh = round(ledger.sums(start, end).above_wh / 1000, DECIMALS)
            self._peaks[start] = [ledger.peak(*period) for period in periods], above_kwh
        (peak, peak_last_month, peak_12_months), above_kwh = self._peaks[start]
        return values._replace(
            peak=peak,
            peak_last_month=peak_last_month,
            peak_12_months=peak_12_months,
            excess_kwh=None if values.reference_kw is None else above_kwh,
            day_sums=self.leneda.day_sums,
        )

    def _shown(self, time: datetime, end: datetime) -> Contracts:
        """Return the contracts as they are shown at `time` with the month that ends at `end`.

        The last values of a month come at its end or later. They belong to the contract before.
        """
        return self._contracts.shown_at(min(time, end - SECOND))
