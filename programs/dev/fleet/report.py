"""Report of a test run: lines with the results, and targets that were not reached."""

from argparse import Namespace
from collections.abc import Mapping

from dev.reliability.result import Result

from .faults.key_changes import changes
from .findings import Findings
from .run import Outcome

_MAX_P95_S = 2.0
_MAX_P95_WITH_KILLS_S = 15.0
_SHOWN = 10


def summarize(outcome: Outcome, options: Namespace) -> Result:
    """Return the report of a run: lines with the results, and targets that were not reached."""
    result = Result()
    with_kills = options.kills != "none"
    if changes(options.meters):
        result.say("keys: of one meter it came late, two got another, one of them unannounced")
    if options.faults:
        result.say(
            "faults: the clock of the stream's leader was an hour slow and an hour fast; frames "
            f"that waited and were read since the collectors' last start: {outcome.parked:.0f}"
        )
    _tell_telegrams(outcome.findings, result)
    _tell_delays(outcome, result, _MAX_P95_WITH_KILLS_S if with_kills else _MAX_P95_S)
    _tell_attacks(outcome, result)
    if with_kills:
        result.say(f"killed: {outcome.killer.told()}")
    _tell_costs(outcome, result)
    for line in outcome.faults[:_SHOWN]:
        result.say(f"in a log: {line}")
    result.want("no traceback in a program's log", holds=not outcome.faults)
    return result


def _tell_telegrams(findings: Findings, result: Result) -> None:
    result.say(
        f"telegrams: {findings.sent} sent, {findings.stored} stored with every register "
        f"({findings.registers} values), {len(findings.lost)} lost, "
        f"{findings.partial} with a register missing"
    )
    result.say(f"not read, for the gateway was down: {findings.not_read}")
    result.say(
        "in the hands of a gateway that was killed, and not stored: "
        f"{len(findings.in_hands)}, sent {max((0.0, *findings.in_hands)):.2f} s before at most"
    )
    result.say(
        f"doubled: {findings.doubled}; wrong values: {findings.wrong}; foreign: {findings.foreign} "
        f"values, {findings.unknown_meters} meters; written again, the same: "
        f"{findings.written_again} values"
    )
    for example in findings.examples[:_SHOWN]:
        result.say(example)
    for sent in findings.lost[:_SHOWN]:
        result.say(f"lost: meter {sent.meter}, frame {sent.counter}, sent at {sent.moment:.2f}")
    result.want("no telegram lost", holds=not findings.lost)
    result.want("every register of a telegram", holds=not findings.partial)
    result.want("nothing doubled", holds=not findings.doubled)


def _tell_delays(outcome: Outcome, result: Result, most_p95: float) -> None:
    ordered = outcome.findings.delays()
    result.want("anything stored", holds=bool(ordered))
    if ordered:
        median, p95 = (ordered[int(len(ordered) * share)] for share in (0.5, 0.95))
        result.say(
            f"meter to storage: p50 {median:.2f} s, p95 {p95:.2f} s, longest {ordered[-1]:.1f} s; "
            f"all acknowledged {outcome.settled:.0f} s after the last telegram"
        )
        result.want(f"p95 below {most_p95:.0f} s", holds=p95 < most_p95)
    result.want(
        f"everything acknowledged, not {outcome.not_acknowledged} messages behind",
        holds=not outcome.not_acknowledged,
    )


def _tell_attacks(outcome: Outcome, result: Result) -> None:
    findings, listener = outcome.findings, outcome.listener
    on_lines, to_nats = outcome.attacks, outcome.intruder.published
    accepted = findings.wrong + findings.foreign + findings.unknown_meters
    result.say(
        f"forged, replayed, plain, junk: {on_lines.total()} on the lines, {to_nats.total()} to "
        f"NATS; {accepted} accepted"
    )
    result.say(f"on the lines: {_told(on_lines)}")
    result.say(f"to NATS: {_told(to_nats)}")
    result.say(f"refused by the collectors since their last start: {_told(outcome.rejected)}")
    stream = outcome.stream
    result.say(
        f"in the stream: {stream.frames.total()} messages of gateways, {stream.doubled} doubled; "
        f"{stream.intruded} of the intruder; {stream.bytes_each:.0f} bytes each. "
        f"Readings heard from NATS: {len(listener.heard)}, {listener.again} again"
    )
    result.want("attacks on the lines and to NATS", holds=bool(on_lines and to_nats))
    result.want("nothing forged accepted", holds=not accepted)


def _tell_costs(outcome: Outcome, result: Result) -> None:
    sent = max(1, outcome.findings.sent)
    milliseconds = {kind: busy * 1000 / sent for kind, busy in outcome.busy.items()}
    text = ", ".join(f"{kind} {duration:.2f}" for kind, duration in milliseconds.items())
    result.say(f"CPU a telegram, ms: {sum(milliseconds.values()):.2f}; {text}")
    mib = ", ".join(f"{kind} {mib:.0f}" for kind, mib in outcome.costs.most_mib.items())
    result.say(f"memory at most, MiB: {mib}")


def _told(counts: Mapping[str, float]) -> str:
    return ", ".join(f"{kind} {count:.0f}" for kind, count in sorted(counts.items())) or "none"
