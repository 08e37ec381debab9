"""The collector's configuration: a TOML file, checked whole."""

import platform
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from smarty_p1_gateway import ConfigTable, Keys, KeysSource, read_keys_source, read_toml
from smarty_p1_gateway.nats_config import NatsConfig, read_nats

from .subjects import MOST_PARTITIONS

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PARTITIONS = 16
_MOST_GIGABYTES = 1_000_000
# No login in it: it would stand in logs and lists of processes sooner or later.
_URL = re.compile(r"https?://[A-Za-z0-9.:_\[\]-]+(?:/[A-Za-z0-9._~/-]*)?")


@dataclass(frozen=True, slots=True)
class CollectorConfig:
    """What a collector reads, with which keys, and where it puts it.

    `keys` are those of the start; `keys_source` is where there may be others later, and
    `keys_signature` what it said of itself before they were read.
    """

    nats: NatsConfig
    store_url: str
    keys: Keys
    keys_source: KeysSource
    keys_signature: object
    name: str
    partitions: int
    publishes_readings: bool
    stream_gigabytes: int | None
    metrics_address: str
    metrics_port: int | None


def read_config(path: Path) -> CollectorConfig:
    """Return what a file says. Raises ConfigError when something is missing or wrong in it."""
    content = read_toml(path)
    tables = [
        ConfigTable(name, content.pop(name, {}))
        for name in ("nats", "store", "keys", "collector", "metrics")
    ]
    ConfigTable("top of the file", content).end()
    nats, store, keys_table, collector, metrics = tables

    config = CollectorConfig(
        nats=read_nats(nats),
        store_url=_read_url(store),
        keys_source=(keys_source := _read_keys_source(keys_table)),
        keys_signature=keys_source.signature(),
        keys=keys_source.read(),
        name=_read_name(collector),
        partitions=_read_number(collector, "partitions", _PARTITIONS, MOST_PARTITIONS),
        publishes_readings=bool(collector.take("readings", bool, default=True)),
        stream_gigabytes=_read_number(collector, "stream_gigabytes", None, _MOST_GIGABYTES),
        metrics_address=metrics.take_text("address", "127.0.0.1") or "",
        metrics_port=metrics.take_port("port", None),
    )
    for table in tables:
        table.end()
    return config


def _read_url(table: ConfigTable) -> str:
    url = table.take_text("url")
    if url is None:
        table.fail("url", "is missing: VictoriaMetrics, such as http://127.0.0.1:8428")
    if not _URL.fullmatch(url) or not _has_host(url):
        table.fail("url", "must be like http://127.0.0.1:8428, without a login in it")
    return url


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _read_keys_source(table: ConfigTable) -> KeysSource:
    source = read_keys_source(table, may_change=True)
    if source is None:
        table.fail("file", "is missing: the file with the meters' keys; or use command")
    return source


def _read_name(table: ConfigTable) -> str:
    name = table.take_text("name")
    if name is None:
        name = platform.node().partition(".")[0]
        if not _NAME.fullmatch(name):
            table.fail("name", "is missing: the name of this machine does not serve for it")
    if not _NAME.fullmatch(name):
        table.fail("name", "must have 1 to 64 of A-Z, a-z, 0-9, _ and -")
    return name


def _read_number[T: (int, int | None)](table: ConfigTable, key: str, default: T, highest: int) -> T:
    number = table.take(key, int)
    if number is None:
        return default
    if not 1 <= number <= highest:
        table.fail(key, f"must be from 1 to {highest:,}")
    return number
