"""Program for the lowest cost of a fleet: it moves frames and lines without looking at them.

It publishes the frames of all meters as one atomic batch a second, reads them from a consumer, and
writes prepared lines to VictoriaMetrics once a second.
"""

import argparse
import asyncio
import gzip
import json
import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import aiohttp
from nats.aio.client import Client
from nats.errors import TimeoutError as NoAnswerError
from nats.js.api import AckPolicy, ConsumerConfig, StreamConfig

from dev.fleet.cluster import ADMIN, connect
from dev.fleet.meters import FleetMeter, key_of, make_meters
from dev.fleet.village import INTERVAL
from smarty_p1_fleet.store.series_line_protocol import make_sample
from smartyp1.p1.frame_decryptor import FrameDecryptor
from smartyp1.p1.telegram import Telegram

_STEP = timedelta(seconds=INTERVAL)
_STREAM = "floor"
_SUBJECT = "floor"


class _Frame(NamedTuple):
    meter: int
    title: str
    data: bytes


async def run(arguments: argparse.Namespace) -> None:
    """Move the frames of `arguments.count` meters for `arguments.seconds`."""
    meters = make_meters(1, 1, arguments.count)
    lines = {meter.number: _lines_of(meter) for meter in meters}
    # Encrypt the frames before the measurement, because the meters do that in a fleet.
    start = datetime.now(UTC)
    frames = [
        _Frame(
            meter.number, meter.system_title.hex().upper(), meter.frame_at(start + count * _STEP)
        )
        for count in range(int(arguments.seconds / INTERVAL) + 1)
        for meter in meters
    ]
    tls = ssl.create_default_context(cafile=arguments.ca_file)
    async with (
        await connect(arguments.servers, ADMIN, tls=tls) as nats,
        aiohttp.ClientSession() as session,
    ):
        js = nats.jetstream(timeout=10)
        config = StreamConfig(
            name=_STREAM, subjects=[f"{_SUBJECT}.*"], num_replicas=3, allow_atomic=True
        )
        await js.add_stream(config)
        consumer = ConsumerConfig(ack_policy=AckPolicy.ALL, durable_name=_STREAM)
        await js.add_consumer(_STREAM, consumer)
        subscription = await js.pull_subscribe_bind(_STREAM, _STREAM)
        begin, sent = time.monotonic(), 0
        while (now := time.monotonic() - begin) < arguments.seconds:
            due = int(now / INTERVAL * len(meters))
            some, sent = frames[sent:due], due
            if some:
                await _publish(nats, some)
                try:
                    messages = await subscription.fetch(len(some), timeout=5)
                except NoAnswerError:
                    messages = []
                await _write(
                    session, arguments.store, "".join(lines[frame.meter] for frame in some)
                )
                if messages:
                    await messages[-1].ack()
            await asyncio.sleep(1.0)


def _lines_of(meter: FleetMeter) -> str:
    frame = meter.frame_at(datetime.now(UTC))
    telegram = FrameDecryptor(key_of(1, meter.number)).decrypt(frame)
    if not isinstance(telegram, Telegram):
        raise TypeError
    return make_sample(telegram, key="0" * 16, arrived=time.time()).text


async def _publish(nats: Client, frames: list[_Frame]) -> None:
    batch = f"b{time.monotonic_ns()}"
    for number, frame in enumerate(frames, start=1):
        subject = f"{_SUBJECT}.{frame.title}"
        headers = {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
        if number < len(frames):
            await nats.publish(subject, frame.data, headers=headers)
        else:
            headers["Nats-Batch-Commit"] = "1"
            answer = await nats.request(subject, frame.data, headers=headers, timeout=10)
            if json.loads(answer.data).get("count") != len(frames):
                raise RuntimeError(answer.data)


async def _write(session: aiohttp.ClientSession, store: str, lines: str) -> None:
    # Move the lines to the present second. Otherwise, each write would repeat the same samples.
    moment = f" {time.time():.0f}000\n"
    text = "".join(line.rpartition(" ")[0] + moment for line in lines.splitlines())
    data, headers = gzip.compress(text.encode(), 3), {"Content-Encoding": "gzip"}
    url = f"{store}/write?precision=ms"
    async with session.post(url, data=data, headers=headers) as answer:
        answer.raise_for_status()


def main() -> None:
    """Run with the arguments from the command line."""
    parser = argparse.ArgumentParser(prog="dev.fleet.measurements.floor", description=__doc__)
    parser.add_argument("--servers", nargs="+", required=True)
    parser.add_argument("--ca-file", type=Path, required=True)
    parser.add_argument("--store", required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
