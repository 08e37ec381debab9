"""Outbox: three news a day, an alarm once an hour, and quiet hours."""

import random
from collections import Counter
from datetime import datetime, time

import pytest

from dev.testing.random_examples import examples
from smartyp1.history.luxembourg_time import LUXEMBOURG
from smartyp1.messages.message import KINDS
from smartyp1.messages.outbox import Outbox, QuietHours, admit
from smartyp1.stored_json import dump, load

from .house import NIGHT, message


def at(clock: str) -> datetime:
    """Return a local time, such as "17 18:36", a day of November 2026."""
    return datetime.fromisoformat(f"2026-11-{clock}").replace(tzinfo=LUXEMBOURG)


TEXT = "operator_message"
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
    assert 1 <= max(news.values(), default=0) <= 3
    assert alarmed_at


def test_few_news_wait_and_delay_no_alarm() -> None:
    texts = [message(TEXT, str(n), str(n)) for n in range(50)]
    outbox, sent = admit(Outbox(), texts, at("17 08:00"), NIGHT)
    assert (len(sent), len(outbox.waiting)) == (3, 6)
    # Texts neither delay nor displace an alarm.
    alarms = [message("silent", ""), message("power_failure", "")]
    outbox, sent = admit(outbox, alarms, at("17 12:00"), NIGHT)
    assert (sent, len(outbox.waiting)) == (alarms, 6)
    outbox, sent = admit(outbox, [message("water_at_night", "")], at("17 23:00"), NIGHT)
    _, sent = admit(outbox, [], at("18 07:00"), NIGHT)
    assert [each.key for each in sent] == ["water_at_night", TEXT, TEXT, TEXT]


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
