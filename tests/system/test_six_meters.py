"""Six meters behind one real ser2net, read by one real Home Assistant."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from dev.demo.meter_statistics import DOMAIN, entities_of
from dev.demo.processes import Process
from dev.simulator import Server
from dev.testing.real_programs import (
    IN_ONE_LOOP,
    RecordingMeter,
    module_fixture,
    serial_cable,
    until,
)
from smartyp1.json_types import JsonDict
from tests.system.gateway import Gateway
from tests.system.home import Home

pytestmark = IN_ONE_LOOP

NUMBERS = range(1, 7)
KEYS = {number: bytes.fromhex(f"{number:02X}5A3C00F1E2D4C6B8A9978876655443") for number in NUMBERS}
INTERVAL = 0.5
# Objects that each household's meter has, and whose entities are enabled by default.
REFERENCES = {
    "energy_imported": "1-0:1.8.0",
    "energy_exported": "1-0:2.8.0",
}

type Values = dict[str, float | str]


class Six:
    """Meters on serial lines, the gateway the lines end in, and the Home Assistant behind it."""

    serving: Process

    def __init__(self, directory: Path) -> None:
        self.meters = {number: RecordingMeter(number, KEYS[number]) for number in NUMBERS}
        self.cables = [directory / f"cable{number}" for number in NUMBERS]
        self.lines = Server(list(self.meters.values()), interval=INTERVAL)
        self.gateway = Gateway(self.cables, directory)
        self.gateway_running = AsyncExitStack()
        self.home = Home(directory, self.meters[1])
        self.ports: list[str] = []
        self.entries: dict[int, JsonDict] = {}
        self.entities: dict[int, dict[str, str]] = {}

    async def add(self, number: int) -> None:
        """Set a meter up, as its owner does: the first address is typed, the others are there."""
        port = await self.home.suggested_port() or self.gateway.url(number)
        self.ports.append(port)
        client = self.home.client
        # `Home.add_meter` enables entities. Home Assistant then loads the entry again after 30 s,
        # in the middle of a test.
        self.entries[number] = entry = await client.run_flow(
            DOMAIN, "meter", port=port, encryption_key=KEYS[number].hex(), advanced={}
        )

        async def has_entities() -> bool:
            self.entities[number] = await entities_of(client, entry["entry_id"])
            return REFERENCES.keys() <= self.entities[number].keys()

        await until(has_entities, every=0.1)

    async def shown(self) -> dict[int, Values]:
        """Return some values of each meter; a state without a number is left as text."""
        states = await self.home.all_states()
        return {
            number: {key: _number(states[names[key]]["state"]) for key in REFERENCES}
            for number, names in self.entities.items()
        }

    def sent(self, number: int) -> Values:
        """Return the same values as the meter has sent them last."""
        meter = self.meters[number]
        return {key: meter.last_value(reference) for key, reference in REFERENCES.items()}

    async def all_show_the_last_telegram(self, *, but: int | None = None) -> bool:
        """Return whether Home Assistant shows the last telegram of each of these meters."""
        shown = await self.shown()
        return all(shown[number] == self.sent(number) for number in NUMBERS if number != but)

    async def follow(self, *, but: int | None = None) -> None:
        """Wait until these meters have sent something new, and all of it is shown."""
        others = (meter for number, meter in self.meters.items() if number != but)
        await asyncio.gather(*(meter.sends_another() for meter in others))
        await until(lambda: self.all_show_the_last_telegram(but=but), every=0.1)

    async def diagnostics(self) -> dict[int, JsonDict]:
        """Return the diagnostics of each meter."""
        paths = {
            number: f"/api/diagnostics/config_entry/{entry['entry_id']}"
            for number, entry in self.entries.items()
        }
        return {n: (await self.home.client.get(path))["data"] for n, path in paths.items()}

    async def troubles_but_of(self, number: int) -> dict[int, tuple[Any, ...]]:
        """Return the troubles of links and decoders of the other meters so far."""
        kinds = ("is_available", "link", "rejections", "telegrams_of_other_meters")
        return {
            other: tuple(told[kind] for kind in kinds)
            for other, told in (await self.diagnostics()).items()
            if other != number
        }

    async def telegrams_of(self, number: int) -> int:
        """Return how many telegrams of a meter were accepted."""
        count: int = (await self.diagnostics())[number]["telegrams"]
        return count


def _number(state: str) -> float | str:
    try:
        return float(state)
    except ValueError:
        return state


@module_fixture
async def six(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Six]:
    six = Six(tmp_path_factory.mktemp("six"))
    try:
        async with six.lines, AsyncExitStack() as cables, six.gateway_running:
            for device, port in zip(six.cables, six.lines.ports, strict=True):
                await cables.enter_async_context(serial_cable(device, port))
            six.serving = await six.gateway_running.enter_async_context(six.gateway.serving())
            await six.home.start()
            for number in NUMBERS:
                await six.add(number)
            yield six
            await six.home.stop()
    finally:
        await six.home.stop()


async def test_each_meter_shows_its_own_values_under_its_own_name(six: Six) -> None:
    await six.follow()
    energies = {values["energy_imported"] for values in (await six.shown()).values()}
    assert len(energies) == len(NUMBERS)

    first, *others = map(six.gateway.url, NUMBERS)
    assert six.ports == [first, *(url.removeprefix("socket://") for url in others)]

    serials = [meter.device_name for meter in six.meters.values()]
    # A household with one meter need not read its number everywhere.
    names = ["Smarty", *(f"Smarty {serial[-4:]}" for serial in serials[1:])]
    registry = await six.home.client.command("config/device_registry/list")
    devices = {device["serial_number"]: device["name"] for device in registry}
    assert [devices[serial] for serial in serials] == names


@pytest.mark.parametrize("number", [2, 6], ids=["key", "port"])
async def test_a_disturbed_meter_leaves_the_others_alone(six: Six, number: int) -> None:
    assert await _troubles_of_others(six, number) == {}


async def _troubles_of_others(six: Six, number: int) -> dict[int, object]:
    """Change the key of meter 2, or close the port of another; return the others' troubles."""
    before = await six.troubles_but_of(number)
    if number == 2:
        six.meters[number].change_key(bytes(16))
    else:
        await six.gateway.close_port(number)
    try:
        await six.follow(but=number)
        count = await six.telegrams_of(number)
        await six.follow(but=number)
        assert await six.telegrams_of(number) == count
        after = await six.troubles_but_of(number)
    finally:
        six.meters[number].change_key(KEYS[number])
        await six.gateway.open_port(number)
    await six.follow()
    return {
        other: (before[other], after[other]) for other in after if after[other] != before[other]
    }


async def test_all_come_back_after_the_gateway_was_killed(six: Six) -> None:
    os.kill(six.serving.pid, signal.SIGKILL)
    await six.gateway_running.aclose()
    six.serving = await six.gateway_running.enter_async_context(six.gateway.serving())
    await six.follow()
