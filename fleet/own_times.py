"""The time that a telegram says of itself: it counts, or the telegram is refused. No I/O, no clock.

It is never given another one. A recorded frame whose counter nobody remembers any more comes to the
moment at which it was sent, where its values are already, or is refused.
"""

from base64 import b85decode, b85encode
from collections.abc import Collection, Iterable, Mapping

from smartyp1.p1 import Telegram

TOO_OLD = "too_old"
TOO_EARLY = "too_early"
# A meter's clock may be wrong. What is farther ahead of the stream's is refused, so that a clock
# that is put right again costs an hour at most.
_MOST_AHEAD = 3600
_MOST_BEHIND = 366 * 86400

# It is kept in minutes since 2020, 3 bytes each: there may be 20,000 of them in a message.
_BEGIN = 1_577_836_800
_MINUTE = 60
_SIZE = 3
_HIGHEST = (1 << 8 * _SIZE) - 1


class OwnTimes:
    """The newest time of each meter of a partition (Unix seconds), by title and key."""

    def __init__(self, newest: Mapping[bytes, int]) -> None:
        self._newest = dict(newest)

    def judge(self, title_with_key: bytes, telegram: Telegram, arrived: float) -> int | str | None:
        """Return a telegram's own time, None if it has none, or the reason why it is refused.

        `arrived` is when the stream got it (Unix seconds).
        """
        if telegram.time is None:
            return None
        time = int(telegram.time.timestamp())
        if time > arrived + _MOST_AHEAD:
            return TOO_EARLY
        # One that is farther ahead than any may be was never accepted.
        newest = self._newest.get(title_with_key, 0)
        if time < arrived - _MOST_BEHIND or time < newest <= arrived + _MOST_AHEAD:
            return TOO_OLD
        self._newest[title_with_key] = time
        return time


def kept_time(time: int) -> int:
    """Return a time as it is kept, 0 when it cannot be."""
    minutes = (time - _BEGIN) // _MINUTE
    return _BEGIN + min(minutes, _HIGHEST) * _MINUTE if minutes > 0 else 0


def pack(times: Iterable[int]) -> str:
    """Return times as they are kept."""
    minutes = (max(0, time - _BEGIN) // _MINUTE for time in times)
    return b85encode(b"".join(each.to_bytes(_SIZE) for each in minutes)).decode("ascii")


def unpack(text: str, titles: Collection[bytes]) -> dict[bytes, int]:
    """Return the times in what `pack` made for these meters. Raises ValueError."""
    packed = b85decode(text)
    if len(packed) != _SIZE * len(titles):
        raise ValueError
    starts = range(0, len(packed), _SIZE)
    minutes = (int.from_bytes(packed[start : start + _SIZE]) for start in starts)
    pairs = zip(titles, minutes, strict=True)
    return {title: _BEGIN + each * _MINUTE for title, each in pairs if each}
