"""The quality of the house's supply: voltages of a day, and events of a year."""

import math
from datetime import UTC, datetime, timedelta

from smartyp1.json_types import JsonDict

# The five minutes that run at 18:38:20 are the last of 288.
VOLTAGES_START = datetime(2026, 11, 20, 17, 40, tzinfo=UTC)
ROWS = 288
_MEANS = {"L1": 232.0, "L2": 231.0, "L3": 230.5}


def voltages(phases: int = 3, **rows: dict[int, tuple[float, float] | None]) -> JsonDict:
    """Return the voltages of a quiet day; some rows otherwise: `L1={100: (250.0, 255.4)}`."""
    answer: JsonDict = {
        "start": VOLTAGES_START.isoformat(),
        "step": 300,
        "unit": "V",
        "limits": [207.0, 253.0],
        "phases": {},
    }
    for number, (name, mean) in enumerate(list(_MEANS.items())[:phases]):
        wave = [
            round(mean + 2.4 * math.sin(row / 31 + number) + row % 7 / 5, 1) for row in range(ROWS)
        ]
        lowest: list[float | None] = [each - 0.9 for each in wave]
        highest: list[float | None] = [each + 0.8 for each in wave]
        for row, bounds in rows.get(name, {}).items():
            lowest[row], highest[row] = bounds or (None, None)
        answer["phases"][name] = {"lowest": lowest, "highest": highest}
    return answer


def event(
    time: str, kind: str, count: int = 1, phases: list[str] | None = None, **more: object
) -> JsonDict:
    """Return a disturbance that was counted ten seconds after the reading before."""
    at = datetime.fromisoformat(time)
    found: JsonDict = {
        "time": at.isoformat(),
        "after": (at - timedelta(seconds=10)).isoformat(),
        "kind": kind,
        "count": count,
    }
    return found | ({"phases": phases} if phases else {}) | more


def limit(begin: str, end: str | None, **changes: object) -> JsonDict:
    """Return a limit of the car that obeyed after twelve seconds."""
    found: JsonDict = {
        "load_id": "car",
        "load": "Car",
        "limit_kw": 4.2,
        "begin": begin,
        "kw_before": 11.04,
        "end": end,
        "kw_after": 4.14,
        "obeyed_after": 12.3,
    }
    return found | changes


def events(**changes: object) -> JsonDict:
    """Return a year with some disturbances, a message, and a day with a gap of eleven minutes."""
    received: list[float | None] = [1.0] * 168
    # 04:00 to 05:00 in Luxembourg, of the last 24 hours.
    received[153] = 0.817
    return {
        "disturbances": [
            event("2025-12-06T13:20:00+01:00", "power_failure"),
            event("2025-12-24T18:05:00+01:00", "voltage_sag", 1, ["L1"]),
            event("2026-01-19T07:41:00+01:00", "voltage_sag", 3, ["L1", "L2"]),
            event("2026-04-08T12:00:00+02:00", "voltage_sag", 1, ["L3"]),
            event("2026-05-09T12:30:00+02:00", "voltage_swell", 1, ["L2"]),
            event("2026-06-09T16:02:00+02:00", "power_failure"),
            event("2026-06-09T16:02:00+02:00", "voltage_sag", 4, ["L1", "L2", "L3"]),
            event("2026-06-20T13:10:00+02:00", "voltage_swell", 1, ["L1"]),
            event("2026-07-12T14:00:00+02:00", "voltage_swell", 1, ["L1"]),
            event("2026-10-18T14:02:00+02:00", "voltage_sag", 1, ["L1"]),
        ],
        "undated": {"power_failure": 22, "voltage_sag": 28, "voltage_swell": 4},
        "switches": [],
        "messages": [
            {
                "time": "2026-11-03T09:12:00+00:00",
                "after": "2026-11-03T09:11:50+00:00",
                "kind": "message",
                "text": "Works on 12 November, 9:00-11:00: supply may be interrupted.",
            }
        ],
        "reception": {
            "since": "2025-11-02T10:00:00+00:00",
            "start": "2026-11-14T18:00:00+00:00",
            "step": 3600,
            "received": received,
            "longest_gaps": [
                {"start": "2026-11-21T03:12:00+00:00", "end": "2026-11-21T03:23:00+00:00"}
            ],
        },
        "limits": [
            limit("2026-02-03T17:02:13+01:00", "2026-02-03T19:30:00+01:00"),
            limit(
                "2026-10-18T23:50:00+02:00",
                "2026-10-19T00:40:00+02:00",
                load="Boiler",
                limit_kw=0.0,
                kw_before=2.0,
                kw_after=0.0,
                obeyed_after=3.0,
            ),
        ],
    } | changes


def answers(**changes: JsonDict) -> JsonDict:
    """Return the answers of the house, with some others instead."""
    return {"smarty_p1/voltages": voltages(), "smarty_p1/events": events()} | changes
