"""Verdict about pairs of times of two commits."""

import sys
from pathlib import Path

import pytest

from dev import compare_commits
from dev.compare_commits import Times, WorkError, report
from dev.release import ROOT


@pytest.mark.parametrize(
    ("now", "status", "told"),
    [
        # Of the ratios 0.9, 1.1 and 1.3, the median is no fifth more.
        ((90, 110, 130), 0, "| work | 100 | 110 | 1.10 | 0.90 | 1.30 |"),
        ((110, 121, 140), 0, "- work: 1.21 times"),
        ((130, 151, 190), 1, "- work: 1.51 times"),
        # A busy machine has slowed two of three processes.
        ((95, 400, 500), 0, "| work | 100 | 400 | 4.00 | 0.95 | 5.00 |"),
    ],
)
def test_a_slower_work_is_named_and_a_much_slower_one_fails(
    capsys: pytest.CaptureFixture[str], now: tuple[float, ...], status: int, told: str
) -> None:
    pairs = [({"work": 100.0, "gone": 1.0}, {"work": time, "new": 5.0}) for time in now]
    assert report(pairs) == status
    lines = capsys.readouterr().out.splitlines()
    assert told in lines
    assert "| new | | | not compared | | |" in lines
    assert ("more than before:" in lines) is told.startswith("-")


@pytest.mark.parametrize(("is_old", "status"), [(True, 0), (False, 1)])
def test_a_commit_that_fails_is_named_and_only_the_newer_one_is_at_fault(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    is_old: bool,
    status: int,
) -> None:
    def fail(checkout: Path, *_: object) -> Times:
        if (checkout != ROOT) is is_old:
            raise WorkError(checkout, "no meter")
        return {"work": 1.0}

    monkeypatch.setattr(compare_commits, "_times", fail)
    monkeypatch.setattr(sys, "argv", ["bench", "HEAD", "--pairs", "1"])
    assert compare_commits.main() == status
    assert capsys.readouterr().out.endswith("\nno meter\n")
