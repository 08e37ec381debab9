"""Times of messages: tables of events, and the messages that they cause."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from dev.testing.table import rows
from dev.testing.times import utc
from smartyp1.bill.household import Household
from smartyp1.history.register_amounts import Energies
from smartyp1.messages.excess_warning import (
    ExcessState,
    QuarterHourAhead,
    warn_of_excess,
    with_evening,
)
from smartyp1.messages.goal_watch import GoalOutlook, GoalState, goal_outlook, watch_goal
from smartyp1.messages.grid_watch import GridState, ReadingTimes, watch_exchanges, watch_grid
from smartyp1.messages.message import HouseholdMessage, Kind
from smartyp1.messages.meter_watches import MessageState
from smartyp1.messages.outbox import Outbox
from smartyp1.messages.phase_watch import PhaseState, read_phases, watch_phases
from smartyp1.messages.silence_remedy import Remedy
from smartyp1.messages.silence_watch import Listening, SilenceState, watch_silence
from smartyp1.messages.sun_watch import Panels, SunState, watch_sun
from smartyp1.messages.voltage_watch import VoltageState, watch_voltage
from smartyp1.prices.contract import Contract
from smartyp1.stored_json import dump, load


def clock(text: str) -> datetime:
    """Return a time of 17 November 2026 in UTC."""
    return datetime.fromisoformat(f"2026-11-17T{text}").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("steps", "told"),
    rows("""
# Now, minutes without a reading, the last reading; ? if none came since the beginning.
14:59 54 14:05, 15:04 59 14:05, 15:05 60 14:05, 18:00 235 14:05, 15:21 1 15:20 | \
    2 silent since_at 14:05, 4 back from_at 14:05 until_at 15:20
# A silence that began before Home Assistant listened: an hour from then on, at least.
12:30 30 11:00 ?, 13:00 60 11:00 ? | 1 silent since_at 11:00
# A restart within a silence is no return.
13:00 60 12:00, 13:10 5 12:00 ?, 14:10 65 12:00 ? | 0 silent since_at 12:00
12:59 59 never ?, 13:00 60 never ?, 13:30 90 never ? | 1 silent since_at 12:00
# A new key is needed: the message comes at once, and instead of the silence's. The return has a
# message, too.
14:06 1 14:05 key, 15:10 65 14:05 key, 15:20 75 14:05, 15:21 1 15:20 | \
    0 key_needed since_at 14:05, 3 back from_at 14:05 until_at 15:20
# The first cause was another one.
15:05 60 14:05, 15:10 65 14:05 key, 15:11 66 14:05 key | \
    0 silent since_at 14:05, 1 key_needed since_at 14:05
