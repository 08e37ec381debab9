"""A fleet with TLS, users and logins, as `fleet init` makes it, stores its meters' values."""

import asyncio
import urllib.request
from pathlib import Path

import pytest
from nats.aio.msg import Msg
from nats.js.errors import KeyNotFoundError

from dev.demo.home_assistant import HOST
from dev.fleet.meters import key_of
from tests.system.runbook_fleet import COLLECTORS, GATEWAYS, SEED, RunbookFleet
from tests.system.support import TIMEOUT, until

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(TIMEOUT)]


def read(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - of this machine
        content: bytes = answer.read()
        return content


async def test_a_made_fleet_stores_the_values_of_its_meters(tmp_path: Path) -> None:
    fleet = RunbookFleet(tmp_path)
    first, *others = fleet.meters
    title = first.system_title.hex().upper()
    heard: list[Msg] = []

    async def hear(message: Msg) -> None:
        heard.append(message)

    async with fleet.running():
        async with fleet.connected("display") as display:
            await display.subscribe(f"smarty_p1.readings.{title}", cb=hear)
            await fleet.until_fresh()
            await until(lambda: bool(heard), within=TIMEOUT)
        # The title alone is enough to find the right cellar.
        place = f'smarty_p1_last_seen{{title="{title}",gateway="cellar",port=~"socket://.*"}}'
        assert await fleet.stored(place)
        for port in fleet.http_ports:
            assert b'"ok"' in await asyncio.to_thread(read, f"http://{HOST}:{port}/healthz")

        # A meter was exchanged: its serial number is free for the next meter that sends it.
        gone, operator = others[-1], fleet.directory / "operator" / "operator.toml"
        digits = gone.system_title.hex().upper()
        for words in (
            (f"{digits} no longer owns {gone.device_name}.",),
            ("owns no serial number",),
        ):
            said = await fleet.command("fleet", "exchange", digits, "--config", operator)
            assert all(word in said for word in words), said
        async with fleet.connected() as client:
            bucket = await client.jetstream(timeout=5).key_value("smarty_p1_meters")
            for key in (f"name.{gone.device_name}", f"meter.{digits}"):
                with pytest.raises(KeyNotFoundError):
                    await bucket.get(key)
        for name in COLLECTORS:
            await fleet.restart(name)
        await fleet.until_fresh()

        # The runbook for the leave of a tenant.
        await fleet.end_sending()
        await fleet.until_metric("gateway_queue_length", 0.0, 0.0, programs=GATEWAYS)
        keys = "".join(
            f"{meter.system_title.hex()} {key_of(SEED, meter.number).hex()}\n" for meter in others
        )
        for name in COLLECTORS:
            (fleet.directory / name / "meter-keys").write_text(keys, encoding="ascii")
        said = await fleet.command("fleet", "forget", title, "--yes", "--config", operator)
        assert "STILL THERE" not in said
        assert not await fleet.stored(f'{{__name__=~"smarty_p1_.*",meter="{first.device_name}"}}')
        assert await fleet.stored(f'{{meter="{others[0].device_name}"}}')
