"""The examples of docs/library.md run with only the library, and print the output on the page."""

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

from dev.checkout import PROGRAMS, PYTHON_PATH, ROOT
from dev.leneda.export_file import export

PAGE = (PROGRAMS / "docs" / "library.md").read_text("utf-8")


class Example(NamedTuple):
    """Code or commands, and their output."""

    title: str
    language: str
    code: str
    output: str

    def run(self, folder: Path, programs: Path, **variables: str) -> str:
        """Run the example in an empty folder, and return as many lines as the page has.

        `programs` is the folder of python and smarty-p1.
        """
        # The household of the examples takes 0.4 kW, and 9 kW for a quarter-hour at 19:00.
        powers = ["9.000" if n % 96 == 76 else "0.400" for n in range(31 * 96)]
        (folder / "leneda.csv").write_bytes(export("2026-05-01T00:00:00+02:00", powers))
        starts = {"python": ["python", "-P", "-W", "error"], "sh": ["/bin/sh", "-e"]}
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        first, *others = starts[self.language]
        with subprocess.Popen(
            [programs / first, *others, "-c", self.code],
            cwd=folder,
            env={**os.environ, "PATH": path, **variables},
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdout
            printed = b"".join(process.stdout.readline() for _ in self.output.splitlines())
            process.kill()
        return printed.decode()


def examples() -> list[Example]:
    """Return the examples of the page: each of its blocks, but the commands that install it."""
    found = re.findall(
        r"## ([^\n]+)\n\n```(python|sh)\n(.+?)```\n\n```text\n(.+?)```", PAGE, re.DOTALL
    )
    languages = re.findall(r"^```(.+)$", PAGE, re.MULTILINE)
    assert languages == ["sh", *(name for parts in found for name in (parts[1], "text"))]
    return [Example(*parts) for parts in found]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the programs python and smarty-p1 of this checkout."""
    folder = tmp_path_factory.mktemp("programs")
    for name, arguments in (("python", ""), ("smarty-p1", "-m smarty_p1_cli")):
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {arguments} "$@"\n', "utf-8")
        program.chmod(0o755)
    return folder


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.title)
def test_an_example_prints_the_output_of_the_page(
    example: Example, tmp_path: Path, programs: Path
) -> None:
    assert example.run(tmp_path, programs, PYTHONPATH=PYTHON_PATH) == example.output


def test_two_checkouts_with_one_environment_do_not_mix(tmp_path: Path) -> None:
    programs = [f"programs/smarty_p1_{name}" for name in ("cli", "fleet", "gateway")]
    for name in ("custom_components", *programs, "programs/smartyp1"):
        shutil.copytree(ROOT / name, tmp_path / name, symlinks=True)
    code = (
        "import smartyp1 as l, smarty_p1_gateway as g, smarty_p1_fleet as f, smarty_p1_cli as c\n"
    )
    code += "print(*(each.__file__ for each in (l, g, f, c)))"
    for checkout in (ROOT, tmp_path):
        end = subprocess.run(
            [sys.executable, "-c", code],
            cwd=checkout / "programs",
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            capture_output=True,
            text=True,
            check=True,
        )
        found = [Path(path).resolve() for path in end.stdout.split()]
        assert len(found) == 4
        assert [path for path in found if not path.is_relative_to(checkout)] == []


def test_the_example_is_a_frame_of_the_tests() -> None:
    from smartyp1.sample_frame import FRAME, KEY  # noqa: PLC0415 - nothing else is without it

    stored = json.loads((ROOT / "dev/frames/three_phase_gas_water_heat.json").read_text("utf-8"))
    assert FRAME.hex() == stored["bytes"].lower()
    assert KEY.hex() == stored["key"].lower()


def test_the_extras_of_the_page_are_those_of_the_package() -> None:
    project = tomllib.loads((PROGRAMS / "pyproject.toml").read_text("utf-8"))["project"]
    commands = re.findall(r'^pip install (?:\.|"\.\[(\w+)\]")', PAGE, re.MULTILINE)
    assert commands[0] == ""
    assert set(commands[1:]) == project["optional-dependencies"].keys()