# A clock that was set ahead by two hours, and a clock that was put back.
14:00 1 13:59, 16:01 2 13:59 |
14:00 1 13:59, 13:02 63 13:59 | 1 silent since_at 11:59
    """),
)
def test_silence(steps: str, told: str) -> None:
    state, due = SilenceState(), list[str]()
    for number, step in enumerate(steps.split(", ")):
        now, minutes, last, *more = step.split()
        last_reading = None if last == "never" else clock(last)
        listening = Listening(
            timedelta(minutes=int(minutes)),
            "?" not in more,
            last_reading,
            Remedy.PORT,
            needs_key="key" in more,
        )
        before = load(SilenceState, dump(state))
        state, message = watch_silence(before, listening, clock(now))
        if message:
            values = {**message.values}
            assert values.pop("remedy", None) == ("port" if message.key == "silent" else None)
            words = [word for pair in values.items() for word in map(str, pair)]
            due.append(f"{number} {message.key} {' '.join(words)}")
    assert ", ".join(due).replace("2026-11-17T", "").replace(":00+00:00", "") == told


def ahead(at: str, projected: float, running: float = 7.0, price: float = 0.1) -> QuarterHourAhead:
    """Return the quarter-hour from 18:30 to 18:45 at a reading."""
    return QuarterHourAhead(clock(at), clock("18:45"), projected, running, 7.0, price)


def test_a_warning_gives_the_power_to_switch_off() -> None:
    # From 18:36 on, 9 minutes are left: 11.2 kW now and 7.3 kW before make (6 x 7.3 + 9 x 11.2) /
    # 15 = 9.64 kW. 4.4 kW less give 7 kW: 9 x 4.4 / 15 = 2.64. 2.64 kW for a quarter-hour are
    # 0.66 kWh, for 0.1 EUR.
    state, message = warn_of_excess(ExcessState(), ahead("18:32", 9.64, 7.3))
    assert message is None
    _, message = warn_of_excess(state, ahead("18:36", 9.64, 7.3))
    assert message is not None
    assert message.key == "soon_above"
    assert message.values == {
        "reference_kw": 7.0,
        "less_kw": pytest.approx(4.4),
        "until_at": clock("18:45").isoformat(),
        "saving_eur": pytest.approx(0.066),
        "current_kw": pytest.approx(11.2),
    }
    told = with_evening(message, 0.64)
    assert told.values == {**message.values, "evening_eur": 0.64}
    assert (told.key, with_evening(message, None)) == ("soon_above_evening", message)


@pytest.mark.parametrize(
    ("readings", "warned"),
    [
        # Cooking: above for less than four minutes.
        ([("18:32:00", 9.5), ("18:35:50", 9.5), ("18:36:00", 6.5), ("18:36:10", 9.5)], []),
        ([("18:32:00", 9.5), ("18:36:00", 9.5), ("18:36:10", 9.5)], ["18:36:00"]),
        # 0.05 EUR are 0.5 kWh: 2 kW for a quarter-hour.
        ([("18:35:00", 8.9), ("18:40:00", 8.9)], []),
        ([("18:35:00", 8.9), ("18:40:00", 9.01)], ["18:40:00"]),
        # The quarter-hour is almost over: too late to act.
        ([("18:39:00", 9.5), ("18:43:10", 9.5)], []),
        # Exactly the reference power is not above it.
        ([("18:35:00", 7.0), ("18:40:00", 7.0)], []),
    ],
    ids=["cooking", "minutes", "cents", "worth it", "late", "equal"],
)
def test_warnings(readings: list[tuple[str, float]], warned: list[str]) -> None:
    state, due = ExcessState(), []
    for at, projected in readings:
        state, message = warn_of_excess(state, ahead(at, projected))
        due += [at] if message else []
    assert due == warned


def test_a_warning_never_asks_for_more_than_is_drawn() -> None:
    state, message = warn_of_excess(ExcessState(), ahead("18:36", 12.0, 11.9))
    assert message is None
    _, message = warn_of_excess(state, ahead("18:40", 12.0, 11.9))
    assert message is not None
    # 5 of 15 minutes are left: 12 x 3 - 11.9 x 2 = 12.2 kW now. To stay below 7 kW, 15 kW less
    # would be needed. Without any power, 12.2 / 3 x 0.25 kWh are saved, for 0.1 EUR.
    assert message.values["less_kw"] == message.values["current_kw"] == pytest.approx(12.2)
    assert message.values["saving_eur"] == pytest.approx(12.2 / 3 * 0.25 * 0.1)


def warned(powers: Iterable[tuple[datetime, float]]) -> list[str]:
    """Return the times of the warnings of a household with these powers, above 7 kW."""
    state, due = ExcessState(), []
    for time, kw in powers:
        end = time.replace(minute=time.minute // 15 * 15, second=0) + timedelta(minutes=15)
        state, message = warn_of_excess(state, QuarterHourAhead(time, end, kw, kw, 7.0, 0.1))
        due += [f"{time:%d %H:%M}"] if message else []
        # A restart does not warn again.
        state = load(ExcessState, dump(state)) if message else state
    return due


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("paused", [0, 30, 75], ids="{} min".format)
def test_a_car_warns_once_an_evening_and_another_cause_at_twice_its_excess(paused: int) -> None:
    evening = clock("17:00")
    # From 18:00 to 2:00 local time or later, with pauses of the car.
    car = [(evening + n * MINUTE, 12.0 if n % (90 + paused) < 90 else 1.0) for n in range(8 * 60)]
    day = timedelta(days=1)
    later = [(time + day, kw) for time, kw in car]
    first = f"{evening:%d} 17:04"
    assert warned(car) == [first]
    assert warned([*car, *later]) == [first, f"{evening + day:%d} 17:04"]
    # A stove beside the car: 10 kW above 7 kW instead of 5 kW; 9 kW above would not be another.
    for more, count in ((5.0, 2), (4.0, 1)):
        both = [(time, kw + more * (n > 120)) for n, (time, kw) in enumerate(car)]
        assert len(warned(both)) == count


def test_without_a_projection_nothing_is_warned() -> None:
    state = ExcessState(above_since=clock("18:30"))
    assert warn_of_excess(state, None) == (ExcessState(), None)


def outlook(
    day: int, forecast: float | None, so_far: float = 50.0, month: int = 11, goal: float = 95.0
) -> GoalOutlook:
    budget = 2.8 if so_far < goal else None
    can_be_met = so_far < goal - 5 or goal <= 0
    return GoalOutlook(date(2026, month, day), goal, so_far, forecast, budget, can_be_met)


def outlooks_of(text: str) -> Iterator[GoalOutlook]:
    """Yield outlooks: days, the forecast, the cost so far, and another month than November."""
    for part in text.split(", "):
        days, forecast, *more = part.split()
        first, _, last = days.partition("..")
        values = dict(zip(more[::2], map(float, more[1::2]), strict=True))
        for day in range(int(first), int(last or first) + 1):
            expected = None if forecast == "none" else float(forecast)
            yield outlook(day, expected, values.get("after", 50.0), int(values.get("in", 11)))


def told_of(outlooks: Iterable[GoalOutlook]) -> str:
    """Return the days and keys of the messages."""
    state, due = GoalState(), []
    for look in outlooks:
        state, message = watch_goal(load(GoalState, dump(state)), look)
        due += [f"{look.day.day} {message.key}"] if message else []
    return ", ".join(due)


@pytest.mark.parametrize(
    ("outlooks", "told"),
    rows("""
        # Three days running, from the 10th on, once a month.
        5..19 102                       | 10 goal_above_budget
        15..19 102                      | 17 goal_above_budget
        # Several looks at one day count once.
        15 102, 15 102, 15..16 102      |
        # A day without a forecast, or below the goal, begins the count anew.
        15..16 102, 18..19 102          |
        15 102, 16 96.9, 17..18 102     |
        15..16 102, 16 none, 17 102     | 17 goal_above_budget
        # At most 2 EUR, or 2 %, above are on course.
        10..19 96.99                    |
        10..19 97                       | 12 goal_above_budget
        # The fixed prices to come leave nothing of the goal.
        10..19 102 after 92             | 12 goal_out_of_reach
        # Passed: once; the forecast is no news then.
        27 97 after 94, 28 97 after 96, 29 98 after 97 | 28 goal_passed
        # Passed before the switch was turned on: no message in this month, one in the next.
        28 97 after 96, 29 98 after 97, 28 99 after 96 in 12 | 28 goal_passed
    """),
)
def test_goal(outlooks: str, told: str) -> None:
    assert told_of(outlooks_of(outlooks)) == told


@pytest.mark.parametrize(("forecast", "told"), [(-57.0, ""), (-40.0, "10 goal_above")])
def test_only_the_forecast_shows_whether_a_revenue_will_be_reached(
    forecast: float, told: str
) -> None:
    # Each month begins above a revenue.
    days = range(1, 29)
    assert told_of(outlook(day, forecast, 0.1 - day, goal=-48.5) for day in days) == told
    assert not told_of([outlook(1, None, 0.1, goal=0.0)])


def test_an_outage_over_new_year_does_not_show_the_old_month_as_the_new_one() -> None:
    """The old month is shown as it was before the outage until the outage's energy counts."""
    meter = Household(Contract(reference_kw=3.0, energy_price=0.15))
    before: GoalOutlook | None = None
    after: list[GoalOutlook | None] = []
    for minute in range(60):
        now = datetime.fromisoformat("2026-12-14T18:00+01:00") + timedelta(minutes=minute)
        meter.count_telegram(now, Energies(500 + minute / 100, 0.0), 0.6, "1")
        household = meter.snapshot
        before = goal_outlook(household, 5.0) if household else None
    for minute in range(60):
        now = datetime.fromisoformat("2027-01-01T07:20+01:00") + timedelta(minutes=minute)
        meter.count_telegram(now, Energies(590 + minute / 100, 0.0), 0.6, "1")
        household = meter.snapshot
        after.append(goal_outlook(household, 5.0) if household else None)
    assert before
    assert before.so_far < before.goal
    # The first whole quarter-hour ends at 7:45. The new month is shown with the next telegram.
    assert after[:25] == [before] * 25
    assert after[25] is None
    assert all(look and look.day == date(2027, 1, 1) for look in after[26:])
    assert all(look and look.so_far < look.goal for look in after[26:])


