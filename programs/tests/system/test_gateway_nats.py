"""Frames of a line, through the gateway that has no key, into a real NATS cluster."""

import signal
from collections import Counter
from pathlib import Path

from dev.encoder import TITLE, frame
from tests.system.nats_cluster import NatsGateway, cluster_running, make_stream, stored
from tests.system.sealed_gateway import Line

OTHER_TITLE = b"SAGgp\x04\x10\x2f"


def allow_too(configuration: Path, known: str, other: str) -> None:
    """Let each user that may publish frames of one title publish frames of another title, too."""
    allowed = f'"smarty_p1.sealed.{known}"'
    text = configuration.read_text("utf-8")
    more = text.replace(allowed, f'{allowed}, "smarty_p1.sealed.{other}"')
    configuration.write_text(more, "utf-8")


async def test_frames_wait_for_a_login_a_stream_and_a_right_and_none_is_lost(
    tmp_path: Path,
) -> None:
    line, known, other = Line(), TITLE.hex().upper(), OTHER_TITLE.hex().upper()
    frames = [frame(counter) for counter in range(1, 21)]
    # The damaged frame has the header of the next frame, and must not keep it out.
    damaged = frames[10][:-1] + bytes([frames[10][-1] ^ 1])
    sent = [*frames[:10], damaged, *frames[10:]]
    users = {"gateway": [known]}
    async with line.serving(), cluster_running(tmp_path, gateways=users) as cluster:
        address = f"socket://127.0.0.1:{line.port}"
        one, two = [NatsGateway(tmp_path / name, cluster.urls, address) for name in "ab"]
        password = tmp_path / "a" / "nats-password"
        right = password.read_text("ascii")
        password.write_text("s3cret\n", "ascii")
        async with one.running():
            await line.send(sent[0])
            await one.until_logged("Authorization Violation")
            await one.until_metric("queue_length", 1)
        password.write_text(right, "ascii")
        async with one.running(), two.running():
            # Since NATS 2.10, the servers report the missing stream themselves.
            await one.until_logged("smarty_p1_frames")
            await line.send(b"".join(sent[1:]), readers=2)
            await one.until_metric("queue_length", 21)
            await two.until_metric("queue_length", 20)
            await make_stream(cluster)
            for gateway in (one, two):
                await gateway.until_metric("queue_length", 0)
        # A frame whose acknowledgement came too late is there again.
        found = Counter(message.data for message in await stored(cluster, 41))
        assert found.keys() == {*sent}
        assert all(found[data] >= 2 for data in sent[1:])
        assert "s3cret" not in one.logged()

        # Frames that the user may not publish are set aside until the right is there.
        others = [frame(counter, title=OTHER_TITLE) for counter in range(21, 32)]
        mine = [frame(counter) for counter in range(21, 32)]
        # Noise has other titles still, and more than are remembered.
        noise = [frame(1, title=b"NOISE" + number.to_bytes(3)) for number in range(10)]
        in_turns = [data for pair in zip(others[:10], mine, strict=False) for data in pair]
        async with one.running():
            await line.send(b"".join([*in_turns, *noise, mine[10]]))
            await one.until_metric("published_total", 11)
            await one.until_metric("set_aside", 10 + 3)
            await one.until_metric("queue_length", 10 + 3)
            # Dropped noise does not count as lost.
            assert await one.metric("dropped_total") == 0
        assert one.logged().count(f"smarty_p1.sealed.{other.lower()}") == 1
        async with one.running():
            await one.until_metric("set_aside", 10 + 3)
            for number, node in enumerate(cluster.nodes):
                allow_too(tmp_path / f"nats{number}" / "nats-server.conf", known, other)
                node.send(signal.SIGHUP)
            await one.until_metric("set_aside", 3)
            await line.send(others[10])
            await one.until_metric("published_total", 11)
            await one.until_metric("queue_length", 3)
        messages = await stored(cluster)
    found_of = {
        title: {data for subject, data in messages if subject == f"smarty_p1.sealed.{title}"}
        for title in (known, other)
    }
    assert found_of == {known: {*sent, *mine}, other: {*others}}
    assert len({subject for subject, _ in messages}) == 2
