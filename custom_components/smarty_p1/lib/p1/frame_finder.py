"""Where frames and plain telegrams may lie in the bytes of a line. Nothing is judged here.

Whatever looks like the beginning of a frame is a candidate, also within another candidate. The
candidate that is complete first comes first, so a false start neither delays nor costs a true
frame, and the result does not depend on how the bytes are chunked.

Who gets the candidates judges them, and may `take` one off the line: the LineDecoder, which has
keys, takes what is true; the FrameSplitter, which has none, nothing.
"""

from array import array
from bisect import insort
from collections.abc import Iterable, Iterator

from .frame_layout import HEADER_MARK, MAX_FRAME_SIZE, MAX_HEADER_SIZE, frame_size, nonce_and_body

# What many candidates at once cost grows with the square of this.
_PIECE_SIZE = 2 * 1024
# Whatever is not complete yet began within the last MAX_FRAME_SIZE bytes. What is before is
# forgotten now and then, as most calls are to cost nothing.
_MAX_BUFFER_BYTES = MAX_FRAME_SIZE + 4 * 1024
# A plain telegram ends in a line of "!" and four digits, which do not follow when it has no
# checksum. Less than all of that tells nothing.
_END_MARK = b"\n!"
_END_SIZE = len(_END_MARK) + 4
_END_SHIFT = 16
_SIZE_MASK = (1 << _END_SHIFT) - 1

type Candidate = tuple[int, int, bool]
"""Where it begins and ends, counted from the first byte of the line, and whether it is a frame.

If not, it is a text that ends as a plain telegram does, which may begin anywhere in it.
"""


class Framer:
    """Finds the candidates in the bytes of one line.

    What is waited for are places, each with a known end: a header (to be read when it is whole), a
    frame, the end of a plain telegram. Their sizes tell them apart, as no frame is as small as a
    header. Noise can be full of them. So each is one integer of 8 bytes, `size - (end << 16)`, and
    they are sorted: what ends first is at the back of the array, where taking it is cheap; of what
    ends together, what begins first. They count from the first byte of the line, so they stay as
    they are when the `buffer` forgets its oldest bytes; `_offset` says how many it has forgotten.

    Most calls complete nothing and must cost next to nothing. Three sizes of the buffer see to
    that, all set by each search:

    - `_searched`: marks that begin before it are known. It is one byte less than was searched, as
      the last byte may begin a mark.
    - `_horizon`: then the first of those waiting is complete, or there is enough to be forgotten.
    - `wake`: before, nothing can be complete, known or not. An end that begins with the last byte
      needs five more, and a header needs more than that.
    """

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.wake = _END_SIZE
        self._waiting = array("q")
        self._offset = 0
        self._searched = 0
        self._horizon = _MAX_BUFFER_BYTES

    def feed(self, data: bytes) -> Iterable[Candidate]:
        """Find what the next bytes of the line, any number of them, complete, in order.

        Each is to be judged before the next one is asked for, and all have to be asked for.
        """
        self.buffer += data
        size = len(self.buffer)
        return self.look(data, size) if size >= self.wake else ()

    def look(self, data: bytes, size: int) -> Iterable[Candidate]:
        """Do the rest of `feed`: `data` is in the buffer and made it so large, `wake` or more."""
        buffer, searched = self.buffer, self._searched
        wake = size - 1 + _END_SIZE
        if (
            wake < self._horizon
            and buffer.find(HEADER_MARK, searched) < 0
            and buffer.find(_END_MARK, searched) < 0
        ):
            self._searched = size - 1
            self.wake = wake
            return ()
        return self._find(data)

    def _find(self, data: bytes) -> Iterator[Candidate]:
        buffer = self.buffer
        del buffer[len(buffer) - len(data) :]
        for at in range(0, len(data), _PIECE_SIZE):
            buffer += data[at : at + _PIECE_SIZE]
            self._search()
            yield from self._complete()
            self._forget(self._offset + len(buffer) - MAX_FRAME_SIZE)
            self._searched = max(len(buffer) - 1, 0)
            self._horizon = _MAX_BUFFER_BYTES
            if self._waiting:
                first_end = -(self._waiting[-1] >> _END_SHIFT)
                self._horizon = min(first_end - self._offset, _MAX_BUFFER_BYTES)
            self.wake = min(self._horizon, self._searched + _END_SIZE)

    def _search(self) -> None:
        """Wait for what begins with the marks that were not there before."""
        buffer, offset = self.buffer, self._offset
        at = self._searched
        while (at := buffer.find(HEADER_MARK, at)) >= 0:
            self._wait_for_frame(offset + at)
            at += 1
        at = self._searched
        while (at := buffer.find(_END_MARK, at)) >= 0:
            self._wait(offset + at, _END_SIZE)
            at += 1

    def _wait_for_frame(self, start: int) -> None:
        if size := frame_size(self.buffer, start - self._offset):
            self._wait(start, size)

    def _wait(self, start: int, size: int) -> None:
        insort(self._waiting, size - (start + size << _END_SHIFT))

    def _complete(self) -> Iterator[Candidate]:
        """Yield what is complete by now."""
        received = self._offset + len(self.buffer)
        while self._waiting and (end := -(self._waiting[-1] >> _END_SHIFT)) <= received:
            size = self._waiting.pop() & _SIZE_MASK
            start = end - size
            if size > MAX_HEADER_SIZE:
                yield start, end, True
            elif size == MAX_HEADER_SIZE:
                self._wait_for_frame(start)
            else:
                yield self._start_of_text(start, end), end, False

    def _start_of_text(self, mark: int, end: int) -> int:
        """Return where a plain telegram may begin: behind the end of the one before it."""
        floor = max(end - MAX_FRAME_SIZE - self._offset, 0)
        last = self.buffer.rfind(_END_MARK, floor, mark - self._offset)
        return self._offset + (floor if last < 0 else last + len(_END_MARK))

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes between two places, which must not have been taken."""
        return bytes(self.buffer[start - self._offset : end - self._offset])

    def nonce(self, start: int) -> bytes:
        """Return system title and frame counter of the frame that begins there."""
        nonce, _ = nonce_and_body(self.read(start, start + MAX_HEADER_SIZE))
        return nonce

    def take(self, start: int, end: int) -> list[bytes]:
        """Take off the line what lies there, and all before it.

        Return the nonces of the frames that were cut short by it: those that began before it.
        """
        cut_short = []
        if self._waiting:
            places = [(-(one >> _END_SHIFT) - (one & _SIZE_MASK), one) for one in self._waiting]
            self._waiting = array("q", (one for at, one in places if at >= end))
            begun = (at for at, one in places if at < start and one & _SIZE_MASK > MAX_HEADER_SIZE)
            cut_short = [self.nonce(at) for at in sorted(begun)]
        self._forget(end)
        return cut_short

    def _forget(self, end: int) -> None:
        if end > self._offset:
            del self.buffer[: end - self._offset]
            self._offset = end
