"""Who the virtual meter says it is: one serial number for both meters, drawn once and kept."""

import re
import secrets

# Locally administered and no group address: no device that was ever made has one of these.
_SECOND_DIGITS = "26ae"
_SERIAL = re.compile(rf"[0-9a-f][{_SECOND_DIGITS}][0-9a-f]{{10}}")


def draw_serial() -> str:
    """Return a new serial number: twelve lower-case hexadecimal digits, as those of a MAC."""
    digits = secrets.token_hex(6)
    return f"{digits[0]}{secrets.choice(_SECOND_DIGITS)}{digits[2:]}"


def is_serial(text: str) -> bool:
    """Return whether a text can have been drawn here."""
    return _SERIAL.fullmatch(text) is not None


def homewizard_unique_id(serial: str) -> str:
    """Return what Home Assistant calls a HomeWizard P1 meter with a serial number."""
    return f"HWE-P1_{serial}"


def shelly_mac(serial: str) -> str:
    """Return the MAC that the Shelly says, in upper case; also what Home Assistant calls it."""
    return serial.upper()


def shelly_id(serial: str) -> str:
    """Return the name that the Shelly has on the network."""
    return f"shellypro3em-{serial}"
