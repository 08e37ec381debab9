"""Commands that run within the process of the tests, because a program takes long to start."""

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from smarty_p1_cli.__main__ import main


class Ended(NamedTuple):
    """Exit status of a program, and its output."""

    status: int
    output: str
    errors: str


type Run = Callable[..., Ended]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs a command within the process of the tests."""

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["smarty-p1", *arguments])
        try:
            status = main()
        except SystemExit as end:
            status = int(end.code or 0)
        return Ended(status, *capsys.readouterr())

    return run
