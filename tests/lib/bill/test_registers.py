"""A register is law: between two known registers of a meter, rows add up to their difference."""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest

from dev.testing.random_examples import examples
from smartyp1.advice.solar_house import Grid, grid_hours
from smartyp1.answers.days import days_report
from smartyp1.answers.quarter_hours import quarter_hours_report
from smartyp1.bill.energy_sharing import QuarterHourSharing
from smartyp1.bill.household import Household
from smartyp1.bill.leneda_days import LenedaDays
from smartyp1.bill.quarter_hour_series import ABOVE_CONTRACT, quarter_hours_between
from smartyp1.history.month_file_lines import lines_of_file, span_of_cells, split_line
from smartyp1.history.quarter_hour import Origin, QuarterHour
from smartyp1.history.register_amounts import Energies
from smartyp1.history.spans import Span, SpanKind
from smartyp1.prices.contract import Contract
from tests.lib.bill.lives import JUNE
from tests.lib.bill.months import local
from tests.lib.bill.support import Connection, Disk, known, platform

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
CONTRACT = Contract(reference_kw=3, energy_price=0.15, feed_in_price=0.05)
TOLERANCE_WH = 1e-3


class Story(NamedTuple):
    """Events of a meter's life, and the files of its spans."""

    meter: Household
    spans: Sequence[Span]
    leneda: Sequence[QuarterHour]
    jumps: int


class House:
    """A house whose meter is read. The meter's clock can be wrong."""

    def __init__(self, chance: random.Random) -> None:
        self.chance, self.meter, self.disk = chance, Household(CONTRACT), Disk()
        self.time, self.ahead, self.serial, self.jumps = JUNE, timedelta(), "A", 0
        self.imported, self.exported = 50_000, 9_000
        self.has_sun = chance.random() < 0.6
        self.step = timedelta(minutes=chance.choice([5, 7, 15]))
        self.read()

    def read(self) -> None:
        """Let the meter send a telegram."""
        energies = Energies(self.imported / 1000, self.exported / 1000 if self.has_sun else None)
        self.meter.count_telegram(self.time + self.ahead, energies, None, self.serial)

    def pass_by(self, passed: timedelta) -> None:
        """Let time pass and energy flow."""
        hours = passed / timedelta(hours=1)
        self.imported += round(hours * self.chance.choice([0, 100, 400, 3_000]))
        self.time += passed
        if self.has_sun and 6 <= self.time.hour < 16:
            self.exported += round(hours * self.chance.choice([0, 700]))

    def read_for(self, count: int) -> None:
        """Let the meter be read `count` times."""
        for _ in range(count):
            self.pass_by(self.step)
            self.read()

    def outage(self) -> None:
        """Let the meter be unread, often until a quarter-hour begins."""
        self.pass_by(timedelta(minutes=self.chance.choice([16, 40, 480, 1560, 6000])))
        if self.chance.random() < 0.5:
            self.pass_by(-(self.time - JUNE) % QUARTER)

    def set_clock(self) -> None:
        """Set the meter's clock ahead or back."""
        minutes = self.chance.choice([20, 60, 2000, -3, -20, -60, -2000])
        self.ahead, self.jumps = timedelta(minutes=minutes), self.jumps + 1

    def restart(self) -> None:
        """Store the meter, and restore it."""
        self.disk.write(self.meter)
        self.meter = Household.from_dict(self.meter.as_dict(), CONTRACT, self.disk.files)

    def exchange(self) -> None:
        """Let another meter be read."""
        self.serial, self.jumps = self.serial + "x", self.jumps + 1
        self.imported, self.exported = self.chance.randrange(100_000), 0


def story_of(chance: random.Random) -> Story:
    """Return a meter after outages, wrong clocks, an exchange, restarts, and days of Leneda."""
    house = House(chance)
    events = [house.outage] * 3 + [house.set_clock, house.set_clock, house.restart, house.exchange]
    for _ in range(chance.randrange(2, 7)):
        house.read_for(chance.randrange(1, 300))
        chance.choice(events)()
    house.read_for(round(2 * DAY / house.step))
    house.disk.write(house.meter)
    leneda = [*leneda_rows(chance, has_sun=house.has_sun)]
    sharing = {
        row.start: QuarterHourSharing((chance.randrange(200), 0, 0, 0))
        for row in leneda[:: chance.randrange(1, 4)]
    }
    house.meter.set_leneda_days(LenedaDays(leneda, sharing))
    return Story(house.meter, [*spans_of(house.meter, house.disk)], leneda, house.jumps)


