"""Hours of telegrams and a hostile line, in front of a real Home Assistant.

`ROUNDS=20 scripts/test --whole tests/system/test_reliability_load.py -rP` sends more, and prints
the figures.
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random

import pytest

from dev.altered_bytes import cut, flipped, lost, noise
from dev.demo import home_assistant
from dev.demo.meter_statistics import DOMAIN
from dev.reliability.process_measurements import resident_mib
from dev.simulator import Server
from dev.testing.real_programs import TIMEOUT, until
from tests.system.home import Home
from tests.system.numbered_meter import ROUNDS, NumberedMeter, reading

pytestmark = [pytest.mark.timeout(TIMEOUT + 120 * ROUNDS), pytest.mark.slow]

# By then, Home Assistant has made its lasting objects.
WARM = 500
# A telegram every ten seconds: 17 rounds are about a day.
TELEGRAMS = 500 * ROUNDS
# 2 MiB a day. The allocator needs some room in less, too.
MAX_GROWTH_MIB = max(0.5, 2 * TELEGRAMS / 8640)
# A lasting object may be made during an attempt, such as the first statistics: try again.
ATTEMPTS = 3
# SQLite's page cache would grow by 1.6 MiB every 1,000 telegrams, up to 16 MiB.
NOT_RECORDED = "  exclude:\n    domains: [sensor]\n"
# The C library keeps free memory for each thread.
FEW_ARENAS = {"MALLOC_ARENA_MAX": "2"}
TRIM = """\
import ctypes, gc, pathlib
gc.collect()
ctypes.CDLL(None).malloc_trim(0)
pathlib.Path({!r}).touch()
"""
# Home Assistant blames the state that it writes when something holds it up for 0.4 s.
SLOW = "Updating state for"
POWER = "1-0:1.7.0"
# Bytes that a serial line carries in a second.
LINE_BYTES = 11_520


class Feed:
    """A meter that sends on request, instead of every ten seconds."""

    def __init__(self, line: Server, meter: NumberedMeter, home: Home, entity_id: str) -> None:
        self._line = line
        self._meter = meter
        self._client = home.client
        self._path = f"/api/states/{entity_id}"
        line.silence()

    async def send(self, when: datetime) -> None:
        """Send the telegram of a moment, and wait until it is shown."""
        self._line.push(self._meter.frame_at(when))
        power = self._meter.last_value(POWER)

        async def is_shown() -> bool:
            state = (await self._client.get(self._path))["state"]
            assert state != "unavailable"
            return float(state) == power

        await until(is_shown, every=0.002)


def warnings(log: Path, start: int) -> list[str]:
    """Return the warnings and errors behind `start` bytes of a log, except for slow updates."""
    text = log.read_bytes()[start:].decode(errors="replace")
    levels = (" WARNING (", " ERROR (", " CRITICAL (")
    lines = [line for line in text.splitlines() if any(level in line for level in levels)]
    return [line for line in lines if SLOW not in line]


async def held_mib(home: Home) -> float:
    """Return the memory that Home Assistant holds, without free memory."""
    done, script = home.directory / "trimmed", home.directory / "trim.py"
    script.write_text(TRIM.format(str(done)))
    sys.remote_exec(home.process.pid, script)
    await until(done.exists)
    done.unlink()
    return resident_mib(home.process.pid)


async def test_telegrams_leave_nothing_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = home_assistant.CONFIGURATION + NOT_RECORDED
    monkeypatch.setattr(home_assistant, "CONFIGURATION", text)
    meter = NumberedMeter()
    async with Server([meter]) as line:
        port = f"socket://127.0.0.1:{line.ports[0]}"
        async with reading(tmp_path, meter, port, environment=FEW_ARENAS) as home:
            start, now = home.log.stat().st_size, datetime.now(UTC)
            feed = Feed(line, meter, home, (await home.entities())["power_net"])
            clock = (now + timedelta(seconds=10 * number) for number in count(1))
            for _ in range(WARM):
                await feed.send(next(clock))
            for _ in range(ATTEMPTS):
                before = await held_mib(home)
                for _ in range(TELEGRAMS):
                    await feed.send(next(clock))
                growth = await held_mib(home) - before
                print(f"{TELEGRAMS} telegrams: {growth:+.2f} MiB on {before:.1f} MiB")
                if growth < MAX_GROWTH_MIB:
                    break
            else:
                pytest.fail(f"{growth:+.2f} MiB in {TELEGRAMS} telegrams")
    assert not warnings(home.log, start)


def forged(meter: NumberedMeter, counter: int) -> bytes:
    """Return the smallest frame there can be, which no key opens."""
    head = b"\xdb\x08" + meter.system_title + b"\x82\x00\x12\x30"
    return head + counter.to_bytes(4) + bytes(13)


async def asks_nobody(home: Home) -> None:
    """Check that there is no dialog and no repair."""
    flows = await home.client.command("config_entries/flow/progress")
    assert not [flow for flow in flows if flow["handler"] == DOMAIN]
    repairs = (await home.client.command("repairs/list_issues"))["issues"]
    assert not [issue for issue in repairs if issue["domain"] == DOMAIN]


async def test_junk_between_telegrams_changes_nothing(tmp_path: Path) -> None:
    meter, counters, seed = NumberedMeter(), count(), time.time_ns()
    print(f"seed {seed}")
    chance = Random(seed)  # noqa: S311 - no secret

    def forgeries(number: int) -> bytes:
        return b"".join(forged(meter, next(counters)) for _ in range(number))

    def place() -> int:
        return chance.randrange(1, len(meter.frames[-1]))

    # Whole frames are old ones: each is a replay, unless it is damaged.
    hostile: dict[str, Callable[[], bytes]] = {
        "all a line carries": lambda: forgeries(LINE_BYTES // len(forged(meter, 0))),
        "random bytes": lambda: chance.randbytes(chance.randrange(LINE_BYTES)),
        "false headers": lambda: noise(chance),
        "replays": lambda: b"".join(chance.choices(meter.frames, k=5)),
        "a wrong bit": lambda: flipped(place(), chance.randrange(8))(meter.frames[-1]),
        "a frame without its end": lambda: cut(place())(meter.frames[-1]),
        "a frame without its middle": lambda: lost(place(), place())(meter.frames[-1]),
    }
    async with (
        Server([meter]) as line,
        reading(tmp_path, meter, f"socket://127.0.0.1:{line.ports[0]}") as home,
    ):
        began, start = datetime.now(UTC), home.log.stat().st_size
        entities = await home.entities()
        feed = Feed(line, meter, home, entities["power_net"])
        [entry_id] = await home.client.entries(DOMAIN)
        rejected = 0

        async def rejections() -> int:
            told = await home.client.get(f"/api/diagnostics/config_entry/{entry_id}")
            return sum(told["data"]["rejections"].values())

        async def are_rejected() -> bool:
            return await rejections() >= rejected + 5

        for _ in range(5 * ROUNDS):
            for junk in hostile.values():
                line.push(junk())
                await feed.send(datetime.now(UTC))
                await asks_nobody(home)
            rejected = await rejections()
            line.push(forgeries(5))
            await until(are_rejected, every=0.02)
            # The next telegram would close a dialog.
            await asks_nobody(home)

        async def history() -> dict[str, list[str]]:
            """Return the recorded states of each entity, in order."""
            told = await home.client.command(
                "history/history_during_period",
                start_time=began.isoformat(),
                entity_ids=[*entities.values()],
                minimal_response=True,
                no_attributes=True,
            )
            return {entity: [state["s"] for state in states] for entity, states in told.items()}

        async def is_recorded() -> bool:
            powers = (await history())[entities["power_net"]]
            return float(powers[-1]) == meter.last_value(POWER)

        await until(is_recorded)
        recorded = await history()
        assert len(recorded) == len(entities)
        assert not [entity for entity, states in recorded.items() if "unavailable" in states]
    assert not warnings(home.log, start)
