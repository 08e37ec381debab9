"""Report about a month that has ended: cost, change and its causes, dearest day, goal, advice."""

from collections.abc import Iterator, Mapping, Sequence, Set as AbstractSet
from datetime import datetime, time, timedelta
from typing import NamedTuple

from ..advice.class_comparison import compare
from ..advice.day_reason import ComparedCosts, DayReason, cost_causes
from ..advice.device_advice import best_hour, cost_above, dearest_device, saving_below
from ..advice.energy_shares import HouseSources
from ..advice.goal import GoalChoice, goal_of
from ..advice.night_base_load import usual_night_kw
from ..advice.period_costs import PeriodCosts, costs_between, costs_under, terms_at
from ..advice.what_if_tables import always, with_load
from ..bill.bill import rounded_to_sum
from ..bill.bill_part_sums import month_share
from ..bill.daily_bills import bills_by_day
from ..bill.month import Month
from ..history.luxembourg_time import DAY, LUXEMBOURG, MONTHS_OF_A_YEAR, day_start, month_start
from ..prices.contract import Contracts
from .message import HouseholdMessage, Line, Placeholders, PlaceholderValue

_MIN_KNOWN_SHARE = 0.9
# A smaller change is not worth an explanation.
_MIN_CHANGE_SHARE = 0.05
_MIN_CAUSE_EUR = 0.05
# A device with a smaller share says little about a day, or about what was above.
_MIN_DAY_SHARE = 0.1
_MIN_ABOVE_SHARE = 0.5
_MIN_ADVICE_EUR = 1.0
_MONTHS_BEFORE = 3
_MIN_MORE_KW = 0.05


class ReportedMonths(NamedTuple):
    """Known months of a meter, in the order of time, and what its report needs besides."""

    months: Sequence[Month]
    """The last month is the month of the report."""
    own_kwh: Mapping[datetime, float]
    """Energy from panels and batteries that the house has used, by the start of the month. A month
    with an unknown day is absent."""
    goal: GoalChoice | None
    sources: HouseSources | None = None
    """None if the devices of the house, or what its panels deliver, are unknown."""
    plan_saving: float | None = None
    """Saving in EUR by the plan of the loads, None if it is unknown or there is no load."""

    @property
    def total(self) -> float | None:
        """Return the cost of the reported month, None if a price is unknown."""
        return self.months[-1].bill().total

    @property
    def contracts(self) -> Contracts:
        """Return the household's contracts, as the last month has them."""
        return self.months[-1].ledger.contracts


def monthly_report(meters: Sequence[tuple[str, ReportedMonths]]) -> HouseholdMessage:
    """Return the report about the last month of the meters of a house, each with its name.

    All of them report the same month. With one meter, the name is not mentioned.
    """
    first = meters[0][1].months[-1]
    totals = [reported.total for _, reported in meters]
    known = [total for total in totals if total is not None]
    values: Placeholders = {"reported_month": first.start.isoformat()}
    key = "monthly_report"
    if len(known) == len(totals):
        values["cost_eur"] = sum(known)
    else:
        key = "monthly_report_energy"
        values["kwh"] = sum(reported.months[-1].imported_kwh for _, reported in meters)
    lines: list[Line] = []
    for name, reported in meters:
        if len(meters) > 1:
            lines.append(_headline(name, reported))
        lines += _lines(reported)
    return HouseholdMessage(key, values, tuple(lines), names_meters=len(meters) > 1)


def _headline(name: str, reported: ReportedMonths) -> Line:
    if (total := reported.total) is not None:
        return Line("meter", {"name": name, "cost_eur": total})
    return Line("meter_energy", {"name": name, "kwh": reported.months[-1].imported_kwh})


def _lines(reported: ReportedMonths) -> Iterator[Line]:
    month = reported.months[-1]
    share = month.known_share(month.end)
    is_known = share >= _MIN_KNOWN_SHARE
    if is_known:
        yield from _change(reported)
    else:
        yield Line("known", {"percent": share * 100})
    yield from _dearest_day(reported)
    # The unknown rest of a month may have passed its goal.
    yield from (line for line in _goal(reported) if is_known or line.key == "goal_passed")
    if saving := reported.plan_saving:
        yield Line("plan_saved" if saving > 0 else "plan_lost", {"saving_eur": abs(saving)})
    if is_known and (advice := next(_advice(reported), None)):
        yield advice


def _change(reported: ReportedMonths) -> Iterator[Line]:
    """Yield the change against the month before. Its causes add up to it."""
    month = reported.months[-1]
    before = _month_before(reported)
    if before is None:
        return
    name: Placeholders = {"before_month": before.start.isoformat()}
    change = cost_change(month, before, reported.own_kwh)
    if change is None:
        kwh = round(month.imported_kwh) - round(before.imported_kwh)
        if abs(kwh) < max(1.0, _MIN_CHANGE_SHARE * before.imported_kwh):
            yield Line("same", name)
        else:
            yield Line("more_energy" if kwh > 0 else "less_energy", {**name, "kwh": abs(kwh)})
    elif abs(change.difference) < max(0.01, _MIN_CHANGE_SHARE * abs(change.before)):
        yield Line("same", name)
    else:
        values: Placeholders = {**name, "difference_eur": abs(change.difference)}
        yield Line("more" if change.difference > 0 else "less", values, change.causes)


