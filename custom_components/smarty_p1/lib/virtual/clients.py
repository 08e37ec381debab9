"""Who asks the virtual meter for what, and how often."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from .poll_interval import IntervalEstimate

MAX_CLIENTS = 64
MAX_PAUSE = 30.0
"""Seconds of silence after which a client begins anew."""
# Nobody needs more, not even twenty devices behind one address that ask twice a second.
_MAX_POLLS_A_SECOND = 200


class Question(StrEnum):
    """What a client can ask."""

    HOMEWIZARD = "HomeWizard /api/v1/data"
    EM_STATUS = "Shelly EM.GetStatus"
    SHELLY_STATUS = "Shelly.GetStatus"
    UDP = "Shelly EM.GetStatus, UDP"
    UDP_STATUS = "Shelly.GetStatus, UDP"
    PUSHED = "Shelly WebSocket"
    OTHER = "other"
    """Whatever says nothing of the power."""

    @property
    def is_udp(self) -> bool:
        """Return whether batteries alone ask for the power so."""
        return self in {Question.UDP, Question.UDP_STATUS}

    @property
    def is_polled(self) -> bool:
        """Return whether the answer tells the power."""
        return self not in {Question.PUSHED, Question.OTHER}


class Profile(StrEnum):
    """How a client is answered."""

    METER = "meter"
    """With the true last value."""
    BATTERY = "battery"
    """With its share of that at each poll."""
    UNANSWERED = "unanswered"
    """Not at all: it asks by UDP, and batteries are named, but not this one."""


class PollRateExceededError(Exception):
    """A client asks far more often than any has a reason to."""


@dataclass(slots=True)
class Client:
    """One address that has asked. `last_asked` is in seconds of the clock that is handed in."""

    address: str
    asked: int = 0
    last_asked: float = 0.0
    asking_since: float = 0.0
    """Since when it has asked without a long pause."""
    paces: dict[Question, IntervalEstimate] = field(default_factory=dict)
    answered: dict[Question, float] = field(default_factory=dict)
    """Of when the telegram was that was last answered with."""
    _second: float = 0.0
    _in_second: int = 0

    def note(self, question: Question, now: float) -> None:
        """Note that it asks. Raises TooManyAsked."""
        if now - self._second >= 1:
            self._second, self._in_second = now, 0
        self._in_second += 1
        if self._in_second > _MAX_POLLS_A_SECOND:
            raise PollRateExceededError
        if not self.asked or now - self.last_asked > MAX_PAUSE:
            self.asking_since = now
        self.asked += 1
        self.last_asked = now
        self.paces.setdefault(question, IntervalEstimate())

    @property
    def is_udp(self) -> bool:
        """Return whether it has asked for the power by UDP."""
        return any(question.is_udp for question in self.paces)

    @property
    def fastest(self) -> IntervalEstimate | None:
        """Return the pace at which it polls the power, None when it does not."""
        polled = [pace for question, pace in self.paces.items() if question.is_polled]
        return min(polled, key=lambda pace: pace.interval or float("inf"), default=None)


class Clients:
    """The clients, a bounded number: whoever has not asked for longest makes room.

    Those that are to be kept never do, as long as there are others.
    """

    def __init__(self, is_kept: Callable[[Client], bool]) -> None:
        self._is_kept = is_kept
        self._clients: dict[str, Client] = {}

    def of(self, address: str) -> Client:
        """Return the client with an address, which is the youngest from now on."""
        client = self._clients.pop(address, None) or Client(address)
        if len(self._clients) >= MAX_CLIENTS:
            known = self._clients.values()
            oldest = next((one for one in known if not self._is_kept(one)), next(iter(known)))
            del self._clients[oldest.address]
        self._clients[address] = client
        return client

    def all(self) -> list[Client]:
        """Return all that are known, the one that asked last at the end."""
        return list(self._clients.values())
