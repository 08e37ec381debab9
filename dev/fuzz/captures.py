"""Fuzz properties of captures, which are anonymised recordings of a serial line.

The properties must hold for any recorded bytes and for any content of a capture file.
"""

import math
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from random import Random

from hypothesis import strategies as st

from dev.encoder import KEY, TITLE
from smartyp1.capture.anonymiser import PUBLISHED_KEY, anonymise
from smartyp1.capture.capture_file import CaptureError, Recording, capture_text, read_capture
from smartyp1.capture.summary import summarise
from smartyp1.p1.decoder import Decoder
from smartyp1.p1.frame_decryptor import FrameDecryptor
from smartyp1.p1.telegram import Telegram

from .properties import in_chunks

FOLDER = Path(__file__).parents[2] / "tests" / "captures"
_MAX_FILE_CHARACTERS = 3000
_HEAD = '{"format": "smarty-p1 capture", "version": 1, "key": "published"}'
_heads = st.sampled_from([
    _HEAD, _HEAD.replace("1", "2"), _HEAD.replace('"published"', "null"), _HEAD[:20], "[]", "",
])  # fmt: skip
_rows = st.text(max_size=20) | st.builds(
    "[{}, {}]".format,
    st.floats() | st.sampled_from(["NaN", "1e400", "-1", "null", '"1"', "9" * 400, "[" * 2000]),
    st.sampled_from(['"AA=="', '"AA"', '""', "0", '"%%"', "null"]),
)
files = st.text() | st.builds(
    lambda head, rows: "\n".join([head, *rows]), _heads, st.lists(_rows, max_size=4)
)


def pick[T](recorded: Sequence[T]) -> st.SearchStrategy[T]:
    """Return a strategy for the elements of `recorded`.

    It does the same as `sampled_from`, but its `repr` is short, because it contains no elements.
    """
    return st.integers(0, len(recorded) - 1).map(lambda number: recorded[number])


def damaged(texts: Sequence[str]) -> st.SearchStrategy[str]:
    """Return a strategy for the contents of damaged capture files."""
    return st.builds(
        lambda text, at, size, wrong: text[:at] + wrong + text[at + len(wrong) : size],
        pick(texts),
        st.integers(0, _MAX_FILE_CHARACTERS),
        st.integers(0, _MAX_FILE_CHARACTERS),
        st.text(max_size=3),
    )


def check_file(text: str) -> None:
    """Check that reading the file content `text` returns a valid capture or raises CaptureError."""
    try:
        chunks, key = read_capture(text)
    except CaptureError:
        return
    assert key in {None, PUBLISHED_KEY}
    assert all(math.isfinite(time) and type(data) is bytes for time, data in chunks)


def check_line(data: bytes, sizes: Sequence[int]) -> None:
    """Write `data`, in chunks of `sizes`, to a capture file and read it, with and without a key."""
    recording = Recording()
    for time, chunk in enumerate(in_chunks(data, sizes)):
        recording.add_chunk(time, chunk)
    for key in (KEY, None):
        anonymous = anonymise(recording.chunks, FrameDecryptor(key) if key else None, Random(1))  # noqa: S311
        read, published = read_capture(capture_text(anonymous))
        cuts = [
            list(accumulate(len(chunk) for _, chunk in chunks))
            for chunks in (recording.chunks, read)
        ]
        assert cuts[0] == cuts[1]
        decoder = Decoder(published)
        events = [event for _, chunk in read for event in decoder.feed(chunk)]
        # The decoder may return fewer telegrams than the capture contains, because it rejects
        # replays.
        assert sum(isinstance(event, Telegram) for event in events) <= len(anonymous.telegrams)
        assert TITLE not in b"".join(chunk for _, chunk in read)
        assert summarise(anonymous).telegrams == len(anonymous.telegrams)
