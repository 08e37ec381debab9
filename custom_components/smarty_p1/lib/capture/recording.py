"""Recording of the bytes that a port receives, limited in size."""

from .anonymiser import Chunk

# Bytes. A meter that sends a telegram every second fills 5 MB in an hour, so a recording of an hour
# fits.
MAX_RECORDED = 8 * 1024 * 1024
MAX_CHUNKS = 200_000


class Recording:
    """Recording of the chunks that a port receives, at most `max_bytes` and `max_chunks`.

    `is_full` becomes True when a chunk does not fit. Then all later chunks are dropped, so that the
    recording has no gap.
    """

    def __init__(self, max_bytes: int = MAX_RECORDED, max_chunks: int = MAX_CHUNKS) -> None:
        self.chunks: list[Chunk] = []
        self.size = 0
        self.is_full = False
        self._max_bytes = max_bytes
        self._max_chunks = max_chunks

    def add(self, time: float, data: bytes) -> None:
        """Add the chunk `data`, received at `time` in seconds of a monotonic clock."""
        if self.size + len(data) > self._max_bytes or len(self.chunks) == self._max_chunks:
            self.is_full = True
        if not self.is_full:
            self.size += len(data)
            self.chunks.append((time, data))
