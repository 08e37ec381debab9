"""A meter without a cable in a real Home Assistant: its hours, and the cable that it gets later."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from dev.demo.client import Client
from dev.demo.meter_statistics import DOMAIN
from dev.leneda import Platform
from dev.simulator import serve
from tests.system.home import Home
from tests.system.support import PATIENCE, TIMEOUT, RecordingMeter, until

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(TIMEOUT),
    # It downloads two years; tests/ha/test_cable_later.py downloads 20 days.
    pytest.mark.slow,
]

KEY = bytes.fromhex("5A3C00F1E2D4C6B8A99788766554433F")
ACCOUNT = {
    "api_key": "1f3a5c7e9b2d4f608a1c3e5d7f9b2a4c",
    "energy_id": "LUXE-AB-CD-12345",
    "consumption_point": "LU0000012345678901234000000000001",
}
LUXEMBOURG = ZoneInfo("Europe/Luxembourg")
FLOWS = "/api/config/config_entries/flow"
DAYS = 700


@pytest_asyncio.fixture(loop_scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Home, str]]:
    """Yield a Home Assistant with its platform, 0.8 kW at all times, and the address of a meter."""
    meter = RecordingMeter(1, KEY)
    async with (
        serve([meter], interval=1) as line,
        Platform(key=ACCOUNT["api_key"], energy_id=ACCOUNT["energy_id"]) as platform,
    ):
        platform.series[ACCOUNT["consumption_point"], "1-1:1.29.0"] = lambda _start: 0.8
        home = Home(tmp_path_factory.mktemp("home"), meter, leneda=platform.url)
        try:
            await home.start()
            [(_, (address, *_))] = line.addresses()
            yield home, str(address)
        finally:
            await home.stop()


async def sums(client: Client) -> list[tuple[datetime, float]]:
    """Return the hours of the imported energy: start, and sum in kWh."""
    known = await client.command("recorder/list_statistic_ids", statistic_type="sum")
    names = [row["statistic_id"] for row in known]
    [name] = [name for name in names if re.fullmatch(rf"{DOMAIN}:[0-9a-f]{{8}}_imported", name)]
    start = datetime.now(UTC) - timedelta(days=800)
    found: dict[str, list[dict[str, Any]]] = await client.command(
        "recorder/statistics_during_period",
        start_time=start.isoformat(),
        statistic_ids=[name],
        period="hour",
        types=["sum"],
    )
    return [
        (datetime.fromtimestamp(row["start"] / 1000, UTC), row["sum"])
        for row in found.get(name, [])
    ]


async def energy_entity(client: Client) -> dict[str, Any]:
    """Return the registry entry of the imported energy."""
    entities = await client.command("config/entity_registry/list")
    [entity] = [
        entity
        for entity in entities
        if entity["platform"] == DOMAIN and entity["translation_key"] == "energy_imported"
    ]
    found: dict[str, Any] = entity
    return found


async def is_loaded(client: Client, entry: dict[str, Any]) -> bool:
    """Return whether the meter is read."""
    entries = await client.command("config_entries/get", domain=DOMAIN)
    states = {found["entry_id"]: found["state"] for found in entries}
    return states.get(entry["entry_id"]) == "loaded"


async def test_every_hour_is_there_once(home: tuple[Home, str]) -> None:
    house, address = home
    client = house.client
    entry = await client.run_flow(DOMAIN, "leneda", **ACCOUNT)
    before = await energy_entity(client)
    name = before["entity_id"]
    midnight = datetime.now(LUXEMBOURG).replace(hour=0, minute=0, second=0, microsecond=0)
    end, hour = midnight.astimezone(UTC), timedelta(hours=1)
    hours: list[tuple[datetime, float]] = []

    async def is_whole() -> bool:
        hours[:] = await sums(client)
        return (
            bool(hours)
            and end - hours[0][0] > timedelta(days=DAYS)
            and hours[-1][0] == end - hour
            and hours[-1][1] == pytest.approx(0.8 * len(hours))
        )

    await until(is_whole, within=2 * PATIENCE)
    assert all(now - last == hour for (last, _), (now, _) in pairwise(hours))
    assert [total for _, total in hours] == pytest.approx(
        [0.8 * (n + 1) for n in range(len(hours))], abs=0.001
    )

    form = await client.post(FLOWS, handler=DOMAIN, entry_id=entry["entry_id"])
    assert form["step_id"] == "add_cable"
    step = await client.post(
        f"{FLOWS}/{form['flow_id']}", port=address, encryption_key=KEY.hex(), advanced={}
    )
    while step["type"] in {"progress", "progress_done"}:
        await asyncio.sleep(0.2)
        step = await client.get(f"{FLOWS}/{form['flow_id']}")
    assert step["reason"] == "cable_added"
    after = await energy_entity(client)
    assert (after["entity_id"], after["id"]) == (name, before["id"])
    assert after["unique_id"] != before["unique_id"]

    await until(lambda: is_loaded(client, entry), within=PATIENCE)
    # The same statistic, with the same hours.
    assert (await sums(client))[: len(hours)] == hours
