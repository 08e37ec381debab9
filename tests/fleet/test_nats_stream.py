"""The stream of the frames, as large as the configuration wants it."""

from typing import cast

import pytest
from nats.js import JetStreamContext
from nats.js.api import StreamConfig, StreamInfo, StreamState
from nats.js.errors import APIError, NotFoundError

from smarty_p1_fleet.nats_stream import (
    StreamSettings,
    enlarge,
    make_stream,
    replicate_buckets,
)

GB = 1024**3
DAY = 86400


class FakeJetStream:
    """A cluster with a stream, or none yet."""

    def __init__(self, config: StreamConfig | None = None) -> None:
        self.config = config
        self.updated: list[StreamConfig] = []
        self.is_full = False

    async def stream_info(self, _: str) -> StreamInfo:
        if self.config is None:
            raise NotFoundError
        return StreamInfo(self.config, StreamState(0, 0, 1, 0, 0))

    async def add_stream(self, config: StreamConfig) -> StreamInfo:
        self.config = config
        return await self.stream_info("")

    async def update_stream(self, config: StreamConfig) -> StreamInfo:
        if self.is_full:
            raise APIError(description="insufficient storage resources available")
        self.updated.append(config)
        return await self.add_stream(config)


async def open_stream(fake: FakeJetStream, settings: StreamSettings) -> StreamConfig:
    """Return what the stream is then."""
    js = cast("JetStreamContext", fake)
    await enlarge(js, await make_stream(js, settings), settings)
    assert fake.config is not None
    return fake.config


@pytest.mark.parametrize(
    ("settings", "made"),
    [
        (StreamSettings(), (10, 7, 3)),
        (StreamSettings(gigabytes=1), (1, 7, 3)),
        (StreamSettings(90, 30, 1), (90, 30, 1)),
        (StreamSettings(replicas=5), (10, 7, 5)),
    ],
)
async def test_it_is_made_as_it_should_be(
    settings: StreamSettings, made: tuple[int, int, int]
) -> None:
    fake = FakeJetStream()
    config = await open_stream(fake, settings)
    assert (config.max_bytes, config.max_age, config.num_replicas) == (
        made[0] * GB,
        made[1] * DAY,
        made[2],
    )
    assert fake.updated == []


@pytest.mark.parametrize(
    ("has", "gigabytes", "then"),
    [(10, 90, 90), (10, 10, 10), (90, 10, 90), (5, None, 5), (-1, 90, -1)],
)
async def test_it_is_made_larger_and_never_smaller(
    has: int, gigabytes: int | None, then: int
) -> None:
    fake = FakeJetStream(StreamConfig(name="s", max_bytes=max(has * GB, -1)))
    config = await open_stream(fake, StreamSettings(gigabytes))
    assert config.max_bytes == max(then * GB, -1)


@pytest.mark.parametrize(
    ("has", "days", "then"), [(7, 30, 30), (7, 7, 7), (7, 2, 7), (1, None, 1), (0, 7, 0)]
)
async def test_it_keeps_for_longer_and_never_for_less(
    has: int, days: int | None, then: int, caplog: pytest.LogCaptureFixture
) -> None:
    fake = FakeJetStream(StreamConfig(name="s", max_age=has * DAY, max_bytes=GB))
    config = await open_stream(fake, StreamSettings(days=days))
    assert (config.max_age, config.max_bytes) == (then * DAY, GB)
    is_less = days is not None and then != days
    assert ("s has more than stream_days = " in caplog.text) is is_less
    assert ("s has stream_days = 30 now" in caplog.text) is (then == 30)


@pytest.mark.parametrize(("has", "replicas", "then"), [(1, 3, 3), (3, 1, 3), (3, None, 3)])
async def test_stream_and_buckets_come_to_more_nodes_and_never_to_fewer(
    has: int, replicas: int | None, then: int
) -> None:
    fake = FakeJetStream(StreamConfig(name="s", num_replicas=has, max_bytes=GB))
    settings = StreamSettings(gigabytes=90, days=30, replicas=replicas)
    assert (await open_stream(fake, settings)).num_replicas == then
    bucket = FakeJetStream(StreamConfig(name="KV_s", num_replicas=has, max_bytes=GB))
    await replicate_buckets(cast("JetStreamContext", bucket), settings)
    assert bucket.config == StreamConfig(name="KV_s", num_replicas=then, max_bytes=GB)


async def test_what_has_no_room_goes_on_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    fake = FakeJetStream(StreamConfig(name="s", max_bytes=10 * GB, max_age=DAY))
    fake.is_full = True
    config = await open_stream(fake, StreamSettings(gigabytes=90, days=7))
    assert (config.max_bytes, config.max_age) == (10 * GB, DAY)
    for setting in ("stream_gigabytes = 90", "stream_days = 7"):
        text = f"without {setting} (insufficient storage resources available)"
        assert f"s stays as small as it is, {text}" in caplog.text
