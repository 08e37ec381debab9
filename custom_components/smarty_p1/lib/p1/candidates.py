"""Where frames and plain telegrams may lie in the bytes of a line.

Whatever looks like the beginning of a frame is a candidate, also within another candidate. The
candidate that is complete first is handed over first, so a false start neither delays nor costs a
true frame, and the result does not depend on how the bytes are chunked.

Who looks for them says what becomes of each: the Decoder, which has the key, and the FrameSplitter.
"""

from abc import ABC, abstractmethod
from array import array
from bisect import insort

from .cipher import HEADER_MARK, MAX_FRAME_SIZE, MAX_HEADER_SIZE, read_header

# What many events at once cost grows with the square of this.
_CHUNK_SIZE = 2 * 1024
_TRIM_SIZE = 4 * 1024
# A plain telegram ends in a line of "!" and four digits: nothing shorter can be complete unseen.
_END_MARK = b"\n!"
DIGITS_SIZE = 4
_END_SIZE = len(_END_MARK) + DIGITS_SIZE

# Where something lies that may be a frame: its end, its start, the size of its header. Without a
# header it is the end mark of a plain telegram, which may have begun anywhere before. Packed into
# one integer of 8 bytes, ordered by the end: noise can be full of them.
_END_SHIFT = 32
_START_SHIFT = 8
_START_MASK = 0xFFFFFF
HEADER_MASK = 0xFF


def start_of(candidate: int) -> int:
    """Return where a candidate begins in the buffer."""
    return candidate >> _START_SHIFT & _START_MASK


class CandidateSearch[E](ABC):
    """Finds the candidates in the bytes of one line, and collects what its heirs make of them."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._candidates = array("Q")
        # Positions in the buffer: what has been searched for candidates; where a frame, and where
        # a plain telegram, can begin; the sizes at which to search and to judge again.
        self._scanned = 0
        self._floor = 0
        self._plain_floor = 0
        self._wake = 0
        self._horizon = 0
        self._trim_size = _TRIM_SIZE
        # How many bytes were forgotten from the buffer.
        self._forgotten = 0

    @abstractmethod
    def _judge_frame(self, start: int, end: int, header_size: int, events: list[E]) -> None:
        """Judge the candidate that lies between two positions of the buffer."""

    @abstractmethod
    def _judge_plain(self, end: int, events: list[E]) -> None:
        """Judge what may be a plain telegram that ends there."""

    def feed(self, data: bytes) -> list[E]:
        """Return what the next bytes of the line, any number of them, complete, in order."""
        buffer = self._buffer
        buffer += data
        size = len(buffer)
        if size < self._wake:
            return []
        scanned = self._scanned
        wake = size - 1 + _END_SIZE  # the last byte may begin a mark
        if (
            wake < self._horizon
            and buffer.find(HEADER_MARK, scanned) < 0
            and buffer.find(_END_MARK, scanned) < 0
        ):
            self._scanned = size - 1
            self._wake = wake
            return []
        if len(data) > _CHUNK_SIZE:
            del buffer[-len(data) :]
            events: list[E] = []
            for at in range(0, len(data), _CHUNK_SIZE):  # no closure, which would cost every call
                events += self.feed(data[at : at + _CHUNK_SIZE])
            return events
        return self._advance()

    def _advance(self) -> list[E]:
        """Judge what is complete by now, and decide when to look again."""
        missing = self._find_candidates()
        events: list[E] = []
        size = len(self._buffer)
        while self._candidates:
            end = self._candidates[0] >> _END_SHIFT
            if end > size:
                break
            candidate = self._candidates.pop(0)
            start = start_of(candidate)
            if start < self._floor:
                continue
            if header_size := candidate & HEADER_MASK:
                self._judge_frame(start, end, header_size, events)
            else:
                self._judge_plain(end, events)
        self._trim()
        size = len(self._buffer)
        # Even when nothing ends before, the buffer must be trimmed now and then.
        horizon = size + _TRIM_SIZE
        if self._candidates:
            horizon = min(horizon, self._candidates[0] >> _END_SHIFT)
        self._horizon, self._wake = horizon, min(horizon, size + missing)
        return events

    def _find_candidates(self) -> int:
        """Note all headers and ends that the bytes since the last search reveal.

        Return how many more bytes any other needs at least to be complete.
        """
        buffer = self._buffer
        size = len(buffer)
        unsure = max(size - 1, 0)
        missing = _END_SIZE - 1
        first = at = max(self._scanned, self._floor)
        while (start := buffer.find(HEADER_MARK, at)) >= 0:
            if start + MAX_HEADER_SIZE > size:
                unsure = min(unsure, start)
                break
            if sizes := read_header(buffer, start):
                header_size, frame_size = sizes
                end = start + frame_size
                insort(self._candidates, end << _END_SHIFT | start << _START_SHIFT | header_size)
            at = start + 1
        at = first
        while (start := buffer.find(_END_MARK, at)) >= 0:
            end = start + _END_SIZE
            if end > size:
                unsure = min(unsure, start)
                missing = end - size
                break
            insort(self._candidates, end << _END_SHIFT | start << _START_SHIFT)
            at = start + 1
        self._scanned = unsure
        return missing

    def _trim(self) -> None:
        """Forget the bytes that no candidate and no plain telegram can need any more."""
        size = len(self._buffer)
        if self._floor == size:
            self._buffer.clear()
            self._forgotten += size
            self._scanned = self._floor = self._plain_floor = 0
            self._trim_size = _TRIM_SIZE
            return
        if size < self._trim_size:
            return
        self._trim_size = size + _TRIM_SIZE  # finding out what may go costs too much for each byte
        plain_start = max(self._plain_floor, size - MAX_FRAME_SIZE)
        first_start = min(map(start_of, self._candidates), default=size)
        keep = max(self._floor, min(self._scanned, plain_start, first_start))
        if keep == 0:
            return
        del self._buffer[:keep]
        self._forgotten += keep
        self._trim_size -= keep
        shift = keep << _END_SHIFT | keep << _START_SHIFT
        self._candidates = array("Q", (candidate - shift for candidate in self._candidates))
        self._scanned = max(self._scanned - keep, 0)  # it may lie within the frame just consumed
        self._floor = 0
        self._plain_floor = max(self._plain_floor - keep, 0)
