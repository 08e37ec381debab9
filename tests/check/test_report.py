"""The report of the work tree beside a base, in made repositories: `scripts/report`."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dev.release import GIT
from scripts import report_commit
from scripts.report_sizes import python_tokens, typescript_tokens

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
TABLE = "PRICES = {2026: 7, 2027: 8, 2028: 9}\n"
TEXT = 'PRICES = "2026: 7, 2027: 8, 2028: 9"\n'
CLI, PROGRAMS = "smarty_p1_cli/double.py", "programs/smarty_p1_cli/double.py"

type Report = Callable[..., list[str]]


def git(*arguments: str) -> None:
    author = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run([GIT, *author, *arguments], check=True, capture_output=True)


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, "utf-8")


def commit(path: str, text: str) -> None:
    write(path, text)
    git("add", "--all")
    git("commit", "--quiet", "--message", path)


@pytest.fixture
def report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Report:
    """Make a repository with a commit. Return a function that runs the report in it."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    (tmp_path / "made").mkdir()
    monkeypatch.chdir(tmp_path / "made")
    git("init", "--quiet", "--initial-branch", "main")
    commit(CLI, CODE)

    def lines_of(*arguments: str) -> list[str]:
        monkeypatch.setattr(sys, "argv", ["report", *arguments])
        assert report_commit.main() == 0
        return capsys.readouterr().out.splitlines()

    return lines_of


def cells(lines: list[str], name: str) -> list[str]:
    """Return the numbers of a row of a table."""
    [row] = [line for line in lines if line.startswith(f"{name}  ")]
    return re.findall(r"[+-]?\d[\d.,]*", row.removeprefix(name))


def test_words_imports_and_format_do_not_count() -> None:
    assert python_tokens(WORDY) == python_tokens(CODE) == 10


@pytest.mark.parametrize(
    ("source", "tokens"),
    [
        ('import { a, b } from "./a.ts";\n// A reason.\nconst c = a(b, 1.5e3); /* b */', 8),
        ("const a: Map<string, number[]> = await import('./a.ts');", 16),
        # The text of a template between two expressions is one token.
        ("html`<b>${a ? `${b}` : {}}</b> \\` ${c}`", 13),
        # A slash divides, or begins a pattern.
        ("a / b / c; d.match(/[/`] \"/g); return /'/", 13),
        ("a?.b ?? (c === d && e >= -f ? [...g] : h => 0)", 23),
    ],
)
def test_the_tokens_of_typescript_count(source: str, tokens: int) -> None:
    assert typescript_tokens(source) == tokens


def test_a_moved_file_stays_in_its_room(report: Report) -> None:
    Path("programs").mkdir()
    git("mv", "smarty_p1_cli", "programs/smarty_p1_cli")
    write("programs/smarty_p1_cli/added.py", "NUMBER = 1\n")
    lines = report("--rooms", "HEAD")
    assert lines[0].startswith("work tree beside HEAD (")
    # Python, TypeScript and characters, each with its difference.
    assert cells(lines, "command") == ["13", "+3", "0", "+0", "53", "+11"]
    assert cells(lines, "other") == ["0", "+0"] * 3


def test_a_table_in_a_text_shows_in_the_characters(report: Report) -> None:
    commit(CLI, TABLE)
    write(CLI, TEXT)
    lines = report("HEAD")
    assert cells(lines, "program: tokens of Python") == ["13", "3", "-10"]
    assert cells(lines, "program and cards: characters") == ["37", "37", "+0"]


