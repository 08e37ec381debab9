"""Simulated history of a meter for the cards.

It has gas, water, heat, voltages, disturbances and a gap in the reception. The history is written
into the integration's storage.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from dev.simulator import Meter
from dev.simulator.telegram_values import Channel
from smartyp1.history.luxembourg_time import DAY, HOUR, hour_start, local_day, midnight
from smartyp1.json_types import JsonDict
from smartyp1.meter.meter_reader import MeterReader, Reading
from smartyp1.p1.decoder import Decoder
from smartyp1.p1.telegram import Telegram

from .meter_statistics import DOMAIN

_DAYS = 396
_HOURS = 34 * 24
# Kinds of meters of which the integration keeps hours.
_KINDS_BY_HOUR = ("gas", "water")
_RECEPTION_SPAN = timedelta(days=7)
# The history of voltages has a line for each `_STEP` seconds, and so `_STEPS` lines for a day.
_STEP = 300
_STEPS = 288
# Disturbances to store: age in days, kind, and details.
_DISTURBANCES = (
    (341, "power_failure", {"count": 1}),
    (262, "voltage_swell", {"count": 1, "phases": ["L2"]}),
    (158, "voltage_sag", {"count": 2, "phases": ["L1", "L3"]}),
    (97, "power_failure", {"count": 1}),
    (97, "voltage_sag", {"count": 1, "phases": ["L1"]}),
    (34, "voltage_sag", {"count": 1, "phases": ["L3"]}),
)

type Captures = dict[str, dict[datetime, float]]


def store_past(directory: Path, entry_id: str, meter: Meter, now: datetime) -> None:
    """Write the simulated history of a meter into the integration's storage.

    The config entry must not be loaded, because a loaded entry would overwrite this history.
    """
    path = directory / ".storage" / f"{DOMAIN}.{entry_id}.history"
    # Home Assistant reads only files that existed at its start. So change the file only if it
    # exists.
    if not path.exists():
        return
    content = json.loads(path.read_text("utf-8"))
    data = content["data"]
    midnights = [midnight(local_day(now) - days * DAY) for days in range(_DAYS, -1, -1)]
    last_hour = hour_start(now)
    hours = [last_hour - n * HOUR for n in range(_HOURS, -1, -1)]
    by_day, by_hour = (_captures(meter, times) for times in (midnights, hours))
    data["media"] = [
        [identity, _medium(identity, before, by_day, by_hour)]
        for identity, before in data["media"]
        if identity in by_day
    ]
    data["events"]["disturbance"] = list(_disturbances(now))
    data["voltages"] = list(_voltages(meter, now))
    since = (now - _RECEPTION_SPAN).isoformat()
    data["reception"] |= {"since": since, "gaps": [_gap(now)]}
    path.write_text(json.dumps(content), "utf-8")


def _captures(meter: Meter, times: list[datetime]) -> Captures:
    """Return the readings of all M-Bus meters at `times`."""
    identities = {number: name for name, number in _read(meter, times[-1]).channels.items()}
    captures: Captures = {name: {} for name in identities.values()}
    for at in times:
        for channel in meter.reading_at(at).channels:
            if channel.number in identities and isinstance(channel, Channel):
                captures[identities[channel.number]][at] = round(channel.value, 3)
    return captures


def _read(meter: Meter, at: datetime) -> Reading:
    [telegram] = [
        event for event in Decoder(None).feed(meter.frame_at(at)) if isinstance(event, Telegram)
    ]
    return MeterReader().read_telegram(telegram, at)


def _medium(identity: str, before: JsonDict, by_day: Captures, by_hour: Captures) -> JsonDict:
    days, hours = by_day[identity], by_hour[identity]
    # `today` is the last midnight, and `last` is the start of the current hour. The newest stored
    # reading is from `last`. So today's sum is from `today` to `last`.
    today, last = max(days), max(hours)
    sums = _sums(days) | {today: (hours[last] - days[today], (last - today).total_seconds())}
    return before | {
        "time": last.isoformat(),
        "index": hours[last],
        "days": _as_text({at: sum_ for at, sum_ in sums.items() if sum_[1] > 0}),
        "hours": _as_text(_sums(hours)) if before["kind"] in _KINDS_BY_HOUR else "",
    }


def _sums(captured: dict[datetime, float]) -> dict[datetime, tuple[float, float]]:
    times = sorted(captured)
    return {
        start: (captured[end] - captured[start], (end - start).total_seconds())
        for start, end in pairwise(times)
    }


def _as_text(sums: dict[datetime, tuple[float, float]]) -> str:
    return " ".join(
        f"{at:%Y%m%dT%H}:{amount:.6f}:{seconds}" for at, (amount, seconds) in sums.items()
    )


def _voltages(meter: Meter, now: datetime) -> Iterator[str]:
    """Yield a line with voltages for each five minutes of the last day.

    A line begins with the number of five-minute steps since 1970. Then it has the lowest and the
    highest voltage of each phase in V, or twice "-" for a phase that is not connected.
    """
    last = int(now.timestamp()) // _STEP
    for number in range(last - _STEPS + 1, last + 1):
        start = datetime.fromtimestamp(number * _STEP, UTC)
        times = [start + timedelta(seconds=seconds) for seconds in range(0, _STEP, 30)]
        phases = zip(*(meter.household.powers_at(at).voltage for at in times), strict=True)
        bounds = [f"{bound(phase):g}" for phase in phases for bound in (min, max)]
        yield " ".join([f"{number}", *bounds, *("-" for _ in range(6 - len(bounds)))])


def _gap(now: datetime) -> str:
    """Return a text with start and end of a gap in the reception."""
    start = now - timedelta(hours=8, minutes=40)
    return f"{start.isoformat()} {(start + timedelta(minutes=3)).isoformat()}"


def _disturbances(now: datetime) -> Iterator[str]:
    for days, kind, details in _DISTURBANCES:
        at = midnight(local_day(now) - days * DAY) + timedelta(hours=16, minutes=23)
        yield json.dumps([at.isoformat(), (at - timedelta(seconds=10)).isoformat(), kind, details])
