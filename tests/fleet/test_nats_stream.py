"""The stream of the frames, as large as the configuration wants it."""

from typing import cast

import pytest
from nats.js import JetStreamContext
from nats.js.api import StreamConfig, StreamInfo, StreamState
from nats.js.errors import APIError, NotFoundError

from smarty_p1_fleet.nats_stream import enlarge_stream, make_stream

GB = 1024**3


class FakeJetStream:
    """A cluster with a stream, or none yet."""

    def __init__(self, max_bytes: int | None = None) -> None:
        self.config = None if max_bytes is None else StreamConfig(name="s", max_bytes=max_bytes)
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
        return await self.add_stream(config)


async def open_stream(fake: FakeJetStream, gigabytes: int | None) -> int | None:
    """Return how many bytes the stream may hold then."""
    js = cast("JetStreamContext", fake)
    await enlarge_stream(js, await make_stream(js, gigabytes), gigabytes)
    return fake.config.max_bytes if fake.config else None


@pytest.mark.parametrize(("gigabytes", "made"), [(None, 10), (1, 1), (90, 90)])
async def test_it_is_made_as_large_as_it_should_be(gigabytes: int | None, made: int) -> None:
    assert await open_stream(FakeJetStream(), gigabytes) == made * GB


@pytest.mark.parametrize(
    ("has", "gigabytes", "then"),
    [(10, 90, 90), (10, 10, 10), (90, 10, 90), (5, None, 5), (-1, 90, -1)],
)
async def test_it_is_made_larger_and_never_smaller(
    has: int, gigabytes: int | None, then: int
) -> None:
    size = max(has * GB, -1)
    assert await open_stream(FakeJetStream(size), gigabytes) == max(then * GB, -1)


async def test_what_has_no_room_goes_on_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    fake = FakeJetStream(10 * GB)
    fake.is_full = True
    assert await open_stream(fake, 90) == 10 * GB
    assert "stays as small as it is (insufficient storage resources available)" in caplog.text
