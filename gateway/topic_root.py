"""Where the topics of a port begin: as configured, or with the system title of its meter."""

import asyncio

from smartyp1.p1 import Frame

# So many frames of another meter, and none of this one between them: it was exchanged.
_ENOUGH = 3


class TopicRoot:
    """The root of a port's topics, "" while it is not known.

    Only a meter that keeps sending takes the place of another: noise with a header does not.
    """

    def __init__(self, configured: str | None, prefix: str) -> None:
        self.topic = configured or ""
        self.changed = asyncio.Event()
        self._prefix = None if configured else prefix
        self._title = b""
        self._others = 0

    def note(self, frame: Frame) -> None:
        """Learn from the title of a frame."""
        if self._prefix is None:
            return
        if frame.system_title == self._title:
            self._others = 0
            return
        self._others += frame.is_expected
        if not self._title or self._others >= _ENOUGH:
            self._title = frame.system_title
            self._others = 0
            self._set(f"{self._prefix}/{self._title.hex().upper()}")

    def restore(self, topic: str) -> None:
        """Begin with a topic of an earlier run, until a frame says another."""
        if not self.topic:
            self._set(topic)

    def _set(self, topic: str) -> None:
        if topic != self.topic:
            self.topic = topic
            self.changed.set()
