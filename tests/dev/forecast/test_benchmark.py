"""The benchmark of the forecast: its homes, its table, and files of the Leneda portal."""

import sys
from pathlib import Path

import pytest

from dev.forecast.__main__ import main
from dev.forecast.homes import CHANGED, NO_LAST_YEAR, simulate_home
from tests.lib.leneda.writing import export


def table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> list[list[str]]:
    """Return the cells of the printed table, without its head."""
    monkeypatch.setattr(sys, "argv", ["forecast", *arguments])
    main()
    lines = capsys.readouterr().out.splitlines()
    return [line.strip("| ").split(" | ") for line in lines[2:] if line.startswith("|")]


def test_homes_are_reproducible_and_differ_by_seed() -> None:
    first, again, other = (simulate_home(name, 1) for name in ("judging", "judging", "tuning"))
    assert first == again
    assert first.quarter_hours != other.quarter_hours
    assert NO_LAST_YEAR in first.traits
    assert CHANGED in simulate_home("judging", 0).traits


def test_the_table_compares_with_the_simple_rule(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = table(monkeypatch, capsys, "--homes", "2")
    everything = [row[1:] for row in rows if row[0] == "all"]
    assert [row[0] for row in everything] == ["1st", "4th", "10th", "20th"]
    fourth = everything[1]
    assert float(fourth[2]) < float(fourth[3])
    assert int(fourth[1]) > 12


def test_a_folder_of_files_has_a_home_in_each_subfolder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "flat"
    home.mkdir()
    # 61 days of 9.6 kWh: only the cents of the bill's lines differ.
    data = export("2026-05-01T00:00:00+02:00", ["0.400"] * (61 * 96))
    (home / "consumption.csv").write_bytes(data)
    rows = table(monkeypatch, capsys, str(tmp_path))
    assert {row[0] for row in rows} == {"all", "flat"}
    assert [row[1:3] for row in rows[:3]] == [["4th", "2"], ["10th", "2"], ["20th", "2"]]
    assert all(float(row[3]) < 0.05 for row in rows)

    (home / "broken.csv").write_bytes(b"no file of the portal")
    with pytest.raises(SystemExit, match=r"broken\.csv"):
        main()
