"""Recording of the bytes of a port, limited in size."""

from .anonymiser import Chunk

# Bytes. A meter that sends every second makes 5 MB an hour.
MAX_RECORDED = 8 * 1024 * 1024
MAX_CHUNKS = 200_000


class Recording:
    """Recording of the chunks of a line, with limits for bytes and chunks.

    `is_full` is set once a chunk did not fit. Later chunks are dropped, too, so that the recording
    has no gap.
    """

    def __init__(self, max_bytes: int = MAX_RECORDED, max_chunks: int = MAX_CHUNKS) -> None:
        self.chunks: list[Chunk] = []
        self.size = 0
        self.is_full = False
        self._max_bytes = max_bytes
        self._max_chunks = max_chunks

    def add(self, time: float, data: bytes) -> None:
        """Add a chunk, and its time in seconds of a monotonic clock."""
        if self.size + len(data) > self._max_bytes or len(self.chunks) == self._max_chunks:
            self.is_full = True
        if not self.is_full:
            self.size += len(data)
            self.chunks.append((time, data))
