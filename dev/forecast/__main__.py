"""Measure the error of the month's cost forecast against a simple rule.

Each home is forecast on four days of each of its last twelve months. The simple rule continues this
month's mean day. The homes are files of the Leneda portal: each subfolder with files is a home, and
so is the folder itself.
"""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean

from smartyp1.history.quarter_hour import QuarterHour
from smartyp1.leneda.measured_and_estimated_rows import LenedaRows, newest, quarter_hours_of
from smartyp1.leneda.portal_file import read_export
from smartyp1.leneda.portal_file_refusals import ExportError

from .score import DAYS, Score, score_home

UNKNOWN = "-"
_ORDINALS = {1: "1st", 4: "4th", 10: "10th", 20: "20th"}


def main() -> None:
    """Print a table with the errors of all homes, and of each home."""
    parser = argparse.ArgumentParser(prog="scripts/bench forecast", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder with files of the portal")
    folder = parser.parse_args().folder
    scores = [score for home in _homes_of_files(folder) for score in home]
    print(
        "| homes | forecast on the | months | error, € | simple rule, € | less error "
        "| truth between low and high | width of this range, € |\n"
        "|---|---|---:|---:|---:|---:|---:|---:|"
    )
    _print_rows("all", scores)
    for home in dict.fromkeys(score.home for score in scores):
        _print_rows(home, [score for score in scores if score.home == home])
    if scores:
        print(f"\nCPU time of a forecast: {mean(score.seconds for score in scores) * 1e3:.1f} ms")


def _print_rows(name: str, scores: Sequence[Score]) -> None:
    for day in DAYS:
        of_day = [score for score in scores if score.day == day]
        if not of_day:
            continue
        error = mean(score.error for score in of_day)
        simple_errors = [e for score in of_day if (e := score.simple_error) is not None]
        simple = less = UNKNOWN
        if simple_errors:
            simple_error = mean(simple_errors)
            simple = f"{simple_error:.2f}"
            less = f"{1 - error / simple_error:.0%}" if simple_error else UNKNOWN
        held = mean(score.is_held for score in of_day)
        width = mean(score.width for score in of_day)
        print(
            f"| {name} | {_ORDINALS[day]} | {len(of_day)} | {error:.2f} | {simple} | {less} "
            f"| {held:.0%} | {width:.0f} |",
            flush=True,
        )


def _homes_of_files(folder: Path) -> Iterator[list[Score]]:
    for home in (folder, *sorted(path for path in folder.iterdir() if path.is_dir())):
        files = sorted(home.glob("*.csv"))
        if files:
            yield score_home(home.name, _quarter_hours(files))


def _quarter_hours(files: Iterable[Path]) -> list[QuarterHour]:
    """Return the quarter-hours of a home's files. Exits if a file cannot be read."""
    series: dict[str, list[LenedaRows]] = {}
    for path in files:
        try:
            export = read_export(path.read_bytes(), datetime.now(UTC))
        except ExportError as err:
            raise SystemExit(f"{path}: {err.reason}") from None
        series.setdefault(export.code, []).append(export.rows)
    return quarter_hours_of({code: newest(*rows) for code, rows in series.items()})


if __name__ == "__main__":
    main()
