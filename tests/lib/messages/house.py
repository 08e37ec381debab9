"""House of the stories of messages. `dev.testing.story` has the language of their rows.

The state is the switches that are on, perhaps `phone`, whose limits and quiet hours from 22:00 to
7:00 count, and perhaps the first day. `L1=254` are volts, `W=9` litres at a capture, `W+9` 9 litres
more, `sags1=2` is a count, `kw=12` the power, `mean=9.5 running=7` kW of the quarter-hour and until
now: the reference power is 7 kW. `-` is unknown. Each of these is a reading, and so is `read`. The
key of a message says that it is due: `phase_lost/L2`. After each message, Home Assistant restarts.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import cache, partial
from itertools import starmap
from types import SimpleNamespace
from typing import Any, override

from dev.testing.story import Story
from smartyp1.bill.household import Household
from smartyp1.bill.household_state import HouseholdState
from smartyp1.failure_detection import Condition, FailureState, ReadingProblem
from smartyp1.fault_log import FaultLog
from smartyp1.history.luxembourg_time import DAY, LUXEMBOURG, quarter_start
from smartyp1.history.quarter_hour_values import QuarterHourValues
from smartyp1.history.register_amounts import Energies
from smartyp1.messages import meter_watches as watches
from smartyp1.messages.goal_watch import GoalOutlook
from smartyp1.messages.message import KINDS, PHRASES, HouseholdMessage, Kind, Placeholders
from smartyp1.messages.outbox import QuietHours, admit
from smartyp1.messages.plan_watch import WatchedPlan
from smartyp1.messages.sun_watch import Panels
from smartyp1.meter.meter_reader import Reading
from smartyp1.p1.telegram import Telegram
from smartyp1.p1.value_converters import MBusReading
from smartyp1.plan.daily_load import LoadPlan, LoadState, Run
from smartyp1.plan.load_record import EndedTask, Hindrance, LackCause, LoadRecord
from smartyp1.prices.contract import Contract
from smartyp1.stored_json import dump, load

NIGHT = QuietHours(time(22), time(7))
OBJECTS: dict[str, tuple[str, Callable[[str], str | float]]] = {
    **{f"L{n}": (f"1-0:{12 + 20 * n}.7.0", float) for n in (1, 2, 3)},
    **{f"sags{n}": (f"1-0:{12 + 20 * n}.32.0", int) for n in (1, 2)},
    "swells1": ("1-0:32.36.0", int),
    "failures": ("0-0:96.7.21", int),
    "text": ("0-0:96.13.0", str),
    "text2": ("0-0:96.13.2", str),
}
LOADS = {"car": "Car", "dishes": "Dishes"}
OF_LOADS = {*LOADS, "by", "lacks", "state", "certain", "saves", "ready", "lacked"}
MONEY: Any = SimpleNamespace(excess_price=0.1)


class Faults(FaultLog):
    """Faults, each of which fails a story."""

    @override
    def call[*Args, R](self, work: Callable[[*Args], R], *args: *Args) -> R:
        decision = work(*args)
        assert decision
        return decision


@cache
def household(above_kwh: float) -> HouseholdState | None:
    """Return a household with energy above 7 kW in the evening of 16 November."""
    meter, kwh = Household(Contract(reference_kw=7.0)), 500.0
    for minute in range(0, 60, 15):
        now = datetime(2026, 11, 16, 19, minute, tzinfo=LUXEMBOURG)
        meter.count_telegram(now, Energies(kwh, 0.0), None, "1")
        kwh += 1.75 + above_kwh * (minute == 15)
    return meter.snapshot


def message(key: str, text: str, part: str = "L1", since: str = "") -> HouseholdMessage:
    """Return a message with all values of its key."""
    values: Placeholders = {"object": part} if key == "operator_message" else {}
    for name in HouseholdMessage(key).rule.values.split():
        values[name] = (since or "2026-11-17T08:00:00+01:00") if name.endswith("_at") else 1
        if name in {"text", "name", "runs", "phase"}:
            values[name] = part if name == "phase" else text
        elif name in PHRASES:
            values[name] = min(PHRASES[name])
    return HouseholdMessage(key, values)


class House(Story):
    """House, and its messages."""

    def __init__(self, words: str) -> None:
        self.words = words.split()
        super().__init__(*[word for word in self.words if word[0].isdigit()])
        self.reading: Reading | None = None
        self.read_at: datetime | None = None
        self.has_heard, self.silent_for = False, timedelta()
        self.values: dict[str, Any] = {"so_far": 50.0, "goal": 95.0, "running": 7.0, "evening": 0.0}
        self.water: dict[str, tuple[float, datetime]] = {}
        self.load, self.loads = "", dict[str, LoadRecord]()
        self.savings: dict[str, float] = {}

    @override
    def begin(self) -> None:
        switches = [Kind(word) for word in self.words if word in {*Kind}]
        self.state = watches.MessageState().switched(switches, self.now)
        self.stored = dump(self.state)

    @override
    def wait(self, until: datetime) -> None:
        self.silent_for += until - self.now
        super().wait(until)

    @override
    def change(self, words: Sequence[str]) -> None:
        keys = [word for word in words if re.split("[/@]", word)[0] in KINDS]
        names = {self.put(word) for word in words if word not in keys}
        if "restart" in names:
            self.state = load(watches.MessageState, self.stored)
            self.has_heard, self.silent_for, self.reading = False, timedelta(), None
        if "unread" in names:
            self.read_at = None
        if keys:
            self.deliver([self.due(word) for word in keys])
        elif "forecast" in names:
            so_far, goal = self.values["so_far"], self.values["goal"]
            budget, is_open = 2.8 if so_far < goal else None, so_far < goal - 5 or goal <= 0
            known = goal, so_far, self.values["forecast"], budget, is_open
            self.decide(GoalOutlook(self.local.date(), *known))
        elif "panels" in names:
            self.decide(watches.OnDay({"roof": Panels("Roof", self.sun())}, self.now))
        elif "read" in names:
            self.read()
        else:
            self.look()

    def due(self, word: str) -> HouseholdMessage:
        """Return a message that is due."""
        key, part, since = re.findall(r"^(\w+)/?(\w*)@?(.*)", word)[0]
        return message(key, f"{self.now}", part or "L1", since and self.time(since).isoformat())

    def put(self, word: str) -> str:
        """Change a value, and return its name, or `read` if a reading shows it."""
        name, text = [*re.split("[=+]", word, maxsplit=1), ""][:2]
        if name in OF_LOADS:
            self.plan(name, text)
            return name
        is_number = re.fullmatch(r"-?\d+\.?\d*", text) and name != "panels"
        value = None if text == "-" else float(text) if is_number else text
        self.values |= dict.fromkeys(("mean", "running") if name == "kw" else (name,), value)
        if name[0] == "W":
            before = self.water.get(name, (5000.0, self.now))[0]
            self.water[name] = float(text) + before * ("+" in word), self.now
        return "read" if name[0] == "W" or name in {*OBJECTS, "kw", "mean"} else name

    def plan(self, name: str, text: str) -> None:
        """Change a load, or the load that was named last."""
        self.load = name if name in LOADS else self.load
        new = LoadRecord(
            ready_at=(self.now,), plan=LoadPlan(by=self.time("07:00"), is_certain=True)
        )
        record, changes = self.loads.get(self.load, new), dict[str, Any]()
        match name:
            case "by":
                changes["by"] = self.time(text)
            case "lacks":
                changes["missing_kwh"] = float(text)
            case "state":
                changes["state"] = LoadState(text)
            case "certain":
                changes["is_certain"] = text == "yes"
            case "saves":
                self.savings[self.load] = float(text)
            case "ready":
                record = replace(record, ready_at=(*record.ready_at, self.now))
            case "lacked":
                needed, cause, since = text.split("/")
                hindrance = Hindrance(LackCause(cause), self.time(since) - DAY)
                record = replace(record, ended=EndedTask(self.now, float(needed), 0.0, hindrance))
            case _:
                runs = (run.split("-") for run in text.strip("-").split("+") if run)
                times = ((begin := self.time(a), self.time(b, begin)) for a, b in runs)
                changes["runs"] = tuple(starmap(Run, times))
        self.loads[self.load] = replace(record, plan=replace(record.plan, **changes))
        if text == "-":
            del self.loads[self.load]

    @override
    def look(self) -> None:
        problem, exchanged = self.values.get("fails"), self.values.get("exchanged")
        obstacle = problem and ReadingProblem(problem)
        repairs: Any = {obstacle: ()} if obstacle is ReadingProblem.WRONG_KEY else {}
        facts = watches.InMinute(
            self.now,
            self.silent_for,
            self.has_heard,
            self.read_at,
            Condition(FailureState.FAILING, obstacle=obstacle, repairs=repairs),
            {kind: kind for kind in exchanged.split("+")} if exchanged else {},
            partial(WatchedPlan, LOADS, self.loads, self.savings, "below" in self.words),
            self.state.since,
            self.may_send,
        )
        self.decide(facts)

    def read(self) -> None:
        """Read the meter."""
        before, times = self.reading, (self.read_at, self.now)
        self.has_heard, self.silent_for, self.read_at = True, timedelta(), self.now
        objects = {
            reference: as_type(self.values[name])
            for name, (reference, as_type) in OBJECTS.items()
            if self.values.get(name) is not None
        }
        meters = {
            n: MBusReading(
                type="water", serial_number=None, value=litres // 1 / 1000, unit="m3", time=at
            )
            for n, (litres, at) in enumerate(self.water.values())
        }
        channels = {name: n for n, name in enumerate(self.water)}
        start, powers = quarter_start(self.now), (self.values["running"], self.values.get("mean"))
        demand = QuarterHourValues(self.now, start, start, 7.0, None, self.first, *powers)
        telegram = Telegram("Lux5", "SAG1", self.now, objects, meters)
        self.reading = Reading(telegram, channels, demand, {}, self.now, money=MONEY)
        home = partial(household, self.values["evening"])
        self.decide(watches.AtReading(self.reading, before, times, home, self.may_send))

    def sun(self) -> dict[datetime, float]:
        """Return the energy by hour: a digit is what each hour from 10 to 16 of a day gave."""
        days = self.values["panels"]
        first = self.local.replace(hour=0, minute=0) - len(days) * DAY
        return {
            (first + n * DAY).replace(hour=hour): float(kwh) * (10 <= hour < 16)
            for n, kwh in enumerate(days)
            if kwh != "?"
            for hour in range(24)
        }

    @property
    def may_send(self) -> bool:
        """Return whether news may be sent now."""
        return "phone" not in self.words or self.state.outbox.may_send(self.local, NIGHT)

    def decide(self, facts: watches.Facts) -> None:
        """Let the watches decide."""
        self.state, due, is_to_store = watches.decide_messages(self.state, facts, Faults(""))
        self.stored = dump(self.state) if is_to_store else self.stored
        if due or self.state.outbox.waiting:
            self.deliver(due)

    def deliver(self, due: Sequence[HouseholdMessage]) -> None:
        """Note the messages that are sent. After a message, restart."""
        sent = due
        if "phone" in self.words:
            outbox, sent = admit(self.state.outbox, due, self.local, NIGHT)
            self.state = replace(self.state, outbox=outbox)
        for each in sent:
            values = (
                datetime.fromisoformat(str(value)) if name.endswith("_at") else value
                for name, value in each.values.items()
            )
            self.note(each.key, values)
        if due or sent:
            self.stored = dump(self.state)
            self.state = load(watches.MessageState, self.stored)
