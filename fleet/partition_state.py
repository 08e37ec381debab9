"""What is kept of a partition in the cluster, so that the next collector goes on from there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from smartyp1.p1 import FINGERPRINT_SIZE

from .outage_log import ToldError
from .own_times import kept_time, pack, unpack

# So that the whole stays below the 1 MB that a message of NATS may have.
MOST_METERS = 20_000
_MOST_BYTES = 1_000_000
_TITLE_DIGITS = 2 * (8 + FINGERPRINT_SIZE)
_HIGHEST_COUNTER = 0xFFFF_FFFF
# Beyond what NATS counts, and what is a name of a consumer.
_HIGHEST = (1 << 63) - 1
_LATEST = 1e11


class StateError(ToldError):
    """What the cluster has kept cannot be read."""


@dataclass(frozen=True, slots=True)
class PartitionState:
    """What is stored for good: all of the stream up to `sequence`.

    `arrived` is when the stream got the message `sequence` (Unix seconds), 0 if that is not known:
    in a stream that was made anew, another one has its number.
    `counters` holds the last frame counter by system title (8 bytes) and the fingerprint of the
    meter's key (8 more), for with a new key it may begin anew; `times` holds the minute of the
    newest telegram by the same (Unix seconds), of those that have one. `epoch` rises whenever
    somebody begins to read the partition.
    """

    epoch: int = 0
    sequence: int = 0
    counters: Mapping[bytes, int] = field(default_factory=dict)
    arrived: float = 0.0
    times: Mapping[bytes, int] = field(default_factory=dict)

    def begun(self) -> PartitionState:
        """Return the state for whoever begins to read from here."""
        return replace(self, epoch=self.epoch + 1)

    def advanced(
        self,
        sequence: int,
        arrived: float,
        counters: Mapping[bytes, int],
        times: Mapping[bytes, int] | None = None,
    ) -> PartitionState:
        """Return the state with more of the stream stored, and newer counters of some meters."""
        counters = {**self.counters, **counters}
        kept = ((title, kept_time(time)) for title, time in (times or {}).items())
        newest = {**self.times, **{title: time for title, time in kept if time}}
        return PartitionState(self.epoch, sequence, counters, arrived, newest)

    def is_as_far_as(self, other: PartitionState) -> bool:
        """Return whether the same is stored, whoever has begun to read since."""
        return replace(self, epoch=other.epoch) == other

    def to_json(self) -> bytes:
        """Return the state as it is kept."""
        counters = {title.hex().upper(): counter for title, counter in self.counters.items()}
        content: dict[str, object] = {
            "epoch": self.epoch,
            "sequence": self.sequence,
            "arrived": self.arrived,
            "counters": counters,
        }
        if self.times:
            content["times"] = pack(self.times.get(title, 0) for title in self.counters)
        return json.dumps(content, separators=(",", ":")).encode()


def parse_state(text: bytes) -> PartitionState:
    """Return a state that was kept. Raises StateError."""
    if len(text) > _MOST_BYTES:
        msg = "its state in NATS is too long"
        raise StateError(msg)
    try:
        content = json.loads(text)
        epoch, sequence = _whole(content["epoch"]), _whole(content["sequence"])
        counters = {_title(key): _counter(value) for key, value in content["counters"].items()}
        # It was not kept from the beginning.
        arrived = _moment(content.get("arrived", 0.0))
        times = unpack(content["times"], counters) if "times" in content else {}
    except ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError:
        msg = "its state in NATS is malformed"
        raise StateError(msg) from None
    if len(counters) > MOST_METERS:
        msg = "its state in NATS has too many meters"
        raise StateError(msg)
    return PartitionState(epoch, sequence, counters, arrived, times)


def _whole(value: object, highest: int = _HIGHEST) -> int:
    if type(value) is not int or not 0 <= value <= highest:
        raise ValueError
    return value


def _moment(value: object) -> float:
    if not isinstance(value, int | float) or not 0 <= value <= _LATEST:
        raise ValueError
    return float(value)


def _counter(value: object) -> int:
    return _whole(value, _HIGHEST_COUNTER)


def _title(digits: str) -> bytes:
    if len(digits) != _TITLE_DIGITS:
        raise ValueError
    return bytes.fromhex(digits)
