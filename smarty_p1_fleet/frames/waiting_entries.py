"""Entries of version 0.1.0 in the bucket of meters, for system titles with frames that wait.

An entry has the sequence number of its title's first waiting frame in the stream of frames. The
frames from there on are parked, and the entry is deleted.
"""

from nats.js import JetStreamContext

from smarty_p1_fleet.jetstream_objects import METERS_STREAM, METERS_SUBJECT, read_entries, title_of

from .frame_message import FrameMessage
from .parked_frames import NO_KEY, ParkedFrame, Parking
from .reprocess import read_frames

_MAX_DIGITS = 20  # a sequence number of NATS has 64 bits, so at most 20 digits


def first_of(value: bytes) -> int:
    """Return the sequence number in an entry. Return 1 if the entry is damaged."""
    digits = value.decode(errors="replace").partition(" ")[0]
    return int(digits) if digits.isdecimal() and len(digits) <= _MAX_DIGITS else 1


async def park_waiting_titles(js: JetStreamContext, parking: Parking, store: str) -> None:
    """Park the frames of all entries of `store`, and delete the entries. Raises NATS's errors."""
    entries = [entry async for entry in read_entries(js, f"waiting.{store}.*")]
    for key, value, _ in entries:
        if title := title_of(key):
            async for messages in read_frames(js, title, max(1, first_of(value))):
                await parking.park([_waiting_frame(title, message) for message in messages])
        await js.purge_stream(METERS_STREAM, subject=f"{METERS_SUBJECT}{key}")


def _waiting_frame(title: bytes, message: FrameMessage) -> ParkedFrame:
    identity = f"{message.sequence}.{message.arrived!r}"
    return ParkedFrame(title, NO_KEY, message.data, identity, message.arrived, message.arrived)
