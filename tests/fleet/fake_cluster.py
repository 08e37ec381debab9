"""A cluster and a store for a partition, without any program."""

import asyncio
import base64
import contextlib
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import RawStreamMsg, StreamInfo, StreamState
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError, NotFoundError

from dev.encoder import frame
from smarty_p1_fleet.acknowledged_writes import StoreRun, Write
from smarty_p1_fleet.series_line_protocol import Sample


class Entry(NamedTuple):
    """What the bucket has."""

    value: bytes
    revision: int


@dataclass
class Consumer:
    """Where it is."""

    next: int
    delivered: int = 0
    is_there: bool = True


def _read(content: bytes) -> dict[str, Any]:
    """Return a state, one of nobody where it cannot be read."""
    with contextlib.suppress(ValueError, RecursionError):
        state: Any = json.loads(content)
        if isinstance(state, dict) and "counters" in state:
            return state
    return {"epoch": -1, "sequence": 0, "counters": {}}


def _subject(data: bytes) -> str:
    return f"smarty_p1.frames.0.{data[2:10].hex().upper()}"


def _message(sequence: int, data: bytes, at: int) -> dict[str, Any]:
    second, nanosecond = divmod(at, 1_000_000_000)
    moment = f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.{nanosecond:09}"
    return {
        "subject": _subject(data),
        "seq": sequence,
        # No client would have written these.
        "hdrs": "/////w==",
        "data": base64.b64encode(data).decode(),
        "time": f"{moment.rstrip('0').rstrip('.')}Z",
    }


