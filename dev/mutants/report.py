"""Report of a run in Markdown: each room's share of noticed mutants, and the others."""

from collections.abc import Collection, Iterator, Mapping
from math import sqrt

from .mutant import Mutant
from .run import Verdicts

type Equivalent = Collection[tuple[str, str, str]]
"""Mutants that change no behaviour: file, text of the line, change."""

_Z = 1.959964  # 95 %
_MAX_EQUIVALENT = 0.05


def wilson(noticed: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share by Wilson's formula, in percent."""
    if not count:
        return 0.0, 100.0
    share, weight = noticed / count, _Z * _Z / count
    half = _Z * sqrt(share * (1 - share) / count + weight / (4 * count))
    low, high = (100 * (share + weight / 2 + part) / (1 + weight) for part in (-half, half))
    return low, high


def _is_equivalent(mutant: Mutant, equivalent: Equivalent) -> bool:
    return (mutant.file, mutant.text, mutant.change) in equivalent


def report(rooms: Mapping[str, Verdicts], equivalent: Equivalent) -> Iterator[str]:
    """Yield the lines of a report."""
    yield "| room | mutants | noticed | share | 95 % interval | of no test | equivalent |"
    yield "|---|---:|---:|---:|---|---:|---:|"
    unnoticed = dict[str, Verdicts]()
    for room, verdicts in rooms.items():
        counted = [row for row in verdicts if not _is_equivalent(row[0], equivalent)]
        unnoticed[room] = others = [row for row in counted if not row[1].noticed_by]
        count, noticed = len(counted), len(counted) - len(others)
        low, high = wilson(noticed, count)
        share = f"{100 * noticed / max(1, count):.0f} % | {low:.0f} to {high:.0f} %"
        unrun = sum(not verdict.tests for _, verdict in others)
        yield f"| {room} | {count} | {noticed} | {share} | {unrun} | {len(verdicts) - count} |"
    for room, verdicts in unnoticed.items():
        if verdicts:
            yield from ("", f"**{room}**", "")
        for mutant, verdict in sorted(verdicts, key=lambda row: (row[0].file, row[0].line)):
            tests = f"{verdict.ran} of {verdict.tests} tests" if verdict.tests else "no test"
            yield f"- `{mutant.place}`: `{mutant.change}` ({tests})"


def rooms_with_many_equivalent(rooms: Mapping[str, Verdicts], equivalent: Equivalent) -> list[str]:
    """Return the rooms of which more than 5 % of the mutants are named as equivalent."""
    return [
        room
        for room, verdicts in rooms.items()
        if sum(_is_equivalent(mutant, equivalent) for mutant, _ in verdicts)
        > _MAX_EQUIVALENT * len(verdicts)
    ]
