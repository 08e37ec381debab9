"""Limits of all messages of a meter: three a day, and none in quiet hours.

A message that may not be sent yet waits, if it is still true later. Otherwise it is dropped.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import NamedTuple, Self

from ..stored_values import Stored, checked_count, checked_list, checked_mapping, checked_text
from .message import Message

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
    """Number of messages sent on `day`, and the messages that wait."""

    day: date | None = None
    sent: int = 0
    waiting: tuple[Message, ...] = ()

    def may_send(self, now: datetime, quiet: QuietHours) -> bool:
        """Return whether a message that is not urgent may be sent at the local time `now`."""
        is_full = self.day == now.date() and self.sent >= MAX_A_DAY
        return not is_full and not quiet.contain(now.time())

    def as_dict(self) -> dict[str, Stored]:
        """Return the outbox as JSON values."""
        return {
            "day": self.day and self.day.isoformat(),
            "sent": self.sent,
            "waiting": [message.as_dict() for message in self.waiting],
        }

    @classmethod
    def from_dict(cls, stored: Stored) -> Self:
        """Return the outbox from the result of `as_dict`. Raises ValueError if it is malformed."""
        data = checked_mapping(stored)
        waiting = checked_list(data["waiting"], _MAX_WAITING)
        day = data["day"] and date.fromisoformat(checked_text(data["day"]))
        return cls(day, checked_count(data["sent"]), tuple(map(Message.from_dict, waiting)))


def admit(
    outbox: Outbox, new: Iterable[Message], now: datetime, quiet: QuietHours
) -> tuple[Outbox, list[Message]]:
    """Return the outbox after the local time `now`, and the messages to send, important ones first.

    `new` are the messages that became due at `now`.
    """
    sent = outbox.sent if outbox.day == now.date() else 0
    is_quiet = quiet.contain(now.time())
    to_send: list[Message] = []
    waiting: list[Message] = []
    for message in sorted(_joined(outbox.waiting, new), key=lambda message: message.rank):
        rule = message.rule
        is_held = (is_quiet and not rule.is_urgent) or (rule.is_counted and sent >= MAX_A_DAY)
        if not is_held:
            to_send.append(message)
            sent += rule.is_counted
        elif rule.is_kept:
            waiting.append(message)
    return Outbox(now.date(), sent, tuple(waiting[:_MAX_WAITING])), to_send


def _joined(waiting: Iterable[Message], new: Iterable[Message]) -> list[Message]:
    """Return all messages, one of each key, except that each text of the operator is kept.

    Counts of the same key are added. A meter that is read again needs no message about a silence
    that nobody was told.
    """
    joined = list(waiting)
    for message in new:
        same = next((old for old in joined if old.key == message.key), None)
        if message.key == "back" and any(old.key == "silent" for old in joined):
            joined = [old for old in joined if old.key != "silent"]
            continue
        if same is not None and message.key != "operator_message":
            joined.remove(same)
            if _COUNT in message.values:
                count = float(same.values[_COUNT]) + float(message.values[_COUNT])
                values = {**message.values, _COUNT: int(count)}
                joined.append(replace(message, values=values))
                continue
        joined.append(message)
    return joined
