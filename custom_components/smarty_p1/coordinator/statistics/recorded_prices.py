"""Prices in Home Assistant's recorder: the states of a price entity, and its hourly statistics.

They fill the quarter-hours that were not measured, for example while Home Assistant was stopped.
Nothing else asks the recorder for prices.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from homeassistant.components.recorder.history import state_changes_during_period
from homeassistant.components.recorder.statistics import get_metadata, statistics_during_period
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance

from ...lib.history.luxembourg_time import QUARTER_HOUR, hour_start, quarter_start
from ...lib.prices.market_price_series import PriceOrigin, QuarterPrice, is_price
from ...lib.prices.running_price import RunningPrice
from ..garbage_collection import without_collection
from ..market_prices.price_entities import factor_of, price_of
from .hourly_statistics import RECORDER

# While Home Assistant was stopped, a state seems to last. So an older state counts as unknown.
_MAX_AGE = timedelta(hours=2, minutes=10)
_QUARTERS = 4


def kept_time(hass: HomeAssistant) -> timedelta:
    """Return the time for which the recorder keeps states, 0 without a recorder."""
    if RECORDER not in hass.config.components:
        return timedelta()
    return timedelta(days=min(31, get_instance(hass).keep_days))


async def async_recorded_prices(
    hass: HomeAssistant, entity_id: str, start: datetime, end: datetime
) -> list[QuarterPrice]:
    """Return the prices of a period from an entity's states. `start` begins a quarter-hour.

    The period must be short: a state of an entity may have the prices of two days.
    """
    return await get_instance(hass).async_add_executor_job(
        _read_states, hass, entity_id, start, end
    )


@without_collection
def _read_states(
    hass: HomeAssistant, entity_id: str, start: datetime, end: datetime
) -> list[QuarterPrice]:
    # Home Assistant leaves out a state of exactly the start.
    begin = start - timedelta.resolution
    states = state_changes_during_period(hass, begin, end, entity_id).get(entity_id, [])
    reports = [(max(start, state.last_updated), price_of(state)) for state in states]
    return [*prices_of_reports(reports, start, end)]


def prices_of_reports(
    reports: Sequence[tuple[datetime, float | None]], start: datetime, end: datetime
) -> Iterator[QuarterPrice]:
    """Yield the price of each quarter-hour of a period from reports in the order of time."""
    running, left = RunningPrice(), [*reports]
    last: tuple[datetime, float | None] = (start, None)
    time = start
    while time <= end:
        is_old = time - last[0] > _MAX_AGE
        yield from running.report(time, None if is_old else last[1])
        time += QUARTER_HOUR
        while left and left[0][0] < time:
            last = left.pop(0)
            yield from running.report(*last)


async def async_hourly_prices(
    hass: HomeAssistant, entity_id: str, start: datetime, end: datetime
) -> list[QuarterPrice]:
    """Return the prices of a period from an entity's statistics, by their unit."""
    means = await _async_hours(hass, entity_id, start, end)
    return [price for hour, mean in means.items() for price in _of_hour(hour, mean)]


async def _async_hours(
    hass: HomeAssistant, entity_id: str | None, start: datetime, end: datetime
) -> dict[datetime, float]:
    """Return the mean prices of a period's hours, none without an entity or a recorder."""
    if entity_id is None or RECORDER not in hass.config.components:
        return {}
    return await get_instance(hass).async_add_executor_job(_read_hours, hass, entity_id, start, end)


@without_collection
def _read_hours(
    hass: HomeAssistant, entity_id: str, start: datetime, end: datetime
) -> dict[datetime, float]:
    metadata = get_metadata(hass, statistic_ids={entity_id}).get(entity_id)
    factor = metadata and factor_of(metadata[1][ATTR_UNIT_OF_MEASUREMENT])
    if not factor:
        return {}
    begin = hour_start(start.astimezone(UTC))
    rows = statistics_during_period(
        hass, begin, end.astimezone(UTC), {entity_id}, "hour", None, {"mean"}
    )
    return {
        datetime.fromtimestamp(row["start"], UTC): mean * factor
        for row in rows.get(entity_id, [])
        if (mean := row.get("mean")) is not None
    }


def _of_hour(hour: datetime, price: float | None) -> Iterator[QuarterPrice]:
    """Yield the mean price of an hour for each of its quarter-hours."""
    if price is None or not is_price(price):
        return
    start = quarter_start(hour)
    for n in range(_QUARTERS):
        yield QuarterPrice(start + n * QUARTER_HOUR, round(price, 9), PriceOrigin.HOURLY)
