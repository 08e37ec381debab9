"""HTTP server for /metrics (Prometheus), /health and /ready."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, override
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from prometheus_client.exposition import ThreadingWSGIServer

from smartyp1.client_admission import Admission
from smartyp1.local_network_check import client_address

from .config_table import raise_unavailable
from .health import Health

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Maximum seconds for a whole request and its answer. Without this limit, a slow client could occupy
# a thread for ever.
_REQUEST_TIMEOUT_S = 5.0
_MAX_REQUESTS = 16
_POLL_INTERVAL_S = 0.25
# The lowest level makes the text of 400 ports fifteen times smaller.
_COMPRESSION_LEVEL = 1


class _Server(ThreadingWSGIServer):
    """HTTP server with one thread per request. The number and duration of requests are limited."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on to the base class
        # The rank of a request is the time at which its connection is closed.
        self._admission = Admission[socket.socket](_MAX_REQUESTS, _MAX_REQUESTS, _hang_up)
        self._lock = threading.Lock()
        super().__init__(*args, **kwargs)

    @override
    def process_request(self, request: Any, client_address: Any) -> None:
        address, now = _address_of(request, client_address[0]), time.monotonic()
        end = now + _REQUEST_TIMEOUT_S - _POLL_INTERVAL_S
        with self._lock:
            is_admitted = address and self._admission.admit(request, address, end, now)
        if is_admitted:
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    @override
    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._lock:
            self._admission.leave(request)

    @override
    def service_actions(self) -> None:
        with self._lock:
            for request in self._admission.idle(time.monotonic()):
                _hang_up(request)

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log nothing, because a broken or aborted request needs no traceback."""


def _address_of(request: socket.socket, peer: str) -> str | None:
    """Return the address of a client. Return None if it is not of the local network."""
    try:
        own = request.getsockname()[0]
    except OSError:
        return None
    return client_address(peer, own)


def _hang_up(request: socket.socket) -> None:
    with suppress(OSError):
        request.shutdown(socket.SHUT_RDWR)


class _Handler(WSGIRequestHandler):
    @override
    def log_message(self, format: str, *args: Any) -> None:
        pass


def serve(health: Health, address: str, port: int | None) -> None:
    """Serve /metrics, /health and /ready in a thread. Do nothing if `port` is None.

    Raises UnavailableError if the address or the port cannot be used.
    """
    if port is None:
        return
    try:
        server = _open(_answers(health), address, port)
    except OSError as err:
        raise_unavailable(f"[metrics] address and port cannot be used: {err.strerror}")
    threading.Thread(target=server.serve_forever, args=(_POLL_INTERVAL_S,), daemon=True).start()


def _answers(health: Health) -> WSGIApplication:
    checks = {"/health": health.liveness_problems, "/ready": health.readiness_problems}

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        check = checks.get(environ["PATH_INFO"])
        if check is None:
            return _show(health.metrics.registry, environ, start)
        wrong = check()
        status = HTTPStatus.SERVICE_UNAVAILABLE if wrong else HTTPStatus.OK
        said: dict[str, object] = {"ok": not wrong, "wrong": wrong}
        if environ["PATH_INFO"] == "/ready":
            said["degraded"] = [*health.metrics.degradations()]
        start(f"{status.value} {status.phrase}", [("Content-Type", "application/json")])
        return [json.dumps(said, indent=1).encode() + b"\n"]

    return answer


def _show(
    registry: CollectorRegistry, environ: WSGIEnvironment, start: StartResponse
) -> Iterable[bytes]:
    text, headers = generate_latest(registry), [("Content-Type", CONTENT_TYPE_PLAIN_0_0_4)]
    if "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
        text = gzip.compress(text, _COMPRESSION_LEVEL)
        headers.append(("Content-Encoding", "gzip"))
    start("200 OK", headers)
    return [text]


def _open(app: WSGIApplication, address: str, port: int) -> _Server:
    [(family, *_, sockaddr), *_] = socket.getaddrinfo(
        address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    kind = type("_Server", (_Server,), {"address_family": family})
    return make_server(str(sockaddr[0]), port, app, kind, _Handler)
