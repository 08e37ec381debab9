"""Messages of two meters in a real Home Assistant, whose time a test puts forward.

Messages of one meter go to a phone with the Companion app; the other meter has no recipient.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, override

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from dev.demo import home_assistant
from dev.demo.client import ClientError
from dev.demo.meter_statistics import DOMAIN
from dev.ports import free_ports
from dev.simulator import Server
from dev.simulator.house import HOUSES
from dev.simulator.telegram_values import Flow, Phase, Reading
from dev.testing.real_programs import IN_ONE_LOOP, RecordingMeter, module_fixture, until
from smartyp1.history.luxembourg_time import LUXEMBOURG
from smartyp1.json_types import JsonDict
from tests.system.home import Home
from tests.system.moved_time import MovedTime, evening

pytestmark = IN_ONE_LOOP

KEY = bytes.fromhex("5A3C00F1E2D4C6B8A99788766554433F")
KINDS = ("silent", "soon_above", "above_goal", "water_at_night", "grid", "monthly_report")
TITLES = {
    "de": {
        "test": "Test von ",
        "operator": "Nachricht des Netzbetreibers",
        "failure": "Stromausfall",
        "voltage": "Spannung außerhalb von 207-253\xa0V",
        "silent": "Keine Werte vom Zähler",
        "back": "Der Zähler wird wieder gelesen",
    },
    "fr": {
        "test": "Essai de ",
        "operator": "Message du gestionnaire de réseau",
        "failure": "Coupure de courant",
        "voltage": "Tension hors de 207-253\xa0V",
        "silent": "Pas de relevés du compteur",
        "back": "Le compteur est de nouveau lu",
    },
}


class ScriptedMeter(RecordingMeter):
    """Meter whose readings a test decides."""

    kw = 0.3
    volts = 230.0
    failures = 0
    _kwh = 5000.0
    read_at: datetime | None = None

    @override
    def reading_at(self, when: datetime) -> Reading:
        if self.read_at and when > self.read_at:
            self._kwh += self.kw * ((when - self.read_at) / timedelta(hours=1))
        self.read_at = when
        reading = super().reading_at(when)
        phase = Phase(self.volts, self.kw * 1000 / 690, Flow(self.kw / 3), Flow())
        return replace(
            reading,
            energy=Flow(self._kwh),
            power=Flow(self.kw),
            phases=(phase, phase._replace(voltage=230.0), phase._replace(voltage=230.0)),
            power_failures=self.failures,
        )


class Phone:
    """Server to which Home Assistant pushes the messages of the Companion app."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, str]] = []
        self.port = free_ports()

    async def _push(self, request: web.Request) -> web.Response:
        data = await request.json()
        self.shown.append((data["title"], data["message"]))
        return web.json_response({}, status=201)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Phone]:
        app = web.Application()
        app.router.add_post("/push", self._push)
        async with TestServer(app, port=self.port):
            yield self


def companion_app(phone: Phone) -> JsonDict:
    """Return the registration of the Companion app."""
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


class Household(NamedTuple):
    """Home Assistant with two meters and a phone, and their time."""

    home: Home
    meters: list[ScriptedMeter]
    line: Server
    phone: Phone
    time: MovedTime
    language: str

    def set(self, **values: object) -> None:
        """Change values of both meters."""
        for meter in self.meters:
            for name, value in values.items():
                setattr(meter, name, value)

    async def read(self) -> None:
        for meter in self.meters:
            await meter.sends_another()

    async def is_read(self) -> None:
        """Wait until Home Assistant, which may be busy, has read all telegrams sent until now."""
        entries = await self.home.client.entries(DOMAIN)
        for entry_id, meter in zip(entries, self.meters, strict=True):
            assert meter.read_at
            await until(partial(self._has_read, entry_id, meter.read_at))

    async def _has_read(self, entry_id: str, sent_at: datetime) -> bool:
        [month] = (await self.home.client.command(f"{DOMAIN}/bill", entry_id=entry_id))["months"]
        # The time of a telegram is in whole seconds.
        is_read = datetime.fromisoformat(month["until"]) > sent_at - timedelta(seconds=1)
        # A new month is shown after its first quarter-hour.
        return is_read or month["month"] != f"{sent_at.astimezone(LUXEMBOURG):%Y-%m}"

    async def set_messages(self, entry_id: str, **fields: object) -> None:
        """Set the options of messages, once all of them are offered.

        The water meter's switch is not offered before the meter was read, and each change of the
        options lets the meter be read anew.
        """

        async def are_set() -> bool:
            try:
                await self.home.client.set_options(entry_id, **fields)
            except ClientError:
                return False
            return True

        await until(are_set)

    async def pass_unread(self, minutes: float) -> None:
        """Let time pass while no meter can be read."""
        await self.time.pass_(minutes=minutes)
        await self.home.client.stay()

    async def pass_in_steps(self, minutes: float, step: float = 20) -> None:
        """Let time pass while the meters are read."""
        for _ in range(round(minutes * 60 / step)):
            await self.is_read()
            await self.time.pass_(seconds=step)

    async def gets(self, *names: str) -> list[str]:
        """Check that these messages, and no others, have come once at both places.

        Return the texts on the phone.
        """
        titles = sorted(TITLES[self.language].get(name, name) for name in names)
        await until(lambda: self._has_come(len(names)))
        # A second one would come within moments.
        await asyncio.sleep(3)
        phone, shown = self.phone.shown[:], await self._notifications()
        # The second meter's name has the end of its serial number.
        meters = "Smarty: ", f"Smarty {self.meters[1].device_name[-4:]}: "
        for found, meter in zip((phone, shown), meters, strict=True):
            assert all(title.startswith(meter) for title, _ in found)
            without_name = sorted(title.removeprefix(meter) for title, _ in found)
            pairs = zip(without_name, titles, strict=True)
            assert [title[: len(expected)] for title, expected in pairs] == titles
        # The two meters are not read in the same second, so minutes and cents may differ.
        assert sorted(map(_without_numbers, phone)) == sorted(map(_without_numbers, shown))
        self.phone.shown.clear()
        await self.home.client.post("/api/services/persistent_notification/dismiss_all")
        return [text for _, text in phone]

    async def _has_come(self, count: int) -> bool:
        return len(self.phone.shown) >= count and len(await self._notifications()) >= count

    async def _notifications(self) -> list[tuple[str, str]]:
        """Return the notifications that Home Assistant shows under the bell."""
        found = await self.home.client.command("persistent_notification/get")
        return [(each["title"], each["message"]) for each in found]