@dataclass
class Cluster:
    """One stream, one bucket, and consumers that can be lost."""

    frames: list[tuple[bytes, int]] = field(default_factory=list)
    """Each message of the stream, and when it came (nanoseconds); b"" for one of the others."""
    first: int = 1
    entry: Entry | None = None
    consumers: dict[str, Consumer] = field(default_factory=dict)
    starts: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    readings: list[tuple[str, int]] = field(default_factory=list)
    """Each that was published: its subject and its frame counter."""
    headers: dict[str, str] | None = None
    """Those of every message."""
    commit_fails: bool = False
    aside: dict[str, bytes] = field(default_factory=dict)
    """What the bucket has under other keys."""
    names: dict[str, Entry] = field(default_factory=dict)
    """What the bucket knows of the meters' names."""
    looked_up: Counter[str] = field(default_factory=Counter)
    """How often the bucket was asked for a key."""

    asked_again: list[int] = field(default_factory=list)
    """From which sequences on a message of one title was asked for."""

    max_payload = 1024 * 1024
    is_connected = True
    is_closed = False

    def add(self, *counters: int, at: int = 1_500_000_000_000_000_000) -> None:
        for counter in counters:
            self.frames.append((frame(counter), at + len(self.frames) * 1_234_567))

    def add_others(self, count: int) -> None:
        self.frames += [(b"", 1)] * count

    async def before_answer(self) -> None:
        """Do what a test wants before a message of one title is answered."""

    def lose_consumers(self) -> None:
        for consumer in self.consumers.values():
            consumer.is_there = False

    @property
    def committed(self) -> tuple[int, list[int]]:
        assert self.entry is not None
        state = _read(self.entry.value)
        return state["sequence"], [*state["counters"].values()]

    # The connection.

    def new_inbox(self) -> str:
        return "_INBOX.1"

    async def subscribe(self, _: str, cb: Callable[[Msg], Awaitable[None]]) -> Cluster:
        self.send = cb
        return self

    async def unsubscribe(self) -> None:
        pass

    async def publish(self, subject: str, payload: bytes = b"", *_: object) -> None:
        if subject.startswith("smarty_p1."):
            self.readings.append((subject, json.loads(payload)["frame_counter"]))
        if not subject.startswith("$JS.API.CONSUMER.MSG.NEXT."):
            return
        self.asked.append(subject)
        name = subject.rpartition(".")[2]
        consumer, client = self.consumers[name], cast("Client", self)
        if not consumer.is_there:
            await self.send(Msg(client, "s", "", b"", {"Status": "503"}))
            return
        for sequence in range(max(consumer.next, self.first), len(self.frames) + 1):
            data, at = self.frames[sequence - 1]
            if not data:
                continue
            consumer.next, consumer.delivered = sequence + 1, consumer.delivered + 1
            ack = f"$JS.ACK.smarty_p1_frames.{name}.1.{sequence}.{consumer.delivered}.{at}.0"
            await self.send(Msg(client, _subject(data), ack, data, self.headers))
        await self.send(Msg(client, "s", "", b"", {"Status": "408"}))

    async def request(self, subject: str, payload: bytes, timeout: float) -> Msg:  # noqa: ASYNC109
        assert timeout > 0
        asked = json.loads(payload)
        answer: dict[str, Any] = {"error": {"code": 404, "description": "no message found"}}
        if subject.startswith("$JS.API.STREAM.INFO."):
            answer = {"state": {"first_seq": self.first, "last_seq": len(self.frames)}}
        else:
            self.asked_again.append(asked["seq"])
            await self.before_answer()
            for sequence in range(max(asked["seq"], self.first), len(self.frames) + 1):
                data, at = self.frames[sequence - 1]
                if data and _subject(data) == asked["next_by_subj"]:
                    answer = {"message": _message(sequence, data, at)}
                    break
        return Msg(cast("Client", self), "_INBOX.2", "", json.dumps(answer).encode(), None)

    # JetStream.

    def jetstream(self, timeout: float) -> Cluster:  # noqa: ARG002
        return self

    async def key_value(self, _: str) -> Cluster:
        return self

    async def stream_info(self, _: str) -> StreamInfo:
        state = StreamState(len(self.frames), 0, self.first, len(self.frames), 1)
        return StreamInfo(config=cast("Any", None), state=state)

    async def get_msg(self, _: str, sequence: int) -> RawStreamMsg:
        if not 0 < sequence <= len(self.frames):
            raise NotFoundError
        at = self.frames[sequence - 1][1]
        return RawStreamMsg(time=datetime.fromtimestamp(at // 1000 / 1e6, UTC))

    async def add_consumer(self, _: str, config: Any) -> None:  # noqa: ANN401
        self.consumers[config.durable_name] = Consumer(config.opt_start_seq)
        self.starts.append(config.opt_start_seq)

    async def delete_consumer(self, _: str, name: str) -> None:
        self.consumers.pop(name, None)

    # The bucket.

    async def put(self, key: str, value: bytes) -> int:
        self.aside[key] = value
        return 1

    async def get(self, key: str) -> Entry:
        self.looked_up[key] += 1
        found = self.entry if key.isdecimal() else self.names.get(key)
        if found is None:
            raise KeyNotFoundError
        return found

    async def create(self, key: str, value: bytes) -> int:
        return await self.update(key, value, 0)

    async def update(self, key: str, value: bytes, last: int) -> int:
        found = self.entry if key.isdecimal() else self.names.get(key)
        if last != (found.revision if found else 0):
            raise KeyWrongLastSequenceError
        if not key.isdecimal():
            self.names[key] = Entry(value, last + 1)
            return last + 1
        is_commit = self.entry and _read(value)["epoch"] == _read(self.entry.value)["epoch"]
        if is_commit and self.commit_fails:
            self.commit_fails = False
            raise NatsError
        self.entry = Entry(value, last + 1)
        return last + 1


class FakeStore:
    """Has surely kept everything at once, if told so."""

    def __init__(self) -> None:
        self.run = StoreRun("100", 0.0)
        self.written: list[int] = []
        self.samples: list[Sample] = []

    async def write(self, samples: Sequence[Sample]) -> Write:
        self.written.append(len(samples))
        self.samples += samples
        return Write(self.run.process, 0.0)

    async def serve(self) -> None:
        await asyncio.Event().wait()

    def keep(self) -> None:
        self.run = StoreRun(self.run.process, 20.0)


async def until(check: Callable[[], bool]) -> None:
    while not check():
        await asyncio.sleep(0.01)


async def until_written(store: FakeStore, count: int) -> None:
    await until(lambda: sum(store.written) == count)
