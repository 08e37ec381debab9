"""Print how long a telegram takes, beside dsmr-parser on the same frames in the same process.

With --worst, what the costliest streams cost the decoder, a byte.
"""

import argparse
import asyncio
import platform
from importlib.metadata import version

from .decoding import AIMS, FRAMES, compare
from .states import compare_states
from .worst import AIM, CHUNK_SIZES, STREAMS, measure_all

WORST_SIZE = 60_000


def main() -> None:
    """Run the benchmarks and print a table."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="how often each side runs")
    parser.add_argument(
        "--worst", action="store_true", help="instead: what the costliest streams cost"
    )
    options = parser.parse_args()
    if options.worst:
        _print_worst(min(options.rounds, 2))
    else:
        _print_comparison(options.rounds)


def _print_comparison(rounds: int) -> None:
    print(
        f"encrypted frame to telegram, tag verified; {FRAMES} frames, best of {rounds} rounds; "
        f"CPython {platform.python_version()}, dsmr-parser {version('dsmr-parser')}"
    )
    print()
    print("| bytes a chunk | smarty_p1, µs | dsmr-parser, µs | times faster | aim |")
    print("|---:|---:|---:|---:|---:|")
    for chunk_size, aim in AIMS.items():
        result = compare(chunk_size, rounds)
        print(
            f"| {chunk_size} | {result.own:.1f} | {result.other:.1f} "
            f"| {result.ratio:.1f} | {aim} |",
            flush=True,
        )
    states = asyncio.run(compare_states(rounds))
    print()
    print(
        f"encrypted frame to all states written, {states.entities} entities each; "
        f"Home Assistant {version('homeassistant')}"
    )
    print()
    print("| smarty_p1, µs | its dsmr, µs | times less | aim | smarty_p1, µs an entity |")
    print("|---:|---:|---:|---:|---:|")
    print(
        f"| {states.own:.1f} | {states.other:.1f} | {states.ratio:.1f} | 3 "
        f"| {states.own / states.entities:.1f} |"
    )


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
