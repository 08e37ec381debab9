"""Writing to a VictoriaMetrics: the answering machine, the rights to see values, and failures."""

import asyncio
import gzip
import logging
import ssl
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from dev.encoder import KEY, frame, telegram
from dev.testing.authority import Authority
from smarty_p1_fleet.metrics import CollectorMetrics
from smarty_p1_fleet.store.series_line_protocol import Sample, make_sample
from smarty_p1_fleet.store.store_config import StoreConfig, read_store
from smarty_p1_fleet.store.store_requests import check_store
from smarty_p1_fleet.store.store_writer import Store
from smarty_p1_gateway import ConfigError, ConfigTable
from smartyp1.p1.decoder import Decoder
from smartyp1.p1.telegram import Telegram
from tests.fleet.made_up import until, working

RUNS = "process_start_time_seconds {start}\nvm_app_uptime_seconds 9\n"
SAMPLE = Sample("smarty_p1,meter=A x=1 1700000000000\n", 1_700_000_000_000)

# Versions as programs report them, by the names of metrics in VictoriaMetrics' documentation.
VERSION = 'vm_app_version{{version="{}-20250425-131706-tags-v1.116.0{}", short_version="v1"}} 1\n'
VMINSERT = VERSION.format("vminsert", "-cluster-0-g27d3fb2105")
UNNAMED_VMINSERT = (
    'vm_app_version{version="", short_version=""} 1\n'
    'vm_rpc_rows_sent_total{name="vminsert", addr="vmstorage-1:8400"} 5\n'
)

pytestmark = pytest.mark.usefixtures("is_asked_often", "short_delays")


@dataclass
class Host:
    """A machine that answers as VictoriaMetrics does, or as the test sets it."""

    name: str = "one"
    start: int = 100
    more: str = 'vm_app_version{version="", short_version=""} 1\n'
    runs: str = RUNS
    login: str | None = None
    url: str = ""
    moved_to: str = ""
    encoding: str = ""
    asked: int = 0
    answers: list[int] = field(default_factory=list)
    sizes: list[int | None] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)

    async def tell(self, request: web.Request) -> web.Response:
        assert request.headers.getall("Accept-Encoding") == ["identity"]
        self.asked += 1
        if self.moved_to:
            raise web.HTTPFound(self.moved_to)
        body = (self.more + self.runs.format(start=self.start)).encode()
        headers = self._headers
        if self.encoding:
            body = (zlib.compress if self.encoding == "deflate" else gzip.compress)(body)
            headers["Content-Encoding"] = self.encoding
        return web.Response(body=body, headers=headers)

    async def write(self, request: web.Request) -> web.Response:
        if self.moved_to:
            raise web.HTTPTemporaryRedirect(self.moved_to)
        if self.login not in {None, request.headers.get("Authorization")}:
            return web.Response(status=401)
        if body := (await request.read()).decode():
            assert request.query_string == "precision=ms"
            self.writes.append(body)
            self.sizes.append(request.content_length)
        status = self.answers.pop(0) if body and self.answers else 204
        return web.Response(status=status, headers=self._headers)

    @property
    def _headers(self) -> dict[str, str]:
        """Return the header that names the machine, if it has a name."""
        return {"X-Server-Hostname": self.name} if self.name else {}


@asynccontextmanager
async def serving(host: Host, tls: ssl.SSLContext | None = None) -> AsyncIterator[Host]:
    app = web.Application()
    app.add_routes([web.post("/write", host.write), web.get("/metrics", host.tell)])
    server = TestServer(app)
    await server.start_server(ssl=tls)
    host.url = f"{server.scheme}://{server.host}:{server.port}"
    try:
        yield host
    finally:
        await server.close()


@asynccontextmanager
async def writing_to(config: StoreConfig) -> AsyncIterator[Store]:
    store = Store(config, CollectorMetrics())
    async with working(store.serve()):
        yield store


@pytest.fixture
def is_asked_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smarty_p1_fleet.store.store_writer._ASK_INTERVAL", 0.02)


def sample(counter: int) -> Sample:
    text = telegram("0-0:1.0.0(260115130000W)", f"1-0:1.8.0({counter:010.3f}*kWh)")
    [event] = Decoder(KEY).feed(frame(counter, text))
    assert isinstance(event, Telegram)
    return make_sample(event)


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with serving(Host(name="")) as host:
        yield host


@pytest.fixture
async def store(host: Host) -> AsyncIterator[Store]:
    async with writing_to(StoreConfig((host.url,))) as store:
        yield store


