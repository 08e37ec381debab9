"""Limits of all messages of a meter: three a day, and none in quiet hours.

Texts of the operator and leaks come first: other messages never use their three places of a day. A
message that may not be sent yet waits, if it is still true later. Otherwise it is dropped, and so
is one about the goal of a month that has ended.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Annotated, NamedTuple, Self

from ..stored_json import Mark, Size
from .message import HouseholdMessage, Kind

MAX_A_DAY = 3
_MAX_WAITING = 6
_COUNT = "count"


class QuietHours(NamedTuple):
    """Hours of each day without messages. `start` equal to `end` means no quiet hours."""

    start: time
    end: time

    def contain(self, moment: time) -> bool:
        """Return whether `moment` is in the quiet hours."""
        if self.start <= self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


@dataclass(frozen=True)
class Outbox:
    """Numbers of messages sent on `day`, and the messages that wait."""

    day: date | None = None
    sent: int = 0
    waiting: Annotated[tuple[HouseholdMessage, ...], Size(_MAX_WAITING)] = ()
    sent_first: Annotated[int, Mark.ADDED_LATER] = 0
    """Number of the sent messages that come first."""

    def may_send(self, now: datetime, quiet: QuietHours) -> bool:
        """Return whether a message that is not urgent may be sent at the local time `now`."""
        is_full = self.day == now.date() and self.sent >= MAX_A_DAY
        return not is_full and not quiet.contain(now.time())

    def after(self, older: Self) -> Self:
        """Return this outbox as it would be if it had followed `older`."""
        if self.day is None:
            return older
        sent, sent_first = (older.sent, older.sent_first) if older.day == self.day else (0, 0)
        return replace(
            self,
            sent=sent + self.sent,
            sent_first=sent_first + self.sent_first,
            waiting=(*older.waiting, *self.waiting)[:_MAX_WAITING],
        )


def admit(
    outbox: Outbox, new: Iterable[HouseholdMessage], now: datetime, quiet: QuietHours
) -> tuple[Outbox, list[HouseholdMessage]]:
    """Return the outbox after the local time `now`, and the messages to send, important ones first.

    `new` are the messages that became due at `now`.
    """
    is_same_day = outbox.day == now.date()
    sent, sent_first = (outbox.sent, outbox.sent_first) if is_same_day else (0, 0)
    is_quiet = quiet.contain(now.time())
    to_send: list[HouseholdMessage] = []
    waiting: list[HouseholdMessage] = []
    for message in sorted(_joined(_still_true(outbox, now), new), key=lambda message: message.rank):
        rule = message.rule
        is_full = rule.is_counted and (sent_first if rule.is_first else sent) >= MAX_A_DAY
        if not is_full and (rule.is_urgent or not is_quiet):
            to_send.append(message)
            sent += rule.is_counted
            sent_first += rule.is_first
        elif rule.is_kept:
            waiting.append(message)
    return Outbox(now.date(), sent, tuple(waiting[:_MAX_WAITING]), sent_first), to_send


def _still_true(outbox: Outbox, now: datetime) -> Iterable[HouseholdMessage]:
    """Return the waiting messages without those about the goal of a month that has ended."""
    if outbox.day and outbox.day.replace(day=1) == now.date().replace(day=1):
        return outbox.waiting
    return [each for each in outbox.waiting if each.rule.kind is not Kind.ABOVE_GOAL]


def _joined(
    waiting: Iterable[HouseholdMessage], new: Iterable[HouseholdMessage]
) -> list[HouseholdMessage]:
    """Return all messages, one of each key, except that each text of the operator is kept.

    Counts of the same key are added. A meter that is read again needs no message about a silence
    that nobody was told.
    """
    joined = list(waiting)
    for message in new:
        is_text = message.key == "operator_message"
        key = "silent" if message.key == "back" else message.key
        same = None if is_text else next((old for old in joined if old.key == key), None)
        if same is None:
            joined.append(message)
            continue
        joined.remove(same)
        if message.key != "back":
            joined.append(_with_counts(same, message))
    return joined


def _with_counts(old: HouseholdMessage, new: HouseholdMessage) -> HouseholdMessage:
    """Return `new`, with the count of both if its text has a count."""
    if _COUNT not in new.values:
        return new
    count = int(float(old.values[_COUNT]) + float(new.values[_COUNT]))
    return replace(new, values={**new.values, _COUNT: count})
