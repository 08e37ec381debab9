"""What a port sends, as it comes, until there is enough for a file."""

from .anonymiser import Chunk

# An hour of a meter that sends each second has 5 MB.
MAX_RECORDED = 8 * 1024 * 1024
MAX_CHUNKS = 200_000


class Recording:
    """The chunks of a line, so many at most, with so many bytes.

    It `is_full` once a chunk did not fit: what comes later is not taken either, so that nothing is
    missing in between.
    """

    def __init__(self, most_bytes: int = MAX_RECORDED, most_chunks: int = MAX_CHUNKS) -> None:
        self.chunks: list[Chunk] = []
        self.size = 0
        self.is_full = False
        self._most_bytes = most_bytes
        self._most_chunks = most_chunks

    def add(self, time: float, data: bytes) -> None:
        """Take a chunk that came at a time, in seconds of a clock that only goes forward."""
        if self.size + len(data) > self._most_bytes or len(self.chunks) == self._most_chunks:
            self.is_full = True
        if not self.is_full:
            self.size += len(data)
            self.chunks.append((time, data))
