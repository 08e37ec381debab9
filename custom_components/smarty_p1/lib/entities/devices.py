"""What is said of the devices themselves: the meter, and those on its M-Bus."""

from collections.abc import Mapping

from ..meter import CHANNEL_PREFIX
from ..p1 import Telegram

METER_MODEL = "Smarty"
MBUS_MODEL = "M-Bus meter"
SHORT_SERIAL_SIZE = 4
"""So much of the end of a serial number is enough to tell meters apart."""
_MAKERS: Mapping[str, str] = {"SAG": "Sagemcom"}


def maker(telegram: Telegram, serial_number: str) -> str:
    """Return who made a meter."""
    # Three letters (FLAG) name the maker: at the beginning of the system title, or, in a plain
    # telegram, of the serial number.
    title = telegram.system_title
    flag = title[:3].decode("latin-1") if title else serial_number[:3]
    return _MAKERS.get(flag, flag)


def short_serial(identity: str) -> str:
    """Return the end of a serial number, which is enough to tell meters apart."""
    return identity.removeprefix(CHANNEL_PREFIX)[-SHORT_SERIAL_SIZE:]
