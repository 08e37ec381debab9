"""Form fields of a meter's keys, and the check of the entered keys."""

from collections.abc import Container
from typing import Any

import voluptuous as vol
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from probatio import Secret

from ...const import (
    CONF_AUTHENTICATION_KEY,
    CONF_COUNTER_RESET,
    CONF_ENCRYPTION_KEY,
    CONF_REMOVE_KEY,
    CONF_VERIFY,
    CONF_WITHOUT_VERIFICATION,
    SECTION_ADVANCED,
)
from ...lib.json_types import JsonDict, JsonMapping
from ...lib.p1.keys import DEFAULT_AUTHENTICATION_KEY, KeyFormatError, parse_key
from ..form_errors import FormErrors

PUBLISHED_KEY = DEFAULT_AUTHENTICATION_KEY.hex().upper()

_PASSWORD = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off"))
# Field of the form and translation key of the error "malformed" for each key of a meter.
_MALFORMED = {
    CONF_ENCRYPTION_KEY: (CONF_ENCRYPTION_KEY, "key_malformed"),
    CONF_AUTHENTICATION_KEY: (SECTION_ADVANCED, "authentication_key_malformed"),
}


def key_fields(*, is_advanced_open: bool, choices: Container[str]) -> dict[Any, Any]:
    """Return the form fields of the keys.

    `choices` has the checkboxes to show: CONF_REMOVE_KEY, CONF_COUNTER_RESET and
    CONF_WITHOUT_VERIFICATION.
    """
    fields: dict[Any, Any] = {vol.Optional(Secret(CONF_ENCRYPTION_KEY)): _PASSWORD}
    for checkbox in (CONF_REMOVE_KEY, CONF_COUNTER_RESET):
        if checkbox in choices:
            fields[vol.Optional(checkbox, default=False)] = BooleanSelector()
    advanced: dict[Any, Any] = {vol.Optional(Secret(CONF_AUTHENTICATION_KEY)): _PASSWORD}
    if CONF_WITHOUT_VERIFICATION in choices:
        advanced[vol.Optional(CONF_WITHOUT_VERIFICATION, default=False)] = BooleanSelector()
    fields[vol.Optional(SECTION_ADVANCED)] = section(
        vol.Schema(advanced), {"collapsed": not is_advanced_open}
    )
    return fields


def read_submitted_keys(
    user_input: JsonMapping, current: JsonMapping, errors: FormErrors
) -> JsonDict:
    """Return the meter's keys for an entry's data. An empty field keeps the current key."""
    advanced = user_input.get(SECTION_ADVANCED, {})
    typed = _read_typed({**user_input, **advanced}, errors)
    if user_input.get(CONF_REMOVE_KEY):
        if typed:
            errors.refuse(CONF_REMOVE_KEY, "key_and_removal")
        return {}
    data = {name: current[name] for name in _MALFORMED if name in current} | typed
    if data.get(CONF_ENCRYPTION_KEY) == PUBLISHED_KEY:
        errors.refuse(CONF_ENCRYPTION_KEY, "key_published")
    if data.get(CONF_AUTHENTICATION_KEY) == PUBLISHED_KEY:
        del data[CONF_AUTHENTICATION_KEY]
    if advanced.get(CONF_WITHOUT_VERIFICATION) and CONF_ENCRYPTION_KEY in data:
        data[CONF_VERIFY] = False
    return data


def _read_typed(texts: JsonMapping, errors: FormErrors) -> JsonDict:
    """Return the entered keys in upper-case hex."""
    read = {}
    for name, (field, error) in _MALFORMED.items():
        if text := texts.get(name, "").strip():
            try:
                read[name] = parse_key(text).hex().upper()
            except KeyFormatError:
                errors.refuse(field, error)
    return read
