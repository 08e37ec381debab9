"""The size of the program: the counted tokens, and the failures of the check."""

import sys
from collections import Counter
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
LIMITS = "| `smarty_p1_cli` | 1000 |\n| `dev`, `scripts` | 1000 |\n"
TEST = "`tests/check/test_size.py::test`"


def test_words_imports_and_format_do_not_count() -> None:
    assert check_size.tokens_of(WORDY) == check_size.tokens_of(CODE) == 10


@pytest.mark.parametrize(
    ("sizes", "row", "status"),
    [
        ({"smarty_p1_cli": 1000}, "", 0),
        ({"smarty_p1_cli": 1001}, "", 1),
        ({"dev": 600, "scripts": 400}, "", 0),
        ({"dev": 600, "scripts": 401}, "", 1),
        ({"smarty_p1_cli": 1400}, f"A sentence | `no_such_name` | {TEST} | 400", 0),
        ({"smarty_p1_cli": 1400}, f"A sentence | {TEST} | 400", 1),
        ({"smarty_p1_cli": 1400}, f"A sentence | nothing | {TEST} | 400", 1),
        ({"smarty_p1_cli": 1400}, f"A sentence | `read_toml` | {TEST} | 400", 1),
        ({"smarty_p1_cli": 1400}, f"A sentence | `no_such_name`, `dev/ports.py` | {TEST} | 400", 1),
        ({"smarty_p1_cli": 1000}, f"A sentence | `no_such_name` | {TEST} | 4001", 1),
        ({"smarty_p1_cli": 9}, "A sentence | `no_such_name` | `tests/check/no_such.py` | 4", 1),
        ({"smarty_p1_cli": 1000, "tests": 1700}, "", 0),
        ({"smarty_p1_cli": 1000, "tests": 1701}, "", 1),
    ],
)
def test_a_room_has_its_limit_and_rows_of_replaced_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sizes: dict[str, int], row: str, status: int
) -> None:
    page = tmp_path / "size.md"
    page.write_text(LIMITS + (f"| `smarty_p1_cli` | {row} |\n" if row else ""), "utf-8")
    monkeypatch.setattr(check_size, "PAGE", page)
    monkeypatch.setattr(check_size, "sizes", lambda: Counter({"smarty_p1_cli": 1} | sizes))
    assert check_size.main() == status


def test_a_limit_only_falls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = tmp_path / "size.md"
    page.write_text(LIMITS, "utf-8")
    monkeypatch.setattr(check_size, "PAGE", page)
    monkeypatch.setattr(sys, "argv", ["check_size.py", "--write"])
    monkeypatch.setattr(check_size, "sizes", lambda: Counter({"smarty_p1_cli": 900, "dev": 1001}))
    check_size.main()
    assert page.read_text("utf-8") == LIMITS.replace("cli` | 1000", "cli` | 900")
