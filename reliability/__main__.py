"""Run one of the reliability runs, and tell what it measured and whether that is what is wanted."""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

from demo.client import ClientError
from demo.processes import ProcessEndedError
from simulator.arguments import count

from .interruptions import half_open, replug, ser2net
from .result import MissedError, Result


class Run(NamedTuple):
    """A run, how often it does what it does by default, and what of."""

    run: Callable[[Path, int], Awaitable[Result]]
    count: int
    unit: str


RUNS = {
    "ser2net": Run(ser2net, 100, "kills"),
    "half-open": Run(half_open, 3, "stops"),
    "replug": Run(replug, 20, "times"),
}


def main() -> int:
    """Run what was asked for; return the exit status: 1 when a wanted figure is missed."""
    options = _parser().parse_args()
    if options.name is None:
        for name, run in RUNS.items():
            print(f"{name:10} {run.run.__doc__} ({run.count} {run.unit})")
        return 0
    run = RUNS[options.name]
    directory = Path(tempfile.mkdtemp(prefix="smarty-soak-"))
    started = time.monotonic()
    try:
        result = asyncio.run(run.run(directory, options.count or run.count))
    except (MissedError, ProcessEndedError, ClientError) as error:
        result = Result(missed=[str(error)])
    for line in result.lines:
        print(f"{options.name}: {line}")
    for figure in result.missed:
        print(f"{options.name}: MISSED: {figure} (what was logged is in {directory})")
    print(f"{options.name}: {time.monotonic() - started:.0f} s", file=sys.stderr)
    if result.missed:
        return 1
    shutil.rmtree(directory)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/soak", description=__doc__, epilog="Without a name, all runs are listed."
    )
    parser.add_argument("name", metavar="NAME", nargs="?", choices=[*RUNS], help="which run")
    parser.add_argument("--count", metavar="N", type=count, help="how often, instead of its default")
    return parser


if __name__ == "__main__":
    sys.exit(main())
