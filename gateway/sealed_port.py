"""From the bytes of a port to the queue: its frames, as they came."""

import time

from smartyp1.p1 import Frame, FrameSplitter

from .frame_limit import FrameLimit
from .frame_queue import NewFrame
from .frame_store import FrameStore
from .metrics import Metrics
from .topic_root import TopicRoot


class SealedPort:
    """Puts the frames of one port into the queue."""

    def __init__(self, label: str, root: TopicRoot, store: FrameStore, metrics: Metrics) -> None:
        self._label = label
        self._root = root
        self._store = store
        self._splitter = FrameSplitter()
        self._limit = FrameLimit(time.monotonic)
        self._last_frame = metrics.start_age(metrics.last_frame_age, label)
        self._frames = metrics.frames.labels(label)
        self._too_many = metrics.rejected.labels(label, "too_many")
        self._overlapping = metrics.rejected.labels(label, "overlapping")

    def take(self, data: bytes) -> bool:
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
        self._store.put(NewFrame(self._label, f"{self._root.topic}/frame", frame.data))
        return True
