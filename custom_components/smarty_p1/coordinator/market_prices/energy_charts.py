"""Client of Energy-Charts, which publishes the day-ahead prices of price zones.

The prices of DE-LU, the zone of Luxembourg, come from Bundesnetzagentur | SMARD.de, licence CC BY
4.0. The request tells Energy-Charts a zone and a month, and nothing of a household.
"""

import json
from datetime import datetime
from http import HTTPStatus

from aiohttp import ClientError, ClientTimeout
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from ...lib.bounds import bounded_body
from ...lib.history.luxembourg_time import DAY, month_end
from ...lib.prices.market_price_series import QuarterPrice
from ...lib.prices.zone_price_response import ZONE, zone_prices

BASE_URL = "https://api.energy-charts.info/price"
MAX_SIZE = 500_000
"""Maximum size of a response in bytes. A month of quarter-hours has about 60 KB."""
TIMEOUT_S = 20.0


class DownloadError(Exception):
    """Error for prices that could not be downloaded."""


async def async_month_of_prices(hass: HomeAssistant, start: datetime) -> list[QuarterPrice]:
    """Return the prices of the month that begins at `start`, in Luxembourg's time.

    Raises DownloadError.
    """
    end = month_end(start)
    days = {"start": f"{start:%Y-%m-%d}", "end": f"{end - DAY:%Y-%m-%d}"}
    try:
        async with async_get_clientsession(hass).get(
            BASE_URL,
            params={"bzn": ZONE, **days},
            timeout=ClientTimeout(total=TIMEOUT_S),
            allow_redirects=False,
        ) as answer:
            if answer.status != HTTPStatus.OK:
                raise DownloadError
            body = await bounded_body(answer.content.iter_any(), MAX_SIZE)
    except ClientError, OSError, TimeoutError:
        raise DownloadError from None
    if body is None:
        raise DownloadError
    return await hass.async_add_executor_job(_read, body, start, end)


def _read(body: bytes, start: datetime, end: datetime) -> list[QuarterPrice]:
    try:
        prices = [*zone_prices(json.loads(body), start, end)]
    except ValueError, RecursionError:
        raise DownloadError from None
    if not prices:
        raise DownloadError
    return prices
