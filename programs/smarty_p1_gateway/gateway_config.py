"""Configuration of the gateway: a TOML file. It is checked as a whole, and errors name the key."""

import ssl
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from socket import gethostname

from smartyp1.port.address_masking import identify_port, redact_port
from smartyp1.port.serial_port import normalise_port
from smartyp1.publish.publish_format import SMARTYREADER_TOPIC, Format

from .config_table import (
    FLAG,
    HOST,
    NAME,
    PORT,
    TEXT,
    TITLE,
    TOPIC,
    ConfigTable,
    check_distinct,
    count_up_to,
    number_up_to,
    raise_config_error,
    read_tls,
    read_toml,
    read_user,
)
from .decoding_config import DecodingConfig, read_decoding
from .nats.nats_config import BATCH_SECONDS, MAX_BATCH_SECONDS, NatsConfig, read_nats

_DEFAULT_MEGABYTES, _MAX_MEGABYTES = 256, 1_000_000
_MEGABYTE_BYTES = 1024 * 1024
MQTT_PASSWORD_VARIABLE = "SMARTY_P1_MQTT_PASSWORD"  # noqa: S105 - the name of a variable, not a password
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
    top = read_toml(path)
    top.take_format()
    to_nats = "nats" in top
    if to_nats is ("mqtt" in top):
        raise_config_error("there must be either [mqtt] or [nats], where frames are published")
    if to_nats and "keys" in top:
        raise_config_error(
            "[keys] needs [mqtt]: what goes to [nats] is sealed, and decoded by collectors"
        )
    target = top.table("nats" if to_nats else "mqtt")
    decoding = read_decoding(top)
    queue, metrics = top.table("queue"), top.table("metrics")
    queue_path = path.parent / queue.take_value("path", TEXT, "smarty-p1-queue.sqlite3")
    megabytes = queue.take_value("max_megabytes", count_up_to(_MAX_MEGABYTES), _DEFAULT_MEGABYTES)
    broker: BrokerConfig | NatsConfig
    if to_nats:
        prefix, interval = DEFAULT_ROOT, number_up_to(MAX_BATCH_SECONDS, " seconds")
        seconds = target.take_value("batch_seconds", interval, BATCH_SECONDS)
        broker = replace(read_nats(target), batch_seconds=seconds)
    else:
        prefix = target.take_value("topic", TOPIC, DEFAULT_ROOT)
        broker = _read_broker(target, queue_path)
    address = metrics.take_value("address", HOST, "127.0.0.1")
    metrics_port = metrics.take_value("port", PORT)
    ports = _read_ports(top, prefix, decoding, to_nats=to_nats)
    for table in (target, queue, metrics, top):
        table.end()
    return GatewayConfig(
        broker,
        ports,
        queue_path,
        megabytes * _MEGABYTE_BYTES,
        address,
        metrics_port,
        decoding,
    )


def _read_broker(table: ConfigTable, queue_path: Path) -> BrokerConfig:
    host = table.need("host", HOST, "the name or address of the MQTT broker")
    tls = read_tls(table)
    port = table.take_value("port", PORT, _TLS_PORT if tls else _PLAIN_PORT)
    username, password = read_user(table, MQTT_PASSWORD_VARIABLE)
    # Only one gateway can use a queue. So the host and the path of its queue identify a gateway.
    place = f"{gethostname()}:{queue_path.resolve()}"
    return BrokerConfig(host, port, username, password, tls, place)


def _read_ports(
    top: ConfigTable, prefix: str, decoding: DecodingConfig | None, *, to_nats: bool
) -> tuple[PortConfig, ...]:
    ports = tuple(
        _read_port(table, prefix, is_decoded=decoding is not None, to_nats=to_nats)
        for table in top.tables("port", _MAX_PORTS)
    )
    if decoding and decoding.publish.form is Format.SMARTYREADER:
        ports = _with_smartyreader_roots(ports)
    check_distinct("[[port]]", "address", [identify_port(port.address) for port in ports])
    check_distinct("[[port]]", "name", [port.label for port in ports])
    check_distinct("[[port]]", "root", [port.root for port in ports])
    if len({port.title is None for port in ports}) > 1:
        raise_config_error(
            "title must be in each [[port]] or in none: waiting frames of other titles are dropped"
        )
    return ports


def _with_smartyreader_roots(ports: tuple[PortConfig, ...]) -> tuple[PortConfig, ...]:
    """Return the ports. A port without a root topic gets the topic of a SmartyReader device."""
    used = {port.root for port in ports}
    names = (f"{SMARTYREADER_TOPIC}{number if number > 1 else ''}" for number in count(1))
    free = (name for name in names if name not in used)
    return tuple(port if port.root else replace(port, root=next(free)) for port in ports)


def _read_port(table: ConfigTable, prefix: str, *, is_decoded: bool, to_nats: bool) -> PortConfig:
    what = "a device, host:port, or socket://host:port"
    address = normalise_port(table.need("address", TEXT, what))
    name, root = table.take_value("name", NAME), table.take_value("root", TOPIC)
    if root and to_nats:
        table.fail("root", "is for [mqtt]: with [nats], the subject has the meter's system title")
    root = root or (f"{prefix}/{name}" if name else None)
    sealed = table.take_value("sealed", FLAG, not is_decoded)
    if not sealed and not is_decoded:
        table.fail("sealed", "cannot be false without [keys]: nothing would be published")
    title = table.take_value("title", TITLE)
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
