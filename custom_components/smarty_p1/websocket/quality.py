"""Commands that return the voltages of the last 24 hours, and the events of the last 400 days."""

from datetime import datetime
from typing import Literal, NotRequired, TypedDict

from homeassistant.helpers.json import json_bytes
from homeassistant.util import dt as dt_util

from ..coordinator.meter_coordinator import MeterCoordinator
from ..coordinator.stored.event_history import EventHistory, PastEvent
from ..coordinator.stored.reception_history import ReceptionHistory
from ..coordinator.stored.voltage_extremes import STEP
from ..lib.entities.meter_sensors import VOLTAGE_LIMITS
from ..lib.json_types import JsonDict
from ..lib.plan.limit_log import MAX_LIMITS
from ..lib.stored_json import dump
from .requests import Request, meter_command
from .shared_answer_types import Time

_PHASES = ("L1", "L2", "L3")
_MAX_GAPS = 20


class PhaseVoltagesAnswer(TypedDict):
    """Voltages of a phase in steps of five minutes."""

    lowest: list[float | None]
    highest: list[float | None]


class VoltagesAnswer(TypedDict):
    """Voltages of the last 24 hours: 288 values for each phase."""

    start: Time
    step: Literal[300]
    unit: Literal["V"]
    limits: tuple[float, float]
    phases: dict[str, PhaseVoltagesAnswer]


@meter_command("voltages", needs_port=True)
async def answer_voltages(coordinator: MeterCoordinator, _msg: Request) -> bytes:
    """Return the lowest and highest voltage of each phase in each five minutes of 24 hours.

    A phase that had less than 50 V all the time is left out.
    """
    voltages, now = coordinator.records.history.voltages, dt_util.utcnow()
    start, rows = voltages.rows(now)
    phases: dict[str, PhaseVoltagesAnswer] = {
        name: {
            "lowest": [row[2 * n] for row in rows],
            "highest": [row[2 * n + 1] for row in rows],
        }
        for n, name in enumerate(_PHASES)
        if voltages.is_connected(n, now)
    }
    answer: VoltagesAnswer = {
        "start": start,
        "step": STEP,
        "unit": "V",
        "limits": VOLTAGE_LIMITS,
        "phases": phases,
    }
    return json_bytes(answer)


type DisturbanceKind = Literal["power_failure", "voltage_sag", "voltage_swell"]


class MeterEventAnswer(TypedDict):
    """Event between the times `after` and `time`."""

    time: Time
    after: Time | None


class DisturbanceAnswer(MeterEventAnswer):
    """Disturbance of the grid."""

    kind: DisturbanceKind
    count: int
    phases: NotRequired[list[str]]


class SwitchAnswer(MeterEventAnswer):
    """New state of a relay or breaker."""

    kind: str
    state: str


class MessageAnswer(MeterEventAnswer):
    """Message of the grid operator."""

    kind: str
    text: str


class GapAnswer(TypedDict):
    """Time of more than a minute without a telegram."""

    start: Time
    end: Time


class ReceptionAnswer(TypedDict):
    """Reception of the last seven days."""

    since: Time | None
    start: Time
    step: Literal[3600]
    received: list[float | None]
    """Received share of each of 168 hours."""
    longest_gaps: list[GapAnswer]
    altered: float | None
    """Share of frames that were altered on the way, in 24 hours."""


class LimitAnswer(TypedDict):
    """Limit of a load by the grid operator. Powers are in kW, null if they are unknown."""

    load_id: str
    load: str
    limit_kw: float
    begin: Time
    kw_before: float | None
    end: Time | None
    """Null while it lasts."""
    kw_after: float | None
    """Highest power since the load obeyed."""
    obeyed_after: float | None
    """Seconds, null if the load was not seen to obey."""


class HeldTotalAnswer(TypedDict):
    """Total whose value has fallen or leapt, and is held back."""

    total: str
    """OBIS reference of a register, or identity of an M-Bus meter."""
    shown: float
    sent: float
    """Last value of the meter."""
    since: Time


class EventsAnswer(TypedDict):
    """Events of the last 400 days."""

    disturbances: list[DisturbanceAnswer]
    undated: dict[DisturbanceKind, int]
    """Disturbances without an event: counted before the first reading, or too old to be kept."""
    switches: list[SwitchAnswer]
    messages: list[MessageAnswer]
    reception: ReceptionAnswer
    limits: list[LimitAnswer]
    """Newest limits of loads, oldest first."""
    held: list[HeldTotalAnswer]
    """Totals that are held back until their new values are confirmed."""


@meter_command("events", needs_port=True)
async def answer_events(coordinator: MeterCoordinator, _msg: Request) -> bytes:
    """Return the disturbances, switch events and messages of 400 days, and the newest limits.

    The answer also has the reception of the last seven days, and the share of frames that were
    altered on the way in the last 24 hours.
    """
    history, now = coordinator.records.history, dt_util.utcnow()
    groups = history.events.groups
    return json_bytes(
        {
            "disturbances": list(map(_event, groups["disturbance"])),
            "undated": _undated(history.events),
            "switches": list(map(_event, groups["switch"])),
            "messages": list(map(_event, groups["message"])),
            "reception": _reception(history.reception, now),
            "limits": dump(coordinator.limits.log.limits[-MAX_LIMITS:]),
            "held": [
                {
                    "total": name,
                    "shown": index.shown,
                    "sent": index.held[-1].value,
                    "since": index.held[0].time,
                }
                for name, index in coordinator.records.memory.totals.held.items()
            ],
        }
    )


def _event(event: PastEvent) -> JsonDict:
    return {
        "time": event.time,
        "after": event.after,
        "kind": event.kind,
        **event.details,
    }


def _undated(events: EventHistory) -> dict[str, int]:
    """Return the number of counted disturbances that have no event, keyed by kind.

    The meter counted these disturbances before its first reading, or their events are too old to be
    kept.
    """
    counts: dict[str, int] = {}
    # A name is a kind, then the phase if there is one: `voltage_sag L1`.
    for name, count in events.counts.items():
        kind = name.partition(" ")[0]
        counts[kind] = counts.get(kind, 0) + count
    for event in events.groups["disturbance"]:
        rise = event.details["count"]
        if event.kind in counts and isinstance(rise, int):
            counts[event.kind] = max(0, counts[event.kind] - rise)
    return counts


def _reception(reception: ReceptionHistory, now: datetime) -> ReceptionAnswer:
    start, hours = reception.hours(now)
    gaps = sorted(reception.gaps(now), key=lambda gap: gap.start - gap.end)[:_MAX_GAPS]
    return {
        "since": reception.since,
        "start": start,
        "step": 3600,
        "received": hours,
        "longest_gaps": [{"start": gap.start, "end": gap.end} for gap in gaps],
        "altered": reception.altered_share(now),
    }
