"""Metrics of the gateway for Prometheus."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import override

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

from smartyp1.p1.frame_header import title_text

from .decoding_config import version

disable_created_metrics()  # type: ignore[no-untyped-call]


class ProgramMetrics:
    """Metrics of a program, whose names have the same prefix, and the program's problems."""

    def __init__(self, prefix: str) -> None:
        self.registry = CollectorRegistry()
        self._prefix = prefix
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        text = "Version of the program"
        info = Gauge(f"{prefix}_build_info", text, ["version"], registry=self.registry)
        info.labels(version()).set(1)
        text = "Whether the program stops working at the next fault; /ready says why"
        self.gauge("degraded", text).set_function(lambda: any(True for _ in self.degradations()))

    def current_problems(self) -> Iterable[str]:
        """Return a text for each reason why the program is not ready."""
        raise NotImplementedError

    def degradations(self) -> Iterable[str]:
        """Return a text for each reason why the program works only until the next fault."""
        raise NotImplementedError

    def counter(self, name: str, text: str, *labels: str) -> Counter:
        """Return a new counter with the description `text`."""
        return Counter(f"{self._prefix}_{name}", text, labels, registry=self.registry)

    def gauge(self, name: str, text: str, *labels: str) -> Gauge:
        """Return a new gauge with the description `text`."""
        return Gauge(f"{self._prefix}_{name}", text, labels, registry=self.registry)


def gauge_values(gauge: Gauge) -> dict[str, float]:
    """Return the values of a gauge by their port, of one without ports by ""."""
    [metric] = gauge.collect()
    return {sample.labels.get("port", ""): sample.value for sample in metric.samples}


class GatewayMetrics(ProgramMetrics):
    """Counters and gauges of the gateway. Nearly all have the label `port`."""

    def __init__(self) -> None:
        super().__init__("smarty_p1_gateway")
        counter, gauge = self.counter, self.gauge
        self.bytes = counter("bytes", "Bytes received at the port", "port")
        self.frames = counter("frames", "Whole frames received at the port", "port")
        self.published = counter("published", "Frames that the broker has acknowledged", "port")
        self.telegrams = counter("telegrams", "Telegrams that were verified and accepted", "port")
        self.rejected = counter(
            "rejected", "Frames and telegrams that were not accepted", "port", "reason"
        )
        self.dropped = counter(
            "dropped", "Waiting frames that were deleted to make room for newer frames", "port"
        )
        self.batches = counter(
            "batches",
            "Batches of frames sent to NATS, by result: accepted or refused",
            "result",
        )
        self.port_losses = counter("port_losses", "Losses and failed openings of the port", "port")
        self.broker_losses = counter(
            "broker_losses",
            "Losses of the connection to the broker; for MQTT also failed attempts to connect",
            "port",
        )
        self.queue_length = gauge("queue_length", "Frames that wait for the broker", "port")
        self.queue_bytes = gauge(
            "queue_bytes", "Bytes of the frames that wait for the broker", "port"
        )
        text = "Whether frames and counters can be written to the disk"
        gauge("queue_writable", text).set_function(self.is_queue_writable)
        self._writable: list[Callable[[], bool]] = []
        self.set_aside = gauge(
            "set_aside", "Waiting frames that the user of the broker may not publish", "port"
        )
        self.port_open = gauge("port_open", "Whether the port is open", "port")
        self.broker_connected = gauge("broker_connected", "Connections to the broker", "port")
        self.last_frame_age = gauge(
            "last_frame_age_seconds", "Seconds since the last frame, or since the start", "port"
        )
        self.last_telegram_age = gauge(
            "last_telegram_age_seconds",
            "Seconds since the last accepted telegram, or since the start",
            "port",
        )
        self._meter_info = gauge(
            "meter_info",
            "Meter at the port; the title is not verified while `meter` is empty",
            *("port", "title", "meter"),
        )
        self._meters: dict[str, tuple[str, str]] = {}

    def watch_writable(self, is_writable: Callable[[], bool]) -> None:
        """Add a function that returns whether one kind of data can be written to the disk."""
        self._writable.append(is_writable)

    def is_queue_writable(self) -> bool:
        """Return whether frames and counters can be written to the disk. True before the start."""
        return all(is_writable() for is_writable in self._writable)

    @override
    def current_problems(self) -> Iterator[str]:
        if not any(gauge_values(self.broker_connected).values()):
            yield "there is no connection to the broker"
        ports = gauge_values(self.port_open)
        if not any(ports.values()):
            yield "no port is open"
            yield from (f"the port {port} is not open" for port in ports)

    @override
    def degradations(self) -> Iterator[str]:
        if not self.is_queue_writable():
            yield "the queue cannot be written: frames wait in memory only, 8 MiB; the log says why"

    def show_meter(self, port: str, title: bytes, meter: str = "") -> None:
        """Set the metric that names the meter of a port.

        The metric has the DLMS system title and, after a verified telegram, the serial number.
        """
        shown, current = self._meters.get(port), (title_text(title), meter)
        if shown == current or (shown and shown[1] and not meter):
            return
        if shown:
            self._meter_info.remove(port, *shown)
        self._meters[port] = current
        self._meter_info.labels(port, *current).set(1)

    def start_age(self, gauge: Gauge, port: str) -> dict[str, float]:
        """Make `gauge` show the seconds since the last event of a port, or since this call.

        At each event, the caller must store the monotonic time in the returned dict, under the key
        "at".
        """
        last = {"at": time.monotonic()}
        gauge.labels(port).set_function(lambda: time.monotonic() - last["at"])
        return last
