"""Finder of encrypted frames in the bytes of a line, for programs without the key. No I/O.

Without the key, a true frame looks like any other bytes with a valid header. So every complete
candidate is handed over, even if candidates overlap. The Decoder that receives the candidates has
the key and accepts the true frame. The output is limited to two bytes for each byte received, and
256 KiB at once. A frame counts as at least 256 bytes.

Half of this budget is reserved for expected frames. A frame is expected if an earlier frame had the
same DLMS system title and a lower frame counter. Ciphertext, noise and damage do not look like
expected frames. An attacker on the line can forge expected frames and use up the whole budget. True
frames are then lost, as if the attacker had cut the line.
"""

from dataclasses import dataclass

from ..backoff import Budget
from .frame_finder import Framer
from .frame_header import Frame

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
        self._framer = Framer()
        self._budget = Budget(_OUTPUT_BYTES_PER_BYTE, _MAX_BYTES)
        self._titles: dict[bytes, _Title] = {}

    def feed(self, data: bytes) -> list[Frame]:
        """Return the encrypted frames that `data` completes, in the order of their ends."""
        candidates = self._framer.feed(data)
        frames = [self._judge(start, end) for start, end, is_frame in candidates if is_frame]
        return [frame for frame in frames if frame]

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
        self._remember(title, counter)
        return Frame(self._framer.read(start, end), title, counter, is_expected)

    def _remember(self, system_title: bytes, frame_counter: int) -> None:
        titles = self._titles
        if record := titles.get(system_title):
            record.frames += frame_counter > record.last_counter
            record.last_counter = max(record.last_counter, frame_counter)
            return
        if len(titles) == _MAX_TITLES:
            # Forget the system title with the fewest frames. It probably comes from noise, because
            # noise hardly ever repeats a system title.
            del titles[min(titles, key=lambda title: titles[title].frames)]
        titles[system_title] = _Title(frame_counter)
