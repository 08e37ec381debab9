"""The P1 port of the Luxembourg "Smarty" meter: bytes -> verified telegrams.

    decoder = Decoder(parse_key("..."))
    for event in decoder.feed(data):  # any chunks, as they come
        match event:
            case Telegram():
                print(event.time, event.objects["1-0:1.8.0"], "kWh")
            case Rejection():
                print("not believed:", event.reason)

The package knows nothing of Home Assistant, and only `link` does I/O.
"""

from .cipher import DEFAULT_AUTHENTICATION_KEY, parse_key
from .decoder import Decoder, Event, Reason, Rejection
from .errors import (
    DamagedError,
    KeyFormatError,
    KeyMissingError,
    LinkError,
    NoDeviceNameError,
    NothingReceivedError,
    NotP1Error,
    OtherAuthenticationKeyError,
    P1Error,
    PortBusyError,
    PortClosedError,
    PortNotFoundError,
    PortPermissionError,
    PortSilentError,
    PortUnreachableError,
    ProbeError,
    SecurityOffError,
    WrongKeyError,
)
from .holder import Holder, holder_of
from .link import Link, normalise_port, open_port
from .obis import (
    CHANNELS,
    CONTROL_STATES,
    DEVICE_NAME,
    MBUS_DEVICE_TYPES,
    MESSAGES,
    METER_TIME,
    OBJECTS,
)
from .probing import probe
from .redaction import MASK, identify_port, redact_port
from .telegram import Telegram, Verification
from .values import Capture, MBusReading, Value

__all__ = [
    "CHANNELS",
    "CONTROL_STATES",
    "DEFAULT_AUTHENTICATION_KEY",
    "DEVICE_NAME",
    "MASK",
    "MBUS_DEVICE_TYPES",
    "MESSAGES",
    "METER_TIME",
    "OBJECTS",
    "Capture",
    "DamagedError",
    "Decoder",
    "Event",
    "Holder",
    "KeyFormatError",
    "KeyMissingError",
    "Link",
    "LinkError",
    "MBusReading",
    "NoDeviceNameError",
    "NotP1Error",
    "NothingReceivedError",
    "OtherAuthenticationKeyError",
    "P1Error",
    "PortBusyError",
    "PortClosedError",
    "PortNotFoundError",
    "PortPermissionError",
    "PortSilentError",
    "PortUnreachableError",
    "ProbeError",
    "Reason",
    "Rejection",
    "SecurityOffError",
    "Telegram",
    "Value",
    "Verification",
    "WrongKeyError",
    "holder_of",
    "identify_port",
    "normalise_port",
    "open_port",
    "parse_key",
    "probe",
    "redact_port",
]
