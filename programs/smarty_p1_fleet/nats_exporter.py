"""Connections by user of NATS nodes, for Prometheus: `nats_exporter.py HOST:PORT NODE=URL...`.

URL is a node's monitoring address on this machine, such as http://127.0.0.1:8222. It is not open to
other machines, because it also lists users and subjects. This program needs nothing but the
Python of Debian 12.
"""

import json
import socket
import sys
import urllib.request
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_TIMEOUT_S = 5
_MAX_BYTES = 8 * 1024 * 1024
_MAX_CONNECTIONS = 10_000
_MAX_USERS = 2_000
_PREFIX = "smarty_p1_nats_"


def _ask(url: str) -> Any:  # noqa: ANN401 - JSON
    with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - of the operator
        return json.loads(answer.read(_MAX_BYTES))


def _read(node: str, url: str) -> dict[str, float]:
    """Return the value of each metric of a node, by its name and labels. Raises OSError."""
    connections = _ask(f"{url}/connz?auth=true&limit={_MAX_CONNECTIONS}")["connections"]
    users = Counter(row["authorized_user"] for row in connections if "authorized_user" in row)
    values = {
        f"user_connections{_labels(node=node, user=user)}": float(count)
        for user, count in users.most_common(_MAX_USERS)
    }
    return {f"up{_labels(node=node)}": 1.0, **values}


def _labels(**labels: str) -> str:
    pairs = (f"{name}={json.dumps(str(text)[:200])}" for name, text in labels.items())
    return "{" + ",".join(pairs) + "}"


def metrics(nodes: dict[str, str]) -> str:
    """Return the metrics of the nodes as text. `nodes` has the monitoring URL of each node.

    Of a node that does not answer as expected, only `up` is there, with the value 0.
    """
    values: dict[str, float] = {}
    for node, url in nodes.items():
        values[f"up{_labels(node=node)}"] = 0.0
        try:
            values |= _read(node, url)
        except Exception as error:  # noqa: BLE001 - an answer may have any form
            print(f"{node}: {error!r:.200}", file=sys.stderr, flush=True)  # noqa: T201 - the log
    return "".join(f"{_PREFIX}{name} {value}\n" for name, value in values.items())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    nodes: dict[str, str]

    def handle_error(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Log no traceback of a connection that its client has aborted."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    timeout = _TIMEOUT_S
    server: _Server

    def do_GET(self) -> None:
        """Answer a request for /metrics."""
        if self.path != "/metrics":
            self.send_error(404)
            return
        body = metrics(self.server.nodes).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Do not log requests."""


def main() -> None:
    """Answer requests until the process is ended."""
    host, _, port = sys.argv[1].rpartition(":")
    host = host.strip("[]")
    if ":" in host:
        _Server.address_family = socket.AF_INET6
    with _Server((host, int(port)), _Handler) as server:
        server.nodes = dict(node.split("=", 1) for node in sys.argv[2:])
        server.serve_forever()


if __name__ == "__main__":
    main()
