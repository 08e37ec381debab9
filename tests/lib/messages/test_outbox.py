"""Alarms apart from news: three news a day, an alarm once an hour, and quiet hours."""

import random
from collections import Counter
from datetime import datetime, time, timedelta

import pytest

from dev.testing.random_examples import examples
from smartyp1.history.luxembourg_time import LUXEMBOURG
from smartyp1.messages.message import KINDS, PHRASES, HouseholdMessage, Placeholders
from smartyp1.messages.outbox import Outbox, QuietHours, admit
from smartyp1.stored_json import dump, load

NIGHT = QuietHours(time(22), time(7))


def at(clock: str) -> datetime:
    """Return a local time, such as "17 18:36", a day of November 2026; "31" is 1 December."""
    day, hour = clock.split()
    moment = datetime.fromisoformat(f"2026-11-01T{hour}").replace(tzinfo=LUXEMBOURG)
    return moment + timedelta(days=int(day) - 1)


def message(
    key: str, text: str, part: str = "L1", since: str = "2026-11-17T08:00:00+01:00"
) -> HouseholdMessage:
    """Return a message with all values of its key."""
    values: Placeholders = {}
    for name in HouseholdMessage(key).rule.values.split():
        values[name] = since if name.endswith("_at") else 1
        if name in {"text", "name"}:
            values[name] = text
        elif name == "phase":
            values[name] = part
        elif name in PHRASES:
            values[name] = min(PHRASES[name])
    return HouseholdMessage(key, values | ({"object": part} if key == TEXT else {}))


def play(events: str) -> str:
    """Return the times and keys of the messages sent, if messages become due at these times."""
    outbox, sent = Outbox(), []
    for event in events.split(", "):
        day, clock, *names = event.split()
        parts = [name.split("/") for name in names]
        new = [message(name, clock, *part) for name, *part in parts]
        # A restart between any two moments changes nothing.
        outbox, messages = admit(load(Outbox, dump(outbox)), new, at(f"{day} {clock}"), NIGHT)
        if messages:
            sent.append(" ".join([day, clock, *(each.key for each in messages)]))
    return ", ".join(sent)


WARNED = "17 08 soon_above, 17 10 soon_above, 17 12 soon_above"
TEXT = "operator_message"
TEXTS = f"17 08 {TEXT}, 17 09 {TEXT}, 17 10 {TEXT}"
SEVEN = f"{TEXTS}, 17 11 {' '.join(f'{TEXT}/{n}' for n in range(7))}"
NIGHT_AND_TEXTS = f"water_at_night {TEXT} {TEXT} {TEXT}"


@pytest.mark.parametrize(
    ("due", "sent"),
    [
        # A fourth warning of the day is dropped: it would be wrong the next day.
        (f"{WARNED}, 17 14 soon_above, 18 07, 18 08 soon_above", f"{WARNED}, 18 08 soon_above"),
        # At the same moment, the important ones are first; the other news wait for the next day.
        (
            "17 08 voltage_sag goal_above power_failure operator_message voltage_outside, 18 07",
            "17 08 power_failure operator_message goal_above voltage_sag, 18 07 voltage_outside",
        ),
        # The night: the operator is heard, a warning is dropped, a goal waits.
        (
            "17 22 goal_above, 17 23 soon_above, 18 03 operator_message, 18 06:59, 18 07",
            "18 03 operator_message, 18 07 goal_above",
        ),
        # A month that has ended is not above its goal so far; the report has its cost.
        (
            "30 22 goal_passed voltage_sag, 31 07, 31 22 goal_above, 32 07",
            "31 07 voltage_sag, 32 07 goal_above",
        ),
        # Texts share the places of a day. A text takes the place of its predecessor.
        (
            f"{TEXTS}, 17 11 {TEXT}, 17 12 {TEXT} {TEXT}/L2 goal_above, 18 00, 18 07",
            f"{TEXTS}, 18 07 {TEXT} {TEXT} goal_above",
        ),
        # Texts neither delay nor displace an alarm.
        (
            f"{SEVEN}, 17 12 silent power_failure, 17 23 water_at_night, 18 01 water_flood, 18 07",
            f"{TEXTS}, 17 12 silent power_failure, 18 01 water_flood, 18 07 {NIGHT_AND_TEXTS}",
        ),
        # An alarm once an hour for each phase.
        (
            "17 08 phase_lost/L1, 17 08:10 phase_lost/L1 phase_lost/L2, 17 08:59, 17 09",
            "17 08 phase_lost, 17 08:10 phase_lost, 17 09 phase_lost",
        ),
        # Silence and return in one night cause no message.
        ("17 23 silent, 18 02 back, 18 07", ""),
        ("17 23 key_needed, 18 02 back, 18 07", ""),
        # A told silence ends; no message reports a later silence of the same night.
        (
            "17 21 silent, 17 23 back, 18 01 silent, 18 04 back/_/2026-11-18T00:00:00+01:00, 18 07",
            "17 21 silent, 18 07 back",
        ),
        # A silence that begins in the night before the message of its predecessor's end comes after
        # that message.
        (
            "17 21 silent, 17 23 back, 18 01 silent, 18 07",
            "17 21 silent, 18 07 back silent",
        ),
        # The end of a told silence that needs a key is told, too.
        (
            "17 21 silent, 17 23 key_needed, 18 02 back, 18 07",
            "17 21 silent, 18 07 back",
        ),
        # A leak that is over in the morning, and a leak that has begun again before that.
        ("17 02 water_flood, 17 05 leak_over, 17 07", "17 02 water_flood, 17 07 leak_over"),
        (
            "17 02 water_flood, 17 05 leak_over, 17 06 water_flood, 17 07",
            "17 02 water_flood, 17 06 water_flood",
        ),
        # The return is told even after three messages.
        (f"17 07 silent, {TEXTS}, 17 13 back", f"17 07 silent, {TEXTS}, 17 13 back"),
    ],
    ids=[
        *("limit", "order", "night", "new month", "texts", "alarms", "an hour", "short silence"),
        *("short need", "two silences", "silence again", "need", "leak", "leak again", "return"),
    ],
)
def test_alarms_have_no_limit_of_a_day_and_news_have_few_places(due: str, sent: str) -> None:
    assert play(due) == sent


