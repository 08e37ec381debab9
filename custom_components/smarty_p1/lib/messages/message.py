"""Message to the household, and the rules for each key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Self

from ..stored_values import Stored, checked_mapping, checked_number, checked_text

type Value = str | float
"""Value of a placeholder. A name that ends with `_at` has an ISO 8601 time."""

_MAX_VALUES = 10


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
    is_kept: bool = True
    """Whether the message waits for the end of the quiet hours, or for the next day."""
    is_urgent: bool = False
    """Whether the message is sent in quiet hours, too."""
    is_first: bool = False
    """Whether other messages of the day leave the message its place."""
    is_counted: bool = True
    """Whether the message counts towards the limit of a day."""


# In the order of importance: where the limit of a day leaves room for one message, it is the first.
_RULES: Mapping[str, _Rule] = {
    "operator_message": _Rule(Kind.GRID, is_urgent=True, is_first=True),
    "water_flood": _Rule(Kind.WATER_AT_NIGHT, is_urgent=True, is_first=True),
    "water_at_night": _Rule(Kind.WATER_AT_NIGHT, is_first=True),
    "silent": _Rule(Kind.SILENT),
    "back": _Rule(Kind.SILENT, is_counted=False),
    "power_failure": _Rule(Kind.GRID),
    "goal_passed": _Rule(Kind.ABOVE_GOAL),
    "goal_above": _Rule(Kind.ABOVE_GOAL),
    "goal_above_budget": _Rule(Kind.ABOVE_GOAL),
    "soon_above": _Rule(Kind.SOON_ABOVE, is_kept=False),
    "voltage_swell": _Rule(Kind.GRID),
    "voltage_sag": _Rule(Kind.GRID),
    "voltage_outside": _Rule(Kind.GRID),
    # A report is made after the quiet hours, so it never waits.
    "monthly_report": _Rule(Kind.MONTHLY_REPORT, is_kept=False, is_counted=False),
    "monthly_report_energy": _Rule(Kind.MONTHLY_REPORT, is_kept=False, is_counted=False),
}
_RANKS = {key: rank for rank, key in enumerate(_RULES)}
KINDS: Mapping[str, Kind] = {key: rule.kind for key, rule in _RULES.items()}
"""Kinds of messages by key."""


@dataclass(frozen=True)
class HouseholdMessage:
    """Message with the key of its text, and the values of the text's placeholders."""

    key: str
    values: Mapping[str, Value] = field(default_factory=dict)
    lines: Sequence[Line] = ()
    """Lines of a report, in place of a text."""
    names_meters: bool = False
    """Whether the lines name the meters of a house."""

    @property
    def rule(self) -> _Rule:
        """Return the rule for the messages of this key."""
        return _RULES[self.key]

    @property
    def rank(self) -> int:
        """Return the rank of the message: 0 is the most important one."""
        return _RANKS[self.key]

    def as_dict(self) -> dict[str, Stored]:
        """Return the message as JSON values."""
        return {"key": self.key, "values": dict(self.values)}

    @classmethod
    def from_dict(cls, stored: Stored) -> Self:
        """Return the message from the result of `as_dict`. Raises ValueError if it is malformed."""
        data = checked_mapping(stored)
        key = checked_text(data["key"])
        if key not in _RULES:
            raise ValueError
        values = checked_mapping(data["values"], _MAX_VALUES)
        return cls(
            key,
            {
                name: checked_text(value) if isinstance(value, str) else checked_number(value)
                for name, value in values.items()
            },
        )
