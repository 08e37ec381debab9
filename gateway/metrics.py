"""What Prometheus can ask at /metrics."""

import time

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)

from .config_table import UnavailableError

_PREFIX = "smarty_p1_gateway"
_TIMEOUT = 10.0
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


def serve(registry: CollectorRegistry, address: str, port: int | None) -> None:
    """Answer Prometheus, in a thread of its own, if there is a port.

    Raises UnavailableError when that cannot be.
    """
    if port is None:
        return
    try:
        server, _ = start_http_server(port, address, registry)
    except OSError as err:
        msg = f"[metrics] address and port cannot be used: {err.strerror}"
        raise UnavailableError(msg) from None
    # Who asks for something else, goes away or says nothing is not worth a traceback, nor a
    # thread for ever.
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.RequestHandlerClass.timeout = _TIMEOUT  # type: ignore[attr-defined]