def test_the_message_of_the_goal_has_whole_euros() -> None:
    state = GoalState(date(2026, 11, 16), 2, date(2026, 11, 1))
    look = GoalOutlook(date(2026, 11, 17), 94.6, 58.2, 101.7, None)
    _, message = watch_goal(state, look)
    # The difference between the shown amounts, 102 and 95.
    assert message == HouseholdMessage(
        "goal_above",
        {
            "forecast_euros": 101.7,
            "above_euros": 7.0,
            "goal_euros": 94.6,
            "so_far_euros": 58.2,
        },
    )
    assert watch_goal(state, None) == (state, None)


@pytest.mark.parametrize(
    ("readings", "told"),
    [
        # The first values of the meter are from before the switch.
        ([({"message": "Old"}, {"power_failure": 7})] * 2, []),
        (
            [({}, {}), ({"message": "New"}, {}), ({"message": "New"}, {})],
            [(1, "operator_message", "New")],
        ),
        # The same text again after an empty one is new; a missing object is no empty one.
        (
            [
                ({"message": "A"}, {}),
                ({}, {}),
                ({"message": "A"}, {}),
                ({"message": ""}, {}),
                ({"message": "A"}, {}),
            ],
            [(4, "operator_message", "A")],
        ),
        (
            [
                ({}, {"power_failure": 7, "voltage_sag L1": 1, "voltage_sag L2": 1}),
                ({}, {"power_failure": 8, "voltage_sag L1": 3, "voltage_sag L2": 2}),
                # A new counter, and a counter that fell.
                ({}, {"power_failure": 0, "voltage_swell L1": 4}),
            ],
            [(1, "power_failure", 1), (1, "voltage_sag", 3)],
        ),
    ],
    ids=["before", "text", "again", "counts"],
)
def test_grid(
    readings: list[tuple[dict[str, str], dict[str, int]]], told: list[tuple[int, str, object]]
) -> None:
    state, due = GridState(), []
    for number, (texts, counts) in enumerate(readings):
        times = ReadingTimes(clock("14:00"), clock("14:05"))
        state, messages = watch_grid(load(GridState, dump(state)), texts, counts, times)
        due += [(number, m.key, next(iter(m.values.values()))) for m in messages]
    assert due == told


