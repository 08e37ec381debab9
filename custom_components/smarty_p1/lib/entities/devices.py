"""Names for Home Assistant's devices of an electricity meter and of the meters on its M-Bus."""

from collections.abc import Mapping

from ..meter.mbus_meters import CHANNEL_PREFIX
from ..p1.telegram import Telegram

METER_MODEL = "Smarty"
MBUS_MODEL_ID = "M-Bus"
SHORT_SERIAL_SIZE = 4
"""Characters at the end of a serial number that suffice to tell meters apart."""
_MAKERS: Mapping[str, str] = {"SAG": "Sagemcom"}


def maker(telegram: Telegram, serial_number: str) -> str:
    """Return the name of the meter's maker. If it is unknown, return the three-letter code."""
    # Each maker has a code of three letters (FLAG code). A DLMS system title begins with this code.
    # A plain telegram has no system title, but its serial number begins with the code, too.
    title = telegram.system_title
    flag = title[:3].decode("latin-1") if title else serial_number[:3]
    return _MAKERS.get(flag, flag)


def mbus_model(kind: str) -> str:
    """Return the model of a meter on the M-Bus: gas meter, cold water meter."""
    return f"{'M-Bus' if kind == 'unknown' else kind.replace('_', ' ').capitalize()} meter"


def short_serial(identity: str) -> str:
    """Return the last characters of a meter's identity, which suffice to tell meters apart.

    Return the channel of a meter on the M-Bus without identifier.
    """
    if identity.startswith(CHANNEL_PREFIX):
        return identity.removeprefix(CHANNEL_PREFIX)[:1]
    return identity[-SHORT_SERIAL_SIZE:]