def leneda_rows(chance: random.Random, *, has_sun: bool) -> Iterator[QuarterHour]:
    """Yield quarter-hours that do not agree with the registers. Some are 0, estimated, lacking."""
    time = JUNE - DAY
    while time < JUNE + 45 * DAY:
        until = time + chance.randrange(1, 500) * QUARTER
        kind = chance.choice(["lacking", "measured", "measured", "estimated", "estimated"])
        origin = Origin.LENEDA_ESTIMATED if kind == "estimated" else Origin.LENEDA
        kw = chance.choice([0.0, 0.2, 5.0])
        while time < until:
            fed_kwh = chance.choice([0.0, 0.1]) if has_sun else None
            if kind != "lacking":
                mean_kw = kw * chance.choice([0, 1, 1])
                yield QuarterHour(time, mean_kw, fed_kwh, origin=origin)
            time += QUARTER


def spans_of(meter: Household, disk: Disk) -> Iterator[Span]:
    """Yield all spans: the stored ones, and the spans that are not confirmed yet."""
    for data in disk.files.values():
        for line in lines_of_file(data):
            yield span_of_cells(split_line(line.decode())[0])
    for segment in meter.as_dict()["stretches"]:
        for line in segment["spans"]:
            yield span_of_cells(split_line(line)[0], is_numbered=False)


