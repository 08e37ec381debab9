"""What the files of a fleet are made of: a TOML file, checked whole."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from smarty_p1_fleet.subjects import MOST_PARTITIONS
from smarty_p1_gateway import ConfigError, ConfigTable, read_toml

EXAMPLE = Path(__file__).with_name("fleet.toml")
_MOST_BYTES = 16 * 1024 * 1024
_NODES = (3, 5)
_MOST_GATEWAYS = 1000
_MOST_METERS = 1000
_MOST_USERS = 100
_MOST_NAMES = 100
_MOST_GIGABYTES = 1_000_000
_HIGHEST_PORT = 65535
_LONGEST_ADDRESS = 256
# Users, folders and inboxes are called so.
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_METER_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_TITLE = re.compile(r"[0-9A-Fa-f]{16}")
_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_NODE = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]]+))(?::(\d{1,5}))?(?::(\d{1,5}))?")
_HERE = "127.0.0.1"
COLLECTOR = "collector"  # the user that all collectors share
_PORT, _ROUTE_PORT, _STORE_PORT = 4222, 6222, 8428
_METRICS_PORT, _COLLECTOR_METRICS = 9107, 9108
_MORE_METRICS = _COLLECTOR_METRICS + _MOST_USERS


@dataclass(frozen=True, slots=True)
class Node:
    """A node of NATS. `names` are what its certificate names: `host`, and others."""

    name: str
    host: str
    port: int
    route_port: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MeterPort:
    """A meter, and the address of its port. `title` has 16 upper-case digits."""

    title: str
    address: str
    name: str | None


@dataclass(frozen=True, slots=True)
class GatewayUser:
    """A gateway, which is a user of NATS."""

    name: str
    meters: tuple[MeterPort, ...]
    metrics_port: int


@dataclass(frozen=True, slots=True)
class CollectorHost:
    """A collector."""

    name: str
    metrics_port: int


@dataclass(frozen=True, slots=True)
class StoreHost:
    """VictoriaMetrics. `names` are what its certificate names; without TLS it has none."""

    url: str
    host: str
    port: int
    has_tls: bool
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FleetInputs:
    """A fleet. `is_here`: all of it runs on this machine, out of the folder of its files."""

    is_here: bool
    nodes: tuple[Node, ...]
    store: StoreHost
    gateways: tuple[GatewayUser, ...]
    collectors: tuple[CollectorHost, ...]
    listeners: tuple[str, ...]
    partitions: int
    stream_gigabytes: int | None

    @property
    def titles(self) -> dict[str, str]:
        """Return where each meter is, by its title."""
        return {
            meter.title: f"{gateway.name}, {meter.name or meter.address}"
            for gateway in self.gateways
            for meter in gateway.meters
        }


def read_inputs(path: Path) -> FleetInputs:
    """Return what a file says. Raises ConfigError when something is missing or wrong in it."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            msg = f"has more than {_MOST_BYTES // 1024**2} MiB"
            raise ConfigError(msg)
    except OSError as err:
        msg = f"cannot be read: {err.strerror}; `smarty-p1 fleet init --example` prints one"
        raise ConfigError(msg) from None
    content = read_toml(path)
    gateways = content.pop("gateway", [])
    also = _read_also(content.pop("also", {}))
    table = ConfigTable("top of the file", content)
    is_here = table.take("here", bool, default=False) or False
    nodes = _read_nodes(table, also, is_here=is_here)
    store = _read_store(table, also, is_here=is_here)
    if unknown := also.keys() - {node.host for node in nodes} - {store.host}:
        msg = f"[also] {min(unknown)} is the host of no node, and not of the store"
        raise ConfigError(msg)
    collectors = _read_users(table, "collectors")
    if not collectors:
        table.fail("collectors", "is missing: a list of names, such as ['collector1']")
    listeners = _read_users(table, "listeners")
    partitions = _read_number(table, "partitions", MOST_PARTITIONS) or 16
    stream_gigabytes = _read_number(table, "stream_gigabytes", _MOST_GIGABYTES)
    table.end()
    users = _read_gateways(gateways, is_here=is_here)
    _check_users([user.name for user in users], listeners)
    return FleetInputs(
        is_here,
        nodes,
        store,
        users,
        tuple(
            CollectorHost(name, _COLLECTOR_METRICS + (number if is_here else 0))
            for number, name in enumerate(collectors)
        ),
        listeners,
        partitions,
        stream_gigabytes,
    )


def bracketed(host: str) -> str:
    """Return a host as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def listen_host(host: str) -> str:
    """Return where to listen so that a host is reached: on this machine alone, or from others."""
    try:
        address = ip_address(host)
    except ValueError:
        return "127.0.0.1" if host == "localhost" else "0.0.0.0"  # noqa: S104 - others reach it
    if address.is_loopback:
        return bracketed(host)
    return "0.0.0.0" if address.version == 4 else "[::]"  # noqa: PLR2004, S104


def _check_users(gateways: Iterable[str], listeners: Iterable[str]) -> None:
    users = [COLLECTOR, *gateways, *listeners]
    for name in users:
        if users.count(name) > 1:
            msg = f"the name {name} is there twice: gateways, listeners and the user {COLLECTOR}"
            msg += " need names of their own"
            raise ConfigError(msg)


def _read_number(table: ConfigTable, key: str, highest: int) -> int | None:
    number = table.take(key, int)
    if number is not None and not 1 <= number <= highest:
        table.fail(key, f"must be from 1 to {highest:,}")
    return number


def _is_host(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        # Four numbers that are no address are no name either.
        return bool(_HOST.fullmatch(text)) and not re.fullmatch(r"[\d.]+", text)
    return True


def _read_also(content: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(content, dict) or len(content) > _MOST_NAMES:
        msg = f"[also] must be a table of at most {_MOST_NAMES} hosts"
        raise ConfigError(msg)
    table = ConfigTable("also", content)
    found = {}
    for host in content:
        if not _is_host(host):
            table.fail("a key", "is the name of no host")
        names = table.take_texts(host)
        if len(names) > _MOST_NAMES or not all(map(_is_host, names)):
            table.fail(host, "must be a list of names and addresses")
        found[host] = names
    return found


def _read_nodes(
    table: ConfigTable, also: dict[str, tuple[str, ...]], *, is_here: bool
) -> tuple[Node, ...]:
    texts = table.take_texts("nodes") or ((_HERE,) * 3 if is_here else ())
    if len(texts) not in _NODES:
        table.fail("nodes", "must be a list of three or five hosts: frames are kept on three")
    nodes: list[Node] = []
    used: set[tuple[str, int]] = set()
    for number, text in enumerate(texts, start=1):
        found = _NODE.fullmatch(text)
        host = (found[1] or found[2]) if found else ""
        if not found or not _is_host(host):
            table.fail("nodes", f"number {number} must be like node1.lan or node1.lan:4222:6222")
        earlier = sum(node.host == host for node in nodes)
        port, route_port = int(found[3] or _PORT + earlier), int(found[4] or _ROUTE_PORT + earlier)
        for one in (port, route_port):
            if not 1 <= one <= _HIGHEST_PORT:
                table.fail("nodes", f"number {number} has a port that there is not")
            if (host, one) in used:
                table.fail("nodes", f"number {number} has a port that is there twice: {one}")
            used.add((host, one))
        names = tuple(dict.fromkeys((host, *also.get(host, ()))))
        nodes.append(Node(f"node{number}", host, port, route_port, names))
    return tuple(nodes)


def _read_store(
    table: ConfigTable, also: dict[str, tuple[str, ...]], *, is_here: bool
) -> StoreHost:
    url = table.take_text("store", f"https://{_HERE}:{_STORE_PORT}" if is_here else None)
    if url is None:
        table.fail("store", "is missing: where VictoriaMetrics is, such as https://store.lan:8428")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _STORE_PORT
    except ValueError:
        host, port = "", 0
    if "@" in url:
        table.fail("store", "must not have a login in it: one is made")
    shown = bracketed(host)
    if not _is_host(host) or url.rstrip("/").removesuffix(f":{port}") not in {
        f"{scheme}://{shown}" for scheme in ("http", "https")
    }:
        table.fail("store", "must be like https://store.lan:8428")
    has_tls = url.startswith("https:")
    names = tuple(dict.fromkeys((host, *also.get(host, ())))) if has_tls else ()
    return StoreHost(f"{parts.scheme}://{shown}:{port}", host, port, has_tls, names)


def _read_users(table: ConfigTable, key: str) -> tuple[str, ...]:
    names = table.take_texts(key)
    if len(names) > _MOST_USERS:
        table.fail(key, f"must not have more than {_MOST_USERS} names")
    if not all(map(_NAME.fullmatch, names)) or len(set(names)) < len(names):
        table.fail(key, "must be different names of 1 to 64 of A-Z, a-z, 0-9, _ and -")
    return names


def _read_gateways(content: object, *, is_here: bool) -> tuple[GatewayUser, ...]:
    tables = _tables(content, "[[gateway]]", _MOST_GATEWAYS)
    return tuple(
        _read_gateway(
            ConfigTable(f"gateway {number}", table),
            # A gateway or collector more must not move the others' ports.
            _MORE_METRICS + number if is_here and number > 1 else _METRICS_PORT,
        )
        for number, table in enumerate(tables, start=1)
    )


def _tables(content: object, name: str, most: int) -> list[Any]:
    if not isinstance(content, list) or not content:
        msg = f"there is no {name}"
        raise ConfigError(msg)
    if len(content) > most:
        msg = f"there are more than {most} {name}"
        raise ConfigError(msg)
    return content


def _read_gateway(table: ConfigTable, metrics_port: int) -> GatewayUser:
    name = table.take_text("name")
    if name is None or not _NAME.fullmatch(name):
        table.fail("name", "must be there, with 1 to 64 of A-Z, a-z, 0-9, _ and -")
    port = table.take_port("metrics_port", metrics_port) or metrics_port
    tables = _tables(table.take("meters", list), f"meters of gateway {name}", _MOST_METERS)
    table.end()
    meters = tuple(
        _read_meter(ConfigTable(f"gateway {name}, meter {number}", one))
        for number, one in enumerate(tables, start=1)
    )
    for what, values in (
        ("title", [meter.title for meter in meters]),
        ("address", [meter.address for meter in meters]),
        ("name", [meter.name for meter in meters if meter.name]),
    ):
        if len(set(values)) < len(values):
            msg = f"two meters of gateway {name} have the same {what}"
            raise ConfigError(msg)
    return GatewayUser(name, meters, port)


def _read_meter(table: ConfigTable) -> MeterPort:
    title = table.take_text("title")
    if title is None or not _TITLE.fullmatch(title):
        table.fail("title", "must be the meter's system title, 16 hexadecimal digits in quotes")
    address = table.take_text("address")
    if address is None or len(address) > _LONGEST_ADDRESS:
        table.fail("address", "must be there: where its port is, such as 192.168.1.50:2001")
    name = table.take_text("name")
    if name is not None and not _METER_NAME.fullmatch(name):
        table.fail("name", "must have 1 to 64 of A-Z, a-z, 0-9, _, . and -")
    table.end()
    return MeterPort(title.upper(), address, name)
