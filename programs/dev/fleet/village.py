"""Village: simulator process for the meters of one gateway. It records all sent telegrams.

The meters start when the gateway is connected to all of them, but after two minutes at the latest.
Between their telegrams, the village also sends forged and replayed frames, as an attacker would.
"""

import argparse
import asyncio
import json
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from dev.altered_bytes import noise
from dev.simulator import Server
from dev.simulator.randomness import seeded_random

from .faults.forged_frames import FORGED, forge, pick
from .faults.key_changes import CHANGES_AT, next_key_of_meter
from .meters import FleetMeter, make_meters
from .sent_telegrams import Attack, Record, Sent, digest_of

INTERVAL = 10.0
PORTS = "ports.json"
RECORD = "record.jsonl"
DONE = "done"
_PATIENCE = 120.0
# On average, every tenth telegram comes with an attack.
_ONE_OF = 10
_WEIGHTS = dict.fromkeys(FORGED, 2) | {"replay": 5, "plain": 2, "junk": 2}
_REMEMBERED = 6
_AHEAD = timedelta(seconds=4)


class Village:
    """Simulated meters on TCP ports. In each interval, the meters send one after the other."""

    def __init__(
        self,
        seed: int,
        meters: list[FleetMeter],
        server: Server,
        record: Record,
        next_keys: Mapping[int, bytes] | None = None,
    ) -> None:
        # Next key of each meter that changes its key during the run, by the meter's number.
        self._next_keys = dict(next_keys or {})
        self._meters = meters
        self._server = server
        self._record = record
        self._chance = seeded_random("village", seed, meters[0].number)
        self._frames = {meter.number: deque[bytes](maxlen=_REMEMBERED) for meter in meters}
        self._last: dict[int, int] = {}

    async def send(self, seconds: float, interval: float) -> None:
        """Send telegrams for `seconds`. Each meter sends a telegram every `interval` seconds."""
        start = time.monotonic()
        for moment, meter in self._moments(interval):
            if moment >= seconds:
                return
            await asyncio.sleep(max(0.0, start + moment - time.monotonic()))
            if moment >= seconds * CHANGES_AT and meter.number in self._next_keys:
                meter.change_key(self._next_keys.pop(meter.number))
            # A meter must send at most one telegram in a second. The time in a telegram has whole
            # seconds, and two telegrams must not have the same time.
            if self._last.get(meter.number) != (second := int(time.time())):
                self._last[meter.number] = second
                if not self._chance.randrange(_ONE_OF):
                    self._attack(meter)
                self._send_telegram(meter)

    def _moments(self, interval: float) -> Iterator[tuple[float, FleetMeter]]:
        step = interval / len(self._meters)
        for number in count():
            which = number % len(self._meters)
            # Divide the interval into as many steps as there are meters. Each meter sends in the
            # middle of its own step.
            yield number * step + step / 2, self._meters[which]

    def _send_telegram(self, meter: FleetMeter) -> None:
        counter = meter.next_counter
        moment = time.time()
        frame = meter.frame_at(datetime.fromtimestamp(moment, UTC))
        self._frames[meter.number].append(frame)
        was_read = self._push(meter, frame)
        digest = digest_of(frame)
        self._record.write(
            Sent(meter.number, moment, was_read, counter, meter.last_telegram, digest)
        )

    def _attack(self, meter: FleetMeter) -> None:
        kind = pick(self._chance, _WEIGHTS)
        frames = self._frames[meter.number]
        if not frames:
            return
        # Give a forged telegram a time at which the meter sends no telegram. If a sample with this
        # time is stored, a collector has accepted the forged telegram.
        lie = meter.telegram_at(datetime.now(UTC) + _AHEAD)
        digest = ""
        match kind:
            case "replay":
                data = self._chance.choice(frames)
                digest = digest_of(data)
            case "plain":
                data = lie.encode("ascii")
            case "junk":
                data = noise(self._chance)
            case _:
                title = self._chance.choice(self._meters).system_title
                data = forge(kind, frames[-1], lie, title, self._chance)
        was_read = self._push(meter, data)
        self._record.write(Attack(kind, meter.number, time.time(), was_read, digest))

    def _push(self, meter: FleetMeter, data: bytes) -> bool:
        self._server.push(data, meter=meter.number)
        return self._server.connections(meter=meter.number) > 0


async def run(arguments: argparse.Namespace) -> None:
    """Send the telegrams of all meters for the configured time."""
    directory: Path = arguments.directory
    meters = make_meters(arguments.seed, arguments.first, arguments.count)
    for meter in meters:
        # The first telegram takes longest to compute. So compute it before the start.
        meter.telegram_at(datetime.now(UTC))
    # The server itself must send nothing, because `Village` pushes the telegrams of the meters one
    # after the other.
    server = Server(meters)
    server.silence()
    async with server:
        ports = directory / PORTS
        new = ports.with_suffix(".new")
        new.write_text(json.dumps(server.ports), "ascii")
        new.replace(ports)
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                while not all(server.connections(meter=meter.number) for meter in meters):
                    await asyncio.sleep(0.1)
        record = Record(directory / RECORD)
        next_keys = {
            meter.number: key
            for meter in meters
            if (key := next_key_of_meter(meter.number, arguments.all, arguments.seed))
        }
        village = Village(arguments.seed, meters, server, record, next_keys)
        await village.send(arguments.seconds, INTERVAL)
        record.close()
        (directory / DONE).touch()
        await asyncio.Event().wait()


def main() -> None:
    """Run a village with the arguments from the command line."""
    parser = argparse.ArgumentParser(prog="dev.fleet.village", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--first", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--all", type=int, required=True, help="how many meters the fleet has")
    parser.add_argument("--seconds", type=float, required=True)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
