"""Plan of loads that may pause, such as cars: each kWh at the cheapest step of the bill.

The plan is a minimum-cost flow by shortest paths. The next kWh of a load takes the cheapest step in
its window. It may also take the place of another load, and this load then takes its own cheapest
step. Such a swap costs nothing, so a path is a chain of loads. The result is the optimum, as long
as no feed-in price is above the price, and no load has a minimum power.
"""

from collections.abc import Container, Sequence
from functools import cache, partial
from math import inf
from typing import NamedTuple

from .next_kwh_price import EQUAL_EUR, NO_KWH, Quarter, Step, steps
from .planned_load import Load, Planned
from .run_joiner import join_runs

# A step or a swap ends with each part of energy, so usual plans need far fewer parts.
_MAX_PARTS_A_QUARTER = 12
# A start that is kept has at least five minutes of energy.
_MIN_HOURS = 1 / 12


class _Place(NamedTuple):
    """Cheapest place for the next energy of a load."""

    rank: float
    """Price in units of EQUAL_EUR."""
    at: int
    step: Step


class _Swap(NamedTuple):
    """Place that a load takes from another load."""

    by: int
    at: int
    kwh: float


_NOWHERE = _Place(inf, 0, Step(inf, 0.0))


def place_pausing(
    loads: Sequence[Load], quarters: Sequence[Quarter], net: Sequence[float]
) -> dict[str, Planned]:
    """Return the cheapest energies of all loads that may pause, by name.

    `net` is the net import of the house without the loads, in kWh.
    """
    placement = _Placement(loads, quarters, net)
    missing = [placement.place(n) for n in range(len(loads))]
    placement.join_runs()
    return {
        load.name: Planned(placement.kwh[n], placement.limits[n], missing[n])
        for n, load in enumerate(loads)
    }


