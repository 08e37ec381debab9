"""What Prometheus can ask at /metrics."""

import socket
import threading
import time
from contextlib import suppress
from typing import Any, override
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    make_wsgi_app,
)
from prometheus_client.exposition import ThreadingWSGIServer

from .config_table import UnavailableError

_PREFIX = "smarty_p1_gateway"
# For a whole request and its answer, however slowly they come and go.
_REQUEST_TIME = 5.0
_MOST_REQUESTS = 16
_LOOK_INTERVAL = 0.25
disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """Counters and gauges, each with the label `port`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

        def counter(name: str, text: str, *labels: str) -> Counter:
            names = ("port", *labels)
            return Counter(f"{_PREFIX}_{name}", text, names, registry=self.registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"{_PREFIX}_{name}", text, ("port",), registry=self.registry)

        self.bytes = counter("bytes", "Bytes received at the port")
        self.frames = counter("frames", "Frames received, whole")
        self.published = counter("published", "Frames that the broker has acknowledged")
        self.telegrams = counter("telegrams", "Telegrams that were verified and accepted")
        self.rejected = counter("rejected", "Frames and telegrams that were not accepted", "reason")
        self.dropped = counter("dropped", "Frames that waited, and were lost to younger ones")
        self.port_losses = counter("port_losses", "How often the port was lost or did not open")
        self.broker_losses = counter("broker_losses", "How often the broker was lost or away")
        self.queue_length = gauge("queue_length", "Frames that wait for the broker")
        self.queue_bytes = gauge("queue_bytes", "Bytes of these frames")
        self.set_aside = gauge("set_aside", "Of these, frames that the user may not publish")
        self.port_open = gauge("port_open", "Whether the port is open")
        self.broker_connected = gauge("broker_connected", "Connections to the broker")
        self.last_frame_age = gauge("last_frame_age_seconds", "Time since the last frame")
        self.last_telegram_age = gauge(
            "last_telegram_age_seconds", "Time since the last telegram that was accepted"
        )

    def start_age(self, gauge: Gauge, port: str) -> dict[str, float]:
        """Return where to put, as `at`, by `time.monotonic` since when a gauge shows the time."""
        last = {"at": float("nan")}
        gauge.labels(port).set_function(lambda: time.monotonic() - last["at"])
        return last


class _Server(ThreadingWSGIServer):
    """Answers so many at once, and none for long: each has a thread."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - not ours
        self._ends: dict[socket.socket, float] = {}
        super().__init__(*args, **kwargs)

    @override
    def process_request(self, request: Any, client_address: Any) -> None:
        if len(self._ends) >= _MOST_REQUESTS:
            self.shutdown_request(request)
            return
        self._ends[request] = time.monotonic() + _REQUEST_TIME - _LOOK_INTERVAL
        super().process_request(request, client_address)

    @override
    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self._ends.pop(request, None)

    @override
    def service_actions(self) -> None:
        now = time.monotonic()
        for request, end in list(self._ends.items()):
            if now >= end:
                with suppress(OSError):
                    request.shutdown(socket.SHUT_RDWR)

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: who asks for something else, or goes away, is not worth a traceback."""


class _Handler(WSGIRequestHandler):
    @override
    def log_message(self, format: str, *args: Any) -> None:
        pass


def serve(registry: CollectorRegistry, address: str, port: int | None) -> None:
    """Answer Prometheus, in a thread of its own, if there is a port.

    Raises UnavailableError when that cannot be.
    """
    if port is None:
        return
    try:
        server = _open(registry, address, port)
    except OSError as err:
        msg = f"[metrics] address and port cannot be used: {err.strerror}"
        raise UnavailableError(msg) from None
    threading.Thread(target=server.serve_forever, args=(_LOOK_INTERVAL,), daemon=True).start()


def _open(registry: CollectorRegistry, address: str, port: int) -> _Server:
    [(family, *_, found), *_] = socket.getaddrinfo(
        address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    kind = type("_Server", (_Server,), {"address_family": family})
    return make_server(str(found[0]), port, make_wsgi_app(registry), kind, _Handler)
