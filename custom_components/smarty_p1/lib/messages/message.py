"""Message to the household, and the rules for each key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, NamedTuple

from ..p1.obis import MBUS_DEVICE_TYPES
from ..plan.load_record import LackCause
from ..stored_json import Mark
from ..stored_values import checked_time
from .silence_remedy import Remedy

type PlaceholderValue = str | float
"""Value of a placeholder. It is an ISO 8601 time if the placeholder's name ends with `_at`."""
type Placeholders = dict[str, PlaceholderValue]

PHRASES: Mapping[str, frozenset[str]] = {
    "remedy": frozenset(remedy.value for remedy in Remedy),
    "night": frozenset({"second", "third", "more"}),
    "when": frozenset({"between", "at"}),
    "cause": frozenset(cause.value for cause in LackCause),
    "meter": frozenset({*MBUS_DEVICE_TYPES.values(), "unknown"}),
}
"""Values that choose a phrase of the text, each with its choices."""
_TEXTS = {"text", "phase", "object", "name", "runs"}
# Values that distinguish messages of the same key.
_PARTS = ("phase", "object", "name", "meter")


class Line(NamedTuple):
    """Line of a report, with the key of its text and the values of the text's placeholders."""

    key: str
    values: Mapping[str, PlaceholderValue]
    causes: Sequence[tuple[str, float]] = ()
    """Keys of the causes of a change, each with its amount in EUR."""


class Kind(StrEnum):
    """Kind of messages, which has a switch of its own. The value is the name of the option."""

    SILENT = "silent"
    """The meter has not been read for an hour, or needs a new key; it is read again."""
    SOON_ABOVE = "soon_above"
    """The running quarter-hour will end above the reference power."""
    ABOVE_GOAL = "above_goal"
    """The month's forecast, or its cost, is above the goal."""
    WATER_AT_NIGHT = "water_at_night"
    """Water flows all night; the leak is over."""
    NO_SUN = "no_sun"
    """Panels deliver nothing on a whole day."""
    PLAN_OF_DAY = "plan_of_day"
    """Planned runs of a load, with the expected saving."""
    FAILED_LOAD = "failed_load"
    """A load did not start, or lacks energy at its deadline."""
    GRID = "grid"
    """Message of the grid operator, power failure, lost phase, voltage sag or swell, voltage out of
    range, exchanged gas, water or heat meter."""
    MONTHLY_REPORT = "monthly_report"
    """Report about the last month."""


class _Rule(NamedTuple):
    """Rule for the messages of a key."""

    kind: Kind
    values: str
    """Names of the values that the text has placeholders for, divided by spaces."""
    optional: str = ""
    """Names of further values. Messages that an earlier version has stored lack them."""
    is_alarm: bool = False
    """Whether the message is an alarm. Alarms have no limit of a day, and none is dropped. A
    further alarm of the same key and part waits for an hour."""
    is_urgent: bool = False
    """Whether the message is sent in quiet hours, too."""
    is_kept: bool = True
    """Whether the message waits for the end of the quiet hours, or for the next day."""
    is_news: bool = True
    """Whether the message counts towards the limit of a day, unless it is an alarm."""
    ends: frozenset[str] = frozenset()
    """Keys of the alarms whose end the message tells. They have its value `from_at`."""


