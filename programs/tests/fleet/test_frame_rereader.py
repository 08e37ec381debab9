"""Reading frames again, with a stream that is made up."""

from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from dev.encoder import KEY, TITLE
from smarty_p1_fleet.frames import frame_rereader
from smarty_p1_fleet.frames.frame_message import FrameMessage
from smarty_p1_fleet.frames.frame_pipeline import FramePipeline
from smarty_p1_fleet.frames.frame_rereader import FrameRereader
from smarty_p1_fleet.frames.meter_sources import Source
from smarty_p1_fleet.frames.reread_bookmarks import KEY as NEEDS_KEY, Bookmark, Bookmarks, ReadRange
from smarty_p1_fleet.metrics import CollectorMetrics
from smarty_p1_gateway import Keys
from tests.fleet.made_up import Fleet, value


class Stream:
    """A stream with frames of one meter. The node that is read has only the first ones."""

    def __init__(self, numbers: Sequence[int], known: Sequence[int]) -> None:
        self.numbers = numbers
        self.known = known
        self.mark = Bookmark(numbers[0], numbers[-1], frozenset((NEEDS_KEY,)))
        self.settled: list[ReadRange] = []
        self.read: list[int] = []

    async def stream_info(self, _: str) -> SimpleNamespace:
        return SimpleNamespace(
            state=SimpleNamespace(first_seq=self.numbers[0], last_seq=self.numbers[-1])
        )

    async def get_msg(self, _: str, *, seq: int, **__: object) -> SimpleNamespace:
        for number in self.numbers:
            if number >= seq:
                return SimpleNamespace(seq=number)
        raise NotFoundError

    async def read_once(self, *_: object) -> AsyncIterator[list[int]]:
        for number in self.known:
            yield [number]

    async def revision(self) -> int:
        return 7

    async def all(self) -> dict[bytes, Bookmark]:
        return {TITLE: self.mark}

    async def set(self, _: object) -> None:
        pass

    async def settle(self, _: bytes, read: ReadRange) -> None:
        self.settled.append(read)

    async def work(self, messages: Sequence[FrameMessage]) -> None:
        self.read += [message.sequence for message in messages]


@pytest.mark.parametrize(("known", "is_whole"), [((), False), ((5, 6), False), ((5, 6, 9), True)])
async def test_a_node_that_has_not_all_frames_yet_loses_none(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, known: Sequence[int], *, is_whole: bool
) -> None:
    stream = Stream((5, 6, 9), known)

    def message(number: int) -> FrameMessage:
        return FrameMessage("", b"", number, 0.0, is_redelivered=False, source=Source())

    async def done() -> None:
        pass

    monkeypatch.setattr(frame_rereader, "read_once", stream.read_once)
    monkeypatch.setattr(frame_rereader, "read_message", message)
    pipeline = SimpleNamespace(work=stream.work, settle=done, finish=done)
    names = fleet.new_names()
    again = FrameRereader(
        cast("Bookmarks", stream),
        CollectorMetrics(),
        fleet.clocks,
        names,
        lambda *_: cast("FramePipeline", pipeline),
    )
    js: Any = cast("JetStreamContext", stream)
    if is_whole:
        await again.read_waiting(js, Keys({TITLE: KEY}, None))
        assert [(read.start, read.end, read.is_whole) for read in stream.settled] == [(5, 9, True)]
    else:
        with pytest.raises(NatsError, match="has not all frames yet"):
            await again.read_waiting(js, Keys({TITLE: KEY}, None))
        assert stream.settled == []
    assert stream.read == [*known]


class OldBookmarks:
    """Bookmarks of a store, by system title. Each change gives another revision."""

    def __init__(self, **marks: tuple[int, int]) -> None:
        self.marks: dict[bytes | None, Bookmark] = {
            name.encode().ljust(8, b"\0"): Bookmark(*frames, frozenset((NEEDS_KEY,)), 1e9)
            for name, frames in marks.items()
        }
        self.changes = 0

    async def revision(self) -> int:
        return self.changes

    async def all(self) -> dict[bytes | None, Bookmark]:
        return dict(self.marks)

    async def replace(self, title: bytes | None, known: Bookmark, rest: Bookmark | None) -> bool:
        assert self.marks.pop(title) == known
        if rest:
            self.marks[title] = rest
        self.changes += 1
        return True


class ShrinkingStream:
    """A stream that has dropped its frames before `first`."""

    def __init__(self) -> None:
        self.first = 1

    async def stream_info(self, _: str) -> SimpleNamespace:
        return SimpleNamespace(state=SimpleNamespace(first_seq=self.first, last_seq=100))


async def test_a_log_line_and_a_count_tell_once_of_each_title_whose_waiting_frames_have_gone(
    fleet: Fleet, metrics: CollectorMetrics, caplog: pytest.LogCaptureFixture
) -> None:
    marks, stream = OldBookmarks(wholly=(3, 5), partly=(5, 60), later=(40, 90)), ShrinkingStream()
    again = FrameRereader(
        cast("Bookmarks", marks),
        metrics,
        fleet.clocks,
        fleet.new_names(),
        lambda *_: pytest.fail("without a key, nothing is read"),
    )
    for first, told in (
        (1, []),
        (3, []),
        (20, ["wholly", "partly"]),
        (30, ["wholly", "partly"]),
        (50, ["wholly", "partly", "later"]),
        (95, ["wholly", "partly", "later"]),
    ):
        stream.first = first
        for _ in range(4):
            await again.read_waiting(cast("JetStreamContext", stream), Keys({}, None))
        titles = [name.encode().ljust(8, b"\0").hex().upper() for name in told]
        assert [record.args for record in caplog.records] == [(title,) for title in titles]
        assert value(metrics, "waiting_gone_total") == len(told)
        left = {title.rstrip(b"\0").decode() for title in marks.marks if title}
        assert left == {
            name for name, last in (("wholly", 5), ("partly", 60), ("later", 90)) if last >= first
        }
    assert {record.levelname for record in caplog.records} == {"ERROR"}
    assert "have left the stream: they are lost" in caplog.text
