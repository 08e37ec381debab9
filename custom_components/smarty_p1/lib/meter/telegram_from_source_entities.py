"""Telegrams made from the entities of other integrations, and a trial reading of these entities.

A dialog makes the trial reading before the entities are used. The trial finds the longest interval
between two reports, and the step by which the totals change.
"""

from collections.abc import Iterable, Mapping, Sequence, Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil, gcd
from typing import NamedTuple

from ..history.gap_clock_and_power_limits import MAX_POWER_KW
from ..p1.telegram import Telegram, Verification
from .meter_reader import IMPORTED_ENERGY

ENERGY_UNITS: Mapping[str, float] = {"Wh": 0.001, "kWh": 1.0, "MWh": 1000.0}
"""Kilowatt-hours in each accepted unit of energy."""
POWER_UNITS: Mapping[str, float] = {"W": 0.001, "kW": 1.0}
"""Kilowatts in each accepted unit of power."""
# Maximum total in kWh. A higher state counts as unknown. The register of a household's meter has
# six digits before the decimal point, so its values are lower.
_MAX_KWH = 10_000_000.0
_MAX_STATE_CHARS = 32
# A sum of tariffs is rounded to this number of decimals, because the sum of two floats has errors
# in further decimals.
_DECIMALS = 6


class SourceQuantity(NamedTuple):
    """Quantity that entities show: its OBIS reference, its units, and its highest value."""

    reference: str
    units: Mapping[str, float]
    maximum: float


QUANTITIES: Mapping[str, SourceQuantity] = {
    "energy_imported": SourceQuantity("1-0:1.8.0", ENERGY_UNITS, _MAX_KWH),
    "energy_exported": SourceQuantity("1-0:2.8.0", ENERGY_UNITS, _MAX_KWH),
    "power_imported": SourceQuantity("1-0:1.7.0", POWER_UNITS, MAX_POWER_KW),
    "power_exported": SourceQuantity("1-0:2.7.0", POWER_UNITS, MAX_POWER_KW),
}
"""Quantities of a telegram that entities can show."""


class EntityState(NamedTuple):
    """State of an entity in Home Assistant: a text and a unit."""

    text: str
    unit: str | None


def value_of(quantity: SourceQuantity, state: EntityState) -> float | None:
    """Return the value of a state in kWh or kW.

    Return None if the state is not a number, if its unit is not accepted, or if its value is
    negative or above the maximum.
    """
    factor = quantity.units.get(state.unit or "")
    if factor is None or len(state.text) > _MAX_STATE_CHARS:
        return None
    try:
        value = float(state.text) * factor
    except ValueError:
        return None
    return value if 0 <= value <= quantity.maximum else None


def entity_telegram(
    states: Mapping[str, Sequence[EntityState]], time: datetime | None, integration: str
) -> Telegram:
    """Return a telegram with the values of `states` at a time.

    `states` has the states of entities for each quantity. If a quantity has several states, each
    of them is the total of a tariff, and they are added up. If one of them is unknown, the sum is
    None. `integration` is the name of the integration to which the entities belong.
    """
    objects: dict[str, float | None] = {}
    for name, shown in states.items():
        quantity = QUANTITIES[name]
        values = [value_of(quantity, state) for state in shown]
        known = [value for value in values if value is not None]
        is_whole = known and len(known) == len(values)
        objects[quantity.reference] = round(sum(known), _DECIMALS) if is_whole else None
    _balance(states, objects)
    return Telegram(integration, None, time, objects, {}, verification=Verification.INTEGRATION)


def _balance(states: Mapping[str, Sequence[EntityState]], objects: dict[str, float | None]) -> None:
    """Add the exported power to `objects` if only the imported power is read.

    A Smarty adds up the signed powers of its phases, so it never imports and exports at the same
    time. The exported power is:

    - 0 if the imported power is above 0;
    - 0 if the imported power is 0 and no entity shows exported energy;
    - None (unknown) in all other cases.
    """
    imported, exported = (
        QUANTITIES[name].reference for name in ("power_imported", "power_exported")
    )
    if imported in objects and exported not in objects:
        power = objects[imported]
        is_drawing = power is not None and (power > 0 or "energy_exported" not in states)
        objects[exported] = 0.0 if is_drawing else None


