"""The frames of one title, read again from the stream, a few at a time.

They are asked for one by one, by subject: a consumer would be one more thing that can be lost, and
what it says is at the end need not be the end for whoever has read further already.
"""

import asyncio
import base64
import json
import time
from datetime import datetime
from typing import Any, NamedTuple

from nats.aio.client import Client
from nats.errors import Error as NatsError

from .frame_reader import FrameMessage
from .subjects import STREAM, frame_of
from .waiting_titles import WaitingTitles

_GET = f"$JS.API.STREAM.MSG.GET.{STREAM}"
_INFO = f"$JS.API.STREAM.INFO.{STREAM}"
_TIMEOUT = 3.0
# What comes meanwhile is delayed by no more.
_MOST = 100
_LONGEST = 0.2
_PAUSE = 0.1
_NOT_FOUND = 404


class Chunk(NamedTuple):
    """Frames of a title that follow each other; `is_whole`: these are the last ones."""

    title: bytes
    messages: list[FrameMessage]
    is_whole: bool


async def next_frame(nats: Client, subject: str, sequence: int) -> FrameMessage | None:
    """Return the first message with a subject from a sequence on, None when there is none.

    Raises NATS's errors.
    """
    request = {"seq": sequence, "next_by_subj": subject}
    answer = await _ask(nats, _GET, request)
    if answer is None:
        return None
    message = answer["message"]
    # Whatever its headers are, they do not matter.
    data = base64.b64decode(message.get("data") or "")
    return FrameMessage(message["subject"], data, message["seq"], _seconds(message["time"]), ack="")


async def first_sequence(nats: Client) -> int:
    """Return the sequence of the stream's first message. Raises NATS's errors."""
    answer = await _ask(nats, _INFO, {})
    return int(answer["state"]["first_seq"]) if answer else 0


async def last_sequence(nats: Client) -> int:
    """Return the sequence of the stream's last message. Raises NATS's errors."""
    answer = await _ask(nats, _INFO, {})
    return int(answer["state"]["last_seq"]) if answer else 0


async def read_chunk(nats: Client, partition: int, waiting: WaitingTitles) -> Chunk | None:
    """Return what follows of a title that is to be read again, None if there is nothing now.

    Raises NATS's errors.
    """
    found = waiting.next_again()
    if found is None:
        return None
    title, position, last = found
    subject = frame_of(partition, title)
    messages: list[FrameMessage] = []
    end = time.monotonic() + _LONGEST
    while position <= last:
        if len(messages) >= _MOST or time.monotonic() >= end:
            return Chunk(title, messages, is_whole=False)
        message = await next_frame(nats, subject, position)
        if message is None:
            # Somebody has deleted them; or it was asked where not all has arrived yet.
            if await last_sequence(nats) >= last:
                break
            await asyncio.sleep(_PAUSE)
            return Chunk(title, messages, is_whole=False) if messages else None
        if message.sequence <= last:
            messages.append(message)
        position = message.sequence + 1
    return Chunk(title, messages, is_whole=True)


async def _ask(nats: Client, subject: str, request: dict[str, object]) -> dict[str, Any] | None:
    answer = await nats.request(subject, json.dumps(request).encode(), timeout=_TIMEOUT)
    try:
        content: dict[str, Any] = json.loads(answer.data)
        error = content.get("error")
    except ValueError, AttributeError:
        msg = "the servers' answer is malformed"
        raise NatsError(msg) from None
    if not error:
        return content
    if error.get("code") == _NOT_FOUND:
        return None
    msg = str(error.get("description"))
    raise NatsError(msg)


def _seconds(text: str) -> float:
    """Return Unix seconds as a consumer tells them: what RFC 3339 has, to the nanosecond."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    seconds = int(datetime.fromisoformat(f"{whole}+00:00").timestamp())
    return (seconds * 1_000_000_000 + int(fraction.ljust(9, "0")[:9])) / 1e9
