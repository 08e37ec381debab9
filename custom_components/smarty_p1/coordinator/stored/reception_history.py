"""Gaps in the reception of telegrams in the last seven days, and the share of altered frames."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple, Self

from ...lib.bounds import keep_newest
from ...lib.data_retention import KEPT_RECEPTION
from ...lib.history.luxembourg_time import HOUR, hour_start, hours_between
from ...lib.stored_json import Size, dump, load
from ...lib.stored_values import Stored

# A longer time between two telegrams is a gap. A meter sends a telegram at least every ten seconds.
# Entities become unavailable after the same 60 s.
MAX_PAUSE = timedelta(seconds=60)
# Maximum number of gaps. If there are more, the oldest gap is forgotten. A gap every ten minutes
# for seven days would make 6 * 24 * 7 = 1,008 gaps.
_MAX_GAPS = 1000
# Number of hours for which frames are counted: 24 hours, and the current hour.
_COUNTED_HOURS = 25


class Gap(NamedTuple):
    """Time between two successive telegrams, if it is longer than MAX_PAUSE."""

    start: datetime
    end: datetime


class _HourFrames(NamedTuple):
    """Numbers of accepted and of altered frames in an hour of a stored file."""

    hour: datetime
    accepted: int
    altered: int


@dataclass(frozen=True)
class _Stored:
    """History in a stored file. Each gap is a text, so that it takes one line."""

    since: datetime | None
    last: datetime | None
    gaps: Annotated[list[str], Size(_MAX_GAPS)]
    frames: Annotated[list[_HourFrames], Size(_COUNTED_HOURS)] = field(
        default_factory=list[_HourFrames]
    )


class ReceptionHistory:
    """Gaps in the reception, sorted by time. Gaps before the time `since` are not known.

    It also counts accepted and altered frames by hour.
    """

    def __init__(self, since: datetime | None = None, last: datetime | None = None) -> None:
        self.since = since
        self.last = last
        """Time at which the last telegram was received, also before the restart."""
        self._gaps: list[Gap] = []
        # Numbers of accepted and of altered frames, keyed by the start of their hour.
        self._frames: dict[datetime, tuple[int, int]] = {}

    def note_telegram(self, time: datetime) -> None:
        """Record the time at which a telegram was received."""
        self._count(time, 1, 0)
        self._note_time(time)

    def _note_time(self, time: datetime) -> None:
        last = self.last
        self.last = time
        if last is None or self.since is None:
            self.since = time
        elif time < last:
            # The clock was put back. If it had been ahead, the gap of its leap ends in the future.
            self._gaps = [gap for gap in self._gaps if gap.end <= time]
            self.since = min(self.since, time)
        elif time - last > MAX_PAUSE:
            self._add_gap(Gap(last, time))

    def _add_gap(self, gap: Gap) -> None:
        self._gaps.append(gap)
        # Forget gaps by number, and not by age: the clock may be ahead.
        if len(self._gaps) > _MAX_GAPS:
            self.since = self._gaps.pop(0).end

    def join_newer(self, newer: Self) -> Self:
        """Add the times and frames of a history that began without this one. Return this one."""
        for hour, counts in newer._frames.items():
            self._count(hour, *counts)
        if newer.since is None:
            return self
        self._note_time(newer.since)
        for gap in newer._gaps:
            self._add_gap(gap)
        self.last = newer.last
        return self

    def note_altered(self, time: datetime) -> None:
        """Record the time at which a frame was received that was altered on the way."""
        self._count(time, 0, 1)

    def _count(self, time: datetime, accepted: int, altered: int) -> None:
        hour = hour_start(time)
        before = self._frames.get(hour, (0, 0))
        self._frames[hour] = before[0] + accepted, before[1] + altered
        keep_newest(self._frames, _COUNTED_HOURS)

    def altered_share(self, now: datetime) -> float | None:
        """Return the share of altered frames in the last 24 hours, from 0 to 1.

        Return None if no frame came.
        """
        since = now - _COUNTED_HOURS * HOUR
        counts = [counts for hour, counts in self._frames.items() if since < hour <= now]
        accepted, altered = (sum(numbers) for numbers in zip((0, 0), *counts, strict=True))
        return round(altered / (accepted + altered), 3) if accepted + altered else None

    def gaps(self, now: datetime) -> list[Gap]:
        """Return the gaps of the last seven days, including a gap that still lasts."""
        gaps = [gap for gap in self._gaps if gap.end > now - KEPT_RECEPTION]
        if self.last and now - self.last > MAX_PAUSE:
            gaps.append(Gap(self.last, now))
        return gaps

    def hours(self, now: datetime) -> tuple[datetime, list[float | None]]:
        """Return the start of the last 168 hours, and the share of reception in each hour.

        A share is from 0 to 1. It is the part of the hour that is not in a gap. The share of an
        hour before the first telegram is None. The share of the current hour covers only the time
        until now.
        """
        end = hour_start(now) + HOUR
        start = end - KEPT_RECEPTION
        since = max(start, self.since or now)
        missing = dict.fromkeys(hours_between(start, end), timedelta())
        for gap in self.gaps(now):
            begin, until = max(gap.start, since), min(gap.end, now)
            for hour in hours_between(hour_start(begin), until):
                part = min(hour + HOUR, until) - max(hour, begin)
                missing[hour] += max(part, timedelta())
        known = {hour: min(hour + HOUR, now) - max(hour, since) for hour in missing}
        return start, [
            round(1 - missing[hour] / time, 3) if time > timedelta() else None
            for hour, time in known.items()
        ]

    def as_dict(self) -> dict[str, Stored]:
        """Return the history as JSON values."""
        gaps = [" ".join(dump(gap)) for gap in self._gaps]
        frames = [_HourFrames(hour, *counts) for hour, counts in self._frames.items()]
        content: dict[str, Stored] = dump(_Stored(self.since, self.last, gaps, frames))
        return content

    @classmethod
    def from_dict(cls, stored: Stored) -> Self:
        """Return the history from the result of `as_dict`. Raises ValueError for malformed data."""
        data = load(_Stored, stored)
        history = cls(data.since, data.last)
        history._gaps = [load(Gap, text.split(" ")) for text in data.gaps]
        history._frames = {hour: (accepted, altered) for hour, accepted, altered in data.frames}
        return history
