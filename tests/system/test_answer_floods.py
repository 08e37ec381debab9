"""Hundreds of expensive questions of one user, in front of a real Home Assistant with a year.

The limits are for the CPU time of Home Assistant during a wait. On an idle machine, that is the
wait.
`scripts/test --whole tests/system/test_answer_floods.py -rP` prints the figures.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from dev.demo import home_assistant
from dev.demo.demo_run import CONTRACT, TARIFF
from dev.demo.meter_statistics import DOMAIN
from dev.demo.simulated_year import Year, simulate_year, store_year
from dev.reliability.process_measurements import cpu_seconds, resident_mib
from dev.simulator import serve
from tests.system.home import Home
from tests.system.support import PATIENCE, TIMEOUT, RecordingMeter, until

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(2 * TIMEOUT),
    pytest.mark.slow,
]

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
    """User without any right but to read, who sends questions and may leave answers unread."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        self._session = session
        self._url = url
        self._token = token

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        address = f"{self._url}/api/websocket"
        async with self._session.ws_connect(address, max_msg_size=0, heartbeat=None) as websocket:
            await websocket.receive_json()
            await websocket.send_json({"type": "auth", "access_token": self._token})
            await websocket.receive_json()
            yield websocket

    async def post(self, **data: object) -> int:
        """Call the action for quarter-hours by HTTP, and return the status."""
        path = f"/api/services/{DOMAIN}/get_quarter_hours?return_response"
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self._session.post(self._url + path, json=data, headers=headers) as answer:
            await answer.read()
            return answer.status


@dataclass
class Wait:
    """Longest wait for an answer, in seconds."""

    cpu: float = 0.0
    """CPU time that Home Assistant has used meanwhile."""
    wall: float = 0.0

    @contextlib.contextmanager
    def measured(self, pid: int) -> Iterator[None]:
        began, cpu = time.monotonic(), cpu_seconds(pid)
        yield
        self.wall = max(self.wall, time.monotonic() - began)
        self.cpu = max(self.cpu, cpu_seconds(pid) - cpu)

    @property
    def shown(self) -> str:
        """Return both times as text."""
        return f"{self.wall:.2f} s (CPU {self.cpu:.2f} s)"