class _Placement:
    """Energies of loads that are placed one after the other."""

    def __init__(
        self, loads: Sequence[Load], quarters: Sequence[Quarter], net: Sequence[float]
    ) -> None:
        self.kwh = [[0.0] * len(quarters) for _ in loads]
        self.limits = [-inf] * len(loads)
        self._loads = loads
        self._quarters = quarters
        self._total = [*net]
        self._windows = [load.window(len(quarters)) for load in loads]
        self._cheapest: list[_Place | None] = [None] * len(loads)
        # Each part of energy changes one quarter-hour, so most places are asked for again.
        self._place_at = cache(partial(_first_place, quarters))

    def place(self, n: int) -> float:
        """Place the energy of a load. Return the energy that does not fit."""
        left = self._loads[n].kwh - self._place_start(n)
        for _ in range(_MAX_PARTS_A_QUARTER * len(self._quarters)):
            if left <= NO_KWH:
                break
            places = self._places(n)
            swaps = self._swaps(n, places)
            last = min((n, *swaps), key=lambda load: (places[load].rank, load != n))
            if places[last].rank == inf:
                break
            left -= self._take(n, places[last], self._chain(last, swaps), left)
        return max(0.0, left) if left > NO_KWH else 0.0

    def join_runs(self) -> None:
        """Remove starts of each load that save too little."""
        for n, load in enumerate(self._loads):
            own = self.kwh[n]
            others = [total - kwh for total, kwh in zip(self._total, own, strict=True)]
            self.kwh[n], dearest = join_runs(load, self._quarters, others, own)
            self.limits[n] = max(self.limits[n], dearest)
            self._total = [other + kwh for other, kwh in zip(others, self.kwh[n], strict=True)]

    def _place_start(self, n: int) -> float:
        """Place the first energy of a start that must be kept. Return this energy.

        A later start makes no kWh before it dearer, so it leaves the limit price as it is.
        """
        load, at = self._loads[n], self._start(n)
        if at not in self._windows[n]:
            return 0.0
        least = max(load.min_kw / 4, load.max_kw * _MIN_HOURS)
        kwh = min(load.kwh, load.max_kw / 4, least)
        price = self._quarters[at].added(self._total[at], kwh) / kwh if kwh else inf
        if price == inf:
            return 0.0
        self.kwh[n][at] = kwh
        self._total[at] += kwh
        if at == load.first:
            self.limits[n] = price
        self._forget(at, {n})
        return kwh

    def _start(self, n: int) -> int:
        pause = self._loads[n].pause
        return pause[1] if pause else -1

    def _forget(self, at: int, changed: Container[int]) -> None:
        """Look again for the cheapest places of changed loads, and of those at this place."""
        for load, known in enumerate(self._cheapest):
            if load in changed or (known is not None and known.at == at):
                self._cheapest[load] = None

    def _places(self, n: int) -> list[_Place]:
        """Return the cheapest places of the loads up to `n`."""
        for load in range(n + 1):
            if self._cheapest[load] is None:
                self._cheapest[load] = self._cheapest_place(load)
        return [place for place in self._cheapest if place is not None]

    def _cheapest_place(self, n: int) -> _Place:
        load, own, best = self._loads[n], self.kwh[n], _NOWHERE
        for at in self._windows[n]:
            spare = load.max_kw / 4 - own[at]
            if spare > NO_KWH:
                least = 0.0 if own[at] > NO_KWH else min(load.min_kw / 4, spare)
                place = self._place_at(at, self._total[at], spare, least)
                best = place if place.rank < best.rank else best
        return best

    def _swaps(self, n: int, places: Sequence[_Place]) -> dict[int, _Swap]:
        """Return the loads with a cheaper place that load `n` can push aside.

        A load pushes another one directly, or by a chain of swaps.
        """
        swaps: dict[int, _Swap] = {}
        chain = [n]
        for by in chain:
            for load in range(n):
                if load in chain or places[load].rank >= places[n].rank:
                    continue
                if (swap := self._swap(by, load)).kwh > NO_KWH:
                    swaps[load] = swap
                    chain.append(load)
        return swaps

    def _swap(self, by: int, load: int) -> _Swap:
        """Return the largest swap by which a load takes the place of another one."""
        best = _Swap(by, 0, 0.0)
        # A load with a minimum power cannot have any part of a place.
        if self._loads[by].min_kw or self._loads[load].min_kw:
            return best
        most = self._loads[by].max_kw / 4
        for at in self._windows[by]:
            kwh = min(self.kwh[load][at], most - self.kwh[by][at])
            if kwh > best.kwh and at != self._start(load):
                best = _Swap(by, at, kwh)
        return best

    @staticmethod
    def _chain(last: int, swaps: dict[int, _Swap]) -> list[tuple[int, _Swap]]:
        """Return the swaps after which the load `last` has to take its cheapest place."""
        chain = []
        while swap := swaps.get(last):
            chain.append((last, swap))
            last = swap.by
        return chain

    def _take(
        self, n: int, place: _Place, chain: Sequence[tuple[int, _Swap]], left: float
    ) -> float:
        """Take a place by a chain of swaps. Return the energy that load `n` has won."""
        kwh = min(left, place.step.kwh, *(swap.kwh for _, swap in chain))
        last = chain[0][0] if chain else n
        self.kwh[last][place.at] += kwh
        self._total[place.at] += kwh
        for load, swap in chain:
            self.kwh[load][swap.at] -= kwh
            self.kwh[swap.by][swap.at] += kwh
        for load in {last, n}:
            self.limits[load] = max(self.limits[load], place.step.price)
        self._forget(place.at, {n, *(load for load, _ in chain)})
        return kwh


def _first_place(
    quarters: Sequence[Quarter], at: int, total: float, spare: float, least: float
) -> _Place:
    """Return the next energy in a quarter-hour: `least`, otherwise at most `spare`."""
    if least:
        step = Step(quarters[at].added(total, least) / least, least)
    else:
        step = next(steps(quarters[at], total, spare), _NOWHERE.step)
    return _NOWHERE if step.price == inf else _Place(round(step.price / EQUAL_EUR), at, step)
