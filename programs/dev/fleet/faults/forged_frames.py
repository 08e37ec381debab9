"""Forged frames and telegrams of an attacker who has no keys.

Collectors must reject all of them.
"""

from collections.abc import Mapping, Sequence
from random import Random

from dev.altered_bytes import flipped
from dev.simulator.frame import FULL_TAG_SIZE, LAST_COUNTER, TAG_SIZE, TITLE_SIZE, encipher

# A frame begins with the byte DB, the length of the system title (1 byte) and the system title.
# Then follow the length of all further bytes (3 bytes), the security control byte, and the frame
# counter (4 bytes).
_TITLE = slice(2, 2 + TITLE_SIZE)
_COUNTER = slice(_TITLE.stop + 4, _TITLE.stop + 8)
_TEXT = _COUNTER.stop
_OWN_KEY = bytes(FULL_TAG_SIZE)

# Reply subjects that an attacker puts into messages. A message to any of these subjects makes NATS
# delete or overwrite data. If a program answered the attacker's message, NATS would do so with the
# program's rights.
REPLIES = (
    "$JS.API.STREAM.PURGE.smarty_p1_frames",
    "$JS.API.STREAM.DELETE.smarty_p1_frames",
    "$JS.API.STREAM.PURGE.KV_smarty_p1_meters",
    "$JS.API.STREAM.DELETE.KV_smarty_p1_meters",
    "$JS.API.CONSUMER.DELETE.smarty_p1_frames.store",
    "$KV.smarty_p1_meters.name.another",
)
FORGED = ("text", "tag", "title", "own-key", "highest-counter", "next-counter")


def title_of(frame: bytes) -> bytes:
    """Return the system title (8 bytes) of a simulated frame."""
    return frame[_TITLE]


def counter_of(frame: bytes) -> int:
    """Return the frame counter of a simulated frame."""
    return int.from_bytes(frame[_COUNTER])


def forge(kind: str, frame: bytes, telegram: str, other_title: bytes, chance: Random) -> bytes:
    """Return a forged frame, made from the genuine `frame` of a meter."""
    title, counter = title_of(frame), counter_of(frame)
    match kind:
        case "text":
            return _flip(frame, chance, _TEXT, len(frame) - TAG_SIZE)
        case "tag":
            return _flip(frame, chance, len(frame) - TAG_SIZE, len(frame))
        case "title":
            return frame[: _TITLE.start] + other_title + frame[_TITLE.stop :]
        case "highest-counter":
            counter = LAST_COUNTER - chance.randrange(1000)
        case "next-counter":
            counter += 1
    return encipher(telegram, key=_OWN_KEY, system_title=title, counter=counter)


def pick(chance: Random, weights: Mapping[str, int]) -> str:
    """Return a random kind of attack. `weights` has the relative frequency of each kind."""
    kinds: Sequence[str] = [*weights]
    return chance.choices(kinds, [*weights.values()])[0]


def _flip(data: bytes, chance: Random, start: int, end: int) -> bytes:
    """Return `data` with one inverted bit at a random place from `start` to before `end`."""
    return flipped(chance.randrange(start, end), chance.randrange(8))(data)
