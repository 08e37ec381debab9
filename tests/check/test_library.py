"""The examples of docs/library.md run with nothing but the library, and print what it says."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")


class Example(NamedTuple):
    """Code, and what it prints."""

    title: str
    code: str
    output: str


def examples() -> list[Example]:
    """Return the examples of the page: each of its blocks, but the commands that install it."""
    found = re.findall(r"## ([^\n]+)\n\n```python\n(.+?)```\n\n```text\n(.+?)```", PAGE, re.DOTALL)
    languages = re.findall(r"^```(.+)$", PAGE, re.MULTILINE)
    assert languages == ["sh", *["python", "text"] * len(found)]
    return [Example(*parts) for parts in found]


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.title)
def test_an_example_prints_what_the_page_says(example: Example, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-P", "-W", "error", "-c", example.code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        printed = b"".join(process.stdout.readline() for _ in example.output.splitlines())
        process.kill()
    assert printed.decode() == example.output


def test_two_checkouts_with_one_environment_do_not_mix(tmp_path: Path) -> None:
    names = (
        "smarty_p1_cli",
        "smarty_p1_fleet",
        "smarty_p1_gateway",
        "custom_components",
        "smartyp1",
    )
    for name in names:
        shutil.copytree(ROOT / name, tmp_path / name, symlinks=True)
    code = (
        "import smartyp1 as l, smarty_p1_gateway as g, smarty_p1_fleet as f, smarty_p1_cli as c\n"
    )
    code += "print(*(each.__file__ for each in (l, g, f, c)))"
    for checkout in (ROOT, tmp_path):
        end = subprocess.run(
            [sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=True
        )
        found = [Path(path).resolve() for path in end.stdout.split()]
        assert len(found) == 4
        assert [path for path in found if not path.is_relative_to(checkout)] == []


def test_the_example_is_a_frame_of_the_tests() -> None:
    from smartyp1.sample_frame import FRAME, KEY  # noqa: PLC0415 - nothing else is without it

    literal = json.loads((ROOT / "dev/frames/three_phase_gas_water_heat.json").read_text("utf-8"))
    assert FRAME.hex() == literal["bytes"].lower()
    assert KEY.hex() == literal["key"].lower()


def test_the_extras_of_the_page_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    commands = re.findall(r'^pip install (?:\.|"\.\[(\w+)\]")', PAGE, re.MULTILINE)
    assert commands[0] == ""
    assert set(commands[1:]) == project["optional-dependencies"].keys()