@pytest.mark.parametrize(
    ("readings", "told"),
    [
        # The message comes once a day.
        (
            "12:00 L2=254, 12:00:50 L1=254 L2=255, 12:01 L1=254 L2=255.1, 12:05 L1=254 L2=255",
            ("12:01", "L2", 255.1, "12:00:00"),
        ),
        # Back in range within the minute.
        ("12:00:00 L1=254.0, 12:00:50, 12:01:00 L1=254.0", None),
        # A clock that was put back.
        (
            "12:00:00 L1=200.0, 11:00:00 L1=200.0, 11:01:00 L1=200.0",
            ("11:01:00", "L1", 200.0, "11:00:00"),
        ),
        # The voltage is unknown while the meter was silent.
        (
            "12:00:00 L1=254.0, 13:00:00 L1=254.0, 13:00:50 L1=254.0, 13:01:00 L1=254.5",
            ("13:01:00", "L1", 254.5, "13:00:00"),
        ),
    ],
)
def test_voltage(readings: str, told: tuple[str, str, float, str] | None) -> None:
    state, due = VoltageState(), []
    for reading in readings.split(", "):
        at, *phases = reading.split()
        outside = {phase: float(volts) for phase, volts in (each.split("=") for each in phases)}
        state, message = watch_voltage(state, outside, clock(at))
        if message:
            phase, volts, since = message.values.values()
            due.append((at, phase, volts, f"{datetime.fromisoformat(str(since)):%H:%M:%S}"))
            # A restart within the day repeats no message.
            state = load(VoltageState, dump(state))
    assert due == ([told] if told else [])


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ("14:04:50", "14:05", {"when": "at", "from_at": "14:04:50", "until_at": "14:05"}),
        ("13:02", "14:05", {"when": "between", "from_at": "13:02", "until_at": "14:05"}),
        # A clock that was put back, and a first reading: the time is unknown.
        ("15:02", "14:05", {}),
        (None, "14:05", {}),
    ],
)
@pytest.mark.parametrize("kind", ["power_failure", "voltage_sag", "voltage_swell"])
def test_a_disturbance_has_a_time(
    before: str | None, now: str, expected: dict[str, str], kind: str
) -> None:
    times = ReadingTimes(clock(before) if before else None, clock(now))
    _, [message] = watch_grid(GridState({}, {kind: 1}), {}, {kind: 2}, times)
    assert message.values == {
        "count": 1,
        **{
            name: clock(value).isoformat() if name.endswith("_at") else value
            for name, value in expected.items()
        },
    }


