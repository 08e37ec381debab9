"""P1 port as a stream of bytes: opening, reopening and probing of a port.

The package needs serialx.
"""

from .address_masking import MASK, identify_port, redact_port
from .errors import (
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
from .probing import BUSY_TEXT, probe
from .reconnecting_port import SILENCE_TIMEOUT, Link, ReadLimit
from .serial_port import BAUD_RATE, ByteReader, Opener, normalise_port, open_port, read_chunk

__all__ = [
    "BAUD_RATE",
    "BUSY_TEXT",
    "MASK",
    "SILENCE_TIMEOUT",
    "ByteReader",
    "DamagedError",
    "KeyMissingError",
    "Link",
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
    "PortUnreachableError",
    "ProbeError",
    "ReadLimit",
    "ReplayError",
    "SecurityOffError",
    "WrongKeyError",
    "identify_port",
    "normalise_port",
    "open_port",
    "probe",
    "read_chunk",
    "redact_port",
]
