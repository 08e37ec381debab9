"""Messages of ten simulated households in a year, which ignore them: how many are right.

How often their readers and their grid fail is invented: RATES and SILENT_HOURS.
`.venv/bin/python -m tests.lib.messages.test_household_years` prints the rows of the table in
docs/dashboard.md.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from multiprocessing import Pool
from statistics import fmean
from typing import NamedTuple

import pytest

from dev.checkout import ROOT
from dev.simulator.house import HOUSES, House
from dev.simulator.household import Household as SimulatedHousehold
from dev.simulator.randomness import seeded_random
from dev.testing.times import utc
from smartyp1.bill.household import Household
from smartyp1.bill.household_state import HouseholdState
from smartyp1.history.register_amounts import Energies
from smartyp1.messages.excess_warning import ExcessState, QuarterHourAhead, warn_of_excess
from smartyp1.messages.goal_watch import GoalState, goal_outlook, watch_goal
from smartyp1.messages.grid_watch import GridState, ReadingTimes, watch_grid
from smartyp1.messages.message import HouseholdMessage, Kind
from smartyp1.messages.outbox import Outbox, QuietHours, admit
from smartyp1.messages.silence_watch import Listening, SilenceState, watch_silence
from smartyp1.messages.voltage_watch import VoltageState, watch_voltage
from smartyp1.messages.water_watch import WaterCapture, WaterNights, watch_water
from smartyp1.prices.contract import Contract
from tests.lib.bill.months import LUXEMBOURG

NUMBERS = range(10)
QUIET = QuietHours(time(22), time(7))
EXCESS_PRICE = 0.0826
START = utc("2025-10-31 23:00")
# Households with a fast car have the class of 7 kW, the others the lowest one.
FAST_CAR_W = 7000
FAST_CAR_KW, OTHER_KW = 7.0, 3.0
# Events in a year. Panels raise the voltage.
RATES = {"text": 2, "power_failure": 1, "voltage_sag": 6, "voltage_swell": 1, "outside": 2}
OUTSIDE_WITH_PANELS = 8
SILENCES, SILENT_HOURS = 6, 3.0
_REPORTS = 12
_GOAL_HOUR = 18
_CAPTURE_MINUTE = 10
_MINUTE = timedelta(minutes=1)


class Year(NamedTuple):
    """Messages that were sent by key, right warnings, and the most messages of a day."""

    sent: Counter[str]
    right: int
    """Warned quarter-hours that ended above the reference power."""
    most_a_day: int
    """Only of the news that the limit of a day counts."""

    def count(self, kind: Kind) -> int:
        """Return the number of messages of a kind."""
        return sum(n for key, n in self.sent.items() if HouseholdMessage(key).rule.kind is kind)


def name_of(house: House) -> str:
    """Return the equipment that matters for the messages."""
    parts = [
        f"{house.liveliness * 4:.0f} people",
        "solar panels" if house.solar_peak else "",
        f"car {house.car_power / 1000:g} kW" if house.car_power else "",
        "water meter" if "water" in house.media else "",
    ]
    return ", ".join(filter(None, parts))


class _Disturbances:
    """Minutes of a year in which the reader is silent, and in which the grid is disturbed."""

    def __init__(self, number: int, house: House) -> None:
        chance = seeded_random("disturbances", number)
        self.silent: dict[datetime, timedelta] = {}
        """Silent minutes, each with the time since the last reading."""
        for _ in range(SILENCES):
            start = START + chance.randrange(365 * 1440) * _MINUTE
            for n in range(round(chance.expovariate(1 / (SILENT_HOURS * 60)))):
                self.silent[start + n * _MINUTE] = n * _MINUTE
        rates = RATES | ({"outside": OUTSIDE_WITH_PANELS} if house.solar_peak else {})
        self.events: dict[datetime, list[str]] = defaultdict(list)
        for name, rate in rates.items():
            for _ in range(rate):
                moment = START + chance.randrange(365 * 1440) * _MINUTE
                while moment in self.silent:
                    moment += _MINUTE
                self.events[moment].append(name)


class _Home:
    """Household that is read each minute, and the messages that it gets."""

    def __init__(self, number: int) -> None:
        house = HOUSES[number % len(HOUSES)]
        self.house, self.home = house, SimulatedHousehold(house, number + 11)
        self.reference_kw = FAST_CAR_KW if house.car_power >= FAST_CAR_W else OTHER_KW
        self.outbox, self.excess = Outbox(), ExcessState()
        self.goal = GoalState()
        self.water: WaterNights = {}
        self.silence, self.voltage = SilenceState(), VoltageState()
        self.counts = Counter({"power_failure": 0, "voltage_sag": 0, "voltage_swell": 0})
        self.grid = GridState({}, dict(self.counts))
        self.disturbances = _Disturbances(number, house)
        self.sent, self.by_day = Counter[str](), Counter[object]()
        self.right, self.is_warned = 0, False

    def households(self, days: int) -> Iterator[HouseholdState]:
        """Yield the bills of each day at 18:00 UTC."""
        contract = Contract(reference_kw=self.reference_kw, energy_price=0.15, feed_in_price=0.08)
        meter = Household(contract)
        for n in range(days * 96 + 1):
            moment = START + n * timedelta(minutes=15)
            registers = self.home.registers_at(moment)
            energies = Energies(registers.imported_kwh, registers.exported_kwh)
            meter.count_telegram(moment, energies, None, "SAG1")
            # Each snapshot adds up all the past.
            if (moment.hour, moment.minute) == (_GOAL_HOUR, 0) and (household := meter.snapshot):
                yield household

    def live(self, days: int) -> Year:
        """Live for some days. The goal is the mean cost of the whole months."""
        households = [*self.households(days)]
        bills = [month.bill().total or 0.0 for month in households[-1].earlier_months]
        goal = fmean(bills) if bills else 0.0
        moment, kwh = START, self.home.registers_at(START).imported_kwh
        first = kwh
        for n in range(days * 1440):
            moment += _MINUTE
            registers, before = self.home.registers_at(moment), kwh
            kwh = registers.imported_kwh
            due = [*self._silence(moment)]
            if moment not in self.disturbances.silent:
                due += self._warning(moment, (kwh - before) * 60, kwh - first)
                due += self._grid(moment)
            if moment.minute % 15 == 0:
                first = kwh
            if (moment.hour, moment.minute) == (_GOAL_HOUR, 0) and bills:
                outlook = goal_outlook(households[n // 1440], round(goal, 2))
                self.goal, message = watch_goal(self.goal, outlook)
                due += [message] if message else []
            if moment.minute == _CAPTURE_MINUTE and "water" in self.house.media:
                capture = WaterCapture(moment, registers.water)
                self.water, messages = watch_water(self.water, {"water": capture})
                due += messages
            if due or (self.outbox.waiting and moment.minute == 0):
                self._send(due, moment)
        return Year(self.sent, self.right, max(self.by_day.values(), default=0))

    def _silence(self, moment: datetime) -> Iterator[HouseholdMessage]:
        silent_for = self.disturbances.silent.get(moment, timedelta())
        listening = Listening(silent_for, has_heard=True, last_reading=moment - silent_for)
        self.silence, message = watch_silence(self.silence, listening, moment)
        if message:
            yield message

    def _grid(self, moment: datetime) -> Iterator[HouseholdMessage]:
        events = self.disturbances.events.get(moment, [])
        if events:
            self.counts.update(name for name in events if name in self.counts)
            texts = {"0-0:96.13.0": str(moment)} if "text" in events else {}
            times = ReadingTimes(moment - _MINUTE, moment)
            self.grid, messages = watch_grid(self.grid, texts, self.counts, times)
            yield from messages
        # A voltage that is outside stays there for a minute.
        before = self.disturbances.events.get(moment - _MINUTE, [])
        outside = {"L1": 254.0} if "outside" in [*events, *before] else {}
        self.voltage, message = watch_voltage(self.voltage, outside, moment)
        if message:
            yield message

    def _warning(self, moment: datetime, kw: float, kwh: float) -> Iterator[HouseholdMessage]:
        minute = moment.minute % 15
        if minute == 0:
            self.right += self.is_warned and kwh * 4 > self.reference_kw
            self.is_warned = False
            return
        ahead = QuarterHourAhead(
            moment,
            moment + timedelta(minutes=15 - minute),
            (kwh + kw * (15 - minute) / 60) * 4,
            kwh * 60 / minute,
            self.reference_kw,
            EXCESS_PRICE,
        )
        may_send = self.outbox.may_send(moment.astimezone(LUXEMBOURG), QUIET)
        self.excess, message = warn_of_excess(self.excess, ahead if may_send else None)
        if message:
            self.is_warned = True
            yield message

    def _send(self, due: list[HouseholdMessage], moment: datetime) -> None:
        local = moment.astimezone(LUXEMBOURG)
        self.outbox, sent = admit(self.outbox, due, local, QUIET)
        self.sent.update(message.key for message in sent)
        limited = [each for each in sent if each.is_counted]
        self.by_day[local.date()] += len(limited)


def year_of(number: int, days: int = 365) -> Year:
    """Return the messages of a household."""
    return _Home(number).live(days)


def row_of(number: int, year: Year) -> str:
    """Return the row of the table in docs/dashboard.md."""
    warnings = year.count(Kind.SOON_ABOVE)
    house = HOUSES[number % len(HOUSES)]
    water = str(year.count(Kind.WATER_AT_NIGHT)) if "water" in house.media else "–"  # noqa: RUF001 - a dash
    cells = [
        name_of(house),
        f"{warnings}",
        f"{year.right / warnings:.0%}".replace("%", " %"),
        f"{year.count(Kind.ABOVE_GOAL)}",
        water,
        f"{year.count(Kind.SILENT)}",
        f"{year.count(Kind.GRID)}",
        f"{sum(year.sent.values()) + _REPORTS}",
    ]
    return f"| {' | '.join(cells)} |"


PAGE = ROOT / "docs" / "dashboard.md"


def test_warnings_of_a_month_are_mostly_right() -> None:
    month = year_of(0, 30)
    warnings = month.count(Kind.SOON_ABOVE)
    assert warnings > 5
    assert month.right >= 0.9 * warnings
    assert month.most_a_day <= 3


@pytest.mark.slow
@pytest.mark.parametrize("number", NUMBERS)
def test_the_page_has_the_messages_of_a_year(number: int) -> None:
    year = year_of(number)
    assert row_of(number, year) in PAGE.read_text().splitlines()
    assert year.right >= 0.9 * year.count(Kind.SOON_ABOVE)
    assert year.most_a_day <= 3


if __name__ == "__main__":
    with Pool() as pool:
        for number, year in enumerate(pool.map(year_of, NUMBERS)):
            print(row_of(number, year), year.most_a_day, dict(year.sent))  # noqa: T201 - the table
