"""A collector whose cluster is away."""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from ssl import SSLCertVerificationError
from unittest.mock import AsyncMock, Mock

import pytest
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import (
    ConsumerConfig,
    ConsumerInfo,
    SequenceInfo,
    StreamConfig,
    StreamInfo,
    StreamState,
)

from dev.ports import free_ports
from smarty_p1_fleet import read_config, run
from smarty_p1_fleet.collector_client import CollectorClient, connected
from smarty_p1_fleet.frames.frame_order import TitleWithKey
from smarty_p1_fleet.frames.frame_rereader import FrameRereader
from smarty_p1_fleet.frames.nats_clock_check import NatsClockCheck
from smarty_p1_fleet.frames.new_frames import NewFrames
from smarty_p1_fleet.frames.reading_publisher import ReadingPublisher
from smarty_p1_fleet.keys_watch import KeysWatch
from smarty_p1_fleet.metrics import CollectorMetrics
from smarty_p1_fleet.service import _Collector
from smarty_p1_fleet.store.store_writer import Store
from smarty_p1_fleet.store.stored_counters import StoredCounters
from smarty_p1_gateway import UnavailableError
from smarty_p1_gateway.nats.nats_client import NatsClient
from tests.fleet.made_up import until, value, working

pytestmark = pytest.mark.usefixtures("short_delays")

CONFIGURATION = """\
nats = {{ servers = ["nats://127.0.0.1:{port}", "nats://127.0.0.1:{other}"] }}
store = {{ url = "http://127.0.0.1:{port}" }}
keys = {{ file = "{keys}" }}
collector = {{ name = "one" }}
"""
SUBJECTS = ["smarty_p1.sealed.5341476770041030"]


def configured(folder: Path, port: int, other: int) -> Path:
    """Write a configuration and its keys. Return its path."""
    keys, file = folder / "keys", folder / "collect.toml"
    keys.touch(mode=0o600)
    keys.write_text("* 000102030405060708090A0B0C0D0E0F\n", "ascii")
    file.write_text(CONFIGURATION.format(port=port, other=other, keys=keys), "utf-8")
    return file


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


def made(folder: Path) -> tuple[_Collector, CollectorMetrics]:
    """Return a collector that does not run, and its metrics."""
    config, metrics = read_config(configured(folder, 1, 2)), CollectorMetrics()
    watch = KeysWatch(config.keys_source, config.keys_signature, config.keys, metrics)
    return _Collector(config, Store(config.store, metrics), metrics, watch), metrics


async def test_an_unreachable_cluster_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "smarty_p1_fleet")
    port = free_ports(2)
    file = configured(tmp_path, port, port + 1)
    async with working(run(read_config(file))):
        # The second server, and the first one again.
        await until(lambda: caplog.text.count("NATS: ConnectionRefusedError") >= 3)
    text = "The connection to NATS failed (ConnectionRefusedError), and is tried again"
    assert warnings(caplog).count(text) == 1