def test_each_kind_of_file_has_its_figure(report: Report) -> None:
    branches = "".join(f"    if number == {n}:\n        return {n}\n" for n in range(10))
    commit("custom_components/smarty_p1/a.py", f"def a(number):\n{branches}")
    commit("custom_components/smarty_p1/translations/en.json", '{"a": "é"}')
    commit("custom_components/smarty_p1/frontend/a.js", '"é"')
    commit("frontend/src/a.ts", "const a = 1;")
    commit("tests/cards/drawn/a.txt", "12345")
    commit("tests/test_a.py", "assert a\n" * 33)
    for n in range(21):
        commit(f"scripts/a{n}.py", "")
    commit("programs/docs/a.md", "Three short words.")
    commit("docs/images/a.png", "")
    Path("docs/images/a.png").write_bytes(b"\x89")
    commit(
        "pyproject.toml", '[tool.workshops.a.front]\nb = ["c", "d"]\n[tool.workshops.e]\nuses = []'
    )
    figures = [line.split()[-1] for line in report("HEAD")[2:12]]
    assert figures == ["+0"] * 4 + ["+0.000"] + ["+0"] * 5
    now = [line.split()[-1] for line in report("no-commit")[2:12]]
    # 10 tokens of the command, 76 of the integration, 4 of the cards; 66 of the tests.
    assert now == ["86", "4", "439", "10", "0.733", "3", "1", "2", "1", "4"]


def test_the_base_is_the_last_tag_else_where_the_work_left_main_else_the_parent(
    report: Report,
) -> None:
    assert report()[0] == "no base: this clone has no tag, other main or earlier commit"
    assert report()[1].split() == ["now"]
    commit(CLI, TABLE)
    assert report()[0].startswith("work tree beside the parent (")
    git("checkout", "--quiet", "-b", "work", "HEAD^")
    commit(CLI, TEXT)
    commit(CLI, CODE)
    assert report()[0].startswith("work tree beside where the work left main (")
    git("tag", "v0.1.0", "HEAD^")
    lines = report()
    assert lines[0].startswith("work tree beside v0.1.0 (")
    assert cells(lines, "program: tokens of Python") == ["3", "10", "+7"]


def test_a_shallow_clone_has_the_figures_of_this_side(
    report: Report, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    commit(CLI, TABLE)
    git("clone", "--quiet", "--depth", "1", Path.cwd().as_uri(), f"{tmp_path / 'clone'}")
    monkeypatch.chdir(tmp_path / "clone")
    for arguments, missing in (((), "tag, other main or earlier commit"), (("v9",), "v9")):
        lines = report(*arguments)
        assert lines[0] == f"no base: this clone has no {missing}"
        assert cells(lines, "program: tokens of Python") == ["13"]
        assert cells(report("--rooms", *arguments), "command") == ["13", "0", "37"]


def test_lines_that_runs_left_are_shown(report: Report) -> None:
    assert report()[-2:] == [
        "tests: not measured (scripts/test)",
        "bench: not measured (scripts/bench --against)",
    ]
    write(".report/tests", "400 CPU seconds\n")
    assert report()[-2:] == [
        "tests: 400 CPU seconds",
        "bench: not measured (scripts/bench --against)",
    ]


def test_a_file_that_cannot_be_parsed_is_no_failure(report: Report) -> None:
    write(CLI, "def")
    assert cells(report("HEAD"), "program: tokens of Python") == ["10", "0", "-10"]
    assert report("--words") == [""]


def test_each_bad_word_has_its_line_and_the_wanted_wording(report: Report) -> None:
    write(CLI, 'def what_told():\n    """Return one.\n\n    It is one of what is sent.\n    """\n')
    write(
        "frontend/src/a.ts", "const MOST_ROWS = 3;\n\n// Not here: so\n// many\nconst what_if = 1;"
    )
    assert [line.partition(" -> ")[0] for line in report("--words")] == [
        "frontend/src/a.ts:3: Not",
        "frontend/src/a.ts:1: MOST_ROWS",
        "smarty_p1_cli/double.py:4: what",
        "smarty_p1_cli/double.py:1: what_told",
        "smarty_p1_cli/double.py:1: what_told",
        "1 in comments, 1 in docstrings, 3 in names",
    ]
    assert "frontend/src/a.ts:1: MOST_ROWS -> MAX" in report("--words")


def test_a_wrong_usage_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["report", "--limit"])
    with pytest.raises(SystemExit, match="2"):
        report_commit.main()
