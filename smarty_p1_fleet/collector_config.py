"""Configuration of the collector: a TOML file that is checked as a whole."""

import platform
from dataclasses import dataclass
from pathlib import Path

from smarty_p1_gateway import ConfigTable, Keys, KeysSource, read_keys_source, read_toml
from smarty_p1_gateway.config_table import PLAIN_NAME, TITLE, take_format
from smarty_p1_gateway.nats.nats_config import NatsConfig, read_nats

from .jetstream_objects import StreamSettings
from .store.register_selection import RegisterSelection, UnknownRegisterError
from .store.store_config import StoreConfig, read_store

# Maximum number of system titles in a collector's configuration. NATS compares each message with
# every title of a consumer, so each title costs time.
_MAX_TITLES = 1000
_MAX_GIGABYTES = 1_000_000
# Maximum age in days of messages in the stream.
_MAX_DAYS = 366
_REPLICAS = (1, 3, 5)


@dataclass(frozen=True, slots=True)
class CollectorConfig:
    """Settings of one collector.

    `keys` are the meters' keys, as they were read from `keys_source` at the start. `keys_signature`
    is the signature of this source just before the keys were read. If the source later has another
    signature, its keys have perhaps changed. `titles` are the DLMS system titles of the collected
    meters, () for all meters.
    """

    nats: NatsConfig
    store: StoreConfig
    keys: Keys
    keys_source: KeysSource
    keys_signature: object
    name: str
    titles: tuple[bytes, ...]
    publishes_readings: bool
    stream: StreamSettings
    registers: RegisterSelection
    metrics_address: str
    metrics_port: int | None


def read_config(path: Path) -> CollectorConfig:
    """Return the settings in the file `path`. Raises ConfigError for invalid content."""
    content = read_toml(path)
    is_newer = take_format(content)
    tables = [
        ConfigTable(name, content.pop(name, {}), is_newer=is_newer)
        for name in ("nats", "store", "keys", "collector", "metrics")
    ]
    ConfigTable("top of the file", content, is_newer=is_newer).end()
    nats, store, keys_table, collector, metrics = tables

    config = CollectorConfig(
        nats=read_nats(nats),
        store=read_store(store),
        keys_source=(keys_source := _read_keys_source(keys_table)),
        keys_signature=keys_source.signature(),
        keys=keys_source.read(),
        name=_read_name(collector),
        titles=_read_titles(collector),
        publishes_readings=bool(collector.take("readings", bool, default=True)),
        stream=_read_stream(collector),
        registers=_read_registers(store),
        metrics_address=metrics.take_host("address", "127.0.0.1") or "",
        metrics_port=metrics.take_port("port", None),
    )
    for table in tables:
        table.end()
    return config


def _read_keys_source(table: ConfigTable) -> KeysSource:
    source = read_keys_source(table, may_change=True)
    if source is None:
        table.fail("file", "is missing: the file with the meters' keys; or use command")
    return source


def _read_name(table: ConfigTable) -> str:
    name = table.take_match("name", PLAIN_NAME, "have 1 to 64 of A-Z, a-z, 0-9, _ and -")
    if name is None:
        name = platform.node().partition(".")[0]
        if not PLAIN_NAME.fullmatch(name):
            table.fail("name", "is missing: the name of this machine does not serve for it")
    return name


def _read_titles(table: ConfigTable) -> tuple[bytes, ...]:
    titles = table.take_texts("titles")
    if len(titles) > _MAX_TITLES or not all(map(TITLE.fullmatch, titles)):
        table.fail("titles", f"must be up to {_MAX_TITLES} system titles, 16 hexadecimal digits")
    return tuple(sorted({bytes.fromhex(title) for title in titles}))


def _read_stream(table: ConfigTable) -> StreamSettings:
    replicas = table.take("stream_replicas", int)
    if replicas not in {None, *_REPLICAS}:
        table.fail("stream_replicas", "must be 1, 3 or 5")
    return StreamSettings(
        table.take_count("stream_gigabytes", _MAX_GIGABYTES),
        table.take_count("stream_days", _MAX_DAYS),
        replicas,
    )


def _read_registers(table: ConfigTable) -> RegisterSelection:
    names = table.take_texts("registers")
    try:
        return RegisterSelection(names) if names else RegisterSelection()
    except UnknownRegisterError as err:
        table.fail("registers", str(err))
