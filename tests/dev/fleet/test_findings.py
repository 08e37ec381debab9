"""What becomes of each telegram is told apart, and nothing that is missing is passed over."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import override

import aiohttp
import pytest

from dev.fleet.comparison import STORAGE_DELAY, Sample
from dev.fleet.findings import Examiner, Findings
from dev.fleet.kills import Interruption
from dev.fleet.meters import FleetMeter, make_meters
from dev.fleet.stored_samples import Export
from dev.fleet.truth import Attack, Sent, values_of

START = 1795000000
COUNT = 4


class FakeExport(Export):
    """Has these samples, all of one meter."""

    def __init__(self, samples: Iterable[Sample], session: aiohttp.ClientSession) -> None:
        super().__init__("http://127.0.0.1", session)
        self.all = [*samples]
        self.names: set[str] = set()

    @override
    async def meters(self) -> set[str]:
        return {*self.names}

    @override
    async def samples(self, serial_number: str) -> list[Sample]:
        return self.all if serial_number in self.names else []


@pytest.fixture
def meter() -> FleetMeter:
    return make_meters(1, 7, 1)[0]


@pytest.fixture
def sent(meter: FleetMeter) -> list[Sent]:
    """Return four telegrams, 10.25 s apart; nobody read the last one."""
    moments = [START + number * 10.25 for number in range(COUNT)]
    return [
        Sent(7, moment, moment < moments[-1], number, text, f"frame {number}")
        for number, moment in enumerate(moments)
        for text in [meter.telegram_at(datetime.fromtimestamp(moment, UTC))]
    ]


def samples_of(telegrams: Iterable[Sent]) -> list[Sample]:
    return [
        sample
        for one in telegrams
        for time in [int(one.moment) * 1000]
        for sample in (
            *(Sample(series, time, value) for series, value in values_of(one.text).items()),
            Sample(STORAGE_DELAY, time, 1.5),
        )
    ]


async def found(  # noqa: PLR0913
    meter: FleetMeter,
    events: Sequence[Sent | Attack],
    stored: list[Sample],
    gateway_killed: float = 0.0,
    gateway_back: float = 0.0,
    *,
    passed_on: frozenset[str] = frozenset(),
) -> Findings:
    killed = [Interruption("gateway", 3, True, gateway_killed, gateway_back)]  # noqa: FBT003
    heard = {(meter.system_title.hex().upper(), 1): events[1].moment + 0.25}
    examiner = Examiner(events, killed, heard, passed_on=passed_on, gateway_of=lambda _: 3)
    async with aiohttp.ClientSession() as session:
        export = FakeExport(stored, session)
        export.names = {meter.device_name}
        await examiner.examine([meter], export)
        await examiner.examine_doubles([meter], export)
    return examiner.findings


async def test_what_was_read_and_is_missing_is_lost(meter: FleetMeter, sent: list[Sent]) -> None:
    findings = await found(meter, sent, samples_of(sent[:2]))
    assert (findings.sent, findings.stored, findings.not_read) == (4, 2, 0)
    assert findings.lost == sent[2:]
    assert findings.in_hands == []


async def test_what_nobody_read_is_no_loss_only_while_its_gateway_was_down(
    meter: FleetMeter, sent: list[Sent]
) -> None:
    at = sent[3].moment
    for killed, back, not_read in (
        (at - 3.0, at + 2.0, 1),
        (at - 23.0, at - 19.9, 1),
        (at - 23.0, at - 20.1, 0),
        (at + 1.1, at + 2.0, 0),
    ):
        findings = await found(meter, sent, samples_of(sent[:3]), killed, back)
        assert findings.not_read == not_read
        assert len(findings.lost) == 1 - not_read


async def test_what_a_killed_gateway_had_is_told_apart(meter: FleetMeter, sent: list[Sent]) -> None:
    at = sent[2].moment
    for after, in_hands in ((0.9, 1), (-0.9, 1), (10.1, 0), (-1.1, 0)):
        findings = await found(meter, sent, samples_of(sent[:2]), at + after, at + 2.0)
        assert findings.in_hands == pytest.approx([after] * in_hands)
        assert len(findings.lost) == 1 - in_hands


async def test_what_a_gateway_passed_on_or_had_on_its_disk_is_in_nobodys_hands(
    meter: FleetMeter, sent: list[Sent]
) -> None:
    passed_on = frozenset({"frame 2", "frame 3"})
    for one in sent[2:]:
        findings = await found(
            meter,
            sent,
            samples_of(sent[:2]),
            one.moment + 0.5,
            one.moment + 2.0,
            passed_on=passed_on,
        )
        assert findings.lost == sent[2:]
        assert (findings.not_read, findings.in_hands) == (0, [])


async def test_what_somebody_sent_again_later_does_not_show_that_it_was_passed_on(
    meter: FleetMeter, sent: list[Sent]
) -> None:
    *_, last = sent
    attack = Attack("replay", 7, last.moment + 20.0, was_read=True, digest=last.digest)
    killed, back = last.moment - 3.0, last.moment + 2.0
    passed_on = frozenset({last.digest})
    for attacks, not_read in ((), 0), ((attack,), 1):
        events = (*sent, *attacks)
        stored = samples_of(sent[:3])
        findings = await found(meter, events, stored, killed, back, passed_on=passed_on)
        assert (findings.not_read, len(findings.lost)) == (not_read, 1 - not_read)


async def test_delays_are_from_the_moment_of_sending(meter: FleetMeter, sent: list[Sent]) -> None:
    findings = await found(meter, sent, samples_of(sent))
    # Of the second one it was heard sooner than its delay says; they are sent at .25, .5, .75.
    assert findings.delays() == pytest.approx([0.25, 0.75, 1.0, 1.5])
    assert findings.written_again == 0


async def test_other_values_at_the_same_time_are_doubles(
    meter: FleetMeter, sent: list[Sent]
) -> None:
    stored = samples_of(sent)
    findings = await found(meter, sent, [*stored, stored[0]._replace(value=-1.0)])
    # One of the export, one of what was written several times.
    assert findings.doubled == 2
    assert findings.written_again == 1


async def test_meters_that_there_are_not_are_found(meter: FleetMeter, sent: list[Sent]) -> None:
    examiner = Examiner(sent, [], {}, passed_on=set(), gateway_of=lambda _: 0)
    async with aiohttp.ClientSession() as session:
        export = FakeExport([], session)
        export.names = {meter.device_name, "SAG1030799999999"}
        await examiner.examine([meter], export)
    assert examiner.findings.unknown_meters == 1
