"""Let things fail in front of a real Home Assistant, again and again, and measure what it does."""

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

from dev.demo.client import ClientError
from dev.demo.processes import ProcessEndedError
from dev.simulator.arguments import count

from .card import card
from .day import day
from .interruptions import half_open, replug, ser2net
from .junk import junk
from .kill import LIFE, kill
from .many import SECONDS, many
from .result import MissedError, Result
from .rows import A_DAY, rows


class Option(NamedTuple):
    """Seconds that a run may be told."""

    name: str
    seconds: float
    meaning: str


class Run(NamedTuple):
    """A run, and how often it does what it does unless told otherwise."""

    run: Callable[..., Awaitable[Result]]
    times: int
    option: Option | None = None


_LATE = Option("late", 0, "be content when all is so much later than wanted: the machine is busy")
RUNS = {
    "ser2net": Run(ser2net, 100, _LATE),
    "half-open": Run(half_open, 3, _LATE),
    "replug": Run(replug, 20, _LATE),
    "junk": Run(junk, 60),
    "day": Run(day, 8640),
    "rows": Run(rows, A_DAY),
    "card": Run(card, 30),
    "many": Run(
        many, 100, Option("seconds", SECONDS, "measure so long; 0: only that all are shown")
    ),
    "kill": Run(kill, 20, Option("life", LIFE, "let it live so long at most")),
}


def main() -> int:
    """Run what was asked for; return the exit status: 1 when a wanted figure is missed."""
    parser = _parser()
    options = vars(parser.parse_args())
    name = options.pop("name")
    if name is None:
        parser.print_help()
        return 0
    # Everything that was started is to be stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    directory = Path(tempfile.mkdtemp(prefix="smarty-soak-"))
    started = time.monotonic()
    try:
        result = asyncio.run(_run(RUNS[name].run(directory, **options)))
    except (MissedError, ProcessEndedError, ClientError) as error:
        result = Result(missed=[str(error)])
    except KeyboardInterrupt:
        shutil.rmtree(directory)
        return 130
    for line in result.lines:
        print(f"{name}: {line}")
    for figure in result.missed:
        print(f"{name}: MISSED: {figure}")
    print(f"{name}: {'missed' if result.missed else 'met'}, {time.monotonic() - started:.0f} s")
    if result.missed:
        print(f"{name}: the logs are in {directory}", file=sys.stderr)
        return 1
    shutil.rmtree(directory)
    return 0


async def _run(run: Awaitable[Result]) -> Result:
    return await run


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    names = parser.add_subparsers(dest="name", metavar="NAME", title="runs")
    for name, run in RUNS.items():
        help_text = str(run.run.__doc__).partition("\n")[0]
        arguments = names.add_parser(name, help=help_text, description=help_text)
        arguments.add_argument(
            "--count", metavar="N", type=count, default=run.times, help=f"how often ({run.times})"
        )
        if run.option:
            option, seconds, meaning = run.option
            arguments.add_argument(
                f"--{option}",
                metavar="SECONDS",
                type=float,
                default=seconds,
                help=f"{meaning} ({seconds:.0f})",
            )
    return parser


if __name__ == "__main__":
    sys.exit(main())
