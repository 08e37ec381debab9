"""A P1 port: opened by its address, kept open, and tried out. Needs serialx."""

from .address import MASK, identify_port, redact_port
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
    SecurityOffError,
    WrongKeyError,
)
from .link import Link, Pace, normalise_port, open_port, read_chunk
from .probing import probe

__all__ = [
    "MASK",
    "DamagedError",
    "KeyMissingError",
    "Link",
    "LinkError",
    "NoDeviceNameError",
    "NotP1Error",
    "NothingReceivedError",
    "OtherAuthenticationKeyError",
    "Pace",
    "PortBusyError",
    "PortClosedError",
    "PortNotFoundError",
    "PortPermissionError",
    "PortSilentError",
    "PortUnreachableError",
    "ProbeError",
    "SecurityOffError",
    "WrongKeyError",
    "identify_port",
    "normalise_port",
    "open_port",
    "probe",
    "read_chunk",
    "redact_port",
]
