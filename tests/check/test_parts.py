"""Parts of the tests: `scripts/test` runs each of them, alone or with all."""

import re
import subprocess

from dev.checkout import ROOT


def test_each_file_of_tests_is_in_a_part() -> None:
    script = (ROOT / "scripts/test").read_text("utf-8")
    parts = dict(
        re.findall(r"^\s*(parts|with_kit|without_kit)=\(([\w ./]+)\)$", script, re.MULTILINE)
    )
    folders = [f"tests/{part}" for part in parts["parts"].split()]
    folders += [*parts["with_kit"].split(), *parts["without_kit"].split()]
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "tests/**test_*.py"]
    files = subprocess.run(listed, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert [file for file in files.split() if not file.startswith(tuple(folders))] == []
    assert all((ROOT / folder).exists() for folder in folders)
