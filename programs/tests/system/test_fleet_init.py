"""A fleet with TLS, users and logins, as `fleet init` makes it, stores its meters' values."""

import asyncio
import urllib.request
from pathlib import Path

from nats.aio.msg import Msg

from dev.demo.home_assistant import HOST
from dev.fleet.meters import key_of
from dev.testing.real_programs import TIMEOUT, until
from tests.system.runbook_fleet import COLLECTORS, GATEWAYS, SEED, RunbookFleet


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

        # A meter that still sends is not exchanged.
        operator = fleet.directory / "operator" / "operator.toml"
        digits = others[-1].system_title.hex().upper()
        for old, status, told in (
            (digits, 1, "still sends"),
            ("0" * 16, 2, "owns no serial number"),
        ):
            words = "fleet", "exchange", old, title, "--config", operator
            assert told in await fleet.command(*words, status=status)

        # The runbook for the leave of a tenant.
        await fleet.end_sending()
        await fleet.until_metric("gateway_queue_length", 0.0, 0.0, programs=GATEWAYS)
        keys = "".join(
            f"{meter.system_title.hex()} {key_of(SEED, meter.number).hex()}\n" for meter in others
        )
        for name in COLLECTORS:
            (fleet.directory / name / "meter-keys").write_text(keys, "ascii")
        said = await fleet.command("fleet", "forget", title, "--yes", "--config", operator)
        assert "STILL THERE" not in said
        assert not await fleet.stored(f'{{__name__=~"smarty_p1_.*",meter="{first.device_name}"}}')
        assert await fleet.stored(f'{{meter="{others[0].device_name}"}}')
