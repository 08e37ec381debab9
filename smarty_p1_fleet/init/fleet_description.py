"""Description of a fleet: a TOML file that is checked as a whole."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from smarty_p1_gateway import ConfigError, ConfigTable, read_toml
from smarty_p1_gateway.config_table import PLAIN_NAME, check_distinct, take_tables
from smartyp1.port.address_masking import redact_port
from smartyp1.port.hosts import MAX_PORT
from smartyp1.port.serial_port import normalise_port

from .hosts import EXPORTER_PORT, Node, StoreHost, is_host, read_also, read_nodes, read_store

EXAMPLE = Path(__file__).with_name("fleet.toml")
_MAX_BYTES = 16 * 1024 * 1024
_MAX_GATEWAYS = 20_000
_MAX_METERS = 1000
_MAX_USERS = 100
_MAX_GIGABYTES = 1_000_000
_MAX_ADDRESS_CHARS = 256
_RECEIVER = re.compile(r"https?://[!-~]{1,500}|mailto:[!-~]{1,200}@[!-~]{1,200}")
_URL = re.compile(r"https?://[!-~]{1,500}")
COLLECTOR = "collector"  # the user that all collectors share
OPERATOR = "operator"  # the user of the operator's commands
_METRICS_PORT, _COLLECTOR_METRICS = 9107, 9108
_PROMETHEUS_PORT = 9090
_ALERTMANAGER_OFFSET = 3
_MORE_METRICS = _COLLECTOR_METRICS + _MAX_USERS


@dataclass(frozen=True, slots=True)
class MeterPort:
    """Meter and its P1 port. `title` is the DLMS system title in 16 upper-case hex digits."""

    title: str
    address: str
    name: str | None

    @property
    def port(self) -> str:
        """Return the port's name in the gateway's metrics.

        This is `name`, or the redacted address if `name` is not set.
        """
        return self.name or redact_port(normalise_port(self.address))


@dataclass(frozen=True, slots=True)
class GatewayUser:
    """Gateway of a fleet, with its meters. `name` is also the name of its user in NATS."""

    name: str
    meters: tuple[MeterPort, ...]
    metrics_port: int


@dataclass(frozen=True, slots=True)
class CollectorHost:
    """Collector of a fleet. Prometheus reads its metrics at `metrics_port`."""

    name: str
    metrics_port: int


@dataclass(frozen=True, slots=True)
class FleetInputs:
    """Checked description of a fleet. With `is_here`, all programs run on this machine.

    `watch` is the host of Prometheus and Alertmanager. `receivers` has the addresses for alerts:
    "pages" for urgent alerts, "tickets" for all others, and "heartbeat" for a URL that hears every
    few minutes that alerts work.
    """

    is_here: bool
    nodes: tuple[Node, ...]
    store: StoreHost
    gateways: tuple[GatewayUser, ...]
    collectors: tuple[CollectorHost, ...]
    listeners: tuple[str, ...]
    stream_gigabytes: int | None
    metrics_address: str | None
    watch: str
    receivers: dict[str, str]
    prometheus_port: int

    @property
    def is_scraped(self) -> bool:
        """Return whether Prometheus can reach the metrics of gateways and collectors."""
        return self.is_here or self.metrics_address is not None

    @property
    def alertmanager_port(self) -> int:
        """Return the port of Alertmanager."""
        return self.prometheus_port + _ALERTMANAGER_OFFSET

    @property
    def titles(self) -> dict[str, tuple[str, str]]:
        """Return the names of each meter's gateway and port, by the meter's system title."""
        return {
            meter.title: (gateway.name, meter.port)
            for gateway in self.gateways
            for meter in gateway.meters
        }


def read_inputs(path: Path) -> FleetInputs:
    """Return the fleet that the file `path` describes. Raises ConfigError for invalid content."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            msg = f"has more than {_MAX_BYTES // 1024**2} MiB"
            raise ConfigError(msg)
    except OSError as err:
        msg = f"cannot be read: {err.strerror}; `smarty-p1 fleet init --example` prints one"
        raise ConfigError(msg) from None
    content = read_toml(path)
    gateways = content.pop("gateway", [])
    also = read_also(content.pop("also", {}))
    table = ConfigTable("top of the file", content)
    is_here = table.take("here", bool, default=False) or False
    nodes = read_nodes(table, also, is_here=is_here)
    store = read_store(table, also, is_here=is_here)
    if unknown := also.keys() - {node.host for node in nodes} - {store.host}:
        msg = f"[also] {min(unknown)} is the host of no node, and not of the store"
        raise ConfigError(msg)
    collectors = _read_users(table, "collectors")
    if not collectors:
        table.fail("collectors", "is missing: a list of names, such as ['collector1']")
    fleet = FleetInputs(
        is_here=is_here,
        nodes=nodes,
        store=store,
        gateways=_read_gateways(gateways, is_here=is_here),
        collectors=tuple(
            CollectorHost(name, _COLLECTOR_METRICS + (number if is_here else 0))
            for number, name in enumerate(collectors)
        ),
        listeners=_read_users(table, "listeners"),
        stream_gigabytes=table.take_count("stream_gigabytes", _MAX_GIGABYTES),
        metrics_address=_read_metrics_address(table),
        watch=_read_watch(table, collectors[0]),
        receivers=_read_receivers(table, is_here=is_here),
        prometheus_port=table.take_count(
            "prometheus_port", MAX_PORT - _ALERTMANAGER_OFFSET, _PROMETHEUS_PORT
        )
        or _PROMETHEUS_PORT,
    )
    table.end()
    users = [user.name for user in fleet.gateways]
    _check_users(users, fleet.listeners)
    if is_here:
        _check_ports(fleet)
    else:
        _check_machines([node.host for node in nodes], collectors, users)
    return fleet


def _check_users(gateways: Iterable[str], listeners: Iterable[str]) -> None:
    for name, number in Counter([COLLECTOR, OPERATOR, *gateways, *listeners]).items():
        if number > 1:
            msg = f"the name {name} is there twice: gateways, listeners and the users {COLLECTOR}"
            msg += f" and {OPERATOR}"
            msg += " need names of their own"
            raise ConfigError(msg)


def _check_ports(fleet: FleetInputs) -> None:
    # `read_nodes` has checked the nodes. Nodes at different addresses may have equal ports.
    nodes = {port for node in fleet.nodes for port in (node.port, node.route_port, node.http_port)}
    others = [gateway.metrics_port for gateway in fleet.gateways]
    others += [collector.metrics_port for collector in fleet.collectors]
    others += [fleet.store.port, fleet.store.inner_port, EXPORTER_PORT]
    others += [fleet.prometheus_port, fleet.alertmanager_port]
    for port, number in Counter([*nodes, *others]).items():
        if number > 1:
            msg = f"the port {port} is there twice: programs on one machine need ports of their own"
            raise ConfigError(msg)


def _check_machines(
    nodes: Sequence[str], collectors: Iterable[str], gateways: Iterable[str]
) -> None:
    if len(set(nodes)) < len(nodes):
        msg = "two nodes are on the same machine: each needs one of its own, unless here = true"
        raise ConfigError(msg)
    if both := {*collectors} & {*gateways}:
        msg = f"{min(both)} is a collector and a gateway: each needs a machine of its own"
        raise ConfigError(msg)


def _read_metrics_address(table: ConfigTable) -> str | None:
    text = table.take_text("metrics_address")
    if text is None:
        return None
    try:
        # The zone of an IPv6 address can be any text, so refuse it.
        return str(ip_address("" if "%" in text else text))
    except ValueError:
        table.fail("metrics_address", "must be an address, such as 0.0.0.0")


def _read_watch(table: ConfigTable, default: str) -> str:
    watch = table.take_text("watch", default)
    if not is_host(watch):
        table.fail("watch", "must be the name of a host")
    return watch


def _read_receivers(table: ConfigTable, *, is_here: bool) -> dict[str, str]:
    has_none = _read_has_no_alerts(table)
    receivers: dict[str, str] = {}
    for key, pattern, example in (
        ("pages", _RECEIVER, "mailto:night@example.org or https://example.org/hook"),
        ("tickets", _RECEIVER, "mailto:day@example.org or https://example.org/hook"),
        ("heartbeat", _URL, "https://example.org/ping"),
    ):
        if (address := table.take_text(key)) is not None:
            if has_none:
                table.fail("alerts", f"is none, but {key} is there: remove one of them")
            if not pattern.fullmatch(address):
                table.fail(key, f"must be like {example}")
            receivers[key] = address
    missing = {"pages", "tickets"} - receivers.keys()
    if missing and not (has_none or is_here):
        msg = 'is missing: the receiver of alerts; or alerts = "none" for no alerts'
        table.fail(min(missing), msg)
    return receivers


def _read_has_no_alerts(table: ConfigTable) -> bool:
    alerts = table.take_text("alerts")
    if alerts not in {None, "none"}:
        table.fail("alerts", 'must be "none", or not there')
    return alerts is not None


def _read_users(table: ConfigTable, key: str) -> tuple[str, ...]:
    names = table.take_texts(key)
    if len(names) > _MAX_USERS:
        table.fail(key, f"must not have more than {_MAX_USERS} names")
    if not all(map(PLAIN_NAME.fullmatch, names)) or len(set(names)) < len(names):
        table.fail(key, "must be different names of 1 to 64 of A-Z, a-z, 0-9, _ and -")
    return names


def _read_gateways(content: object, *, is_here: bool) -> tuple[GatewayUser, ...]:
    tables = take_tables(content, "[[gateway]]", _MAX_GATEWAYS)
    return tuple(
        _read_gateway(
            ConfigTable(f"gateway {number}", table),
            # On one machine, the collectors use the ports below _MORE_METRICS, and all gateways but
            # the first use the ports above it. So a further collector does not change the port of a
            # gateway.
            _MORE_METRICS + number if is_here and number > 1 else _METRICS_PORT,
        )
        for number, table in enumerate(tables, start=1)
    )


def _read_gateway(table: ConfigTable, metrics_port: int) -> GatewayUser:
    name = table.take_text("name")
    if name is None or not PLAIN_NAME.fullmatch(name):
        table.fail("name", "must be there, with 1 to 64 of A-Z, a-z, 0-9, _ and -")
    port = table.take_port("metrics_port", metrics_port) or metrics_port
    tables = take_tables(table.take("meters", list), f"meters of gateway {name}", _MAX_METERS)
    table.end()
    meters = tuple(
        _read_meter(ConfigTable(f"gateway {name}, meter {number}", entry))
        for number, entry in enumerate(tables, start=1)
    )
    for key, values in (
        ("title", [meter.title for meter in meters]),
        ("address", [meter.address for meter in meters]),
        ("name", [meter.name for meter in meters]),
    ):
        check_distinct(f"meters of gateway {name}", key, values)
    return GatewayUser(name, meters, port)


def _read_meter(table: ConfigTable) -> MeterPort:
    title = table.take_title()
    if title is None:
        table.fail("title", "must be the meter's system title, 16 hexadecimal digits in quotes")
    address = table.take_text("address")
    if address is None or len(address) > _MAX_ADDRESS_CHARS:
        table.fail("address", "must be there: where its port is, such as 192.168.1.50:2001")
    name = table.take_name()
    table.end()
    return MeterPort(title.upper(), address, name)
