"""The examples of docs/library.md run, and print what the page says."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.sending import sending

ROOT = Path(__file__).parents[2]
ADDRESS = "192.168.1.50:2001"
FRAME = json.loads((ROOT / "tests/frames/three_phase_gas_water_heat.json").read_text("utf-8"))


class Example(NamedTuple):
    """Code, and what it prints."""

    title: str
    code: str
    output: str


def examples() -> list[Example]:
    """Return the examples of the page."""
    text = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
    found = re.findall(r"## ([^\n]+)\n\n```python\n(.+?)```\n\n```text\n(.+?)```", text, re.DOTALL)
    assert len(found) == text.count("```python") == text.count("```text")
    return [Example(*parts) for parts in found]


@pytest.fixture
def address(socket_enabled: None) -> Iterator[str]:  # noqa: ARG001
    """Return the address of a port that sends the recorded frame."""
    with sending(bytes.fromhex(FRAME["bytes"])) as address:
        yield address


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.title)
def test_an_example_prints_what_the_page_says(
    example: Example, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    code = example.code
    if ADDRESS in code:
        code = code.replace(ADDRESS, request.getfixturevalue("address"))
    (tmp_path / "recorded.bin").write_bytes(bytes.fromhex(FRAME["bytes"]))
    (tmp_path / "key.txt").write_text(f"{FRAME['key']}\n", encoding="ascii")
    with subprocess.Popen(
        [sys.executable, "-P", "-W", "error", "-c", code], cwd=tmp_path, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        printed = b"".join(process.stdout.readline() for _ in example.output.splitlines())
        process.kill()
    assert printed.decode() == example.output
