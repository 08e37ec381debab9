"""Writing to a VictoriaMetrics that fails in every way."""

import asyncio
import gzip
import logging
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from dev.encoder import KEY, frame, telegram
from smarty_p1_fleet.metrics import Metrics
from smarty_p1_fleet.series_line_protocol import Sample, make_sample
from smarty_p1_fleet.store import Store
from smarty_p1_fleet.store_config import StoreConfig
from smartyp1.p1 import Decoder, Telegram


class FakeStore:
    """Answers as it is told."""

    def __init__(self) -> None:
        self.encoding = ""
        self.moved_to = ""
        self.asked = 0
        self.answers: list[int] = []
        self.bodies: list[str] = []
        self.metrics = "process_start_time_seconds 100\nvm_app_uptime_seconds 9\n"
        self.url = ""

    async def write(self, request: web.Request) -> web.Response:
        assert request.query_string == "precision=ms"
        if self.moved_to:
            raise web.HTTPTemporaryRedirect(self.moved_to)
        self.bodies.append((await request.read()).decode())
        return web.Response(status=self.answers.pop(0) if self.answers else 204)

    async def tell(self, request: web.Request) -> web.Response:
        assert request.headers.getall("Accept-Encoding") == ["identity"]
        self.asked += 1
        if self.moved_to:
            raise web.HTTPFound(self.moved_to)
        if not self.encoding:
            return web.Response(text=self.metrics)
        body = (zlib.compress if self.encoding == "deflate" else gzip.compress)(
            self.metrics.encode()
        )
        return web.Response(body=body, headers={"Content-Encoding": self.encoding})


@pytest.fixture
async def fake() -> AsyncIterator[FakeStore]:
    async with serving() as fake:
        yield fake


@asynccontextmanager
async def serving() -> AsyncIterator[FakeStore]:
    fake = FakeStore()
    app = web.Application()
    app.add_routes([web.post("/write", fake.write), web.get("/metrics", fake.tell)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    fake.url = f"http://{host}:{port}/"
    yield fake
    await runner.cleanup()


@pytest.fixture
async def store(fake: FakeStore) -> AsyncIterator[Store]:
    store = Store(StoreConfig((fake.url.rstrip("/"),)), Metrics())
    serving = asyncio.create_task(store.serve())
    yield store
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


def sample(counter: int) -> Sample:
    text = telegram("0-0:1.0.0(260115130000W)", f"1-0:1.8.0({counter:010.3f}*kWh)")
    [event] = Decoder(KEY).feed(frame(counter, text))
    assert isinstance(event, Telegram)
    return make_sample(event)


async def test_what_is_handed_in_together_is_one_write(fake: FakeStore, store: Store) -> None:
    write = await store.write([sample(1), sample(2)])
    assert write.process == "100"
    [body] = fake.bodies
    assert [line.partition(",storage_delay")[0] for line in body.splitlines()] == [
        "smarty_p1,meter=SAG1030790002574 active_energy_imported=1.0",
        "smarty_p1,meter=SAG1030790002574 active_energy_imported=2.0",
    ]


async def test_a_write_is_tried_until_it_is_acknowledged(
    fake: FakeStore, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    fake.answers = [503, 400, 200]
    await store.write([sample(1)])
    assert len(fake.bodies) == 4
    assert [text for text in caplog.messages if text.startswith("Writing")] == [
        "Writing to VictoriaMetrics failed (it answers with 503), and is tried again",
        "Writing to VictoriaMetrics works again",
    ]


async def test_what_it_may_have_already_is_written_again_without_a_delay(
    fake: FakeStore, store: Store
) -> None:
    fake.answers = [503]
    await store.write([sample(1)])
    await store.write([sample(2)])
    assert ["storage_delay" in body for body in fake.bodies] == [True, False, True]
    assert "active_energy_imported=1.0 " in fake.bodies[1]


async def test_nothing_is_written_to_a_process_that_just_began(
    fake: FakeStore, store: Store
) -> None:
    fake.metrics = "process_start_time_seconds 100\nvm_app_uptime_seconds 1\n"
    writing = asyncio.create_task(store.write([sample(1)]))
    await asyncio.sleep(0.6)
    assert fake.bodies == []
    fake.metrics = "process_start_time_seconds 100\nvm_app_uptime_seconds 2\n"
    await writing


@pytest.mark.parametrize("text", ["", "process_start_time_seconds x\nvm_app_uptime_seconds 3\n"])
async def test_nothing_is_written_to_what_does_not_say_since_when_it_runs(
    fake: FakeStore, store: Store, text: str
) -> None:
    fake.metrics = text
    writing = asyncio.create_task(store.write([sample(1)]))
    await asyncio.sleep(0.6)
    assert fake.bodies == []
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    fake.metrics = "process_start_time_seconds 7\nvm_app_uptime_seconds 3\n"
    # Who gave up is not written.
    await store.write([sample(2)])
    assert [body.count("smarty_p1,") for body in fake.bodies] == [1]


async def until_it_fails(caplog: pytest.LogCaptureFixture, what: str) -> str:
    """Return why something fails, as the log says it."""
    while True:
        for text in caplog.messages:
            if text.startswith(what):
                return text.partition("(")[2].partition(")")[0]
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        ({"encoding": "gzip"}, "its metrics are compressed"),
        ({"encoding": "deflate"}, "its metrics are compressed"),
        ({"metrics": "#" * 4 * 1024 * 1024}, "its answer is too long"),
    ],
    ids=["gzip", "deflate", "long"],
)
async def test_an_answer_that_may_have_no_end_is_no_answer(
    fake: FakeStore,
    store: Store,
    caplog: pytest.LogCaptureFixture,
    spoil: dict[str, str],
    reason: str,
) -> None:
    good = fake.metrics
    for name, value in spoil.items():
        setattr(fake, name, value)
    fake.metrics += "\n" + good
    writing = asyncio.create_task(store.write([sample(1)]))
    assert await until_it_fails(caplog, "Asking VictoriaMetrics") == reason
    assert fake.bodies == []
    fake.encoding, fake.metrics = "", good
    await writing


async def test_metrics_may_be_as_long_as_they_are(fake: FakeStore, store: Store) -> None:
    fake.metrics = "#" * (4 * 1024 * 1024 - 1000) + "\n" + fake.metrics
    await store.write([sample(1)])


async def test_nobody_is_sent_elsewhere(
    fake: FakeStore, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    await store.write([sample(1)])
    async with serving() as other:
        fake.moved_to = f"{other.url}write?precision=ms"
        writing = asyncio.create_task(store.write([sample(2)]))
        assert await until_it_fails(caplog, "Writing") == "it answers with 307"
        fake.moved_to = f"{other.url}metrics"
        assert await until_it_fails(caplog, "Asking") == "it answers with 302"
        assert (other.asked, other.bodies) == (0, [])
        fake.moved_to = ""
        await writing
