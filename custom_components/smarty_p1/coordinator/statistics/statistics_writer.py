"""Writer of a meter's statistics of some kinds. It notices changes by other programs."""

from collections.abc import Callable, Mapping, Sequence

from homeassistant.core import HomeAssistant

from ...lib.history.spans import TimeRange
from ..entry_types import AnyConfigEntry
from .hourly_statistics import Hours, Newest, Series, WritePlan, async_write, hour_ranges
from .statistic_ids import StatisticKind, async_statistic_names, statistic_id, statistics_key

type Kinds = tuple[StatisticKind, ...]


class StatisticsWriter:
    """Writer of the hourly amounts of one meter.

    A user can clear, adjust or import statistics. Then all rows must be compared again. So the
    writer keeps the newest rows of the statistics, as its last write must have left them.
    """

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._newest: Newest = {}

    async def async_write(
        self,
        kinds: Kinds,
        amounts: Mapping[str, Hours],
        periods: Sequence[TimeRange] | None = None,
        is_expected: Callable[[StatisticKind], bool] = lambda _: False,
        *,
        continues: bool = False,
    ) -> list[WritePlan]:
        """Make the rows of the periods equal to `amounts`, which has the hours of each kind.

        Without periods, rows of other hours stay. `is_expected` returns whether a statistic is
        created even if it has no hour yet. Return the changes of each kind. Raises RowsChangedError
        if a write `continues` the last one, but another program has changed the newest rows since.
        """
        names = await async_statistic_names(self._hass, self._entry)
        series = [
            Series(
                statistic_id(statistics_key(self._entry), kind),
                names[kind],
                kind.unit,
                kind.unit_class,
                amounts[kind],
                hour_ranges([*amounts[kind]]) if periods is None else periods,
                is_expected=is_expected(kind),
            )
            for kind in kinds
        ]
        if continues:
            written = await async_write(self._hass, series, self._newest)
        else:
            # One statistic after the other, because each may have rows of years.
            written = [plan for one in series for plan in await async_write(self._hass, [one])]
        self._newest = {
            of.statistic_id: plan.newest for of, plan in zip(series, written, strict=True)
        }
        return written
