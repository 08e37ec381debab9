"""What each client is answered: the true last value, its share of it, or nothing.

A battery adds the value that it reads to its own output at every poll. A meter that repeats its
last value to one that asks ten times a telegram makes that loop ten times too strong, and the
battery swings. So a battery gets, at each poll, the part of the value that its polls are of the
telegrams: after one telegram interval it has got the whole once.
"""

from collections.abc import Callable, Collection

from ..meter import Reading
from .clients import Client, Clients, Profile, Question
from .meter_values import MeterValues, values_of
from .pace import Pace

LONGEST_SILENCE = 30.0
"""Seconds after which the last value is none any more."""
# Until it is measured: a Smarty, and a poll once a second.
_TELEGRAM_INTERVAL = 10.0
_POLL_INTERVAL = 1.0
# A client that polls as often as telegrams come is a little early every second time.
_FASTER = 0.8
# What comes later than so many telegrams is a pause, and not the pace.
_PAUSE = 2


class Unavailable(Exception):  # noqa: N818 - it is no fault of who asks
    """There is no value of now, or none for this client now."""


class VirtualMeter:
    """Answers clients with what the last reading says.

    `batteries` are the addresses of those that are batteries; whoever asks by UDP is one, too.
    With `is_silent`, those get one answer a telegram and nothing in between. `on_fast` is called
    with the address and the pace in seconds of a client that polls faster than telegrams come and
    is not known to be one, once for each.
    """

    def __init__(
        self,
        serial: str,
        batteries: Collection[str] = (),
        *,
        is_silent: bool = False,
        on_fast: Callable[[str, float], None] = lambda _address, _interval: None,
    ) -> None:
        self.serial = serial
        self._batteries = frozenset(batteries)
        self._is_silent = is_silent
        self._on_fast = on_fast
        self._told: set[str] = set()
        self._clients = Clients(self._batteries)
        self._telegrams = Pace()
        self._values: MeterValues | None = None

    @property
    def clients(self) -> list[Client]:
        """Return who has asked, the last one at the end."""
        return self._clients.all()

    @property
    def telegram_interval(self) -> float:
        """Return the seconds between two telegrams, measured."""
        return self._telegrams.interval or _TELEGRAM_INTERVAL

    def on_reading(self, reading: Reading, now: float) -> None:
        """Take the next reading, which came at `now` in seconds of a clock that only rises."""
        self._telegrams.note(now, LONGEST_SILENCE)
        self._values = values_of(reading)

    def values(self, now: float) -> MeterValues:
        """Return the true values. Raises Unavailable when they are old, or never were."""
        last = self._telegrams.last
        if self._values is None or last is None or now - last > LONGEST_SILENCE:
            raise Unavailable
        return self._values

    def profile(self, client: Client) -> Profile:
        """Return how a client is answered."""
        is_battery = client.address in self._batteries
        is_battery |= any(question.is_udp for question in client.paces)
        return Profile.BATTERY if is_battery else Profile.METER

    def note(self, address: str, question: Question, now: float) -> Client:
        """Note that a client asks at `now`. Raises TooManyAsked."""
        client = self._clients.of(address)
        client.note(question, now)
        return client

    def ask(self, address: str, question: Question, now: float) -> MeterValues:
        """Return what a client is told that asks at `now`. Raises Unavailable, TooManyAsked."""
        client = self.note(address, question, now)
        if not question.is_polled:
            return self.values(now)
        pace = client.paces[question]
        waited = pace.note(now, _PAUSE * self.telegram_interval)
        values = self.values(now)
        is_udp = question.is_udp
        if not is_udp and address not in self._batteries:
            self._look_at(client, pace)
            return values
        if is_udp and self._is_silent:
            return self._once(client, question, values)
        return values.scaled(self._share(pace, waited))

    def push(self, address: str, now: float) -> MeterValues:
        """Return what a client is told of a telegram without asking. Raises as `ask`.

        A battery that also polls gets no more of it than at a poll.
        """
        values = self.ask(address, Question.PUSHED, now)
        client = self._clients.of(address)
        pace = client.fastest
        if address not in self._batteries or pace is None or pace.last is None:
            return values
        is_polling = now - pace.last <= _PAUSE * self.telegram_interval
        return values.scaled(self._share(pace, None)) if is_polling else values

    def _once(self, client: Client, question: Question, values: MeterValues) -> MeterValues:
        last = self._telegrams.last or 0.0
        if client.answered.get(question) == last:
            raise Unavailable
        client.answered[question] = last
        return values

    def _share(self, pace: Pace, waited: float | None) -> float:
        interval = pace.interval
        if interval is None:
            # Slower than telegrams at every poll so far, or the first one.
            interval = _POLL_INTERVAL if waited is None else waited
        return min(1.0, interval / self.telegram_interval)

    def _look_at(self, client: Client, pace: Pace) -> None:
        """Tell of a client that may be a battery."""
        if client.address in self._told or not pace.is_certain or not self._telegrams.interval:
            return
        interval = pace.interval or 0.0
        if interval < _FASTER * self.telegram_interval:
            self._told.add(client.address)
            self._on_fast(client.address, interval)
