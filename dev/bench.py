"""Benchmark: measures how much CPU time a telegram takes in this project and in other programs.

All programs run in one process. The benchmark also measures the import of the integration, which
delays the start of Home Assistant.
"""

import argparse
import asyncio
import os
import platform
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from dsmr_parser import telegram_specifications
from dsmr_parser.clients.protocol import create_dsmr_protocol
from dsmr_parser.clients.telegram_buffer import EncryptedTelegramBuffer
from dsmr_parser.parsers import TelegramParser
from homeassistant import loader
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_test_home_assistant

from custom_components.smarty_p1.config_flow import SmartyConfigFlow
from custom_components.smarty_p1.coordinator import port_connection
from custom_components.smarty_p1.lib.port.reconnecting_port import ReconnectingPort
from dev.arguments import count
from dev.simulator import Meter
from smartyp1.p1.decoder import Decoder
from smartyp1.p1.keys import DEFAULT_AUTHENTICATION_KEY
from smartyp1.p1.telegram import Telegram

KEY = bytes.fromhex("AABBCCDDEEFF00112233445566778899")
START = datetime(2025, 7, 3, 10, 0, tzinfo=UTC)
INTERVAL = timedelta(seconds=10)
FRAMES = 200
CONTRACTS = ({"reference_power": 7.0, "energy_price": 0.15, "energy_fee": 2.0},)
SERIAL = "SAG1030790002574"
_OWN_MODULES = tuple(
    f"custom_components.smarty_p1{name}" for name in ("", ".binary_sensor", ".event", ".sensor")
)
_OTHER_MODULES = ("homeassistant.components.dsmr", "homeassistant.components.dsmr.sensor")
# Program for a new process. First it imports modules that Home Assistant always loads. Then it
# imports the modules in its arguments, and prints the CPU time of this import in ms.
_IMPORTS = """
import importlib, sys, time
import homeassistant.bootstrap, homeassistant.config_entries
import homeassistant.helpers.entity_platform, homeassistant.helpers.update_coordinator
import cryptography.hazmat.primitives.ciphers.aead, serialx
for name in "binary_sensor", "diagnostics", "event", "repairs", "sensor", "system_health":
    importlib.import_module(f"homeassistant.components.{name}")
start = time.process_time()
for name in sys.argv[1:]:
    importlib.import_module(name)
print((time.process_time() - start) * 1e3)
"""

type Receive = Callable[[bytes], None]
type Read = Callable[[list[bytes]], list[float]]


def main() -> None:
    """Run all measurements and print a table."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--rounds", type=count, default=10, help="how often each side runs (10)")
    options = parser.parse_args()
    print(
        f"best of {options.rounds} rounds of {FRAMES} telegrams; "
        f"CPython {platform.python_version()}, dsmr-parser {version('dsmr-parser')}, "
        f"Home Assistant {version('homeassistant')}, load {os.getloadavg()[0]:.1f}\n\n"
        "| what | smarty_p1 | other | aim |\n|---|---:|---:|---:|"
    )
    frames = _series(FRAMES)
    for size, aim in ((64, 60), (1, 12)):
        own, other = compare_decoders(frames, size, options.rounds)
        label = f"frame to telegram, chunks of {size}; dsmr-parser"
        _print_row(label, f"{own:.1f} µs", f"{other:.0f} µs", f"{aim} times: {other / own:.3g}")
    first = min(_time(partial(read_with_own, frames[:1])) for _ in range(FRAMES * options.rounds))
    _print_row("the first telegram of a new decoder", f"{first:.0f} µs", aim="100 µs")
    for contracts, entities in (
        ((), "entities of a meter"),
        (CONTRACTS, "entities with all costs"),
    ):
        number, own, other = asyncio.run(compare_states(options.rounds, contracts))
        label = f"frame to all states written, {number} {entities}; Home Assistant's dsmr"
        _print_row(label, f"{own:.0f} µs", f"{other:.0f} µs", f"3 times: {other / own:.3g}")
    own, other = (import_cost(options.rounds, of) for of in (_OWN_MODULES, _OTHER_MODULES))
    label = "import of the integration; Home Assistant's dsmr"
    _print_row(label, f"{own:.0f} ms", f"{other:.0f} ms", f"3 times as long: {own / other:.3g}")


def _print_row(label: str, own: str, other: str = "", aim: str = "") -> None:
    print(f"| {label} | {own} | {other} | {aim} |", flush=True)


def _series(number: int) -> list[bytes]:
    """Return `number` frames of a simulated meter, beginning at noon in Luxembourg."""
    meter = Meter(1, KEY)
    return [meter.frame_at(START + index * INTERVAL) for index in range(number)]


# --- decoding: bytes to telegrams --------------------------------------------------------------
def read_with_own(chunks: Iterable[bytes]) -> list[float]:
    """Decode the frames in `chunks` with the project's decoder."""
    feed = Decoder(KEY).feed
    return [
        event.objects["1-0:1.8.0"]  # type: ignore[misc]
        for chunk in chunks
        for event in feed(chunk)
        if isinstance(event, Telegram)
    ]