def test_an_exchanged_meter_causes_one_message() -> None:
    state, due = GridState({}, {}), []
    looks: list[dict[str, str]] = [
        # Exchanged before the switch was turned on.
        {"W": "water"},
        {"W": "water", "G": "gas"},
        {"W": "water", "G": "gas"},
        # The user has confirmed it.
        {},
        {"H": "heat"},
    ]
    for number, exchanged in enumerate(looks):
        state, messages = watch_exchanges(load(GridState, dump(state)), exchanged)
        due += [(number, m.key, m.values["meter"]) for m in messages]
    assert due == [(1, "meter_exchanged", "gas"), (4, "meter_exchanged", "heat")]


@pytest.mark.parametrize(
    ("readings", "told"),
    [
        # Time and voltages in V; "?" is a look without a reading, "-" an unknown voltage.
        ("12:00 L1=230 L2=230, 12:00:10 L1=230 L2=0, 12:00:40 ?", ["12:00:40 L2 12:00:10"]),
        (
            "12:00 L1=9e2 L2=9e2, 12:00:10 L1=9e2 L2=0, 12:00:30 L1=0 L2=0, 12:01 L1=0, 12:02 ?",
            ["12:00:30 L2 12:00:10", "12:02 L1 12:01"],
        ),
        # A phase of other loads carries some volts back.
        ("12:00 L1=230, 12:01 L1=41, 12:02 L1=41", ["12:02 L1 12:01"]),
        # Back at once; back and lost again.
        ("12:00 L1=230, 12:00:10 L1=0, 12:00:20 L1=229, 12:01 ?", []),
        (
            "12:00 L1=230, 12:01 L1=0, 12:02 ?, 12:03 L1=230, 12:04 L1=0, 12:05 ?",
            ["12:02 L1 12:01", "12:05 L1 12:04"],
        ),
        # The phase was never connected, or has no known voltage.
        ("12:00 L1=230 L2=0 L3=0, 12:01 L1=230 L2=0 L3=0, 12:02 ?", []),
        ("12:00 L1=230 L2=230, 12:01 L1=230 L2=-, 12:02 L1=230 L2=-", []),
        # A clock that was put back.
        ("12:00 L1=230, 12:01 L1=0, 11:01 L1=0", ["11:01 L1 12:01"]),
    ],
)
def test_a_lost_phase(readings: str, told: list[str]) -> None:
    state, due = PhaseState(), []
    for reading in readings.split(", "):
        at, *phases = reading.split()
        if phases != ["?"]:
            pairs = [each.split("=") for each in phases]
            has_voltage = {name: float(volts) >= 50 for name, volts in pairs if volts != "-"}
            state = read_phases(state, has_voltage, clock(at))
            assert read_phases(state, has_voltage, clock(at)) is state
        state, messages = watch_phases(state, clock(at))
        for message in messages:
            phase, since = map(str, message.values.values())
            assert message.key == "phase_lost"
            due.append((at, phase, datetime.fromisoformat(since)))
            # A restart repeats no message.
            state = load(PhaseState, dump(state))
    expected = [line.split() for line in told]
    assert due == [(at, phase, clock(since)) for at, phase, since in expected]


