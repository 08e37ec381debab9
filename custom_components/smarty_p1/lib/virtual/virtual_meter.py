"""Virtual meter: a client gets the power of the last telegram, a part of it, or no answer.

At every poll, a battery adds the power that it reads to its own output. If ten polls read the same
power, the battery adds ten times too much, and its output swings. So each poll of a battery gets
only a part of the power: the poll interval divided by the telegram interval, or more, because
batteries ignore small powers. After one telegram interval, the power is used up, and the answer is
0 W until the next telegram. Several batteries share the power of one telegram. While the load
varies, batteries get only the part of the power that is expected to last (see battery_shares.py).
"""

from collections.abc import Callable, Collection

from ..meter.meter_reader import Reading
from .battery_shares import Handout
from .clients import MAX_CLIENTS, MAX_PAUSE, Client, Clients, IntervalEstimate, Profile, Question
from .meter_values import MeterValues, values_of

MAX_SILENCE_S = 30.0
"""Seconds after which the last values are too old for an answer."""
MAX_BATTERIES = 8
# Seconds between telegrams and between polls, assumed until the true intervals are measured.
_TELEGRAM_INTERVAL_S = 10.0
_POLL_INTERVAL_S = 1.0
# A client polls fast if its poll interval is below this share of the telegram interval. A client
# that polls once per telegram often polls a little early, and must not count as fast. So the share
# is below 1.
_MAX_FAST_SHARE = 0.8
# A poll interval longer than this number of telegram intervals counts as a pause, and is not used
# for the estimate.
_MAX_POLL_TELEGRAMS = 2
# Seconds. No meter sends more often than this. So telegrams that come closer together were delayed.
_MIN_INTERVAL_S = 0.5
# Seconds for which a client must send UDP requests to get its own share of the power.
_MIN_STEADY_S = 60.0
# Name of a share. The power of a telegram is divided into shares. All UDP clients without a share
# of their own use the share of this name together.
_NEWCOMERS = ""


class Unavailable(Exception):  # noqa: N818 - no fault of the client
    """Error: the virtual meter has no recent values, or has no answer for this client now."""