def read_with_dsmr_parser(chunks: Iterable[bytes]) -> list[float]:
    """Decrypt and verify the frames in `chunks` with dsmr-parser."""
    buffer = EncryptedTelegramBuffer()
    parser = TelegramParser(telegram_specifications.MSN)
    keys = KEY.hex(), DEFAULT_AUTHENTICATION_KEY.hex()
    registers = []
    for chunk in chunks:
        buffer.append(chunk)
        for frame in buffer.get_all():
            telegram = parser.parse(frame, *keys)
            registers.append(float(telegram.ELECTRICITY_IMPORTED_TOTAL.value))
    return registers


def compare_decoders(frames: list[bytes], size: int, rounds: int) -> tuple[float, float]:
    """Return the CPU times per telegram of our decoder and of dsmr-parser, in µs."""
    chunks = [frame[at : at + size] for frame in frames for at in range(0, len(frame), size)]
    readers: tuple[Read, Read] = (read_with_own, read_with_dsmr_parser)
    registers = [read(chunks) for read in readers]
    if len(registers[0]) != len(frames) or registers[0] != registers[1]:
        raise RuntimeError("the two readers disagree about what the meter says")
    times = [
        [_time(partial(read, chunks)) / len(frames) for read in readers] for _ in range(rounds)
    ]
    own, other = map(min, zip(*times, strict=True))
    return own, other


def _time(read: Callable[[], object]) -> float:
    """Call `read`, and return its CPU time in microseconds."""
    start = time.process_time()
    read()
    return (time.process_time() - start) * 1e6


# --- whole integration: bytes to states --------------------------------------------------------
@asynccontextmanager
async def home_assistant() -> AsyncGenerator[HomeAssistant]:
    """Run a Home Assistant that can load the integration. At the end, unload all config entries."""
    # Home Assistant reloads an entry half a minute after its entities were enabled. This would
    # disturb the measurement, so the reload is delayed by a day.
    no_reload = patch("homeassistant.config_entries.RELOAD_AFTER_UPDATE_DELAY", 86_400)
    with no_reload, TemporaryDirectory() as config:
        async with async_test_home_assistant(config_dir=config) as hass:
            hass.data.pop(loader.DATA_CUSTOM_COMPONENTS, None)
            await async_setup_component(hass, "homeassistant", {})
            yield hass
            for entry in hass.config_entries.async_entries():
                await hass.config_entries.async_unload(entry.entry_id)
            await hass.async_stop(force=True)


async def compare_states(
    rounds: int, contracts: Sequence[Mapping[str, float]]
) -> tuple[int, float, float]:
    """Measure the integrations smarty_p1 and dsmr with the same number of entities.

    Return this number, and the CPU times per telegram of smarty_p1 and of dsmr in µs. Only the
    fastest of `rounds` rounds counts. smarty_p1 bills the month under `contracts`, if there are
    some. Raises RuntimeError if smarty_p1 has fewer entities.
    """
    frames = _series((rounds + 1) * FRAMES)
    async with home_assistant() as hass:
        first = frames[:FRAMES]
        number, other = await _set_up_dsmr(hass, first)
        own_number, own = await _set_up_own(hass, first, number, contracts)
        if own_number != number:
            raise RuntimeError(f"{own_number} entities cannot be compared with {number}")
        times = []
        for index in range(1, rounds + 1):
            chunk = frames[index * FRAMES : (index + 1) * FRAMES]
            times.append(
                [_time(partial(list, map(receive, chunk))) / FRAMES for receive in (own, other)]
            )
            await hass.async_block_till_done()
    best_own, best_other = map(min, zip(*times, strict=True))
    return number, best_own, best_other