ALARMS = ("water_flood", "water_at_night", "silent", "key_needed", "power_failure", "phase_lost")
AWAKE = ("water_flood", "phase_lost", TEXT)
# A report is made after the quiet hours, the ends have a test of their own, and a deadline counts
# as no news.
REPORTS = {"monthly_report", "monthly_report_energy", "load_lacked"}
NEWS = sorted({*KINDS} - {*ALARMS, "back", "leak_over", *REPORTS})


@pytest.mark.parametrize("rush", [0.001, 0.01, 0.2])
@pytest.mark.parametrize("seed", range(examples(1)))
def test_alarms_are_sent_within_a_minute_beside_any_other_message(seed: int, rush: float) -> None:
    """A day of random messages: a look each minute, and a restart after it."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    start = datetime(2026, 3, 20, tzinfo=LUXEMBOURG).timestamp()
    quiet = QuietHours(time(chance.randrange(24)), time(chance.randrange(24)))
    pending: dict[str, datetime] = {}
    alarmed_at: dict[str, datetime] = {}
    outbox, news = Outbox(), Counter[object]()
    for minute in range(1500):
        now = datetime.fromtimestamp(start + minute * 60, LUXEMBOURG)
        new = [
            message(key, str(minute), chance.choice(("L1", "L2", "L3")), now.isoformat())
            for key in (*ALARMS, *NEWS)
            if chance.random() < rush
        ]
        pending |= {each.identity: now for each in new if each.rule.is_alarm}
        outbox, sent = admit(load(Outbox, dump(outbox)), new, now, quiet)
        is_quiet = quiet.contain(now.time())
        for each in sent:
            assert not is_quiet or each.key in AWAKE
            if each.key not in ALARMS:
                news[now.date()] += 1
                continue
            before = alarmed_at.get(each.identity)
            assert before is None or now.timestamp() - before.timestamp() >= 3600
            alarmed_at[each.identity] = now
            del pending[each.identity]
        # An alarm waits for nothing else than the hour since its last one and the quiet hours.
        for identity in pending:
            last = alarmed_at.get(identity)
            is_recent = last is not None and now.timestamp() - last.timestamp() < 3600
            assert is_recent or (is_quiet and identity.split()[0] not in AWAKE), identity
        assert {each.identity for each in outbox.waiting if each.rule.is_alarm} == {*pending}
    assert max(news.values(), default=0) <= 3
    assert alarmed_at


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


def test_few_news_wait() -> None:
    texts = [message(TEXT, str(n), str(n)) for n in range(50)]
    outbox, sent = admit(Outbox(), texts, at("17 08:00"), NIGHT)
    assert (len(sent), len(outbox.waiting)) == (3, 6)


def test_the_times_of_disturbances_that_wait_are_joined() -> None:
    def failure(count: int, *times: str, when: str = "at") -> HouseholdMessage:
        values = {"from_at": times[0], "until_at": times[1], "when": when} if times else {}
        return HouseholdMessage("power_failure", {"count": count, **values})

    first, second = (
        ("2026-11-17T23:00:00+01:00", "2026-11-17T23:01:00+01:00"),
        (
            "2026-11-18T01:00:00+01:00",
            "2026-11-18T01:01:00+01:00",
        ),
    )
    for earlier, joined in (
        (failure(1, *first), failure(3, first[0], second[1], when="between")),
        # An earlier version stored no times.
        (failure(1), failure(3)),
    ):
        outbox, _ = admit(Outbox(), [earlier], at("17 23:01"), NIGHT)
        outbox, _ = admit(load(Outbox, dump(outbox)), [failure(2, *second)], at("18 01:01"), NIGHT)
        assert admit(outbox, [], at("18 07:00"), NIGHT)[1] == [joined]


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
        {"day": None, "sent": 0, "waiting": [], "alarmed_at": {"silent": 5}},
    ],
)
def test_a_malformed_outbox_is_refused(stored: object) -> None:
    with pytest.raises((ValueError, KeyError)):
        load(Outbox, stored)
