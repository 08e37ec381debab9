"""Two programs never get the same port."""

import os
import subprocess
import sys
from collections.abc import Iterable

import pytest

from dev import ports
from dev.checkout import ROOT

# Another process that claims as many ports, and stays until its input ends.
OTHER = """
from dev.ports import free_ports
print(free_ports(2), flush=True)
input()
"""


def drawn(monkeypatch: pytest.MonkeyPatch, numbers: Iterable[int]) -> None:
    following = iter(numbers)
    monkeypatch.setattr(ports, "randrange", lambda *_: next(following))


def forgotten_ports(count: int) -> int:
    """Return the first of `count` ports that may be given once more."""
    first = ports.free_ports(count)
    for port in range(first, first + count):
        if claim := ports._claimed.pop(port):
            os.close(claim)
    return first


def test_a_port_is_given_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = forgotten_ports(5)
    drawn(monkeypatch, [first, first, first - 2, first + 1, first + 2, first + 4])
    assert [ports.free_ports(count) for count in (1, 3, 1)] == [first, first + 1, first + 4]


def test_a_port_that_another_process_was_given_is_not_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OTHER],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout
        first = int(other.stdout.readline())
        drawn(monkeypatch, [first, first + 1, first - 1, *range(30_000, 30_100)])
        assert ports.free_ports(2) >= 30_000
        other.communicate("\n")
    # The other process has ended, so its ports are free.
    drawn(monkeypatch, [first])
    assert ports.free_ports(2) == first
