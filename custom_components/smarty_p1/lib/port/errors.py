"""Errors of a port and of the data from a port. Their texts never contain a key."""

from ..p1.keys import P1Error


class LinkError(P1Error):
    """Error for a port that cannot be opened, or that was lost."""


class PortNotFoundError(LinkError):
    """Error for a device, host or service that does not exist, and for a malformed address."""


class PortUnreachableError(LinkError):
    """Error for a host that refuses the connection or does not answer.

    The error is also raised if the device is not a serial port.
    """


class PortPermissionError(LinkError):
    """Error for a device that exists, but that the program's user has no permission to open."""


class PortBusyError(LinkError):
    """Error for a port in use: by another program, or by another client of a network gateway."""


class PortClosedError(LinkError):
    """Error for a connection that the remote side closed, and for a cable that was unplugged."""


class PortSilentError(LinkError):
    """Error for an open connection that delivered no byte within the timeout."""


class ProbeError(P1Error):
    """Error for an open port that delivers no readable telegram."""


class NothingReceivedError(ProbeError):
    """Error for a port that delivered no byte."""


class NotP1Error(ProbeError):
    """Error for a port that delivered bytes, but neither a frame nor a plain telegram."""


class DamagedError(ProbeError):
    """Error for telegrams that were altered or cut on the way. The keys may be right."""


class KeyMissingError(ProbeError):
    """Error for encrypted frames for which no key was given."""


class WrongKeyError(ProbeError):
    """Error for frames that are encrypted with a different key than the given key."""


class OtherAuthenticationKeyError(ProbeError):
    """Error for frames that the given key decrypts, but the authentication key does not verify."""


class AlteredOrNewKeyError(ProbeError):
    """Error for frames that the keys do not verify, although they did so in the last 24 hours."""


class ReplayError(ProbeError):
    """Error for verified frames if none of them is newer than the last known frame."""


class SecurityOffError(ProbeError):
    """Error for plain telegrams. If a key was given, only encrypted frames are accepted."""


class NoDeviceNameError(ProbeError):
    """Error for verified telegrams that do not name their meter (0-0:42.0.0)."""
