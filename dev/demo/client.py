"""Client of Home Assistant. It uses the REST and websocket APIs, like Home Assistant's frontend."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Self, cast

import aiohttp

from smartyp1.json_types import JsonDict

USER = "demo"
PASSWORD = "demo"  # noqa: S105 - valid on this machine only

_FLOWS = "/api/config/config_entries/flow"
_OPTIONS_FLOWS = "/api/config/config_entries/options/flow"
# Page of each field in the options of a meter. A field that is not listed here is entered on the
# page `contract`.
_PAGES = {
    name: page
    for page, names in {
        "updates": "min_interval",
        "gas": "gas_kwh_per_m3 gas_prices",
        "goal_and_messages": "goal goal_amount recipients for_all_meters send_test grid silent"
        " soon_above above_goal water_at_night monthly_report",
        "sun": "sun_sources",
        "leneda_account": "api_key energy_id consumption_point production_point",
    }.items()
    for name in names.split()
}
# Pages behind the page of other programs. Each of the first ones has the fields of an output.
_OUTPUTS = ("p1_server", "mqtt", "virtual_meter")
_OF_OTHER_PROGRAMS = (*_OUTPUTS, "updates")
_POLL_INTERVAL_S = 0.2
# Maximum time in seconds to wait for an answer. On a busy machine, an answer can take minutes.
_ANSWER_TIMEOUT_S = 300


class ClientError(Exception):
    """Error for a request that Home Assistant has refused, or for a closed connection."""


class FlowFailedError(ClientError):
    """Error for a dialog that did not succeed: a config flow or options."""


class Client:
    """Client that is logged in to Home Assistant as its owner."""

    _websocket: aiohttp.ClientWebSocketResponse

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.url = url
        # Home Assistant's answer to the login. A browser whose local storage has this object is
        # logged in, too.
        self.tokens: JsonDict = {}
        # Value of all switches in the later forms of a config flow.
        self.switch = False
        self._session = session
        self._last_id = 0
        self._answers: dict[int, asyncio.Future[JsonDict]] = {}

    @classmethod
    @asynccontextmanager
    async def logged_in(cls, url: str) -> AsyncIterator[Self]:
        """Log in to Home Assistant as its owner, and yield the client."""
        timeout = aiohttp.ClientTimeout(total=_ANSWER_TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            client = cls(session, url)
            client.tokens = await client._request_tokens()
            async with session.ws_connect(f"{url}/api/websocket", max_msg_size=0) as websocket:
                await websocket.receive_json()
                token = client.tokens["access_token"]
                await websocket.send_json({"type": "auth", "access_token": token})
                await websocket.receive_json()
                client._websocket = websocket
                listening = asyncio.create_task(client._listen())
                try:
                    yield client
                finally:
                    listening.cancel()

    async def get(self, path: str, **query: str) -> Any:  # noqa: ANN401 - JSON
        """Return the decoded JSON answer to a GET request for `path` of the REST API."""
        return await self._request("GET", path, params=query)

    async def post(self, path: str, **data: object) -> Any:  # noqa: ANN401 - JSON
        """Send `data` as JSON in a POST request to `path`. Return the decoded JSON answer."""
        return await self._request("POST", path, json=data)

    async def command(self, kind: str, **parameters: object) -> Any:  # noqa: ANN401 - JSON
        """Send a websocket command of type `kind`, and return its result."""
        self._last_id += 1
        number = self._last_id
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            await self._websocket.send_json({"id": number, "type": kind, **parameters})
            message = await answer
        finally:
            self._answers.pop(number)
        if not message["success"]:
            raise ClientError(f"{kind}: {message['error']['message']}")
        return message["result"]

    async def _listen(self) -> None:
        """Receive messages, and pass each result to the call of `command` that waits for it.

        Receiving never pauses, because aiohttp answers Home Assistant's pings only while receiving.
        """
        async for sent in self._websocket:
            message = sent.json()
            answer = self._answers.get(message.get("id"))
            if answer and message["type"] == "result" and not answer.done():
                answer.set_result(message)
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ClientError("Home Assistant has closed the connection"))

    async def entries(self, domain: str) -> dict[str, JsonDict]:
        """Return the config entries of the integration `domain`, by entry id."""
        entries = await self.get("/api/config/config_entries/entry", domain=domain)
        return {entry["entry_id"]: entry for entry in entries}

    async def statistics(self, entity_id: str, *, days: int) -> list[JsonDict]:
        """Return the hourly statistics of an entity for the last `days` days, oldest first.

        A row has the state and the sum. The result is [] if there are no statistics.
        """
        by_entity = await self.command(
            "recorder/statistics_during_period",
            start_time=(datetime.now(UTC) - timedelta(days=days)).isoformat(),
            statistic_ids=[entity_id],
            period="hour",
            types=["state", "sum"],
        )
        rows: list[JsonDict] = by_entity.get(entity_id, [])
        return rows

    async def run_flow(self, handler: str, *menus: str, **fields: object) -> JsonDict:
        """Run a config flow of the integration `handler`, and return the new config entry.

        `menus` has the item to select in each menu at the start of the flow. `fields` are the
        values for the first form. In later forms, all switches have the value `switch`, and all
        other fields are empty. Raises FlowFailedError if no config entry was created.
        """
        step = await self.post(_FLOWS, handler=handler, show_advanced_options=False)
        path = f"{_FLOWS}/{step['flow_id']}"
        if step["type"] != "abort":
            for choice in menus:
                step = await self.post(path, next_step_id=choice)
            step = await self._settled(path, await self.post(path, **fields))
            while step["type"] == "form" and not step["errors"]:
                form = step["data_schema"] or []
                switches = {
                    field["name"]: self.switch for field in form if "boolean" in field["selector"]
                }
                step = await self._settled(path, await self.post(path, **switches))
        if step["type"] != "create_entry":
            raise FlowFailedError(
                f"the config flow of {handler}: {step.get('errors') or step.get('reason')}"
            )
        entry: JsonDict = step["result"]
        return entry

    async def set_options(self, entry_id: str, **fields: object) -> None:
        """Enter `fields` in the options dialog of a config entry.

        The options of a meter have several pages. So the dialog is run once for each page that has
        one of the fields. Raises FlowFailedError if the dialog does not accept the fields.
        """
        pages: dict[str, dict[str, object]] = {}
        for name, value in fields.items():
            if name in _OUTPUTS:
                pages[name] = dict(cast("Mapping[str, object]", value))
            else:
                pages.setdefault(_PAGES.get(name, "contracts"), {})[name] = value
        for page, typed in pages.items():
            step = await self.post(_OPTIONS_FLOWS, handler=entry_id)
            path = f"{_OPTIONS_FLOWS}/{step['flow_id']}"
            if step["type"] == "menu":
                if page in _OF_OTHER_PROGRAMS:
                    await self.post(path, next_step_id="other_programs")
                form = await self.post(path, next_step_id=page)
                if form["type"] == "menu":
                    form = await self.post(path, next_step_id="contract_edit")
                names = {field["name"] for field in form["data_schema"]}
                if form["last_step"] is False:
                    first = {name: typed.pop(name) for name in names & typed.keys()}
                    await self.post(path, **first)
            step = await self.post(path, **typed)
            if step["type"] != "create_entry":
                raise FlowFailedError(
                    f"the options of {entry_id}: {step.get('errors') or step.get('reason')}"
                )

    async def stay(self) -> None:
        """Replace the access token, which expires after half an hour."""
        self.tokens["access_token"] = await self.command(
            "auth/long_lived_access_token", client_name=f"demo {datetime.now(UTC)}", lifespan=2
        )

    async def _settled(self, path: str, step: JsonDict) -> JsonDict:
        """Wait while the flow at `path` shows a progress bar. Return the step that follows."""
        while step["type"] in ("progress", "progress_done"):
            await asyncio.sleep(_POLL_INTERVAL_S)
            step = await self.get(path)
        return step

    async def _request_tokens(self) -> JsonDict:
        client_id = f"{self.url}/"
        user = {"client_id": client_id, "username": USER, "password": PASSWORD}
        if await self._is_new():
            new = await self.post(
                "/api/onboarding/users", **user, name=USER.capitalize(), language="en"
            )
            code = new["auth_code"]
        else:
            flow = await self.post(
                "/auth/login_flow",
                client_id=client_id,
                handler=["homeassistant", None],
                redirect_uri=client_id,
            )
            login = await self.post(f"/auth/login_flow/{flow['flow_id']}", **user)
            if login["type"] != "create_entry":
                raise ClientError(f"Home Assistant does not know the user {USER} (any more)")
            code = login["result"]
        grant = {"grant_type": "authorization_code", "code": code, "client_id": client_id}
        tokens: JsonDict = await self._request("POST", "/auth/token", data=grant)
        return tokens

    async def _is_new(self) -> bool:
        async with self._session.get(f"{self.url}/api/onboarding") as answer:
            if answer.status == HTTPStatus.NOT_FOUND:
                return False
            steps = await answer.json()
            return any(step["step"] == "user" and not step["done"] for step in steps)

    async def _request(self, method: str, path: str, **arguments: Any) -> Any:  # noqa: ANN401
        headers = {}
        if token := self.tokens.get("access_token"):
            headers["Authorization"] = f"Bearer {token}"
        async with self._session.request(
            method, self.url + path, headers=headers, **arguments
        ) as answer:
            if not answer.ok:
                raise ClientError(f"{method} {path}: {answer.status} {await answer.text()}")
            return await answer.json()
