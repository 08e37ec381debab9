"""Report on the connections of a fleet: a row for each in each period, and sums of buildings."""

import argparse
import asyncio
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from smarty_p1_cli.connection_files import HEAD, EnergyRows, cells_of, known_wh, kwh
from smarty_p1_cli.parser import raise_usage_error
from smarty_p1_fleet.init.connections import Community, Connection, Connections, Tenant
from smarty_p1_fleet.store.quarter_hour_edges import read_edges
from smarty_p1_fleet.store.store_config import StoreConfig
from smarty_p1_fleet.store.store_reader import StoreReader, open_reader
from smartyp1.energy_table.wall_clock import number_of, time_of
from smartyp1.history.luxembourg_time import (
    day_end,
    local_day,
    local_text,
    midnight,
    month_end,
    quarter_start,
)
from smartyp1.history.month_file_lines import month_name
from smartyp1.history.quarter_hour import WH_A_KW

from .connection_energy import Costs, costs_of, rows_of_edges, share_energy
from .fleet_month import tenant_of

_WORKERS = 2
# A connection is read while another one is computed.
_MAX_UNDERWAY = 4
_FIRST_DAY = date(2000, 1, 1)
_NAME_CHARS = 24
_UNKNOWN = "?"
_NO_COSTS = Costs({}, None)


class _Sums(NamedTuple):
    """Sums of a period. The peak is the known quarter-hour with the highest mean power.

    `energies_wh` are imported and exported energy, and the energy from and to a community.
    """

    energies_wh: Sequence[float]
    peak: tuple[int, float] | None
    known: int
    quarter_hours: int


class _Period(NamedTuple):
    name: str
    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """Quarter-hours of connections from `begin` to `end`, and their costs if they were asked."""

    every: str
    begin: datetime
    end: datetime
    connections: Sequence[Connection]
    rows: Mapping[str, EnergyRows]
    costs: Mapping[str, Costs]
    asks_costs: bool

    def csv(self) -> Iterator[Sequence[object]]:
        """Yield the lines of the CSV file."""
        if self.every == "quarter-hour":
            yield HEAD
            for connection in self.connections:
                for cells in cells_of(self.rows[connection.name]):
                    yield (connection.name, connection.building, *cells)
            return
        head = ("connection", "building", self.every, "imported_kwh", "exported_kwh", "shared_kwh")
        more = ("given_kwh", "peak_kw", "peak_start", "known_quarter_hours", "quarter_hours")
        yield (*head, *more, *(("cost_eur", "cheapest_kw") if self.asks_costs else ()))
        for connection in self.connections:
            for period in self._periods():
                yield self._cells(connection, period)

    def _cells(self, connection: Connection, period: _Period) -> Sequence[object]:
        sums = _sums_of(self.rows[connection.name], period)
        peak = (kwh(sums.peak[1] * 4), local_text(time_of(sums.peak[0]))) if sums.peak else ("", "")
        cost: Sequence[object] = ()
        if self.asks_costs:
            of = self.costs.get(connection.name, _NO_COSTS)
            total = of.totals.get(period.name)
            cost = ["" if total is None else f"{total:.2f}", of.cheapest_kw or ""]
        energies = map(kwh, sums.energies_wh)
        counts = sums.known, sums.quarter_hours
        return [connection.name, connection.building, period.name, *energies, *peak, *counts, *cost]

    def _periods(self) -> Iterator[_Period]:
        """Yield the days or months, in Luxembourg, between `begin` and `end`."""
        start = self.begin
        while start < self.end:
            is_day = self.every == "day"
            end = day_end(start) if is_day else month_end(start)
            name = f"{local_day(start):%Y-%m-%d}" if is_day else month_name(start)
            yield _Period(name, start, min(end, self.end))
            start = end

    def text(self) -> str:
        """Return a table with a row for each connection, and a sum for each building."""
        lines = []
        for period in self._periods():
            lines += [*self._table(period), ""]
        return "\n".join(lines[:-1])

    def _table(self, period: _Period) -> Iterator[str]:
        head = f"{'from grid':>12}{'to grid':>12}{'peak kW':>9}{'known':>12}"
        note = "Energy in kWh; known: measured quarter-hours."
        if self.asks_costs:
            head += f"{'cost':>10}{'cheapest':>10}"
            note += " Costs in EUR, with those of the energy community; sharing is estimated."
        yield f"{period.name:{_NAME_CHARS}}{head}"
        for building in dict.fromkeys(connection.building for connection in self.connections):
            yield from self._building(building, period)
        yield note

    def _building(self, building: str, period: _Period) -> Iterator[str]:
        own = [one for one in self.connections if one.building == building]
        sums = [_sums_of(self.rows[one.name], period) for one in own]
        costs = [self.costs.get(one.name, _NO_COSTS) for one in own]
        totals = [cost.totals.get(period.name) for cost in costs]
        for connection, of, total, cost in zip(own, sums, totals, costs, strict=True):
            more = self._costs(total, _kw(cost.cheapest_kw))
            yield f"{connection.name:{_NAME_CHARS}}{_energies(of)}{more}"
        if building:
            whole = _added(sums)
            more = self._costs(None if None in totals else sum(filter(None, totals)), "")
            yield f"{'= ' + building:{_NAME_CHARS}}{_energies(whole, is_sum=True)}{more}"

    def _costs(self, total: float | None, cheapest: str) -> str:
        if not self.asks_costs:
            return ""
        return f"{_UNKNOWN if total is None else f'{total:.2f}':>10}{cheapest:>10}"


def _added(sums: Sequence[_Sums]) -> _Sums:
    energies, _, known, quarter_hours = zip(*sums, strict=True)
    return _Sums([*map(sum, zip(*energies, strict=True))], None, sum(known), sum(quarter_hours))


