"""Clients of an entry's virtual meter, for diagnostics and for the options page."""

import time
from typing import NamedTuple

from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from ..coordinator.entry_types import AnyConfigEntry
from ..lib.virtual.clients import Client, Profile, Question
from ..lib.virtual.virtual_meter import VirtualMeter

VIRTUAL_METERS: HassKey[dict[str, VirtualMeter]] = HassKey("smarty_p1_virtual_meters")


class ShownClient(NamedTuple):
    """Client of the virtual meter, as texts and numbers to show."""

    address: str
    profile: Profile
    questions: list[str]
    request_count: int
    poll_interval_s: float | None
    """None before the second poll."""
    last_request_s_ago: float


def clients_of(hass: HomeAssistant, entry: AnyConfigEntry) -> list[ShownClient]:
    """Return the clients of an entry's virtual meter.

    The client with the most recent request is the first.
    """
    meter = hass.data.get(VIRTUAL_METERS, {}).get(entry.entry_id)
    if meter is None:
        return []
    now = time.monotonic()
    return [_shown(meter, client, now) for client in reversed(meter.clients)]


def _shown(meter: VirtualMeter, client: Client, now: float) -> ShownClient:
    pace = client.fastest
    interval = pace.interval if pace else None
    return ShownClient(
        client.address,
        meter.profile(client),
        [question.value for question in client.poll_intervals if question is not Question.OTHER],
        client.asked,
        None if interval is None else round(interval, 1),
        round(now - client.last_asked, 1),
    )
