"""From the bytes of a port to the queue: its frames, as they came."""

import asyncio
import time
from collections.abc import Callable

from smartyp1.backoff import Budget
from smartyp1.p1 import Frame, FrameSplitter

from .frame_queue import NewFrame
from .frame_queue_writer import FrameStore
from .metrics import Metrics

# How many frames a port may pass on: far more than a meter sends, and no flood. A P1 port carries
# 11,520 bytes a second at most.
RATE = 32 * 1024  # bytes a second
# What a network gateway held back while it was not reached: an hour of a telegram a second.
BURST = 4 * 1024 * 1024
# Small frames cost a broker as much as others.
MIN_FRAME_COST_BYTES = 1024
# So many frames of another meter, and none of this one between them: it was exchanged.
_ENOUGH = 3


class FrameLimit:
    """Limits bytes a second. One half of a burst is for frames that are expected."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._budget = Budget(RATE, BURST, clock())

    def allows(self, size: int, *, is_expected: bool) -> bool:
        """Return whether a frame of so many bytes may be passed on now, and count it if so."""
        cost = max(size, MIN_FRAME_COST_BYTES)
        if self._budget.left(self._clock()) - cost < (0 if is_expected else BURST // 2):
            return False
        self._budget.spend(cost)
        return True


class TopicRoot:
    """The root of a port's topics, "" while it is not known; `title` is its meter's, b"" till then.

    Only a meter that keeps sending takes the place of another: noise with a header does not.
    """

    def __init__(self, configured: str | None, prefix: str) -> None:
        self.topic = configured or ""
        self.changed = asyncio.Event()
        self._prefix = None if configured else prefix
        self.title = b""
        self._others = 0

    def note(self, frame: Frame) -> None:
        """Learn from the title of a frame."""
        if frame.system_title == self.title:
            self._others = 0
            return
        self._others += frame.is_expected
        if not self.title or self._others >= _ENOUGH:
            self.title = frame.system_title
            self._others = 0
            if self._prefix is not None:
                self._set(f"{self._prefix}/{self.title.hex().upper()}")

    def restore(self, topic: str) -> None:
        """Begin with a topic of an earlier run, until a frame says another."""
        if not self.topic:
            self._set(topic)

    def _set(self, topic: str) -> None:
        if topic != self.topic:
            self.topic = topic
            self.changed.set()


class EncryptedPort:
    """Puts the frames of one port into the queue."""

    def __init__(self, label: str, root: TopicRoot, store: FrameStore, metrics: Metrics) -> None:
        self._label = label
        self._root = root
        self._store = store
        self._splitter = FrameSplitter()
        self._limit = FrameLimit(time.monotonic)
        self._metrics = metrics
        self._last_frame = metrics.start_age(metrics.last_frame_age, label)
        self._frames = metrics.frames.labels(label)
        self._too_many = metrics.rejected.labels(label, "too_many")
        self._overlapping = metrics.rejected.labels(label, "overlapping")

    def feed(self, data: bytes) -> bool:
        """Take the next bytes; return whether they complete a frame that is passed on."""
        left_out = self._splitter.left_out
        passed = [self._on_frame(frame) for frame in self._splitter.feed(data)]
        self._overlapping.inc(self._splitter.left_out - left_out)
        return any(passed)

    def _on_frame(self, frame: Frame) -> bool:
        if not self._limit.allows(len(frame.data), is_expected=frame.is_expected):
            self._too_many.inc()
            return False
        self._frames.inc()
        self._last_frame["at"] = time.monotonic()
        self._root.note(frame)
        self._metrics.show_meter(self._label, self._root.title)
        self._store.put(NewFrame(self._label, f"{self._root.topic}/frame", frame.data))
        return True
