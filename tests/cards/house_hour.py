"""The power of the last hour, until Saturday 21 November 2026 at 18:38:20."""

from datetime import datetime, timedelta

from smartyp1.json_types import JsonDict

SLOTS = 360
END = datetime.fromisoformat("2026-11-21T17:38:30+00:00")
KETTLE, OVEN = "switch.kettle", "switch.oven"


def at(clock: str) -> int:
    """Return the slot of a time such as 18:05:00."""
    time = datetime.fromisoformat(f"2026-11-21T{clock}+01:00")
    return SLOTS - round((END - time) / timedelta(seconds=10))


def hour(
    *loads: tuple[str, str, float, int],
    always: float = 0.7,
    gap: tuple[str, str] | None = None,
    devices: list[str] | None = None,
) -> JsonDict:
    """Return the answer with loads: from, until, kW, number of their phase (0 for all three)."""
    phases = [[always / 3] * SLOTS for _ in range(3)]
    for begin, end, kw, phase in loads:
        for slot in range(max(0, at(begin)), min(SLOTS, at(end))):
            for n in range(3):
                phases[n][slot] += (kw / 3) * (phase == 0) + kw * (phase == n + 1)
    # A house is never quite still.
    noise = [(slot * 37) % 11 - 5 for slot in range(SLOTS)]
    watts: list[list[int | None]] = [[round(1000 * kw) for kw in phase] for phase in phases]
    for slot in range(SLOTS):
        watts[0][slot] = (watts[0][slot] or 0) + noise[slot]
    net: list[int | None] = [sum(each or 0 for each in row) for row in zip(*watts, strict=True)]
    for slot in range(at(gap[0]), at(gap[1])) if gap else ():
        for powers in (net, *watts):
            powers[slot] = None
    start = END - timedelta(hours=1)
    told: JsonDict = {"start": start.isoformat(), "step": 10, "unit": "W", "net": net}
    return {"smarty_p1/last_hour": told | {"phases": watts, "devices": devices or []}}


THERMOSTAT: list[tuple[str, str, float, int]] = [
    ("17:59:00", "18:09:00", 2.4, 2),
    ("18:11:00", "18:15:00", 2.4, 2),
    ("18:17:00", "18:21:00", 2.4, 2),
    ("18:27:00", "18:30:00", 2.4, 2),
]
EVENING = hour(
    ("17:46:00", "17:49:10", 2.1, 1),
    *THERMOSTAT,
    ("18:18:30", "18:20:00", 1.7, 3),
    ("18:35:30", "19:00:00", 2.1, 1),
)
EXCESS = hour(("18:05:00", "19:00:00", 9.6, 0), ("18:23:00", "19:00:00", 1.1, 2))
SILENT = hour(
    ("17:46:00", "17:49:10", 2.1, 1), ("18:35:30", "19:00:00", 2.1, 1), gap=("18:00:00", "18:11:00")
)
YOUNG = hour(("18:25:00", "18:27:00", 2.4, 1), gap=("17:38:30", "18:20:00"))


def state(value: str, changed: str, **attributes: object) -> JsonDict:
    """Return a state that has changed at a time of the day."""
    return {"state": value, "attributes": attributes, "last_changed": f"2026-11-21T{changed}+01:00"}
