"""The row: the confirmed spans of a connection, by month."""

from datetime import timedelta

from smartyp1.bill.leneda_days import NO_LENEDA_DAYS
from smartyp1.history.month_columns import Row
from smartyp1.history.register_amounts import Amounts
from smartyp1.history.spans import Span, SpanKind
from tests.lib.bill.months import days_of, local, months_of
from tests.lib.bill.support import Connection

QUARTER = timedelta(minutes=15)


def test_a_quarter_hour_that_was_measured_twice_counts_twice_on_its_day() -> None:
    midnight, row = local("2026-06-02"), Row()
    spans = ((midnight - QUARTER, 100, 7), (midnight, 2000.1, 9), (midnight, 300.2, 5))
    for start, imported, exported in spans:
        amounts = Amounts(imported, exported)
        row.add(Span(start, start + QUARTER, SpanKind.QUARTER_HOUR, amounts))
    [month] = months_of(row.months, NO_LENEDA_DAYS).values()
    days = [(day.imported_wh, day.exported_wh, day.sums.quarter_hours) for day in days_of(month)]
    # The energy of both counts, but they are one quarter-hour of the day.
    assert days == [(100, 7, 1), (2300.3, 14, 1)]


def test_beyond_the_maximum_the_oldest_month_goes_and_not_a_short_one() -> None:
    row = Row(3)
    for start, days in (("2026-01-01", 31), ("2026-02-01", 28), ("2026-03-01", 2)):
        for n in range(96 * days):
            begin = local(start) + n * QUARTER
            row.add(Span(begin, begin + QUARTER, SpanKind.QUARTER_HOUR, Amounts(100)))
    begin = local("2026-04-01")
    row.add(Span(begin, begin + QUARTER, SpanKind.QUARTER_HOUR, Amounts(100)))
    assert [*row.months] == [local(f"2026-{month:02}-01") for month in (2, 3, 4)]


def test_columns_in_use_by_a_thread_do_not_change() -> None:
    house = Connection("2026-07-31T23:10:00S")
    house.draw_hours(1)
    columns = house.meter.meter.columns
    before = [month.imported.tobytes() for month in columns.values()]
    house.draw_hours(1)
    assert [month.imported.tobytes() for month in columns.values()] == before
