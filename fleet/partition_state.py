"""What is kept of a partition in the cluster, so that the next collector goes on from there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from smartyp1.p1 import FINGERPRINT_SIZE

from .key_rotation import Rotation
from .outage_log import ToldError
from .own_times import kept_time, pack, unpack
from .waiting_titles import MOST_WAITING, Waiting

# So that the whole stays below the 1 MB that a message of NATS may have.
MOST_METERS = 20_000
_MOST_BYTES = 1_000_000
_TITLE_DIGITS = 2 * 8
_TITLE_WITH_KEY_DIGITS = _TITLE_DIGITS + 2 * FINGERPRINT_SIZE
_HIGHEST_COUNTER = 0xFFFF_FFFF
# Beyond what NATS counts, and what is a name of a consumer.
_HIGHEST = (1 << 63) - 1
_LATEST = 100_000_000_000
_LONGEST_TRIED = 16


class StateError(ToldError):
    """What the cluster has kept cannot be read."""


@dataclass(frozen=True, slots=True)
class PartitionState:
    """What is stored for good: all of the stream up to `sequence`.

    `arrived` is when the stream got the message `sequence` (Unix seconds), 0 if that is not known:
    in a stream that was made anew, another one has its number.
    `counters` holds the last frame counter by system title (8 bytes) and the fingerprint of the
    meter's key (8 more), for with a new key it may begin anew; `times` holds the minute of the
    newest telegram by the same (Unix seconds), of those that have one. `rotations` holds since when
    a key is the new one of two, by the same, `waiting` what nobody could verify yet, by title.
    `epoch` rises whenever somebody begins to read the partition.
    """

    epoch: int = 0
    sequence: int = 0
    counters: Mapping[bytes, int] = field(default_factory=dict)
    arrived: float = 0.0
    times: Mapping[bytes, int] = field(default_factory=dict)
    waiting: Mapping[bytes, Waiting] = field(default_factory=dict)
    rotations: Mapping[bytes, Rotation] = field(default_factory=dict)

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
        return replace(self, sequence=sequence, counters=counters, arrived=arrived, times=newest)

    def with_keys_changed(
        self, waiting: Mapping[bytes, Waiting], rotations: Mapping[bytes, Rotation]
    ) -> PartitionState:
        """Return the state with the titles that wait now, and newer changes of keys."""
        return replace(self, waiting=waiting, rotations={**self.rotations, **rotations})

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
        for name, by_title in (("rotations", self.rotations), ("waiting", self.waiting)):
            if by_title:
                content[name] = {title.hex().upper(): one for title, one in by_title.items()}
        text = _to_json(content)
        for name in ("waiting", "rotations"):
            # There are as many meters as there may be: these are worth more.
            if len(text) > _MOST_BYTES and content.pop(name, None):
                text = _to_json(content)
        return text


def _to_json(content: Mapping[str, object]) -> bytes:
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
        waiting = {
            _title(key, _TITLE_DIGITS): _waiting(*value)
            for key, value in content.get("waiting", {}).items()
        }
        rotations = {
            _title(key): Rotation(_whole(since, _LATEST), bool(is_done))
            for key, (since, is_done) in content.get("rotations", {}).items()
        }
    except ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError:
        msg = "its state in NATS is malformed"
        raise StateError(msg) from None
    if len(counters) > MOST_METERS or len(waiting) > MOST_WAITING:
        msg = "its state in NATS has too many meters"
        raise StateError(msg)
    return PartitionState(epoch, sequence, counters, arrived, times, waiting, rotations)


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


def _title(digits: str, count: int = _TITLE_WITH_KEY_DIGITS) -> bytes:
    if len(digits) != count:
        raise ValueError
    return bytes.fromhex(digits)


def _waiting(first: object, last: object, count: object, arrived: object, tried: object) -> Waiting:
    if not isinstance(tried, str) or len(tried) > _LONGEST_TRIED:
        raise ValueError
    return Waiting(_whole(first), _whole(last), _whole(count), _whole(arrived, _LATEST), tried)
