"""Errors of a port and of the data from a port. The texts of the errors never hold a key."""

from ..p1 import P1Error


class LinkError(P1Error):
    """Error for a port that cannot be opened, or that was lost."""


class PortNotFoundError(LinkError):
    """Error: the device, host or service does not exist, or the address is malformed."""


class PortUnreachableError(LinkError):
    """Error: the host refuses or does not answer, or the device is no serial port."""


class PortPermissionError(LinkError):
    """Error: the device exists, but the program's user has no permission to open it."""


class PortBusyError(LinkError):
    """Error: another program uses the device, or the network gateway serves another client."""


class PortClosedError(LinkError):
    """Error: the remote side closed the connection, or the cable was unplugged."""


class PortSilentError(LinkError):
    """Error: an open connection delivered no byte within the timeout."""


class ProbeError(P1Error):
    """Error for an open port that delivers no readable telegram."""


class NothingReceivedError(ProbeError):
    """Error: the port delivered no byte."""


class NotP1Error(ProbeError):
    """Error: the port delivered bytes, but neither a frame nor a plain telegram."""


class DamagedError(ProbeError):
    """Error: the port delivered telegrams that are incomplete or altered."""


class KeyMissingError(ProbeError):
    """Error: the frames are encrypted, but no key was given."""


class WrongKeyError(ProbeError):
    """Error: the frames are encrypted with another key."""


class OtherAuthenticationKeyError(ProbeError):
    """Error: the encryption key is right, but the meter uses another authentication key."""


class SecurityOffError(ProbeError):
    """Error: the telegrams are plain, although a key was given."""


class NoDeviceNameError(ProbeError):
    """Error: the telegrams are verified, but do not name their meter (0-0:42.0.0)."""
