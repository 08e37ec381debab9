"""What Home Assistant shows, as it tells it to a browser that watches."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any, NamedTuple

import aiohttp

from dev.demo.client import Client

from .result import MissedError


class Shown(NamedTuple):
    """A state, and when it was written: `time.time()` of Home Assistant."""

    state: str
    written: float


class Watch:
    """The states of some entities, always the last ones."""

    def __init__(self) -> None:
        self.states: dict[str, Shown] = {}
        self._news = asyncio.Event()

    def on_state(self, entity_id: str, shown: Shown) -> None:
        """Notice a change; called for each."""

    @contextlib.asynccontextmanager
    async def following(self, client: Client, entity_ids: Iterable[str]) -> AsyncIterator[None]:
        """Follow these entities until the context ends, or Home Assistant does."""
        url = f"{client.url}/api/websocket"
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(url, max_msg_size=0) as websocket,
        ):
            await websocket.receive_json()
            token = client.tokens["access_token"]
            await websocket.send_json({"type": "auth", "access_token": token})
            await websocket.receive_json()
            command = {"id": 1, "type": "subscribe_entities", "entity_ids": [*entity_ids]}
            await websocket.send_json(command)
            reading = asyncio.create_task(self._read(websocket))
            try:
                yield
            finally:
                reading.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await reading

    async def until(self, what: str, check: Callable[[], bool], *, within: float) -> None:
        """Wait until a check succeeds. Raises MissedError, which says what did not happen."""
        try:
            async with asyncio.timeout(within):
                while not check():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            message = f"within {within:.0f} s, {what} did not happen"
            raise MissedError(message) from None

    async def _read(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in websocket:
            content = message.json()
            if content["type"] == "event":
                self._take(content["event"])

    def _take(self, event: Mapping[str, Any]) -> None:
        for entity_id, state in event.get("a", {}).items():
            self._show(entity_id, state)
        for entity_id, change in event.get("c", {}).items():
            self._show(entity_id, change.get("+", {}))
        for entity_id in event.get("r", []):
            self.states.pop(entity_id, None)
        self._news.set()

    def _show(self, entity_id: str, change: Mapping[str, Any]) -> None:
        known = self.states.get(entity_id, Shown("", 0.0))
        written = change.get("lu", change.get("lc", known.written))
        shown = self.states[entity_id] = Shown(change.get("s", known.state), written)
        self.on_state(entity_id, shown)