@pytest.mark.parametrize("version", ["2.9.21", "2.11.9"])
async def test_servers_that_are_too_old_are_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, version: str
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"version":"%s","max_payload":1048576}\r\n' % version.encode())
        # A client that takes the server for a store hangs up at once.
        with suppress(OSError):
            while line := await reader.readline():
                if line.startswith(b"PING"):
                    writer.write(b"PONG\r\n")
        writer.close()

    text = f"(NATS {version} is too old: take 2.15 or newer), and is tried again"
    async with await asyncio.start_server(serve, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        file = configured(tmp_path, port, port)
        async with working(run(read_config(file))):
            await until(lambda: text in caplog.text)


@pytest.mark.parametrize("failures", [2, 9])
async def test_frame_counters_are_asked_for_again_before_a_frame_is_verified(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    asked = []

    async def all_(_: StoredCounters, now: float) -> dict[TitleWithKey, tuple[int, float]]:
        asked.append(now)
        if len(asked) <= failures:
            raise UnavailableError("it is away")
        return {}

    worked = asyncio.Event()

    async def work(*_: object) -> None:
        worked.set()
        await asyncio.Event().wait()

    async def known(_: Store) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(StoredCounters, "all", all_)
    monkeypatch.setattr(NewFrames, "take_messages", work)
    monkeypatch.setattr(Store, "until_known", known)
    port = free_ports(2)
    file = configured(tmp_path, port, port + 1)
    async with working(run(read_config(file))):
        await until(worked.is_set)
    assert len(asked) == min(failures + 1, 4)
    told = warnings(caplog)
    text = "Asking VictoriaMetrics for the frame counters failed (it is away), and is tried again"
    assert told.count(text) == 1
    by_meter = "The frame counters are asked for by meter, when late frames come"
    assert told.count(by_meter) == (failures == 9)


@pytest.mark.parametrize(
    ("delivered", "pending_of_domain", "looks", "discarded"),
    [
        # All collectors were stopped while the stream discarded frames 11 to 300.
        (10, None, [(301, 510)], 290),
        (10, None, [(12, 510)], 1),
        # The stream discards further frames until the collector reads.
        (10, None, [(301, 510), (321, 530)], 310),
        (400, None, [(301, 510), (321, 530)], 0),
        # A new consumer, or a consumer of other meters than the discarded frames'.
        (0, None, [(301, 510)], 0),
        (10, 9, [(301, 510)], 0),
        (10, 9, [(301, 510), (321, 530)], 20),
        # Its meters are silent, while other meters fill the stream.
        (10, 0, [(301, 510), (321, 530)], 0),
        # The stream was made anew.
        (400, None, [(1, 5)], 0),
    ],
)
async def test_frames_that_were_discarded_unread_are_counted(
    tmp_path: Path,
    delivered: int,
    pending_of_domain: int | None,
    looks: list[tuple[int, int]],
    discarded: float,
) -> None:
    collector, metrics = made(tmp_path)
    consumer = ConsumerInfo(
        "store",
        "smarty_p1_frames",
        ConsumerConfig(filter_subjects=None if pending_of_domain is None else SUBJECTS),
        created=datetime.now(UTC),
        delivered=SequenceInfo(1, delivered),
        num_pending=pending_of_domain,
    )
    for first, last in looks:
        state = StreamState(0, 0, first, last, 1)
        collector._show(StreamInfo(StreamConfig(), state), consumer)
    assert value(metrics, "discarded_total") == discarded


class EnoughError(Exception):
    """End of a loop."""


async def test_a_lost_connection_is_logged_and_counted(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    collector, metrics = made(tmp_path)
    monkeypatch.setattr(CollectorClient, "open", AsyncMock())
    # After a refused certificate, closing has no end.
    monkeypatch.setattr(NatsClient, "close", lambda _: asyncio.Event().wait())
    monkeypatch.setattr("smarty_p1_fleet.collector_client._CLOSE_TIMEOUT_S", 0.01)
    monkeypatch.setattr(_Collector, "_check_version", Mock())
    monkeypatch.setattr(_Collector, "_show", Mock())
    monkeypatch.setattr(_Collector, "_look", lambda *_: asyncio.Event().wait())
    monkeypatch.setattr(NatsClockCheck, "compare_clocks", AsyncMock())
    monkeypatch.setattr(ReadingPublisher, "open", AsyncMock())
    monkeypatch.setattr(FrameRereader, "run", lambda *_: asyncio.Event().wait())
    for name in ("stream_info", "key_value"):
        monkeypatch.setattr(JetStreamContext, name, AsyncMock())
    monkeypatch.setattr("smarty_p1_fleet.service.make_consumer", AsyncMock())
    # The connection is closed, or its other end does not answer.
    monkeypatch.setattr(NewFrames, "fetch", AsyncMock(side_effect=[None, NatsError("no answer")]))
    waits: list[tuple[float, ...]] = []
    names = ("nats_losses_total", "nats_connected", "stream_replicas")

    async def wait() -> None:
        waits.append(tuple(value(metrics, name) for name in names))
        if len(waits) > 1:
            raise EnoughError

    monkeypatch.setattr(collector._outage, "wait", wait)
    with pytest.raises(EnoughError):
        async with asyncio.timeout(10):
            await collector._keep_connected()
    assert waits == [(1, 0, 0), (2, 0, 0)]
    assert "The connection to NATS failed (ConnectionError), and is tried again" in caplog.text
    # The log names another cause only if waiting does not mend it.
    untrusted = SSLCertVerificationError()
    untrusted.verify_message = "certificate has expired"
    for error in (OSError(), NatsError("Authorization Violation"), untrusted):
        monkeypatch.setattr(CollectorClient, "open", AsyncMock(side_effect=error))
        await collector._connect_once()
    assert [text.split("(")[1].split(",")[0] for text in warnings(caplog)] == [
        "ConnectionError)",
        "no answer)",
        "Authorization Violation)",
        "TLS: its certificate is not trusted",
    ]


async def test_a_command_ends_if_no_server_of_nats_is_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smarty_p1_fleet.collector_client._CONNECT_TIMEOUT_S", 0.05)
    config = read_config(configured(tmp_path, free_ports(), free_ports()))
    async with asyncio.timeout(10):
        with pytest.raises(UnavailableError, match="no server of NATS is reached"):
            async with connected(config):
                pass