def test_a_phase_lost_while_home_assistant_is_off_causes_a_message() -> None:
    state = read_phases(PhaseState(), {"L1": True, "L2": True}, clock("12:00"))
    state = load(PhaseState, dump(state))
    state = read_phases(state, {"L1": True, "L2": False}, clock("14:00"))
    _, [message] = watch_phases(state, clock("14:01"))
    assert message.values == {"phase": "L2", "since_at": clock("14:00").isoformat()}


def sun(days: str) -> dict[datetime, float]:
    """Return the energy by hour: a digit has the kWh of each hour of a day from 10 to 15, in UTC.

    A day without a known hour is "?". The last day is 16 November.
    """
    first = utc("2026-11-17 00:00") - timedelta(days=len(days))
    return {
        first + timedelta(days=n, hours=hour): float(kwh) if 9 <= hour < 15 else 0.0
        for n, kwh in enumerate(days)
        if kwh != "?"
        for hour in range(24)
    }


@pytest.mark.parametrize(
    ("days", "is_told"),
    [
        ("111111110", True),
        ("001111100", True),
        ("1111111100", True),
        # Dull days, an unknown day, panels that were seldom used, and some that are new.
        ("111111111", False),
        ("11111111?", False),
        ("100000110", False),
        ("110", False),
        ("000000000", False),
    ],
)
def test_panels_without_energy_cause_one_message(days: str, *, is_told: bool) -> None:
    state: SunState = ()
    now = clock("07:00")
    panels = Panels("Roof", sun(days))
    state, messages = watch_sun(state, {"sensor.roof": panels}, now)
    last = max((start for start, kwh in panels.kwh.items() if kwh), default=now)
    expected = HouseholdMessage(
        "no_sun", {"name": "Roof", "since_at": (last + timedelta(hours=1)).isoformat()}
    )
    assert messages == ([expected] if is_told else [])
    assert watch_sun(state, {"sensor.roof": panels}, now) == (state, [])
    # Sun ends it.
    brighter = Panels("Roof", {**panels.kwh, now: 0.5})
    assert watch_sun(state, {"sensor.roof": brighter}, now) == ((), [])


SAG = HouseholdMessage("voltage_sag", {"count": 2})
PASSED = HouseholdMessage("goal_passed", {"so_far_eur": 81.5, "goal_eur": 80})


def test_a_switch_that_is_turned_off_forgets() -> None:
    before, now = clock("08:00"), clock("12:00")
    state = MessageState(
        since={Kind.SILENT: before, Kind.GRID: before, Kind.ABOVE_GOAL: before},
        outbox=Outbox(date(2026, 11, 17), 2, (SAG, PASSED)),
        silence=SilenceState(before),
        excess=ExcessState(None, before),
        goal=GoalState(date(2026, 11, 16), 2, date(2026, 11, 1)),
        grid=GridState({"message": "A"}, {"power_failure": 1}),
    )
    assert load(MessageState, dump(state)) == state
    assert state.switched([Kind.ABOVE_GOAL, Kind.SOON_ABOVE], now) == MessageState(
        since={Kind.ABOVE_GOAL: before, Kind.SOON_ABOVE: now},
        # The messages of the day still count.
        outbox=Outbox(date(2026, 11, 17), 2, (PASSED,)),
        excess=ExcessState(None, before),
        goal=state.goal,
    )
