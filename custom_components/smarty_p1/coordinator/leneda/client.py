"""Client of Leneda, the national platform. A request gets the time series of one OBIS code."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import NamedTuple

from aiohttp import ClientError, ClientTimeout
from homeassistant.const import CONF_API_KEY
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from yarl import URL

from ...const import CONF_CONSUMPTION_POINT, CONF_ENERGY_ID, CONF_PRODUCTION_POINT
from ...lib.bounds import bounded_body
from ...lib.leneda.api_response import AnswerRefusal, ResponseError
from ...lib.leneda.series_codes import CODES, COVERED, REGISTERS, SHARED, Quantity, is_of_production

IMPORTED = CODES[Quantity.IMPORTED]
EXPORTED = CODES[Quantity.EXPORTED]
REMAINING = CODES[Quantity.REMAINING]
SOLD = CODES[Quantity.SOLD]
MEASURED = tuple(code for code in REGISTERS if code.startswith("1-1:"))
LAYERS: Mapping[str, str] = {
    **{CODES[quantity]: REMAINING for quantity in COVERED},
    **{CODES[quantity]: SOLD for quantity in SHARED},
}
"""OBIS code of each kind of shared energy, mapped to the code of the energy that is not shared."""

type Account = Mapping[str, str]
"""Options of a Leneda account: its API key, energy id and metering points. {} without one."""

type Points = Mapping[str, str]
"""Metering point of each OBIS code."""


def points_of(account: Account) -> dict[str, str]:
    """Return the metering point of each OBIS code to request, {} without an account.

    The codes of shared energy come last.
    """
    if not account:
        return {}
    consumption = account[CONF_CONSUMPTION_POINT]
    production = account.get(CONF_PRODUCTION_POINT) or consumption
    return {
        code: production if is_of_production(code) else consumption
        for code in (*MEASURED, REMAINING, SOLD, *LAYERS)
    }


BASE_URL = "https://api.leneda.eu/api"
MAX_PERIOD = timedelta(days=30)
"""Maximum period of a request. The response for 30 days has about 330 KB."""
MAX_SIZE = 4_000_000
TIMEOUT_S = 60.0


class Refusal(StrEnum):
    """Reason why the platform returns no time series, as the translation key of an error."""

    INVALID_AUTH = "leneda_invalid_auth"
    FORBIDDEN = "leneda_forbidden"
    """The platform may refuse requests from abroad, so the key may still be valid."""
    NOT_FOUND = "leneda_not_found"
    UNKNOWN_POINT = "leneda_unknown_point"
    """The platform does not know the metering point, or the key may not read this OBIS code."""
    TOO_MANY = "leneda_too_many"
    SERVER = "leneda_server"
    UNREACHABLE = "leneda_unreachable"
    TOO_SLOW = "leneda_too_slow"
    TOO_LARGE = "leneda_answer_too_large"
    NOT_UNDERSTOOD = "leneda_not_understood"


_BY_STATUS: Mapping[int, Refusal] = {
    HTTPStatus.UNAUTHORIZED: Refusal.INVALID_AUTH,
    HTTPStatus.FORBIDDEN: Refusal.FORBIDDEN,
    HTTPStatus.NOT_FOUND: Refusal.NOT_FOUND,
    HTTPStatus.TOO_MANY_REQUESTS: Refusal.TOO_MANY,
}


NO_SERIES = {Refusal.NOT_FOUND, Refusal.UNKNOWN_POINT}
"""Refusals of a request for a metering point or code that Leneda does not have."""


@dataclass(eq=False)
class LenedaError(Exception):
    """Error if the platform returns no time series. The text contains no private data."""

    reason: Refusal


type SeriesReader[T] = Callable[[object, str, datetime, datetime], T]
"""Function that reads the decoded JSON for a code and a period. It raises ResponseError."""


class SeriesRequest(NamedTuple):
    """Request for the values of an OBIS code at a metering point, from `start` to `end`."""

    point: str
    code: str
    start: datetime
    end: datetime


async def async_series[T](
    hass: HomeAssistant,
    account: Account,
    request: SeriesRequest,
    read: SeriesReader[T],
) -> T:
    """Request a time series, and return the result of `read` for the response.

    `account` has the API key and the energy id of a user of the platform. `read` takes the decoded
    JSON, the code, and the start and the end of the period. Raises LenedaError.
    """
    body = await _async_body(hass, account, request)
    return await hass.async_add_executor_job(_read, body, request, read)


async def _async_body(hass: HomeAssistant, account: Account, request: SeriesRequest) -> bytes:
    point, code, start, end = request
    names = {"startDateTime": start, "endDateTime": end}
    query = {name: f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for name, at in names.items()}
    try:
        async with async_get_clientsession(hass).get(
            URL(BASE_URL) / "metering-points" / point / "time-series",
            params={**query, "obisCode": code},
            headers={"X-API-KEY": account[CONF_API_KEY], "X-ENERGY-ID": account[CONF_ENERGY_ID]},
            timeout=ClientTimeout(total=TIMEOUT_S),
            allow_redirects=False,  # because a redirect would send the key to another host
        ) as answer:
            if answer.status != HTTPStatus.OK:
                is_server = answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
                refusal = Refusal.SERVER if is_server else Refusal.NOT_UNDERSTOOD
                raise LenedaError(_BY_STATUS.get(answer.status, refusal))
            body = await bounded_body(answer.content.iter_any(), MAX_SIZE)
    except TimeoutError:
        raise LenedaError(Refusal.TOO_SLOW) from None
    except ClientError, OSError:  # drop the cause: its text may contain the metering point's URL
        raise LenedaError(Refusal.UNREACHABLE) from None
    if body is None:
        raise LenedaError(Refusal.TOO_LARGE)
    return body


def _read[T](body: bytes, request: SeriesRequest, read: SeriesReader[T]) -> T:
    try:
        return read(json.loads(body), request.code, request.start, request.end)
    except ValueError, RecursionError:
        raise LenedaError(Refusal.NOT_UNDERSTOOD) from None
    except ResponseError as err:
        is_unknown = err.reason is AnswerRefusal.UNKNOWN_POINT
        raise LenedaError(Refusal.UNKNOWN_POINT if is_unknown else Refusal.NOT_UNDERSTOOD) from None
