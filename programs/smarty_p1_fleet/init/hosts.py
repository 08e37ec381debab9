"""Hosts of a fleet: NATS nodes and VictoriaMetrics."""

import re
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from smarty_p1_gateway import ConfigTable
from smarty_p1_gateway.config_table import TEXT, TEXTS, raise_config_error, refuse, restricted_kind
from smartyp1.port.hosts import MAX_PORT

_NODES = (3, 5)
_MAX_NAMES = 100
_NODE_PORTS = (4222, 6222, 8222)
_STORE_PORT = 8428
EXPORTER_PORT = 7777
_HERE = "127.0.0.1"
_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_NODE = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]]+))" + r"(?::(\d{1,5}))?" * 3)


class Node(NamedTuple):
    """NATS node. `names` are the names in its certificate: `host` and other names of the host.

    The other nodes connect to `route_port`. `http_port` serves `/healthz` on loopback only.
    """

    name: str
    host: str
    port: int
    route_port: int
    http_port: int
    names: tuple[str, ...]


class StoreHost(NamedTuple):
    """Host of VictoriaMetrics. `names` are the names in its certificate, () without TLS."""

    url: str
    host: str
    port: int
    has_tls: bool
    names: tuple[str, ...]

    @property
    def inner_port(self) -> int:
        """Return the port of VictoriaMetrics itself. The proxy vmauth listens on `port`."""
        return self.port + 1


def bracketed(host: str) -> str:
    """Return `host` as it is written in a URL: an IPv6 address is in brackets."""
    return f"[{host}]" if ":" in host else host


def listen_host(host: str) -> str:
    """Return the address to listen on: `host` if it is loopback, otherwise all interfaces."""
    try:
        address = ip_address(host)
    except ValueError:
        return "127.0.0.1" if host == "localhost" else "0.0.0.0"  # noqa: S104 - others reach it
    if address.is_loopback:
        return bracketed(host)
    return "0.0.0.0" if address.version == 4 else "[::]"  # noqa: PLR2004, S104


def is_host_or_ip(text: str) -> bool:
    """Return whether `text` is an IP address or a host name."""
    try:
        ip_address(text)
    except ValueError:
        # A text such as 1.2.3.999 is a wrong IP address. So it must not count as a host name.
        return bool(_HOST.fullmatch(text)) and not re.fullmatch(r"[\d.]+", text)
    return "%" not in text  # the zone of an IPv6 address can be any text


_HOSTS = restricted_kind(
    TEXTS,
    lambda names: len(names) <= _MAX_NAMES and all(map(is_host_or_ip, names)),
    "must be a list of names and addresses",
)


def read_also(table: ConfigTable) -> dict[str, list[str]]:
    """Return the further names of each host, from the TOML table `also`. Raises ConfigError."""
    hosts = table.keys
    if len(hosts) > _MAX_NAMES:
        raise_config_error(f"[also] must be a table of at most {_MAX_NAMES} hosts")
    if not all(map(is_host_or_ip, hosts)):
        table.fail("a key", "is the name of no host")
    return {host: table.take_value(host, _HOSTS, []) for host in hosts}


def read_nodes(
    table: ConfigTable, also: dict[str, list[str]], *, is_here: bool
) -> tuple[Node, ...]:
    """Return the NATS nodes. Raises ConfigError.

    If `is_here` is True, the default is three nodes on this machine. Nodes on the same host have
    different default ports.
    """
    texts = table.take_value("nodes", TEXTS, [_HERE] * 3 if is_here else [])
    if len(texts) not in _NODES:
        table.fail("nodes", "must be a list of three or five hosts: frames are kept on three")
    nodes: list[Node] = []
    used: set[tuple[str, int]] = set()
    for number, text in enumerate(texts, start=1):
        match = _NODE.fullmatch(text)
        host = (match[1] or match[2]) if match else ""
        if not match or not is_host_or_ip(host):
            table.fail("nodes", f"number {number} must be like node1.lan or node1.lan:4222:6222")
        earlier = sum(node.host == host for node in nodes)
        texts_of_ports = zip(match.groups()[2:], _NODE_PORTS, strict=True)
        port, route_port, http_port = (
            int(text or usual + earlier) for text, usual in texts_of_ports
        )
        for node_port in (port, route_port, http_port):
            if not 1 <= node_port <= MAX_PORT:
                table.fail("nodes", f"number {number} has a port that there is not")
            if (host, node_port) in used:
                table.fail("nodes", f"number {number} has a port that is there twice: {node_port}")
            used.add((host, node_port))
        names = tuple(dict.fromkeys((host, *also.get(host, ()))))
        nodes.append(Node(f"node{number}", host, port, route_port, http_port, names))
    return tuple(nodes)


def _store_url(value: object) -> tuple[str, str, int]:
    """Return scheme, host and port of a URL of VictoriaMetrics. Raises WrongValueError."""
    url, like = TEXT(value), "must be like https://store.lan:8428"
    if "@" in url:
        refuse("must not have a login in it: one is made")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _STORE_PORT
    except ValueError:
        refuse(like)
    if not is_host_or_ip(host) or url.rstrip("/").removesuffix(f":{port}") not in {
        f"{scheme}://{bracketed(host)}" for scheme in ("http", "https")
    }:
        refuse(like)
    if port >= MAX_PORT:
        refuse(f"must have a lower port: VictoriaMetrics also needs {port} + 1")
    return parts.scheme, host, port


def read_store_host(table: ConfigTable, also: dict[str, list[str]], *, is_here: bool) -> StoreHost:
    """Return the host of VictoriaMetrics. Raises ConfigError.

    If `is_here` is True, this machine is the default.
    """
    if is_here:
        scheme, host, port = table.take_value("store", _store_url, ("https", _HERE, _STORE_PORT))
    else:
        what = "where VictoriaMetrics is, such as https://store.lan:8428"
        scheme, host, port = table.need("store", _store_url, what)
    has_tls = scheme == "https"
    names = tuple(dict.fromkeys((host, *also.get(host, ())))) if has_tls else ()
    return StoreHost(f"{scheme}://{bracketed(host)}:{port}", host, port, has_tls, names)