def number_of(time: datetime) -> int:
    return int(time.timestamp() // 900)


class Row(NamedTuple):
    """Energy of Leneda's quarter-hour inside of a run."""

    wh: float
    seconds: float
    is_estimated: bool


def by_quarter(spans: Sequence[Span], rows: Mapping[int, Row], quantity: str) -> dict[int, float]:
    """Return the energy of each quarter-hour by the rules of the registers, with plain dicts."""
    energies: dict[int, float] = defaultdict(float)
    loose = [span for span in spans if span.kind is not SpanKind.QUARTER_HOUR]
    own = [span for span in spans if span.kind is SpanKind.QUARTER_HOUR]
    for span in own:
        if quantity == "imported_wh" or span.amounts.is_exported_exact:
            energies[number_of(span.start)] += getattr(span.amounts, quantity)
    measured = {number_of(span.start) for span in own}
    rows = {quarter: row for quarter, row in rows.items() if quarter not in measured}
    for run in runs_of(loose):
        for quarter, wh in of_run(run, rows, quantity):
            energies[quarter] += wh
    for quarter, row in rows.items():
        energies[quarter] += row.wh
    return {quarter: wh for quarter, wh in energies.items() if wh}


def of_run(
    run: Sequence[Span], rows: Mapping[int, Row], quantity: str
) -> Iterator[tuple[int, float]]:
    """Yield the energies that a run adds to quarter-hours, or takes from Leneda's."""
    inside: dict[int, float] = defaultdict(float)
    free: dict[int, float] = defaultdict(float)
    for span in run:
        length = (span.end - span.start).total_seconds()
        for quarter, seconds in cut(span):
            inside[quarter] += seconds
            share = seconds / length if length else 1.0
            free[quarter] += getattr(span.amounts, quantity) * share
    covered = {
        quarter: rows[quarter]._replace(seconds=min(900.0, seconds))
        for quarter, seconds in inside.items()
        if quarter in rows
    }
    free = {quarter: wh for quarter, wh in free.items() if quarter not in covered}
    if not any(free.values()):
        free = {quarter: inside[quarter] for quarter in free}
    rest = sum(getattr(span.amounts, quantity) for span in run)
    if covered:
        is_law = quantity == "imported_wh" or all(
            span.amounts.is_exported_exact and span.exported_register_wh is not None for span in run
        )
        rest, changed = fitted(covered, rest, has_free=any(free.values()), is_law=is_law)
        yield from ((quarter, wh - rows[quarter].wh) for quarter, wh in changed.items())
    if rest:
        yield from ((q, rest * weight / sum(free.values())) for q, weight in free.items())


def cut(span: Span) -> Iterator[tuple[int, float]]:
    """Yield the quarter-hours of a span, each with its seconds inside of the span."""
    start, end = span.start.timestamp(), span.end.timestamp()
    quarter = int(start // 900)
    while quarter == int(start // 900) or quarter * 900 < end:
        yield quarter, max(0.0, min(end, (quarter + 1) * 900) - max(start, quarter * 900))
        quarter += 1


def runs_of(spans: Sequence[Span]) -> list[list[Span]]:
    """Return the spans that share quarter-hours, in groups."""
    groups: list[tuple[set[int], list[Span]]] = []
    for span in spans:
        quarters, joined = {quarter for quarter, _ in cut(span)}, [span]
        for group in [group for group in groups if group[0] & quarters]:
            groups.remove(group)
            quarters |= group[0]
            joined += group[1]
        groups.append((quarters, joined))
    return [joined for _, joined in groups]


def fitted(
    covered: Mapping[int, Row], register: float, *, has_free: bool, is_law: bool
) -> tuple[float, dict[int, float]]:
    """Return the energy left for other quarter-hours, and Leneda's energies after all scaling."""
    inside = {q: row.wh * (row.seconds / 900 or 1.0) for q, row in covered.items()}
    estimated = {q: row for q, row in covered.items() if row.is_estimated}
    measured = {q: row for q, row in covered.items() if not row.is_estimated}
    measured_wh = sum(inside[q] for q in measured)
    rest = register - measured_wh - sum(inside[q] for q in estimated)
    rest = max(0.0, rest) if has_free else 0.0
    if not is_law:
        return rest, {}
    of_estimates = max(0.0, register - measured_wh - rest) if estimated else 0.0
    of_measured = register - rest - of_estimates
    return rest, scaled(estimated, of_estimates) | scaled(measured, of_measured)


def scaled(rows: Mapping[int, Row], target: float) -> dict[int, float]:
    """Return energies whose part inside of the run can be `target`."""
    most = sum(row.wh for row in rows.values())
    full = {q: row for q, row in rows.items() if row.seconds > 899.99}
    least = sum(row.wh for row in full.values())
    if target > most and most:
        return {q: row.wh * target / most for q, row in rows.items()}
    if target > most:
        seconds = {q: max(1.0, row.seconds) for q, row in rows.items()}
        return {q: target * of / sum(seconds.values()) for q, of in seconds.items()}
    if target < least:
        return {q: row.wh * target / least for q, row in full.items()}
    return {}


@pytest.mark.parametrize("seed", range(examples(8)))
def test_rows_are_those_of_a_slow_program(seed: int) -> None:
    story = story_of(random.Random(seed))  # noqa: S311
    table = known(story.meter).ledger.table
    is_estimated = {
        number_of(row.start): row.origin is Origin.LENEDA_ESTIMATED for row in story.leneda
    }
    imported = {number_of(row.start): row.mean_kw * 250 for row in story.leneda}
    exported = {
        number_of(row.start): row.exported_kwh * 1000
        for row in story.leneda
        if row.exported_kwh is not None
    }
    for quantity, column, leneda in (
        ("imported_wh", table.imported, imported),
        ("exported_wh", table.exported, exported),
    ):
        found: dict[int, float] = defaultdict(float)
        for quarter, wh in zip(table.quarter.tolist(), column.tolist(), strict=True):
            if wh == wh:  # noqa: PLR0124 - NaN
                found[quarter] += wh
        rows = {q: Row(wh, 0.0, is_estimated[q]) for q, wh in leneda.items()}
        expected = by_quarter(story.spans, rows, quantity)
        assert {q: wh for q, wh in found.items() if wh} == pytest.approx(
            expected, abs=TOLERANCE_WH
        ), seed


@pytest.mark.parametrize("seed", range(examples(8)))
def test_between_two_known_registers_rows_add_up(seed: int) -> None:
    story = story_of(random.Random(seed))  # noqa: S311
    ledger = known(story.meter).ledger
    assert (ledger.table.shared.sum(axis=0) <= ledger.table.imported + 1e-6).all()
    # The energy of all spans, and the energy that Leneda alone knows.
    of_spans = sum(span.amounts.imported_wh for span in story.spans)
    touched: dict[int, float] = defaultdict(float)
    for quarter, seconds in (part for span in story.spans for part in cut(span)):
        touched[quarter] += seconds
    energies = [(row.mean_kw * 250, touched.get(number_of(row.start))) for row in story.leneda]
    others = sum(wh for wh, seconds in energies if seconds is None)
    partly = sum(wh for wh, seconds in energies if seconds is not None and seconds < 899.99)
    total = ledger.all.imported_wh - others
    assert of_spans - TOLERANCE_WH <= total <= of_spans + partly + TOLERANCE_WH, seed
    if story.jumps:
        return
    ends = [
        span
        for span in sorted(story.spans, key=lambda span: span.end)
        if not span.end.timestamp() % 900
    ]
    for before, after in pairwise(ends):
        assert before.imported_register_wh is not None
        assert after.imported_register_wh is not None
        risen = after.imported_register_wh - before.imported_register_wh
        found = ledger.sums(before.end, after.end)
        assert found.imported_wh == pytest.approx(risen, abs=TOLERANCE_WH), (seed, before, after)
        rows = ledger.table.between(before.end, after.end)
        if before.exported_register_wh is not None and after.exported_register_wh is not None:
            fed = after.exported_register_wh - before.exported_register_wh
            assert rows.exported.sum() == pytest.approx(fed, abs=TOLERANCE_WH), seed


def cut_off(
    hours: int, estimated_kw: float, real_kw: float, *, fed_kw: float = 0
) -> tuple[Connection, float]:
    """Return a house that was not read for some hours, and all kWh that its register counted.

    In these hours it exports `fed_kw`, and Leneda estimates 0.4 kW.
    """
    house = Connection("2026-06-01T00:00:00S")
    house.exported_wh = 5_000
    house.change(CONTRACT)
    house.read()
    house.draw_hours(30, 1.2)
    house.exported_wh += round(hours * fed_kw * 1000)
    house.after(hours * 3600, round(hours * real_kw * 1000))
    house.draw_hours(30, 1.2)
    days = platform("2026-06-02", "2026-06-03T12:00", estimated_kw, 0.1)
    estimates = [row._replace(origin=Origin.LENEDA_ESTIMATED) for row in days]
    house.meter.set_leneda_days(LenedaDays(estimates))
    return house, 60 * 1.2 + hours * real_kw


@pytest.mark.parametrize("hours", [8, 26])
@pytest.mark.parametrize("estimated_kw", [0.0, 0.4, 0.8, 3.0])
def test_estimates_of_an_outage_are_scaled_to_the_registers(
    hours: int, estimated_kw: float
) -> None:
    house, drawn_kwh = cut_off(hours, estimated_kw, 0.8)
    month = house.household.month
    assert month.imported_kwh == pytest.approx(drawn_kwh)
    assert month.sums.estimated == hours * 4
    # Peak and excess follow the registers, in the sensors as on the bill.
    assert month.peak == house.household.values.peak
    assert house.household.values.excess_kwh == 0


@pytest.mark.parametrize("estimated_kw", [0.0, 0.8, 8.0])
@pytest.mark.parametrize(("hours", "real_kw"), [(8, 0.8), (26, 0.8), (8, 6.0), (26, 6.0)])
def test_every_answer_adds_up_to_the_registers_and_to_the_bill(
    hours: int, real_kw: float, estimated_kw: float
) -> None:
    house, _ = cut_off(hours, estimated_kw, real_kw, fed_kw=0.2)
    household, start = house.household, local("2026-06-02")
    table, end = household.ledger.table, min(house.time, start + 2 * DAY)
    sums = household.ledger.sums(start, end)
    imported_kwh = 1.2 * ((end - start) / timedelta(hours=1) - hours) + hours * real_kw
    assert sums.imported_wh == pytest.approx(imported_kwh * 1000)
    both = pytest.approx((imported_kwh, hours * 0.2))

    quarters = [*quarter_hours_between(table, start, end)]
    assert np.sum([(q.imported_kwh, q.exported_kwh or 0.0) for q in quarters], axis=0) == both
    by_hour = [kwh for hour, kwh in grid_hours(table, end).items() if hour >= start]
    assert np.sum(by_hour, axis=0) == both
    grid = Grid([household.month], house.meter.meter.columns, end)
    assert np.sum([grid.days[start], grid.days[start + DAY]], axis=0) == both
    assert all(map(grid.is_known, (start, start + DAY)))

    asked = {"start": start, "end": end, "encoding": "list"}
    chart = quarter_hours_report(household, asked | {"quantity": "imported"})["values"]
    assert sum(chart) == pytest.approx(imported_kwh * 1000, abs=96)
    marks = quarter_hours_report(household, asked | {"quantity": "larger"})["above"]
    assert sum(mark >= ABOVE_CONTRACT for mark in marks) == sums.above

    days = days_report(household, date(2026, 6, 2), date(2026, 6, 4))["days"]
    assert sum(day["imported_wh"] for day in days) == sum(chart)
    peaks = [day["peak"]["mean_kw"] for day in days]
    assert peaks == [pytest.approx(max(chart[n : n + 96]) / 250, abs=0.01) for n in (0, 96)]
    assert household.month.peak
    assert max(peaks) == pytest.approx(household.month.peak.mean_kw, abs=1e-3)
