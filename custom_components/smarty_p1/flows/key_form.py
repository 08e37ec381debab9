"""The forms of the dialogue: their fields, what was typed into them, what was wrong with it."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import voluptuous as vol
from homeassistant.const import CONF_BASE, CONF_PORT
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectSelector,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from probatio import Secret

from ..const import (
    CONF_AUTHENTICATION_KEY,
    CONF_ENCRYPTION_KEY,
    CONF_REMOVE_KEY,
    CONF_VERIFY,
    CONF_WITHOUT_VERIFICATION,
    SECTION_ADVANCED,
)
from ..lib.p1 import DEFAULT_AUTHENTICATION_KEY, KeyFormatError, parse_key
from ..lib.port import (
    DamagedError,
    KeyMissingError,
    LinkError,
    NoDeviceNameError,
    NothingReceivedError,
    NotP1Error,
    OtherAuthenticationKeyError,
    PortBusyError,
    PortNotFoundError,
    PortPermissionError,
    SecurityOffError,
    WrongKeyError,
)


class OtherMeterError(Exception):
    """The port belongs to another meter than the one that is set up."""

    def __init__(self, serial_number: str) -> None:
        """Take the serial number that was found."""
        super().__init__(serial_number)
        self.serial_number = serial_number


class FormError(NamedTuple):
    """An error, and the field of the form that it is shown at."""

    field: str
    key: str


# An error at a field of a section is shown only when it names the section itself.
ERRORS: Mapping[type[BaseException], FormError] = {
    PortNotFoundError: FormError(CONF_PORT, "port_not_found"),
    PortPermissionError: FormError(CONF_PORT, "port_permission"),
    PortBusyError: FormError(CONF_PORT, "port_busy"),
    LinkError: FormError(CONF_PORT, "port_unreachable"),
    NothingReceivedError: FormError(CONF_PORT, "nothing_received"),
    NotP1Error: FormError(CONF_PORT, "not_p1"),
    DamagedError: FormError(CONF_PORT, "damaged"),
    OtherMeterError: FormError(CONF_PORT, "other_meter"),
    KeyMissingError: FormError(CONF_ENCRYPTION_KEY, "key_missing"),
    WrongKeyError: FormError(CONF_ENCRYPTION_KEY, "wrong_key"),
    SecurityOffError: FormError(CONF_ENCRYPTION_KEY, "security_off"),
    OtherAuthenticationKeyError: FormError(SECTION_ADVANCED, "other_authentication_key"),
    NoDeviceNameError: FormError(CONF_BASE, "no_device_name"),
    BaseException: FormError(CONF_BASE, "unknown"),
}

# Without a default, the frontend would choose the first port in the list by itself.
NEW_PORT = vol.Required(CONF_PORT, default="")
PRESENT_PORT = vol.Optional(CONF_PORT)

_PASSWORD = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off"))


def form_schema(
    port: Mapping[vol.Marker, SelectSelector],
    *,
    is_advanced_open: bool,
    choices: Iterable[str] = (),
) -> vol.Schema:
    """Return a form that asks for the keys.

    `port` is the port's field, if there is to be one. `choices` are those of the two checkboxes
    that are shown: removing the key, and reading without verification.
    """
    fields: dict[vol.Marker, object] = {**port}
    fields[vol.Optional(Secret(CONF_ENCRYPTION_KEY))] = _PASSWORD
    if CONF_REMOVE_KEY in choices:
        fields[vol.Optional(CONF_REMOVE_KEY, default=False)] = BooleanSelector()
    advanced: dict[vol.Marker, object] = {vol.Optional(Secret(CONF_AUTHENTICATION_KEY)): _PASSWORD}
    if CONF_WITHOUT_VERIFICATION in choices:
        advanced[vol.Optional(CONF_WITHOUT_VERIFICATION, default=False)] = BooleanSelector()
    fields[vol.Optional(SECTION_ADVANCED)] = section(
        vol.Schema(advanced), {"collapsed": not is_advanced_open}
    )
    return vol.Schema(fields)


class KeyInput(NamedTuple):
    """The part of an entry's data that is about keys, and errors by the fields they are at."""

    data: dict[str, Any]
    errors: dict[str, str]


def read_keys(user_input: Mapping[str, Any], present: Mapping[str, Any]) -> KeyInput:
    """Return what was typed about keys; a field that is empty means the present key."""
    if user_input.get(CONF_REMOVE_KEY):
        return KeyInput({}, {})
    advanced = user_input.get(SECTION_ADVANCED, {})
    names = (CONF_ENCRYPTION_KEY, CONF_AUTHENTICATION_KEY)
    data = {name: present[name] for name in names if name in present}
    errors = {}
    try:
        if key := _read_key(user_input.get(CONF_ENCRYPTION_KEY, "")):
            data[CONF_ENCRYPTION_KEY] = key.hex().upper()
            if key == DEFAULT_AUTHENTICATION_KEY:
                errors[CONF_ENCRYPTION_KEY] = "key_published"
    except KeyFormatError:
        errors[CONF_ENCRYPTION_KEY] = "key_malformed"
    try:
        if key := _read_key(advanced.get(CONF_AUTHENTICATION_KEY, "")):
            data[CONF_AUTHENTICATION_KEY] = key.hex().upper()
            if key == DEFAULT_AUTHENTICATION_KEY:
                del data[CONF_AUTHENTICATION_KEY]
    except KeyFormatError:
        errors[SECTION_ADVANCED] = "authentication_key_malformed"
    if advanced.get(CONF_WITHOUT_VERIFICATION) and CONF_ENCRYPTION_KEY in data:
        data[CONF_VERIFY] = False
    return KeyInput(data, errors)


def _read_key(text: str) -> bytes | None:
    """Return the key in a field, None when the field is empty. Raises KeyFormatError."""
    return parse_key(text) if text.strip() else None
