"""Anonymous captures: recordings of a meter's port, in which no data identify anybody.

    recording = Recording()
    recording.add(time.monotonic(), data)  # received bytes, in chunks of any size
    capture = anonymise(recording.chunks, FrameDecryptor(key), SystemRandom())
    summarise(capture)  # contents, for the user's review
    text = write_capture(capture)
    chunks, key = read_capture(text)

The package does no I/O.
"""

from .anonymiser import PUBLISHED_KEY, AnonymousCapture, Chunk, Replaced, anonymise
from .capture_file import (
    BEGINNING,
    MAX_CHUNKS,
    MAX_RECORDED,
    MAX_SIZE,
    CaptureError,
    Recording,
    read_capture,
    write_capture,
)
from .summary import CaptureSummary, summarise

__all__ = [
    "BEGINNING",
    "MAX_CHUNKS",
    "MAX_RECORDED",
    "MAX_SIZE",
    "PUBLISHED_KEY",
    "AnonymousCapture",
    "CaptureError",
    "CaptureSummary",
    "Chunk",
    "Recording",
    "Replaced",
    "anonymise",
    "read_capture",
    "summarise",
    "write_capture",
]
