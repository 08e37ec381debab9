"""Quarter-hours of the connections of a fleet, their energy sharing, and their bills."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from math import floor, isnan, nan
from pathlib import Path
from typing import NamedTuple

from smarty_p1_cli.connection_files import EnergyRow, EnergyRows, known_wh, leneda_rows
from smarty_p1_cli.household_answers import household_of_rows, read_contract_file
from smartyp1.answers.bills import CURRENT_PRICES, comparison_report
from smartyp1.bill.household import Household
from smartyp1.history.month_file_lines import month_name
from smartyp1.history.register_amounts import Energies
from smartyp1.json_types import JsonDict

# Energies are stored with billionths of a Wh, so a whole Wh can be a little less.
_NEGLIGIBLE_WH = 1e-6


def rows_of_edges(
    edges: Iterable[tuple[int, str, float | None, float | None]], begin: datetime, end: datetime
) -> EnergyRows:
    """Return the quarter-hours from `begin` to `end`, as Home Assistant measures them.

    Each edge has the time, the meter, and the registers of imported and exported energy in kWh.
    """
    household = Household()
    for at, meter, imported, exported in edges:
        household.count_telegram(
            datetime.fromtimestamp(at, UTC), Energies(imported, exported), None, meter
        )
    if household.newest is None:
        return {}
    # A meter may have fallen silent in a quarter-hour.
    table = household.newest.ledger_with_running.table.between(begin, end)
    columns = table.quarter, table.imported, table.exported, table.is_whole
    rows: EnergyRows = {}
    for number, imported_wh, exported_wh, is_known in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        row = EnergyRow(imported_wh, exported_wh, is_known)
        rows[number] = _sum(rows[number], row) if number in rows else row
    return rows


def _sum(row: EnergyRow, other: EnergyRow) -> EnergyRow:
    # Energy that belongs to a known quarter-hour, such as late exported energy, leaves it known.
    exported = [wh for wh in (row.exported_wh, other.exported_wh) if not isnan(wh)]
    return EnergyRow(
        row.imported_wh + other.imported_wh,
        sum(exported) if exported else nan,
        row.is_known or other.is_known,
    )


def share_energy(
    members: Mapping[str, EnergyRows], shares: Mapping[str, float], layer: int
) -> None:
    """Share what the members of a community export among them. Change their rows.

    In each quarter-hour, a member gets the smaller of its share (in percent) and its own import, in
    whole Wh. What is left stays export. The members together give as much as they get.
    """
    for number in sorted({number for rows in members.values() for number in rows}):
        rows = {name: of[number] for name, of in members.items() if number in of}
        exported = {name: max(0.0, known_wh(row.exported_wh)) for name, row in rows.items()}
        parts = whole_parts(floor(sum(exported.values()) + _NEGLIGIBLE_WH), [*shares.values()])
        got = {
            name: min(part, floor(max(0.0, rows[name].imported_wh) + _NEGLIGIBLE_WH))
            for name, part in zip(shares, parts, strict=True)
            if name in rows
        }
        given = dict(zip(rows, whole_parts(sum(got.values()), [*exported.values()]), strict=True))
        for name, row in rows.items():
            of = got.get(name, 0), given[name]
            members[name][number] = row._replace(layer=layer, shared_wh=of[0], given_wh=of[1])


def whole_parts(total: int, weights: Sequence[float]) -> list[int]:
    """Return whole parts of `total` in proportion to the weights, by the largest remainder."""
    whole = sum(weights)
    if not whole or not total:
        return [0] * len(weights)
    quotas = [total * weight / whole for weight in weights]
    parts = [floor(quota + _NEGLIGIBLE_WH) for quota in quotas]
    order = sorted(range(len(weights)), key=lambda at: (parts[at] - quotas[at], at))
    for at in order[: total - sum(parts)]:
        parts[at] += 1
    return parts


class Costs(NamedTuple):
    """Costs of a connection in EUR by month such as "2026-11", and its cheapest class in kW.

    A cost has the bill of the supplier and that of the energy community. It is None if a price is
    unknown.
    """

    totals: Mapping[str, float | None]
    cheapest_kw: float | None


def costs_of(rows: EnergyRows, contract_path: Path, community_price: float | None) -> Costs:
    """Return the costs of a connection. Raises UsageError for an unusable contract file."""
    contracts = read_contract_file(str(contract_path)).contracts
    if community_price is not None:
        entries = tuple(
            (since, replace(contract, community_price=community_price))
            for since, contract in contracts.entries
        )
        contracts = replace(contracts, entries=entries)
    household = household_of_rows(leneda_rows(rows), contracts)
    if household is None:
        return Costs({}, None)
    totals: dict[str, float | None] = {}
    for month in household.months:
        bill = month.bill(min(month.end, household.until))
        totals[month_name(month.start)] = (
            bill.total_with_community if bill.community else bill.total
        )
    report: JsonDict = comparison_report(household, CURRENT_PRICES)
    return Costs(totals, report["cheapest"])
