"""Any readings: the meter agrees with a slow and obvious meter that has them all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from dev.testing.random_examples import examples
from smartyp1.bill.household import Household
from smartyp1.bill.household_state import HouseholdState
from smartyp1.history.register_amounts import Energies
from smartyp1.prices.contract import Contract
from tests.json_copy import through_json
from tests.lib.bill.support import Disk

QUARTER = 900
ROUNDING = 2e-6  # the meter's values are rounded to 1e-6


@dataclass(frozen=True)
class Reading:
    """A telegram, and the reference power that is set when it comes."""

    second: int
    wh: int
    watts: int | None
    serial: str | None
    reference_kw: int | None


@dataclass(frozen=True)
class Quarter:
    """A complete quarter-hour, and the reference power that judges it."""

    start: int
    kw: Fraction
    reference_kw: int | None


def local_month(second: int) -> tuple[int, int]:
    """Return the year and month in Luxembourg by the rule of the European Union."""
    time = datetime.fromtimestamp(second, UTC)

    def last_sunday(month: int) -> datetime:
        day = datetime(time.year, month, 31, 1, tzinfo=UTC)
        return day - timedelta(days=day.isoweekday() % 7)

    is_summer = last_sunday(3) <= time < last_sunday(10)
    local = time + timedelta(hours=2 if is_summer else 1)
    return local.year, local.month


def segments(readings: list[Reading]) -> list[list[Reading]]:
    """Part the readings at each gap in knowledge, without readings that do not count."""
    parts: list[list[Reading]] = []
    serial = None
    for reading in readings:
        last = parts[-1][-1] if parts else None
        if (
            last is None
            or (reading.serial and serial and reading.serial != serial)
            or reading.wh < last.wh
            or reading.second < last.second - 60
            or reading.second > last.second + QUARTER
            or (reading.wh - last.wh) * 3600 > 1_000_000 * (reading.second - last.second + 60)
        ):
            parts.append([reading])
        elif reading.second > last.second:
            parts[-1].append(reading)
        serial = reading.serial or serial
    return parts


def register_at(segment: list[Reading], second: int) -> Fraction:
    """Interpolate the register."""
    if second == segment[0].second:
        return Fraction(segment[0].wh)
    for a, b in pairwise(segment):
        if a.second < second <= b.second:
            share = Fraction(second - a.second, b.second - a.second)
            return a.wh + (b.wh - a.wh) * share
    raise AssertionError


def quarters_of(segment: list[Reading]) -> list[Quarter]:
    """Return the quarter-hours that lie in a segment from start to end."""
    found = []
    for number in range(segment[0].second // QUARTER, segment[-1].second // QUARTER + 1):
        start, end = number * QUARTER, (number + 1) * QUARTER
        if segment[0].second <= start and end <= segment[-1].second:
            wh = register_at(segment, end) - register_at(segment, start)
            judge = next(reading for reading in segment if reading.second >= end)
            found.append(Quarter(start, wh / 250, judge.reference_kw))
    return found


MAX_GAP = 40 * 86400
MAX_MERGED_GAP = 4 * 3600


def first_second(month: tuple[int, int]) -> int:
    """Return when a month begins, on either side of the changes of the clock."""
    second = int(datetime(*month, 1, tzinfo=UTC).timestamp())
    return second - 7200 if local_month(second - 7200) == month else second - 3600


def month_after(month: tuple[int, int]) -> tuple[int, int]:
    """Return the next month."""
    return month[0] + month[1] // 12, month[1] % 12 + 1


@dataclass
class Part:
    """Readings between two breaks, the meter they are of, and the month that they show."""

    readings: list[Reading]
    serial: str | None
    shown: tuple[int, int]
    is_over: bool = False

    @property
    def first(self) -> Reading:
        return self.readings[0]

    @property
    def last(self) -> Reading:
        return self.readings[-1]

    def is_register_of(self, reading: Reading, serial: str | None) -> bool:
        wh, seconds = reading.wh - self.last.wh, abs(reading.second - self.last.second)
        is_other = bool(serial and self.serial) and serial != self.serial
        return not is_other and wh >= 0 and wh * 3600 <= 1_000_000 * (seconds + 60)

    def comes_before(self, reading: Reading, serial: str | None) -> bool:
        seconds = reading.second - self.last.second
        return 0 < seconds <= MAX_GAP and self.is_register_of(reading, serial)

    def leaps_to(self, after: Part) -> bool:
        """Return whether a clock went ahead by more than a day, at a mean below 10 W."""
        seconds, wh = after.first.second - self.last.second, after.first.wh - self.last.wh
        is_idle = not self.is_register_of(after.first, after.serial) or wh * 3600 < 10 * seconds
        return seconds > 86_400 and is_idle


class Chain:
    """The final parts of a connection's readings."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.believed = 0

    def take(self, reading: Reading) -> None:
        if not self.parts:
            self.parts.append(Part([reading], reading.serial, local_month(reading.second)))
            return
        last = self.parts[-1]
        if len(segments([*last.readings, reading])) > 1 or (
            reading.serial and last.serial and reading.serial != last.serial
        ):
            self.begin(reading, reading.serial or last.serial)
        elif reading.second > last.last.second:
            self.go_on(last, reading)
        last = self.parts[-1]
        last.serial = reading.serial or last.serial

    def begin(self, reading: Reading, serial: str | None) -> None:
        last = self.parts[-1]
        for older in range(len(self.parts) - 2, self.believed - 1, -1):
            part, following = self.parts[older : older + 2]
            lasted = last.last.second - following.first.second
            was_set_back = following.first.second < part.last.second
            lacking = reading.second - part.last.second - lasted
            is_back = was_set_back and lacking >= -60
            has_gaps = last.is_register_of(reading, serial) and all(
                a.comes_before(b.first, b.serial) for a, b in pairwise(self.parts[older:])
            )
            if not last.comes_before(reading, serial):
                is_far = following.first.second - part.last.second > 86_400
                is_back = not has_gaps or -60 <= lacking <= QUARTER * (2 if is_far else 1)
            if part.comes_before(reading, serial) and is_back:
                del self.parts[older + 1 :]
                break
        else:
            if len(self.parts) - self.believed > 1 and not quarters_of(last.readings):
                below = self.parts[-2]
                follows = below.comes_before(last.first, last.serial)
                goes_on = last.comes_before(reading, serial)
                is_clear = below.comes_before(reading, serial) or not (follows or goes_on)
                if follows and goes_on:
                    is_clear = reading.second - below.last.second <= MAX_MERGED_GAP
                if is_clear and below.is_register_of(reading, serial):
                    self.parts.pop()
                elif goes_on:
                    last.is_over = True
                    self.show(last, local_month(last.last.second))
        self.believed = max(self.believed, len(self.parts) - 7)
        # A month that has begun does not end when its beginning turns out to be a wrong clock's.
        last.is_over = True
        self.parts.append(Part([reading], serial, last.shown))

    def go_on(self, part: Part, reading: Reading) -> None:
        before, now = part.last.second // QUARTER, reading.second // QUARTER
        # With the first quarter-hour the energy of the gap before it is known, and first shown.
        may_show = len(self.parts) - self.believed == 1 or quarters_of(part.readings)
        if may_show and before == now:
            self.show(part, local_month(reading.second))
        elif may_show and part.first.second <= before * QUARTER:
            self.show(part, local_month(part.last.second))
        part.readings.append(reading)

    def quarters(self) -> list[Quarter]:
        return [quarter for part in self.parts for quarter in quarters_of(part.readings)]

    def show(self, part: Part, month: tuple[int, int]) -> None:
        """Show a month, unless the clock may be wrong."""
        sure = self.parts[: self.believed + 1]
        known = {
            local_month(quarter.start) for each in sure for quarter in quarters_of(each.readings)
        }
        leaps = sum(a.leaps_to(b) for a, b in pairwise(self.parts[self.believed :]))
        is_ahead = month > part.shown and leaps in {0, 7}
        is_left = month in known and month_after(month) not in {*known, part.shown}
        if is_ahead or is_left or len(self.parts) - self.believed == 1:
            following = month_after(part.shown)
            is_next = following < month and following not in known and following in self.loose()
            part.shown = following if is_next else month

    def loose(self) -> set[tuple[int, int]]:
        """Return the months with energy of gaps, or of parts of quarter-hours."""
        found: set[tuple[int, int]] = set()

        def add(start: int, end: int, _wh: Fraction = Fraction(0)) -> None:
            month = local_month(start)
            while month <= local_month(end - 1):
                found.add(month)
                month = month_after(month)

        for number, part in enumerate(self.parts):
            if number and (part.is_over or quarters_of(part.readings)):
                self.add_gap(self.parts[number - 1], part, add)
            first, last = part.first, part.last
            begun, running = -(-first.second // QUARTER) * QUARTER, last.second // QUARTER * QUARTER
            if first.second < begun <= last.second:
                add(first.second, begun)
            since = max(first.second, running)
            if part.is_over and last.wh > register_at(part.readings, since):
                add(since, last.second)
        return found

    def imported(self) -> dict[tuple[int, int], Fraction]:
        """Return the energy of each month."""
        found: dict[tuple[int, int], Fraction] = {}

        def add(start: int, end: int, wh: Fraction) -> None:
            """Share some energy out by time."""
            second = start
            while second < end:
                month = local_month(second)
                until = min(end, first_second(month_after(month)))
                found[month] = found.get(month, Fraction(0)) + wh * Fraction(
                    until - second, end - start
                )
                second = until

        for number, part in enumerate(self.parts):
            running = max(part.last.second // QUARTER * QUARTER, part.first.second)
            is_last = number == len(self.parts) - 1
            for a, b in pairwise(part.readings):
                if is_last and local_month(running) != part.shown and b.second > running:
                    # The energy is not in a shown month yet.
                    share = Fraction(max(0, running - a.second), b.second - a.second)
                    add(a.second, max(running, a.second), (b.wh - a.wh) * share)
                else:
                    add(a.second, b.second, Fraction(b.wh - a.wh))
            if number and (not is_last or quarters_of(part.readings)):
                self.add_gap(self.parts[number - 1], part, add)
        return found

    @staticmethod
    def add_gap(before: Part, after: Part, add: Callable[[int, int, Fraction], None]) -> None:
        start, end = before.last, after.first
        wh = Fraction(end.wh - start.wh)
        if not before.is_register_of(end, after.serial):
            return
        if 0 < end.second - start.second <= MAX_GAP:
            add(start.second, end.second, wh)
        elif end.second <= start.second or wh <= 10_000:
            add(end.second, end.second + 1, wh)


def above(quarter: Quarter) -> Fraction:
    """Return the kWh of a quarter-hour above its reference power."""
    if quarter.reference_kw is None:
        return Fraction(0)
    return max(Fraction(0), quarter.kw - quarter.reference_kw) / 4


def seconds_of(time: datetime) -> float:
    return time.timestamp()


def check(household: HouseholdState, readings: list[Reading], chain: Chain) -> None:
    """Compare a snapshot with all that can be computed from the readings up to it."""
    parts = segments(readings)
    check_running(household, parts[-1], readings[-1])
    check_quarters(household, parts, readings[-1], chain)


def check_running(household: HouseholdState, segment: list[Reading], last: Reading) -> None:
    now = segment[-1].second
    start = now // QUARTER * QUARTER
    since = max(start, segment[0].second)
    assert seconds_of(household.time) == now
    assert seconds_of(household.quarter_start) == start
    assert seconds_of(household.values.measured_since) == since

    kwh = (register_at(segment, now) - register_at(segment, since)) / 1000
    elapsed, rest = Fraction(now - since, 3600), Fraction(start + QUARTER - now, 3600)
    kw = None if last.watts is None else Fraction(last.watts, 1000)
    mean = kwh / elapsed if elapsed else kw
    assert household.values.running_kw == (
        mean if mean is None else pytest.approx(mean, abs=ROUNDING)
    )

    projected = None if kw is None else (kwh + kw * rest) / (elapsed + rest)
    reference = last.reference_kw
    if projected is None:
        assert household.values.projected_kw is None
    else:
        assert household.values.projected_kw == pytest.approx(projected, abs=ROUNDING)
    if projected is None or reference is None:
        assert household.values.will_exceed is None
    elif abs(projected - reference) > ROUNDING:
        assert household.values.will_exceed is (projected > reference)

    if reference is None:
        assert household.values.available_kw is None
        return
    assert household.values.available_kw is not None
    left = reference * (elapsed + rest) - kwh
    if abs((left + Fraction(1, 1000)) / rest - reference) < ROUNDING:
        return
    if left / rest < reference < (left + Fraction(1, 1000)) / rest:
        assert household.values.available_kw == pytest.approx(
            min(reference, Fraction(1000)), abs=ROUNDING
        )
    elif left <= 0:
        assert household.values.available_kw == pytest.approx(0, abs=ROUNDING)
    else:
        available = left / rest
        if available > reference and rest < Fraction(1, 60):
            available = max(left * 60, Fraction(reference))
        available = min(available, Fraction(1000))
        assert household.values.available_kw == pytest.approx(available, abs=ROUNDING)
        # The available power, drawn for the rest, does not make the mean exceed.
        mean = (kwh + Fraction(household.values.available_kw) * rest) / (elapsed + rest)
        assert mean <= reference + ROUNDING


def check_quarters(
    household: HouseholdState, parts: list[list[Reading]], last: Reading, chain: Chain
) -> None:
    quarters = [quarter for segment in parts for quarter in quarters_of(segment)]
    if quarters:
        assert household.values.last_quarter is not None
        assert seconds_of(household.values.last_quarter.start) == quarters[-1].start
        assert household.values.last_quarter.mean_kw == pytest.approx(quarters[-1].kw, abs=ROUNDING)
    else:
        assert household.values.last_quarter is None

    month = chain.parts[-1].shown
    of_month = [each for each in chain.quarters() if local_month(each.start) == month]
    assert household.month_start.replace(tzinfo=None) == datetime(*month, 1)  # noqa: DTZ001 - local
    if of_month:
        highest = max(quarter.kw for quarter in of_month)
        near = {quarter.start for quarter in of_month if highest - quarter.kw < ROUNDING}
        assert household.values.peak is not None
        assert household.values.peak.mean_kw == pytest.approx(highest, abs=ROUNDING)
        assert seconds_of(household.values.peak.start) in near
    else:
        assert household.values.peak is None
    if last.reference_kw is None:
        assert household.values.excess_kwh is None
    else:
        excess = sum(map(above, of_month), Fraction(0))
        assert household.month.above(last.reference_kw)[
            last.reference_kw
        ].energy_wh == pytest.approx(excess * 1000, abs=0.01)
        assert household.values.excess_kwh == pytest.approx(excess, abs=ROUNDING)
    assert household.month.sums.quarter_hours == len(of_month)
    expected = {key: wh for key, wh in chain.imported().items() if wh}
    for kept in (*household.earlier_months, household.month):
        wh = expected.get((kept.start.year, kept.start.month), 0)
        assert kept.imported_kwh * 1000 == pytest.approx(wh, abs=0.01)
    kept_months = {(kept.start.year, kept.start.month) for kept in household.earlier_months}
    assert {key for key in expected if key < month} <= kept_months


BEGINNINGS = st.sampled_from(
    [
        "2026-07-15T11:58:20+02:00",
        "2026-07-31T23:20:00+02:00",
        "2026-10-25T01:40:05+02:00",
        "2026-10-31T22:30:07+01:00",
        "2026-03-29T01:10:00+01:00",
        "2026-12-31T23:00:00+01:00",
    ]
).map(lambda text: int(datetime.fromisoformat(text).timestamp()))
TO_BOUNDARY = None
ORDINARY_STEPS = st.one_of(
    st.sampled_from([10, 300, 600, 899, 900, TO_BOUNDARY]), st.integers(1, 900)
)
STEPS = st.one_of(
    ORDINARY_STEPS,
    ORDINARY_STEPS,
    ORDINARY_STEPS,
    st.sampled_from([0, -1, -60, -61, -900, -3600, 901, 1800]),
    st.integers(-9000, 9000),
    st.integers(-40 * 86400, 40 * 86400),
)
ENERGIES = st.one_of(
    st.integers(0, 20),
    st.integers(0, 5_000),
    st.integers(0, 5_000),
    st.integers(0, 300_000),
    st.integers(-3_000, 3_000),
    st.sampled_from([10**8, -(10**8)]),
)
POWERS = st.none() | st.integers(0, 40_000)
REFERENCES = st.none() | st.sampled_from([3, 7, 12])
CHANGES = st.sampled_from(["", "", "", "", "", "", "serial", "no serial"])


@st.composite
def readings_of(draw: st.DrawFn) -> list[Reading]:
    second, wh = draw(BEGINNINGS), draw(st.integers(0, 10**9))
    serial, reference_kw = 0, draw(REFERENCES)
    readings = []
    for _ in range(draw(st.integers(1, 30))):
        change = draw(CHANGES)
        serial += change == "serial"
        sent = None if change == "no serial" else f"SAG{serial}"
        readings.append(Reading(second, wh, draw(POWERS), sent, reference_kw))
        step = draw(STEPS)
        second += QUARTER - second % QUARTER if step is TO_BOUNDARY else step
        wh = max(0, wh + draw(ENERGIES))
    return readings


def contract_of(reading: Reading) -> Contract:
    return Contract(reference_kw=reading.reference_kw)


def feed(meter: Household, reading: Reading) -> HouseholdState:
    meter.count_telegram(
        datetime.fromtimestamp(reading.second, UTC),
        Energies(reading.wh / 1000),
        None if reading.watts is None else reading.watts / 1000,
        reading.serial,
    )
    household = meter.snapshot
    assert household is not None
    return household


def stored_and_loaded(meter: Household, disk: Disk, contract: Contract) -> Household:
    disk.write(meter)
    stored = through_json(meter.as_dict())
    return Household.from_dict(stored, contract, files=disk.files)


@given(readings_of())
@settings(max_examples=examples(30))
def test_the_meter_agrees_with_the_slow_one_after_every_reading(readings: list[Reading]) -> None:
    meter, chain = Household(contract_of(readings[0])), Chain()
    for count, reading in enumerate(readings, 1):
        chain.take(reading)
        check(feed(meter, reading), readings[:count], chain)


@given(readings_of(), st.sets(st.integers(0, 30)))
@settings(max_examples=examples(15))
def test_a_meter_stored_and_loaded_at_any_point_is_the_same(
    readings: list[Reading], points: set[int]
) -> None:
    contract = contract_of(readings[0])
    meter, stored, disk = Household(contract), Household(contract), Disk()
    for index, reading in enumerate(readings):
        if index in points:
            stored = stored_and_loaded(stored, disk, contract)
        assert feed(stored, reading) == feed(meter, reading)
        assert stored.as_dict() == meter.as_dict()
