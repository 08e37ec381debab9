"""Metrics of NATS nodes, from answers as NATS 2.15.1 gives them."""

import json
import re
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from dev.checkout import PROGRAMS
from dev.demo.home_assistant import HOST
from dev.ports import free_ports
from smarty_p1_fleet.nats_exporter import metrics

# The login of a gateway is used twice. A connection has no user before its login.
CONNZ = {
    "connections": [
        {"cid": 7, "authorized_user": "cellar"},
        {"cid": 8, "authorized_user": "collector"},
        {"cid": 9, "authorized_user": "cellar"},
        {"cid": 10},
    ]
}
# Stands for an answer of 1 GiB.
ENDLESS = b"endless"


@contextmanager
def node(*sent: list[int], **answers: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Serve the answers as a node does; yield its URL. `sent` gets the bytes of endless answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = ({"connz": CONNZ} | answers)[self.path[1:].partition("?")[0]]
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(200)
            self.end_headers()
            if body != ENDLESS:
                self.wfile.write(body)
                return
            with suppress(ConnectionError):
                for _ in range(1024):
                    self.wfile.write(bytes(1024 * 1024))
                    sent[0].append(1024 * 1024)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer((HOST, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def values(text: str) -> dict[str, float]:
    """Return the values of metrics by name and labels, without the common beginning of names."""
    found = re.findall(r"(?m)^smarty_p1_nats_(\S+) (\S+)$", text)
    assert len(found) == text.count("\n")
    return {name: float(value) for name, value in found}


def test_a_node_shows_how_often_each_user_is_connected() -> None:
    with node() as url:
        assert values(metrics({"node1": url})) == {
            'up{node="node1"}': 1,
            'user_connections{node="node1",user="cellar"}': 2,
            'user_connections{node="node1",user="collector"}': 1,
        }


@pytest.mark.parametrize(
    "answer", [b"", b"[]", b"{", b'{"connections": 1}', b"\xff" * 100, b'{"a":' + b"1" * 9_000_000]
)
def test_a_node_that_answers_something_else_is_down(answer: bytes) -> None:
    with node(connz=answer) as odd, node() as good:
        found = values(metrics({"node1": odd, "node2": good, "node3": "http://127.0.0.1:9"}))
    assert [found[f'up{{node="node{number}"}}'] for number in (1, 2, 3)] == [0, 1, 0]
    assert not [name for name in found if "node1" in name and not name.startswith("up")]


def test_an_answer_is_read_up_to_its_limit() -> None:
    sent: list[int] = []
    with node(sent, connz=ENDLESS) as url:
        assert values(metrics({"node1": url})) == {'up{node="node1"}': 0}
    # The limit, and the bytes in the buffers of the connection.
    assert sum(sent) < 64 * 1024 * 1024


def test_values_and_names_are_bounded() -> None:
    users = [f'a"\n{number}' + "b" * 1000 for number in range(3000)]
    with node(connz={"connections": [{"authorized_user": user} for user in users]}) as url:
        text = metrics({"node1": url})
    assert text.count("\n") == 2001
    assert all(len(line) < 500 for line in text.splitlines())


def test_the_program_runs_with_debians_python() -> None:
    python = Path("/usr/bin/python3")
    if not python.exists():
        pytest.skip("no Python of the distribution")
    code = (
        f"import runpy; runpy.run_path({str(PROGRAMS / 'smarty_p1_fleet' / 'nats_exporter.py')!r})"
    )
    subprocess.run([python, "-I", "-c", code], check=True)


def connect(port: int) -> socket.socket:
    """Return a connection to a program that is starting."""
    end = time.monotonic() + 20
    while True:
        try:
            return socket.create_connection((HOST, port), timeout=20)
        except ConnectionRefusedError:
            assert time.monotonic() < end
            time.sleep(0.05)


def test_an_aborted_request_is_not_logged() -> None:
    port = free_ports()
    program = [sys.executable, "-m", "smarty_p1_fleet.nats_exporter", f"{HOST}:{port}"]
    with subprocess.Popen(program, cwd=PROGRAMS, stderr=subprocess.PIPE) as exporter:
        with connect(port) as connection:
            connection.sendall(b"GET /me")
            reset = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        with connect(port) as connection:
            connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.0 200 ")
        exporter.terminate()
        assert exporter.stderr
        assert exporter.stderr.read() == b""
