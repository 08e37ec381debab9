"""Compare the CPU time of this checkout with that of a commit, in turns on the same machine.

Both do the same work (`dev/compared_work.py`), as pairs of processes. The table has the medians,
and the median and the spread of the ratios of the pairs.
"""

import argparse
import json
import os
import pickle
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory

from dev.arguments import count
from dev.release import GIT, ROOT, ReleaseError, run
from dev.simulator.house import House
from smartyp1.history.luxembourg_time import HOUR

from .frames_of_meters import frames_of

_WORK = Path(__file__).with_name("compared_work.py")
_PAIRS, _SHORT_PAIRS = 7, 3
SLOWER = 1.2
"""Ratio from which a work is named."""
VERDICT = ROOT / ".report" / "bench"
"""File of the verdict, which `scripts/report` shows."""

type Times = Mapping[str, float]


class WorkError(Exception):
    """The work failed in a checkout. The arguments are its folder and the log."""


def main() -> int:
    """Print the table and keep the verdict. Return 1 if the work fails in this checkout."""
    parser = argparse.ArgumentParser(prog="scripts/bench --against", description=__doc__)
    parser.add_argument(
        "commit", nargs="?", help="default: the newest commit that is an hour old or older"
    )
    parser.add_argument("--pairs", type=count, default=_PAIRS, help=f"({_PAIRS})")
    parser.add_argument("--short", action="store_true", help=f"{_SHORT_PAIRS} pairs: a minute")
    options = parser.parse_args()
    hour_ago = (datetime.now(UTC) - HOUR).isoformat()
    old = run(GIT, "rev-list", "-1", f"--before={hour_ago}", "HEAD").strip()
    if not (commit := options.commit or old):
        print("There is no commit that is an hour old, so nothing is compared.")
        return 0
    pairs = _SHORT_PAIRS if options.short else options.pairs
    VERDICT.unlink(missing_ok=True)
    with TemporaryDirectory() as folder:
        frames = Path(folder) / "frames"
        frames.write_bytes(pickle.dumps(_frames()))
        with _checkout(commit, Path(folder) / "before") as before:
            try:
                found = [_pair(before, frames, n) for n in range(pairs)]
            except WorkError as error:
                print("The work failed, so nothing is compared:", *error.args, sep="\n")
                # A later commit may have mended an earlier one.
                return int(ROOT in error.args)
    print(f"{pairs} pairs against {commit}, load {os.getloadavg()[0]:.1f}\n")
    slower = report(found)
    head = run(GIT, "rev-parse", "--short", "HEAD").strip()
    VERDICT.parent.mkdir(exist_ok=True)
    more = "; ".join(slower) or "nothing takes more"
    VERDICT.write_text(f"{more}, at {head} against {commit[:9]}\n", "utf-8")
    return 0


def report(pairs: Sequence[tuple[Times, Times]]) -> list[str]:
    """Print the table of pairs of times, each before and now. Return the slower works."""
    print("| work | before | now | ratio | from | to |\n|---|---:|---:|---:|---:|---:|")
    slower = list[str]()
    for name in {**pairs[0][0], **pairs[0][1]}:
        both = [(before[name], now[name]) for before, now in pairs if name in before.keys() & now]
        if not both:
            print(f"| {name} | | | not compared | | |")
            continue
        ratios = sorted(now / before for before, now in both)
        ratio = median(ratios)
        times = " | ".join(f"{median(side):.4g}" for side in zip(*both, strict=True))
        print(f"| {name} | {times} | {ratio:.2f} | {ratios[0]:.2f} | {ratios[-1]:.2f} |")
        # A busy machine can slow one process of a pair.
        if ratio > SLOWER and ratios[0] > 1:
            slower.append(f"{name}: {ratio:.2f} times")
    if slower:
        print("\nmore than before:", *slower, sep="\n- ")
    return slower


def _frames() -> dict[str, list[bytes]]:
    """Return frames of simulated meters by their name."""
    chance = Random(1)  # noqa: S311
    several = frames_of()
    return {
        "three phases and three M-Bus meters": several,
        "one phase": frames_of(house=House(phases=1)),
        "with noise, cut at its start": [
            chance.randbytes(chance.randrange(400)) + frame[chance.randrange(40) :]
            for frame in several
        ],
    }


@contextmanager
def _checkout(commit: str, path: Path) -> Iterator[Path]:
    run(GIT, "worktree", "add", "--quiet", "--detach", path, commit)
    try:
        yield path
    finally:
        run(GIT, "worktree", "remove", "--force", path)


def _pair(before: Path, frames: Path, number: int) -> tuple[Times, Times]:
    """Return the times of both checkouts, which take turns in being the first.

    Rows and bytes differ by a hundredth from run to run, so only the first pair counts them.
    """
    more = () if number else ("--written",)
    sides = (ROOT, before) if number % 2 else (before, ROOT)
    times = {side: _times(side, frames, *more) for side in sides}
    return times[before], times[ROOT]


def _times(checkout: Path, *arguments: str | Path) -> Times:
    command = sys.executable, "-P", _WORK, *arguments
    try:
        output = run(*command, cwd=checkout, PYTHONPATH=f"{checkout}", PYTHONDONTWRITEBYTECODE="")
    except ReleaseError as error:
        raise WorkError(checkout, str(error)) from None
    times: Times = json.loads(output.splitlines()[-1])
    return times


if __name__ == "__main__":
    sys.exit(main())
