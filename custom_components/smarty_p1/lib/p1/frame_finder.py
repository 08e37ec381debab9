"""Search for frames and plain telegrams in the bytes of a line. Nothing is verified here.

Bytes that look like the beginning of a frame start a candidate, even within another candidate.
Candidates are returned in the order of their ends. So a false start neither delays nor hides a true
frame, and the result does not depend on the chunks in which the bytes come.

A frame begins with HEADER_MARK. Some ports lose or alter this mark, but nothing else. So the system
title of a Luxembourg meter with a valid length also starts a candidate. `frame` restores the mark.

The caller verifies a candidate, and can then remove its bytes from the line by `take`. LineDecoder
has keys and removes true frames and telegrams. FrameSplitter has no keys and removes nothing.

Without the key, a true frame looks like any other bytes with a valid header. So FrameSplitter hands
over every complete candidate, even if candidates overlap. The Decoder that receives the candidates
has the key and accepts the true frame. The output is limited by a budget of up to 256 KiB. Each
byte received adds two bytes to the budget. A frame takes its size from the budget, but at least 256
bytes.

Half of this budget is reserved for expected frames. A frame is expected if an earlier frame had the
same DLMS system title and a lower frame counter. Ciphertext, noise and damage do not look like
expected frames. An attacker on the line can forge expected frames and use up the whole budget. True
frames are then lost, as if the attacker had cut the line.
"""

import re
from array import array
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..connection_outage import Budget
from .frame_header import (
    HEADER_MARK,
    MAX_FRAME_SIZE,
    MAX_HEADER_SIZE,
    TITLE_SIZE,
    Frame,
    frame_size,
    nonce_and_body,
    with_mark,
)

# Number of bytes that are searched in one step. A small number keeps the work small: for forged
# bytes with many candidates for a frame, the work grows with the square of this number.
_PIECE_SIZE = 2 * 1024
# Only the last MAX_FRAME_SIZE bytes can belong to an incomplete frame. Older bytes are dropped only
# when there are 4 KiB of them, because dropping bytes at every call would be slow.
_MAX_BUFFER_BYTES = MAX_FRAME_SIZE + 4 * 1024
# One byte less than the longest mark.
_UNSEARCHED = 2
# The last line of a plain telegram is "!" and a CRC of four digits. Some meters omit the CRC. Only
# the four bytes after the mark tell whether there is a CRC.
_END_MARK = b"\n!"
_END_SIZE = len(_END_MARK) + 4
_END_SHIFT = 16
_SIZE_MASK = (1 << _END_SHIFT) - 1

# A system title begins with three capital letters. Noise hardly ever looks like this, so such bytes
# after a mark are the header of a frame.
_DAMAGED_HEADER = re.compile(rb"[\xdb\x5b\x9b\xbd]\x08[A-Z]{3}")
# The letters with which the system titles of Luxembourg's meters begin: a sign of a header that has
# lost its mark.
_LETTERS = b"SAG"
# Other signs of a damaged header: HEADER_MARK after an alteration by a line with 7 data bits, by a
# conversion from Latin-1 to UTF-8, and by a replacement of bytes that are invalid in UTF-8; and the
# first byte of a frame's length.
_DAMAGED_MARKS = (b"[\x08", b"\x9b\x08", b"\xbd\x08", b"\x82")
# Text can contain these letters. But a system title or the length behind it is not all text.
_TITLE_WITHOUT_MARK = re.compile(rb"SAG.{0,5}[^\t\r\n -~]", re.DOTALL)
# Such a title, and a length behind it. Noise and text hardly ever look like this.
_TITLE_AND_LENGTH = re.compile(rb"SAG.{5}\x82[\x00-\x7f]", re.DOTALL)
# Length, security control and the first bytes of the frame counter, which hardly ever change.
_LENGTH_AND_COUNTER = re.compile(rb"\x82[\x00-\x7f].\x30..", re.DOTALL)

type Candidate = tuple[int, int, bool]
"""Start and end of a candidate in bytes since the line began, and True for a frame.

A candidate that is not a frame is a text that ends like a plain telegram. The telegram may begin
anywhere in this text. A frame of MAX_HEADER_SIZE bytes is a damaged header. The start of a frame
without its mark is the start of its system title.
"""


