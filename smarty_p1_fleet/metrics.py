"""Metrics of a collector for Prometheus."""

import time
from collections import Counter as Counts
from collections.abc import Callable, Iterator
from typing import override

from nats.js.api import ConsumerInfo, StreamInfo
from prometheus_client import Histogram

from smarty_p1_gateway.metrics import ProgramMetrics, values_of

from .frames.frame_verifier import MALFORMED, NO_KEY, TELEGRAM, WRONG_SUBJECT

# A frame that arrives after a newer frame of its meter is counted with this reason, although it is
# not rejected: its values are stored.
EARLIER = "earlier"
_OTHER = "other"
# An attacker needs no key to send frames that are rejected for these reasons, and can use any
# number of system titles. So these titles have a limit of their own.
_OF_ANYBODY = frozenset({MALFORMED, NO_KEY, WRONG_SUBJECT})
_MAX_UNKNOWN_TITLES = 200
_MAX_METERS = 1_000
_PREFIX = "smarty_p1_collector"
_DELAYS = (0.5, 1, 2, 3, 5, 10, 15, 30, 60, 300, 3600)


class CollectorMetrics(ProgramMetrics):
    """Metrics of one collector. A message is counted when it is acknowledged."""

    def __init__(self) -> None:
        super().__init__(_PREFIX)
        counter, gauge = self.counter, self.gauge
        self.telegrams = counter("telegrams", "Telegrams whose values are stored for good")
        self.rejected = counter("rejected", "Messages that were no new telegram", "reason")
        self._meter_rejected = counter(
            "meter_rejected", "The same by system title", "title", "reason"
        )
        self._meter_earlier = counter(
            "meter_earlier", "Frames stored behind later ones of their meter", "title"
        )
        self._of_anybody: set[tuple[str, str]] = set()
        self._of_meters: set[tuple[str, str]] = set()
        self.ignored = counter(
            "ignored", "Objects and meters on the M-Bus that were beyond the limits", "kind"
        )
        self.discarded = counter(
            "discarded", "Messages that the stream discarded before they were read, estimated"
        )
        self.failed_writes = counter("failed_writes", "Writes that VictoriaMetrics refused")
        self.nats_losses = counter("nats_losses", "How often the connection to NATS was lost")
        self.nats_connected = gauge("nats_connected", "Whether NATS is reached and has the stream")
        self.stream_replicas = gauge("stream_replicas", "Nodes that have the whole stream")
        self.stream_wanted_replicas = gauge(
            "stream_wanted_replicas", "Nodes that are to have the stream"
        )
        self.stream_bytes = gauge("stream_bytes", "Size of the stream on each of them")
        self.stream_max_bytes = gauge("stream_max_bytes", "Size at which it discards its oldest")
        self.keys = gauge("keys", "Meters that the keys name")
        self.key_reads = counter("key_reads", "How often the keys were read again")
        self.failed_key_reads = counter(
            "failed_key_reads", "How often they could not be, so that those from before count"
        )
        self.keys_unreadable = gauge("keys_unreadable", "Whether the last read of the keys failed")
        self.caught_up = counter("caught_up", "Frames that waited for a key, and were read again")
        self.waiting_titles = gauge("waiting_titles", "System titles whose frames wait for a key")
        self.early_titles = gauge(
            "early_titles", "System titles whose frames wait until the clocks agree"
        )
        self.clock_difference = gauge(
            "clock_difference_seconds", "Time of NATS minus the time of this machine"
        )
        self.redelivered = counter("redelivered", "Messages that NATS has delivered once more")
        self.pending = gauge("pending", "Messages that no collector of this store has got yet")
        self.not_acknowledged = gauge(
            "not_acknowledged", "Messages that these collectors have, and have not acknowledged yet"
        )
        self.store_answers = gauge("store_answers", "Whether VictoriaMetrics answers")
        self._oldest = gauge("oldest_age_seconds", "Age of the oldest message not acknowledged")
        self.delay = Histogram(
            f"{_PREFIX}_delay_seconds",
            "From a telegram's time to its write",
            buckets=_DELAYS,
            registry=self.registry,
        )

    def count(self, outcomes: Counts[str], rejected: Counts[tuple[str, str]]) -> None:
        """Count acknowledged messages by outcome.

        `rejected` has the numbers of rejected messages by system title and reason. The reason
        EARLIER is counted by a separate counter. When too many titles are counted, further titles
        are counted as `other`.
        """
        for (title, reason), number in rejected.items():
            shown = title if title and self._is_shown(title, reason) else _OTHER
            if reason == EARLIER:
                self._meter_earlier.labels(shown).inc(number)
            else:
                self._meter_rejected.labels(shown, reason).inc(number)
        for outcome, number in outcomes.items():
            if outcome == TELEGRAM:
                self.telegrams.inc(number)
            else:
                self.rejected.labels(outcome).inc(number)

    def _is_shown(self, title: str, reason: str) -> bool:
        is_anybodys = reason in _OF_ANYBODY
        pairs = self._of_anybody if is_anybodys else self._of_meters
        if len(pairs) < (_MAX_UNKNOWN_TITLES if is_anybodys else _MAX_METERS):
            pairs.add((title, reason))
        return (title, reason) in pairs

    def count_ignored(self, kind: str, number: int) -> None:
        """Count `number` objects of `kind` that were dropped from telegrams."""
        self.ignored.labels(kind).inc(number)

    def watch_oldest(self, oldest: Callable[[], float | None]) -> None:
        """Make a gauge show the age of the oldest unacknowledged message.

        `oldest` returns the time at which this message arrived (Unix seconds), or None without such
        a message.
        """

        def age() -> float:
            arrived = oldest()
            return 0.0 if arrived is None else max(0.0, time.time() - arrived)

        self._oldest.set_function(age)

    def show_stream(self, info: StreamInfo) -> None:
        """Set the gauges of the NATS stream: its size and its replicas."""
        self.stream_bytes.set(info.state.bytes)
        self.stream_max_bytes.set(max(0, info.config.max_bytes or 0))
        self.stream_wanted_replicas.set(info.config.num_replicas or 1)
        cluster = info.cluster
        replicas = (cluster.replicas or ()) if cluster else ()
        current = sum(bool(replica.current) and not replica.offline for replica in replicas)
        self.stream_replicas.set(current + bool(cluster and cluster.leader))

    def show_consumer(self, info: ConsumerInfo) -> None:
        """Set the gauges of the NATS consumer: its pending and its unacknowledged messages."""
        self.pending.set(info.num_pending or 0)
        self.not_acknowledged.set(info.num_ack_pending or 0)

    @override
    def current_problems(self) -> Iterator[str]:
        if not values_of(self.nats_connected)[""]:
            yield "NATS is not reached, or has no stream; the log says why"
        if not values_of(self.store_answers)[""]:
            yield "VictoriaMetrics does not answer"

    @override
    def degradations(self) -> Iterator[str]:
        if values_of(self.keys_unreadable)[""]:
            yield "the keys cannot be read: those from before count, until a restart; see the log"
        current, wanted = (
            values_of(self.stream_replicas)[""],
            values_of(self.stream_wanted_replicas)[""],
        )
        if values_of(self.nats_connected)[""] and current < wanted:
            yield f"only {current:.0f} of {wanted:.0f} nodes have the whole stream"
