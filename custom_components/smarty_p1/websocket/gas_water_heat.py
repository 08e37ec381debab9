"""Command that returns the consumption of gas, water and heat meters, and the costs of gas."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Literal, TypedDict

from homeassistant.util import dt as dt_util

from ..coordinator.entered_gas_prices import counts_gas_in_m3, gas_prices, kwh_per_m3
from ..coordinator.meter_coordinator import MeterCoordinator
from ..coordinator.stored.gas_water_heat_history import KEPT_DAYS, KEPT_HOURS, MediumHistory, Sum
from ..coordinator.stored.meter_history import LENEDA_GAS
from ..lib.answers.gas_costs import gas_meter_costs
from ..lib.history.luxembourg_time import DAY, HOUR, day_end, day_start, local_day
from ..lib.json_types import JsonDict, JsonMapping
from ..lib.prices.gas_prices import DatedGasPrices
from .requests import Request, async_rendered, meter_command
from .shared_answer_types import CalendarDay, CalendarMonth, Time

_A_WHOLE_HOUR = 3599.0


class MediumDaysAnswer(TypedDict):
    """Value of each day from `start` on."""

    start: CalendarDay
    amounts: list[float | None]
    known: list[float]
    """Known share (0 to 1) of each day."""


class GasMonthAnswer(TypedDict):
    """Costs of gas in EUR with VAT, from day `first` to day `last` of a month.

    A day is whole if nine tenths of it are known.
    """

    month: CalendarMonth
    first: int
    last: int
    missing_days: int
    """Unknown days between `first` and `last`."""
    m3: float
    used: float
    fixed: float
    """Part of the monthly price for these days."""
    total: float
    days: MediumDaysAnswer
    """Cost of each day of the month."""


class GasCostsAnswer(TypedDict):
    """Costs of gas at the entered prices."""

    per_m3: float
    per_month: float
    month: GasMonthAnswer | None
    """Current month; the month before until the current month has a whole day."""
    year_ago: GasMonthAnswer | None
    """The same days a year ago at the same prices."""


class LitresAnswer(TypedDict):
    """Water of each hour."""

    start: Time
    step: Literal[3600]
    unit: Literal["L"]
    values: list[int | None]


class MediumHistoryAnswer(TypedDict):
    """History of an M-Bus meter."""

    meter: str
    type: str
    unit: str | None
    kwh_per_m3: float | None
    index: float | None
    time: Time | None
    days: MediumDaysAnswer | None
    """Consumption of at most 400 days, in `unit`."""
    costs: GasCostsAnswer | None
    """Costs of a gas meter in m³ with a price; null for other meters."""
    hours: LitresAnswer | None
    """The last 35 days; null for meters other than water meters."""


class MediaAnswer(TypedDict):
    """History of all M-Bus meters."""

    media: list[MediumHistoryAnswer]


@meter_command("media")
async def answer_media(coordinator: MeterCoordinator, _msg: Request) -> bytes:
    """Return the daily consumption of the M-Bus meters in the last 400 days.

    For water, add the hourly consumption of the last 35 days.
    """
    media = {name: medium.copy() for name, medium in coordinator.records.history.media.items()}
    options, now = coordinator.config_entry.options, dt_util.utcnow()
    return await async_rendered(coordinator.hass, _report, media, options, now)


def _report(media: Mapping[str, MediumHistory], options: JsonMapping, now: datetime) -> JsonDict:
    prices = gas_prices(options)
    meters = [
        {
            "meter": identity,
            "type": medium.kind,
            "unit": medium.unit,
            "kwh_per_m3": kwh_per_m3(options, medium.kind, medium.unit, medium.kwh_per_m3),
            "index": medium.index if medium.time and identity != LENEDA_GAS else None,
            "time": medium.time,
            "days": _days(medium.days),
            "hours": _hours(medium.hours, now) if medium.is_water else None,
            "costs": prices and _costs(medium, media.values(), prices, now),
        }
        for identity, medium in media.items()
    ]
    return {"media": meters}


def _costs(
    medium: MediumHistory, media: Iterable[MediumHistory], prices: DatedGasPrices, now: datetime
) -> JsonDict | None:
    """Return the costs of a gas meter. Return None for other meters, and without prices today."""
    today = local_day(now)
    if not counts_gas_in_m3(medium.kind, medium.unit) or not prices.on(today):
        return None
    meters = [meter for meter in media if counts_gas_in_m3(meter.kind, meter.unit)]
    return gas_meter_costs(medium, meters, prices, now)


def _days(sums: Mapping[datetime, Sum]) -> JsonDict | None:
    """Return the consumption of each day, and the share (0 to 1) of the day that is known.

    Return None if no day is known.
    """
    if not sums:
        return None
    last = max(sums)
    start = max(min(sums), day_start(last - (KEPT_DAYS - 1) * DAY))
    amounts: list[float | None] = []
    shares: list[float] = []
    day = start
    while day <= last and len(amounts) < KEPT_DAYS:
        total = sums.get(day)
        length = (day_end(day) - day).total_seconds()
        amounts.append(total.amount if total else None)
        shares.append(min(1.0, round(total.seconds / length, 3)) if total else 0.0)
        day = day_end(day)
    first = local_day(start)
    return {"start": first, "amounts": amounts, "known": shares}


def _hours(sums: Mapping[datetime, Sum], now: datetime) -> JsonDict | None:
    """Return the litres of each hour from the first to the last known hour.

    Return None if no hour is known.
    """
    oldest = now - KEPT_HOURS * HOUR
    totals = {start: total for start, total in sums.items() if start >= oldest}
    if not totals:
        return None
    start, last = min(totals), max(totals)
    hours = [start + n * HOUR for n in range((last - start) // HOUR + 1)][:KEPT_HOURS]
    return {
        "start": start.astimezone(UTC),
        "step": 3600,
        "unit": "L",
        "values": [_litres(totals.get(hour)) for hour in hours],
    }


def _litres(hour: Sum | None) -> int | None:
    return None if hour is None or hour.seconds < _A_WHOLE_HOUR else round(hour.amount * 1000)
