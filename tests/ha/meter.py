"""A meter for the tests of the integration: its telegrams, its frames and its port."""

import re

from dev.encoder import frame, literal, seal
from dev.meter_port import MeterPort

__all__ = ["MeterPort", "seal"]

KEY = "AABBCCDDEEFF00112233445566778899"
OTHER_KEY = "000102030405060708090A0B0C0D0E0F"
PUBLISHED_KEY = "00112233445566778899AABBCCDDEEFF"
OTHER_AUTHENTICATION_KEY = "F0E1D2C3B4A5968778695A4B3C2D1E0F"
SYSTEM_TITLE = bytes.fromhex("534147677004102E")
SERIAL = "SAG1030790002574"
OTHER_SERIAL = "SAG1030700000042"


def literal_frame(name: str) -> bytes:
    """Return the bytes of one of the literal frames."""
    return literal(name).data


def literal_telegram(name: str) -> str:
    """Return the telegram in one of the literal frames."""
    return literal(name).telegram


def with_value(text: str, reference: str, value: str | None) -> str:
    """Return the telegram with another value, without the line when it is None.

    A reference that is not there yet is added at the end.
    """
    lines = text.split("\r\n")
    at = [n for n, line in enumerate(lines) if line.startswith(f"{reference}(")]
    if value is None:
        del lines[at[0]]
    elif at:
        lines[at[0]] = f"{reference}{value}"
    else:
        end = next(n for n, line in enumerate(lines) if line.startswith("!"))
        lines.insert(end, f"{reference}{value}")
    return "\r\n".join(lines)


def without_channels(text: str) -> str:
    """Return the telegram without the objects of the M-Bus channels."""
    return re.sub(r"(?<=\n)0-[1-4]:(24\.|96\.1\.0).*\r\n", "", text)


def encipher(
    text: str,
    counter: int,
    *,
    key: str = KEY,
    authentication_key: str = PUBLISHED_KEY,
    system_title: bytes = SYSTEM_TITLE,
) -> bytes:
    """Return a frame with the telegram in it."""
    keys = bytes.fromhex(key), bytes.fromhex(authentication_key)
    return frame(counter, seal(text), key=keys[0], title=system_title, authentication_key=keys[1])
