"""Hundreds of expensive questions of one user, in front of a real Home Assistant with a year.

The limits are for the CPU time of Home Assistant during a wait: on an idle machine, the wait.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import aiohttp
import pytest

from dev.demo import home_assistant
from dev.demo.demo_run import CONTRACT, TARIFF
from dev.demo.meter_statistics import DOMAIN
from dev.demo.simulated_year import Year, simulate_year, store_year
from dev.reliability.process_measurements import cpu_seconds, resident_mib
from dev.simulator import Server
from tests.system.home import Home
from tests.system.support import IN_ONE_LOOP, TIMEOUT, RecordingMeter, module_fixture, until

pytestmark = [IN_ONE_LOOP, pytest.mark.timeout(2 * TIMEOUT), pytest.mark.slow]

QUESTIONS = 400
MAX_API_S = 1.0
MAX_OTHER_S = 2.0
MAX_GROWTH_MIB = 150.0
NUMBERS = range(1, 7)
KEYS = {number: bytes.fromhex(f"{number:02X}5A3C00F1E2D4C6B8A9978876655443") for number in NUMBERS}
ASK_ALL = """\
automation:
  - alias: Ask all
    triggers: {trigger: event, event_type: ask_all}
    actions:
      - parallel:
"""
ASK_ONE = """\
          - action: smarty_p1.get_quarter_hours
            data:
              config_entry: "{{{{ trigger.event.data.entries[{index}] }}}}"
              start: "{{{{ trigger.event.data.start }}}}"
              end: "{{{{ trigger.event.data.end }}}}"
              format: "{{{{ trigger.event.data.format }}}}"
            response_variable: answer_{index}
            continue_on_error: true
"""

type Question = dict[str, Any]


class User:
    """User with the right to read only, able to send questions and to leave answers unread."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        self._session = session
        self._url = url
        self._token = token

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        address = f"{self._url}/api/websocket"
        async with self._session.ws_connect(address, max_msg_size=0, heartbeat=None) as websocket:
            await websocket.receive_json()
            await websocket.send_json({"type": "auth", "access_token": self._token})
            await websocket.receive_json()
            yield websocket

    async def post(self, **data: object) -> None:
        """Call the action for quarter-hours by HTTP."""
        path = f"/api/services/{DOMAIN}/get_quarter_hours?return_response"
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self._session.post(self._url + path, json=data, headers=headers) as answer:
            await answer.read()


class Figures:
    """Most CPU time in seconds that Home Assistant used until an answer; growth of its memory."""

    api_s = other_s = growth_mib = 0.0

    def check(self) -> None:
        assert self.api_s <= MAX_API_S
        assert self.other_s <= MAX_OTHER_S
        assert self.growth_mib <= MAX_GROWTH_MIB


class House:
    """Home Assistant with six meters, each with a year, and a second user."""

    def __init__(self, home: Home, session: aiohttp.ClientSession) -> None:
        self.home = home
        self.entries: list[str] = []
        self._session = session
        self._numbers = count()
        self._year: Year | None = None

    async def add_year(self, port: str, number: int) -> None:
        """Add a meter that has been read for a year."""
        home, meter = self.home, RecordingMeter(1, KEYS[1])
        entry_id = (await home.add_meter(port, KEYS[number]))["entry_id"]
        if self._year is None:
            now = datetime.now(UTC)
            self._year = await asyncio.to_thread(simulate_year, meter, CONTRACT, now)
        # The year of the first meter serves all meters, with their own serial numbers.
        first, own = (RecordingMeter(n, KEYS[n]).device_name for n in (1, number))
        demand = json.loads(json.dumps(self._year.demand).replace(first, own))
        year = self._year._replace(demand=demand)
        await home.client.command("config_entries/disable", entry_id=entry_id, disabled_by="user")
        await home.client.set_options(entry_id, **TARIFF)
        await asyncio.to_thread(store_year, home.directory / "config", entry_id, year)
        await home.client.command("config_entries/disable", entry_id=entry_id, disabled_by=None)
        self.entries.append(entry_id)

    async def new_user(self) -> User:
        client, url = self.home.client, self.home.client.url
        name = f"user{next(self._numbers)}"
        user = await client.command("config/auth/create", name=name, group_ids=["system-users"])
        login = {"username": name, "password": name}
        await client.command(
            "config/auth_provider/homeassistant/create", user_id=user["user"]["id"], **login
        )
        client_id = f"{url}/"
        flow = await client.post(
            "/auth/login_flow",
            client_id=client_id,
            handler=["homeassistant", None],
            redirect_uri=client_id,
        )
        step = await client.post(
            f"/auth/login_flow/{flow['flow_id']}", client_id=client_id, **login
        )
        grant = {
            "grant_type": "authorization_code",
            "code": step["result"],
            "client_id": client_id,
        }
        async with self._session.post(f"{url}/auth/token", data=grant) as answer:
            return User(self._session, url, (await answer.json())["access_token"])

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[Figures]:
        """Yield the figures, which rise while the context is active."""
        figures, pid = Figures(), self.home.process.pid
        before = resident_mib(pid)

        async def ask_api() -> None:
            while True:
                cpu = cpu_seconds(pid)
                await self.home.client.get("/api/")
                figures.api_s = max(figures.api_s, cpu_seconds(pid) - cpu)
                await asyncio.sleep(0.02)

        async def ask_as_another_user() -> None:
            for number in count():
                start = datetime.now(UTC) - timedelta(days=10, minutes=number)
                question = {"entry_id": self.entries[0], "start": start.isoformat()}
                cpu = cpu_seconds(pid)
                await self.home.client.command(f"{DOMAIN}/quarter_hours", **question)
                figures.other_s = max(figures.other_s, cpu_seconds(pid) - cpu)
                await asyncio.sleep(0.1)

        async def weigh() -> None:
            while True:
                figures.growth_mib = max(figures.growth_mib, resident_mib(pid) - before)
                await asyncio.sleep(0.02)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(ask()) for ask in (ask_api, ask_as_another_user, weigh)]
            await asyncio.sleep(0.5)
            yield figures
            # Unfinished work counts, too.
            await asyncio.sleep(3.0)
            for task in tasks:
                task.cancel()


