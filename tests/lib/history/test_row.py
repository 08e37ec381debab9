"""The row: months made again in part are those made from all of it, and none of its energy is lost.

Each story is made by the dice of its seed, which is in the name of its test.
"""

import random
from datetime import datetime, timedelta

import pytest

from smartyp1.bill.leneda_days import NO_LENEDA_DAYS, LenedaDays
from smartyp1.bill.month_cache import months_of
from smartyp1.history.calendar import day_start
from smartyp1.history.month_columns import Row
from smartyp1.history.quarter_hour import Origin, QuarterHour
from smartyp1.history.register_amounts import Amounts
from smartyp1.history.spans import Span, SpanKind
from smartyp1.prices.contract import Contract
from tests.lib.bill.months import local
from tests.lib.bill.support import change_contract
from tests.lib.bill.test_stories import House, random_event
from tests.random_examples import examples

QUARTER = timedelta(minutes=15)
START = "2026-07-31T21:10:00+00:00"
CONTRACTS = (
    Contract(reference_kw=3),
    Contract(reference_kw=4.5, energy_price=0.2),
    Contract(reference_kw=7, energy_price=0.2, second_price=0.1, second_hours="22:00-06:00"),
    Contract(reference_kw=7, energy_margin=0.01),
)


def some_past(dice: random.Random, now: datetime) -> LenedaDays:
    """Return what the platform may know of some days before now."""
    start = day_start(now) - timedelta(days=dice.randrange(1, 60))
    count = dice.randrange(1, 60) * 96
    quarters = []
    for n in range(count):
        time = start + n * QUARTER
        if time >= day_start(now):
            break
        if dice.random() < 0.95:
            fed_kwh = dice.choice((None, 0.0, 0.05))
            origin = dice.choice((Origin.LENEDA, Origin.LENEDA_ESTIMATED))
            quarters.append(QuarterHour(time, dice.random() * 4, fed_kwh, origin=origin))
    return LenedaDays(quarters)


def set_past_aside(house: House, dice: random.Random) -> None:
    """Let the months of a past be made in a thread, while the meter goes on."""
    meter, past = house.meter, some_past(dice, house.time)
    months_of_past = meter.begin_leneda()
    made = months_of_past(past) if dice.random() < 0.5 else None
    for _ in range(3):
        house.tell(random_event(dice))
    if dice.random() < 0.2:
        change_contract(meter, dice.choice(CONTRACTS))
    if house.meter is meter:
        meter.set_leneda_days(past, made or months_of_past(past))


@pytest.mark.parametrize("seed", range(examples(3)), ids="seed {}".format)
def test_months_made_in_part_are_those_made_from_all(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secret
    house = House(START, seed)
    for _ in range(12):
        house.tell(random_event(dice))
        meter = house.meter
        match dice.randrange(5):
            case 0:
                change_contract(meter, dice.choice(CONTRACTS))
            case 1:
                since = house.time.date() - timedelta(days=dice.randrange(40))
                change_contract(meter, dice.choice(CONTRACTS), since)
            case 2:
                meter.set_leneda_days(some_past(dice, house.time))
            case 3:
                set_past_aside(house, dice)
            case _:
                pass
        house.run(dice.choice((3, 20, 200)))
        made = meter._months.made(meter.contracts)
        assert made == months_of(meter.columns, meter.leneda, meter.contracts)


def test_a_quarter_hour_that_was_measured_twice_counts_twice_on_its_day() -> None:
    midnight, row = local("2026-06-02"), Row()
    spans = ((midnight - QUARTER, 100, 7), (midnight, 2000.1, 9), (midnight, 300.2, 5))
    for start, imported, exported in spans:
        amounts = Amounts(imported, exported)
        row.add(Span(start, start + QUARTER, SpanKind.QUARTER_HOUR, amounts))
    [month] = months_of(row.months, NO_LENEDA_DAYS).values()
    days = [
        (day.imported_wh, day.exported_wh, day.quarter_hours, day.market_cost, day.market_wh)
        for day in month.days
    ]
    assert days == [(100, 7, 1, 0, 0), (2300.3, 14, 2, 0, 0)]


def test_what_a_thread_goes_through_stays_as_it_was() -> None:
    house = House(START, 1)
    house.run(60)
    columns = house.meter.columns
    before = [month.imported.tobytes() for month in columns.values()]
    house.run(60)
    assert [month.imported.tobytes() for month in columns.values()] == before
