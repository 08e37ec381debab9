"""What is wrong with a port, or with what it delivers. No text ever contains a key."""

from ..p1 import P1Error


class LinkError(P1Error):
    """The port could not be opened, or an open one was lost."""


class PortNotFoundError(LinkError):
    """There is no such device, host or service, or the address makes no sense."""


class PortUnreachableError(LinkError):
    """The device or host does not answer: refused, timed out, no serial port."""


class PortPermissionError(LinkError):
    """The device exists, but this user may not open it."""


class PortBusyError(LinkError):
    """Another program holds the device, or the gateway serves another client."""


class PortClosedError(LinkError):
    """The other side closed an open connection, or the cable was pulled."""


class PortSilentError(LinkError):
    """An open connection delivered no byte for too long."""


class ProbeError(P1Error):
    """The port is open, but what it delivers is no readable telegram."""


class NothingReceivedError(ProbeError):
    """Not one byte came."""


class NotP1Error(ProbeError):
    """Bytes came, but neither a frame nor a plain telegram could be found in them."""


class DamagedError(ProbeError):
    """Telegrams can be made out, but they are incomplete or altered."""


class KeyMissingError(ProbeError):
    """The frames are encrypted and no key was given."""


class WrongKeyError(ProbeError):
    """The frames are encrypted with another key."""


class OtherAuthenticationKeyError(ProbeError):
    """The encryption key is right, but the meter uses another authentication key."""


class SecurityOffError(ProbeError):
    """The telegrams are plain although a key was given."""


class NoDeviceNameError(ProbeError):
    """Verified telegrams came, but none of them names its meter (0-0:42.0.0)."""
