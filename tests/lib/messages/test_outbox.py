"""Three messages a day, none in quiet hours, the operator's first."""

from datetime import datetime, time, timedelta

import pytest

from smartyp1.messages.message import HouseholdMessage, Value
from smartyp1.messages.outbox import Outbox, QuietHours, admit
from smartyp1.stored_json import dump, load

NIGHT = QuietHours(time(22), time(7))


def at(clock: str) -> datetime:
    """Return a local time, such as "17 18:36", a day of November 2026; "31" is 1 December."""
    day, hour = clock.split()
    return datetime.fromisoformat(f"2026-11-01T{hour}") + timedelta(days=int(day) - 1)


def message(key: str, text: str) -> HouseholdMessage:
    """Return a message with all values of its key."""
    values: dict[str, Value] = {
        name: "2026-11-17T08:00:00+01:00" if name.endswith("_at") else 1
        for name in HouseholdMessage(key).rule.values.split()
    }
    return HouseholdMessage(key, values | {name: text for name in values if name == "text"})


def play(events: str) -> str:
    """Return the times and keys of the messages sent, if messages become due at these times."""
    outbox, sent = Outbox(), []
    for event in events.split(", "):
        day, clock, *names = event.split()
        new = [message(name, clock) for name in names]
        # A restart between any two moments changes nothing.
        outbox, messages = admit(load(Outbox, dump(outbox)), new, at(f"{day} {clock}"), NIGHT)
        if messages:
            sent.append(" ".join([day, clock, *(each.key for each in messages)]))
    return ", ".join(sent)


WARNED = "17 08 soon_above, 17 10 soon_above, 17 12 soon_above"
LOST = "17 08 operator_message, 17 09 goal_above, 17 10 silent, 17 12 back"
TEXT = "operator_message"


@pytest.mark.parametrize(
    ("due", "sent"),
    [
        # A fourth warning of the day is dropped: it would be wrong the next day.
        (f"{WARNED}, 17 14 soon_above, 18 07, 18 08 soon_above", f"{WARNED}, 18 08 soon_above"),
        # At the same moment, the important ones are first; the others wait for the next day.
        (
            "17 08 voltage_sag goal_above power_failure operator_message, 18 07",
            "17 08 operator_message power_failure goal_above, 18 07 voltage_sag",
        ),
        # The night: the operator is heard, a warning is dropped, a goal waits.
        (
            "17 22 goal_above, 17 23 soon_above, 18 03 operator_message, 18 06:59, 18 07",
            "18 03 operator_message, 18 07 goal_above",
        ),
        # A month that has ended is not above its goal "so far"; the report has its cost.
        (
            "30 22 goal_passed voltage_sag, 31 07, 31 22 goal_above, 32 07",
            "31 07 voltage_sag, 32 07 goal_above",
        ),
        # Silence and return in one night are nobody's concern.
        ("17 23 silent, 18 02 back, 18 07", ""),
        # A text of the operator is told even after three messages. Three texts use up the day.
        (
            f"{WARNED}, 17 13 {TEXT}, 17 14 {TEXT} {TEXT} {TEXT} goal_above, 18 07",
            f"{WARNED}, 17 13 {TEXT}, 17 14 {TEXT} {TEXT}, 18 07 {TEXT} goal_above",
        ),
        # The return is told even after three messages.
        (f"{LOST}, 17 13 goal_passed, 18 07", f"{LOST}, 18 07 goal_passed"),
    ],
    ids=["limit", "order", "night", "new month", "short silence", "operator", "return"],
)
def test_a_day_has_few_messages(due: str, sent: str) -> None:
    assert play(due) == sent


def test_counts_that_wait_are_added() -> None:
    outbox = Outbox()
    for clock, count in (("17 23:00", 2), ("18 01:00", 3)):
        outbox, sent = admit(
            outbox, [HouseholdMessage("voltage_sag", {"count": count})], at(clock), NIGHT
        )
        assert sent == []
    assert admit(outbox, [], at("18 07:00"), NIGHT)[1] == [
        HouseholdMessage("voltage_sag", {"count": 5})
    ]


def test_few_messages_wait() -> None:
    texts = [HouseholdMessage("operator_message", {"text": str(n)}) for n in range(50)]
    outbox, sent = admit(Outbox(), texts, at("17 08:00"), NIGHT)
    assert (len(sent), len(outbox.waiting)) == (3, 6)


@pytest.mark.parametrize(
    ("start", "end", "clock", "is_quiet"),
    [
        ("22:00", "07:00", "21:59", False),
        ("22:00", "07:00", "22:00", True),
        ("22:00", "07:00", "06:59", True),
        ("22:00", "07:00", "07:00", False),
        ("00:00", "06:00", "00:00", True),
        ("00:00", "06:00", "06:00", False),
        ("08:00", "08:00", "08:00", False),
    ],
)
def test_quiet_hours(start: str, end: str, clock: str, is_quiet: bool) -> None:  # noqa: FBT001
    quiet = QuietHours(time.fromisoformat(start), time.fromisoformat(end))
    assert quiet.contain(time.fromisoformat(clock)) is is_quiet
    for outbox in (Outbox(), Outbox(at("16 12:00").date(), 3), Outbox(at("17 00:00").date(), 2)):
        assert outbox.may_send(at(f"17 {clock}"), quiet) is not is_quiet
    assert not Outbox(at("17 00:00").date(), 3).may_send(at(f"17 {clock}"), quiet)


@pytest.mark.parametrize(
    "stored",
    [
        [],
        {},
        {"day": None, "sent": -1, "waiting": []},
        {"day": "today", "sent": 0, "waiting": []},
        {"day": None, "sent": 0, "waiting": [{"key": "another", "values": {}}]},
        {"day": None, "sent": 0, "waiting": [{"key": "silent", "values": {"since_at": []}}]},
        {"day": None, "sent": 0, "waiting": [{"key": "silent", "values": {}}] * 7},
    ],
)
def test_a_malformed_outbox_is_refused(stored: object) -> None:
    with pytest.raises((ValueError, KeyError)):
        load(Outbox, stored)
