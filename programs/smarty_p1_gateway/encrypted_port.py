"""Encrypted frames of one P1 port: found in the port's bytes, limited, and added to the queue."""

import asyncio
import time
from collections.abc import Callable

from smartyp1.connection_outage import Budget
from smartyp1.p1.frame_finder import FrameSplitter
from smartyp1.p1.frame_header import Frame, title_text

from .metrics import GatewayMetrics
from .queue.async_frame_queue import AsyncFrameQueue
from .queue.frame_queue_on_disk import NewFrame

# Maximum rate of a port's frames in bytes a second. A P1 port sends 11,520 bytes a second at
# 115,200 baud, so this is about three times its rate.
MAX_RATE_BYTES_PER_S = 32 * 1024
# Maximum size of a burst of frames in bytes. After an interruption, a network gateway can send the
# 360 frames of an hour at once.
MAX_BURST_BYTES = 4 * 1024 * 1024
# A frame with fewer bytes counts as this number of bytes, because a small frame gives the broker as
# much work as a frame of 1 KiB.
MIN_FRAME_COST_BYTES = 1024
# Number of consecutive frames of another meter after which the port's meter counts as replaced.
_FRAMES_OF_NEW_METER = 3


class FrameLimit:
    """Limit for the frames of a port: a rate in bytes a second, and a burst in bytes.

    Half of the burst is reserved for expected frames. A frame is expected if an earlier frame had
    the same system title and a lower frame counter.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._budget = Budget(MAX_RATE_BYTES_PER_S, MAX_BURST_BYTES, clock())

    def allows(self, size: int, *, is_expected: bool) -> bool:
        """Return whether a frame of `size` bytes is within the limit. If so, subtract its cost."""
        cost = max(size, MIN_FRAME_COST_BYTES)
        if self._budget.left(self._clock()) - cost < (0 if is_expected else MAX_BURST_BYTES // 2):
            return False
        self._budget.spend(cost)
        return True


class EncryptedTopicRoot:
    """Root of a port's topics.

    `topic` is the root, or "" until it is known. `title` is the DLMS system title of the port's
    meter, or b"" until it is known. The title changes only after several frames with another title,
    because noise may look like the header of a frame.
    """

    def __init__(self, configured: str | None, prefix: str) -> None:
        self.topic = configured or ""
        self.changed = asyncio.Event()
        self._prefix = None if configured else prefix
        self.title = b""
        self._others = 0

    def note_frame(self, frame: Frame) -> None:
        """Update the title and the topic from a frame."""
        if frame.system_title == self.title:
            self._others = 0
            return
        self._others += frame.is_expected
        if not self.title or self._others >= _FRAMES_OF_NEW_METER:
            self.title = frame.system_title
            self._others = 0
            if self._prefix is not None:
                self._set(f"{self._prefix}/{title_text(self.title)}")

    def restore(self, topic: str) -> None:
        """Use the topic of an earlier run until a frame gives the meter's system title."""
        if not self.topic:
            self._set(topic)

    def _set(self, topic: str) -> None:
        if topic != self.topic:
            self.topic = topic
            self.changed.set()


class EncryptedPort:
    """P1 port with encrypted frames. It finds the frames in the port's bytes, and queues them."""

    def __init__(
        self, label: str, root: EncryptedTopicRoot, queue: AsyncFrameQueue, metrics: GatewayMetrics
    ) -> None:
        self._label = label
        self._root = root
        self._queue = queue
        self._splitter = FrameSplitter()
        self._limit = FrameLimit(time.monotonic)
        self._metrics = metrics
        self._last_frame = metrics.start_age(metrics.last_frame_age, label)
        self._frames = metrics.frames.labels(label)
        self._too_many = metrics.rejected.labels(label, "too_many")
        self._overlapping = metrics.rejected.labels(label, "overlapping")

    def feed(self, data: bytes) -> bool:
        """Split the next bytes into frames. Return whether a frame was added to the queue."""
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
        self._root.note_frame(frame)
        self._metrics.show_meter(self._label, self._root.title)
        self._queue.put_frame(NewFrame(self._label, f"{self._root.topic}/frame", frame.data))
        return True
