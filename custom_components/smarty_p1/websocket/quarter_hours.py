"""The command that tells a meter's quarter-hours, a year of them in one answer."""

import struct
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

import voluptuous as vol
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util

from ..coordinator.meter_coordinator import SmartyCoordinator
from ..lib.tariff import QUARTER_HOUR, REFERENCE_POWERS, Contracts, quarter_start
from .known_quarter_hours import QuarterHours, async_known_quarter_hours
from .requests import Request, async_rendered, demand_of, meter_command

_QUANTITIES = ("imported", "exported", "net", "larger")
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
    lambda *_: True,
)
async def quarter_hours(coordinator: SmartyCoordinator, msg: Request) -> bytes:
    """Answer with an energy of each quarter-hour of a period, up to the last one that is known."""
    hass = coordinator.hass
    known = await async_known_quarter_hours(coordinator)
    contracts = demand_of(coordinator).contracts
    return await async_rendered(hass, _rendered, known, contracts, msg)


def _rendered(known: QuarterHours, contracts: Contracts, msg: Request) -> dict[str, Any]:
    quantity, start, end = msg["quantity"], msg["start"], msg.get("end", known.end)
    # To the next one that begins: what is asked for starts in the period.
    start = quarter_start(start + QUARTER_HOUR - timedelta(microseconds=1))
    start = max(known.start, min(start, known.end))
    end = max(start, min(end, known.end))
    is_packed = msg["encoding"] == "base64"
    counted: dict[str, Any] = {}
    if quantity == "larger":
        above = known.above(start, end, contracts)
        values = known.larger(start, above)
        counted = {
            "above": b64encode(above).decode() if is_packed else list(above),
            "reference_powers": REFERENCE_POWERS,
        }
    else:
        values = known.values(quantity, start, end)
    end = start + len(values) * QUARTER_HOUR
    return {
        "start": start.isoformat(),
        "end": end.isoformat(),
        "step": QUARTER_HOUR.seconds,
        "quantity": quantity,
        "unit": "Wh",
        "values": _packed(values) if is_packed else values,
        **counted,
        "origins": list(known.origins(start, end)),
        "past": _mark(known, contracts),
    }


def _mark(known: QuarterHours, contracts: Contracts) -> str:
    """Return a mark of the days before today and of the reference powers that count in them."""
    references = [(since.isoformat(), each.reference_kw) for since, each in contracts.entries]
    return f"{crc32(repr((known.past, references)).encode()):08x}"


def _packed(values: Sequence[int | None]) -> str:
    """Return integers as a text of 16 bits each, little-endian."""
    fitting = (_NOTHING if each is None or abs(each) > _MOST else each for each in values)
    return b64encode(struct.pack(f"<{len(values)}h", *fitting)).decode()
