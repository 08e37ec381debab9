"""Configuration of the collector: a TOML file that is checked as a whole."""

import platform
from pathlib import Path
from typing import NamedTuple

from smarty_p1_gateway import ConfigTable, Keys, KeysSource, read_keys_source, read_toml
from smarty_p1_gateway.config_table import (
    FLAG,
    HOST,
    PLAIN_NAME,
    PORT,
    TEXTS,
    count_up_to,
    is_plain_name,
    is_title,
    of_type,
    restricted_kind,
)
from smarty_p1_gateway.nats.nats_config import NatsConfig, read_nats

from .jetstream_objects import StreamSettings
from .store.register_selection import ALL, RegisterSelection
from .store.store_config import StoreConfig, read_store

# Maximum number of system titles in a collector's configuration. NATS compares each message with
# every title of a consumer, so each title costs time.
_MAX_TITLES = 1000
_MAX_GIGABYTES = 1_000_000
# Maximum age in days of messages in the stream.
_MAX_DAYS = 366
_TITLES = restricted_kind(
    TEXTS,
    lambda titles: len(titles) <= _MAX_TITLES and all(map(is_title, titles)),
    f"must be up to {_MAX_TITLES} system titles, 16 hexadecimal digits",
)
_REPLICAS = restricted_kind(of_type(int, "1, 3 or 5"), (1, 3, 5).__contains__, "must be 1, 3 or 5")


class CollectorConfig(NamedTuple):
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
    top = read_toml(path)
    top.take_format()
    tables = [*map(top.table, ("nats", "store", "keys", "collector", "metrics"))]
    top.end()
    nats, store, keys, collector, metrics = tables

    config = CollectorConfig(
        nats=read_nats(nats),
        store=read_store(store),
        keys_source=(keys_source := read_keys_source(keys, may_change=True)),
        keys_signature=keys_source.signature(),
        keys=keys_source.read_keys(),
        name=_read_name(collector),
        titles=tuple(sorted({*map(bytes.fromhex, collector.take_value("titles", _TITLES, []))})),
        publishes_readings=collector.take_value("readings", FLAG, default=True),
        stream=StreamSettings(
            collector.take_value("stream_gigabytes", count_up_to(_MAX_GIGABYTES)),
            collector.take_value("stream_days", count_up_to(_MAX_DAYS)),
            collector.take_value("stream_replicas", _REPLICAS),
        ),
        registers=store.take_value("registers", lambda value: RegisterSelection(TEXTS(value)), ALL),
        metrics_address=metrics.take_value("address", HOST, "127.0.0.1"),
        metrics_port=metrics.take_value("port", PORT),
    )
    for table in tables:
        table.end()
    return config


def _read_name(table: ConfigTable) -> str:
    name = table.take_value("name", PLAIN_NAME, platform.node().partition(".")[0])
    if not is_plain_name(name):
        table.fail("name", "is missing: the name of this machine does not serve for it")
    return name
