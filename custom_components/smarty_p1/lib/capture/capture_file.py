"""The file of an anonymous capture: JSON in lines, the first of which says what it is.

Each of the others is a chunk: the seconds since the first one, and its bytes in Base64.
"""

import base64
import json
import math
from collections.abc import Sequence

from .anonymiser import PUBLISHED_KEY, PUBLISHED_KEY_NAME, AnonymousCapture, Chunk

FORMAT = "smarty-p1 capture"
VERSION = 1
BEGINNING = f'{{"format": "{FORMAT}"'.encode("ascii")
"""With these bytes a file begins, and no line of a meter."""
MAX_SIZE = 16 * 1024 * 1024


class CaptureError(Exception):
    """A file is no anonymous capture; the text says why."""


def write_capture(capture: AnonymousCapture) -> str:
    """Return the text of the file."""
    head = {
        "format": FORMAT,
        "version": VERSION,
        "key": PUBLISHED_KEY_NAME if capture.is_encrypted else None,
    }
    rows = [[time, base64.b64encode(data).decode("ascii")] for time, data in capture.chunks]
    return "".join(f"{json.dumps(row)}\n" for row in (head, *rows))


def read_capture(text: str) -> tuple[Sequence[Chunk], bytes | None]:
    """Return the chunks of a file, and the key to their frames: None when there are none.

    Raises CaptureError when it is no such file.
    """
    if len(text) > MAX_SIZE:
        msg = f"more than {MAX_SIZE} characters"
        raise CaptureError(msg)
    try:
        head, *rows = map(json.loads, text.splitlines())
        if (head["format"], head["version"]) != (FORMAT, VERSION):
            msg = "another format or version"
            raise CaptureError(msg)
        if head["key"] not in (None, PUBLISHED_KEY_NAME):
            msg = "sealed with another key"
            raise CaptureError(msg)
        chunks = [(float(time), base64.b64decode(data, validate=True)) for time, data in rows]
        if not all(math.isfinite(time) for time, _ in chunks):
            msg = "no times"
            raise CaptureError(msg)
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as err:
        msg = "no capture"
        raise CaptureError(msg) from err
    return chunks, PUBLISHED_KEY if head["key"] else None