class VirtualMeter:
    """Virtual meter that answers clients with the values of the last reading.

    `batteries` are the addresses that the user named as batteries. Each named battery has its own
    share of the power. If the user named none, all clients that ask by UDP are batteries. Then at
    most MAX_BATTERIES UDP clients have their own shares: clients that have sent requests for at
    least a minute. All other UDP clients use one share together. With `is_silent`, a battery gets
    only one answer by UDP for each telegram. The answer has the battery's whole share of the power.

    `on_fast` is called if a client that is not a battery polls faster than telegrams come. The
    arguments are the client's address and its poll interval in seconds. The call is repeated at
    every poll until `on_fast` returns True.
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
        self._reported: set[str] = set()
        self._clients = Clients(self._known_batteries)
        self._telegrams = IntervalEstimate()
        self._values: MeterValues | None = None
        self._sent_at = 0.0
        self._handout = Handout()

    @property
    def clients(self) -> list[Client]:
        """Return all clients in the order of their latest requests.

        The most recent one is the last.
        """
        return self._clients.all()

    @property
    def telegram_interval(self) -> float:
        """Return the usual interval of telegrams in seconds. Return 10 until it is measured."""
        return self._telegrams.interval or _TELEGRAM_INTERVAL_S

    def on_reading(self, reading: Reading, now: float, age: float = 0.0) -> None:
        """Answer requests with `reading` from now on.

        `now` is the present time in seconds of a monotonic clock. `age` is the time in seconds
        since the telegram was sent.
        """
        self._telegrams.note_event(now, MAX_SILENCE_S, _MIN_INTERVAL_S)
        self._values = values_of(reading)
        self._sent_at = now - age
        self._handout.renew(self._values.power_w, self._sent_at)

    def values(self, now: float) -> MeterValues:
        """Return the values of the last reading.

        Raises Unavailable if there is no recent reading.
        """
        if self._values is None or now - self._sent_at > MAX_SILENCE_S:
            raise Unavailable
        return self._values

    def profile(self, client: Client) -> Profile:
        """Return the kind of answer that `client` gets."""
        if client.address in self._batteries:
            return Profile.BATTERY
        if not client.is_udp:
            return Profile.METER
        return Profile.UNANSWERED if self._batteries else Profile.BATTERY

    def is_named(self, address: str) -> bool:
        """Return whether the user has named the client at `address` as a battery."""
        return address in self._batteries

    def note_question(
        self, address: str, question: Question, now: float, *, is_udp: bool = False
    ) -> Client:
        """Count a client's request at the time `now`. Return the client.

        Raises PollRateExceededError if the client sends too many requests, and Unavailable if it
        gets no answer by UDP.
        """
        client = self._clients.client_at(address)
        client.note_question(question, now)
        if is_udp and self._batteries and address not in self._batteries:
            raise Unavailable
        return client

    def answer_question(self, address: str, question: Question, now: float) -> MeterValues:
        """Return the values for a client's request at the time `now`.

        Raises Unavailable or PollRateExceededError.
        """
        client = self.note_question(address, question, now, is_udp=question.is_udp)
        if not question.is_polled:
            return self.values(now)
        estimate = client.poll_intervals[question]
        waited = estimate.note_event(now, _MAX_POLL_TELEGRAMS * self.telegram_interval)
        values = self.values(now)
        if not question.is_udp and address not in self._batteries:
            self._report_if_fast(client, estimate)
            return values
        if question.is_udp and self._is_silent:
            return self._once(client, question, values, now)
        return values.scaled(self._take(client, self._poll_interval(estimate, waited), now))

    def push(self, address: str, now: float) -> MeterValues:
        """Return the values for a notification to a client. Raises as `answer_question` does.

        A battery that the user has named gets its whole share of the power, because the next
        notification comes only with the next telegram. If the battery also polls, it gets only the
        part of its share for one poll interval, because the next poll gets a further part.
        """
        values = self.answer_question(address, Question.PUSHED, now)
        if address not in self._batteries:
            return values
        client = self._clients.client_at(address)
        estimate = client.fastest
        is_polling = (
            estimate
            and estimate.last
            and now - estimate.last <= _MAX_POLL_TELEGRAMS * self.telegram_interval
        )
        every = (
            self._poll_interval(estimate, None)
            if estimate and is_polling
            else self.telegram_interval
        )
        return values.scaled(self._take(client, every, now))

    def _once(
        self, client: Client, question: Question, values: MeterValues, now: float
    ) -> MeterValues:
        if client.answered.get(question) == self._telegrams.last:
            raise Unavailable
        client.answered[question] = self._telegrams.last or 0.0
        return values.scaled(self._take(client, self.telegram_interval, now))

    @staticmethod
    def _poll_interval(estimate: IntervalEstimate, waited: float | None) -> float:
        """Return the expected seconds until the client's next poll.

        `waited` is the time in seconds since the client's previous poll. It is None if this is the
        first poll, or if the client now gets a notification instead of the answer to a poll.
        """
        # At the first poll, there is neither an estimate nor `waited`, so use the usual interval. A
        # client that polls very rarely has no estimate either, so use `waited`.
        usual = _POLL_INTERVAL_S if waited is None else waited
        interval = usual if estimate.interval is None else estimate.interval
        if waited is not None:
            # A client that now polls faster than before has waited for less than the estimated
            # interval. Its part of the power is proportional to the interval, so use the shorter
            # time.
            interval = min(interval, waited)
        return interval

    def _take(self, client: Client, every: float, now: float) -> float:
        """Return the part (0 to 1) of the measured power for a client that is a battery.

        `every` is the client's polling interval in seconds.
        """
        if now - (self._telegrams.last or 0.0) >= self.telegram_interval:
            return 0.0
        since = now - _MAX_POLL_TELEGRAMS * self.telegram_interval
        batteries = self._known_batteries()
        sharing = {
            self._share_name(other, batteries)
            for other in self.clients
            if other.last_asked >= since
        }
        share = 1 / max(1, len(sharing - {None}))
        name = self._share_name(client, batteries) or _NEWCOMERS
        requested = share * min(1.0, every / self.telegram_interval)
        return self._handout.take_share(name, requested, share, now)

    def _known_batteries(self) -> set[str]:
        """Return the addresses of the batteries that have their own share of the power."""
        if self._batteries:
            return set(self._batteries)
        clients = self.clients
        since = clients[-1].last_asked - MAX_PAUSE if clients else 0.0
        steady = [
            client
            for client in clients
            if client.is_udp
            and client.last_asked >= since
            and client.last_asked - client.asking_since >= _MIN_STEADY_S
        ]
        steady.sort(key=lambda client: (client.asking_since, client.address))
        return {client.address for client in steady[:MAX_BATTERIES]}

    def _share_name(self, client: Client, batteries: set[str]) -> str | None:
        """Return the name of a client's share of the power.

        The name is the client's address if `batteries` contains the address. Batteries that
        `batteries` lacks use the share `_NEWCOMERS` together. Return None if the client is not a
        battery.
        """
        if self.profile(client) is not Profile.BATTERY:
            return None
        return client.address if client.address in batteries else _NEWCOMERS

    def _report_if_fast(self, client: Client, estimate: IntervalEstimate) -> None:
        """Call `on_fast` for a client that polls fast, because such a client may be a battery."""
        if (
            client.address in self._reported
            or not estimate.is_certain
            or not self._telegrams.interval
        ):
            return
        interval = estimate.interval or 0.0
        if (
            interval >= _MAX_FAST_SHARE * self.telegram_interval
            or len(self._reported) >= MAX_CLIENTS
        ):
            return
        if self._on_fast(client.address, interval):
            self._reported.add(client.address)
