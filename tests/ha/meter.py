"""A meter for the tests of the integration: its telegrams, its frames and its port."""

import re
from collections.abc import Callable

from pytest_homeassistant_custom_component.common import MockConfigEntry

from dev.encoder import frame, seal, stored_example, with_value
from dev.meter_port import MeterPort

# Imported for other tests.
__all__ = ["MeterPort", "seal", "with_value"]

type EntryMaker = Callable[..., MockConfigEntry]

KEY = "AABBCCDDEEFF00112233445566778899"
OTHER_KEY = "000102030405060708090A0B0C0D0E0F"
PUBLISHED_KEY = "00112233445566778899AABBCCDDEEFF"
OTHER_AUTHENTICATION_KEY = "F0E1D2C3B4A5968778695A4B3C2D1E0F"
SYSTEM_TITLE = bytes.fromhex("534147677004102E")
SERIAL = "SAG1030790002574"
OTHER_SERIAL = "SAG1030700000042"


def stored_frame(name: str) -> bytes:
    return stored_example(name).data


def stored_telegram(name: str) -> str:
    return stored_example(name).telegram


def without_channels(text: str) -> str:
    return re.sub(r"(?<=\n)0-[1-4]:(24\.|96\.1\.0).*\r\n", "", text)


def with_registers(text: str, *values: float | None) -> str:
    """Return a telegram with these registers: imported and exported in kWh, then in kvarh."""
    for number, value in enumerate(values, 1):
        unit = "kWh" if number < 3 else "kvarh"
        text = with_value(text, f"1-0:{number}.8.0", f"({value:010.3f}*{unit})")
    return text


def encipher(
    text: str,
    counter: int,
    *,
    key: str = KEY,
    authentication_key: str = PUBLISHED_KEY,
    system_title: bytes = SYSTEM_TITLE,
) -> bytes:
    keys = bytes.fromhex(key), bytes.fromhex(authentication_key)
    return frame(counter, seal(text), key=keys[0], title=system_title, authentication_key=keys[1])
