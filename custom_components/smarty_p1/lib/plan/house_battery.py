"""Plan of a battery: its values backwards in time, then its energies forwards.

The value of a level is the lowest cost of all quarter-hours from then on. Values between two levels
are interpolated. A battery gives energy to the house only: nobody may sell energy from the grid.

What-if has an engine of its own (`advice/battery_simulation.py`), because this plan is too slow for
it. On a desktop, a plan from 14:00 to the end of the next day takes 8 ms, so a year at ten
reference powers would take 28 s. A card waits for 3 s on a small board.
"""

from collections.abc import Iterable, Sequence
from math import inf
from typing import NamedTuple

from .next_kwh_price import NO_KWH, Quarter

LEVELS = 24
# Cost in EUR of a movement, so that a battery without a gain rests.
_MOVEMENT_EUR = 1e-6


class HouseBattery(NamedTuple):
    """Battery of a house, with the energy in it at the begin of the plan."""

    kwh: float
    kw: float
    """Maximum power of charging, and of discharging without `out_kw`."""
    one_way: float
    """Stored energy divided by charged energy, and discharged energy divided by stored energy."""
    stored: float
    end_value: float
    """Value in EUR of a stored kWh at the end of the plan."""
    charges_from_grid: bool = True
    out_kw: float | None = None
    can_only_charge: bool = False
    """Whether it regulates itself unless it is ordered to charge, so that it cannot hold back."""

    @property
    def most_out(self) -> float:
        """Return the energy in kWh that it can give in a quarter-hour."""
        return (self.kw if self.out_kw is None else self.out_kw) / 4

    def alone(self, net: float) -> float:
        """Return the energy into it if it regulates itself, whatever it stores."""
        return min(self.kw / 4, max(-self.most_out, -net))

    def into(self, flow: float) -> float:
        """Return the change of the stored energy in kWh for a flow at the meter."""
        return flow * self.one_way if flow > 0 else flow / self.one_way


class _Move(NamedTuple):
    """Movement of energy in a quarter-hour."""

    change: float
    """Change of the stored energy, in levels."""
    cost: float
    flow: float


type Values = Sequence[float]
"""Lowest cost in EUR of the coming quarter-hours, for each level of the battery."""


def plan_battery(
    battery: HouseBattery, quarters: Sequence[Quarter], net: Sequence[float]
) -> tuple[list[float], list[Values]]:
    """Return the energies into (+) and out of (-) the battery at the meter, and its values.

    The values of each quarter-hour are those at its begin. The last values are those of the end.
    """
    part = battery.kwh / LEVELS
    after: Values = [-battery.end_value * part * level for level in range(LEVELS + 1)]
    values = [after]
    for quarter, kwh in zip(reversed(quarters), reversed(net), strict=True):
        moves = _moves(battery, quarter, kwh, _level_flows(battery))
        alone = battery.alone(kwh) if battery.can_only_charge else None
        after = [_best_move(moves, after, level, alone)[0] for level in range(LEVELS + 1)]
        values.append(after)
    values.reverse()
    flows = []
    for n, (quarter, kwh) in enumerate(zip(quarters, net, strict=True)):
        flow = battery_flow(battery, quarter, kwh, values[n + 1])
        flows.append(flow)
        battery = battery._replace(stored=battery.stored + battery.into(flow))
    return flows, values


def battery_flow(battery: HouseBattery, quarter: Quarter, net: float, after: Values) -> float:
    """Return the best energy into (+) or out of (-) the battery in a quarter-hour.

    `after` are the values at the end of the quarter-hour. The energy may differ from the plan if
    the house needs more or less than expected.
    """
    # All energy that fits, and all that is stored, are no whole levels.
    full = (battery.kwh - battery.stored) / battery.one_way
    empty = -battery.stored * battery.one_way
    moves = _moves(battery, quarter, net, (*_level_flows(battery), full, empty))
    alone = battery.alone(net) if battery.can_only_charge else None
    return _best_move(moves, after, battery.stored * LEVELS / battery.kwh, alone)[1]


class BatteryRest(NamedTuple):
    """Rest of the running quarter-hour of a house with a battery."""

    hours: float
    net_kwh: float
    """Net import since the quarter-hour began, with the battery."""
    house_kw: float
    """Net import now, without the battery."""


def battery_kw(battery: HouseBattery, quarter: Quarter, rest: BatteryRest, after: Values) -> float:
    """Return the best power into (+) or out of (-) the battery until the quarter-hour ends.

    The battery never gives more than the house needs at this moment. If it may not charge from the
    grid, it never takes more than the house exports.
    """
    share = rest.hours * 4
    short = battery._replace(kw=battery.kw * share, out_kw=battery.most_out * 4 * share)
    net_kwh = rest.net_kwh + rest.house_kw * rest.hours
    kw = battery_flow(short, quarter, net_kwh, after) / rest.hours
    most = quarter.max_kwh * 4 if battery.charges_from_grid else 0.0
    return min(max(kw, -max(0.0, rest.house_kw)), max(0.0, most - rest.house_kw))


def alone_kw(battery: HouseBattery, house_kw: float) -> float:
    """Return the power of a battery that regulates itself, in a house with this net import.

    It takes what the house exports, and gives what the house needs.
    """
    most = battery.kw if battery.stored < battery.kwh else 0.0
    most_out = battery.most_out * 4 if battery.stored > 0 else 0.0
    return min(most, max(-most_out, -house_kw))


def _level_flows(battery: HouseBattery) -> list[float]:
    """Return the flows that change the stored energy by whole levels."""
    part, most = battery.kwh / LEVELS, battery.kw / 4
    into = [n * part / battery.one_way for n in range(1, LEVELS + 1)]
    out = [-n * part * battery.one_way for n in range(1, LEVELS + 1)]
    return [flow for flow in (*into, *out) if -battery.most_out <= flow <= most]


def _moves(
    battery: HouseBattery, quarter: Quarter, net: float, flows: Iterable[float]
) -> list[_Move]:
    """Return the moves that can be best in a quarter-hour.

    The bill is straight between its corners, and the values are straight between whole levels. So
    the best move ends at a corner of the bill (`-net`, and the reference power), or at a level.
    """
    most = battery.kw / 4
    lowest = -min(battery.most_out, max(0.0, net))
    highest = min(most, max(0.0, (quarter.max_kwh if battery.charges_from_grid else 0.0) - net))
    wanted = {0.0, *flows, lowest, most, -net, quarter.limit - net}
    scale = LEVELS / battery.kwh
    return [
        _Move(
            battery.into(flow) * scale, quarter.bill(net + flow) + abs(flow) * _MOVEMENT_EUR, flow
        )
        for flow in {min(highest, max(lowest, flow)) for flow in wanted}
    ]


def _best_move(
    moves: Sequence[_Move], after: Values, level: float, alone: float | None
) -> tuple[float, float]:
    """Return the lowest cost from a level on, and the flow of the first move.

    A battery with a flow `alone` charges with more, or moves as near to it as its level permits.
    """
    moves = [move for move in moves if -NO_KWH <= level + move.change <= LEVELS + NO_KWH]
    if alone is not None:
        nearest = min((move.flow for move in moves), key=lambda flow: abs(flow - alone))
        more = max(0.0, alone)
        moves = [move for move in moves if move.flow == nearest or move.flow > more]
    lowest, best = inf, 0.0
    for change, cost, flow in moves:
        to = level + change
        below = min(LEVELS - 1, max(0, int(to)))
        total = cost + after[below] + (after[below + 1] - after[below]) * (to - below)
        if total < lowest:
            lowest, best = total, flow
    return lowest, best
