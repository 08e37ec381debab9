"""Benchmark of the forecast with files of the Leneda portal."""

import sys
from pathlib import Path

import pytest

from dev.forecast.__main__ import main
from dev.leneda.export_file import export


def test_a_folder_of_files_has_a_home_in_each_subfolder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "flat"
    home.mkdir()
    # 61 days of 9.6 kWh: only the cents of the bill's lines differ.
    data = export("2026-05-01T00:00:00+02:00", ["0.400"] * (61 * 96))
    (home / "consumption.csv").write_bytes(data)
    monkeypatch.setattr(sys, "argv", ["forecast", str(tmp_path)])
    main()
    lines = capsys.readouterr().out.splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines[2:] if line.startswith("|")]
    assert {row[0] for row in rows} == {"all", "flat"}
    assert [row[1:3] for row in rows[:3]] == [["4th", "2"], ["10th", "2"], ["20th", "2"]]
    assert all(float(row[3]) < 0.05 for row in rows)

    (home / "broken.csv").write_bytes(b"no file of the portal")
    with pytest.raises(SystemExit, match=r"broken\.csv"):
        main()