MAX_INTERVAL_S = 300.0
"""Maximum seconds between two reports. With slower entities, quarter-hours would be guesses."""
COARSE_STEP_WH = 100
"""If the totals change in steps of this many Wh or more, quarter-hours are wrong. Days and months
are still right."""
_ENERGIES = (IMPORTED_ENERGY, "1-0:2.8.0")
_STEPS_WH = (1000, 100, 10)
_QUARTER_HOUR_S = 900
_HOUR_S = 3600
_QUARTER_HOURS_AN_HOUR = _HOUR_S // _QUARTER_HOUR_S
# The total may lag behind the power by this number of steps. A total that lags by more is not
# reported, although it must have changed.
_MAX_LAG_STEPS = 2
# Between reports that are at most 15 minutes apart, the energy is interpolated.
_MIN_STANDSTILL = timedelta(minutes=15)
_MAX_STANDSTILL = timedelta(days=1)
_STANDSTILL_INTERVAL = timedelta(minutes=10)


class Report(NamedTuple):
    """Report of any chosen entity."""

    telegram: Telegram
    """Values of all entities, and the time of the report."""
    total_at: datetime | None
    """Time of the last report of the imported energy."""


class Trial(NamedTuple):
    """Result of the trial reading of a meter from its entities."""

    reports: int
    interval_s: float
    """Longest time between two reports of the imported energy. If the imported energy did not
    change, longest time between two reports of any entity."""
    step_wh: int
    """Step of the totals: the largest power of ten in Wh that divides all of them."""
    has_total: bool
    """Whether the imported energy was reported."""

    def tolerance_w(self, power_kw: float) -> int:
        """Return the probable error in W of a quarter-hour's mean power at the power `power_kw`.

        Each end of the quarter-hour is wrong by up to a step. A total is also late by up to an
        interval.
        """
        late = 1000 * power_kw * self.interval_s / _QUARTER_HOUR_S
        return round(_QUARTER_HOURS_AN_HOUR * self.step_wh + late)


def assess(start: Report, reports: Sequence[Report]) -> Trial | None:
    """Return the result of a trial reading. Return None if the imported energy is silent.

    `start` is the last report before the trial. `reports` has the reports during the trial.

    Some integrations report a total only when it changes. Such a total cannot report while the
    house draws no power, or less than a step. If the entities prove that, the reports of the other
    entities count instead.
    """
    step = _step_wh([start.telegram, *(report.telegram for report in reports)])
    reported = {report.total_at for report in reports} - {start.total_at, None}
    has_total, number = bool(reported), len(reported)
    interval = _longest(start.total_at, reported)
    followed = reports if len(reports) > 1 else [start, *reports]
    if (interval is None or interval > MAX_INTERVAL_S) and not _lags(followed, step):
        number = len(reports)
        interval = _longest(start.telegram.time, {report.telegram.time for report in reports})
    return None if interval is None else Trial(number, interval, step, has_total)


def _longest(before: datetime | None, reported: AbstractSet[datetime | None]) -> float | None:
    """Return the longest interval in seconds between two reports.

    If there is only one time, the interval lasts from `before` to this time. Return None if no
    interval is known.
    """
    times = sorted(time for time in reported if time)
    if len(times) == 1 and before:
        times.insert(0, before)
    return max(
        ((after - before).total_seconds() for before, after in pairwise(times)), default=None
    )


def _step_wh(telegrams: Iterable[Telegram]) -> int:
    return _step_of(gcd(*(total for telegram in telegrams for total in _totals(telegram).values())))


def _step_of(divisor: int) -> int:
    return next((step for step in _STEPS_WH if divisor and divisor % step == 0), 1)


def _lags(reports: Sequence[Report], step_wh: int) -> bool:
    """Return whether the imported energy should have changed, but did not.

    Return True if the entities do not tell whether power was drawn.
    """
    drawn_wh = 0.0
    for report, after in pairwise(reports):
        before, end = report.telegram, after.telegram
        if not before.time or not end.time or (power := _drawn_kw(before, end)) is None:
            return True
        drawn_wh += 1000 * power * (end.time - before.time).total_seconds() / _HOUR_S
    ends = reports[0].telegram, reports[-1].telegram
    first, last = (telegram.objects.get(IMPORTED_ENERGY) for telegram in ends)
    if not isinstance(first, float) or not isinstance(last, float):
        return True
    return drawn_wh - 1000 * (last - first) >= _MAX_LAG_STEPS * step_wh