class FrameFinder:
    """Finder of candidates in the bytes of one line.

    A place is a part of the line that is not complete yet: the header of a frame, a whole frame, or
    the end of a plain telegram. `_waiting` has all places. The size of a place tells its kind: a
    header has MAX_HEADER_SIZE bytes, a frame has more, and the end of a telegram has fewer.

    There can be very many places, because noise can look like frames. To save memory, a place is
    stored as one integer of 8 bytes: `size - (end << 16)`. `end` counts the bytes since the line
    began, so it stays valid when bytes are dropped from `buffer`. `_offset` is the number of
    dropped bytes. `_waiting` is sorted by these integers. They contain `end` with a minus sign, so
    the last item is the place with the earliest end. If several places have this end, the last item
    is the longest of them. Removing the last item is cheap.

    A mark is HEADER_MARK, `_END_MARK`, `_LETTERS`, or one of `_DAMAGED_MARKS`. Most calls complete
    no candidate and must be fast. So a search remembers three sizes of the buffer:

    - `_searched`: all marks that begin before this size are found. The last `_UNSEARCHED` bytes are
      not searched yet, because they can begin a mark.
    - `_horizon`: at this size, the first place is complete, or old bytes can be dropped.
    - `wake`: below this size, no candidate can be complete. If the first byte that is not searched
      begins a telegram's end, the candidate has `_END_SIZE` bytes. Headers are longer.

    With `ends_cut_frames`, a frame ends where another header with its system title ends: ciphertext
    cannot contain the title by chance, so the other header is the next frame, and bytes of this
    frame were lost. Otherwise, a buffer that is too small for a meter's frames would be noticed
    only when later frames have filled the length in the first frame's header.
    """

    def __init__(self, *, ends_cut_frames: bool = False) -> None:
        self.buffer = bytearray()
        self.wake = _END_SIZE
        self._waiting = array("q")
        self._offset = 0
        self._searched = 0
        self._horizon = _MAX_BUFFER_BYTES
        self._ends_cut_frames = ends_cut_frames
        # The frame with the latest valid header.
        self._latest_start = self._latest_end = 0
        # Signs of the last headers that have lost their mark. Some are noise.
        self._last_signs: deque[bytes] = deque(maxlen=4)

    def feed(self, data: bytes) -> Iterable[Candidate]:
        """Return the candidates that `data` completes, in the order of their ends.

        The caller must consume all candidates. The caller can remove a candidate by `take`, but
        only before it requests the next candidate.
        """
        self.buffer += data
        return () if self.completes_nothing() else self.search_appended(data)

    def completes_nothing(self) -> bool:
        """Return True if the new bytes complete no candidate. Otherwise, they may complete one."""
        buffer, searched, size = self.buffer, self._searched, len(self.buffer)
        if size < self.wake:
            return True
        if (
            buffer.find(HEADER_MARK, searched) >= 0
            or buffer.find(_END_MARK, searched) >= 0
            or buffer.find(_LETTERS, searched) >= 0
            or (
                self._offset + size > self._latest_end
                and max(buffer.find(mark, searched) for mark in _DAMAGED_MARKS) >= 0
            )
        ):
            return False
        self._searched = size - _UNSEARCHED
        self.wake = self._searched + _END_SIZE
        return self.wake < self._horizon

    def search_appended(self, data: bytes) -> Iterable[Candidate]:
        """Return the same as `feed`, if `data` is already at the end of the buffer."""
        return self._find_in_pieces(data) if len(data) > _PIECE_SIZE else self._find()

    def _find_in_pieces(self, data: bytes) -> Iterator[Candidate]:
        del self.buffer[-len(data) :]
        for at in range(0, len(data), _PIECE_SIZE):
            self.buffer += data[at : at + _PIECE_SIZE]
            yield from self._find()

    def _find(self) -> Iterator[Candidate]:
        """Search the new bytes, and yield the candidates whose last byte was received."""
        received = self._offset + len(self.buffer)
        if self._searched < len(self.buffer) - _UNSEARCHED:
            self._search()
        while self._waiting and (end := -(self._waiting[-1] >> _END_SHIFT)) <= received:
            size = self._waiting.pop() & _SIZE_MASK
            start = end - size
            if size < MAX_HEADER_SIZE:
                yield self._start_of_text(start, end), end, False
            elif size > MAX_HEADER_SIZE or self._read_header(start):
                yield start, end, True
        self._forget(received - MAX_FRAME_SIZE)
        self._searched = max(len(self.buffer) - _UNSEARCHED, 0)
        self._horizon = _MAX_BUFFER_BYTES
        if self._waiting:
            self._horizon = min(
                -(self._waiting[-1] >> _END_SHIFT) - self._offset, _MAX_BUFFER_BYTES
            )
        self.wake = min(self._horizon, self._searched + _END_SIZE)

    def _search(self) -> None:
        """Add the places of the marks in the new bytes to `_waiting`."""
        frame, size = self._only_frame(), len(self.buffer)
        if frame:
            self._wait(self._offset + frame.start, MAX_HEADER_SIZE)
            # If the frame before has lost its last bytes, it may take the mark of this one.
            self._wait(self._offset + frame.start + len(HEADER_MARK), MAX_HEADER_SIZE)
        else:
            self._search_for(HEADER_MARK, MAX_HEADER_SIZE)
            self._search_for(_LETTERS, MAX_HEADER_SIZE)
        self._search_for(_END_MARK, _END_SIZE)
        # A frame before, or the only frame, has all new bytes.
        is_whole = frame.start <= self._searched and frame.stop >= size
        if self._offset + size > self._latest_end and not is_whole:
            for mark in _DAMAGED_MARKS:
                self._search_for(mark, MAX_HEADER_SIZE, frame)

    def _search_for(self, mark: bytes, size: int, left_out: range = range(0)) -> None:
        """Add the places of a mark that begins in the new bytes, and not in `left_out`."""
        at, end = self._searched, len(self.buffer) - _UNSEARCHED + len(mark) - 1
        while (at := self.buffer.find(mark, at, end)) >= 0:
            if at in left_out:
                at = left_out.stop
            else:
                self._wait(self._offset + at, size)
                at += 1

    def _only_frame(self) -> range:
        """Return the place of the frame that begins in the new bytes, if it is the only one.

        Otherwise, return an empty range. The ciphertext of this frame has no damaged header, but
        many bytes that look like the start of one.
        """
        buffer, searched = self.buffer, self._searched
        at = buffer.find(HEADER_MARK, searched)
        title = at + len(HEADER_MARK)
        is_only = (
            0 <= at <= len(buffer) - MAX_HEADER_SIZE
            and buffer.find(HEADER_MARK, title) < 0
            and buffer.find(_LETTERS, searched, title) < 0
            and buffer.find(_LETTERS, title + 1) < 0
        )
        return range(at, at + self._size_at(at)) if is_only else range(0)

    def _read_header(self, start: int) -> bool:
        """Add the frame of a complete header to `_waiting`. Return whether the header is damaged.

        A damaged header has a likely system title with a mark or a length. Or it repeats the title
        of a frame before, or its length and counter. A header inside a frame is never damaged: its
        bytes are ciphertext.
        """
        buffer, at = self.buffer, start - self._offset
        if size := self._size_at(at):
            if self._ends_cut_frames:
                self._end_cut_frame(start)
            self._latest_start, self._latest_end = start, start + size
            self._wait(start, size)
            return False
        if start < self._latest_end:
            return False
        if sign := self._sign_at(at):
            is_damaged = sign in self._last_signs or bool(_TITLE_AND_LENGTH.match(buffer, at))
            self._last_signs.append(sign)
        else:
            is_header = _DAMAGED_HEADER.match(buffer, at)
            is_damaged = bool(is_header) and not self._size_at(at + len(HEADER_MARK))
        if is_damaged:
            # The length in this header is no second damaged header.
            self._latest_start, self._latest_end = start, start + MAX_HEADER_SIZE
        return is_damaged

    def _sign_at(self, at: int) -> bytes:
        """Return what repeats in headers without a mark: length and counter, or a system title.

        Return b"" for other bytes.
        """
        if length := _LENGTH_AND_COUNTER.match(self.buffer, at):
            return length[0]
        is_title = _TITLE_WITHOUT_MARK.match(self.buffer, at)
        return bytes(self.buffer[at : at + TITLE_SIZE]) if is_title else b""

    def _size_at(self, at: int) -> int:
        """Return the size of the frame whose header is complete at index `at`, 0 without a header.

        A header may begin with its system title, if its mark was lost.
        """
        buffer = self.buffer
        if buffer.startswith(HEADER_MARK, at):
            return frame_size(buffer, at)
        if buffer.endswith(HEADER_MARK, 0, at) or not _TITLE_WITHOUT_MARK.match(buffer, at):
            return 0
        mark_size = len(HEADER_MARK)
        size = frame_size(HEADER_MARK + buffer[at : at + MAX_HEADER_SIZE - mark_size], 0)
        return max(size - mark_size, 0)

    def _end_cut_frame(self, start: int) -> None:
        """End the latest frame if the header at `start` is inside it and has its system title."""
        begun, end, known = self._latest_start, self._latest_end, start + MAX_HEADER_SIZE
        if end <= known or begun < self._offset or self._title_at(begun) != self._title_at(start):
            return
        place = end - begun - (end << _END_SHIFT)
        at = bisect_left(self._waiting, place)
        if place in self._waiting[at : at + 1]:
            del self._waiting[at]
            self._wait(begun, known - begun)

    def _title_at(self, start: int) -> bytes:
        return self.frame(start, start + 10)[2:10]

    def _wait(self, start: int, size: int) -> None:
        insort(self._waiting, size - (start + size << _END_SHIFT))

    def _start_of_text(self, mark: int, end: int) -> int:
        """Return the earliest possible start of a plain telegram that ends at `end`.

        A telegram begins after the end mark of the previous telegram, and at most MAX_FRAME_SIZE
        bytes before `end`. `mark` is the place of the telegram's own end mark.
        """
        floor = max(end - MAX_FRAME_SIZE - self._offset, 0)
        last = self.buffer.rfind(_END_MARK, floor, mark - self._offset)
        return self._offset + (floor if last < 0 else last + len(_END_MARK))

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes of the line from `start` to `end`. They must still be in the buffer."""
        return bytes(self.buffer[start - self._offset : end - self._offset])

    def frame(self, start: int, end: int) -> bytes:
        """Return the frame from `start` to `end`, with its mark."""
        return with_mark(self.read(start, end))

    def nonce(self, start: int) -> bytes:
        """Return the nonce of the frame that begins at `start`.

        The nonce is the system title and the frame counter, 12 bytes.
        """
        nonce, _ = nonce_and_body(self.frame(start, start + MAX_HEADER_SIZE))
        return nonce

    def take(self, start: int, end: int) -> list[bytes]:
        """Remove the candidate from `start` to `end`, and all bytes before it, from the line.

        Return the nonces of the frames that began before `start` and are not complete. The
        candidate has cut them short.
        """
        cut_short = []
        if self._waiting:
            places = [
                (-(place >> _END_SHIFT) - (place & _SIZE_MASK), place) for place in self._waiting
            ]
            self._waiting = array("q", (place for at, place in places if at >= end))
            begun = (
                at for at, place in places if at < start and place & _SIZE_MASK > MAX_HEADER_SIZE
            )
            cut_short = [self.nonce(at) for at in sorted(begun)]
        self._forget(end)
        return cut_short

    def _forget(self, end: int) -> None:
        if end > self._offset:
            del self.buffer[: end - self._offset]
            self._offset = end


_OUTPUT_BYTES_PER_BYTE = 2
_MAX_BYTES = 256 * 1024
_RESERVED_BYTES = _MAX_BYTES // 2
_MIN_FRAME_COST_BYTES = 256
_MAX_TITLES = 16


@dataclass(slots=True)
class _Title:
    last_counter: int
    frames: int = 1


class FrameSplitter:
    """Finder of encrypted frames in the bytes of one P1 port.

    The field `is_expected` of a frame is True if an earlier frame had the same system title and a
    lower frame counter. Overlapping frames could multiply the output, so the output is limited in
    proportion to the input. `left_out` counts the frames that were dropped beyond this limit.
    """

    def __init__(self) -> None:
        self.left_out = 0
        self._framer = FrameFinder()
        self._budget = Budget(_OUTPUT_BYTES_PER_BYTE, _MAX_BYTES)
        self._titles: dict[bytes, _Title] = {}

    def feed(self, data: bytes) -> list[Frame]:
        """Return the encrypted frames that `data` completes, in the order of their ends."""
        return [
            frame
            for start, end, is_frame in self._framer.feed(data)
            if is_frame and end - start > MAX_HEADER_SIZE
            if (frame := self._judge(start, end))
        ]

    def _judge(self, start: int, end: int) -> Frame | None:
        nonce = self._framer.nonce(start)
        title, counter = nonce[:8], int.from_bytes(nonce[8:])
        record = self._titles.get(title)
        is_expected = record is not None and counter > record.last_counter
        cost = max(end - start, _MIN_FRAME_COST_BYTES)
        if self._budget.left(end) - cost < (0 if is_expected else _RESERVED_BYTES):
            self.left_out += 1
            return None
        self._budget.spend(cost)
        if record is None:
            self._remember(title, counter)
        elif is_expected:
            record.frames += 1
            record.last_counter = counter
        return Frame(self._framer.frame(start, end), title, counter, is_expected)

    def _remember(self, system_title: bytes, frame_counter: int) -> None:
        titles = self._titles
        if len(titles) == _MAX_TITLES:
            # Forget the system title with the fewest frames. It probably comes from noise, because
            # noise hardly ever repeats a system title.
            del titles[min(titles, key=lambda title: titles[title].frames)]
        titles[system_title] = _Title(frame_counter)
