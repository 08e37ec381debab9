"""Metrics with a value for each port, whose text is made quickly.

The library's own text of 400 ports costs more processor time than the frames between two scrapes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf, isfinite
from typing import override

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.registry import Collector

_NOT_FINITE = {inf: "+Inf", -inf: "-Inf"}
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


class PortValue:
    """Value of a metric, with its labels as they stand in the text.

    Only the thread of the event loop changes it.
    """

    __slots__ = ("_head", "_value", "labels")

    def __init__(self, name: str, labels: dict[str, str]) -> None:
        # Prometheus does not distinguish an empty label from a missing one.
        self.labels = {label: text for label, text in labels.items() if text or label != "port"}
        shown = ",".join(
            f'{label}="{text.translate(_ESCAPES)}"' for label, text in self.labels.items()
        )
        self._head = f"{name}{{{shown}}} " if shown else f"{name} "
        self._value: float | Callable[[], float] = 0.0

    def get(self) -> float:
        """Return the value."""
        return self._value if isinstance(self._value, float) else float(self._value())

    def set(self, value: float) -> None:
        """Set the value."""
        self._value = float(value)

    def set_function(self, value: Callable[[], float]) -> None:
        """Make the metric show the result of `value`."""
        self._value = value

    def inc(self, amount: float = 1.0) -> None:
        """Add `amount` to the value."""
        self._value = self.get() + amount

    @contextmanager
    def track_inprogress(self) -> Iterator[None]:
        """Count while the context is active."""
        self.inc()
        try:
            yield
        finally:
            self.inc(-1)

    def render(self) -> str:
        """Return the line of the value."""
        value = self.get()
        text = repr(value) if isfinite(value) else _NOT_FINITE.get(value, "NaN")
        return f"{self._head}{text}\n"


class PortMetric(Collector):
    """Metric with a value for each combination of its labels.

    A value that is the same for all ports has the empty label `port`.
    """

    def __init__(self, kind: str, name: str, text: str, labels: tuple[str, ...]) -> None:
        """Take the kind of Prometheus ("counter" or "gauge"), name, description and labels."""
        self._kind, self._name, self._text, self._labels = kind, name, text, labels
        self._values: dict[tuple[str, ...], PortValue] = {}
        self._shown_name = f"{name}_total" if kind == "counter" else name

    def labels(self, *texts: str) -> PortValue:
        """Return the value with these texts of its labels. At first, it is 0."""
        value = self._values.get(texts)
        if value is None:
            labels = dict(zip(self._labels, texts, strict=True))
            value = self._values[texts] = PortValue(self._shown_name, labels)
        return value

    def remove(self, *texts: str) -> None:
        """Remove the value with these texts of its labels."""
        del self._values[texts]

    def values(self) -> list[PortValue]:
        """Return all values."""
        # The thread of the HTTP server calls this method. So copy the values in one step.
        return list(self._values.values())

    @override
    def collect(self) -> Iterator[Metric]:
        metric = Metric(self._name, self._text, self._kind)
        for value in self.values():
            metric.add_sample(self._shown_name, value.labels, value.get())
        yield metric

    def render(self) -> str:
        """Return the metric in the text format of Prometheus."""
        head = f"# HELP {self._shown_name} {self._text}\n# TYPE {self._shown_name} {self._kind}\n"
        return head + "".join([value.render() for value in self.values()])


class Registry(CollectorRegistry):
    """Registry of a program's metrics. The text of its PortMetric objects is made quickly."""

    def __init__(self) -> None:
        super().__init__()
        self._others = CollectorRegistry()
        self._of_ports: list[PortMetric] = []

    @override
    def register(self, collector: Collector) -> None:
        super().register(collector)
        if isinstance(collector, PortMetric):
            self._of_ports.append(collector)
        else:
            self._others.register(collector)

    def render(self) -> bytes:
        """Return all metrics in the text format of Prometheus."""
        of_ports = "".join([metric.render() for metric in self._of_ports])
        return generate_latest(self._others) + of_ports.encode()
