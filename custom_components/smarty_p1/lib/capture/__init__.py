"""A capture of a meter's line that one can give away: who it is of, nobody can tell. No I/O.

recording = Recording()
recording.add(time.monotonic(), data)  # what came, as it came
made = anonymise(recording.chunks, FrameDecryptor(key), SystemRandom())
summarise(made)  # what it holds, for whoever decides
text = write_capture(made)
chunks, key = read_capture(text)
"""

from .anonymiser import PUBLISHED_KEY, AnonymousCapture, Chunk, Replaced, anonymise
from .capture_file import BEGINNING, MAX_SIZE, CaptureError, read_capture, write_capture
from .recording import MAX_CHUNKS, MAX_RECORDED, Recording
from .summary import Summary, summarise

__all__ = [
    "BEGINNING",
    "MAX_CHUNKS",
    "MAX_RECORDED",
    "MAX_SIZE",
    "PUBLISHED_KEY",
    "AnonymousCapture",
    "CaptureError",
    "Chunk",
    "Recording",
    "Replaced",
    "Summary",
    "anonymise",
    "read_capture",
    "summarise",
    "write_capture",
]