@module_fixture
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Run a Home Assistant whose meters have a year each."""
    meters = [RecordingMeter(number, KEYS[number]) for number in NUMBERS]
    before = home_assistant.CONFIGURATION
    home_assistant.CONFIGURATION += ASK_ALL + "".join(
        ASK_ONE.format(index=index) for index in range(len(NUMBERS))
    )
    home = Home(tmp_path_factory.mktemp("home"), meters[0])
    try:
        async with Server(meters, interval=2.0) as line, aiohttp.ClientSession() as session:
            await home.start()
            house = House(home, session)
            for number, port in zip(NUMBERS, line.ports, strict=True):
                await house.add_year(f"socket://127.0.0.1:{port}", number)
            # The first answer loads modules.
            user = await house.new_user()
            for form in ("csv", "json"):
                await user.post(config_entry=house.entries[0], **period(), format=form)
            # By then, Home Assistant has loaded the entries again for their enabled entities.
            await asyncio.sleep(35.0)
            yield house
    finally:
        await home.stop()
        home_assistant.CONFIGURATION = before


def period(days: float = 390, minutes: int = 0) -> dict[str, str]:
    """Return a period that ends `minutes` minutes ago."""
    end = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=minutes)
    return {"start": (end - timedelta(days=days)).isoformat(), "end": end.isoformat()}


def action(name: str, **data: object) -> Question:
    call = {"type": "call_service", "domain": DOMAIN, "service": name, "service_data": data}
    return {**call, "return_response": True}


YEAR_AGO = "2025-11-10T00:00:00+01:00"
# Questions of a flood by their number, to a config entry.
KINDS: dict[str, Callable[[str, int], Question]] = {
    "equal csv": lambda entry, _: quarter_hours(entry, **period(), format="csv"),
    "different csv": lambda entry, n: quarter_hours(entry, **period(minutes=n), format="csv"),
    "a year of json": lambda entry, _: quarter_hours(entry, **period()),
    "equal json": lambda entry, _: quarter_hours(entry, **period(60)),
    "different json": lambda entry, n: quarter_hours(entry, **period(60, n)),
    "bills": lambda entry, _: action("get_bill", config_entry=entry, months=13),
    "batteries": lambda entry, n: action(
        "what_if", config_entry=entry, kind="battery", kwh=5 + n / 100, kw=3
    ),
    "cached": lambda entry, _: {
        "type": f"{DOMAIN}/quarter_hours",
        "entry_id": entry,
        "start": YEAR_AGO,
        "quantity": "larger",
    },
}


def quarter_hours(entry: str, **data: object) -> Question:
    return action("get_quarter_hours", config_entry=entry, **data)


async def flood(house: House, kind: str, *, connections: int, is_read: bool) -> Figures:
    """Send the questions of one user, and return the figures."""
    user, entry = await house.new_user(), house.entries[0]
    number = 3000 if kind == "cached" else QUESTIONS
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(user.connected()) for _ in range(connections)]
        if kind == "cached":
            await sockets[0].send_json({"id": 1, **KINDS[kind](entry, 0)})
            await sockets[0].receive_json()
        async with house.watched() as figures:
            for index in range(number):
                question = {"id": index + 2, **KINDS[kind](entry, index)}
                await sockets[index % connections].send_json(question)
            if is_read:
                for index in range(number):
                    await sockets[index % connections].receive_json()
            else:
                await asyncio.sleep(15.0)
    return figures


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("connections", "reading"), [(1, "unread"), (10, "read")])
async def test_questions_of_one_user(
    house: House, kind: str, connections: int, reading: str
) -> None:
    figures = await flood(house, kind, connections=connections, is_read=reading == "read")
    figures.check()


async def test_questions_by_http(house: House) -> None:
    user = await house.new_user()
    async with house.watched() as figures:
        asked = (
            user.post(config_entry=house.entries[n % 6], **period(minutes=n), format="csv")
            for n in range(QUESTIONS)
        )
        await asyncio.gather(*asked)
    figures.check()


@pytest.mark.parametrize("form", ["csv", "json"])
async def test_an_automation_that_asks_six_meters_at_once(house: House, form: str) -> None:
    client = house.home.client

    async def is_over() -> bool:
        state = await client.get("/api/states/automation.ask_all")
        return not state["attributes"]["current"]

    data = {"entries": house.entries, **period(365), "format": form}
    async with house.watched() as figures:
        await client.post("/api/events/ask_all", **data)
        await asyncio.sleep(0.3)
        await until(is_over, every=0.1)
    figures.check()
