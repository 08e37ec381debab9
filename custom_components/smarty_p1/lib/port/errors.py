"""Errors of a port and of the data from a port. Their texts never contain a key."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..failure_detection import Obstacle, ReadingProblem
from ..p1.keys import P1Error
from ..p1.rejection_reasons import Reason
from ..problem import Problem

PROBLEM_OF: Mapping[Reason, Obstacle] = {
    Reason.KEY_MISSING: ReadingProblem.KEY_MISSING,
    Reason.DOWNGRADE: Problem.SECURITY_OFF,
    Reason.REPLAY: ReadingProblem.REPLAY,
    Reason.ALTERED: ReadingProblem.DAMAGED,
    Reason.AUTHENTICATION_KEY: ReadingProblem.OTHER_AUTHENTICATION_KEY,
    Reason.TAG: ReadingProblem.WRONG_KEY,
    Reason.CRC: ReadingProblem.DAMAGED,
    Reason.MALFORMED: ReadingProblem.DAMAGED,
}
"""Problem for each reason of a rejection. If several reasons occurred, the first of them explains a
failure best."""


class LinkError(P1Error):
    """Error for a port that cannot be opened, or that was lost."""

    problem = ReadingProblem.LINK_LOST


class PortNotFoundError(LinkError):
    """Error for a device, host or service that does not exist, and for a malformed address."""

    problem = ReadingProblem.PORT_NOT_FOUND


class PortUnreachableError(LinkError):
    """Error for a host that refuses the connection or does not answer.

    The error is also raised if the device is not a serial port.
    """

    problem = ReadingProblem.PORT_UNREACHABLE


class PortPermissionError(LinkError):
    """Error for a device that exists, but that the program's user has no permission to open."""

    problem = ReadingProblem.PORT_PERMISSION


class PortBusyError(LinkError):
    """Error for a port in use: by another program, or by another client of a network gateway."""

    problem = ReadingProblem.PORT_BUSY


class PortClosedError(LinkError):
    """Error for a connection that the remote side closed, and for a cable that was unplugged."""

    problem = ReadingProblem.PORT_CLOSED


class PortSilentError(LinkError):
    """Error for an open connection that delivered no byte within the timeout."""

    problem = ReadingProblem.PORT_SILENT


@dataclass(eq=False)
class ProbeError(P1Error):
    """Error for an open port that delivers no readable telegram or reading. It has the problem."""

    problem: Obstacle
