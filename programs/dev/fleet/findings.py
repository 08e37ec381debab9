"""Findings of a test run, made by comparing sent telegrams with stored samples."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass, field

from smartyp1.p1.frame_header import title_text

from .comparison import Sample, compare
from .faults.kills import Interruption
from .meters import FleetMeter
from .sent_telegrams import Attack, Sent, time_of, values_of
from .stored_samples import Export

# A gateway on an idle machine writes a frame to its disk within this number of seconds.
_IN_HANDS = 1.0
# On a busy machine, a gateway may need up to this number of seconds to write a frame to its disk.
_MAX_HELD_S = 10.0
# On a busy machine, a meter may need up to this number of seconds to notice that its gateway was
# killed.
_NOTICED = 1.0
# Seconds that a gateway needs after its start to connect to all its ports.
_CONNECTED = 20.0


@dataclass
class Findings:
    """Result of comparing the sent telegrams of all meters with the stored samples."""

    sent: int = 0
    stored: int = 0
    registers: int = 0
    not_read: int = 0
    in_hands: list[float] = field(default_factory=list)
    """Seconds from sending to the kill, for each telegram that a killed gateway held and lost."""
    lost: list[Sent] = field(default_factory=list)
    partial: int = 0
    wrong: int = 0
    foreign: int = 0
    doubled: int = 0
    unknown_meters: int = 0
    written_again: int = 0
    stored_at: list[tuple[float, float]] = field(default_factory=list)
    """Times at which each telegram was sent and was stored (Unix seconds)."""
    examples: list[str] = field(default_factory=list)

    def delays(self) -> list[float]:
        """Return the delay from sending to storing of each telegram, in seconds, shortest first."""
        return sorted(stored - sent for sent, stored in self.stored_at)


class Examiner:
    """Comparison of the sent and stored telegrams of a run."""

    def __init__(  # noqa: PLR0913
        self,
        events: Sequence[Sent | Attack],
        interruptions: Sequence[Interruption],
        heard: Mapping[tuple[str, int], float],
        *,
        passed_on: AbstractSet[str],
        gateway_of: Callable[[int], int],
        waiting: AbstractSet[int] = frozenset(),
    ) -> None:
        """Take the records of a run.

        `events` has the sent telegrams and attacks. `heard` has the time at which the listener
        first received each reading, by system title and frame counter. `passed_on` has the digests
        of the frames that gateways published, or had on disk when they were killed. `gateway_of`
        returns the number of the gateway that reads a meter. The keys of the meters in `waiting`
        came late, so the delays of these meters are ignored.
        """
        self.findings = Findings()
        self.attacks: Counter[str] = Counter()
        """Numbers of attacks by kind. Only attacks on ports that a gateway read are counted."""
        self._telegrams: dict[int, dict[int, Sent]] = {}
        self._killed = [
            kill for kill in interruptions if kill.kind == "gateway" and kill.was_killed
        ]
        self._waiting = waiting
        self._heard = heard
        # Leave out the frames that an attack has replayed. If such a frame was published, it can be
        # the attacker's copy, because a killed gateway may have lost the original. So this does not
        # prove that a gateway passed on the original.
        self._passed_on = passed_on - {item.digest for item in events if isinstance(item, Attack)}
        self._gateway_of = gateway_of
        self._stored: dict[int, list[float]] = {}
        """Times (Unix seconds) at which stored telegrams were sent, by gateway."""
        for event in events:
            if isinstance(event, Sent):
                self._telegrams.setdefault(event.meter, {})[time_of(event.text)] = event
                self.findings.sent += 1
            elif event.was_read:
                self.attacks[event.kind] += 1

    async def examine(self, meters: Iterable[FleetMeter], export: Export) -> None:
        """Compare every register of all `meters` with the stored samples."""
        unknown = await export.meters()
        missing: list[Sent] = []
        for meter in meters:
            missing += self._examine(meter, await export.samples(meter.device_name))
            unknown.discard(meter.device_name)
        self.findings.unknown_meters = len(unknown)
        for sent in missing:
            if sent.digest in self._passed_on:
                self.findings.lost.append(sent)
            elif not sent.was_read and self._was_down(sent):
                self.findings.not_read += 1
            elif (before := self._was_in_hands(sent)) is not None:
                self.findings.in_hands.append(before)
            else:
                self.findings.lost.append(sent)

    def _examine(self, meter: FleetMeter, stored: Sequence[Sample]) -> list[Sent]:
        """Compare the registers of one meter. Return its missing telegrams."""
        findings, telegrams = self.findings, self._telegrams.get(meter.number, {})
        truth = {time: values_of(sent.text) for time, sent in telegrams.items()}
        result = compare(truth, stored)
        findings.stored += len(result.stored)
        findings.registers += sum(len(truth[time]) for time in result.stored)
        findings.partial += len(result.partial)
        findings.written_again += result.repeated
        passed_on = self._stored.setdefault(self._gateway_of(meter.number), [])
        passed_on += [telegrams[time].moment for time in result.stored]
        for word in ("wrong", "foreign", "doubled"):
            samples = getattr(result, word)
            setattr(findings, word, getattr(findings, word) + len(samples))
            findings.examples += [f"{word}: {meter.device_name} {sample}" for sample in samples[:1]]
        # Leave out the meters whose telegrams waited for a key. Their delay says nothing about the
        # speed of the fleet.
        if meter.number not in self._waiting:
            title = title_text(meter.system_title)
            for time, sent in telegrams.items():
                # A delay shows when a telegram was stored. But only the first write of a telegram
                # has a delay, and VictoriaMetrics can lose the first write. So also use the time
                # at which the listener received the reading. Collectors publish a reading just
                # after they have stored it.
                delay = result.delays.get(time, math.inf)
                heard = self._heard.get((title, sent.counter), math.inf)
                if (stored_at := min(time / 1000 + delay, heard)) < math.inf:
                    findings.stored_at.append((sent.moment, stored_at))
        return [telegrams[time] for time in result.missing]

    def _was_down(self, sent: Sent) -> bool:
        return any(
            kill.number == self._gateway_of(sent.meter)
            and kill.moment <= sent.moment <= kill.back + _CONNECTED
            for kill in self._killed
        )

    def _was_in_hands(self, sent: Sent) -> float | None:
        """Return the seconds from sending a telegram to the kill of the gateway that lost it.

        The result is negative if the meter sent the telegram just after the kill. Return None if no
        kill explains the loss.
        """
        gateway = self._gateway_of(sent.meter)
        for kill in (outage.moment for outage in self._killed if outage.number == gateway):
            if -_IN_HANDS <= sent.moment - kill <= _NOTICED:
                return kill - sent.moment
            is_read = sent.was_read and kill - _MAX_HELD_S <= sent.moment <= kill
            if is_read and not any(
                sent.moment + _IN_HANDS <= moment <= kill for moment in self._stored[gateway]
            ):
                return kill - sent.moment
        return None