async def _add(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    entry.add_to_hass(hass)
    if not await hass.config_entries.async_setup(entry.entry_id):
        raise RuntimeError(f"{entry.domain} was not set up")
    await hass.async_block_till_done()


async def _enable(
    hass: HomeAssistant, entry: MockConfigEntry, number: int | None, *, from_end: bool = False
) -> int:
    """Enable the first or the last `number` entities of a config entry, and disable all others.

    If `number` is None, enable all. Then reload the entry. Return the number of enabled entities.
    """
    registry = er.async_get(hass)
    entities = er.async_entries_for_config_entry(registry, entry.entry_id)
    # Platforms are set up in any order, but each one's entities in that of its table.
    entities.sort(key=lambda entity: (entity.domain == "sensor") is from_end)
    number = len(entities) if number is None else number
    for index, entity in enumerate(reversed(entities) if from_end else entities):
        disabled_by = None if index < number else er.RegistryEntryDisabler.USER
        registry.async_update_entity(entity.entity_id, disabled_by=disabled_by)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    return min(number, len(entities))


async def _set_up_dsmr(hass: HomeAssistant, frames: list[bytes]) -> tuple[int, Receive]:
    """Set up the integration dsmr, and enable all its entities."""
    serials = {"serial_id": SERIAL, "serial_id_gas": None, "encryption_key": KEY.hex()}
    way = {"port": "/dev/null", "dsmr_version": "MSn", "protocol": "dsmr_protocol"}
    entry = MockConfigEntry(
        domain="dsmr", unique_id=SERIAL, data=way | serials, options={"time_between_update": 0}
    )
    receivers: list[Receive] = []

    async def connect(_port: str, version: str, callback: Any, **options: Any) -> Any:  # noqa: ANN401
        factory, _ = create_dsmr_protocol(version, callback, **options)
        protocol = factory()
        receivers.append(protocol.data_received)
        # When the integration dsmr stops, it closes the transport, and waits until the protocol
        # reports that the connection is lost. So `close` must cause this report.
        transport = SimpleNamespace(close=lambda: protocol.connection_lost(None))
        return transport, protocol

    with patch("homeassistant.components.dsmr.sensor.create_dsmr_reader", connect):
        await _add(hass, entry)
        receivers[-1](frames.pop(0))
        await hass.async_block_till_done()
        number = await _enable(hass, entry, None)
        receivers[-1](frames.pop(0))
        await hass.async_block_till_done()
    return number, receivers[-1]


async def _set_up_own(
    hass: HomeAssistant,
    frames: list[bytes],
    number: int | None,
    contracts: Sequence[Mapping[str, float]],
) -> tuple[int, Receive]:
    """Set up the integration smarty_p1 with at most `number` enabled entities, None for all.

    Under `contracts`, they are the last entities, which show the costs.
    """
    entry = MockConfigEntry(
        domain="smarty_p1",
        version=SmartyConfigFlow.VERSION,
        title="benchmark",
        unique_id=SERIAL,
        data={CONF_PORT: "socket://meter:1", "encryption_key": KEY.hex()},
        options={"contracts": [*contracts]},
    )
    receivers: list[Receive] = []

    class Link:
        """Replacement of `ReconnectingPort`. It delivers one frame when it starts."""

        is_open = True

        def __init__(self, _url: str, on_data: Receive, *_: object, **_options: object) -> None:
            receivers.append(on_data)

        def confirm(self) -> None:
            """Do nothing. The integration calls this method of the real port reader."""

        async def run(self) -> None:
            receivers[-1](frames.pop(0))
            await asyncio.Event().wait()

    with patch.object(port_connection, ReconnectingPort.__name__, Link):
        await _add(hass, entry)
        number = await _enable(hass, entry, number, from_end=bool(contracts))
    return number, receivers[-1]


# --- import of the integration -----------------------------------------------------------------
def import_cost(rounds: int, modules: Sequence[str]) -> float:
    """Return the shortest CPU time of `rounds` imports of an integration's `modules`, in ms.

    Each import is made by a new process, which finds compiled files, as after a restart of Home
    Assistant.
    """
    command = [sys.executable, "-c", _IMPORTS, *modules]
    with TemporaryDirectory() as compiled:
        keep = {"PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
        quiet: Any = {"env": os.environ | keep, "stderr": subprocess.DEVNULL}
        times = [float(subprocess.check_output(command, **quiet)) for _ in range(rounds + 1)]
    # Leave out the time of the additional first round, which compiles the files.
    return min(times[1:])


if __name__ == "__main__":
    main()