_FORECAST = "forecast_euros above_euros goal_euros so_far_euros"
_COUNTED = "when from_at until_at"
_NIGHT = "litres from_at until_at"
# In the order of importance: where the limit of a day leaves room for one message, it is the first.
# An end comes before its alarms: if both wait, the end is of an earlier alarm.
_RULES: Mapping[str, _Rule] = {
    "water_flood": _Rule(Kind.WATER_AT_NIGHT, "litres", is_alarm=True, is_urgent=True),
    "phase_lost": _Rule(Kind.GRID, "phase since_at", is_alarm=True, is_urgent=True),
    "leak_over": _Rule(
        Kind.WATER_AT_NIGHT,
        "from_at",
        is_news=False,
        ends=frozenset({"water_flood", "water_at_night"}),
    ),
    "water_at_night": _Rule(Kind.WATER_AT_NIGHT, _NIGHT, "night nights", is_alarm=True),
    "back": _Rule(
        Kind.SILENT,
        "from_at until_at",
        is_news=False,
        ends=frozenset({"silent", "key_needed"}),
    ),
    "key_needed": _Rule(Kind.SILENT, "since_at", is_alarm=True),
    "silent": _Rule(Kind.SILENT, "since_at", "remedy", is_alarm=True),
    "power_failure": _Rule(Kind.GRID, "count", _COUNTED, is_alarm=True),
    "operator_message": _Rule(Kind.GRID, "text", "object", is_urgent=True),
    "goal_passed": _Rule(Kind.ABOVE_GOAL, "so_far_eur goal_eur"),
    "goal_out_of_reach": _Rule(Kind.ABOVE_GOAL, _FORECAST),
    "goal_above": _Rule(Kind.ABOVE_GOAL, _FORECAST),
    "goal_above_budget": _Rule(Kind.ABOVE_GOAL, f"{_FORECAST} budget_eur"),
    "no_sun": _Rule(Kind.NO_SUN, "name since_at"),
    "load_lacked": _Rule(
        Kind.FAILED_LOAD, "name got_kwh needed_kwh until_at cause since_at", is_news=False
    ),
    "load_did_not_start": _Rule(Kind.FAILED_LOAD, "name", is_kept=False),
    "load_lacks": _Rule(Kind.FAILED_LOAD, "name missing_kwh until_at", is_kept=False),
    "meter_exchanged": _Rule(Kind.GRID, "meter"),
    "soon_above": _Rule(
        Kind.SOON_ABOVE, "reference_kw less_kw until_at saving_eur current_kw", is_kept=False
    ),
    "soon_above_evening": _Rule(
        Kind.SOON_ABOVE,
        "reference_kw less_kw until_at saving_eur current_kw evening_eur",
        is_kept=False,
    ),
    "voltage_swell": _Rule(Kind.GRID, "count", _COUNTED),
    "voltage_sag": _Rule(Kind.GRID, "count", _COUNTED),
    "voltage_outside": _Rule(Kind.GRID, "phase volts since_at"),
    "plan_of_day": _Rule(Kind.PLAN_OF_DAY, "name runs saving_eur", is_kept=False),
    "plan_of_day_below": _Rule(Kind.PLAN_OF_DAY, "name runs saving_eur", is_kept=False),
    # A report is made after the quiet hours, so it never waits.
    "monthly_report": _Rule(Kind.MONTHLY_REPORT, "", is_kept=False, is_news=False),
    "monthly_report_energy": _Rule(Kind.MONTHLY_REPORT, "", is_kept=False, is_news=False),
}
_RANKS = {key: rank for rank, key in enumerate(_RULES)}
KINDS: Mapping[str, Kind] = {key: rule.kind for key, rule in _RULES.items()}
"""Kinds of messages by key."""


@dataclass(frozen=True)
class HouseholdMessage:
    """Message with the key of its text, and the values of the text's placeholders."""

    key: str
    values: Mapping[str, PlaceholderValue] = field(default_factory=dict)
    lines: Annotated[Sequence[Line], Mark.NOT_STORED] = ()
    """Lines of a report, in place of a text. A report never waits, so it is not stored."""
    names_meters: Annotated[bool, Mark.NOT_STORED] = False
    """Whether the lines name the meters of a house."""

    @property
    def is_counted(self) -> bool:
        """Return whether the message counts towards the limit of a day."""
        return self.rule.is_news and not self.rule.is_alarm

    @property
    def rule(self) -> _Rule:
        """Return the rule for the messages of this key."""
        return _RULES[self.key]

    @property
    def rank(self) -> int:
        """Return the rank of the message: 0 is the most important one."""
        return _RANKS[self.key]

    @property
    def identity(self) -> str:
        """Return the key, and the part of the meter that the message is about."""
        return " ".join([self.key, *(str(self.values[n]) for n in _PARTS if n in self.values)])

    def check_stored(self) -> None:
        """Raise ValueError unless the message has the key of a rule, and this rule's values."""
        rule = _RULES.get(self.key)
        if rule is None:
            raise ValueError
        needed = {*rule.values.split()}
        if not needed <= {*self.values} <= needed | {*rule.optional.split()}:
            raise ValueError
        for name, value in self.values.items():
            if name.endswith("_at"):
                checked_time(value)
            elif name in PHRASES:
                if value not in PHRASES[name]:
                    raise ValueError
            elif isinstance(value, str) is not (name in _TEXTS):
                raise ValueError
