"""Loads, a battery and a meter: entered, changed and removed while the meter reloads."""

import asyncio
from pathlib import Path

from dev.demo.client import Client
from dev.demo.meter_statistics import DOMAIN
from dev.simulator import Server
from dev.testing.real_programs import RecordingMeter, until
from smartyp1.json_types import JsonDict
from tests.system.home import Home

KEY = bytes.fromhex("1D77C0FF1234567788990A1B2C3D4E5F")
ENTRIES = "/api/config/config_entries"
CAR = {"name": "Car", "kwh": "8,8", "max_kw": "11"}
BATTERY = {"name": "Battery", "capacity_kwh": "10", "charge": "sensor.no_such", "charge_kw": "5"}
FAULTS = ("already been set up", "did not complete in time", "does not generate unique", "Error ")


async def enter(client: Client, entry_id: str, kind: str, *menu: str, **fields: str) -> str:
    """Enter a load or battery, and return the type of the dialog's last step."""
    flows = f"{ENTRIES}/subentries/flow"
    step: JsonDict = await client.post(flows, handler=[entry_id, kind])
    path = f"{flows}/{step['flow_id']}"
    for choice in menu:
        step = await client.post(path, next_step_id=choice)
    # The form asks once for the missing sensor of a load.
    for _ in range(2):
        if step["type"] == "form":
            step = await client.post(path, **fields)
    return str(step["type"])


async def subentries(client: Client, entry_id: str) -> dict[str, str]:
    """Return the ids of the subentries by their titles."""
    listed = await client.command("config_entries/subentries/list", entry_id=entry_id)
    return {each["title"]: each["subentry_id"] for each in listed}


async def test_loads_battery_and_meter_come_and_go_while_others_reload(tmp_path: Path) -> None:
    meters = [RecordingMeter(number, KEY) for number in (1, 2)]
    async with Server(meters, interval=1) as line, Home(tmp_path, meters[0]) as home:
        ports = [f"socket://127.0.0.1:{port}" for port in line.ports]
        client = home.client
        entry_id = (await home.add_meter(ports[0], KEY))["entry_id"]
        await home.until_settled()

        async def reload(times: int) -> None:
            for _ in range(times):
                await client.post(f"{ENTRIES}/entry/{entry_id}/reload")

        # A dialog tests the port of the loaded meter.
        step = await client.post(f"{ENTRIES}/flow", handler=DOMAIN, entry_id=entry_id)
        await client.post(f"{ENTRIES}/flow/{step['flow_id']}", port=ports[0], advanced={})
        entered = await asyncio.gather(
            reload(3),
            client.run_flow(DOMAIN, "meter", port=ports[1], encryption_key=KEY.hex(), advanced={}),
            enter(client, entry_id, "battery", **BATTERY),
            *(
                enter(client, entry_id, "load", "car", **CAR | {"name": f"Car {n}"})
                for n in range(3)
            ),
        )
        assert entered[2:] == ["create_entry"] * 4

        async def shows(*names: str) -> bool:
            """Return whether each load has its entities, and the plan its calendar."""
            states = await home.all_states()
            buttons = {
                name for name in states if name.startswith("button.") and "start_now" in name
            }
            calendars = [name for name in states if name.startswith("calendar.")]
            are_there = all(states[name]["state"] != "unavailable" for name in buttons)
            return (
                are_there
                and buttons == {f"button.{name}_start_now" for name in names}
                and len(calendars) == bool(names)
            )

        await until(lambda: shows("car_0", "car_1", "car_2"))
        ids = await subentries(client, entry_id)
        flows = f"{ENTRIES}/subentries/flow"
        form = await client.post(flows, handler=[entry_id, "load"], subentry_id=ids["Car 0"])
        await asyncio.gather(
            reload(2),
            client.post(f"{flows}/{form['flow_id']}", **CAR | {"name": "Car 0", "kwh": "4"}),
            *(
                client.command(
                    "config_entries/subentries/delete",
                    entry_id=entry_id,
                    subentry_id=ids[name],
                )
                for name in ("Car 1", "Battery")
            ),
        )
        await until(lambda: shows("car_0", "car_2"))
        await until(home.shows_last_telegram)
        log = home.log.read_text("utf-8")
        assert not [line for line in log.splitlines() if any(fault in line for fault in FAULTS)]
