"""Outages of the collector's connections: their log lines, and the delays between retries."""

from nats.errors import Error as NatsError

from smarty_p1_gateway import UnavailableError
from smarty_p1_gateway.nats.nats_client import error_line
from smartyp1.connection_outage import Outage

_FIRST_DELAY_S = 0.2
# Longest delay between two attempts, in seconds. New frames may have to wait for this time.
_MAX_DELAY_S = 2.0
_LOST = "%s failed (%s), and is tried again"
_BACK = "%s works again"


class AlreadyLoggedError(Exception):
    """Error whose text can be logged, because it contains no address and no secret."""


def outage_of(what: str) -> Outage:
    """Return an object that logs the failures of a service and waits between two attempts.

    `what` is the service's name in the log.
    """
    return Outage(_LOST, _BACK, what, first=_FIRST_DELAY_S, longest=_MAX_DELAY_S)


def reason(error: BaseException) -> str:
    """Return a text for the log: the text of `error`, or only its type if the text is unsafe."""
    is_safe = isinstance(error, (NatsError, AlreadyLoggedError, UnavailableError))
    return error_line(error) if is_safe else type(error).__name__
