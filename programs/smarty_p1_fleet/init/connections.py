"""Connections, energy communities and tenants in the description of a fleet."""

from collections.abc import Collection, Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from smarty_p1_gateway import ConfigTable
from smarty_p1_gateway.config_table import (
    TEXT,
    TEXTS,
    at_most,
    check_distinct,
    count_up_to,
    number_up_to,
    of_type,
    raise_config_error,
    restricted_kind,
)

_MAX_CONNECTIONS = 20_000
_MAX_METERS = 100
_MAX_CHARS = 100
_LAYERS = 4
_WHOLE_PERCENT = 100
_NEGLIGIBLE = 1e-6
_LABEL = at_most(TEXT, _MAX_CHARS, "characters")
_DAY = of_type(date, "a day such as 2026-01-31, without quotes")
_NUMBER = number_up_to(_WHOLE_PERCENT)


class Connection(NamedTuple):
    """Connection to the grid: its meters in order, each a serial number with its first day."""

    name: str
    building: str
    meters: tuple[tuple[str, date], ...]
    contract: Path | None = None


class Community(NamedTuple):
    """Energy community: the share of each connection in percent, EUR a kWh with VAT, its layer."""

    name: str
    shares: Mapping[str, float]
    layer: int
    price: float | None


class Tenant(NamedTuple):
    """Tenant, with the serial numbers of his meters, and his first and his last day."""

    name: str
    meters: tuple[str, ...]
    first: date
    last: date | None


class Connections(NamedTuple):
    """Connections, communities and tenants of a fleet, each in the order of the file."""

    connections: tuple[Connection, ...]
    communities: tuple[Community, ...]
    tenants: tuple[Tenant, ...]


def take_connections(top: ConfigTable, folder: Path) -> Connections:
    """Take the tables of connections, communities and tenants. Raises ConfigError.

    `folder` is the folder of the file, which paths of contracts are relative to.
    """
    contract = top.take_value("contract", _LABEL)
    connections = tuple(
        _read_connection(table, folder, contract) for table in _tables(top, "connection")
    )
    check_distinct("[[connection]]", "name", [connection.name for connection in connections])
    names = {connection.name for connection in connections}
    communities = tuple(_read_community(table, names) for table in _tables(top, "community"))
    members = [name for community in communities for name in community.shares]
    check_distinct("members of [[community]]", "connection", members)
    tenants = tuple(map(_read_tenant, _tables(top, "tenant")))
    check_distinct("[[tenant]]", "name", [tenant.name for tenant in tenants])
    return Connections(connections, communities, tenants)


def _tables(top: ConfigTable, key: str) -> list[ConfigTable]:
    return top.tables(key, _MAX_CONNECTIONS) if key in top else []


def _read_connection(table: ConfigTable, folder: Path, contract: str | None) -> Connection:
    name = table.need("name", _LABEL, "the name of the connection")
    building = table.take_value("building", _LABEL, "")
    path = table.take_value("contract", _LABEL, contract)
    shown = f"meters of connection {name}", f"connection {name}, meter"
    meters: list[tuple[str, date]] = []
    for meter in table.tables("meters", _MAX_METERS, *shown):
        number = meter.need("name", _LABEL, "its serial number")
        meters.append((number, meter.need("from", _DAY, "its first day")))
        meter.end()
    table.end()
    days = [day for _, day in meters]
    if any(day >= following for day, following in pairwise(days)):
        raise_config_error(f"{shown[0]}: each must have a later first day than the one before")
    return Connection(name, building, tuple(meters), folder / path if path else None)


def _read_community(table: ConfigTable, names: Collection[str]) -> Community:
    name = table.need("name", _LABEL, "the name of the community")
    shown = f"members of community {name}", f"community {name}, member"
    shares: dict[str, float] = {}
    for member in table.tables("members", _MAX_CONNECTIONS, *shown):
        connection = member.need("connection", _LABEL, "the name of a connection")
        if connection not in names or connection in shares:
            member.fail("connection", "must be the name of another [[connection]]")
        shares[connection] = member.need("percent", _NUMBER, "its share of the exported energy")
        member.end()
    if abs(sum(shares.values()) - _WHOLE_PERCENT) > _NEGLIGIBLE:
        raise_config_error(f"{shown[0]}: percent must add up to {_WHOLE_PERCENT}")
    layer = table.take_value("layer", count_up_to(_LAYERS), 1)
    price = table.take_value("price", _NUMBER)
    table.end()
    return Community(name, shares, layer, price)


def _read_tenant(table: ConfigTable) -> Tenant:
    name = table.need("name", _LABEL, "the name of the tenant")
    meters = table.need("meters", _METERS, "a list of serial numbers")
    first = table.need("from", _DAY, "his first day")
    last = table.take_value("until", _DAY)
    table.end()
    if last is not None and last < first:
        table.fail("until", "must not be before from")
    return Tenant(name, tuple(meters), first, last)


_METERS = restricted_kind(
    TEXTS,
    lambda meters: len({*filter(str.strip, meters)}) == len(meters) <= _MAX_METERS,
    f"must be a list of 1 to {_MAX_METERS} different serial numbers in quotes",
)
