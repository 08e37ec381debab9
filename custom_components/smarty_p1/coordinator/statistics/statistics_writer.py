"""Writer of a meter's statistics of some kinds. It notices changes by other programs."""

from collections.abc import Callable, Mapping, Sequence

from homeassistant.core import HomeAssistant

from ...lib.history.spans import TimeRange
from ..entry_types import AnyConfigEntry
from .hourly_statistics import Hours, Series, WritePlan, async_newest, async_write, hour_ranges
from .statistic_ids import StatisticKind, async_statistic_names, statistic_id, statistics_key

type Kinds = tuple[StatisticKind, ...]


class StatisticsWriter:
    """Writer of the hourly amounts of one meter.

    A user can clear, adjust or import statistics. Then all rows must be compared again. So the
    writer keeps the labels and newest rows of the statistics, as its last write has left them.
    """

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._newest_written: Mapping[str, object] | None = None

    async def async_are_changed(self, kinds: Kinds) -> bool:
        """Return whether another program has changed the statistics since the last write."""
        return (
            self._newest_written is not None
            and self._newest_written != await self._async_newest(kinds)
        )

    async def async_write(
        self,
        kinds: Kinds,
        amounts: Mapping[str, Hours],
        periods: Sequence[TimeRange] | None = None,
        is_expected: Callable[[StatisticKind], bool] = lambda _: False,
    ) -> list[WritePlan]:
        """Make the rows of the periods equal to `amounts`, which has the hours of each kind.

        Without periods, rows of other hours stay. `is_expected` returns whether a statistic is
        created even if it has no hour yet. Return the changes of each kind.
        """
        key = statistics_key(self._entry)
        names = await async_statistic_names(self._hass, self._entry)
        written = []
        for kind in kinds:
            hours = amounts[kind]
            series = Series(
                statistic_id(key, kind),
                names[kind],
                kind.unit,
                kind.unit_class,
                hours,
                hour_ranges([*hours]) if periods is None else periods,
                is_expected=is_expected(kind),
            )
            written.append(await async_write(self._hass, series))
        # Read the rows back, so that `async_are_changed` compares with them.
        self._newest_written = await self._async_newest(kinds)
        return written

    async def _async_newest(self, kinds: Kinds) -> Mapping[str, object]:
        key = statistics_key(self._entry)
        return await async_newest(self._hass, [statistic_id(key, kind) for kind in kinds])
