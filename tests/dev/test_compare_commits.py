"""Verdict about pairs of times of two commits."""

import sys
from pathlib import Path

import pytest

from dev import compare_commits
from dev.compare_commits import Times, WorkError, report
from dev.release import ROOT


@pytest.mark.parametrize(
    ("now", "slower", "row"),
    [
        # Of the ratios 0.9, 1.1 and 1.3, the median is no fifth more.
        ((90, 110, 130), [], "| work | 100 | 110 | 1.10 | 0.90 | 1.30 |"),
        ((110, 121, 140), ["work: 1.21 times"], "| work | 100 | 121 | 1.21 | 1.10 | 1.40 |"),
        # A busy machine has slowed two of three processes.
        ((95, 400, 500), [], "| work | 100 | 400 | 4.00 | 0.95 | 5.00 |"),
    ],
)
def test_a_slower_work_is_named(
    capsys: pytest.CaptureFixture[str], now: tuple[float, ...], slower: list[str], row: str
) -> None:
    pairs = [({"work": 100.0, "gone": 1.0}, {"work": time, "new": 5.0}) for time in now]
    assert report(pairs) == slower
    lines = capsys.readouterr().out.splitlines()
    assert row in lines
    assert "| new | | | not compared | | |" in lines
    assert [line for line in lines if line[0:2] == "- "] == [f"- {work}" for work in slower]


def test_a_slower_commit_is_no_failure_and_its_verdict_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(compare_commits, "VERDICT", tmp_path / "report" / "bench")
    monkeypatch.setattr(
        compare_commits, "_times", lambda side, *_: {"work": 3.0 if side == ROOT else 1.0}
    )
    monkeypatch.setattr(sys, "argv", ["bench", "HEAD", "--pairs", "1"])
    assert compare_commits.main() == 0
    verdict = (tmp_path / "report" / "bench").read_text("utf-8")
    assert verdict.startswith("work: 3.00 times, at ")


@pytest.mark.parametrize(("is_old", "status"), [(True, 0), (False, 1)])
def test_a_commit_that_fails_is_named_and_only_the_newer_one_is_at_fault(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    *,
    is_old: bool,
    status: int,
) -> None:
    def fail(checkout: Path, *_: object) -> Times:
        if (checkout != ROOT) is is_old:
            raise WorkError(checkout, "no meter")
        return {"work": 1.0}

    monkeypatch.setattr(compare_commits, "VERDICT", tmp_path / "bench")
    monkeypatch.setattr(compare_commits, "_times", fail)
    monkeypatch.setattr(sys, "argv", ["bench", "HEAD", "--pairs", "1"])
    assert compare_commits.main() == status
    assert capsys.readouterr().out.endswith("\nno meter\n")
