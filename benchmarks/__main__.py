"""Print how long a telegram takes, beside dsmr-parser on the same frames in the same process."""

import argparse
import asyncio
import platform
from importlib.metadata import version

from .decoding import AIMS, FRAMES, compare
from .states import compare_states


def main() -> None:
    """Run the benchmarks and print a table."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="how often each side runs")
    rounds = parser.parse_args().rounds

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


if __name__ == "__main__":
    main()
