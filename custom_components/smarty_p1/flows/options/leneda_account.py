"""Form of the Leneda account: its fields, and a test request to Leneda, the national platform."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import voluptuous as vol
from homeassistant.const import CONF_API_KEY, CONF_BASE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig, TextSelectorType
from homeassistant.util import dt as dt_util
from probatio import Secret

from ...const import CONF_CONSUMPTION_POINT, CONF_ENERGY_ID, CONF_GAS_POINT, CONF_PRODUCTION_POINT
from ...coordinator.leneda.client import (
    EXPORTED,
    IMPORTED,
    NO_SERIES,
    Credentials,
    LenedaError,
    Refusal,
    SeriesReader,
    SeriesRequest,
    async_series,
)
from ...lib.history.calendar import QUARTER_HOUR, day_start
from ...lib.leneda.api_response import read_time_series
from ...lib.leneda.gas_response import STANDARD_VOLUME, read_gas_series
from ...lib.leneda.measured_and_estimated_rows import LenedaRow
from ...lib.leneda.series_codes import POINT
from ...lib.port.address_masking import MASK
from ..form_errors import FieldError

_KEY = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off"))
_TEXT = TextSelector(TextSelectorConfig(autocomplete="off"))
# The API key and the energy id are sent in HTTP headers, so all characters must be printable ASCII.
_HEADER_VALUE = re.compile(r"[!-~]{1,256}")
# Number of days to request when a meter is added. The dialog shows the newest day that Leneda has.
_SHOWN_DAYS = 7


def key_fields() -> dict[vol.Marker, Any]:
    """Return the fields for the API key and the energy id."""
    return {vol.Optional(Secret(CONF_API_KEY)): _KEY, vol.Optional(CONF_ENERGY_ID): _TEXT}


def account_fields() -> dict[vol.Marker, Any]:
    """Return the fields for the API key, the energy id and the metering points."""
    points = (CONF_CONSUMPTION_POINT, CONF_PRODUCTION_POINT, CONF_GAS_POINT)
    return key_fields() | {vol.Optional(point): _TEXT for point in points}


def shown_account(stored: Mapping[str, str]) -> dict[str, str]:
    """Return the stored account as the form shows it, with the API key masked."""
    return {**stored, CONF_API_KEY: MASK} if stored else {}


async def async_read_account(
    hass: HomeAssistant, stored: Mapping[str, str], typed: Mapping[str, str]
) -> dict[str, str]:
    """Return the account to store, after Leneda has accepted it.

    Return {} if no API key was entered. Raises FieldError if a value is malformed, or if Leneda
    refuses the account.
    """
    account = _without_spaces(typed)
    if account.get(CONF_API_KEY) == MASK:
        account[CONF_API_KEY] = stored.get(CONF_API_KEY, "")
    if not account.get(CONF_API_KEY):
        return {}
    await _async_try_all(hass, account)
    return {name: text for name, text in account.items() if text}


async def async_read_new_account(
    hass: HomeAssistant, typed: Mapping[str, str]
) -> tuple[dict[str, str], tuple[LenedaRow, ...]]:
    """Return the account of a new meter, and the meter's consumption of the last _SHOWN_DAYS days.

    The consumption is a tuple of quarter-hours, empty if Leneda has none. Raises FieldError if a
    value is malformed, or if Leneda refuses the account.
    """
    account = _without_spaces(typed)
    rows = await _async_try_all(hass, account, days=_SHOWN_DAYS)
    return {name: text for name, text in account.items() if text}, rows


async def async_read_key(
    hass: HomeAssistant, stored: Mapping[str, str], typed: Mapping[str, str]
) -> dict[str, str]:
    """Return the stored account with a new API key, after Leneda has accepted the key.

    Raises FieldError if a value is malformed, or if Leneda refuses the account.
    """
    account = {**stored, CONF_API_KEY: "", **_without_spaces(typed)}
    await _async_try_all(hass, account)
    return account


def check_of_meter(account: Mapping[str, str], meter_id: str) -> None:
    """Raise FieldError unless `account` has the metering point of the meter `meter_id`.

    The meter is not read by cable, so its serial number is unknown. Its id is the code of its
    metering point of consumption instead.
    """
    if not account:
        raise FieldError(CONF_API_KEY, "leneda_key_needed")
    if account[CONF_CONSUMPTION_POINT] != meter_id:
        raise FieldError(CONF_CONSUMPTION_POINT, "leneda_other_meter")


async def _async_try_all(
    hass: HomeAssistant, account: Mapping[str, str], days: int = 1
) -> tuple[LenedaRow, ...]:
    """Check an account by requesting the series of its metering points.

    Return the quarter-hours of the consumption in the last `days` days. Raises FieldError if a
    value is malformed, or if Leneda refuses the account.
    """
    _check(CONF_API_KEY, account, _HEADER_VALUE, "leneda_key_malformed")
    _check(CONF_ENERGY_ID, account, _HEADER_VALUE, "leneda_energy_id_malformed")
    _check(CONF_CONSUMPTION_POINT, account, POINT, "leneda_point_malformed")
    has_production = bool(account.get(CONF_PRODUCTION_POINT))
    if has_production:
        _check(CONF_PRODUCTION_POINT, account, POINT, "leneda_point_malformed")
    has_gas = bool(account.get(CONF_GAS_POINT))
    if has_gas:
        _check(CONF_GAS_POINT, account, POINT, "leneda_point_malformed")
    series = await _async_try(
        hass, account, CONF_CONSUMPTION_POINT, IMPORTED, read_time_series, days
    )
    if has_production:
        await _async_try(hass, account, CONF_PRODUCTION_POINT, EXPORTED, read_time_series)
    if has_gas:
        await _async_try(hass, account, CONF_GAS_POINT, STANDARD_VOLUME, read_gas_series)
    return series.rows


async def _async_try[T](  # noqa: PLR0913, PLR0917 - the parts of a request
    hass: HomeAssistant,
    account: Mapping[str, str],
    field: str,
    code: str,
    read: SeriesReader[T],
    days: int = 1,
) -> T:
    """Return the series of a metering point in the last `days` days.

    The series is empty if Leneda has no values. Raises FieldError if Leneda refuses the request.
    """
    credentials = Credentials(account[CONF_API_KEY], account[CONF_ENERGY_ID])
    end = day_start(dt_util.utcnow())
    start = day_start(end - QUARTER_HOUR)
    if days > 1:
        start = day_start(end - timedelta(days=days))
    try:
        request = SeriesRequest(account[field], code, start, end)
        return await async_series(hass, credentials, request, read)
    except LenedaError as err:
        if err.reason is Refusal.INVALID_AUTH:
            field = CONF_API_KEY
        elif err.reason not in NO_SERIES:
            field = CONF_BASE
        raise FieldError(field, err.reason) from None


def _without_spaces(typed: Mapping[str, str]) -> dict[str, str]:
    return {name: "".join(text.split()) for name, text in typed.items()}


def _check(field: str, account: Mapping[str, str], pattern: re.Pattern[str], error: str) -> None:
    if not pattern.fullmatch(account.get(field, "")):
        raise FieldError(field, error)
