"""Work that is compared between two commits. It prints a JSON object of CPU times in µs.

usage: PYTHONPATH=CHECKOUT python -P dev/compared_work.py FRAMES [--written]. The file FRAMES has
pickled frames by the name of their meter, so that both commits read the same ones. With --written,
the object has rows and MB that are written in a day, too. A work that a commit cannot do is left
out, and its error goes to stderr.
"""

import asyncio
import json
import pickle
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from statistics import median

import dev
from dev.encoder import KEY

type Frames = Mapping[str, Sequence[bytes]]
type Work = Callable[[Frames], Iterator[tuple[str, float]]]

_QUARTER = timedelta(minutes=15)
_END = datetime(2026, 11, 10, 11, tzinfo=UTC)
_MONTHS = 25
_ROUNDS = 3
_GROUP = 10
_DECODED = 100


def shortest_us(
    work: Callable[[], object],
    rounds: int = _ROUNDS,
    clock: Callable[[], float] = time.process_time,
) -> float:
    """Return the shortest time of some rounds, in µs: CPU time by default."""
    times = []
    for _ in range(rounds):
        start = clock()
        work()
        times.append(clock() - start)
    return min(times) * 1e6


def telegrams(frames: Frames) -> Iterator[tuple[str, float]]:
    """Decode the frames of each meter in chunks of 64 bytes."""
    from smartyp1.p1.decoder import Decoder

    def decode(chunks: Sequence[bytes]) -> None:
        feed = Decoder(KEY).feed
        for chunk in chunks:
            for _ in feed(chunk):
                pass

    for name, of_meter in frames.items():
        groups = [of_meter[at : at + _GROUP] for at in range(0, _DECODED, _GROUP)]
        spent = 0.0
        for group in groups:
            data = b"".join(group)
            chunks = [data[at : at + 64] for at in range(0, len(data), 64)]
            # A wait costs no CPU time, so this time is the clock's. A group takes less than a
            # millisecond, so other programs interrupt few of its rounds.
            spent += shortest_us(partial(decode, chunks), 20, time.perf_counter)
        yield f"a telegram, {name}", spent / _DECODED


def household(_frames: Frames) -> Iterator[tuple[str, float]]:
    """Read 25 months, end a quarter-hour and an hour, and answer."""
    from smartyp1.answers.bills import bills_report, classes_report
    from smartyp1.answers.days import days_report
    from smartyp1.answers.what_if import WhatIfQuestion, what_if_report
    from smartyp1.bill.hourly_amounts import amounts_by_hour
    from smartyp1.bill.household import Household
    from smartyp1.bill.household_state import HouseholdState
    from smartyp1.bill.leneda_days import LenedaDays
    from smartyp1.history.luxembourg_time import month_start
    from smartyp1.history.quarter_hour import Origin, QuarterHour
    from smartyp1.history.register_amounts import Energies
    from smartyp1.prices.contract import BEGINNING, Contract
    from smartyp1.prices.market_price_series import PriceSeries, PriceSources, QuarterPrice

    chance, prices = Random(1), PriceSeries()  # noqa: S311
    count = _MONTHS * 30 * 96
    quarters = []
    for n in range(count, 0, -1):
        start = _END - n * _QUARTER
        kw = chance.choice((0.2, 0.4, 0.9, 4.0))
        quarters.append(QuarterHour(start, kw, kw / 9, origin=Origin.LENEDA))
        prices.add_price(QuarterPrice(start, 0.05 + 0.01 * (n % 24)))
    meter = Household(Contract(reference_kw=7, energy_margin=0.02, feed_in_price=0.06))
    meter.set_prices([PriceSources(BEGINNING, prices)])
    days = LenedaDays(quarters)
    numbers = iter(range(100))

    def end_quarter_hour() -> HouseholdState:
        n = next(numbers)
        meter.count_telegram(_END + n * _QUARTER, Energies(1000.0 + n / 5, 500.0), 0.8, "SAG1")
        snapshot = meter.snapshot
        assert snapshot  # noqa: S101
        snapshot.month.bill(snapshot.until)
        return snapshot

    def begin() -> None:
        meter.set_leneda_days(days)
        end_quarter_hour()

    yield "start: 25 months", shortest_us(begin, 1)
    yield "the end of a quarter-hour, 25 months", shortest_us(end_quarter_hour, 8)
    household = end_quarter_hour()
    start = month_start(_END)
    yield (
        "the end of an hour, 25 months",
        shortest_us(lambda: amounts_by_hour(household.ledger, [start], household.until)),
    )
    first = _END.date()
    yield "answer: Now", shortest_us(lambda: days_report(household, first, date.max))
    yield "answer: Bill", shortest_us(lambda: bills_report(household, 13))
    yield (
        "answer: Year",
        shortest_us(lambda: (bills_report(household, _MONTHS), classes_report(household))),
    )
    battery = {"kind": "battery", "kwh": 10.0, "kw": 5.0}
    question = WhatIfQuestion([battery], None, None, {})
    yield (
        "answer: What if, a battery",
        shortest_us(lambda: what_if_report(household, question), 2),
    )


