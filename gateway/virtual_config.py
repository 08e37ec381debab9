"""The table `[virtual]`: as which meters one of the ports answers batteries and chargers."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from smartyp1.virtual import Kind, is_private, plain_address

from .config_table import ConfigError, ConfigTable

_HTTP_PORT = 80
_HIGHEST_PORT = 65535
_EVERY_IPV4 = "0.0.0.0"  # noqa: S104 - a default that can be changed
_MOST_BATTERIES = 32
_MOST_UDP_PORTS = 4


@dataclass(frozen=True, slots=True)
class VirtualConfig:
    """A virtual meter. `meter` is the name of its port, None for the only one."""

    meter: str | None
    kinds: tuple[Kind, ...]
    address: str
    port: int
    batteries: tuple[str, ...]
    udp_ports: tuple[int, ...]
    is_silent: bool
    shows_telegram: bool


def read_virtual(content: dict[str, Any], *, has_keys: bool) -> VirtualConfig | None:
    """Return what the table says, None without one. Raises ConfigError."""
    if "virtual" not in content:
        return None
    table = ConfigTable("virtual", content.pop("virtual"))
    if not has_keys:
        msg = "[virtual] needs [keys]: it answers with what the meter says"
        raise ConfigError(msg)
    config = VirtualConfig(
        meter=table.take_text("meter"),
        kinds=_read_kinds(table),
        address=_read_address(table),
        port=table.take_port("port", _HTTP_PORT) or _HTTP_PORT,
        batteries=_read_batteries(table),
        udp_ports=_read_udp_ports(table),
        is_silent=table.take("silent", bool, default=False) or False,
        shows_telegram=table.take("shows_telegram", bool, default=False) or False,
    )
    if config.udp_ports and Kind.SHELLY not in config.kinds:
        table.fail("udp_ports", 'needs kinds with "shelly": no other meter answers there')
    table.end()
    return config


def _read_kinds(table: ConfigTable) -> tuple[Kind, ...]:
    names = table.take_texts("kinds") or tuple(Kind)
    if not set(names) <= set(Kind):
        table.fail("kinds", f"must be of {', '.join(f'"{kind}"' for kind in Kind)}")
    return tuple(map(Kind, dict.fromkeys(names)))


def _read_address(table: ConfigTable) -> str:
    text = table.take_text("address", _EVERY_IPV4) or ""
    try:
        return str(ip_address(text))
    except ValueError:
        table.fail("address", "must be an IP address of this machine, 0.0.0.0 or ::")


def _read_batteries(table: ConfigTable) -> tuple[str, ...]:
    addresses = [plain_address(text) for text in table.take_texts("batteries")]
    found = [address for address in addresses if address and is_private(address)]
    if len(found) < len(addresses) or len(found) > _MOST_BATTERIES:
        table.fail("batteries", f"must be at most {_MOST_BATTERIES} private IP addresses")
    return tuple(found)


def _read_udp_ports(table: ConfigTable) -> tuple[int, ...]:
    ports = table.take("udp_ports", list) or []
    are_ports = all(type(port) is int and 1 <= port <= _HIGHEST_PORT for port in ports)
    if not are_ports or len(ports) > _MOST_UDP_PORTS:
        table.fail("udp_ports", f"must be at most {_MOST_UDP_PORTS} numbers of ports")
    return tuple(dict.fromkeys(ports))
