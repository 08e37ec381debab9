"""Where frames and plain telegrams may lie in the bytes of a line. Nothing is judged here.

Whatever looks like the beginning of a frame is a candidate, also within another candidate. The
candidate that is complete first is handed over first, so a false start neither delays nor costs a
true frame, and the result does not depend on how the bytes are chunked.

Two judges say what becomes of the candidates, and may `take` one off the line: those of the
Decoder, which has the key, take what is true; those of the FrameSplitter, which has none, nothing.
"""

from array import array
from bisect import insort
from collections.abc import Callable, Iterable

from .frame import HEADER_MARK, MAX_FRAME_SIZE, MAX_HEADER_SIZE, frame_size, nonce_and_body

# What many candidates at once cost grows with the square of this.
_PIECE_SIZE = 2 * 1024
# Whatever is not complete yet began within the last MAX_FRAME_SIZE bytes. To forget what is before
# costs too much for each byte, so it waits until there is some of it.
_MOST_KEPT = MAX_FRAME_SIZE + 4 * 1024
# A plain telegram ends in a line of "!" and four digits, which do not follow when it has no
# checksum. Less than all of that tells nothing.
_END_MARK = b"\n!"
_END_SIZE = len(_END_MARK) + 4
_UNSEEN_SIZE = _END_SIZE - 1
_END_SHIFT = 32
_START_MASK = (1 << _END_SHIFT) - 1


def _pack(start: int, size: int) -> int:
    """Return a place in the buffer as one integer of 8 bytes; what ends first is the largest."""
    return -(start + size << _END_SHIFT | start)


class Framer[E]:
    """Finds the candidates in the bytes of one line, and collects what the judges make of them.

    `judge_frame` gets the bounds of a candidate in the `buffer`, and how many bytes of the line
    there were until its end; `judge_text` gets the bounds of a text that ends as a plain telegram
    does, which may begin anywhere in it. Bounds hold until something is taken.

    What is waited for are places, each with a known end: a header (to be read when it is whole), a
    frame (to be judged then), the end of a plain telegram. Their sizes tell them apart, as no frame
    is as small as a header. They are packed into integers and sorted by their ends, the first at
    the back of the array: noise can be full of them, and to add there and take from there is cheap.

    Most calls complete nothing and must cost next to nothing. Three positions in the buffer see to
    that, all set by each search:

    - Marks before `_searched` are known. The last byte is not among them: it may begin a mark.
    - At `_horizon`, the first of those waiting is complete, or there is enough to be forgotten.
    - Below `wake`, nothing can be complete, known or not: an end that begins with the last byte
      needs five more, and a header needs more than that.

    `_forgotten` counts the bytes of the line that were before those in the buffer.
    """

    def __init__(
        self,
        judge_frame: Callable[[int, int, int], Iterable[E]],
        judge_text: Callable[[int, int], Iterable[E]],
    ) -> None:
        self.buffer = bytearray()
        self.wake = self._horizon = _UNSEEN_SIZE
        self._judge_frame = judge_frame
        self._judge_text = judge_text
        self._waiting = array("q")
        self._searched = 0
        self._taken = 0
        self._forgotten = 0

    def feed(self, data: bytes) -> list[E]:
        """Return what the next bytes of the line, any number of them, complete, in order."""
        self.buffer += data
        size = len(self.buffer)
        return self.look(data, size) if size >= self.wake else []

    def look(self, data: bytes, size: int) -> list[E]:
        """Return what `data` completes, which is in the buffer already and made it so large."""
        buffer, searched = self.buffer, self._searched
        wake = size + _UNSEEN_SIZE
        if (
            wake < self._horizon
            and buffer.find(HEADER_MARK, searched) < 0
            and buffer.find(_END_MARK, searched) < 0
        ):
            self._searched = size - 1
            self.wake = wake
            return []
        if len(data) <= _PIECE_SIZE:
            self._search()
            return self._judge()
        del buffer[-len(data) :]
        events: list[E] = []
        for at in range(0, len(data), _PIECE_SIZE):  # no closure, which would cost every call
            events += self.feed(data[at : at + _PIECE_SIZE])
        return events

    def _search(self) -> None:
        """Wait for what begins with the marks that were not there before."""
        buffer = self.buffer
        at = self._searched
        while (at := buffer.find(HEADER_MARK, at)) >= 0:
            self._wait_for_frame(at)
            at += 1
        at = self._searched
        while (at := buffer.find(_END_MARK, at)) >= 0:
            insort(self._waiting, _pack(at, _END_SIZE))
            at += 1
        self._searched = len(buffer) - 1

    def _wait_for_frame(self, start: int) -> None:
        if size := frame_size(self.buffer, start):
            insort(self._waiting, _pack(start, size))

    def _judge(self) -> list[E]:
        """Have judged what is complete by now, and decide when to look again."""
        buffer = self.buffer
        events: list[E] = []
        while self._waiting and (end := -self._waiting[-1] >> _END_SHIFT) <= len(buffer):
            start = -self._waiting.pop() & _START_MASK
            size = end - start
            if start < self._taken:
                continue
            if size > MAX_HEADER_SIZE:
                events += self._judge_frame(start, end, self._forgotten + end)
            elif size == MAX_HEADER_SIZE:
                self._wait_for_frame(start)
            else:
                events += self._judge_text(self._start_of_text(start, end), end)
        if len(buffer) >= _MOST_KEPT:
            self._taken = max(self._taken, len(buffer) - MAX_FRAME_SIZE)
        if self._taken:
            self._forget_taken()
        first_end = -self._waiting[-1] >> _END_SHIFT if self._waiting else _MOST_KEPT
        self._horizon = min(first_end, _MOST_KEPT)
        self.wake = min(self._horizon, self._searched + _END_SIZE)
        return events

    def _start_of_text(self, mark: int, end: int) -> int:
        """Return where a plain telegram may begin: behind the end of the one before it."""
        floor = max(self._taken, end - MAX_FRAME_SIZE)
        last = self.buffer.rfind(_END_MARK, floor, mark)
        return floor if last < 0 else last + len(_END_MARK)

    def _forget_taken(self) -> None:
        del self.buffer[: self._taken]
        if self._waiting:
            shift = _pack(self._taken, 0)
            later = (at - shift for at in self._waiting if -at & _START_MASK >= self._taken)
            self._waiting = array("q", later)
        self._searched = max(len(self.buffer) - 1, 0)
        self._forgotten += self._taken
        self._taken = 0

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes between two positions of the buffer."""
        return bytes(self.buffer[start:end])

    def nonce(self, start: int) -> bytes:
        """Return system title and frame counter of the frame that begins there."""
        nonce, _ = nonce_and_body(self.read(start, start + MAX_HEADER_SIZE))
        return nonce

    def take(self, start: int, end: int) -> list[bytes]:
        """Take off the line what lies there, and all before it.

        Return the nonces of the frames that were cut short by it: those that began before it.
        """
        begun = [
            -at & _START_MASK
            for at in self._waiting
            if self._taken <= -at & _START_MASK < start
            and (-at >> _END_SHIFT) - (-at & _START_MASK) > MAX_HEADER_SIZE
        ]
        self._taken = end
        return [self.nonce(began) for began in sorted(begun)]