def plan(_frames: Frames) -> Iterator[tuple[str, float]]:
    """Plan five loads for two days."""
    from smartyp1.plan.house_plan import plan_house
    from smartyp1.plan.next_kwh_price import Quarter
    from smartyp1.plan.planned_load import Load

    chance = Random(2)  # noqa: S311
    quarters = [Quarter(chance.uniform(0.1, 0.4), 0.06, 1.75, 0.0826) for _ in range(192)]
    net = [chance.uniform(-0.3, 0.5) for _ in quarters]
    loads = [Load(f"{n}", 2.0 + n, 1.0 + n, first=8 * n, end=120 + 12 * n) for n in range(5)]
    yield "a plan with five loads", shortest_us(lambda: plan_house(quarters, net, loads), 2)


def states(frames: Frames) -> Iterator[tuple[str, float]]:
    """Write the states of a meter with a contract in Home Assistant."""
    from dev.benchmark_home import add_meter, home_assistant

    async def measure() -> float:
        of_meter = [*next(iter(frames.values()))]
        async with home_assistant() as hass:
            receive = await add_meter(hass, of_meter, is_whole=True)
            spent = median(shortest_us(partial(receive, frame), 1) for frame in of_meter)
            await hass.async_block_till_done()
        return spent

    yield "a telegram to all states", asyncio.run(measure())


def start(_frames: Frames) -> Iterator[tuple[str, float]]:
    """Import the integration in a process of its own."""
    from dev import bench

    yield "start: import", 1000 * bench.import_cost(1, bench.OWN_MODULES)


def written(frames: Frames) -> Iterator[tuple[str, float]]:
    """Count what a meter adds to the same house."""
    from dev.written_day import written_in_a_day

    house, alone = written_in_a_day(next(iter(frames.values())))
    added = house - alone
    assert min(added["rows of states"], added["rows of statistics"])  # noqa: S101
    for name in "rows of states", "rows of statistics":
        yield f"{name} of the meter in a day", added[name]
    yield "MB written for the meter in a day", added["bytes"] / 1e6
    yield "bytes written, times the house without the meter", house["bytes"] / alone["bytes"]


WORK: Sequence[Work] = (telegrams, household, plan, states, start)


def main() -> None:
    """Do all work, and print what it took."""
    # The program is the checkout's. Its measurements are those beside this file.
    dev.__path__ = [f"{Path(__file__).parent}"]
    frames = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301
    times: dict[str, float] = {}
    for work in (*WORK, written) if "--written" in sys.argv else WORK:
        try:
            times.update(work(frames))
        except (ImportError, AttributeError, TypeError, AssertionError, RuntimeError) as err:
            print(f"{work.__name__}: {type(err).__name__}: {err}", file=sys.stderr)
    print(json.dumps(times))


if __name__ == "__main__":
    main()