def _drawn_kw(before: Telegram, after: Telegram) -> float | None:
    """Return the imported power in kW between two telegrams, or None if it is unknown.

    A Smarty adds up the powers of its phases, so a house that feeds in draws nothing.
    """
    exported = [telegram.objects.get("1-0:2.8.0") for telegram in (before, after)]
    feed_in = before.objects.get("1-0:2.7.0")
    if len({*exported}) > 1 or (isinstance(feed_in, float) and feed_in > 0):
        return 0.0
    power = before.objects.get("1-0:1.7.0")
    return power if isinstance(power, float) else None


class SilentTotal:
    """Detector of imported energy that is not reported, although power is drawn.

    The other entities may still report. Without this detector, the house would seem to draw
    nothing.
    """

    def __init__(self) -> None:
        self._last: Report | None = None
        self._drawn_wh = 0.0
        self._divisor_wh = 0

    def note_report(self, report: Report) -> bool:
        """Take the next report. Return whether the imported energy is silent."""
        last, self._last = self._last, report
        self._divisor_wh = gcd(self._divisor_wh, *_totals(report.telegram).values())
        after, total_at = report.telegram.time, report.total_at
        if total_at is None or after is None:
            self._drawn_wh = 0.0
            return False
        is_first, last = last is None, last or report
        before = last.telegram.time
        # After a restart, the power since the last report of the energy is unknown.
        if is_first or before is None or last.total_at != total_at:
            self._drawn_wh, before = 0.0, total_at
        power = _drawn_kw(last.telegram, report.telegram) or 0.0
        self._drawn_wh += 1000 * power * (after - before).total_seconds() / _HOUR_S
        silent_s = (after - total_at).total_seconds()
        return not is_first and self._lags and silent_s > 2 * MAX_INTERVAL_S

    @property
    def _lags(self) -> bool:
        return self._drawn_wh >= _MAX_LAG_STEPS * _step_of(self._divisor_wh)

    def timed(self, report: Report) -> Telegram:
        """Return the telegram of the last report that was noted, at the time of its energy.

        While the energy lags behind the power, this is the time at which it was reported. With the
        time of another report, its next report would add earlier energy to a later quarter-hour.
        """
        return replace(report.telegram, time=report.total_at) if self._lags else report.telegram


class Standstill:
    """Finder of times in which the totals stood still although no entity reported.

    Some integrations report a total only when it changes. While a house feeds in, its imported
    energy stands still, so nothing reports. The next report proves it: since the last report, the
    totals have risen by one step or less.
    """

    def __init__(self) -> None:
        self._last: Telegram | None = None
        self._divisor_wh = 0

    def until(self, telegram: Telegram) -> list[Telegram]:
        """Return telegrams for the standstill between the last call's telegram and `telegram`.

        They have the totals of the last telegram. Return [] if there was no standstill, or if it
        lasted less than 15 minutes or more than a day.
        """
        last, self._last = self._last, telegram
        # A fall of the totals makes the divisor no larger, so the step is never too large.
        self._divisor_wh = gcd(self._divisor_wh, *_totals(telegram).values())
        if last is None or last.time is None or telegram.time is None:
            return []
        passed = telegram.time - last.time
        if not _MIN_STANDSTILL < passed <= _MAX_STANDSTILL or not self._stood_still(last, telegram):
            return []
        objects = {name: last.objects[name] for name in _totals(last)}
        number = ceil(passed / _STANDSTILL_INTERVAL)
        times = [last.time + n * _STANDSTILL_INTERVAL for n in range(1, number)]
        return [replace(last, time=time, objects=objects) for time in times]

    def _stood_still(self, last: Telegram, telegram: Telegram) -> bool:
        before, after = _totals(last), _totals(telegram)
        step = _step_of(self._divisor_wh)
        return before.keys() == after.keys() and all(
            0 <= after[name] - total <= step for name, total in before.items()
        )


def _totals(telegram: Telegram) -> dict[str, int]:
    """Return the known totals in Wh by OBIS reference."""
    values = {name: telegram.objects.get(name) for name in _ENERGIES}
    return {name: round(value * 1000) for name, value in values.items() if isinstance(value, float)}
