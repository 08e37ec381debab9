"""Form of the Leneda account: its fields, and a test request to Leneda, the national platform."""

import re
from collections.abc import Mapping
from datetime import timedelta

import voluptuous as vol
from homeassistant.const import CONF_API_KEY, CONF_BASE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig, TextSelectorType
from homeassistant.util import dt as dt_util
from probatio import Secret

from ...const import (
    CONF_CONSUMPTION_POINT,
    CONF_ENERGY_ID,
    CONF_GAS_POINT,
    CONF_PRODUCTION_POINT,
    KIND_LENEDA,
    SECTION_LENEDA,
)
from ...coordinator import kind_of
from ...coordinator.entry_types import AnyConfigEntry
from ...coordinator.leneda.client import (
    EXPORTED,
    IMPORTED,
    NO_SERIES,
    Account,
    LenedaError,
    Refusal,
    SeriesReader,
    SeriesRequest,
    async_series,
)
from ...lib.history.luxembourg_time import QUARTER_HOUR, day_start
from ...lib.leneda.api_response import read_time_series
from ...lib.leneda.gas_response import STANDARD_VOLUME, read_gas_series
from ...lib.leneda.measured_and_estimated_rows import LenedaRow
from ...lib.leneda.series_codes import POINT
from ...lib.port.address_masking import MASK
from ...user_requests.request_fields import SchemaFields
from ..form_errors import FieldError, FormErrors
from .options_page import section_page

_KEY = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off"))
_TEXT = TextSelector(TextSelectorConfig(autocomplete="off"))
# The API key and the energy id are sent in HTTP headers, so all characters must be printable ASCII.
_HEADER_VALUE = re.compile(r"[!-~]{1,256}")
_OPTIONAL = (CONF_PRODUCTION_POINT, CONF_GAS_POINT)
_POINTS = (CONF_CONSUMPTION_POINT, *_OPTIONAL)
# Pattern of each field, and the error of a text that does not match.
_KEY_FORMS = {
    CONF_API_KEY: (_HEADER_VALUE, "leneda_key_malformed"),
    CONF_ENERGY_ID: (_HEADER_VALUE, "leneda_energy_id_malformed"),
}
_FORMS = _KEY_FORMS | dict.fromkeys(_POINTS, (POINT, "leneda_point_malformed"))
# Number of days to request when a meter is added. The dialog shows the newest day that Leneda has.
_SHOWN_DAYS = 7


def api_key_fields() -> SchemaFields:
    """Return the fields for the API key and the energy id."""
    return {vol.Optional(Secret(CONF_API_KEY)): _KEY, vol.Optional(CONF_ENERGY_ID): _TEXT}


def account_fields() -> SchemaFields:
    """Return the fields for the API key, the energy id and the metering points."""
    return api_key_fields() | {vol.Optional(point): _TEXT for point in _POINTS}


def _shown(stored: Account) -> dict[str, str]:
    return {**stored, CONF_API_KEY: MASK} if stored else {}


async def _async_read(
    hass: HomeAssistant, entry: AnyConfigEntry, typed: Account, errors: FormErrors
) -> dict[str, str]:
    """Return the account to store, after Leneda has accepted it. Return {} without an API key.

    The id of a meter that is not read by cable is the code of its metering point. Such a meter
    needs an account with this code. Raises FieldError if a value is wrong, or if Leneda refuses the
    account.
    """
    account, is_needed = _without_spaces(typed), kind_of(entry) == KIND_LENEDA
    if account.get(CONF_API_KEY) == MASK:
        account[CONF_API_KEY] = entry.options.get(SECTION_LENEDA, {}).get(CONF_API_KEY, "")
    if not account.get(CONF_API_KEY):
        if is_needed:
            raise FieldError(CONF_API_KEY, "leneda_key_needed")
        return {}
    _check(account, errors, _FORMS)
    if is_needed and account.get(CONF_CONSUMPTION_POINT) != entry.unique_id:
        errors.refuse(CONF_CONSUMPTION_POINT, "leneda_other_meter")
    await _async_try_all(hass, account, errors)
    return {name: text for name, text in account.items() if text}


async def async_read_new_account(
    hass: HomeAssistant, typed: Account, errors: FormErrors
) -> tuple[dict[str, str], tuple[LenedaRow, ...]]:
    """Return the account of a new meter, and the meter's consumption of the last _SHOWN_DAYS days.

    The consumption is a tuple of quarter-hours, empty if Leneda has none. Raises FieldError if a
    value is malformed, or if Leneda refuses the account.
    """
    account = _without_spaces(typed)
    _check(account, errors, _FORMS)
    rows = await _async_try_all(hass, account, errors, days=_SHOWN_DAYS)
    return {name: text for name, text in account.items() if text}, rows


async def async_read_key(
    hass: HomeAssistant, stored: Account, typed: Account, errors: FormErrors
) -> dict[str, str]:
    """Return the stored account with a new API key, after Leneda has accepted the key.

    Raises FieldError if a value is malformed, or if Leneda refuses the account.
    """
    account = {**stored, CONF_API_KEY: "", **_without_spaces(typed)}
    _check(account, errors, _KEY_FORMS)
    await _async_try_all(hass, account, errors)
    return account


def _check(
    account: Account,
    errors: FormErrors,
    forms: Mapping[str, tuple[re.Pattern[str], str]],
) -> None:
    """Add an error for each malformed value."""
    for field, (pattern, error) in forms.items():
        text = account.get(field, "")
        if (text or field not in _OPTIONAL) and not pattern.fullmatch(text):
            errors.refuse(field, error)


async def _async_try_all(
    hass: HomeAssistant, account: Account, errors: FormErrors, days: int = 1
) -> tuple[LenedaRow, ...]:
    """Check an account by requesting the series of its metering points.

    Return the quarter-hours of the consumption in the last `days` days. Raises FieldError if a
    value is malformed, or if Leneda refuses the account.
    """
    errors.check()
    rows = await _async_try(hass, account, CONF_CONSUMPTION_POINT, IMPORTED, read_time_series, days)
    if account.get(CONF_PRODUCTION_POINT):
        await _async_try(hass, account, CONF_PRODUCTION_POINT, EXPORTED, read_time_series)
    if account.get(CONF_GAS_POINT):
        await _async_try(hass, account, CONF_GAS_POINT, STANDARD_VOLUME, read_gas_series)
    return rows


async def _async_try[T](  # noqa: PLR0913, PLR0917 - the parts of a request
    hass: HomeAssistant,
    account: Account,
    field: str,
    code: str,
    read: SeriesReader[T],
    days: int = 1,
) -> T:
    """Return the series of a metering point in the last `days` days.

    The series is empty if Leneda has no values. Raises FieldError if Leneda refuses the request.
    """
    end = day_start(dt_util.utcnow())
    start = day_start(end - QUARTER_HOUR)
    if days > 1:
        start = day_start(end - timedelta(days=days))
    try:
        request = SeriesRequest(account[field], code, start, end)
        return await async_series(hass, account, request, read)
    except LenedaError as err:
        if err.reason is Refusal.INVALID_AUTH:
            field = CONF_API_KEY
        elif err.reason not in NO_SERIES:
            field = CONF_BASE
        raise FieldError(field, err.reason) from None


def _without_spaces(typed: Account) -> dict[str, str]:
    return {name: "".join(text.split()) for name, text in typed.items()}


LENEDA_ACCOUNT = section_page(
    SECTION_LENEDA, lambda _hass, _entry: account_fields(), _async_read, _shown, "leneda_account"
)
