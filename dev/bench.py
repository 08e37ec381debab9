"""Benchmark: measures how much CPU time a telegram takes in this project and in other programs.

All programs run in one process. The benchmark also measures the import of the integration, which
delays the start of Home Assistant, and what a house with a meter writes in a day.
"""

import argparse
import asyncio
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib.metadata import version
from itertools import batched
from tempfile import TemporaryDirectory
from typing import Any

from dsmr_parser import telegram_specifications
from dsmr_parser.clients.telegram_buffer import EncryptedTelegramBuffer
from dsmr_parser.parsers import TelegramParser
from homeassistant.core import State

from dev.arguments import count
from dev.benchmark_home import add_meter, home_assistant
from dev.compared_work import shortest_us
from dev.encoder import KEY
from dev.frames_of_meters import frames_of
from dev.written_day import written_in_a_day
from smartyp1.p1.decoder import Decoder
from smartyp1.p1.keys import DEFAULT_AUTHENTICATION_KEY
from smartyp1.p1.telegram import Telegram

FRAMES = 200
_SHOWN = 20
OWN_MODULES = tuple(
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
    frames = frames_of(FRAMES)
    for size, aim in ((64, 32), (1, 6)):
        own, other = compare_decoders(frames, size, options.rounds)
        label = f"frame to telegram, chunks of {size}; dsmr-parser"
        _print_row(label, f"{own:.1f} µs", f"{other:.0f} µs", f"{aim} times: {other / own:.3g}")
    for is_whole in (True, False):
        number, own, other = asyncio.run(compare_states(options.rounds, is_whole=is_whole))
        label = f"frame to all states, {number} entities; Home Assistant alone for the same states"
        _print_row(label, f"{own:.0f} µs", f"{other:.0f} µs", f"2.5 times: {own / other:.3g}")
    own, other = (import_cost(options.rounds, of) for of in (OWN_MODULES, _OTHER_MODULES))
    label = "import of the integration; Home Assistant's dsmr"
    _print_row(label, f"{own:.0f} ms", f"{other:.0f} ms", f"3 times as long: {own / other:.3g}")
    house, alone = written_in_a_day(frames_of())
    label = "bytes written in a day; without the meter"
    own, other = house["bytes"] / 1e6, alone["bytes"] / 1e6
    _print_row(label, f"{own:.0f} MB", f"{other:.0f} MB", f"1.5 times: {own / other:.3g}")
    print("\nWhat the meter adds in a day:")
    for name, number in (house - alone).most_common(_SHOWN):
        print(f"- {name}: {number}")


def _print_row(label: str, own: str, other: str, aim: str) -> None:
    print(f"| {label} | {own} | {other} | {aim} |", flush=True)


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
        [shortest_us(partial(read, chunks), 1) / len(frames) for read in readers]
        for _ in range(rounds)
    ]
    own, other = map(min, zip(*times, strict=True))
    return own, other


# --- whole integration: bytes to states --------------------------------------------------------
async def compare_states(rounds: int, *, is_whole: bool) -> tuple[int, float, float]:
    """Return the number of entities, and CPU times of a telegram's states in µs.

    The first time is that of the integration, from the frame on, and the second one that of Home
    Assistant alone for the same states. Only the fastest of `rounds` rounds counts. With
    `is_whole`, entities are enabled that are disabled at first.
    """
    frames, written = frames_of((rounds + 1) * FRAMES), list[list[State]]()
    own = []
    async with home_assistant() as hass:
        receive = await add_meter(hass, frames, is_whole=is_whole)
        for frame in frames[-rounds * FRAMES :]:
            own.append(shortest_us(partial(receive, frame), 1))
            written.append(hass.states.async_all())
            await hass.async_block_till_done()

    def write(states: list[State]) -> None:
        for state in states:
            hass.states.async_set(state.entity_id, state.state, state.attributes)

    async with home_assistant() as hass:
        alone = [shortest_us(partial(write, states), 1) for states in written]
    own_us, alone_us = (
        min(map(sum, batched(times, FRAMES, strict=True))) / FRAMES for times in (own, alone)
    )
    return len(written[-1]), own_us, alone_us


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
