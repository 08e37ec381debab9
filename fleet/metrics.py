"""What Prometheus can ask at /metrics; nothing of it is about one meter."""

import time
from collections import Counter as Counts
from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

_PREFIX = "smarty_p1_collector"
_DELAYS = (0.5, 1, 2, 3, 5, 10, 15, 30, 60, 300, 3600)
TELEGRAM = "telegram"
disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """Counters and gauges of one collector. What was done is counted when it is committed."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"{_PREFIX}_{name}", text, labels, registry=self.registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"{_PREFIX}_{name}", text, registry=self.registry)

        self.telegrams = counter("telegrams", "Telegrams whose values are stored for good")
        self.rejected = counter("rejected", "Messages that were no new telegram", "reason")
        self.ignored = counter(
            "ignored", "Objects and meters on the M-Bus that were beyond the limits", "kind"
        )
        self.discarded = counter(
            "discarded", "Messages that the stream discarded before they were read, estimated"
        )
        self.commits = counter("commits", "How often the state of a partition was committed")
        self.unreadable_states = counter(
            "unreadable_states", "States in NATS that could not be read, and were put aside"
        )
        self.begun = counter("partitions_begun", "How often a partition was read from its state")
        self.writes = counter("writes", "Writes that VictoriaMetrics acknowledged")
        self.failed_writes = counter("failed_writes", "Writes that it did not")
        self.store_restarts = counter("store_restarts", "Restarts of VictoriaMetrics seen")
        self.nats_losses = counter("nats_losses", "How often the connection to NATS was lost")
        self.keys = gauge("keys", "Meters that the keys name")
        self.key_reads = counter("key_reads", "How often the keys were read again")
        self.failed_key_reads = counter(
            "failed_key_reads", "How often they could not be, so that those from before count"
        )
        self.caught_up = counter("caught_up", "Frames that waited for a key, and were read again")
        self._waiting_titles = gauge("waiting_titles", "System titles whose frames wait for a key")
        self._waiting_frames = gauge("waiting_frames", "Frames that wait for a key")
        self.partitions = gauge("partitions", "Partitions that belong to this collector")
        self._oldest = gauge("oldest_age_seconds", "Age of the oldest message not committed")
        self.delay = Histogram(
            f"{_PREFIX}_delay_seconds",
            "From a telegram's time to its write",
            buckets=_DELAYS,
            registry=self.registry,
        )

    def count(self, outcomes: Counts[str]) -> None:
        """Count what became of messages that are committed."""
        for outcome, number in outcomes.items():
            if outcome == TELEGRAM:
                self.telegrams.inc(number)
            else:
                self.rejected.labels(outcome).inc(number)

    def count_ignored(self, kind: str, number: int) -> None:
        """Count what was left out of telegrams."""
        self.ignored.labels(kind).inc(number)

    def watch_waiting(self, waiting: Callable[[], tuple[int, int]]) -> None:
        """Ask there how many titles wait, and how many frames."""
        self._waiting_titles.set_function(lambda: waiting()[0])
        self._waiting_frames.set_function(lambda: waiting()[1])

    def watch_oldest(self, oldest: Callable[[], float | None]) -> None:
        """Ask there when the oldest message not committed arrived (Unix seconds), None for none."""

        def age() -> float:
            arrived = oldest()
            return 0.0 if arrived is None else max(0.0, time.time() - arrived)

        self._oldest.set_function(age)
