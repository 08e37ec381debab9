"""What the log says when something of the collector's is lost, and how soon it is tried again."""

import logging

from nats.errors import Error as NatsError

from smartyp1.backoff import Outage

LOGGER = logging.getLogger(__name__)
_FIRST_DELAY = 0.2
# What comes meanwhile is late by as much.
_MAX_DELAY_S = 2.0
_LOST = "%s failed (%s), and is tried again"
_BACK = "%s works again"


class AlreadyLoggedError(Exception):
    """What went wrong; the log has its text."""


def outage_of(what: str) -> Outage:
    """Return the outage of what may be lost, named as the log says it."""
    return Outage(LOGGER, _LOST, _BACK, what, first=_FIRST_DELAY, longest=_MAX_DELAY_S)


def reason(error: BaseException) -> str:
    """Return what the log may say of an error: the system or HTTP may have an address in theirs."""
    text = str(error) if isinstance(error, (NatsError, AlreadyLoggedError)) else ""
    shown = "".join(sign if sign.isprintable() else " " for sign in text[:200])
    return shown or type(error).__name__
