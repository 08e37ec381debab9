"""Reader and writer of files with an anonymous capture. Such a file consists of lines of JSON.

The first line is a header. Every further line is a chunk: its seconds since the first chunk, and
its bytes in Base64.
"""

import base64
import json
import math
from collections.abc import Sequence

from .anonymiser import PUBLISHED_KEY, PUBLISHED_KEY_NAME, AnonymousCapture, Chunk

# Maximum size of a recording in bytes. A meter that sends a telegram every second fills 6 MB in an
# hour, so a recording of an hour fits.
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

    def add_chunk(self, time: float, data: bytes) -> None:
        """Add the chunk `data`, received at `time` in seconds of a monotonic clock."""
        if self.size + len(data) > self._max_bytes or len(self.chunks) == self._max_chunks:
            self.is_full = True
        if not self.is_full:
            self.size += len(data)
            self.chunks.append((time, data))


FORMAT = "smarty-p1 capture"
VERSION = 1
BEGINNING = f'{{"format": "{FORMAT}"'.encode("ascii")
"""First bytes of a capture file. The bytes of a meter's line never begin with them."""
MAX_SIZE = 16 * 1024 * 1024


class CaptureError(Exception):
    """Error for a file that is not an anonymous capture. The text of the error names the reason."""


def capture_text(capture: AnonymousCapture) -> str:
    """Return the text of the file for `capture`."""
    head = {
        "format": FORMAT,
        "version": VERSION,
        "key": PUBLISHED_KEY_NAME if capture.is_encrypted else None,
    }
    rows = [[time, base64.b64encode(data).decode("ascii")] for time, data in capture.chunks]
    return "".join(f"{json.dumps(row)}\n" for row in (head, *rows))


def read_capture(text: str) -> tuple[Sequence[Chunk], bytes | None]:
    """Return the chunks in the text of a capture file, and the key of its frames.

    The key is None if the file has plain telegrams. Raises CaptureError if `text` is not a capture
    file.
    """
    if len(text) > MAX_SIZE:
        raise CaptureError(f"more than {MAX_SIZE} characters")
    try:
        head, *rows = map(json.loads, text.splitlines())
        if (head["format"], head["version"]) != (FORMAT, VERSION):
            raise CaptureError("another format or version")
        if head["key"] not in (None, PUBLISHED_KEY_NAME):
            raise CaptureError("encrypted with another key")
        chunks = [(float(time), base64.b64decode(data, validate=True)) for time, data in rows]
        if not all(math.isfinite(time) for time, _ in chunks):
            raise CaptureError("no times")
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as err:
        raise CaptureError("no capture") from err
    return chunks, PUBLISHED_KEY if head["key"] else None
