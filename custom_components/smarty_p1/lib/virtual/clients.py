"""Clients of the virtual meter: their requests and poll intervals."""

from collections import Counter, deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median

from ..client_admission import network_of

_MAX_INTERVALS = 5


class IntervalEstimate:
    """Estimate of the seconds between two events: the median of the last five intervals."""

    def __init__(self) -> None:
        self.last: float | None = None
        self._intervals: deque[float] = deque(maxlen=_MAX_INTERVALS)

    @property
    def interval(self) -> float | None:
        """Return the estimated seconds between two events. Return None before the second event."""
        return median(self._intervals) if self._intervals else None

    @property
    def is_certain(self) -> bool:
        """Return whether the estimate is reliable: at least five intervals were measured."""
        return len(self._intervals) == _MAX_INTERVALS

    def note_event(
        self, now: float, max_interval: float = float("inf"), min_interval: float = 0.0
    ) -> float | None:
        """Record an event at the time `now`.

        Return the seconds since the previous event. Return None for the first event, and if `now`
        is not later than the previous event.

        An interval above `max_interval` is a pause, and an interval below `min_interval` comes from
        a delayed event. The estimate ignores both.
        """
        last, self.last = self.last, now
        if last is None or now <= last:
            return None
        if min_interval <= (interval := now - last) <= max_interval:
            self._intervals.append(interval)
        return interval


MAX_CLIENTS = 64
MAX_PAUSE = 30.0
"""Seconds without a request after which a client counts as new."""
# Maximum number of polls from one address. More polls are refused. Twenty devices that share an
# address and poll twice a second need 40 polls a second.
_MAX_POLLS_A_SECOND = 200


class Question(StrEnum):
    """Kind of request to the virtual meter."""

    HOMEWIZARD = "HomeWizard /api/v1/data"
    EM_STATUS = "Shelly EM.GetStatus"
    SHELLY_STATUS = "Shelly.GetStatus"
    UDP = "Shelly EM.GetStatus, UDP"
    UDP_STATUS = "Shelly.GetStatus, UDP"
    PUSHED = "Shelly WebSocket"
    OTHER = "other"
    """Any request for something else than the power."""

    @property
    def is_udp(self) -> bool:
        """Return whether the request asks for the power by UDP. Only batteries do so."""
        return self in {Question.UDP, Question.UDP_STATUS}

    @property
    def is_polled(self) -> bool:
        """Return whether the request is a poll of the power."""
        return self not in {Question.PUSHED, Question.OTHER}


class Profile(StrEnum):
    """Kind of answer that a client gets."""

    METER = "meter"
    """Values of the last telegram."""
    BATTERY = "battery"
    """A part of the power: the client's share, divided among the client's polls."""
    UNANSWERED = "unanswered"
    """No answer, because the client asks by UDP but is not in the user's list of batteries."""


class PollRateExceededError(Exception):
    """Error for a client that polls far more often than any device needs."""


@dataclass(slots=True)
class Client:
    """Client of a virtual meter, identified by its address. `network` is its `network_of`.

    Times are in seconds of the caller's clock.
    """

    address: str
    network: str
    asked: int = 0
    last_asked: float = 0.0
    asking_since: float = 0.0
    """Time of the first request since the last pause of more than MAX_PAUSE."""
    poll_intervals: dict[Question, IntervalEstimate] = field(default_factory=dict)
    answered: dict[Question, float] = field(default_factory=dict)
    """Time of the telegram on which the last answer was based, keyed by kind of request."""
    _second: float = 0.0
    _in_second: int = 0

    def note_question(self, question: Question, now: float) -> None:
        """Count a request at the time `now`.

        Raises PollRateExceededError for more than _MAX_POLLS_A_SECOND requests in a second.
        """
        if now - self._second >= 1:
            self._second, self._in_second = now, 0
        self._in_second += 1
        if self._in_second > _MAX_POLLS_A_SECOND:
            raise PollRateExceededError
        if not self.asked or now - self.last_asked > MAX_PAUSE:
            self.asking_since = now
        self.asked += 1
        self.last_asked = now
        self.poll_intervals.setdefault(question, IntervalEstimate())

    @property
    def is_udp(self) -> bool:
        """Return whether the client has asked for the power by UDP."""
        return any(question.is_udp for question in self.poll_intervals)

    @property
    def fastest(self) -> IntervalEstimate | None:
        """Return the estimate with the shortest poll interval of the client.

        Return None if the client has not polled the power.
        """
        estimates = [
            estimate for question, estimate in self.poll_intervals.items() if question.is_polled
        ]
        return min(estimates, key=lambda estimate: estimate.interval or float("inf"), default=None)


class Clients:
    """Clients of a virtual meter, at most MAX_CLIENTS.

    `kept` returns the addresses of clients to keep. If there are MAX_CLIENTS clients, a new client
    replaces a client of the network with the most clients: the client with the oldest request. A
    network is an IPv4 address or a /64 of IPv6. A client to keep is replaced only if all clients
    are to be kept.
    """

    def __init__(self, kept: Callable[[], Collection[str]]) -> None:
        self._kept = kept
        self._clients: dict[str, Client] = {}

    def client_at(self, address: str) -> Client:
        """Return the client with this address. It becomes the client with the most recent request.

        If no client has this address, create one.
        """
        client = self._clients.pop(address, None) or Client(address, network_of(address))
        if len(self._clients) >= MAX_CLIENTS:
            self._make_room_for(client)
        self._clients[address] = client
        return client

    def _make_room_for(self, newcomer: Client) -> None:
        kept, clients = self._kept(), self._clients.values()
        candidates = [client for client in clients if client.address not in kept]
        networks = Counter(client.network for client in (*clients, newcomer))
        # `max` returns the first of several candidates: the one with the oldest request.
        client = max(candidates or clients, key=lambda client: networks[client.network])
        del self._clients[client.address]

    def all(self) -> list[Client]:
        """Return all clients in the order of their latest requests.

        The most recent one is the last.
        """
        return list(self._clients.values())
