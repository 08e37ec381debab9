"""Warnings of simulated households, which ignore them: how many come, and how many are right."""

from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

import pytest

from dev.simulator.house import HOUSES
from dev.simulator.household import Household
from smartyp1.messages import (
    ExcessState,
    Outbox,
    QuarterHourAhead,
    QuietHours,
    admit,
    warn_of_excess,
)
from tests.lib.bill.months import LUXEMBOURG

QUIET = QuietHours(time(22), time(7))
PRICE = 0.0826
START = datetime(2025, 10, 31, 23, tzinfo=UTC)
# Households with a fast car have the class of 7 kW, the others the lowest one.
CLASS_KW = {False: 3.0, True: 7.0}
FAST_CAR_W = 7000


class Warned(NamedTuple):
    """Warnings that were sent, and warned quarter-hours that ended above the reference power."""

    sent: int
    right: int
    most_a_day: int


def warned(number: int, days: int) -> Warned:
    """Return the warnings of a household, whose meter is read each minute."""
    house = HOUSES[number % len(HOUSES)]
    home = Household(house, number + 11)
    reference_kw = CLASS_KW[house.car_power >= FAST_CAR_W]
    state, outbox, moment = ExcessState(), Outbox(), START
    is_warned, right, by_day = False, 0, dict[object, int]()
    last = first = home.registers_at(moment).imported_kwh
    for _ in range(days * 1440):
        moment += timedelta(minutes=1)
        kwh = home.registers_at(moment).imported_kwh
        minute, power_kw, last = moment.minute % 15, (kwh - last) * 60, kwh
        if minute == 0:
            right += is_warned and (kwh - first) * 4 > reference_kw
            is_warned, first = False, kwh
            continue
        local = moment.astimezone(LUXEMBOURG)
        ahead = QuarterHourAhead(
            moment,
            moment + timedelta(minutes=15 - minute),
            (kwh - first + power_kw * (15 - minute) / 60) * 4,
            (kwh - first) * 60 / minute,
            reference_kw,
            PRICE,
        )
        may_send = outbox.may_send(local, QUIET)
        state, message = warn_of_excess(state, ahead if may_send else None)
        if message:
            outbox, [_] = admit(outbox, [message], local, QUIET)
            is_warned = True
            by_day[local.date()] = by_day.get(local.date(), 0) + 1
    return Warned(sum(by_day.values()), right, max(by_day.values(), default=0))


def test_warnings_of_a_month_are_mostly_right() -> None:
    sent, right, most_a_day = warned(0, 30)
    assert sent > 5
    assert right >= 0.9 * sent
    assert most_a_day <= 3


# The table is in docs/dashboard.md.
@pytest.mark.slow
def test_warnings_of_ten_years_are_mostly_right() -> None:
    years = [warned(number, 365) for number in range(10)]
    assert [(year.sent, year.right) for year in years] == [
        (303, 287),
        (199, 190),
        (10, 8),
        (263, 260),
        (78, 64),
        (307, 291),
        (194, 184),
        (10, 6),
        (199, 198),
        (63, 54),
    ]
    assert sum(year.right for year in years) >= 0.9 * sum(year.sent for year in years)
    assert max(year.most_a_day for year in years) <= 3
