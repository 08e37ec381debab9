"""Print what a telegram costs, beside what others take for the same frames in the same process.

And what the integration costs while nothing comes. With --worst, what the costliest streams cost
the decoder, a byte; with --values, what a telegram costs the gateway that has the key.
"""

import argparse
import asyncio
import os
import platform
from importlib.metadata import version

from .decoding import AIMS, FIRST_AIM, FRAMES, SERIES, Result, compare, first_telegram
from .footprint import IMPORT_AIM, LINEAR, import_cost, memory_of_meters, of_each_further
from .rows import AIM as MOST_ROWS, rows_of_days
from .states import AloneResult, StatesResult, compare_states, compare_with_home_assistant
from .tariff import cost_of_tariff
from .values import FORMATS, TELEGRAMS, cost_of
from .worst import AIM, CHUNK_SIZES, STREAMS, measure_all

WORST_SIZE = 60_000


def main() -> None:
    """Run the benchmarks and print a table."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="how often each side runs")
    parser.add_argument(
        "--meters", type=int, default=20, help="of how many meters the memory is measured"
    )
    parser.add_argument(
        "--worst", action="store_true", help="instead: what the costliest streams cost"
    )
    parser.add_argument(
        "--rows", action="store_true", help="instead: how many rows a day the recorder stores"
    )
    parser.add_argument(
        "--values", action="store_true", help="instead: what publishing a telegram's values costs"
    )
    options = parser.parse_args()
    if options.rows:
        _print_rows()
    elif options.values:
        _print_values()
    elif options.worst:
        _print_worst(min(options.rounds, 2))
    else:
        _print_comparison(options.rounds)
        _print_footprint(min(options.rounds, 2), options.meters)


def _print_comparison(rounds: int) -> None:
    print(
        f"best of {rounds} rounds of {FRAMES} telegrams; CPython {platform.python_version()}, "
        f"dsmr-parser {version('dsmr-parser')}, Home Assistant {version('homeassistant')}"
    )
    _print_head("encrypted frame to telegram, tag verified", "dsmr-parser, µs", "times faster")
    for name, make in SERIES.items():
        frames = make(FRAMES)
        for chunk_size, aim in AIMS.items():
            result = compare(frames, chunk_size, rounds)
            _print_row(f"{name}; chunks of {chunk_size}", result, aim)
    print()
    print("| a new decoder's first telegram | smarty_p1, µs | aim |")
    print("|---|---:|---:|")
    for name, make in SERIES.items():
        print(f"| {name} | {first_telegram(make(1)[0], rounds):.0f} | {FIRST_AIM} |")
    quarter_hour, month = cost_of_tariff(rounds, FRAMES)
    print()
    print("| what the tariff costs a telegram | smarty_p1, µs |")
    print("|---|---:|")
    print(f"| the quarter-hour and its month | {quarter_hour:.1f} |")
    print(f"| the bill, when an enabled entity asks for it | {month:.1f} |")
    states = asyncio.run(compare_states(rounds))
    _print_head("encrypted frame to all states written", "its dsmr, µs", "times less")
    _print_row(f"{states.entities} entities each", states, 3)
    alone = asyncio.run(compare_with_home_assistant(min(rounds, 5)))
    _print_head("encrypted frame to all states written", "writing alone, µs", "times longer")
    _print_row(f"{alone.entities} entities, their states and attributes", alone, 1.5)


def _print_footprint(rounds: int, meters: int) -> None:
    print()
    print("| import of the integration and its platforms | ms | aim |")
    print("|---|---:|---:|")
    print(f"| beyond what is loaded | {import_cost(rounds):.0f} | {IMPORT_AIM} |", flush=True)
    sizes = memory_of_meters(meters)
    print()
    print("| resident memory | MiB | each further meter, KiB | aim |")
    print("|---|---:|---:|---:|")
    (_, first), *others = sizes.items()
    print(f"| 1 meter | {first / 1024:.1f} | | |")
    further = of_each_further(sizes)
    for (count, size), each in zip(others, further, strict=True):
        aim = f"{further[0] * LINEAR:.0f}"
        print(f"| {count} meters | {size / 1024:.1f} | {each:.0f} | {aim} |")


def _print_rows() -> None:
    print("| a day, a telegram every 10 s | rows | aim | of which |")
    print("|---|---:|---:|---|")
    for name, rows in rows_of_days():
        most = ", ".join(f"{key} {number:,}" for key, number in rows.most_common(8))
        print(f"| {name} | {rows.total():,} | {MOST_ROWS:,} | {most} |", flush=True)


def _print_values() -> None:
    print(
        f"{TELEGRAMS} telegrams each, one a second; CPython {platform.python_version()}, "
        f"aiomqtt {version('aiomqtt')}, load {os.getloadavg()[0]:.1f}"
    )
    print()
    print("| published | gateway, ms a telegram | mosquitto, ms | messages |")
    print("|---|---:|---:|---:|")
    for name, publish in FORMATS.items():
        cost = asyncio.run(cost_of(publish))
        costs = f"{cost.gateway:.1f} | {cost.broker:.1f} | {cost.messages:.0f}"
        print(f"| {name} | {costs} |", flush=True)


def _print_head(what: str, other: str, ratio: str) -> None:
    print()
    print(f"| {what} | smarty_p1, µs | {other} | {ratio} | aim |")
    print("|---|---:|---:|---:|---:|")


def _print_row(what: str, result: Result | StatesResult | AloneResult, aim: float) -> None:
    times = f"{result.own:.1f} | {result.other:.1f}"
    print(f"| {what} | {times} | {result.ratio:.3g} | {aim} |", flush=True)


def _print_worst(rounds: int) -> None:
    print(
        f"the costliest of {len(STREAMS)} streams, CPU of the decoder; {WORST_SIZE:,} bytes each, "
        f"best of {rounds} rounds; aim {AIM:.0f} µs a byte"
    )
    print()
    sizes = " | ".join(f"µs a byte in chunks of {size}" for size in CHUNK_SIZES)
    print(f"| stream | decoder | {sizes} | longest call, ms |")
    print(f"|---|---|{'---:|' * len(CHUNK_SIZES)}---:|")
    for found in sorted(measure_all(WORST_SIZE, rounds), key=lambda found: -found.a_byte):
        costs = " | ".join(f"{cost.a_byte:.2f}" for cost in found.costs.values())
        print(f"| {found.name} | {found.mode} | {costs} | {found.longest_call / 1000:.1f} |")


if __name__ == "__main__":
    main()
