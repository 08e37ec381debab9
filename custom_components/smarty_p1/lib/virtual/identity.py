"""Identity of the virtual meter: one serial number for both kinds, drawn once and stored."""

import re
import secrets

# Digits of locally administered, individual addresses, which no manufactured device has.
_SECOND_DIGITS = "26ae"
_SERIAL = re.compile(rf"[0-9a-f][{_SECOND_DIGITS}][0-9a-f]{{10}}")


def draw_serial() -> str:
    """Return a new serial number: twelve lower-case hexadecimal digits, like a MAC."""
    digits = secrets.token_hex(6)
    return f"{digits[0]}{secrets.choice(_SECOND_DIGITS)}{digits[2:]}"


def is_serial(text: str) -> bool:
    """Return whether a text has the form of a drawn serial number."""
    return _SERIAL.fullmatch(text) is not None


def homewizard_unique_id(serial: str) -> str:
    """Return the unique id of a HomeWizard P1 meter in Home Assistant, by its serial number."""
    return f"HWE-P1_{serial}"


def shelly_mac(serial: str) -> str:
    """Return the Shelly's MAC in upper case, which is also its unique id in Home Assistant."""
    return serial.upper()


def shelly_id(serial: str) -> str:
    """Return the Shelly's name on the network."""
    return f"shellypro3em-{serial}"
