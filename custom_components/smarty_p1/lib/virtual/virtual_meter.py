"""What each client is answered: the true last value, its part of it, or nothing.

A battery adds the value that it reads to its own output at every poll. A meter that repeats its
last value to one that asks ten times a telegram makes that loop ten times too strong, and the
battery swings. So a battery gets, at each poll, the part of the value that its polls are of the
telegrams. A telegram interval later the value is used up, and the answer is 0 W until the next
telegram. Batteries share one value.
"""

from collections.abc import Callable, Collection

from ..meter import Reading
from .clients import MAX_CLIENTS, MAX_PAUSE, Client, Clients, Profile, Question
from .handout import Handout
from .meter_values import MeterValues, values_of
from .poll_interval import IntervalEstimate

MAX_SILENCE_S = 30.0
"""Seconds after which the last value is none any more."""
MAX_BATTERIES = 8
# Until it is measured: a Smarty, and a poll once a second.
_TELEGRAM_INTERVAL = 10.0
_POLL_INTERVAL = 1.0
# A client that polls as often as telegrams come is a little early every second time.
_FASTER = 0.8
# What comes later than so many telegrams is a pause, and not the pace.
_PAUSE = 2
# No meter sends oftener: those that come together have waited in a network.
_MIN_INTERVAL_S = 0.5
# Seconds that a client has to ask by UDP until it is taken for a battery of its own.
_STEADY = 60.0
# The share of all clients together that have not asked for so long.
_NEWCOMERS = ""


class Unavailable(Exception):  # noqa: N818 - it is no fault of who asks
    """There is no value of now, or none for this client now."""


