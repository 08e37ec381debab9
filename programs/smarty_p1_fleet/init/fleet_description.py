"""Description of a fleet: a TOML file that is checked as a whole."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from smarty_p1_fleet.store.register_selection import RegisterSelection
from smarty_p1_gateway import ConfigTable, read_toml
from smarty_p1_gateway.config_table import (
    FLAG,
    NAME,
    PLAIN_NAME,
    PORT,
    TEXT,
    TEXTS,
    TITLE,
    at_most,
    check_distinct,
    count_up_to,
    is_plain_name,
    number_up_to,
    raise_config_error,
    refuse,
    restricted_kind,
)
from smartyp1.port.address_masking import redact_port
from smartyp1.port.hosts import MAX_PORT
from smartyp1.port.serial_port import normalise_port

from .connections import Connections, take_connections
from .hosts import (
    EXPORTER_PORT,
    Node,
    StoreHost,
    is_host_or_ip,
    read_also,
    read_nodes,
    read_store_host,
)

EXAMPLE = Path(__file__).with_name("fleet.toml")
_MAX_BYTES = 16 * 1024 * 1024
_MAX_GATEWAYS = 20_000
_MAX_METERS = 1000
_MAX_USERS = 100
_MAX_GIGABYTES = 1_000_000
_MAX_ADDRESS_CHARS = 256
_is_receiver = re.compile(r"https?://[!-~]{1,500}|mailto:[!-~]{1,200}@[!-~]{1,200}").fullmatch
_is_url = re.compile(r"https?://[!-~]{1,500}").fullmatch
_USERS = restricted_kind(
    at_most(TEXTS, _MAX_USERS, "names"),
    lambda names: all(map(is_plain_name, names)) and len(set(names)) == len(names),
    "must be different names of 1 to 64 of A-Z, a-z, 0-9, _ and -",
)
_ADDRESS = at_most(TEXT, _MAX_ADDRESS_CHARS, "characters")
_WATCH = restricted_kind(TEXT, is_host_or_ip, "must be the name of a host")
_ALERTS = restricted_kind(TEXT, "none".__eq__, 'must be "none", or not there')
_RETENTION = restricted_kind(
    TEXT, re.compile(r"[1-9]\d{0,3}[dwy]").fullmatch, "must be days, weeks or years, such as 10y"
)
_REGISTERS = restricted_kind(TEXTS, RegisterSelection, "")
_MAX_BATCH_S = 60
_MAX_DAYS = 366
COLLECTOR = "collector"  # the user that all collectors share
OPERATOR = "operator"  # the user of the operator's commands
_METRICS_PORT, _COLLECTOR_METRICS = 9107, 9108
_PROMETHEUS_PORT = 9090
_ALERTMANAGER_OFFSET = 3
_MORE_METRICS = _COLLECTOR_METRICS + _MAX_USERS
_SAME_NAME = (
    "the name {} is there twice: gateways, listeners and the users collector and operator need"
    " names of their own"
)


class MeterPort(NamedTuple):
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


class GatewayUser(NamedTuple):
    """Gateway of a fleet, with its meters. `name` is also the name of its user in NATS."""

    name: str
    meters: tuple[MeterPort, ...]
    metrics_port: int
    max_megabytes: int | None = None
    batch_seconds: float | None = None


class CollectorHost(NamedTuple):
    """Collector of a fleet. Prometheus reads its metrics at `metrics_port`."""

    name: str
    metrics_port: int


class FleetInputs(NamedTuple):
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
    stream_days: int | None
    metrics_address: str | None
    watch: str
    receivers: dict[str, str]
    prometheus_port: int
    retention: str
    registers: list[str] | None
    keys_command: list[str] | None
    connections: Connections

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
            raise_config_error(f"has more than {_MAX_BYTES // 1024**2} MiB")
    except OSError as err:
        raise_config_error(
            f"cannot be read: {err.strerror}; `smarty-p1 fleet init --example` prints one"
        )
    table = read_toml(path)
    also = read_also(table.table("also"))
    is_here = table.take_value("here", FLAG, default=False)
    nodes = read_nodes(table, also, is_here=is_here)
    store = read_store_host(table, also, is_here=is_here)
    if unknown := also.keys() - {node.host for node in nodes} - {store.host}:
        raise_config_error(f"[also] {min(unknown)} is the host of no node, and not of the store")
    collectors = table.need("collectors", _USERS, "a list of names, such as ['collector1']")
    highest_port = MAX_PORT - _ALERTMANAGER_OFFSET
    fleet = FleetInputs(
        is_here=is_here,
        nodes=nodes,
        store=store,
        gateways=_read_gateways(table, is_here=is_here),
        collectors=tuple(
            CollectorHost(name, _COLLECTOR_METRICS + (number if is_here else 0))
            for number, name in enumerate(collectors)
        ),
        listeners=tuple(table.take_value("listeners", _USERS, [])),
        stream_gigabytes=table.take_value("stream_gigabytes", count_up_to(_MAX_GIGABYTES)),
        stream_days=table.take_value("stream_days", count_up_to(_MAX_DAYS)),
        metrics_address=table.take_value("metrics_address", _ip_address),
        watch=table.checked("watch", _WATCH, table.take_value("watch", TEXT, collectors[0])),
        receivers=_read_receivers(table, is_here=is_here),
        prometheus_port=table.take_value(
            "prometheus_port", count_up_to(highest_port), _PROMETHEUS_PORT
        ),
        retention=table.take_value("retention", _RETENTION, "10y"),
        registers=table.take_value("registers", _REGISTERS),
        keys_command=table.take_value("keys_command", TEXTS),
        connections=take_connections(table, path.parent),
    )
    table.end()
    users = [user.name for user in fleet.gateways]
    _check_once([COLLECTOR, OPERATOR, *users, *fleet.listeners], _SAME_NAME)
    if is_here:
        _check_ports(fleet)
    else:
        _check_machines([node.host for node in nodes], collectors, users)
    return fleet


def _check_once(values: Iterable[object], fault: str) -> None:
    """Raise ConfigError with `fault` if a value is there twice."""
    for value, number in Counter(values).items():
        if number > 1:
            raise_config_error(fault.format(value))


def _check_ports(fleet: FleetInputs) -> None:
    # `read_nodes` has checked the nodes. Nodes at different addresses may have equal ports.
    nodes = {port for node in fleet.nodes for port in (node.port, node.route_port, node.http_port)}
    others = [gateway.metrics_port for gateway in fleet.gateways]
    others += [collector.metrics_port for collector in fleet.collectors]
    others += [fleet.store.port, fleet.store.inner_port, EXPORTER_PORT]
    others += [fleet.prometheus_port, fleet.alertmanager_port]
    text = "the port {} is there twice: programs on one machine need ports of their own"
    _check_once([*nodes, *others], text)


def _check_machines(
    nodes: Sequence[str], collectors: Iterable[str], gateways: Iterable[str]
) -> None:
    if len(set(nodes)) < len(nodes):
        raise_config_error(
            "two nodes are on the same machine: each needs one of its own, unless here = true"
        )
    if both := {*collectors} & {*gateways}:
        raise_config_error(
            f"{min(both)} is a collector and a gateway: each needs a machine of its own"
        )


def _ip_address(value: object) -> str:
    text = TEXT(value)
    try:
        # The zone of an IPv6 address can be any text, so refuse it.
        return str(ip_address("" if "%" in text else text))
    except ValueError:
        refuse("must be an address, such as 0.0.0.0")


def _read_receivers(table: ConfigTable, *, is_here: bool) -> dict[str, str]:
    has_none = table.take_value("alerts", _ALERTS) is not None
    receivers: dict[str, str] = {}
    for key, is_receiver, example in (
        ("pages", _is_receiver, "mailto:night@example.org or https://example.org/hook"),
        ("tickets", _is_receiver, "mailto:day@example.org or https://example.org/hook"),
        ("heartbeat", _is_url, "https://example.org/ping"),
    ):
        if address := table.take_value(
            key, restricted_kind(TEXT, is_receiver, f"must be like {example}")
        ):
            if has_none:
                table.fail("alerts", f"is none, but {key} is there: remove one of them")
            receivers[key] = address
    missing = {"pages", "tickets"} - receivers.keys()
    if missing and not (has_none or is_here):
        msg = 'is missing: the receiver of alerts; or alerts = "none" for no alerts'
        table.fail(min(missing), msg)
    return receivers


def _read_gateways(top: ConfigTable, *, is_here: bool) -> tuple[GatewayUser, ...]:
    return tuple(
        _read_gateway(
            table,
            # On one machine, the collectors use the ports below _MORE_METRICS, and all gateways but
            # the first use the ports above it. So a further collector does not change the port of a
            # gateway.
            _MORE_METRICS + number if is_here and number > 1 else _METRICS_PORT,
        )
        for number, table in enumerate(top.tables("gateway", _MAX_GATEWAYS), start=1)
    )


def _read_gateway(table: ConfigTable, metrics_port: int) -> GatewayUser:
    name = table.need("name", PLAIN_NAME, "its name, which is also that of its user in NATS")
    port = table.take_value("metrics_port", PORT, metrics_port)
    megabytes = table.take_value("max_megabytes", count_up_to(_MAX_GIGABYTES))
    seconds = table.take_value("batch_seconds", number_up_to(_MAX_BATCH_S, " seconds"))
    shown = f"meters of gateway {name}", f"gateway {name}, meter"
    meters = tuple(map(_read_meter, table.tables("meters", _MAX_METERS, *shown)))
    table.end()
    for key, values in (
        ("title", [meter.title for meter in meters]),
        ("address", [meter.address for meter in meters]),
        ("name", [meter.name for meter in meters]),
    ):
        check_distinct(shown[0], key, values)
    return GatewayUser(name, meters, port, megabytes, seconds)


def _read_meter(table: ConfigTable) -> MeterPort:
    title = table.need("title", TITLE, "the meter's system title, 16 hexadecimal digits in quotes")
    address = table.need("address", _ADDRESS, "where its port is, such as 192.168.1.50:2001")
    name = table.take_value("name", NAME)
    table.end()
    return MeterPort(title.upper(), address, name)
