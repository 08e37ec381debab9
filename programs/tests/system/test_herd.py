"""A herd of gateways with a backlog at a real cluster that is busy with it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from dev.encoder import frame
from dev.testing.real_programs import until
from smarty_p1_gateway.metrics import GatewayMetrics
from smarty_p1_gateway.nats.nats_config import NatsConfig
from smarty_p1_gateway.nats.nats_frames_publisher import NatsPublisher
from smarty_p1_gateway.queue.async_frame_queue import AsyncFrameQueue
from smarty_p1_gateway.queue.frame_queue_on_disk import NewFrame
from tests.system.nats_cluster import STREAM, cluster_running, make_stream

_GATEWAYS, _FRAMES = 250, 200


@asynccontextmanager
async def gateway(
    number: int, urls: tuple[str, ...], folder: Path, begin: asyncio.Event
) -> AsyncIterator[AsyncFrameQueue]:
    """Run a gateway with the frames of one meter in its queue. Yield its queue.

    It connects when `begin` is set.
    """
    metrics, title = GatewayMetrics(), b"SAGgp\x00" + number.to_bytes(2)
    queue = AsyncFrameQueue(["house"], metrics)
    await queue.open(folder / str(number), 10_000_000)
    for counter in range(1, _FRAMES + 1):
        queue.put_frame(NewFrame("house", "unused", frame(counter, title=title)))
    config = NatsConfig(urls, "gateway", "gateway", None, None, "_INBOX_gateway")
    publisher = NatsPublisher(config, ["house"], queue, metrics)

    async def publish() -> None:
        await begin.wait()
        await publisher.run()

    tasks = [asyncio.ensure_future(work) for work in (queue.write(), publish())]
    try:
        yield queue
        name = "smarty_p1_gateway_broker_losses_total"
        assert metrics.registry.get_sample_value(name, {"port": ""}) == 0
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await queue.close()


async def test_a_herd_with_a_backlog_sends_each_frame_once_and_leaves_no_node(
    tmp_path: Path,
) -> None:
    async with cluster_running(tmp_path) as cluster, AsyncExitStack() as herd:
        await make_stream(cluster)
        begin = asyncio.Event()
        queues = [
            await herd.enter_async_context(gateway(number, cluster.urls, tmp_path, begin))
            for number in range(_GATEWAYS)
        ]
        begin.set()

        async def is_sent() -> bool:
            return all(queue.is_empty() for queue in queues)

        await until(is_sent)
        async with await cluster.connect() as client:
            info = await client.jetstream(timeout=20).stream_info(STREAM)
    frames = _GATEWAYS * _FRAMES
    assert frames <= info.state.messages <= 1.05 * frames