class VirtualMeter:
    """Answers clients with what the last reading says.

    `batteries` are the addresses of the batteries. Without any, the clients that ask by UDP are the
    batteries: each that has asked for a minute, at most MAX_BATTERIES, and the others together as
    one more. With `is_silent`, batteries get by UDP one answer a telegram and nothing in between.
    `on_fast` is called with the address and the pace in seconds of a client that polls faster than
    telegrams come and is not known to be one, at each poll until it returns that somebody knows of
    it.
    """

    def __init__(
        self,
        serial: str,
        batteries: Collection[str] = (),
        *,
        is_silent: bool = False,
        on_fast: Callable[[str, float], bool] = lambda _address, _interval: True,
    ) -> None:
        self.serial = serial
        self._batteries = frozenset(batteries)
        self._is_silent = is_silent
        self._on_fast = on_fast
        self._told: set[str] = set()
        self._clients = Clients(self._is_kept)
        self._telegrams = IntervalEstimate()
        self._values: MeterValues | None = None
        self._sent_at = 0.0
        self._handout = Handout()

    @property
    def clients(self) -> list[Client]:
        """Return who has asked, the last one at the end."""
        return self._clients.all()

    @property
    def telegram_interval(self) -> float:
        """Return the seconds between two telegrams, measured."""
        return self._telegrams.interval or _TELEGRAM_INTERVAL

    def on_reading(self, reading: Reading, now: float, age: float = 0.0) -> None:
        """Take the next reading at `now`, in seconds of a clock that only rises.

        It was sent `age` seconds before.
        """
        self._telegrams.note(now, MAX_SILENCE_S, _MIN_INTERVAL_S)
        self._values = values_of(reading)
        self._sent_at = now - age
        self._handout.renew(self._values.power_w)

    def values(self, now: float) -> MeterValues:
        """Return the true values. Raises Unavailable when they are old, or never were."""
        if self._values is None or now - self._sent_at > MAX_SILENCE_S:
            raise Unavailable
        return self._values

    def profile(self, client: Client) -> Profile:
        """Return how a client is answered."""
        if client.address in self._batteries:
            return Profile.BATTERY
        if not client.is_udp:
            return Profile.METER
        return Profile.UNANSWERED if self._batteries else Profile.BATTERY

    def is_named(self, address: str) -> bool:
        """Return whether the user has named an address as a battery."""
        return address in self._batteries

    def note(self, address: str, question: Question, now: float) -> Client:
        """Note that a client asks at `now`. Raises TooManyAsked."""
        client = self._clients.of(address)
        client.note(question, now)
        return client

    def note_by_udp(self, address: str, question: Question, now: float) -> Client:
        """Note that a client asks by UDP. Raises Unavailable when it gets no answer; as `note`."""
        client = self.note(address, question, now)
        if self._batteries and address not in self._batteries:
            raise Unavailable
        return client

    def ask(self, address: str, question: Question, now: float) -> MeterValues:
        """Return what a client is told that asks at `now`. Raises Unavailable, TooManyAsked."""
        note = self.note_by_udp if question.is_udp else self.note
        client = note(address, question, now)
        if not question.is_polled:
            return self.values(now)
        pace = client.paces[question]
        waited = pace.note(now, _PAUSE * self.telegram_interval)
        values = self.values(now)
        if not question.is_udp and address not in self._batteries:
            self._look_at(client, pace)
            return values
        if question.is_udp and self._is_silent:
            return self._once(client, question, values, now)
        return values.scaled(self._take(client, self._poll_interval(pace, waited), now))

    def push(self, address: str, now: float) -> MeterValues:
        """Return what a client is told of a telegram without asking. Raises as `ask`.

        A battery that also polls gets no more of it than at a poll.
        """
        values = self.ask(address, Question.PUSHED, now)
        if address not in self._batteries:
            return values
        client = self._clients.of(address)
        pace = client.fastest
        is_polling = pace and pace.last and now - pace.last <= _PAUSE * self.telegram_interval
        every = self._poll_interval(pace, None) if pace and is_polling else self.telegram_interval
        return values.scaled(self._take(client, every, now))

    def _once(
        self, client: Client, question: Question, values: MeterValues, now: float
    ) -> MeterValues:
        if client.answered.get(question) == self._telegrams.last:
            raise Unavailable
        client.answered[question] = self._telegrams.last or 0.0
        return values.scaled(self._take(client, self.telegram_interval, now))

    @staticmethod
    def _poll_interval(pace: IntervalEstimate, waited: float | None) -> float:
        """Return the seconds until a client polls again, as it seems."""
        # Slower than telegrams at every poll so far, or the first one.
        usual = _POLL_INTERVAL if waited is None else waited
        interval = usual if pace.interval is None else pace.interval
        if waited is not None:
            # One that polls faster than it did gets no more than its part at once.
            interval = min(interval, waited)
        return interval

    def _take(self, client: Client, every: float, now: float) -> float:
        """Return the part of the value that a battery gets now, which asks `every` so often."""
        if now - (self._telegrams.last or 0.0) >= self.telegram_interval:
            return 0.0
        since = now - _PAUSE * self.telegram_interval
        known = self._known_batteries()
        sharing = {self._share_name(one, known) for one in self.clients if one.last_asked >= since}
        share = 1 / max(1, len(sharing - {None}))
        name = self._share_name(client, known) or _NEWCOMERS
        return self._handout.take(name, share * min(1.0, every / self.telegram_interval), share)

    def _known_batteries(self) -> set[str]:
        """Return the addresses of the batteries that have a share of their own."""
        if self._batteries:
            return set(self._batteries)
        clients = self.clients
        since = clients[-1].last_asked - MAX_PAUSE if clients else 0.0
        steady = [
            client
            for client in clients
            if client.is_udp
            and client.last_asked >= since
            and client.last_asked - client.asking_since >= _STEADY
        ]
        steady.sort(key=lambda client: (client.asking_since, client.address))
        return {client.address for client in steady[:MAX_BATTERIES]}

    def _share_name(self, client: Client, known: set[str]) -> str | None:
        """Return which share a client takes its part of, None when it is no battery."""
        if self.profile(client) is not Profile.BATTERY:
            return None
        return client.address if client.address in known else _NEWCOMERS

    def _is_kept(self, client: Client) -> bool:
        """Return whether a client is not forgotten, however many others ask."""
        return client.address in self._known_batteries()

    def _look_at(self, client: Client, pace: IntervalEstimate) -> None:
        """Tell of a client that may be a battery."""
        if client.address in self._told or not pace.is_certain or not self._telegrams.interval:
            return
        interval = pace.interval or 0.0
        if interval >= _FASTER * self.telegram_interval or len(self._told) >= MAX_CLIENTS:
            return
        if self._on_fast(client.address, interval):
            self._told.add(client.address)
