"""The field for a port: what Home Assistant knows to choose from, and any address to type."""

from urllib.parse import urlsplit

from homeassistant.components.usb import SerialDevice, async_scan_serial_ports
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..const import LOGGER
from ..lib.port import MASK, normalise_port, redact_port

_MAX_PORTS = 64
# What devices say of themselves may be of any length.
_MAX_NAME = 64
_GATEWAY_SCHEMES = {"socket", "tcp", "rfc2217"}


async def async_port_selector(hass: HomeAssistant) -> SelectSelector:
    """Return a field that offers the serial ports there are, and takes any address besides."""
    try:
        ports = await async_scan_serial_ports(hass)
    except OSError as err:
        LOGGER.debug("Serial ports cannot be listed: %s", type(err).__name__)
        ports = []
    return SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(value=port.device, label=_name(port))
                for port in ports[:_MAX_PORTS]
            ],
            # The frontend's own field for serial ports shows what is typed as an unknown item.
            custom_value=True,
            mode=SelectSelectorMode.DROPDOWN,
        )
    )


def _name(port: SerialDevice) -> str:
    """Return the name of a port, with what tells it apart from others of its kind."""
    texts = (port.description, port.manufacturer, port.serial_number)
    names = [text[:_MAX_NAME] for text in texts if text and text.isprintable()]
    address = redact_port(port.resolved_device or port.device)
    return f"{', '.join(names)} ({address})" if names else address


def address_error(text: str) -> str | None:
    """Return the key of what is wrong with a port that was typed, None when it can be tried."""
    port = normalise_port(text)
    if not port:
        return "port_missing"
    if MASK in port:
        return "port_masked"  # what was shown, typed again: the secret is not in it
    if port.startswith("/"):
        return None
    try:
        url = urlsplit(port)
        is_gateway = url.scheme in _GATEWAY_SCHEMES or not url.netloc
        is_complete = bool(url.hostname and url.port)
    except ValueError:  # no number, a number that is too high, a bracket that is not closed
        return "port_number_missing"
    is_other_url = "://" in port and not is_gateway
    return None if is_other_url or is_complete else "port_number_missing"
