"""P1 port as a stream of bytes: opening, reopening and probing of a port.

The package needs serialx.
"""

from .address_masking import MASK, identify_port, redact_port
from .errors import (
    AlteredOrNewKeyError,
    DamagedError,
    KeyMissingError,
    LinkError,
    NoDeviceNameError,
    NothingReceivedError,
    NotP1Error,
    OtherAuthenticationKeyError,
    PortBusyError,
    PortClosedError,
    PortNotFoundError,
    PortPermissionError,
    PortSilentError,
    PortUnreachableError,
    ProbeError,
    ReplayError,
    SecurityOffError,
    WrongKeyError,
)
from .port_stream import PortStream
from .probing import probe
from .reconnecting_port import SILENCE_TIMEOUT, ReconnectingPort
from .serial_port import BAUD_RATE, ByteReader, Opener, normalise_port, open_port

__all__ = [
    "BAUD_RATE",
    "MASK",
    "SILENCE_TIMEOUT",
    "AlteredOrNewKeyError",
    "ByteReader",
    "DamagedError",
    "KeyMissingError",
    "LinkError",
    "NoDeviceNameError",
    "NotP1Error",
    "NothingReceivedError",
    "Opener",
    "OtherAuthenticationKeyError",
    "PortBusyError",
    "PortClosedError",
    "PortNotFoundError",
    "PortPermissionError",
    "PortSilentError",
    "PortStream",
    "PortUnreachableError",
    "ProbeError",
    "ReconnectingPort",
    "ReplayError",
    "SecurityOffError",
    "WrongKeyError",
    "identify_port",
    "normalise_port",
    "open_port",
    "probe",
    "redact_port",
]
