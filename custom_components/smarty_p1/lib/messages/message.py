"""Message to the household, and the rules for each key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, NamedTuple

from ..stored_json import Mark
from ..stored_values import checked_time

type Value = str | float
"""Value of a placeholder. A name that ends with `_at` has an ISO 8601 time."""

_TEXTS = {"text", "phase"}


class Line(NamedTuple):
    """Line of a report, with the key of its text and the values of the text's placeholders."""

    key: str
    values: Mapping[str, Value]
    causes: Sequence[tuple[str, float]] = ()
    """Keys of the causes of a change, each with its amount in EUR."""


class Kind(StrEnum):
    """Kind of messages, which has a switch of its own. The value is the name of the option."""

    SILENT = "silent"
    """The meter has not been read for an hour; it is read again."""
    SOON_ABOVE = "soon_above"
    """The running quarter-hour will end above the reference power."""
    ABOVE_GOAL = "above_goal"
    """The month's forecast, or its cost, is above the goal."""
    WATER_AT_NIGHT = "water_at_night"
    """Water flows all night."""
    GRID = "grid"
    """Message of the grid operator, power failure, voltage sag or swell, voltage out of range."""
    MONTHLY_REPORT = "monthly_report"
    """Report about the last month."""


class _Rule(NamedTuple):
    """Rule for the messages of a key."""

    kind: Kind
    values: str
    """Names of the values that the text has placeholders for, divided by spaces."""
    is_kept: bool = True
    """Whether the message waits for the end of the quiet hours, or for the next day."""
    is_urgent: bool = False
    """Whether the message is sent in quiet hours, too."""
    is_first: bool = False
    """Whether other messages of the day leave the message its place."""
    is_counted: bool = True
    """Whether the message counts towards the limit of a day."""


_FORECAST = "forecast_euros above_euros goal_euros so_far_euros"
# In the order of importance: where the limit of a day leaves room for one message, it is the first.
_RULES: Mapping[str, _Rule] = {
    "operator_message": _Rule(Kind.GRID, "text", is_urgent=True, is_first=True),
    "water_flood": _Rule(Kind.WATER_AT_NIGHT, "litres", is_urgent=True, is_first=True),
    "water_at_night": _Rule(Kind.WATER_AT_NIGHT, "litres from_at until_at", is_first=True),
    "silent": _Rule(Kind.SILENT, "since_at"),
    "back": _Rule(Kind.SILENT, "from_at until_at", is_counted=False),
    "power_failure": _Rule(Kind.GRID, "count"),
    "goal_passed": _Rule(Kind.ABOVE_GOAL, "so_far_eur goal_eur"),
    "goal_above": _Rule(Kind.ABOVE_GOAL, _FORECAST),
    "goal_above_budget": _Rule(Kind.ABOVE_GOAL, f"{_FORECAST} budget_eur"),
    "soon_above": _Rule(
        Kind.SOON_ABOVE, "reference_kw less_kw until_at saving_eur current_kw", is_kept=False
    ),
    "voltage_swell": _Rule(Kind.GRID, "count"),
    "voltage_sag": _Rule(Kind.GRID, "count"),
    "voltage_outside": _Rule(Kind.GRID, "phase volts since_at"),
    # A report is made after the quiet hours, so it never waits.
    "monthly_report": _Rule(Kind.MONTHLY_REPORT, "", is_kept=False, is_counted=False),
    "monthly_report_energy": _Rule(Kind.MONTHLY_REPORT, "", is_kept=False, is_counted=False),
}
_RANKS = {key: rank for rank, key in enumerate(_RULES)}
KINDS: Mapping[str, Kind] = {key: rule.kind for key, rule in _RULES.items()}
"""Kinds of messages by key."""


@dataclass(frozen=True)
class HouseholdMessage:
    """Message with the key of its text, and the values of the text's placeholders."""

    key: str
    values: Mapping[str, Value] = field(default_factory=dict)
    lines: Annotated[Sequence[Line], Mark.NOT_STORED] = ()
    """Lines of a report, in place of a text. A report never waits, so it is not stored."""
    names_meters: Annotated[bool, Mark.NOT_STORED] = False
    """Whether the lines name the meters of a house."""

    @property
    def rule(self) -> _Rule:
        """Return the rule for the messages of this key."""
        return _RULES[self.key]

    @property
    def rank(self) -> int:
        """Return the rank of the message: 0 is the most important one."""
        return _RANKS[self.key]

    def check_stored(self) -> None:
        """Raise ValueError unless the message has the key of a rule, and this rule's values."""
        rule = _RULES.get(self.key)
        if rule is None or {*self.values} != {*rule.values.split()}:
            raise ValueError
        for name, value in self.values.items():
            if name.endswith("_at"):
                checked_time(value)
            elif isinstance(value, str) is not (name in _TEXTS):
                raise ValueError
