"""Orders of the plan in a real Home Assistant. The wallbox outlives its restarts and crashes."""

import json
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from dev.demo.meter_statistics import DOMAIN
from dev.ports import free_ports
from dev.simulator import Server
from dev.testing.real_programs import IN_ONE_LOOP, RecordingMeter, module_fixture, until
from tests.system.home import Home
from tests.system.moved_time import MovedTime, evening

pytestmark = IN_ONE_LOOP

KEY = bytes.fromhex("5A3C00F1E2D4C6B8A99788766554433F")
INTEGRATION = Path(__file__).parent / "wallbox"
WALLBOX = "wallbox_of_test"
SWITCH = "switch.wallbox_charging"
CAR = {"name": "Car", "kwh": "40", "max_kw": "11", "control": {"switched_by": SWITCH}}
FLOWS = "/api/config/config_entries/subentries/flow"
REFUSES_ALL = 10**6
# A state that is found after a start counts after a minute, and timers of Home Assistant ring.
JUDGED_S = 75


class Wallbox:
    """Wallbox with a connected car. It shows its state late, and may refuse."""

    def __init__(self) -> None:
        self.port = free_ports()
        self.charging = False
        self.late_s = 4.0
        self.refusals = self.calls = 0
        self._changes: list[tuple[float, bool]] = [(0.0, False)]

    def set(self, *, charging: bool) -> None:
        """Switch it, also by its own button."""
        self.charging = charging
        self._changes.append((time.monotonic(), charging))

    async def answer(self, request: web.Request) -> web.Response:
        """Answer Home Assistant."""
        if request.method == "POST":
            self.calls += 1
            if self.refusals:
                self.refusals -= 1
                return web.Response(status=503)
            self.set(charging=(await request.json())["charging"])
        seen = time.monotonic() - self.late_s
        shown = [charging for at, charging in self._changes if at <= seen]
        return web.json_response({"charging": shown[-1]})


class House:
    """Home Assistant with the wallbox as a load."""

    def __init__(self, home: Home, wallbox: Wallbox, moved: MovedTime) -> None:
        self.home, self.wallbox, self.time = home, wallbox, moved

    async def enter(self) -> None:
        """Enter the car that the wallbox charges."""
        (entry_id,) = await self.home.client.entries(DOMAIN)
        step = await self.home.client.post(FLOWS, handler=[entry_id, "load"])
        path = f"{FLOWS}/{step['flow_id']}"
        step = await self.home.client.post(path, next_step_id="car")
        # The form asks once for the missing sensor.
        for _ in range(2):
            if step["type"] == "form":
                step = await self.home.client.post(path, **CAR)
        assert step["type"] == "create_entry"

    async def press(self, button: str) -> None:
        """Press a button of the load, once it is there."""

        async def is_there() -> bool:
            states = await self.home.states()
            return states.get(button, "unavailable") != "unavailable"

        await until(is_there)
        entity_id = (await self.home.entities())[button]
        await self.home.client.post("/api/services/button/press", entity_id=entity_id)

    async def shows(self, *, is_on: bool) -> None:
        """Wait until Home Assistant shows the wallbox on or off."""

        async def is_shown() -> bool:
            states = await self.home.all_states()
            return states.get(SWITCH, {}).get("state") == ("on" if is_on else "off")

        await until(is_shown)

    async def is_by_hand(self) -> bool:
        """Return whether the load says that it was switched by hand."""
        return (await self.home.states()).get("load_state") == "by_hand"

    async def hand_until(self) -> str | None:
        """Return the end of the hand, None without one."""
        shown = (await self.home.all_states())["sensor.car_state"]
        end: str | None = shown["attributes"].get("hand_until")
        return end

    async def switch_off(self) -> str | None:
        """Switch the wallbox off as somebody does in Home Assistant. Return the hand's end."""

        async def is_hand() -> str | None:
            # Home Assistant knows for some seconds only who has called.
            for action in ("turn_on", "turn_off"):
                path = f"/api/services/switch/{action}"
                await self.home.client.post(path, entity_id=SWITCH)
            return await self.hand_until()

        await until(is_hand)
        return await self.hand_until()

    def is_stored(self, end: str | None) -> bool:
        """Return whether the file of the loads has this end of a hand."""
        (file,) = (self.home.directory / "config/.storage").glob(f"{DOMAIN}.*.loads")
        (load,) = json.loads(file.read_bytes())["data"]["loads"].values()
        return bool(load["control"]["hand_until"] == end)

    def is_registered(self) -> bool:
        """Return whether Home Assistant has stored the wallbox. After a crash, it is the same."""
        file = self.home.directory / "config/.storage/core.entity_registry"
        return file.exists() and f'"{SWITCH}"' in file.read_text("utf-8")

    async def goes_on(self) -> None:
        """Wait until Home Assistant has read the meter, so that the plan has looked at the load."""
        since = self.time.now() + timedelta(seconds=3)
        power = (await self.home.entities())["power_net"]

        async def is_read() -> bool:
            state = (await self.home.all_states())[power]
            return datetime.fromisoformat(state["last_reported"]) > since

        await until(is_read)

    async def kill(self) -> None:
        """Kill Home Assistant, as a power cut does."""
        os.kill(self.home.process.pid, signal.SIGKILL)
        await self.home.process.wait()
        await self.home.stop()


@module_fixture
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    directory = tmp_path_factory.mktemp("orders")
    wallbox, meter = Wallbox(), RecordingMeter(1, KEY)
    app = web.Application()
    app.router.add_route("*", "/", wallbox.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", wallbox.port).start()
    moved = MovedTime(directory / "time", evening(14))
    home = Home(directory, meter, environment=moved.environment)
    shutil.copytree(INTEGRATION, directory / "config/custom_components" / WALLBOX)
    async with Server([meter], interval=1, now=moved.now) as line, home:
        await home.client.run_flow(WALLBOX, port=wallbox.port)
        port = f"socket://127.0.0.1:{line.ports[0]}"
        fields = {"port": port, "encryption_key": KEY.hex(), "advanced": {}}
        await home.client.run_flow(DOMAIN, "meter", **fields)
        await home.set_options(reference_power="27")
        house = House(home, wallbox, moved)
        await house.enter()
        yield house
    await runner.cleanup()


async def test_a_hand_stays_over_a_crash_and_a_refused_order_is_sent_after_one(
    house: House,
) -> None:
    wallbox = house.wallbox
    await house.press("start_now")
    await house.shows(is_on=True)

    # Without the hand, off would be a power cut, after which on is ordered again.
    wallbox.late_s = 0.0
    end = await house.switch_off()
    await until(lambda: house.is_stored(end))
    # Home Assistant stores new entities later.
    await house.time.pass_(seconds=JUDGED_S)
    await until(house.is_registered)
    calls = wallbox.calls
    await house.kill()
    await house.home.start()
    await until(house.is_by_hand)
    # A load starts once in a quarter-hour.
    await house.time.pass_(minutes=15)
    await house.goes_on()
    assert await house.hand_until() == end
    assert (wallbox.charging, wallbox.calls) == (False, calls)

    # What was refused before a crash is ordered after it.
    wallbox.late_s = 4.0
    await house.press("start_now")
    await house.shows(is_on=True)
    calls = wallbox.calls
    wallbox.refusals = REFUSES_ALL
    await house.press("skip_today")
    await until(lambda: wallbox.calls > calls)
    await house.kill()
    wallbox.refusals = 0
    assert wallbox.charging
    await house.home.start()
    await until(lambda: not wallbox.charging)
    await house.shows(is_on=False)
    assert not await house.is_by_hand()
