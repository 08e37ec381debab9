"""What the readings of a connection have come to, whatever clocks and registers do.

The register of imported energy tells what came while nothing was read, but a clock that is wrong
tells a wrong month. So whatever comes after a break (a gap, another meter, a register that falls or
leaps, a clock that is set) is kept apart from what was before, until it has lasted for a day of
measured quarter-hours:

- What came in the gap is booked when the clock after it has gone on for a whole quarter-hour. It
  is shared out to its days by time; what came while a clock was set is of the day after.
- When a clock is back where it belongs, or the right meter, that goes on from before the break.
  What the wrong one left behind is gone, and its time is a gap (the cases: `meter_clock_jumps.py`).

So the months hold what the register rose by, once.
"""

from dataclasses import replace
from datetime import datetime

from .calendar import QUARTER_HOUR, month_start, quarter_start
from .contract import Contracts, MarketPrices
from .kept_months import KeptMonths, above_each, day_of, joined
from .meter_clock_jumps import MAX_SHARED_GAP, MAX_STRETCHES, Stretch, count_kept
from .month import Day, Month, QuarterHour
from .past import NO_PAST, Past
from .register_rises import DECIMALS, Amounts, Registers, Rise, is_bridged
from .second_hours import split
from .shown_month import is_to_be_shown

_A_DAY = 96
# A clock that is set ahead leaves no more than this between two readings; an outage of that time
# would.
_MOST_OF_A_LEAP_WH = 10_000


