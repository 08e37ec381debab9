"""Report on the connections of a fleet: a row for each in each period, and sums of buildings."""

import argparse
import asyncio
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from smarty_p1_cli.connection_files import HEAD, EnergyRow, EnergyRows, energy_cells, known_wh, kwh
from smarty_p1_cli.parser import raise_usage_error
from smarty_p1_fleet.init.connections import Community, Connection, Connections, Tenant
from smarty_p1_fleet.store.quarter_hour_edges import read_edges
from smarty_p1_fleet.store.store_config import StoreConfig
from smarty_p1_fleet.store.store_reader import open_reader
from smartyp1.energy_table.wall_clock import quarter_number, time_of
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
_QUARTER_HOUR = "quarter-hour"
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
    """Sums of connections in each period, and their costs if they were asked.

    `rows` has quarter-hours only if they are asked: those of a thousand connections and a year take
    8 GB.
    """

    every: str
    asks_costs: bool
    periods: Sequence[_Period]
    connections: Sequence[Connection]
    sums: dict[tuple[str, str], _Sums] = field(default_factory=dict)
    """By name of the connection and of the period."""
    rows: dict[str, EnergyRows] = field(default_factory=dict)
    costs: dict[str, Costs] = field(default_factory=dict)

    def add_rows(self, name: str, rows: EnergyRows) -> None:
        """Add the sums of a connection, and what else is asked."""
        for period in self.periods:
            self.sums[name, period.name] = _sums_of(rows, period)
        if self.every == _QUARTER_HOUR:
            self.rows[name] = rows

    def csv(self) -> Iterator[Sequence[object]]:
        """Yield the lines of the CSV file."""
        if self.every == _QUARTER_HOUR:
            yield HEAD
            for connection in self.connections:
                for cells in energy_cells(self.rows[connection.name]):
                    yield (connection.name, connection.building, *cells)
            return
        head = ("connection", "building", self.every, "imported_kwh", "exported_kwh", "shared_kwh")
        more = ("given_kwh", "peak_kw", "peak_start", "known_quarter_hours", "quarter_hours")
        yield (*head, *more, *(("cost_eur", "cheapest_kw") if self.asks_costs else ()))
        for connection in self.connections:
            for period in self.periods:
                yield self._cells(connection, period)

    def _cells(self, connection: Connection, period: _Period) -> Sequence[object]:
        sums = self.sums[connection.name, period.name]
        peak = (kwh(sums.peak[1] * 4), local_text(time_of(sums.peak[0]))) if sums.peak else ("", "")
        cost: Sequence[object] = ()
        if self.asks_costs:
            of = self.costs.get(connection.name, _NO_COSTS)
            total = of.totals.get(period.name)
            cost = ["" if total is None else f"{total:.2f}", of.cheapest_kw or ""]
        energies = map(kwh, sums.energies_wh)
        counts = sums.known, sums.quarter_hours
        return [connection.name, connection.building, period.name, *energies, *peak, *counts, *cost]

    def text(self) -> str:
        """Return a table with a row for each connection, and a sum for each building."""
        lines = []
        for period in self.periods:
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
        sums = [self.sums[one.name, period.name] for one in own]
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
    # Peaks of several connections do not add up.
    no_peak = "" if is_sum else _UNKNOWN
    peak = f"{sums.peak[1] / WH_A_KW:.3f}" if sums.peak else no_peak
    known = f"{sums.known}/{sums.quarter_hours}"
    imported, exported, *_ = (f"{wh / 1000:12.3f}" for wh in sums.energies_wh)
    return f"{imported}{exported}{peak:>9}{known:>12}"


def _kw(power: float | None) -> str:
    return _UNKNOWN if power is None else f"{power:g} kW"


def _sums_of(rows: EnergyRows, period: _Period) -> _Sums:
    numbers = [*rows]
    first, last = quarter_number(period.begin), quarter_number(period.end)
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


def _periods(every: str, start: datetime, last: datetime) -> Iterator[_Period]:
    """Yield the days or months, in Luxembourg, between `start` and `last`."""
    while start < last:
        is_day = every == "day"
        end = day_end(start) if is_day else month_end(start)
        name = f"{local_day(start):%Y-%m-%d}" if is_day else month_name(start)
        yield _Period(name, start, min(end, last))
        start = end


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
    communities = [community for community in asked.communities if name in community.shares]
    names = {name, *(member for community in communities for member in community.shares)}
    read = [one for one in asked.read if one.name in names]
    shown = [one for one in read if one.name == name]
    return asked._replace(shown=shown, read=read, communities=communities)


def _of_tenant(tenant: Tenant, begin: datetime, end: datetime) -> _Question:
    meters = [Connection(meter, tenant.name, ((meter, _FIRST_DAY),)) for meter in tenant.meters]
    if tenant.last:
        end = min(end, midnight(tenant.last + timedelta(1)))
    return _Question(meters, meters, (), max(begin, midnight(tenant.first)), end)


async def make_report(
    arguments: argparse.Namespace, inputs: Connections, store: StoreConfig
) -> ConnectionReport:
    """Return the report that the command's arguments ask for. Raises UsageError, ConfigError."""
    asked = _question(arguments, inputs)
    periods = [*_periods(arguments.every, asked.begin, asked.end)]
    report = ConnectionReport(arguments.every, arguments.bills, periods, asked.shown)
    members = {name: dict[int, EnergyRow]() for one in asked.communities for name in one.shares}
    prices = {name: one.price for one in asked.communities for name in one.shares}
    shown = {one.name: one for one in asked.shown}
    loop, limit = asyncio.get_running_loop(), asyncio.Semaphore(_MAX_UNDERWAY)

    async def finish(name: str, rows: EnergyRows) -> None:
        report.add_rows(name, rows)
        if arguments.bills:
            if (path := shown[name].contract) is None:
                raise_usage_error("a [[connection]] has no contract: --bills needs one for each")
            report.costs[name] = await loop.run_in_executor(
                pool, costs_of, rows, path, prices.get(name)
            )

    async def read_one(one: Connection) -> None:
        async with limit:
            edges = await read_edges(reader, one.meters, *span)
            rows = await loop.run_in_executor(pool, rows_of_edges, edges, *begin_end)
            if one.name in members:
                members[one.name] = rows
            else:
                await finish(one.name, rows)

    begin_end = asked.begin, asked.end
    span = int(asked.begin.timestamp()), int(asked.end.timestamp())
    with ProcessPoolExecutor(_WORKERS) as pool:
        async with open_reader(store) as reader:
            await asyncio.gather(*map(read_one, asked.read))
        for community in asked.communities:
            shares = community.shares
            share_energy({name: members[name] for name in shares}, shares, community.layer)
        works = (finish(name, rows) for name, rows in members.items() if name in shown)
        await asyncio.gather(*works)
    return report


def _span(period: str) -> tuple[datetime, datetime]:
    year, _, month = period.partition("-")
    begin = midnight(date(int(year), int(month or 1), 1))
    return begin, month_end(begin) if month else midnight(date(int(year) + 1, 1, 1))
