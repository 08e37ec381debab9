"""Form fields that several dialogs use: a port to choose or type, a number, a list, a time."""

import re
from collections.abc import Iterable
from typing import Any, override

import voluptuous as vol
from homeassistant.components.usb import SerialDevice, async_scan_serial_ports
from homeassistant.const import ATTR_RESTORED, CONF_PORT
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.selector import (
    BooleanSelector,
    DateSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TimeSelector,
)

from ..const import LOGGER
from ..coordinator.mqtt_port import PREFIX
from ..lib.json_types import JsonDict
from ..lib.port.address_masking import redact_port
from ..user_requests.request_fields import SchemaFields
from .form_errors import FieldError

# With the empty default value, the frontend suggests no port. Otherwise, it would choose the first
# port of the list.
NEW_PORT = vol.Required(CONF_PORT, default="")
CURRENT_PORT = vol.Optional(CONF_PORT)

_DAY_ON_PAPER = re.compile(r"([0-9]{1,2})([./-]) ?([0-9]{1,2})\2 ?([0-9]{2}|[0-9]{4})")
_MAX_PORTS = 64
# Maximum length of a name in characters. Some USB devices report longer names. A form cuts them.
_MAX_NAME = 64


class DayField(DateSelector):
    """Field for a day such as 2026-01-31. It also reads a day as on paper (31.1.2026, 31-01-26)."""

    @override
    def __call__(self, data: Any) -> str:
        if isinstance(data, str) and (paper := _DAY_ON_PAPER.fullmatch(data.strip())):
            day, _, month, year = paper.groups()
            # A year of two digits is one of this century.
            data = f"{f'20{year}'[-4:]}-{month}-{day}"
        return cv.date(data).isoformat()


class _NoTimeError(vol.Invalid):  # type: ignore[misc] # untyped
    """Error for a time that no clock shows, such as 24:00. The frontend translates its message."""

    @override
    def __str__(self) -> str:
        # Home Assistant shows this text, not the message, if the field is in a section.
        return "Enter a time from 00:00 to 23:59."


class ClockField(TimeSelector):
    """Field for a time such as 07:00:00. A program that fills in the form may omit zeros."""

    @override
    def serialize(self) -> JsonDict:
        """Return the field for the frontend: hours and minutes, without seconds."""
        # Home Assistant's frontend has this option. The schema of its selector lacks the option.
        return {"selector": {self.selector_type: {"no_second": True}}}

    @override
    def __call__(self, data: Any) -> str:
        try:
            return cv.time(data).isoformat()
        except vol.Invalid:
            raise _NoTimeError("time_malformed") from None


class WholeNumberField(NumberSelector):
    """Field for a whole number.

    A number with decimals needs an `AmountField`, because browsers drop decimal commas.
    """

    @override
    def __call__(self, data: Any) -> float:
        number = super().__call__(data)
        # Home Assistant accepts "nan", because no comparison with a limit finds it.
        if not number.is_integer():
            raise vol.Invalid("not a whole number")
        return number


def switches(*names: str) -> SchemaFields:
    """Return a switch for each name, which is off until it is switched on."""
    return {vol.Required(name, default=False): BooleanSelector() for name in names}


def whole_number_field(
    maximum: int, unit: str | None = None, *, minimum: int = 0
) -> WholeNumberField:
    """Return a field for a whole number between two limits. `unit` is shown behind the number."""
    config = NumberSelectorConfig(min=minimum, max=maximum, step=1, mode=NumberSelectorMode.BOX)
    if unit:
        config["unit_of_measurement"] = unit
    return WholeNumberField(config)


def list_field(
    options: Iterable[tuple[str, str]], *, takes_any: bool = False, is_multiple: bool = False
) -> SelectSelector:
    """Return a field with choices, which are pairs of value and label.

    With `takes_any`, the user can also type another text. With `is_multiple`, each choice has a
    checkbox.
    """
    return SelectSelector(
        SelectSelectorConfig(
            options=[SelectOptionDict(value=value, label=label) for value, label in options],
            custom_value=takes_any,
            multiple=is_multiple,
            mode=SelectSelectorMode.LIST if is_multiple else SelectSelectorMode.DROPDOWN,
        )
    )


def state_of(hass: HomeAssistant, entity_id: str, field: str) -> State:
    """Return the state of an entity that was chosen in `field`.

    Raises FieldError if the entity has no state of its own.
    """
    state = hass.states.get(entity_id)
    # Home Assistant writes a state for a registered entity whose integration is not running.
    if state and not state.attributes.get(ATTR_RESTORED):
        return state
    registered = er.async_get(hass).async_get(entity_id)
    if registered is None:
        raise FieldError(field, "entity_not_found")
    raise FieldError(field, "entity_disabled" if registered.disabled else "entity_without_state")


async def async_port_field(hass: HomeAssistant, topics: Iterable[str] = ()) -> SelectSelector:
    """Return a field that offers serial ports and MQTT topics. It accepts any other address."""
    try:
        ports = await async_scan_serial_ports(hass)
    except OSError as err:
        LOGGER.debug("Serial ports cannot be listed: %s", type(err).__name__)
        ports = []
    # Use a list field here, because the frontend's own field for serial ports would show a typed
    # address as unknown.
    offered = [(port.device, _label(port)) for port in ports[:_MAX_PORTS]]
    offered += [(f"{PREFIX}{topic}", f"MQTT ({topic})") for topic in topics]
    return list_field(offered, takes_any=True)


def _label(port: SerialDevice) -> str:
    """Return the label of a port: its description, manufacturer, serial number and address."""
    texts = (port.description, port.manufacturer, port.serial_number)
    names = [text[:_MAX_NAME] for text in texts if text and text.isprintable()]
    address = redact_port(port.resolved_device or port.device)
    return f"{', '.join(names)} ({address})" if names else address
