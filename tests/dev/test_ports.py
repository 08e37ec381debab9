"""Two programs never get the same port."""

import socket
from collections.abc import Iterable

import pytest

from dev import ports


def drawn(monkeypatch: pytest.MonkeyPatch, numbers: Iterable[int]) -> None:
    following = iter(numbers)
    monkeypatch.setattr(ports, "randrange", lambda *_: next(following))


def test_a_port_is_given_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = ports.free_ports(5)
    monkeypatch.setattr(ports, "_given", set())
    drawn(monkeypatch, [first, first, first - 2, first + 1, first + 2, first + 4])
    assert [ports.free_ports(count) for count in (1, 3, 1)] == [first, first + 1, first + 4]


def test_a_port_in_use_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    first = ports.free_ports(5)
    monkeypatch.setattr(ports, "_given", set())
    drawn(monkeypatch, [first + 1, first, first - 1, first + 2])
    with socket.create_server(("127.0.0.1", first + 1)):
        assert ports.free_ports() == first
        assert ports.free_ports(3) == first + 2