@dataclass
class Figures:
    """Longest waits, and the growth of the memory in MiB."""

    api: Wait = field(default_factory=Wait)
    other: Wait = field(default_factory=Wait)
    growth: float = 0.0
    outcomes: dict[str, int] = field(default_factory=dict)

    def check(self, kind: str) -> None:
        """Print the figures, and check that they are within their limits."""
        waits = f"/api/ {self.api.shown}, another user {self.other.shown}"
        print(f"{kind}: {waits}, {self.growth:+.0f} MiB {self.outcomes or ''}")
        assert self.api.cpu <= MAX_API_S
        assert self.other.cpu <= MAX_OTHER_S
        assert self.growth <= MAX_GROWTH_MIB


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
        """Add a user, and log in."""
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

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[Figures]:
        """Yield the figures, which rise while the context is active."""
        figures, pid = Figures(), self.home.process.pid
        before = resident_mib(pid)

        async def ask_api() -> None:
            while True:
                with figures.api.measured(pid):
                    await self.home.client.get("/api/")
                await asyncio.sleep(0.02)

        async def ask_as_another_user() -> None:
            for number in count():
                start = datetime.now(UTC) - timedelta(days=10, minutes=number)
                question = {"entry_id": self.entries[0], "start": start.isoformat()}
                with figures.other.measured(pid):
                    await self.home.client.command(f"{DOMAIN}/quarter_hours", **question)
                await asyncio.sleep(0.1)

        async def weigh() -> None:
            while True:
                figures.growth = max(figures.growth, resident_mib(pid) - before)
                await asyncio.sleep(0.02)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(ask()) for ask in (ask_api, ask_as_another_user, weigh)]
            await asyncio.sleep(0.5)
            yield figures
            # What is still being worked on counts, too.
            await asyncio.sleep(3.0)
            for task in tasks:
                task.cancel()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Run a Home Assistant whose meters have a year each."""
    meters = [RecordingMeter(number, KEYS[number]) for number in NUMBERS]
    before = home_assistant.CONFIGURATION
    home_assistant.CONFIGURATION += ASK_ALL + "".join(
        ASK_ONE.format(index=index) for index in range(len(NUMBERS))
    )
    home = Home(tmp_path_factory.mktemp("home"), meters[0])
    try:
        async with serve(meters, interval=2.0) as line, aiohttp.ClientSession() as session:
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
    """Return a period that ends so many minutes ago."""
    end = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=minutes)
    return {"start": (end - timedelta(days=days)).isoformat(), "end": end.isoformat()}


def action(name: str, **data: object) -> Question:
    """Return the call of an action by websocket."""
    call = {"type": "call_service", "domain": DOMAIN, "service": name, "service_data": data}
    return {**call, "return_response": True}


def questions(kind: str, entry: str) -> Iterator[Question]:
    """Yield the questions of a flood."""
    base = {"config_entry": entry}
    for number in count():
        match kind:
            case "equal csv":
                yield action("get_quarter_hours", **base, **period(), format="csv")
            case "different csv":
                yield action("get_quarter_hours", **base, **period(minutes=number), format="csv")
            case "a year of json":
                yield action("get_quarter_hours", **base, **period())
            case "equal json":
                yield action("get_quarter_hours", **base, **period(60))
            case "different json":
                yield action("get_quarter_hours", **base, **period(60, number))
            case "bills":
                yield action("get_bill", **base, months=13)
            case "batteries":
                yield action("what_if", **base, kwh=5 + number / 100, kw=3)
            case "cached":
                start = "2025-11-10T00:00:00+01:00"
                command = {"type": f"{DOMAIN}/quarter_hours", "entry_id": entry, "start": start}
                yield {**command, "quantity": "larger"}


KINDS = (
    "equal csv",
    "different csv",
    "a year of json",
    "equal json",
    "different json",
    "bills",
    "batteries",
    "cached",
)


async def flood(house: House, kind: str, *, connections: int, is_read: bool) -> Figures:
    """Send the questions of one user, and return the figures."""
    user = await house.new_user()
    asked = questions(kind, house.entries[0])
    number = 3000 if kind == "cached" else QUESTIONS
    async with contextlib.AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(user.connected()) for _ in range(connections)]
        if kind == "cached":
            await sockets[0].send_json({"id": 1, **next(asked)})
            await sockets[0].receive_json()
        async with house.watched() as figures:
            for index in range(number):
                await sockets[index % connections].send_json({"id": index + 2, **next(asked)})
            if is_read:
                for index in range(number):
                    answer = await sockets[index % connections].receive_json()
                    outcome = "ok" if answer["success"] else answer["error"]["message"][:40]
                    figures.outcomes[outcome] = figures.outcomes.get(outcome, 0) + 1
            else:
                await asyncio.sleep(15.0)
    return figures


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("connections", "reading"), [(1, "unread"), (10, "read")])
async def test_questions_of_one_user(
    house: House, kind: str, connections: int, reading: str
) -> None:
    figures = await flood(house, kind, connections=connections, is_read=reading == "read")
    figures.check(f"{kind}, {reading}")


async def test_questions_by_http(house: House) -> None:
    user = await house.new_user()
    async with house.watched() as figures:
        asked = (
            user.post(config_entry=house.entries[n % 6], **period(minutes=n), format="csv")
            for n in range(QUESTIONS)
        )
        statuses = await asyncio.gather(*asked)
    figures.outcomes = {f"{status}": statuses.count(status) for status in {*statuses}}
    figures.check("HTTP")


@pytest.mark.parametrize("form", ["csv", "json"])
async def test_an_automation_that_asks_six_meters_at_once(house: House, form: str) -> None:
    client = house.home.client

    async def is_over() -> bool:
        state = await client.get("/api/states/automation.ask_all")
        return not state["attributes"]["current"]

    data = {"entries": house.entries, **period(365), "format": form}
    async with house.watched() as figures:
        began = time.monotonic()
        await client.post("/api/events/ask_all", **data)
        await asyncio.sleep(0.3)
        await until(is_over, within=PATIENCE, every=0.1)
        figures.outcomes = {"seconds": round(time.monotonic() - began)}
    figures.check(f"six meters, {form}")
