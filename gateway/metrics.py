"""Metrics of the gateway, and the HTTP server for /metrics (Prometheus), /health and /ready."""

import json
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, override
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
from .health import Health
from .publish_config import version

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PREFIX = "smarty_p1_gateway"
# Maximum seconds for a whole request and its answer. Without this limit, a slow client could occupy
# a thread for ever.
_REQUEST_TIMEOUT_S = 5.0
_MAX_REQUESTS = 16
_POLL_INTERVAL_S = 0.25
disable_created_metrics()  # type: ignore[no-untyped-call]


class MetricSet:
    """Registry of a program's metrics.

    All metrics have the same prefix and the same first labels.
    """

    def __init__(self, prefix: str, *labels: str) -> None:
        self.registry = CollectorRegistry()
        self._prefix = prefix
        self._labels = labels
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        text = "The version that runs"
        info = Gauge(f"{prefix}_build_info", text, ["version"], registry=self.registry)
        info.labels(version()).set(1)

    def counter(self, name: str, text: str, *labels: str) -> Counter:
        """Return a new counter. `text` is its description, `labels` are its further labels."""
        names = (*self._labels, *labels)
        return Counter(f"{self._prefix}_{name}", text, names, registry=self.registry)

    def gauge(self, name: str, text: str, *labels: str) -> Gauge:
        """Return a new gauge. `text` is its description, `labels` are its further labels."""
        names = (*self._labels, *labels)
        return Gauge(f"{self._prefix}_{name}", text, names, registry=self.registry)


class Metrics:
    """Counters and gauges of the gateway. Nearly all have the label `port`."""

    def __init__(self) -> None:
        metrics = MetricSet(_PREFIX, "port")
        self.registry, counter, gauge = metrics.registry, metrics.counter, metrics.gauge

        self.bytes = counter("bytes", "Bytes received at the port")
        self.frames = counter("frames", "Frames received, whole")
        self.published = counter("published", "Frames that the broker has acknowledged")
        self.telegrams = counter("telegrams", "Telegrams that were verified and accepted")
        self.rejected = counter("rejected", "Frames and telegrams that were not accepted", "reason")
        self.dropped = counter("dropped", "Frames that waited, and were lost to younger ones")
        self.batches = Counter(
            f"{_PREFIX}_batches",
            "Batches of frames to NATS, by whether they were accepted or refused",
            ("result",),
            registry=self.registry,
        )
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
        self._meter_info = gauge(
            "meter_info",
            "Which meter is at the port; without `meter`, which is verified, it is what frames say",
            *("title", "meter"),
        )
        self._meters: dict[str, tuple[str, str]] = {}

    def show_meter(self, port: str, title: bytes, meter: str = "") -> None:
        """Set the metric that names the meter of a port.

        The metric has the DLMS system title and, after a verified telegram, the serial number.
        """
        shown, current = self._meters.get(port), (title.hex().upper(), meter)
        if shown == current or (shown and shown[1] and not meter):
            return
        if shown:
            self._meter_info.remove(port, *shown)
        self._meters[port] = current
        self._meter_info.labels(port, *current).set(1)

    def current_problems(self) -> Iterator[str]:
        """Yield a line for each reason why the gateway is not ready."""
        connected, are_open = _values(self.broker_connected), _values(self.port_open)
        if not any(connected.values()):
            yield "there is no connection to the broker"
        if not any(are_open.values()):
            yield "no port is open"
            yield from (f"the port {port} is not open" for port in are_open)

    def start_age(self, gauge: Gauge, port: str) -> dict[str, float]:
        """Make `gauge` show the seconds since the last event of a port.

        At each event, the caller must store the monotonic time in the returned dict, under the key
        "at". Until the first event, "at" is NaN.
        """
        last = {"at": float("nan")}
        gauge.labels(port).set_function(lambda: time.monotonic() - last["at"])
        return last


def _values(gauge: Gauge) -> dict[str, float]:
    [metric] = gauge.collect()
    return {sample.labels["port"]: sample.value for sample in metric.samples}


class _Server(ThreadingWSGIServer):
    """HTTP server with one thread per request. The number and duration of requests are limited."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on to the base class
        self._ends: dict[socket.socket, float] = {}
        super().__init__(*args, **kwargs)

    @override
    def process_request(self, request: Any, client_address: Any) -> None:
        if len(self._ends) >= _MAX_REQUESTS:
            self.shutdown_request(request)
            return
        self._ends[request] = time.monotonic() + _REQUEST_TIMEOUT_S - _POLL_INTERVAL_S
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
        """Log nothing, because a broken or aborted request needs no traceback."""


class _Handler(WSGIRequestHandler):
    @override
    def log_message(self, format: str, *args: Any) -> None:
        pass


def serve(registry: CollectorRegistry, health: Health, address: str, port: int | None) -> None:
    """Serve /metrics, /health and /ready in a thread. Do nothing if `port` is None.

    Raises UnavailableError if the address or the port cannot be used.
    """
    if port is None:
        return
    try:
        server = _open(_answers(registry, health), address, port)
    except OSError as err:
        msg = f"[metrics] address and port cannot be used: {err.strerror}"
        raise UnavailableError(msg) from None
    threading.Thread(target=server.serve_forever, args=(_POLL_INTERVAL_S,), daemon=True).start()


def _answers(registry: CollectorRegistry, health: Health) -> WSGIApplication:
    metrics: WSGIApplication = make_wsgi_app(registry)
    checks = {"/health": health.liveness_problems, "/ready": health.readiness_problems}

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        check = checks.get(environ["PATH_INFO"])
        if check is None:
            return metrics(environ, start)
        wrong = check()
        status = HTTPStatus.SERVICE_UNAVAILABLE if wrong else HTTPStatus.OK
        start(f"{status.value} {status.phrase}", [("Content-Type", "application/json")])
        return [json.dumps({"ok": not wrong, "wrong": wrong}, indent=1).encode() + b"\n"]

    return answer


def _open(app: WSGIApplication, address: str, port: int) -> _Server:
    [(family, *_, sockaddr), *_] = socket.getaddrinfo(
        address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    kind = type("_Server", (_Server,), {"address_family": family})
    return make_server(str(sockaddr[0]), port, app, kind, _Handler)
