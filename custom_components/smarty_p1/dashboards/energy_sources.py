"""Moves of Energy dashboard sources from the entities of a meter to its hourly statistics.

The functions get sources and return sources. They change neither the dashboard nor their arguments.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

type StoredSource = Mapping[str, Any]
"""Source of the Energy dashboard, as Home Assistant stores it."""

RATE = "stat_rate"


class Side(NamedTuple):
    """Fields of one direction of energy in a source."""

    energy: str
    cost: str
    price_entity: str
    price: str


IMPORT = Side("stat_energy_from", "stat_cost", "entity_energy_price", "number_energy_price")
EXPORT = Side(
    "stat_energy_to",
    "stat_compensation",
    "entity_energy_price_export",
    "number_energy_price_export",
)
SIDES: Mapping[str, tuple[Side, ...]] = {"grid": (IMPORT, EXPORT), "gas": (IMPORT,)}


class Replacements(NamedTuple):
    """Statistics and entities of a meter that replace those of a source."""

    energies: Mapping[str, str]
    """Ids of statistics, keyed by the energy entity that each replaces."""
    costs: Mapping[str, str]
    """Ids of cost statistics, keyed by the energy statistic. Each of them exists."""
    prices: Collection[str]
    """Price entities of the meter. The cost statistics contain these prices."""
    rates: Mapping[str, str]
    """Flow rate entities of gas meters in use, keyed by those of exchanged meters."""


class Move(NamedTuple):
    """Change of one source. `after` is None if other sources show the same energy already."""

    before: StoredSource
    after: StoredSource | None


class MovePlan(NamedTuple):
    """Sources of a meter that can be moved, and sources that cannot."""

    moves: list[Move]
    own_prices: list[StoredSource]
    """Sources that stay because of the user's own price.

    Home Assistant refuses a number or a price entity for an energy without an entity.
    """


def plan_moves(sources: Iterable[StoredSource], replacements: Replacements) -> MovePlan:
    """Return the moves of all sources that have an entity of the meter.

    Sources of other meters, and sources that have the statistics already, are left out.
    """
    sources = [*sources]
    shown = _energies(sources)
    plan = MovePlan([], [])
    for source in sources:
        moved = [
            side for side in _sides(source) if source.get(side.energy) in replacements.energies
        ]
        if any(_has_own_price(source, side, replacements) for side in moved):
            plan.own_prices.append(source)
            continue
        if move := _move_of(source, moved, replacements, shown):
            plan.moves.append(move)
            shown |= _energies([move.after] if move.after else [])
    return plan


def _move_of(
    source: StoredSource,
    moved: Sequence[Side],
    replacements: Replacements,
    shown: Collection[tuple[str, str, str]],
) -> Move | None:
    """Return the move of a source. `shown` are the energies of all sources.

    Return None if the source stays: it has the statistics already, or would lose a cost, or other
    sources already have a part of its energies.
    """
    if any(_loses_cost(source, side, replacements) for side in moved):
        return None
    after = _moved(source, moved, replacements)
    new = _energies([after]) - _energies([source])
    if new.isdisjoint(shown):
        return Move(source, after) if after != source else None
    return Move(source, None) if _energies([after]) == new and new.issubset(shown) else None


def apply_moves(sources: Iterable[StoredSource], moves: Iterable[Move]) -> list[StoredSource]:
    """Return the sources after some moves. Skip a move if its source has changed since the plan."""
    result = [*sources]
    for before, after in moves:
        if before in result:
            place = result.index(before)
            result[place : place + 1] = [] if after is None else [after]
    return result


def undo_moves(sources: Iterable[StoredSource], moves: Iterable[Move]) -> list[StoredSource]:
    """Return the sources before some moves.

    Fields that the user has changed since then keep their values. Skip a move if its source is
    gone, or if another source has the former entities.
    """
    result = [*sources]
    for before, after in moves:
        energies = _energies(result) - (_energies([after]) if after else set())
        if _energies([before]) & energies:
            continue
        if after is None:
            result.append(before)
        for place, source in enumerate(result):
            if after and _is_same_energy(source, after):
                result[place] = _restored(source, before, after)
                break
    return result


def _sides(source: StoredSource) -> tuple[Side, ...]:
    return SIDES.get(str(source.get("type")), ())


def _energies(sources: Iterable[StoredSource]) -> set[tuple[str, str, str]]:
    """Return the energies of sources, each with the source's type and the energy's field.

    Two sources with the same energy would count it twice.
    """
    return {
        (str(source["type"]), side.energy, energy)
        for source in sources
        for side in _sides(source)
        if (energy := source.get(side.energy))
    }


def _has_own_price(source: StoredSource, side: Side, replacements: Replacements) -> bool:
    """Return whether the user has entered a price. With a cost statistic, no price is used."""
    if source.get(side.cost) is not None:
        return False
    entity = source.get(side.price_entity)
    is_foreign = entity is not None and entity not in replacements.prices
    return is_foreign or source.get(side.price) is not None


def _loses_cost(source: StoredSource, side: Side, replacements: Replacements) -> bool:
    """Return whether the source has a cost now, but the meter has no cost statistic for it."""
    is_priced = source.get(side.cost) is None and source.get(side.price_entity) is not None
    return is_priced and replacements.energies[source[side.energy]] not in replacements.costs


def _moved(source: StoredSource, moved: Iterable[Side], replacements: Replacements) -> StoredSource:
    after = {**source}
    for side in moved:
        after[side.energy] = replacements.energies[source[side.energy]]
        if source.get(side.cost) is None and source.get(side.price_entity) is not None:
            after[side.price_entity] = None
            after[side.cost] = replacements.costs[after[side.energy]]
    has_statistics = any(
        after.get(side.energy) in replacements.energies.values() for side in _sides(source)
    )
    if has_statistics and (rate := replacements.rates.get(str(source.get(RATE)))):
        after[RATE] = rate
    return after


def _is_same_energy(source: StoredSource, other: StoredSource) -> bool:
    names = ["type", *(side.energy for side in _sides(other))]
    return all(source.get(name) == other.get(name) for name in names)


def _restored(source: StoredSource, before: StoredSource, after: StoredSource) -> StoredSource:
    restored = {**source}
    for name in before.keys() | after.keys():
        if before.get(name) != after.get(name) == source.get(name):
            if name in before:
                restored[name] = before[name]
            else:
                restored.pop(name, None)
    return restored