class CostChange(NamedTuple):
    """Costs in EUR of a month and of another one, and the causes of their difference."""

    now: float
    before: float
    causes: Sequence[tuple[str, float]]
    ends: tuple[datetime, datetime]
    """Ends of the compared part of the month, and of the other month."""

    @property
    def difference(self) -> float:
        """Return how much more the month has cost."""
        return round(self.now - self.before, 2)


def cost_change(
    month: Month, before: Month, own_kwh: Mapping[datetime, float]
) -> CostChange | None:
    """Return why a month that has ended has cost more or less than another one.

    `own_kwh` is as in `ReportedMonths`. Return None if a price is unknown.
    """
    costs = _compared(month, before, own_kwh)
    total, total_before = month.bill().total, before.bill().total
    if costs is None or total is None or total_before is None:
        return None
    difference = round(total - total_before, 2)
    causes = _in_cents(cost_causes(costs), difference)
    return CostChange(total, total_before, causes, (month.end, before.end))


def cost_change_so_far(month: Month, before: Month, until: datetime) -> CostChange | None:
    """Return the change of a running month's whole days from the same days of another month.

    The month is known up to `until`. Return None if a price is unknown, or if no day has ended.
    """
    end = day_start(until).astimezone(month.start.tzinfo)
    if end <= month.start:
        return None
    days = (end.date() - month.start.date()).days
    last = min(before.start.date() + timedelta(days=days), before.end.date())
    before_end = datetime.combine(last, time(), LUXEMBOURG)
    costs = _compared(month, before, {}, _Ends(end, before_end, until))
    if costs is None:
        return None
    now, billed = round(costs.now.cost, 2), round(costs.billed.cost, 2)
    causes = _in_cents(cost_causes(costs), round(now - billed, 2))
    return CostChange(now, billed, causes, (end, before_end))


class _Ends(NamedTuple):
    """Ends of the compared parts of two months, and the time up to which the first is billed."""

    now: datetime
    before: datetime
    billed_until: datetime


def _month_before(reported: ReportedMonths) -> Month | None:
    *_, month = reported.months
    start = month_start(month.start - DAY)
    before = next((month for month in reported.months if month.start == start), None)
    # In the first month of a meter, fixed prices count from a later day.
    if before is None or before.since or before.known_share(before.end) < _MIN_KNOWN_SHARE:
        return None
    return before


def _compared(
    month: Month, before: Month, own_kwh: Mapping[datetime, float], ends: _Ends | None = None
) -> ComparedCosts | None:
    """Return the costs of two months up to `ends`, None if a price is unknown."""
    ends = ends or _Ends(month.end, before.end, month.end)
    period = before.start, ends.before, before.end
    now = costs_between(month.ledger, month.start, ends.now, ends.billed_until)
    billed, under = (
        costs_between(before.ledger, *period),
        _under_terms(month, ends.now, before, period),
    )
    if now is None or billed is None or under is None:
        return None
    kwh = [own_kwh[start] for start in (month.start, before.start) if start in own_kwh]
    return ComparedCosts(now, under, billed, (kwh[0], kwh[1]) if len(kwh) > 1 else None)


def _under_terms(
    month: Month, end: datetime, before: Month, period: tuple[datetime, datetime, datetime]
) -> PeriodCosts | None:
    """Return the costs of a period of the month `before` under the terms of `month` until `end`.

    If the terms change within `month`, each kWh has the mean price of the kWh of `month`.
    """
    ledger, share = month.ledger, month_share(before.start, period[1])
    starts, _, parts = zip(*ledger.timed_parts(month.start, end), strict=True)
    terms = (terms_at(ledger.contracts, start) for start in starts)
    costs = [costs_under(term, share, before.ledger, period) for term in terms]
    known = [cost for cost in costs if cost]
    if len(known) < len(costs):
        return None
    bought, sold, fixed = (
        PeriodCosts.mean(known, weights)
        for weights in (
            [part.sums.imported_wh for part in parts],
            [part.sums.exported_wh for part in parts],
            [part.months for part in parts],
        )
    )
    return bought._replace(sold=sold.sold, fixed=fixed.fixed)