class History:
    """The stretches of a connection: what is sure, and what has to prove itself upon it.

    There is none before the first reading. `archived` are the months that are stored elsewhere: the
    first stretch is given without them.
    """

    def __init__(
        self,
        archived: tuple[Month, ...] = (),
        stretches: list[Stretch] | None = None,
        last_quarter: QuarterHour | None = None,
    ) -> None:
        self.stretches: list[Stretch] = stretches or []
        self.last_quarter = last_quarter
        self.archived = archived
        self._past = NO_PAST
        self._months: dict[datetime, Month] | None = None
        if self.stretches:
            sure = self.stretches[0]
            sure.kept = KeptMonths.of(archived, sure.kept.months.values())

    @property
    def months(self) -> dict[datetime, Month]:
        """Return all that is known, by month; the same object until there is something new."""
        if self._months is None:
            self._months = self._past.joined_to(_all_months(self.stretches))
        return self._months

    @property
    def past(self) -> Past:
        """Return what the platform knows: it is shown, and never stored with the rest."""
        return self._past

    @past.setter
    def past(self, past: Past) -> None:
        self._past = past
        self._months = None

    @property
    def finished(self) -> tuple[Month, ...]:
        """Return the months that are sure, without the running one."""
        if not self.stretches:
            return ()
        sure = self.stretches[0]
        return tuple(m for m in sure.kept.months.values() if m.start != sure.month_start)

    def follow(
        self,
        reading: Registers,
        serial_number: str | None,
        contracts: Contracts,
        market: tuple[MarketPrices, MarketPrices],
    ) -> None:
        """Go on with a reading; `market` is at the last reading, and at this one."""
        if not self.stretches:
            self.stretches.append(Stretch.begun(reading, serial_number, None))
            self.stretches[0].kept = KeptMonths(self.archived)
            return
        stretch = self.stretches[-1]
        if not stretch.is_of(serial_number) or not is_bridged(stretch.last, reading):
            self._break_off(reading, serial_number or stretch.serial_number, contracts)
        elif reading.time > stretch.last.time:
            self._bridge(stretch, reading, contracts, market)
        self.stretches[-1].serial_number = serial_number or self.stretches[-1].serial_number

    def _bridge(
        self,
        stretch: Stretch,
        reading: Registers,
        contracts: Contracts,
        market: tuple[MarketPrices, MarketPrices],
    ) -> None:
        """Share the energy since the last reading out to the quarter-hours: one, or two."""
        before, after = market
        last, stretch.last = stretch.last, reading
        rise, start = Rise.between(last, reading), quarter_start(reading.time)
        if start <= last.time:
            stretch.amounts = stretch.amounts.plus(rise, 1.0, after)
            self._show_month_of(start)
            return
        share = (start - last.time) / (reading.time - last.time)
        stretch.amounts = stretch.amounts.plus(rise, share, before)
        if stretch.since == start - QUARTER_HOUR:
            self._complete(stretch, contracts)
        else:
            self._book(stretch, contracts)
        # Now it may be another one.
        stretch = self.stretches[-1]
        stretch.since = start
        if share < 1:
            stretch.amounts = stretch.amounts.plus(rise, 1.0 - share, after)

    def _show_month_of(self, start: datetime) -> None:
        month = month_start(start)
        if is_to_be_shown(self.stretches, month):
            self.stretches[-1].month_start = month

    def _book(self, stretch: Stretch, contracts: Contracts) -> None:
        """Add what came in a part of a quarter-hour, be it nothing: its day is known."""
        amounts, stretch.amounts = stretch.amounts, Amounts()
        day = day_of(contracts, stretch.since, amounts.imported_wh)
        self._add(stretch, amounts.added_to(day))

    def _complete(self, stretch: Stretch, contracts: Contracts) -> None:
        start, amounts = stretch.since, stretch.amounts
        quarter = self.last_quarter = QuarterHour(start, *amounts.totals())
        contract = contracts.at(start)
        energy_wh = round(amounts.imported_wh, DECIMALS)
        day = replace(
            day_of(contracts, start, amounts.imported_wh),
            quarter_hours=1,
            above=above_each(energy_wh, contract.reference_kw),
        )
        self._add(stretch, amounts.added_to(day), quarter)
        stretch.amounts = Amounts()
        stretch.quarter_hours += 1
        if len(self.stretches) > 1:
            if stretch.quarter_hours == 1:
                self._book_gap(self.stretches[-2], stretch, contracts)
            if stretch.quarter_hours >= _A_DAY:
                while len(self.stretches) > 1:
                    self._believe()
        self._show_month_of(start)

    def _add(self, stretch: Stretch, day: Day, quarter: QuarterHour | None = None) -> None:
        stretch.kept.add(day, quarter)
        self._months = None

    def _believe(self) -> None:
        """Add the second stretch to what is sure."""
        sure, following = self.stretches[:2]
        for month in following.kept.months.values():
            sure.kept.add_month(month)
        following.kept = sure.kept
        del self.stretches[0]
        self._months = None

    def _break_off(
        self, reading: Registers, serial_number: str | None, contracts: Contracts
    ) -> None:
        """Begin a stretch, after the one that the reading goes on from."""
        stretches, last = self.stretches, self.stretches[-1]
        shown = last.month_start
        kept = count_kept(stretches, reading, serial_number)
        if kept == len(stretches):
            if last.amounts.imported_wh or last.amounts.exported_wh:
                self._book(last, contracts)
            if kept > 1 and not last.quarter_hours:
                self._book_gap(stretches[-2], last, contracts)
        del stretches[kept:]
        while len(stretches) >= MAX_STRETCHES:
            self._believe()
        stretches.append(Stretch.begun(reading, serial_number, shown))
        self._months = None

    def _book_gap(self, before: Stretch, after: Stretch, contracts: Contracts) -> None:
        """Add what came between two stretches."""
        if not before.is_register_of(after.first, after.serial_number):
            return
        start, end = before.last.time, after.first.time
        rise = Rise.between(before.last, after.first)
        if start < end <= start + MAX_SHARED_GAP:
            while start < end:
                part_end = min(contracts.part_end(start), end)
                share = (part_end - start) / (end - before.last.time)
                day = _gap_day(contracts.part_start(start), rise, share)
                second = split(contracts.at(start), start, part_end, day.imported_wh)
                self._add(after, replace(day, second=second))
                start = part_end
        elif end <= start or rise.imported_wh <= _MOST_OF_A_LEAP_WH:
            self._add(after, _gap_day(contracts.part_start(end), rise, 1.0))


def _gap_day(start: datetime, rise: Rise, share: float) -> Day:
    imported_wh = rise.imported_wh * share
    return Day(
        start=start,
        imported_wh=imported_wh,
        exported_wh=rise.exported_wh * share,
        gap_wh=imported_wh,
    )


def _all_months(stretches: list[Stretch]) -> dict[datetime, Month]:
    months: dict[datetime, Month] = {}
    for stretch in stretches:
        for start, month in stretch.kept.months.items():
            months[start] = joined(months[start], month) if start in months else month
    return months