def _energies(sums: _Sums, *, is_sum: bool = False) -> str:
    peak = f"{sums.peak[1] / WH_A_KW:.3f}" if sums.peak else "" if is_sum else _UNKNOWN
    known = f"{sums.known}/{sums.quarter_hours}"
    imported, exported, *_ = (f"{wh / 1000:12.3f}" for wh in sums.energies_wh)
    return f"{imported}{exported}{peak:>9}{known:>12}"


def _kw(power: float | None) -> str:
    return _UNKNOWN if power is None else f"{power:g} kW"


def _sums_of(rows: EnergyRows, period: _Period) -> _Sums:
    numbers = [*rows]
    first, last = number_of(period.begin), number_of(period.end)
    part = numbers[bisect_left(numbers, first) : bisect_left(numbers, last)]
    own = [(number, rows[number]) for number in part]
    peak: tuple[int, float] | None = None
    for number, row in own:
        if row.is_known and (peak is None or row.imported_wh > peak[1]):
            peak = number, row.imported_wh
    energies = [
        sum(known_wh(getattr(row, name)) for _, row in own)
        for name in ("imported_wh", "exported_wh", "shared_wh", "given_wh")
    ]
    return _Sums(energies, peak, sum(row.is_known for _, row in own), last - first)


class _Question(NamedTuple):
    """Connections that are shown and read, their communities, and the period."""

    shown: Sequence[Connection]
    read: Sequence[Connection]
    communities: Sequence[Community]
    begin: datetime
    end: datetime


def _question(arguments: argparse.Namespace, inputs: Connections) -> _Question:
    begin, end = _span(arguments.period)
    asked = _Question(inputs.connections, inputs.connections, inputs.communities, begin, end)
    if arguments.tenant:
        asked = _of_tenant(tenant_of(inputs, arguments.tenant), begin, end)
    elif arguments.connection:
        asked = _of_connection(asked, arguments.connection)
    asked = asked._replace(end=min(asked.end, quarter_start(datetime.now(UTC))))
    if not asked.shown or asked.begin >= asked.end:
        raise_usage_error("there is no such [[connection]], or none of its days")
    return asked


def _of_connection(asked: _Question, name: str) -> _Question:
    # The sharing of a connection depends on the other members of its community.
    communities = [one for one in asked.communities if name in one.shares]
    names = {name, *(member for one in communities for member in one.shares)}
    read = [one for one in asked.read if one.name in names]
    shown = [one for one in read if one.name == name]
    return asked._replace(shown=shown, read=read, communities=communities)


def _of_tenant(tenant: Tenant, begin: datetime, end: datetime) -> _Question:
    meters = [Connection(one, tenant.name, ((one, _FIRST_DAY),)) for one in tenant.meters]
    if tenant.last:
        end = min(end, midnight(tenant.last + timedelta(1)))
    return _Question(meters, meters, (), max(begin, midnight(tenant.first)), end)


async def make_report(
    arguments: argparse.Namespace, inputs: Connections, store: StoreConfig
) -> ConnectionReport:
    """Return the report that the command's arguments ask for. Raises UsageError, ConfigError."""
    asked, costs = _question(arguments, inputs), dict[str, Costs]()
    with ProcessPoolExecutor(_WORKERS) as pool:
        async with open_reader(store) as reader:
            rows = await _read(reader, pool, asked.read, asked.begin, asked.end)
        prices: dict[str, float | None] = {}
        for community in asked.communities:
            members = {name: rows[name] for name in community.shares}
            share_energy(members, community.shares, community.layer)
            prices |= dict.fromkeys(community.shares, community.price)
        if arguments.bills:
            costs = await _costs(pool, asked.shown, rows, prices)
    span = asked.begin, asked.end
    return ConnectionReport(arguments.every, *span, asked.shown, rows, costs, arguments.bills)


def _span(period: str) -> tuple[datetime, datetime]:
    year, _, month = period.partition("-")
    begin = midnight(date(int(year), int(month or 1), 1))
    return begin, month_end(begin) if month else midnight(date(int(year) + 1, 1, 1))


async def _read(
    reader: StoreReader,
    pool: ProcessPoolExecutor,
    connections: Iterable[Connection],
    begin: datetime,
    end: datetime,
) -> dict[str, EnergyRows]:
    """Return the quarter-hours of each connection, by its name."""
    limit, loop = asyncio.Semaphore(_MAX_UNDERWAY), asyncio.get_running_loop()
    span = int(begin.timestamp()), int(end.timestamp())

    async def read_one(connection: Connection) -> tuple[str, EnergyRows]:
        async with limit:
            edges = await read_edges(reader, connection.meters, *span)
            rows = await loop.run_in_executor(pool, rows_of_edges, edges, begin, end)
            return connection.name, rows

    return dict(await asyncio.gather(*map(read_one, connections)))


async def _costs(
    pool: ProcessPoolExecutor,
    connections: Iterable[Connection],
    rows: Mapping[str, EnergyRows],
    prices: Mapping[str, float | None],
) -> dict[str, Costs]:
    """Return the costs of the connections, by name. `prices` are those of energy communities."""
    loop, found = asyncio.get_running_loop(), dict[str, asyncio.Future[Costs]]()
    for one in connections:
        if one.contract is None:
            raise_usage_error("a [[connection]] has no contract: --bills needs one for each")
        found[one.name] = loop.run_in_executor(
            pool, costs_of, rows[one.name], one.contract, prices.get(one.name)
        )
    return dict(zip(found, await asyncio.gather(*found.values()), strict=True))
