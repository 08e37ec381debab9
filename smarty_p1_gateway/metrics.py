"""Metrics of the gateway for Prometheus."""

import time
from collections.abc import Callable, Collection

from prometheus_client import (
    Counter,
    Gauge,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

from .decoding_config import version
from .port_metrics import PortMetric, Registry

_PREFIX = "smarty_p1_gateway"
disable_created_metrics()  # type: ignore[no-untyped-call]


class MetricSet:
    """Registry of a program's metrics. The names of all metrics have the same prefix."""

    def __init__(self, prefix: str) -> None:
        self.registry = Registry()
        self._prefix = prefix
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        text = "The version that runs"
        info = Gauge(f"{prefix}_build_info", text, ["version"], registry=self.registry)
        info.labels(version()).set(1)

    def counter(self, name: str, text: str, *labels: str) -> Counter:
        """Return a new counter with the description `text`."""
        return Counter(f"{self._prefix}_{name}", text, labels, registry=self.registry)

    def gauge(self, name: str, text: str, *labels: str) -> Gauge:
        """Return a new gauge with the description `text`."""
        return Gauge(f"{self._prefix}_{name}", text, labels, registry=self.registry)

    def port_counter(self, name: str, text: str, *labels: str) -> PortMetric:
        """Return a new counter with the labels `port` and `labels`."""
        return self._port_metric("counter", name, text, labels)

    def port_gauge(self, name: str, text: str, *labels: str) -> PortMetric:
        """Return a new gauge with the labels `port` and `labels`."""
        return self._port_metric("gauge", name, text, labels)

    def _port_metric(self, kind: str, name: str, text: str, labels: tuple[str, ...]) -> PortMetric:
        metric = PortMetric(kind, f"{self._prefix}_{name}", text, ("port", *labels))
        self.registry.register(metric)
        return metric


class GatewayMetrics:
    """Counters and gauges of the gateway. Nearly all have the label `port`."""

    def __init__(self) -> None:
        metrics = MetricSet(_PREFIX)
        self.registry, counter, gauge = metrics.registry, metrics.port_counter, metrics.port_gauge

        self.bytes = counter("bytes", "Bytes received at the port")
        self.frames = counter("frames", "Frames received, whole")
        self.published = counter("published", "Frames that the broker has acknowledged")
        self.telegrams = counter("telegrams", "Telegrams that were verified and accepted")
        self.rejected = counter("rejected", "Frames and telegrams that were not accepted", "reason")
        self.dropped = counter("dropped", "Frames that waited, and were lost to younger ones")
        self.batches = metrics.counter(
            "batches",
            "Batches of frames to NATS, by whether they were accepted or refused",
            "result",
        )
        self.port_losses = counter("port_losses", "How often the port was lost or did not open")
        self.broker_losses = counter("broker_losses", "How often the broker was lost or away")
        self.queue_length = gauge("queue_length", "Frames that wait for the broker")
        self.queue_bytes = gauge("queue_bytes", "Bytes of these frames")
        self._queue_writable = metrics.gauge(
            "queue_writable", "Whether the disk takes frames and counters that are to be kept"
        )
        self._degraded = metrics.gauge(
            "degraded", "Whether the gateway works only until the next fault; /ready says why"
        )
        self._writable: list[Callable[[], bool]] = []
        self.set_aside = gauge("set_aside", "Of these, frames that the user may not publish")
        self.port_open = gauge("port_open", "Whether the port is open")
        self.broker_connected = gauge("broker_connected", "Connections to the broker")
        self.last_frame_age = gauge(
            "last_frame_age_seconds", "Time since the last frame, or since the start"
        )
        self.last_telegram_age = gauge(
            "last_telegram_age_seconds", "Time since the last accepted telegram, or the start"
        )
        self._meter_info = gauge(
            "meter_info",
            "Which meter is at the port; without `meter`, which is verified, it is what frames say",
            *("title", "meter"),
        )
        self._meters: dict[str, tuple[str, str]] = {}

    def watch_writable(self, is_writable: Callable[[], bool]) -> None:
        """Make the metrics show whether all that keeps something on the disk can write it."""
        self._writable.append(is_writable)
        self._queue_writable.set_function(self.is_queue_writable)

    def is_queue_writable(self) -> bool:
        """Return whether the disk takes what is to be kept. Before the start, nothing is kept."""
        return all(is_writable() for is_writable in self._writable)

    def watch_degradations(self, degradations: Callable[[], Collection[str]]) -> None:
        """Make a gauge show whether `degradations` returns any reason."""
        self._degraded.set_function(lambda: bool(degradations()))

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

    def start_age(self, gauge: PortMetric, port: str) -> dict[str, float]:
        """Make `gauge` show the seconds since the last event of a port, or since this call.

        At each event, the caller must store the monotonic time in the returned dict, under the key
        "at".
        """
        last = {"at": time.monotonic()}
        gauge.labels(port).set_function(lambda: time.monotonic() - last["at"])
        return last
