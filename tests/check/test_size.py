"""The size of the program: the counted tokens, and the failures of the check."""

import re
import sys
from pathlib import Path

import pytest

from scripts import check_size

CODE = "def double(number):\n    return number * 2\n"
WORDY = '''"""Module."""

import ast
from pathlib import (
    Path,
)

__all__ = ["double"]


def double(
    number,
):
    """Return twice the number."""
    # A reason.
    return number * 2
'''


def test_words_imports_and_format_do_not_count() -> None:
    assert check_size.tokens_of(WORDY) == check_size.tokens_of(CODE) == 10


@pytest.mark.parametrize(
    ("size", "row", "status"),
    [
        (1000, "", 0),
        (1010, "", 0),
        (1011, "", 1),
        (1400, "| `dev` | A sentence | `tests/check/test_size.py::test` | 400 |", 0),
        (1000, "| `dev` | A sentence | `tests/check/test_size.py::test` | 4001 |", 1),
        (1000, "| `dev` | A sentence | `tests/check/no_such.py::test` | 4 |", 1),
    ],
)
def test_a_room_may_have_its_base_its_rows_and_mends(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, size: int, row: str, status: int
) -> None:
    page = tmp_path / "size.md"
    text = check_size.PAGE.read_text("utf-8").splitlines(keepends=True)
    bases = "".join(line for line in text if "| `tests/" not in line)
    rows = re.sub(r"\| \d+ \|", "| 1000 |", bases)
    page.write_text(f"{rows}{row}\n", "utf-8")
    monkeypatch.setattr(check_size, "PAGE", page)
    monkeypatch.setattr(
        check_size, "sizes", lambda: dict.fromkeys(check_size.ROOMS, 1000) | {"dev": size}
    )
    assert check_size.main() == status


def test_a_base_only_falls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = tmp_path / "size.md"
    text = "".join(f"| `{room}` | 1000 |\n" for room in check_size.ROOMS)
    page.write_text(text, "utf-8")
    monkeypatch.setattr(check_size, "PAGE", page)
    monkeypatch.setattr(sys, "argv", ["check_size.py", "--write"])
    sizes = dict.fromkeys(check_size.ROOMS, 1005) | {"dev": 900}
    monkeypatch.setattr(check_size, "sizes", lambda: sizes)
    check_size.main()
    assert page.read_text("utf-8") == text.replace("`dev` | 1000", "`dev` | 900")
