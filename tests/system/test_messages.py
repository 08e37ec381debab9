"""Messages in a real Home Assistant: to a phone with the Companion app, and without one."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, override

import pytest
import pytest_asyncio
from aiohttp import web

from dev.demo import home_assistant
from dev.encoder import with_value
from dev.ports import free_ports
from dev.simulator import Server, serve
from tests.system.home import Home
from tests.system.support import PATIENCE, TIMEOUT, RecordingMeter, until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(TIMEOUT)]

KEY = bytes.fromhex("5A3C00F1E2D4C6B8A99788766554433F")
# A voltage is told after a minute.
MAX_WAIT = PATIENCE + 60


class TalkingMeter(RecordingMeter):
    """Meter whose operator sends texts, and whose voltage can be too high."""

    text = "Alt"
    volts: float | None = None

    @override
    def telegram_at(self, when: datetime) -> str:
        telegram = super().telegram_at(when)
        telegram = with_value(telegram, "0-0:96.13.0", f"({self.text.encode().hex().upper()})")
        if self.volts:
            telegram = with_value(telegram, "1-0:32.7.0", f"({self.volts:05.1f}*V)")
        self.last_telegram = telegram
        return telegram


class Phone:
    """Server to which Home Assistant pushes the messages of the Companion app."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, str]] = []
        self.port = free_ports()

    async def _push(self, request: web.Request) -> web.Response:
        data = await request.json()
        self.shown.append((data["title"], data["message"]))
        return web.json_response({}, status=201)

    async def run(self) -> AsyncIterator[Phone]:
        """Listen until the caller has finished."""
        app = web.Application()
        app.router.add_post("/push", self._push)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        yield self
        await runner.cleanup()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def phone() -> AsyncIterator[Phone]:
    async for phone in Phone().run():
        yield phone


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def meter() -> TalkingMeter:
    return TalkingMeter(1, KEY)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(meter: TalkingMeter) -> AsyncIterator[Server]:
    async with serve([meter], interval=1) as line:
        yield line


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home(
    tmp_path_factory: pytest.TempPathFactory, meter: TalkingMeter, line: Server, phone: Phone
) -> AsyncIterator[Home]:
    home = Home(tmp_path_factory.mktemp("home"), meter)
    with pytest.MonkeyPatch.context() as patch:
        configuration = home_assistant.CONFIGURATION + "mobile_app:\n"
        patch.setattr(home_assistant, "CONFIGURATION", configuration)
        try:
            await home.start()
            await home.add_meter(f"socket://127.0.0.1:{line.ports[0]}", KEY)
            await home.client.post("/api/mobile_app/registrations", **companion_app(phone))
            yield home
        finally:
            await home.stop()


def companion_app(phone: Phone) -> dict[str, Any]:
    """Return what the Companion app sends when it registers."""
    push_url = f"http://127.0.0.1:{phone.port}/push"
    return {
        "device_id": "phone-1",
        "app_id": "io.homeassistant.companion.android",
        "app_name": "Home Assistant",
        "app_version": "2026.11",
        "device_name": "Phone",
        "manufacturer": "Test",
        "model": "Phone",
        "os_name": "Android",
        "os_version": "16",
        "supports_encryption": False,
        "app_data": {"push_token": "token", "push_url": push_url},
    }


async def notifications(home: Home) -> list[tuple[str, str]]:
    """Return what Home Assistant shows under the bell."""
    found = await home.client.command("persistent_notification/get")
    return [(each["title"], each["message"]) for each in found]


async def remembers(home: Home, text: str) -> bool:
    """Return whether the messages' file has a text of the operator."""
    files = (home.directory / "config" / ".storage").glob("smarty_p1.*.messages")
    return any(text in file.read_text(encoding="utf-8") for file in files)


async def test_each_message_reaches_the_phone_once_in_two_languages(
    home: Home, meter: TalkingMeter, phone: Phone
) -> None:
    await home.set_options(recipients=["notify.phone"], grid=True, send_test=True)
    [(title, text)] = phone.shown
    assert title == "Test of Smarty"
    assert text == "Messages of the meter arrive here."
    # What the meter shows at first is from before the switch.
    await until(lambda: remembers(home, meter.text), within=MAX_WAIT)

    async def has_come(count: int) -> bool:
        return len(phone.shown) >= count

    meter.text = "Kontroll muer um 10 Auer"
    await until(lambda: has_come(2), within=PATIENCE)
    assert phone.shown[1:] == [("Message of the grid operator", meter.text)]

    await home.client.command("config/core/update", language="fr")
    meter.volts = 255.4
    await until(lambda: has_come(3), within=MAX_WAIT)
    [(title, text)] = phone.shown[2:]
    assert title == "Tension hors de 207-253 V"
    assert text.startswith("L1 : 255,4 V, hors limites depuis ")
    meter.volts = None
    # A restart tells nothing again.
    await home.stop()
    await home.start()
    await until(home.shows_last_telegram, within=PATIENCE)
    meter.text = "Fäerdeg"
    await until(lambda: has_come(4), within=PATIENCE)
    # configuration.yaml has the language again.
    assert phone.shown[3:] == [("Message of the grid operator", "Fäerdeg")]
    assert await notifications(home) == []


async def test_without_a_phone_home_assistant_shows_the_message(
    home: Home, meter: TalkingMeter, phone: Phone
) -> None:
    before = len(phone.shown)
    await home.set_options(grid=True, recipients=[])
    await until(home.shows_last_telegram, within=PATIENCE)
    meter.text = "Neit"

    async def is_shown() -> bool:
        return bool(await notifications(home))

    await until(is_shown, within=PATIENCE)
    assert await notifications(home) == [("Message of the grid operator", "Neit")]
    assert len(phone.shown) == before