def read(**content: object) -> StoreConfig:
    return read_store(ConfigTable("store", content))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (VMINSERT, r"a part of VictoriaMetrics' cluster \(vminsert\)"),
        (VERSION.format("vmselect", "-cluster"), r"cluster \(vmselect\)"),
        (VERSION.format("vmstorage", "-cluster"), r"cluster \(vmstorage\)"),
        (UNNAMED_VMINSERT, r"cluster \(vminsert\)"),
        (VERSION.format("vmagent", ""), "vmagent answers, and not VictoriaMetrics itself"),
        ("vmagent_remotewrite_packets_sent_total 1\n", "vmagent answers"),
        (VERSION.format("vmauth", ""), "vmauth answers"),
        ('vmauth_user_requests_total{username="a"} 1\n', "vmauth answers"),
        (VERSION.format("victoria-logs", ""), "victoria-logs answers"),
    ],
)
async def test_a_store_that_does_not_report_its_writes_is_refused(
    more: str, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(Host(more="a 1\n" + more)) as host:
        for is_thorough in (False, True):
            with pytest.raises(ConfigError, match=message):
                await check_store(StoreConfig((host.url,)), is_thorough=is_thorough)
        # A store that becomes another program later gets no values, either.
        async with writing_to(StoreConfig((host.url,))) as store:
            writing = asyncio.create_task(store.write([SAMPLE]))
            await until(lambda: any("Asking VictoriaMetrics" in one for one in caplog.messages))
            assert host.writes == []
            host.more = "a 1\n"
            await writing


@pytest.mark.parametrize(
    "version",
    ["", "victoria-metrics-20220621-071016-tags-v1.79.0-0-g837d0d136", "v1.79.0", "vm-own-build"],
)
async def test_a_single_node_is_not_refused_in_any_build(version: str) -> None:
    more = f'a 1\nvm_app_version{{version="{version}", short_version=""}} 1\n'
    async with serving(Host(more=more)) as host:
        await check_store(StoreConfig((host.url,)))


async def test_a_store_without_an_answer_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(Host()) as host:
        pass
    await check_store(StoreConfig((host.url,)), is_thorough=False)
    await check_store(StoreConfig((host.url,)))
    told = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert told == ["[store] VictoriaMetrics could not be asked (ClientConnectorError)"]


async def test_a_check_finds_that_the_login_is_another_one() -> None:
    async with serving(Host(login="Bearer right")) as host:
        with pytest.raises(ConfigError, match=r"\[store\] it answers with 401: it wants another"):
            await check_store(StoreConfig((host.url,)))
        assert host.writes == []


async def test_another_address_takes_over_and_it_is_the_same_process(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    away, back = (f"One of the addresses of VictoriaMetrics {text}" for text in ("failed", "works"))
    async with AsyncExitStack() as first, serving(Host()) as second:
        one = await first.enter_async_context(serving(Host()))
        async with writing_to(StoreConfig((one.url, second.url))) as store:
            before = await store.write([SAMPLE])
            second.moved_to = one.url
            await until(lambda: away in caplog.text)
            second.moved_to = ""
            await until(lambda: back in caplog.text)
            await first.aclose()
            after = await store.write([SAMPLE])
    assert (len(one.writes), len(second.writes)) == (1, 1)
    assert before.process == after.process
    assert caplog.text.count(away) == 2


@pytest.mark.parametrize("other", [Host(name="two"), Host(start=101)], ids=["host", "start"])
async def test_addresses_of_two_stores_get_no_values(
    other: Host, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(Host()) as one, serving(other) as two:
        config = StoreConfig((one.url, two.url))
        with pytest.raises(ConfigError, match=r"\[store\] urls: .* different processes"):
            await check_store(config)
        async with writing_to(config) as store:
            writing = asyncio.create_task(store.write([SAMPLE]))
            await until(lambda: any("different processes" in text for text in caplog.messages))
            assert (one.writes, two.writes, store.run) == ([], [], None)
            writing.cancel()


async def test_the_machine_that_takes_the_values_must_report_its_own_start(
    caplog: pytest.LogCaptureFixture,
) -> None:
    host = Host()

    async def tell_another(request: web.Request) -> web.Response:  # noqa: ARG001
        text = RUNS.format(start=1)
        return web.Response(text="\n" + text, headers={"X-Server-Hostname": "two"})

    host.tell = tell_another  # type: ignore[method-assign]
    async with serving(host), writing_to(StoreConfig((host.url,))) as store:
        writing = asyncio.create_task(store.write([SAMPLE]))
        await until(lambda: any("another machine takes" in text for text in caplog.messages))
        assert not writing.done()
        writing.cancel()


async def test_a_new_password_is_read_without_a_restart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file, new = tmp_path / "token", tmp_path / "new"
    file.write_text("old-s3cret")
    new.write_text("new-s3cret")
    async with (
        serving(Host(login="Bearer old-s3cret")) as host,
        writing_to(read(url=host.url, token_file=str(file))) as store,
    ):
        await store.write([SAMPLE])
        host.login = "Bearer new-s3cret"
        writing = asyncio.create_task(store.write([SAMPLE]))
        await until(lambda: any("answers with 401" in text for text in caplog.messages))
        # Half of it is no reason to forget the former.
        file.write_text("")
        await until(lambda: any("token_file is empty" in text for text in caplog.messages))
        new.replace(file)
        await writing
    assert "s3cret" not in caplog.text


async def test_a_certificate_is_shown_and_one_is_wanted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    authority, stranger = Authority(tmp_path, "own"), Authority(tmp_path, "other")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.file)
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
    tls.load_cert_chain(*authority.issue("server"))
    # The server is in this loop, too, and complains of whom it refuses.
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    files: dict[str, object] = {"ca_file": str(authority.file)}
    client, key = stranger.issue("client")
    async with serving(Host(), tls) as host:
        config = read(url=host.url, certificate_file=str(client), key_file=str(key), **files)
        async with writing_to(config) as store:
            writing = asyncio.create_task(store.write([SAMPLE]))
            await until(lambda: any("certificate_file" in message for message in caplog.messages))
            assert host.writes == []
            renewed, its_key = authority.issue("renewed")
            its_key.replace(key)
            renewed.replace(client)
            await writing
            assert len(host.writes) == 1
        # A machine without a trusted certificate gets no login.
        caplog.clear()
        wrong = read(url=host.url, ca_file=str(stranger.file))
        await check_store(wrong)
        assert "TLS: its certificate is not trusted" in caplog.text


async def test_samples_handed_in_together_are_one_write(host: Host, store: Store) -> None:
    write = await store.write([sample(1), sample(2)])
    assert write.process == "100"
    [body] = host.writes
    assert [line.rpartition(" ")[0] for line in body.splitlines()] == [
        "smarty_p1,meter=SAG1030790002574 active_energy_imported=1.0",
        "smarty_p1,meter=SAG1030790002574 active_energy_imported=2.0",
    ]
    delays = store._metrics.registry.get_sample_value("smarty_p1_collector_delay_seconds_sum")
    assert delays == pytest.approx(2 * (time.time() - sample(1).at_ms / 1000), abs=60)


async def test_a_write_is_tried_until_it_is_acknowledged(
    host: Host, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    host.answers = [503, 400, 200]
    await store.write([sample(1)])
    assert [text for text in caplog.messages if text.startswith("Writing")] == [
        "Writing to VictoriaMetrics failed (it answers with 503), and is tried again",
        "Writing to VictoriaMetrics works again",
    ]
    # The store may have it already, so each write is the same.
    assert ["active_energy_imported=1.0 " in body for body in host.writes] == [True] * 4


@pytest.mark.parametrize(
    "runs",
    [
        "process_start_time_seconds 100\nvm_app_uptime_seconds 1\n",
        "",
        "process_start_time_seconds x\nvm_app_uptime_seconds 3\n",
    ],
)
async def test_nothing_is_written_to_a_store_that_just_started_or_does_not_report_its_start(
    host: Host, store: Store, runs: str
) -> None:
    host.runs = runs
    given_up, writing = (asyncio.create_task(store.write([sample(n)])) for n in (1, 2))
    await until(lambda: host.asked >= 3)
    assert host.writes == []
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    host.runs = "process_start_time_seconds 7\nvm_app_uptime_seconds 2\n"
    # The cancelled write leaves no value.
    await writing
    assert [body.count("smarty_p1,") for body in host.writes] == [1]
    assert "active_energy_imported=2.0" in host.writes[0]


@pytest.mark.parametrize(
    ("encoding", "more", "reason"),
    [
        ("gzip", "", "its metrics are compressed"),
        ("deflate", "", "its metrics are compressed"),
        ("", "#" * 4 * 1024 * 1024, "its answer is too long"),
        ("", "#" * (4 * 1024 * 1024 - 1000), ""),
    ],
    ids=["gzip", "deflate", "too long", "long"],
)
async def test_an_answer_that_may_have_no_end_is_no_answer(  # noqa: PLR0913, PLR0917
    host: Host,
    store: Store,
    caplog: pytest.LogCaptureFixture,
    encoding: str,
    more: str,
    reason: str,
) -> None:
    host.encoding, host.more = encoding, f"{more}\n"
    writing = asyncio.create_task(store.write([SAMPLE]))
    if reason:
        await until(lambda: any(f"({reason})" in text for text in caplog.messages))
        assert host.writes == []
    host.encoding, host.more = "", "" if reason else host.more
    await writing


async def test_a_write_is_small_enough_for_a_slow_line(host: Host, store: Store) -> None:
    await store.write([sample(counter) for counter in range(1, 1001)])
    assert host.writes[0].count("smarty_p1,") == 1000
    assert host.sizes[0] is not None
    assert host.sizes[0] < len(host.writes[0]) / 5


async def test_a_redirection_is_not_followed(
    host: Host, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    await store.write([SAMPLE])
    async with serving(Host()) as other:
        host.moved_to = f"{other.url}/write?precision=ms"
        writing = asyncio.create_task(store.write([SAMPLE]))
        await until(lambda: any("answers with 307" in text for text in caplog.messages))
        host.moved_to = f"{other.url}/metrics"
        await until(lambda: any("answers with 302" in text for text in caplog.messages))
        assert (other.asked, other.writes) == (0, [])
        host.moved_to = ""
        await writing