def _without_numbers(message: tuple[str, str]) -> str:
    return re.sub(r"\d+", "0", message[1])


@pytest.fixture(scope="module", params=["de", pytest.param("fr", marks=pytest.mark.slow)])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        configuration = home_assistant.CONFIGURATION + "mobile_app:\n"
        of_language = configuration.replace("language: en", f"language: {request.param}")
        assert of_language != configuration
        patch.setattr(home_assistant, "CONFIGURATION", of_language)
        yield request.param


@module_fixture
async def household(
    tmp_path_factory: pytest.TempPathFactory, language: str
) -> AsyncIterator[Household]:
    directory = tmp_path_factory.mktemp("home")
    meters = [ScriptedMeter(number, KEY, house=HOUSES[0]) for number in (1, 2)]
    time = MovedTime(directory / "time", evening(14))
    async with (
        Server(meters, interval=1, now=time.now) as line,
        Phone().running() as phone,
        Home(directory, meters[0], environment=time.environment) as home,
    ):
        yield Household(home, meters, line, phone, time, language)


async def test_a_test_arrives_at_once(household: Household) -> None:
    home = household.home
    await home.client.post("/api/mobile_app/registrations", **companion_app(household.phone))
    for port in household.line.ports:
        address = f"socket://127.0.0.1:{port}"
        await home.client.run_flow(
            DOMAIN, "meter", port=address, encryption_key=KEY.hex(), advanced={}
        )
    entries = await home.client.entries(DOMAIN)
    for entry_id, recipients in zip(entries, (["notify.phone"], []), strict=True):
        await home.client.set_options(entry_id, reference_power="3", energy_price="0,15")
        await household.set_messages(
            entry_id,
            goal="amount",
            goal_amount="4",
            for_all_meters=False,
            recipients=recipients,
            send_test=True,
            **dict.fromkeys(KINDS, True),
        )
    await household.gets("test")


async def test_the_grid(household: Household) -> None:
    # The first text and count are from before the switch.
    await household.pass_in_steps(1)
    household.set(message="Kontroll muer um 10 Auer", failures=2, volts=255.4)
    # A minute of readings, the first of which may be a step late.
    await household.pass_in_steps(2.5)
    texts = await household.gets("operator", "failure", "voltage")
    assert "Kontroll muer um 10 Auer" in texts
    assert any("255,4\xa0V" in text for text in texts)
    household.set(volts=230.0)


@pytest.mark.slow
async def test_a_line_that_is_cut(household: Household) -> None:
    await household.home.stop()
    now = household.time.now().astimezone(LUXEMBOURG)
    begin = now.replace(day=15, hour=16, minute=10, second=0, microsecond=0)
    await household.time.go_to(begin)
    await household.home.start()
    await household.read()
    # No earlier message is repeated.
    await household.gets()
    await household.line.stop()
    await household.pass_unread(57)
    await household.gets()
    await household.pass_unread(4)
    [text] = await household.gets("silent")
    assert " 16:1" in text
    await household.line.start()
    await household.read()
    await household.pass_in_steps(1.5)
    [text] = await household.gets("back")
    assert " 16:1" in text
    assert " 17:1" in text
