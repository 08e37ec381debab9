"""Compare the CPU time of this checkout with that of a commit, in turns on the same machine.

Both do the same work (`dev/compared_work.py`), as pairs of processes. The table has the medians,
and the median and the spread of the ratios of the pairs.
"""

import argparse
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory

from dev.arguments import count
from dev.simulator import Meter
from dev.simulator.house import House

from .compared_work import KEY

ROOT = Path(__file__).parents[1]
_WORK = Path(__file__).with_name("compared_work.py")
_START = datetime(2025, 7, 3, 10, tzinfo=UTC)
_FRAMES = 100
_PAIRS, _SHORT_PAIRS = 7, 3
SLOWER, MUCH_SLOWER = 1.2, 1.5
"""Ratio from which a work is named, and from which the comparison fails."""
_OLD_ENOUGH = timedelta(hours=1)

type Times = Mapping[str, float]


class WorkError(Exception):
    """The work failed in a checkout. The arguments are its folder and the log."""


def main() -> int:
    """Print the table. Return 1 if a work takes half as long again."""
    parser = argparse.ArgumentParser(prog="scripts/bench --against", description=__doc__)
    parser.add_argument(
        "commit", nargs="?", help="default: the newest commit that is an hour old or older"
    )
    parser.add_argument("--pairs", type=count, default=_PAIRS, help=f"({_PAIRS})")
    parser.add_argument("--short", action="store_true", help=f"{_SHORT_PAIRS} pairs: a minute")
    options = parser.parse_args()
    if not (commit := options.commit or _old_commit()):
        print("There is no commit that is an hour old, so nothing is compared.")
        return 0
    pairs = _SHORT_PAIRS if options.short else options.pairs
    with TemporaryDirectory() as folder:
        frames = Path(folder) / "frames"
        frames.write_bytes(pickle.dumps(_frames()))
        with _checkout(commit, Path(folder) / "before") as before:
            try:
                found = [_pair(before, frames, is_turned=n % 2 == 1) for n in range(pairs)]
            except WorkError as error:
                print("The work failed, so nothing is compared:", *error.args, sep="\n")
                # A later commit may have mended an earlier one.
                return int(ROOT in error.args)
    print(f"{pairs} pairs against {commit}, load {os.getloadavg()[0]:.1f}\n")
    return report(found)


def report(pairs: Sequence[tuple[Times, Times]]) -> int:
    """Print the table of pairs of times, each before and now. Return 1 if one is much slower."""
    print("| work | before | now | ratio | from | to |\n|---|---:|---:|---:|---:|---:|")
    slower, is_bad = list[str](), False
    for name in pairs[0][1]:
        if not all(name in before for before, _ in pairs):
            print(f"| {name} | | | not compared | | |")
            continue
        ratios = sorted(now[name] / before[name] for before, now in pairs)
        ratio = median(ratios)
        times = " | ".join(
            f"{median(of[name] for of in side):.4g}" for side in zip(*pairs, strict=True)
        )
        print(f"| {name} | {times} | {ratio:.2f} | {ratios[0]:.2f} | {ratios[-1]:.2f} |")
        # A busy machine can slow one process of a pair.
        if ratio > SLOWER and ratios[0] > 1:
            slower.append(f"{name}: {ratio:.2f} times")
            is_bad |= ratio > MUCH_SLOWER and ratios[0] > SLOWER
    if slower:
        print("\nslower than before:", *slower, sep="\n- ")
    return int(is_bad)


def _frames() -> dict[str, list[bytes]]:
    """Return frames of simulated meters by their name."""
    chance = Random(1)  # noqa: S311

    def series(house: House) -> list[bytes]:
        meter = Meter(1, KEY, house=house)
        return [meter.frame_at(_START + n * timedelta(seconds=10)) for n in range(_FRAMES)]

    several = series(House(media=("gas", "water", "heat")))
    return {
        "three phases and three M-Bus meters": several,
        "one phase": series(House(phases=1)),
        "with noise, cut at its start": [
            chance.randbytes(chance.randrange(400)) + frame[chance.randrange(40) :]
            for frame in several
        ],
    }


def _old_commit() -> str:
    """Return the newest commit that is an hour old, "" if the clone has none."""
    before = (datetime.now(UTC) - _OLD_ENOUGH).isoformat()
    return _git("rev-list", "-1", f"--before={before}", "HEAD")


def _git(*arguments: str | Path) -> str:
    return subprocess.check_output(["git", *arguments], cwd=ROOT, text=True).strip()


@contextmanager
def _checkout(commit: str, path: Path) -> Iterator[Path]:
    _git("worktree", "add", "--quiet", "--detach", path, commit)
    try:
        yield path
    finally:
        _git("worktree", "remove", "--force", path)


def _pair(before: Path, frames: Path, *, is_turned: bool) -> tuple[Times, Times]:
    """Return the times of both checkouts, which take turns in being the first."""
    sides = [before, ROOT]
    times = {side: _times(side, frames) for side in (reversed(sides) if is_turned else sides)}
    return times[before], times[ROOT]


def _times(checkout: Path, frames: Path) -> Times:
    own = {"PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": ""}
    ended = subprocess.run(
        [sys.executable, "-P", _WORK, frames],
        cwd=checkout,
        env=os.environ | own,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise WorkError(checkout, ended.stderr)
    times: Times = json.loads(ended.stdout.splitlines()[-1])
    return times


if __name__ == "__main__":
    sys.exit(main())
