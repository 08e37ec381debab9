"""Errors of a port and of its data. Their texts never hold a key."""

from ..p1 import P1Error


class LinkError(P1Error):
    """Error for a port that cannot be opened, or that was lost."""


class PortNotFoundError(LinkError):
    """The device, host or service does not exist, or the address is malformed."""


class PortUnreachableError(LinkError):
    """The device or host does not answer: refused, timed out, or not a serial port."""


class PortPermissionError(LinkError):
    """The device exists, but this user has no permission to open it."""


class PortBusyError(LinkError):
    """Another program uses the device, or the gateway serves another client."""


class PortClosedError(LinkError):
    """The remote side closed the connection, or the cable was unplugged."""


class PortSilentError(LinkError):
    """An open connection delivered no byte within the timeout."""


class ProbeError(P1Error):
    """Error for an open port that delivers no readable telegram."""


class NothingReceivedError(ProbeError):
    """The port delivered no byte."""


class NotP1Error(ProbeError):
    """The port delivered bytes, but neither a frame nor a plain telegram."""


class DamagedError(ProbeError):
    """The port delivered telegrams that are incomplete or altered."""


class KeyMissingError(ProbeError):
    """The frames are encrypted, but no key was given."""


class WrongKeyError(ProbeError):
    """The frames are encrypted with another key."""


class OtherAuthenticationKeyError(ProbeError):
    """The encryption key is right, but the meter uses another authentication key."""


class SecurityOffError(ProbeError):
    """The telegrams are plain, although a key was given."""


class NoDeviceNameError(ProbeError):
    """The telegrams are verified, but do not name their meter (0-0:42.0.0)."""
