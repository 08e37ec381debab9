"""The command that tells a meter's quarter-hours, a year of them in one answer."""

import struct
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import voluptuous as vol
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util

from ..coordinator.meter_coordinator import SmartyCoordinator
from ..lib.tariff import QUARTER_HOUR, quarter_start
from .known_quarter_hours import QuarterHours, async_known_quarter_hours
from .requests import Request, async_rendered, meter_command

_QUANTITIES = ("imported", "exported", "net")
_MOST, _NOTHING = 32_767, -32_768
_YEARS = range(1999, 2101)


def a_time(value: object) -> datetime:
    """Return a time in UTC. Raises vol.Invalid for what is none, or of an impossible year."""
    time = cv.datetime(value)
    if time.year not in _YEARS:
        text = "the year is not possible"
        raise vol.Invalid(text)
    return dt_util.as_utc(time)


@meter_command(
    "quarter_hours",
    {
        vol.Required("start"): a_time,
        vol.Optional("end"): a_time,
        vol.Optional("quantity", default="imported"): vol.In(_QUANTITIES),
        vol.Optional("encoding", default="list"): vol.In(("list", "base64")),
    },
)
async def quarter_hours(coordinator: SmartyCoordinator, msg: Request) -> bytes:
    """Answer with an energy of each quarter-hour of a period, up to the last one that is known."""
    hass = coordinator.hass
    known = await async_known_quarter_hours(coordinator)
    return await async_rendered(hass, _rendered, known, msg)


def _rendered(known: QuarterHours, msg: Request) -> dict[str, Any]:
    quantity, start, end = msg["quantity"], msg["start"], msg.get("end", known.end)
    # To the next one that begins: what is asked for starts in the period.
    start = quarter_start(start + QUARTER_HOUR - timedelta(microseconds=1))
    start = max(known.start, min(start, known.end))
    values = known.values(quantity, start, max(start, min(end, known.end)))
    end = start + len(values) * QUARTER_HOUR
    return {
        "start": start.isoformat(),
        "end": end.isoformat(),
        "step": QUARTER_HOUR.seconds,
        "quantity": quantity,
        "unit": "Wh",
        "values": _packed(values) if msg["encoding"] == "base64" else values,
        "origins": list(known.origins(start, end)),
        "past": known.past,
    }


def _packed(values: Sequence[int | None]) -> str:
    """Return integers as a text of 16 bits each, little-endian."""
    fitting = (_NOTHING if each is None or abs(each) > _MOST else each for each in values)
    return b64encode(struct.pack(f"<{len(values)}h", *fitting)).decode()