def _in_cents(
    causes: Mapping[DayReason, float], difference: float
) -> tuple[tuple[str, float], ...]:
    """Return the causes in EUR, rounded by the largest remainder, the largest cause first."""
    # The bill rounds its lines, so prices seem to have changed by some cents.
    main = max(causes, key=lambda reason: abs(causes[reason]))
    kept = {reason: eur for reason, eur in causes.items() if abs(eur) >= _MIN_CAUSE_EUR}
    kept[main] = difference - sum(eur for reason, eur in kept.items() if reason is not main)
    cents = dict(zip(kept, rounded_to_sum([*kept.values()], difference), strict=True))
    largest = sorted(cents.items(), key=lambda item: -abs(item[1]))
    return tuple((reason.value, amount) for reason, amount in largest)


def _dearest_day(reported: ReportedMonths) -> Iterator[Line]:
    month = reported.months[-1]
    costs = [
        (day.due.total - day.before.total, day.start)
        for day in bills_by_day(*month, month.end)
        if day.due.total is not None and day.before.total is not None
    ]
    cost, start = max(costs, default=(0.0, month.start))
    # A house that only sells energy has no dearest day.
    if cost <= 0:
        return
    values: Placeholders = {"of_day": start.isoformat(), "cost_eur": cost}
    device = reported.sources and dearest_device(reported.sources, month, start)
    if device and device.cost >= _MIN_DAY_SHARE * cost:
        of_device: Placeholders = {"name": device.name, "device_eur": device.cost}
        yield Line("dearest_day_device", values | of_device)
    else:
        yield Line("dearest_day", values)


def _goal(reported: ReportedMonths) -> Iterator[Line]:
    month, total = reported.months[-1], reported.total
    if reported.goal is None or total is None:
        return
    goal = goal_of(reported.goal, reported.months, month.end)
    if goal is None:
        return
    above = total - goal.total
    values: Placeholders = {"goal_eur": goal.total, "difference_eur": abs(above)}
    yield Line("goal_passed" if above > 0 else "goal_kept", values)


def _advice(reported: ReportedMonths) -> Iterator[Line]:
    """Yield advice that is worth at least 1 EUR a month, the surest first."""
    month, contracts = reported.months[-1], reported.contracts
    starts = [month.start for month in reported.months]
    comparison = compare(month.ledger, starts, month.end, is_at_current_prices=True)
    saving = (comparison.saving_per_year or 0.0) / MONTHS_OF_A_YEAR
    is_year_known = len(comparison.decisive) == MONTHS_OF_A_YEAR
    if is_year_known and saving >= _MIN_ADVICE_EUR and comparison.cheapest:
        yield Line(
            "advice_class", {"reference_kw": float(comparison.cheapest), "saving_eur": saving}
        )
    avoidable = saving_below(month) or 0.0
    powers = {of.reference_kw for of in contracts.between(month.start, month.end)} - {None}
    if avoidable >= _MIN_ADVICE_EUR and powers:
        yield _above(reported, powers, avoidable)
    yield from _always_on(reported)
    yield from _best_hour(reported)


def _above(reported: ReportedMonths, powers: AbstractSet[float | None], avoidable: float) -> Line:
    """Return the advice for the avoidable cost above the reference power.

    It names the device that could have avoided half of it, and the power if all of the month had
    the same.
    """
    sources, month = reported.sources, reported.months[-1]
    device = sources and cost_above(sources.devices, month)
    is_one, values = len(powers) == 1, dict[str, PlaceholderValue]()
    if is_one:
        values["reference_kw"] = next(kw for kw in powers if kw is not None)
    if device and device.cost >= max(_MIN_ADVICE_EUR, _MIN_ABOVE_SHARE * avoidable):
        named = {**values, "name": device.name, "saving_eur": device.cost}
        return Line("advice_device" if is_one else "advice_device_powers", named)
    values["saving_eur"] = avoidable
    return Line("advice_above" if is_one else "advice_above_powers", values)


def _best_hour(reported: ReportedMonths) -> Iterator[Line]:
    sources, month = reported.sources, reported.months[-1]
    best = sources and best_hour(sources, month)
    if best and best.saving >= _MIN_ADVICE_EUR:
        clock = f"{best.hour:02}:00"
        values: Placeholders = {
            "name": best.name,
            "clock": clock,
            "saving_eur": best.saving,
        }
        yield Line("advice_hour", values)


def _always_on(reported: ReportedMonths) -> Iterator[Line]:
    """Yield the rise of the base load against the mean of the three months before."""
    *earlier, month = reported.months
    if len(earlier) < _MONTHS_BEFORE:
        return
    start = earlier[-_MONTHS_BEFORE].start
    table = month.ledger.table
    kw, before_kw = (
        usual_night_kw(table, month.start, month.end),
        usual_night_kw(table, start, month.start),
    )
    if kw is None or before_kw is None or (more_kw := kw - before_kw) < _MIN_MORE_KW:
        return
    cost = month.saving_with(with_load(month.rows.table, always(-more_kw))) or 0.0
    if cost >= _MIN_ADVICE_EUR:
        yield Line("advice_always_on", {"watts": more_kw * 1000, "saving_eur": cost})
