"""Events that come together, with real sockets and a pause that is made up."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from selectors import EVENT_READ

import pytest

from smarty_p1_gateway import new_loop, read_config
from smarty_p1_gateway.gathering_loop import GatheringSelector

PORT = '[[port]]\naddress = "127.0.0.1:{}"\ntitle = "534147677004{}"\n'


@pytest.fixture
def pairs() -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    with ExitStack() as stack:
        pairs = [socket.socketpair() for _ in range(2)]
        for one in [one for pair in pairs for one in pair]:
            stack.enter_context(one)
        yield pairs


def test_what_comes_in_the_pause_after_the_first_event_is_handled_with_it(
    pairs: list[tuple[socket.socket, socket.socket]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        pairs[1][0].send(b"second")

    monkeypatch.setattr("smarty_p1_gateway.gathering_loop.time.sleep", sleep)
    with GatheringSelector() as selector:
        for _, there in pairs:
            selector.register(there, EVENT_READ)
        assert selector.select(0.01) == []
        pairs[0][0].send(b"first")
        # Work that waits already is not held up.
        assert len(selector.select(0)) == 1
        assert pauses == []
        assert {key.fileobj for key, _ in selector.select()} == {there for _, there in pairs}
    assert pauses == [0.25]


@pytest.mark.parametrize(
    ("broker", "ports", "gathers"), [("nats", 2, True), ("nats", 1, False), ("mqtt", 2, False)]
)
def test_a_gateway_with_several_ports_gathers_for_nats(
    tmp_path: Path, broker: str, ports: int, *, gathers: bool
) -> None:
    addresses = {"nats": 'servers = ["nats://127.0.0.1:4222"]', "mqtt": 'host = "127.0.0.1"'}
    file = tmp_path / "gateway.toml"
    text = "".join(PORT.format(20000 + n, f"100{n}") for n in range(ports))
    file.write_text(f"[{broker}]\n{addresses[broker]}\n{text}", encoding="ascii")
    loop = new_loop(read_config(file))
    assert isinstance(loop._selector, GatheringSelector) is gathers  # type: ignore[attr-defined]
    loop.close()
