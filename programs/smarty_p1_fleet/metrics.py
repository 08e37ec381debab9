"""Metrics of a collector for Prometheus."""

import time
from collections import Counter as Counts
from collections.abc import Callable, Iterable, Iterator
from typing import override

from nats.js.api import ConsumerInfo, StreamInfo
from prometheus_client import Histogram

from smarty_p1_gateway.metrics import ProgramMetrics, gauge_values

from .frames.frame_verifier import MALFORMED, NO_KEY, TELEGRAM, WRONG_SUBJECT
from .frames.nats_clock_check import MAX_DIFFERENCE_S

# A frame that arrives after a newer frame of its meter is counted with this reason, although it is
# not rejected: its values are stored.
EARLIER = "earlier"
_OTHER = "other"
# An attacker needs no key to send frames that are rejected for these reasons, and can use any
# number of system titles. So the pairs of a title and one of these reasons have a separate limit.
_OF_ANYBODY = frozenset({MALFORMED, NO_KEY, WRONG_SUBJECT})
_MAX_UNKNOWN_PAIRS = 200
_MAX_KNOWN_PAIRS = 1_000
_PREFIX = "smarty_p1_collector"
_DELAYS = (0.5, 1, 2, 3, 5, 10, 15, 30, 60, 300, 3600)


class CollectorMetrics(ProgramMetrics):
    """Metrics of one collector. A message is counted when it is acknowledged."""

    def __init__(self) -> None:
        super().__init__(_PREFIX)
        counter, gauge = self.counter, self.gauge
        self.telegrams = counter("telegrams", "Telegrams whose values are stored")
        self.rejected = counter("rejected", "Rejected messages by reason", "reason")
        self._meter_rejected = counter(
            "meter_rejected", "Rejected messages by system title and reason", "title", "reason"
        )
        self._meter_earlier = counter(
            "meter_earlier",
            "Telegrams that arrived after a newer telegram of their meter, and are stored",
            "title",
        )
        self._of_anybody: set[tuple[str, str]] = set()
        self._of_meters: set[tuple[str, str]] = set()
        self.ignored = counter(
            "ignored",
            "Objects and M-Bus meters in telegrams that were not stored, because of limits",
            "kind",
        )
        self.discarded = counter(
            "discarded", "Estimated messages that the stream discarded before a collector read them"
        )
        self.failed_writes = counter("failed_writes", "Writes that VictoriaMetrics refused")
        self.nats_losses = counter("nats_losses", "Losses of the connection to NATS")
        self.nats_connected = gauge("nats_connected", "Whether NATS answers and has the stream")
        self.stream_replicas = gauge("stream_replicas", "NATS nodes that have the whole stream")
        self.stream_wanted_replicas = gauge(
            "stream_wanted_replicas", "Configured number of NATS nodes with the stream"
        )
        self.stream_oldest = gauge("stream_oldest_seconds", "Age of the stream's oldest frame")
        self.stream_bytes = gauge("stream_bytes", "Bytes of the stream on a NATS node")
        self.stream_max_bytes = gauge(
            "stream_max_bytes", "Bytes at which the stream discards its oldest message"
        )
        self.keys = gauge("keys", "Meters with a key")
        self.key_reads = counter("key_reads", "Repeated reads of the keys")
        self.failed_key_reads = counter(
            "failed_key_reads", "Failed reads of the keys; the previous keys stay in use"
        )
        self.keys_unreadable = gauge("keys_unreadable", "Whether the last read of the keys failed")
        self.caught_up = counter(
            "caught_up", "Frames that waited for a key, and were then read again"
        )
        self.waiting_titles = gauge("waiting_titles", "System titles whose frames wait for a key")
        self.waiting_gone = counter(
            "waiting_gone", "Meters whose waiting frames, or a part of them, have left the stream"
        )
        self._waiting = gauge(
            "waiting_seconds", "Age of a meter's oldest frame that waits", "title", "reason"
        )
        self.early_titles = gauge(
            "early_titles",
            "System titles whose frames wait until the clocks of NATS and this machine agree",
        )
        self.clock_difference = gauge(
            "clock_difference_seconds", "Time of NATS minus the time of this machine"
        )
        self.redelivered = counter("redelivered", "Messages that NATS has delivered again")
        self.pending = gauge(
            "pending", "Messages that NATS has not delivered to a collector of this store yet"
        )
        self.not_acknowledged = gauge(
            "not_acknowledged",
            "Messages delivered to collectors of this store, but not acknowledged yet",
        )
        self.store_answers = gauge("store_answers", "Whether VictoriaMetrics answers")
        self._oldest = gauge(
            "oldest_age_seconds", "Age of the oldest message that is not acknowledged"
        )
        self.delay = Histogram(
            f"{_PREFIX}_delay_seconds",
            "Seconds from the time of a telegram to its write",
            buckets=_DELAYS,
            registry=self.registry,
        )

    def count(self, outcomes: Counts[tuple[str, str]]) -> None:
        """Count acknowledged messages by system title and outcome: TELEGRAM, EARLIER or a reason.

        When too many pairs of a title and a reason are counted, the titles of further pairs are
        counted as `other`.
        """
        for (title, outcome), number in outcomes.items():
            if outcome == TELEGRAM:
                self.telegrams.inc(number)
                continue
            shown = title if title and self._is_shown(title, outcome) else _OTHER
            if outcome == EARLIER:
                self._meter_earlier.labels(shown).inc(number)
            else:
                self._meter_rejected.labels(shown, outcome).inc(number)
                self.rejected.labels(outcome).inc(number)

    def _is_shown(self, title: str, reason: str) -> bool:
        is_anybodys = reason in _OF_ANYBODY
        pairs = self._of_anybody if is_anybodys else self._of_meters
        if len(pairs) < (_MAX_UNKNOWN_PAIRS if is_anybodys else _MAX_KNOWN_PAIRS):
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

    def show_waiting(self, waiting: Iterable[tuple[str, str, float]]) -> None:
        """Set the age of waiting frames, from system title, reason and arrival (Unix seconds)."""
        now = time.time()
        self._waiting.clear()
        for title, reason, arrived in waiting:
            self._waiting.labels(title, reason).set(max(0.0, now - arrived))

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
        if not gauge_values(self.nats_connected)[""]:
            yield "NATS does not answer, or has no stream; the log says why"
        if not gauge_values(self.store_answers)[""]:
            yield "VictoriaMetrics does not answer"

    @override
    def degradations(self) -> Iterator[str]:
        if gauge_values(self.keys_unreadable)[""]:
            yield "the keys cannot be read: the previous keys stay until a restart; see the log"
        if abs(difference := gauge_values(self.clock_difference)[""]) > MAX_DIFFERENCE_S:
            yield f"clock: it differs by {abs(difference):.0f} s from that of NATS"
        current, wanted = (
            gauge_values(self.stream_replicas)[""],
            gauge_values(self.stream_wanted_replicas)[""],
        )
        if gauge_values(self.nats_connected)[""] and current < wanted:
            yield f"only {current:.0f} of {wanted:.0f} nodes have the whole stream"
