"""Lowest bill of a house with loads and a battery: a mixed-integer program.

The program knows the bill, the loads and the battery by their definition alone. It shares no code
with the plan of the integration.
"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from smartyp1.plan.house_battery import HouseBattery
from smartyp1.plan.next_kwh_price import Quarter
from smartyp1.plan.planned_load import Load

_INFINITE = np.inf
# More energy than any house imports or exports in a quarter-hour, in kWh.
_BIG_KWH = 50.0
_SECONDS = 20.0


class _Program:
    """Variables and constraints of a mixed-integer program."""

    def __init__(self) -> None:
        self.costs: list[float] = []
        self.highest: list[float] = []
        self.whole: list[int] = []
        self.rows: list[tuple[dict[int, float], float, float]] = []

    def variable(self, cost: float, highest: float = _INFINITE, whole: int = 0) -> int:
        """Add a variable from 0 to `highest`. Return its number."""
        self.costs.append(cost)
        self.highest.append(highest)
        self.whole.append(whole)
        return len(self.costs) - 1

    def constraint(self, row: dict[int, float], lowest: float, highest: float) -> None:
        self.rows.append((row, lowest, highest))

    def solved(self) -> float:
        entries = [
            (number, column, factor)
            for number, (row, _, _) in enumerate(self.rows)
            for column, factor in row.items()
        ]
        numbers, columns, factors = zip(*entries, strict=True)
        matrix = coo_array(
            (factors, (numbers, columns)), shape=(len(self.rows), len(self.costs))
        ).tocsr()
        lowest, highest = ([row[n] for row in self.rows] for n in (1, 2))
        result = milp(
            self.costs,
            integrality=self.whole,
            bounds=Bounds(0, self.highest),
            constraints=LinearConstraint(matrix, lowest, highest),
            options={"time_limit": _SECONDS, "mip_rel_gap": 1e-5},
        )
        assert result.x is not None, result.message
        # A program that ran out of time proves its lower bound only.
        return float(result.fun if result.status == 0 else result.mip_dual_bound)


def lowest_cost(
    quarters: Sequence[Quarter],
    net: Sequence[float],
    loads: Sequence[Load],
    battery: HouseBattery | None = None,
) -> float:
    """Return the lowest bill in EUR, without the value of the energy stored at the end."""
    program = _Program()
    # Import, minus export, minus the energy of loads and battery, is `net`.
    balances: list[dict[int, float]] = []
    exports = []
    for quarter in quarters:
        imported = program.variable(quarter.price)
        exported = program.variable(-quarter.feed_in)
        above = program.variable(quarter.surcharge)
        program.constraint({imported: 1, above: -1}, -_INFINITE, quarter.limit)
        balances.append({imported: 1, exported: -1})
        exports.append(exported)
        if quarter.feed_in > quarter.price or battery:
            imports = program.variable(0, 1, whole=1)
            program.constraint({imported: 1, imports: -_BIG_KWH}, -_INFINITE, 0)
            program.constraint({exported: 1, imports: _BIG_KWH}, -_INFINITE, _BIG_KWH)
    for load in loads:
        _add_load(program, balances, load)
    if battery:
        _add_battery(program, balances, exports, battery)
    for balance, kwh in zip(balances, net, strict=True):
        program.constraint(balance, kwh, kwh)
    return program.solved()


def _add_load(program: _Program, balances: Sequence[dict[int, float]], load: Load) -> None:
    window = range(load.first, min(load.end, len(balances)))
    if load.profile:
        last = window.stop - len(load.profile)
        starts = {at: program.variable(0, 1, whole=1) for at in range(load.first, last + 1)}
        program.constraint(dict.fromkeys(starts.values(), 1.0), 1, 1)
        for at, start in starts.items():
            for n, kwh in enumerate(load.profile):
                balances[at + n][start] = -kwh
        return
    energies = [program.variable(0, load.max_kw / 4) for _ in window]
    for at, energy in zip(window, energies, strict=True):
        balances[at][energy] = -1
    kwh = min(load.kwh, load.max_kw / 4 * len(window))
    program.constraint(dict.fromkeys(energies, 1.0), kwh, kwh)


def _add_battery(
    program: _Program,
    balances: Sequence[dict[int, float]],
    exports: Sequence[int],
    battery: HouseBattery,
) -> None:
    """Add a battery that gives no energy while the house exports."""
    before: int | None = None
    for balance, exported in zip(balances, exports, strict=True):
        into = program.variable(1e-6, battery.kw / 4)
        out = program.variable(1e-6, battery.kw / 4)
        gives = program.variable(0, 1, whole=1)
        level = program.variable(0, battery.kwh)
        balance |= {into: -1, out: 1}
        change = {level: 1.0, into: -battery.one_way, out: 1 / battery.one_way}
        if before is None:
            program.constraint(change, battery.stored, battery.stored)
        else:
            program.constraint({**change, before: -1.0}, 0, 0)
        before = level
        program.constraint({out: 1, gives: -battery.kw / 4}, -_INFINITE, 0)
        program.constraint({into: 1, gives: battery.kw / 4}, -_INFINITE, battery.kw / 4)
        program.constraint({exported: 1, gives: _BIG_KWH}, -_INFINITE, _BIG_KWH)
    assert before is not None
    program.costs[before] = -battery.end_value
