"""Identity of the virtual meter: models and firmware of the imitated devices, and a random serial.

HomeWizard and Shelly have the same serial number.
"""

import secrets

HOMEWIZARD_PRODUCT = "HWE-P1"
HOMEWIZARD_NAME = "P1 Meter"
HOMEWIZARD_FIRMWARE = "5.18"
SHELLY_APP = "Pro3EM"
SHELLY_MODEL = "SPEM-003CEBEU"
SHELLY_VERSION = "1.7.1"
SHELLY_FIRMWARE = "20250924-062729/1.7.1-gd336f31"

# Second digits of locally administered MAC addresses. No manufactured device has such an address,
# so no real device has this serial number.
_SECOND_DIGITS = "26ae"


def draw_serial() -> str:
    """Return a random serial number: twelve lower-case hexadecimal digits, like a MAC address."""
    digits = secrets.token_hex(6)
    return f"{digits[0]}{secrets.choice(_SECOND_DIGITS)}{digits[2:]}"


def homewizard_unique_id(serial: str) -> str:
    """Return the unique id that Home Assistant gives a HomeWizard P1 with this serial number."""
    return f"HWE-P1_{serial}"


def shelly_mac(serial: str) -> str:
    """Return the Shelly's MAC address in upper case.

    Home Assistant uses this MAC address as the Shelly's unique id.
    """
    return serial.upper()


def shelly_id(serial: str) -> str:
    """Return the Shelly's device id. The device id is also the host name on the network."""
    return f"shellypro3em-{serial}"
