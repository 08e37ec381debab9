"""Configuration of the gateway: a TOML file. It is checked as a whole, and errors name the key."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path
from socket import gethostname

from smartyp1.port.address_masking import identify_port, redact_port
from smartyp1.port.serial_port import normalise_port
from smartyp1.publish.publish_format import SMARTYREADER_TOPIC, Format

from .config_table import (
    ConfigError,
    ConfigTable,
    check_distinct,
    read_tls,
    read_toml,
    read_user,
    take_format,
    take_tables,
)
from .decoding_config import DecodingConfig, read_decoding
from .nats.nats_config import BATCH_SECONDS, MAX_BATCH_SECONDS, NatsConfig, read_nats

_DEFAULT_MEGABYTES, _MAX_MEGABYTES = 256, 1_000_000
_MEGABYTE_BYTES = 1024 * 1024


def read_queue(table: ConfigTable, folder: Path) -> tuple[Path, int]:
    """Return the path of the queue's file, and its maximum size in bytes.

    A relative path starts at `folder`. Raises ConfigError for a wrong value.
    """
    path = folder / table.take_text("path", "smarty-p1-queue.sqlite3")
    megabytes = table.take_count("max_megabytes", _MAX_MEGABYTES)
    table.end()
    return path, (megabytes or _DEFAULT_MEGABYTES) * _MEGABYTE_BYTES


PASSWORD_VARIABLE = "SMARTY_P1_MQTT_PASSWORD"  # noqa: S105 - the name of a variable, not a password
DEFAULT_ROOT = "smarty_p1"
_PLAIN_PORT = 1883
_TLS_PORT = 8883
_MAX_PORTS = 1000


@dataclass(frozen=True, slots=True)
class BrokerConfig:
    """MQTT broker and login. `tls` is None for an unencrypted connection.

    `place` identifies this gateway, and stays the same after a restart.
    """

    host: str
    port: int
    username: str | None
    password: str | None = field(repr=False)
    tls: ssl.SSLContext | None
    place: str


@dataclass(frozen=True, slots=True)
class PortConfig:
    """P1 port and its MQTT topics.

    Without `root`, its topics begin with `prefix` and the meter's serial number or system title.
    `label` identifies the port in logs and metrics, and contains no secret. With `sealed`, the
    port's encrypted frames are published. `title` is the system title of the meter, if configured.
    """

    address: str
    label: str
    name: str | None
    root: str | None
    prefix: str
    sealed: bool
    title: bytes | None = None


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """Complete configuration of a gateway: ports, broker, queue and metrics.

    `decoding` is None for a gateway without keys.
    """

    broker: BrokerConfig | NatsConfig
    ports: tuple[PortConfig, ...]
    queue_path: Path
    queue_bytes: int
    metrics_address: str
    metrics_port: int | None
    decoding: DecodingConfig | None


def read_config(path: Path) -> GatewayConfig:
    """Return the configuration in the file `path`.

    Raises ConfigError for missing or wrong values.
    """
    content = read_toml(path)
    make_table = partial(ConfigTable, is_newer=take_format(content))
    ports = content.pop("port", [])
    if ("mqtt" in content) is ("nats" in content):
        msg = "there must be either [mqtt] or [nats], where frames are published"
        raise ConfigError(msg)
    to_nats = "nats" in content
    if to_nats and "keys" in content:
        msg = "[keys] needs [mqtt]: what goes to [nats] is sealed, and decoded by collectors"
        raise ConfigError(msg)
    target = make_table(name := "nats" if to_nats else "mqtt", content.pop(name))
    decoding = read_decoding(content, make_table)
    queue = make_table("queue", content.pop("queue", {}))
    metrics = make_table("metrics", content.pop("metrics", {}))
    make_table("top of the file", content).end()

    prefix = (None if to_nats else target.take_topic("topic")) or DEFAULT_ROOT
    queue_path, queue_bytes = read_queue(queue, path.parent)
    broker: BrokerConfig | NatsConfig
    if to_nats:
        seconds = target.take_seconds("batch_seconds", MAX_BATCH_SECONDS, BATCH_SECONDS)
        broker = replace(read_nats(target), batch_seconds=seconds)
    else:
        broker = _read_broker(target, queue_path)
    address = metrics.take_host("address", "127.0.0.1")
    metrics_port = metrics.take_port("port", None)
    for table in (target, metrics):
        table.end()
    return GatewayConfig(
        broker,
        _read_ports(ports, make_table, prefix, decoding, to_nats=to_nats),
        queue_path,
        queue_bytes,
        address,
        metrics_port,
        decoding,
    )


def _read_broker(table: ConfigTable, queue_path: Path) -> BrokerConfig:
    host = table.take_host("host")
    if host is None:
        table.fail("host", "is missing: the name or address of the MQTT broker")
    tls = read_tls(table)
    port = table.take_port("port", _TLS_PORT if tls else _PLAIN_PORT)
    username, password = read_user(table, PASSWORD_VARIABLE)
    # Only one gateway can use a queue. So the host and the path of its queue identify a gateway.
    place = f"{gethostname()}:{queue_path.resolve()}"
    return BrokerConfig(host, port or 0, username, password, tls, place)


def _read_ports(
    content: object,
    make_table: Callable[[str, object], ConfigTable],
    prefix: str,
    decoding: DecodingConfig | None,
    *,
    to_nats: bool,
) -> tuple[PortConfig, ...]:
    ports = tuple(
        _read_port(
            make_table(f"port {number}", table),
            prefix,
            is_decoded=decoding is not None,
            to_nats=to_nats,
        )
        for number, table in enumerate(take_tables(content, "[[port]]", _MAX_PORTS), start=1)
    )
    if decoding and decoding.publish.form is Format.SMARTYREADER:
        ports = _with_smartyreader_roots(ports)
    check_distinct("[[port]]", "address", [identify_port(port.address) for port in ports])
    check_distinct("[[port]]", "name", [port.label for port in ports])
    check_distinct("[[port]]", "root", [port.root for port in ports])
    if len({port.title is None for port in ports}) > 1:
        msg = (
            "title must be in each [[port]] or in none: waiting frames of other titles are dropped"
        )
        raise ConfigError(msg)
    return ports


def _with_smartyreader_roots(ports: tuple[PortConfig, ...]) -> tuple[PortConfig, ...]:
    """Return the ports. A port without a root topic gets the topic of a SmartyReader device."""
    used = {port.root for port in ports}
    names = (f"{SMARTYREADER_TOPIC}{number if number > 1 else ''}" for number in count(1))
    free = (name for name in names if name not in used)
    return tuple(port if port.root else replace(port, root=next(free)) for port in ports)


def _read_port(table: ConfigTable, prefix: str, *, is_decoded: bool, to_nats: bool) -> PortConfig:
    address = table.take_text("address")
    if address is None:
        table.fail("address", "is missing: a device, host:port, or socket://host:port")
    address = normalise_port(address)
    name = table.take_name()
    root = table.take_topic("root")
    if root and to_nats:
        table.fail("root", "is for [mqtt]: with [nats], the subject has the meter's system title")
    root = root or (f"{prefix}/{name}" if name else None)
    sealed = table.take("sealed", bool, default=not is_decoded)
    if not sealed and not is_decoded:
        table.fail("sealed", "cannot be false without [keys]: nothing would be published")
    title = table.take_title()
    table.end()
    return PortConfig(
        address,
        name or redact_port(address),
        name,
        root,
        prefix,
        sealed,
        bytes.fromhex(title) if title else None,
    )
