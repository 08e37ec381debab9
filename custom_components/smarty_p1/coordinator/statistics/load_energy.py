"""Measured energy of loads, from Home Assistant's statistics of their power or energy entities."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from homeassistant.components.recorder.statistics import (
    StatisticsRow,
    get_metadata,
    statistics_during_period,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance

from ...lib.history.luxembourg_time import quarter_start
from ...lib.plan.usual_house import LoadEnergy
from ..garbage_collection import without_collection
from .hourly_statistics import RECORDER

_UNITS = {"energy": "kWh", "power": "kW"}
_ROWS_OF_A_QUARTER = 3
# The recorder keeps five minutes for ten days, unless the user keeps more. More would be much work.
_FINE_TIME = timedelta(days=10)


@dataclass(eq=False)
class NoLoadStatisticError(Exception):
    """Error for an entity without long-term statistics of power or energy."""

    entity_id: str


async def async_load_energies(
    hass: HomeAssistant, ids: Sequence[str], start: datetime, end: datetime
) -> list[LoadEnergy]:
    """Return the energy of each load in a period. Raises NoLoadStatisticError."""
    if not ids:
        return []
    if RECORDER not in hass.config.components:
        raise NoLoadStatisticError(ids[0])
    return await get_instance(hass).async_add_executor_job(_read, hass, ids, start, end)


@without_collection
def _read(
    hass: HomeAssistant, ids: Sequence[str], start: datetime, end: datetime
) -> list[LoadEnergy]:
    wanted = {*ids}
    known = get_metadata(hass, statistic_ids=wanted)
    for entity_id in ids:
        if entity_id not in known or known[entity_id][1]["unit_class"] not in _UNITS:
            raise NoLoadStatisticError(entity_id)
    fine = max(start, end - _FINE_TIME)
    hours = statistics_during_period(hass, start, end, wanted, "hour", _UNITS, {"change", "mean"})
    minutes = statistics_during_period(
        hass, fine, end, wanted, "5minute", _UNITS, {"change", "mean"}
    )
    return [
        LoadEnergy(
            {
                _start(row): kwh
                for row in hours.get(name, [])
                if (kwh := _kwh(row, 1.0)) is not None
            },
            energy_by_quarter(minutes.get(name, [])),
        )
        for name in ids
    ]


def energy_by_quarter(rows: Sequence[StatisticsRow]) -> dict[datetime, float]:
    """Return the energy of each quarter-hour that has all its rows of five minutes."""
    of_quarters: dict[datetime, list[float]] = {}
    for row in rows:
        kwh = _kwh(row, 1 / 12)
        if kwh is not None:
            of_quarters.setdefault(quarter_start(_start(row)), []).append(kwh)
    return {
        start: sum(kwhs) for start, kwhs in of_quarters.items() if len(kwhs) == _ROWS_OF_A_QUARTER
    }


def _kwh(row: StatisticsRow, hours: float) -> float | None:
    """Return the energy of a row in kWh. A row of power has its mean power for `hours`."""
    change, mean = row.get("change"), row.get("mean")
    if change is not None:
        return change
    return None if mean is None else mean * hours


def _start(row: StatisticsRow) -> datetime:
    return datetime.fromtimestamp(row["start"], UTC)
