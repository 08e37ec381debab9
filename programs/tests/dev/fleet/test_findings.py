"""The fate of each telegram is classified, and no missing telegram is passed over."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import override

import aiohttp
import pytest

from dev.fleet.comparison import STORAGE_DELAY, Sample, Truth, compare
from dev.fleet.faults.kills import Interruption
from dev.fleet.findings import Examiner, Findings
from dev.fleet.meters import make_meters
from dev.fleet.sent_telegrams import Attack, Sent, Series, values_of
from dev.fleet.stored_samples import Export
from smartyp1.json_types import JsonDict

# The simulated meters are new, so no year of their household is computed.
START = 1704500000
METER = make_meters(1, 7, 1)[0]


class FakeExport(Export):
    """Export with these samples, all of one meter."""

    def __init__(self, samples: Iterable[Sample], session: aiohttp.ClientSession) -> None:
        super().__init__("http://127.0.0.1", session)
        self.all = [*samples]
        self.names = {METER.device_name}

    @override
    async def meters(self) -> set[str]:
        return {*self.names}

    @override
    async def samples(self, serial_number: str) -> list[Sample]:
        return self.all if serial_number in self.names else []


def sent_at(number: int, *, was_read: bool = True) -> Sent:
    """Return the telegram with this number; they come 10.25 s apart."""
    moment = START + number * 10.25
    text = METER.telegram_at(datetime.fromtimestamp(moment, UTC))
    return Sent(7, moment, was_read, number, text, f"frame {number}")


# No gateway read the last one.
SENT = [*map(sent_at, range(3)), sent_at(3, was_read=False)]
FIRST, SECOND, THIRD, LAST = SENT


def samples_of(telegrams: Iterable[Sent]) -> list[Sample]:
    return [
        sample
        for telegram in telegrams
        for time in [int(telegram.moment) * 1000]
        for sample in (
            *(Sample(series, time, value) for series, value in values_of(telegram.text).items()),
            Sample(STORAGE_DELAY, time, 1.5),
        )
    ]


async def found(
    stored: list[Sample],
    killed: tuple[float, float] = (0.0, 0.0),
    *,
    events: Sequence[Sent | Attack] = SENT,
    passed_on: Iterable[int] = (),
) -> Findings:
    """Return the findings after a gateway was down between two moments."""
    kills = [Interruption("gateway", 3, True, *killed)]  # noqa: FBT003
    heard = {(METER.system_title.hex().upper(), 1): SECOND.moment + 0.25}
    frames = frozenset(f"frame {number}" for number in passed_on)
    examiner = Examiner(events, kills, heard, passed_on=frames, gateway_of=lambda _: 3)
    async with aiohttp.ClientSession() as session:
        export = FakeExport(stored, session)
        await examiner.examine([METER], export)
    return examiner.findings


REPLAY = Attack("replay", 7, LAST.moment + 20.0, was_read=True, digest=LAST.digest)
DOWN = {"killed": (LAST.moment - 3.0, LAST.moment + 2.0)}
AROUND_LAST = {"passed_on": [3], **DOWN}


def kill(of: Sent, after: float, until: float = 2.0) -> JsonDict:
    """Return a kill `after` seconds after a telegram was sent, and its end."""
    return {"killed": (of.moment + after, of.moment + until)}


@pytest.mark.parametrize(
    ("count", "options", "not_read", "in_hands", "lost"),
    [
        pytest.param(2, {}, 0, [], [THIRD, LAST], id="read and missing"),
        # No gateway read it: no loss only while its gateway was down.
        pytest.param(3, kill(LAST, -3.0), 1, [], [], id="down"),
        pytest.param(3, kill(LAST, -23.0, -19.9), 1, [], [], id="hardly back"),
        pytest.param(3, kill(LAST, -23.0, -20.1), 0, [], [LAST], id="back for long"),
        pytest.param(3, kill(LAST, 1.1), 0, [], [LAST], id="killed later"),
        # Frames in the hands of a killed gateway are classified; no gateway read the last one then.
        pytest.param(2, kill(THIRD, 0.9), 1, [0.9], [], id="just received"),
        pytest.param(2, kill(THIRD, -0.9), 1, [-0.9], [], id="just before"),
        pytest.param(2, kill(THIRD, 10.1), 1, [], [THIRD], id="long received"),
        pytest.param(2, kill(THIRD, -1.1), 1, [], [THIRD], id="long before"),
        # Frames passed on, or on the disk, are in no gateway's hands.
        *(
            pytest.param(
                2, {"passed_on": [2, 3], **kill(one, 0.5)}, 0, [], [THIRD, LAST], id=f"{one.digest}"
            )
            for one in (THIRD, LAST)
        ),
        # A later replay does not show that the frame was passed on.
        pytest.param(3, AROUND_LAST, 0, [], [LAST], id="passed on"),
        pytest.param(3, {"events": [*SENT, REPLAY], **AROUND_LAST}, 1, [], [], id="sent again"),
    ],
)
async def test_missing_telegrams(
    count: int, options: JsonDict, not_read: int, in_hands: list[float], lost: list[Sent]
) -> None:
    findings = await found(samples_of(SENT[:count]), **options)
    assert (findings.sent, findings.stored) == (4, count)
    assert (findings.not_read, findings.lost) == (not_read, lost)
    assert findings.in_hands == pytest.approx(in_hands)


async def test_delays_are_from_the_moment_of_sending() -> None:
    findings = await found(samples_of(SENT))
    # The second frame was heard sooner than its delay; frames are sent at .25, .5, .75.
    assert findings.delays() == pytest.approx([0.25, 0.75, 1.0, 1.5])
    assert findings.written_again == 0


async def test_other_values_at_the_same_time_are_doubles() -> None:
    stored = samples_of(SENT)
    findings = await found([*stored, stored[0]._replace(value=-1.0)])
    assert (findings.doubled, findings.written_again) == (1, 1)


async def test_the_same_values_again_are_no_doubles() -> None:
    stored = samples_of(SENT)
    later = stored[-1]._replace(value=9.0)
    findings = await found([*stored, *stored, later])
    assert (findings.doubled, findings.written_again) == (0, len(stored) + 1)
    assert findings.delays() == pytest.approx([0.25, 0.75, 1.0, 1.5])


async def test_meters_that_there_are_not_are_found() -> None:
    examiner = Examiner(SENT, [], {}, passed_on=set(), gateway_of=lambda _: 0)
    async with aiohttp.ClientSession() as session:
        export = FakeExport([], session)
        export.names.add("SAG1030799999999")
        await examiner.examine([METER], export)
    assert examiner.findings.unknown_meters == 1


ENERGY = Series("active_energy_imported")
GAS = Series("index", "1", "gas", "GAS 079000257401")
TRUTH: Truth = {
    1000: {ENERGY: 1.5, GAS: 7.25},
    11000: {ENERGY: 1.625, GAS: 7.25},
    21000: {ENERGY: 1.75, GAS: 7.5},
}
VALUES = [Sample(one, time, value) for time, some in TRUTH.items() for one, value in some.items()]
STORED = [*VALUES, *(Sample(STORAGE_DELAY, time, 0.5) for time in TRUTH)]
OTHER_SERIES = (Series("level"), GAS._replace(device="GAS 1"), ENERGY._replace(channel="1"))


def without(*samples: Sample) -> list[Sample]:
    return [one for one in STORED if one not in samples]


EARLIEST = [one for one in STORED if one.time == 1000]
MOVED = [one._replace(time=1001) for one in EARLIEST]
# Stored values and faults: the names of the faults, with the findings.
CASES: list[tuple[list[Sample], JsonDict]] = [
    (STORED, {}),
    (VALUES, {}),
    ([], {"missing": {1000, 11000, 21000}}),
    ([one for one in STORED if one.time != 11000], {"missing": {11000}}),
    ([*without(*EARLIEST), *MOVED], {"missing": {1000}, "foreign": MOVED}),
    *((without(one), {"partial": {one.time}}) for one in VALUES),
    *(
        ([*without(one), other], {"wrong": [other]})
        for one in VALUES
        for other in [one._replace(value=one.value + 0.001)]
    ),
    *(([*STORED, one], {"repeated": 1}) for one in STORED),
    *(
        ([*STORED, other], {"doubled": [other], "repeated": 1})
        for one in VALUES
        for other in [one._replace(value=one.value + 0.001)]
    ),
    *(
        ([*STORED, other], {"foreign": [other]})
        for other in (Sample(one, 1000, 1.5) for one in OTHER_SERIES)
    ),
]


@pytest.mark.parametrize(("stored", "faults"), CASES)
def test_each_difference_is_found(stored: list[Sample], faults: JsonDict) -> None:
    found = compare(TRUTH, stored)
    names = ("missing", "partial", "wrong", "foreign", "doubled", "repeated")
    assert {name: value for name in names if (value := getattr(found, name))} == faults
    assert found.stored == TRUTH.keys() - found.missing - found.partial
