"""Chromium 87 and 102, controlled by their debugging port."""

import asyncio
import base64
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientConnectionError, ClientSession, ClientWebSocketResponse, WSMsgType

from dev.checkout import ROOT
from dev.ports import free_ports
from dev.testing.real_programs import PATIENCE
from smartyp1.json_types import JsonDict

_PYTHON = ROOT / ".venv-browsers" / "bin" / "python"
_PROGRAM = Path(__file__).with_name("qt_browser.py")
# Version of Qt that has a version of Chromium.
QT = {87: "5", 102: "6"}
_ENVIRONMENT = {
    "QT_QPA_PLATFORM": "offscreen",
    # Without it, Chromium 87 wants OpenGL, which a machine without a screen lacks.
    "QT_QUICK_BACKEND": "software",
    "QTWEBENGINE_DISABLE_SANDBOX": "1",
    "QTWEBENGINE_CHROMIUM_FLAGS": "--no-sandbox --disable-gpu",
}


@dataclass
class OldChromium:
    """A window with one page."""

    _socket: ClientWebSocketResponse
    errors: list[str] = field(default_factory=list)
    _last: int = 0

    async def call(self, method: str, **takes: object) -> JsonDict:
        """Send a command of the DevTools protocol, and return its result."""
        self._last += 1
        await self._socket.send_json({"id": self._last, "method": method, "params": takes})
        async for message in self._socket:
            assert message.type is WSMsgType.TEXT, message
            answer: JsonDict = json.loads(message.data)
            if answer.get("method") == "Runtime.exceptionThrown":
                self.errors.append(json.dumps(answer["params"])[:1000])
            if answer.get("id") == self._last:
                assert "error" not in answer, answer
                result: JsonDict = answer["result"]
                return result
        raise ConnectionError(method)

    async def evaluate(self, script: str) -> Any:  # noqa: ANN401 - whatever it returns
        """Return the value of a script; of a promise, its result."""
        answer = await self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def waits_for(self, script: str) -> Any:  # noqa: ANN401 - whatever it returns
        deadline = time.monotonic() + PATIENCE
        while not (value := await self.evaluate(script)):
            assert time.monotonic() < deadline, f"{script[:200]} was never true"
            await asyncio.sleep(0.2)
        return value

    async def opens(self, url: str, *, first: str = "") -> None:
        """Open a page; `first` is a script that runs before its own."""
        await self.call("Page.enable")
        await self.call("Runtime.enable")
        if first:
            await self.call("Page.addScriptToEvaluateOnNewDocument", source=first)
        await self.call("Page.navigate", url=url)

    async def tap(self, x: float, y: float) -> None:
        """Touch the page with a finger."""
        await self.call("Emulation.setTouchEmulationEnabled", enabled=True)
        for kind, points in (("touchStart", [{"x": x, "y": y}]), ("touchEnd", [])):
            await self.call("Input.dispatchTouchEvent", type=kind, touchPoints=points)

    async def picture(self, name: str) -> None:
        """Keep a picture of the page where they are wanted (CARD_PICTURES is a folder)."""
        if folder := os.environ.get("CARD_PICTURES"):
            shot = await self.call("Page.captureScreenshot")
            path = Path(folder) / f"{name}.png"
            await asyncio.to_thread(path.write_bytes, base64.b64decode(shot["data"]))


@asynccontextmanager
async def running(*command: str | Path, **environment: str) -> AsyncIterator[None]:
    """Run a browser, with the processes of its pages, as long as the context lasts."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=os.environ | environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


@asynccontextmanager
async def old_chromium(
    version: int, size: tuple[int, int] = (500, 1000)
) -> AsyncIterator[OldChromium]:
    """Open a window with an empty page."""
    setup = await asyncio.create_subprocess_exec(ROOT / "scripts" / "setup", "browsers")
    assert await setup.wait() == 0, "scripts/setup browsers has failed"
    port = free_ports()
    command = map(str, (_PYTHON, _PROGRAM, QT[version], "about:blank", *size))
    environment = _ENVIRONMENT | {"QTWEBENGINE_REMOTE_DEBUGGING": str(port)}
    async with running(*command, **environment), ClientSession() as session:
        url = await _address(session, port)
        async with session.ws_connect(url, max_msg_size=0) as socket:
            yield OldChromium(socket)


async def _address(session: ClientSession, port: int) -> str:
    """Return the address of the page's debugging socket, once there is one."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(ClientConnectionError):
                async with session.get(f"http://127.0.0.1:{port}/json") as answer:
                    for page in await answer.json(content_type=None):
                        if page["type"] == "page":
                            url: str = page["webSocketDebuggerUrl"]
                            return url
            await asyncio.sleep(0.2)
