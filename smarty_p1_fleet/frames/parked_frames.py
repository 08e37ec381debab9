"""Parked frames: frames that the collectors of a store cannot store yet, in a stream of their own.

The subject `smarty_p1.parked.<store>.<system title>.<mark>` names why a frame waits. The mark is

- `-`, if there was no key for the meter;
- the fingerprints of the keys that did not decrypt the frame, joined by `_`;
- `late`, for a late frame that arrived with too many other late frames, which may be replays;
- `early`, for a telegram whose time is too early while the clocks of NATS and collector differ.

A collector with a key that is not in the mark reads the frame once. If the key does not fit either,
the frame gets a subject whose mark has this key, too. So each key is tried once with each frame,
whatever keys other collectors have.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import batched
from typing import Any, NamedTuple

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, Header, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from smarty_p1_fleet.jetstream_objects import MAX_MESSAGE_BYTES, change_config, title_of
from smarty_p1_fleet.outage_log import reason
from smarty_p1_gateway.nats.nats_acknowledged_publishing import MAX_BATCH, NatsMessage, NatsRequests

STREAM = "smarty_p1_parked"
_PREFIX = "smarty_p1.parked"
NO_KEY = "-"
LATE = "late"
EARLY = "early"
_ARRIVED_HEADER = "Smarty-Arrived"
_PARKED_HEADER = "Smarty-Parked"
# Maximum number of fingerprints in a mark. A collector has at most two keys of a meter.
_MAX_TRIED = 8
# Seconds for which NATS ignores a frame that is parked again: the same frame may be delivered to
# two collectors, and two collectors may read the same parked frames at the same time.
_DUPLICATE_WINDOW_S = 600.0
# A parked message has more headers than the message of the gateway.
_MORE_HEADERS_BYTES = 4 * 1024
_MAKER_SIZE = 3


class ParkedSubject(NamedTuple):
    """Subject of parked frames: name of the store, system title, and mark."""

    store: str
    title: bytes
    mark: str

    def __str__(self) -> str:
        """Return the subject in NATS."""
        return f"{_PREFIX}.{self.store}.{self.title.hex().upper()}.{self.mark}"

    @classmethod
    def parse(cls, text: str) -> ParkedSubject | None:
        """Return the parts of a subject in NATS. Return None if it is invalid."""
        head, _, mark = text.rpartition(".")
        title, store = title_of(head), head.removeprefix(f"{_PREFIX}.").partition(".")[0]
        return None if title is None else cls(store, title, mark)

    def may_be_read(self, keys: Collection[str], *, do_clocks_agree: bool) -> bool:
        """Return whether a collector can perhaps store the frames now.

        `keys` are the fingerprints of the collector's keys of the meter.
        """
        if self.mark == EARLY and not do_clocks_agree:
            return False
        return not {*keys} <= {*self.tried}

    @property
    def tried(self) -> Collection[str]:
        """Return the fingerprints of the keys that were tried."""
        return () if self.mark in {NO_KEY, LATE, EARLY} else self.mark.split("_")


def mark_of(tried: Collection[str], before: Collection[str] = ()) -> str:
    """Return the mark of a frame for which the keys `tried` and `before` were tried."""
    kept = sorted({*before} - {*tried})[: _MAX_TRIED - len({*tried})]
    return "_".join(sorted({*tried, *kept})) or NO_KEY


def all_subjects(title: bytes | None = None, store: str = "*") -> str:
    """Return a pattern for the subjects of all parked frames of a meter, None for all meters."""
    return f"{_PREFIX}.{store}.{'*' if title is None else title.hex().upper()}.*"


class ParkedFrame(NamedTuple):
    """Frame to park. `identity` names its message, `arrived` is its arrival (Unix seconds).

    `parked` is the time at which it was first parked, by the collector's clock (Unix seconds).
    """

    title: bytes
    mark: str
    data: bytes
    identity: str
    arrived: float
    parked: float

    def to_message(self, store: str) -> NatsMessage:
        """Return the message that parks the frame for `store`."""
        headers = {
            _ARRIVED_HEADER: repr(self.arrived),
            _PARKED_HEADER: repr(self.parked),
            Header.MSG_ID: f"{store}.{self.identity}",
        }
        return NatsMessage(str(ParkedSubject(store, self.title, self.mark)), self.data, headers)


def times_of(headers: Mapping[str, str] | None) -> tuple[float, float]:
    """Return when a parked frame arrived, and when it was parked (Unix seconds).

    Return zeros if a header is missing or invalid.
    """
    with suppress(ValueError):
        found = headers or {}
        return float(found.get(_ARRIVED_HEADER, "")), float(found.get(_PARKED_HEADER, ""))
    return 0.0, 0.0


def is_of_maker(title: bytes) -> bool:
    """Return whether a system title begins with three letters, which name the manufacturer.

    A title without such letters comes from noise or from a forged frame.
    """
    return title[:_MAKER_SIZE].isalpha()


class Parking:
    """Parking of frames for one store, through one connection to NATS."""

    def __init__(self, store: str, requests: NatsRequests) -> None:
        self._store = store
        self._requests = requests

    async def park(self, frames: Sequence[ParkedFrame]) -> None:
        """Park `frames`. Raises an error of NATS if it has not acknowledged all of them."""
        for batch in batched(frames, MAX_BATCH, strict=False):
            messages = [frame.to_message(self._store) for frame in batch]
            if await self._requests.send_batch(messages) is None:
                continue
            # NATS refuses a whole batch if one of its frames is parked already.
            failed = [error for error in await self._requests.send_each(messages) if error]
            if failed:
                raise NatsError(reason(failed[0]))


async def make_parked_stream(js: JetStreamContext, frames: StreamConfig) -> None:
    """Create or change the stream of parked frames. Its limits are those of the stream `frames`.

    Raises NATS's errors.
    """
    limits: dict[str, Any] = {
        "num_replicas": frames.num_replicas,
        "max_age": frames.max_age,
        "max_bytes": frames.max_bytes,
        "max_msgs_per_subject": frames.max_msgs_per_subject,
    }
    try:
        info = await js.stream_info(STREAM)
    except NotFoundError:
        await js.add_stream(
            StreamConfig(
                name=STREAM,
                subjects=[f"{_PREFIX}.>"],
                storage=StorageType.FILE,
                discard=DiscardPolicy.OLD,
                max_msg_size=MAX_MESSAGE_BYTES + _MORE_HEADERS_BYTES,
                duplicate_window=_DUPLICATE_WINDOW_S,
                allow_atomic=True,
                **limits,
            )
        )
    else:
        await change_config(js, info, replace(info.config, **limits))
