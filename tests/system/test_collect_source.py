"""A meter behind a real gateway: what is told of it, of the cluster and of the store."""

import contextlib
import json
import urllib.parse
import urllib.request
from datetime import datetime
from pathlib import Path

import pytest

from tests.system.collectors import WINTER, Collectors, MadeUpMeter
from tests.system.nats_cluster import NatsGateway
from tests.system.sealed_gateway import Line
from tests.system.support import PATIENCE, TIMEOUT, until


@pytest.mark.timeout(TIMEOUT)
async def test_the_store_knows_at_which_port_a_meter_was_seen(tmp_path: Path) -> None:
    line, meter = Line(), MadeUpMeter(1, datetime.now(WINTER))
    async with contextlib.AsyncExitStack() as running:
        fleet = await running.enter_async_context(Collectors(tmp_path))
        fleet.write_keys(meter)
        await fleet.start("first")
        await running.enter_async_context(line.serving())
        address = f"socket://127.0.0.1:{line.port}"
        gateway = NatsGateway(tmp_path / "cellar", fleet.urls, [address])
        await running.enter_async_context(gateway.running())
        await line.send(meter.next_frame())

        def seen() -> list[dict[str, str]]:
            query = urllib.parse.urlencode({"match[]": "smarty_p1_last_seen"})
            url = f"{fleet.store.url}/api/v1/export?{query}"
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310
                lines = [json.loads(one) for one in answer.read().splitlines()]
            return [one["metric"] for one in lines]

        async def is_seen() -> bool:
            return bool(seen())

        await until(is_seen, within=PATIENCE)
        title = meter.title.hex().upper()
        name = {"__name__": "smarty_p1_last_seen", "meter": meter.name, "title": title}
        assert seen() == [name | {"gateway": "gateway", "port": address}]
        info = f'smarty_p1_gateway_meter_info{{meter="",port="{address}",title="{title}"}} 1.0\n'
        assert info in await gateway.metrics()

        async def nodes_are(number: int) -> bool:
            return fleet.metrics("first")["stream_replicas"] == number

        await until(lambda: nodes_are(3), within=PATIENCE)
        await fleet.nodes[2].kill()
        await until(lambda: nodes_are(2), within=PATIENCE)
        told = fleet.metrics("first")
        assert told["stream_max_bytes"] == 10 * 1024**3
        assert 0 < told["stream_bytes"] < 10_000
        assert told["store_answers"] == 1
        await fleet.store.kill()

        async def is_away() -> bool:
            return fleet.metrics("first")["store_answers"] == 0

        await until(is_away, within=PATIENCE)
