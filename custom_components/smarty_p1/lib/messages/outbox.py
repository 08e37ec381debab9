"""Limits of all messages of a meter: for news three a day, for an alarm one an hour.

- Alarms (much water, a lost phase, a silent meter) are never dropped. Of equal alarms, one is sent
  in an hour.
- News share three places of a day. News that are still true later (`is_kept`) wait for a place, at
  most six of them. Other news are dropped, and so is news about the goal of a month that has ended.
- In quiet hours, all but urgent messages wait.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, NamedTuple, Self

from ..passed_pause import has_passed
from ..stored_json import Size
from .message import HouseholdMessage, Kind

MAX_A_DAY = 3
_MAX_WAITING_NEWS = 6
_ALARM_INTERVAL = timedelta(hours=1)
# More than there can be: one alarm for each key, and for each of three phases.
_MAX_ALARMS = 24
_COUNT, _FROM = "count", "from_at"


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
    """Number of news sent on `day`, times of the last alarms, and the messages that wait."""

    day: date | None = None
    sent: int = 0
    waiting: Annotated[tuple[HouseholdMessage, ...], Size(_MAX_WAITING_NEWS + _MAX_ALARMS)] = ()
    alarmed_at: Annotated[Mapping[str, datetime], Size(_MAX_ALARMS)] = field(default_factory=dict)
    """Times of the last alarms, by the identity of the message."""

    def may_send(self, now: datetime, quiet: QuietHours) -> bool:
        """Return whether news that are not urgent may be sent at the local time `now`."""
        is_full = self.day == now.date() and self.sent >= MAX_A_DAY
        return not is_full and not quiet.contain(now.time())

    def after(self, older: Self) -> Self:
        """Return this outbox as it would be if it had followed `older`."""
        if self.day is None:
            return older
        alarmed_at = {**older.alarmed_at, **self.alarmed_at}
        return replace(
            self,
            sent=self.sent + (older.sent if older.day == self.day else 0),
            waiting=_bounded(_joined(older.waiting, self.waiting, alarmed_at)),
            alarmed_at=alarmed_at,
        )


def admit(
    outbox: Outbox, new: Iterable[HouseholdMessage], now: datetime, quiet: QuietHours
) -> tuple[Outbox, list[HouseholdMessage]]:
    """Return the outbox after the local time `now`, and the messages to send, important ones first.

    `new` are the messages that became due at `now`.
    """
    fresh, today, now_utc = [*new], now.date(), now.astimezone(UTC)
    sent, alarmed_at = outbox.sent if outbox.day == today else 0, dict(outbox.alarmed_at)
    is_quiet = quiet.contain(now.time())
    to_send, waiting = list[HouseholdMessage](), list[HouseholdMessage]()
    for message in _joined(_without_ended_goal(outbox, now), fresh, alarmed_at):
        is_full = sent >= MAX_A_DAY and message.is_counted
        is_held = _is_recent(message, alarmed_at, now_utc) if message.rule.is_alarm else is_full
        if is_held or (is_quiet and not _wakes(message, fresh)):
            waiting.append(message)
            continue
        to_send.append(message)
        sent += message.is_counted
        if message.rule.is_alarm:
            # Move the alarm to the end, because the last alarms are kept.
            alarmed_at.pop(message.identity, None)
            alarmed_at[message.identity] = now_utc
    last_alarms = dict([*alarmed_at.items()][-_MAX_ALARMS:])
    return Outbox(today, sent, _bounded(waiting, to_send), last_alarms), to_send


def _wakes(message: HouseholdMessage, new: Sequence[HouseholdMessage]) -> bool:
    """Return whether a message is sent in quiet hours.

    A text that has waited for a place in the next day must not wake anybody at midnight.
    """
    return message.rule.is_urgent and (message.rule.is_alarm or message in new)


def _is_recent(
    message: HouseholdMessage, alarmed_at: Mapping[str, datetime], now: datetime
) -> bool:
    """Return whether the alarm was sent in the last hour. A clock may have been put back."""
    return not has_passed(alarmed_at.get(message.identity), now, _ALARM_INTERVAL)


def _bounded(
    waiting: Iterable[HouseholdMessage], sent: Iterable[HouseholdMessage] = ()
) -> tuple[HouseholdMessage, ...]:
    """Return the messages that go on to wait: all alarms, and the most important news.

    A message about the end of an alarm is left out if the alarm was sent again after it.
    """
    sent_keys = {message.key for message in sent}
    kept = [
        message for message in waiting if message.rule.is_kept and not message.rule.ends & sent_keys
    ]
    alarms = [message for message in kept if message.rule.is_alarm]
    news = [message for message in kept if not message.rule.is_alarm]
    return tuple(sorted(alarms + news[:_MAX_WAITING_NEWS], key=lambda message: message.rank))


def _without_ended_goal(outbox: Outbox, now: datetime) -> Iterable[HouseholdMessage]:
    """Return the waiting messages without those about the goal of a month that has ended."""
    if outbox.day and outbox.day.replace(day=1) == now.date().replace(day=1):
        return outbox.waiting
    return [message for message in outbox.waiting if message.rule.kind is not Kind.ABOVE_GOAL]


def _joined(
    waiting: Iterable[HouseholdMessage],
    new: Iterable[HouseholdMessage],
    alarmed_at: Mapping[str, datetime],
) -> list[HouseholdMessage]:
    """Return all messages in the order of importance, one of each identity.

    A newer message replaces an older one, and counts are added. The end of an alarm that nobody was
    sent_keys is no news, and neither is this alarm.
    """
    joined = list(waiting)
    for message in new:
        joined = _join(joined, message, alarmed_at)
    return sorted(joined, key=lambda message: message.rank)


def _join(
    waiting: Sequence[HouseholdMessage], new: HouseholdMessage, alarmed_at: Mapping[str, datetime]
) -> list[HouseholdMessage]:
    left = [old for old in waiting if old.key not in new.rule.ends]
    if len(left) < len(waiting) and not _was_alarm_sent(new, alarmed_at):
        return left
    same = [old for old in left if old.identity == new.identity]
    return [*(old for old in left if old not in same), _with_counts(same, new)]


def _was_alarm_sent(end: HouseholdMessage, alarmed_at: Mapping[str, datetime]) -> bool:
    """Return whether an alarm was sent since the time from which the end's message counts."""
    since = datetime.fromisoformat(str(end.values[_FROM]))
    return any(key in alarmed_at and alarmed_at[key] >= since for key in end.rule.ends)


def _with_counts(earlier: Sequence[HouseholdMessage], new: HouseholdMessage) -> HouseholdMessage:
    """Return `new`. If its text has a count, add the count of the earlier message.

    The period of the text then begins with the earlier message.
    """
    if _COUNT not in new.values or not earlier:
        return new
    old = earlier[0].values
    count = int(float(old[_COUNT]) + float(new.values[_COUNT]))
    if _FROM in old and _FROM in new.values:
        values = {**new.values, _COUNT: count, _FROM: old[_FROM], "when": "between"}
        return replace(new, values=values)
    return replace(new, values={_COUNT: count})
