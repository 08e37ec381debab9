"""What a frame is called in NATS."""

from hashlib import sha256
from typing import NamedTuple

from smartyp1.p1 import read_frame

STREAM = "smarty_p1_frames"
SUBJECT = "smarty_p1.sealed"


class Names(NamedTuple):
    """System title, subject and message id of a frame.

    The id is system title and frame counter, and what tells frames with the same header apart:
    one that was damaged or forged must not keep the true one out of the stream.
    """

    title: str
    subject: str
    message_id: str


def names_of(data: bytes) -> Names | None:
    """Return what a frame is called, None when it is no frame."""
    frame = read_frame(data)
    if frame is None:
        return None
    title = frame.system_title.hex().upper()
    digest = sha256(data).hexdigest()[:16]
    return Names(title, f"{SUBJECT}.{title}", f"{title}-{frame.frame_counter}-{digest}")
