"""Sources of the Energy dashboard that move from entities to statistics, and back."""

import random
from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from typing import Any

import probatio as vol
import pytest
from homeassistant.components.energy.data import ENERGY_SOURCE_SCHEMA

from custom_components.smarty_p1.dashboards.energy_sources import (
    Move,
    Replacements,
    apply_moves,
    plan_moves,
    undo_moves,
)
from dev.testing.random_examples import examples

IMPORTED, EXPORTED, GAS = "sensor.s_imported", "sensor.s_exported", "sensor.gas_7401"
NEW_GAS = "sensor.gas_9999"
PRICE, PRICE_EXPORT = "sensor.s_price", "sensor.s_price_export"
STATISTICS = Replacements(
    energies={
        IMPORTED: "smarty_p1:0a_imported",
        EXPORTED: "smarty_p1:0a_exported",
        GAS: "smarty_p1:0a_gas_volume",
        NEW_GAS: "smarty_p1:0a_gas_volume",
    },
    costs={
        "smarty_p1:0a_imported": "smarty_p1:0a_cost",
        "smarty_p1:0a_exported": "smarty_p1:0a_compensation",
    },
    prices={PRICE, PRICE_EXPORT},
    rates={"sensor.gas_7401_flow_rate": "sensor.gas_9999_flow_rate"},
)
NO_COST = {"stat_cost": None, "entity_energy_price": None, "number_energy_price": None}
NO_REVENUE = {
    "stat_compensation": None,
    "entity_energy_price_export": None,
    "number_energy_price_export": None,
}
type Source = dict[str, Any]


def grid(
    imported: str | None = IMPORTED, exported: str | None = EXPORTED, **more: object
) -> Source:
    fields = {"type": "grid", "stat_energy_from": imported, "stat_energy_to": exported}
    return {**fields, **NO_COST, **NO_REVENUE, "cost_adjustment_day": 0.0, **more}


def gas(energy: str = GAS, **more: object) -> Source:
    return {"type": "gas", "stat_energy_from": energy, **NO_COST, **more}


MOVED = grid("smarty_p1:0a_imported", "smarty_p1:0a_exported")
MOVED_GAS = gas("smarty_p1:0a_gas_volume")
PRICED = grid(
    entity_energy_price=PRICE,
    entity_energy_price_export=PRICE_EXPORT,
    stat_rate="sensor.s_power",
    name="House",
    cost_adjustment_day=2.5,
)
MOVES: Mapping[str, tuple[Source, Source]] = {
    "without costs": (grid(), MOVED),
    "with the meter's prices": (
        PRICED,
        MOVED
        | {
            "stat_cost": "smarty_p1:0a_cost",
            "stat_compensation": "smarty_p1:0a_compensation",
            "stat_rate": "sensor.s_power",
            "name": "House",
            "cost_adjustment_day": 2.5,
        },
    ),
    "with a cost of the user's": (
        grid(stat_cost="sensor.mine", number_energy_price=0.2),
        MOVED | {"stat_cost": "sensor.mine", "number_energy_price": 0.2},
    ),
    "only import, own price of another meter's export": (
        grid(exported="sensor.other", number_energy_price_export=0.1),
        grid("smarty_p1:0a_imported", "sensor.other", number_energy_price_export=0.1),
    ),
    "only export": (grid(None), grid(None, "smarty_p1:0a_exported")),
    "gas": (
        gas(stat_rate="sensor.mine", name="Gas"),
        MOVED_GAS | {"stat_rate": "sensor.mine", "name": "Gas"},
    ),
    "an exchanged gas meter": (
        gas(stat_rate="sensor.gas_7401_flow_rate"),
        MOVED_GAS | {"stat_rate": "sensor.gas_9999_flow_rate"},
    ),
    "the flow rate of an exchanged gas meter": (
        MOVED_GAS | {"stat_rate": "sensor.gas_7401_flow_rate"},
        MOVED_GAS | {"stat_rate": "sensor.gas_9999_flow_rate"},
    ),
}


@pytest.mark.parametrize(("before", "after"), MOVES.values(), ids=MOVES)
def test_a_source_moves_and_comes_back(before: Source, after: Source) -> None:
    sources = [{"type": "solar", "stat_energy_from": "sensor.sun"}, before]
    plan = plan_moves(sources, STATISTICS)
    assert (plan.moves, plan.own_prices) == ([Move(before, after)], [])
    moved = apply_moves(sources, plan.moves)
    assert moved == [sources[0], after]
    assert plan_moves(moved, STATISTICS) == ([], [])
    assert undo_moves(moved, plan.moves) == sources
    # A change of the user in the meantime stays.
    moved[1] = {**after, "name": "Renamed", "stat_cost": "sensor.later"}
    back = undo_moves(moved, plan.moves)[1]
    assert (back["name"], back["stat_cost"]) == ("Renamed", "sensor.later")
    assert back["stat_energy_from"] == before["stat_energy_from"]


OTHERS: Mapping[str, Source] = {
    "another meter": grid("sensor.theirs", "sensor.theirs_exported", entity_energy_price=PRICE),
    "statistics already": MOVED,
    "water": {"type": "water", "stat_energy_from": GAS, **NO_COST},
    "gas of another device": gas("sensor.heat"),
    "a price without a cost statistic": gas(entity_energy_price=PRICE),
}


@pytest.mark.parametrize("source", OTHERS.values(), ids=OTHERS)
def test_other_sources_stay(source: Source) -> None:
    assert plan_moves([source], STATISTICS) == ([], [])


OWN_PRICES: Mapping[str, Source] = {
    "number": grid(number_energy_price=0.25),
    "a number of 0": grid(number_energy_price_export=0.0),
    "foreign price entity": grid(entity_energy_price="sensor.tibber"),
    "one of two sides": PRICED | {"entity_energy_price_export": "sensor.tibber"},
    "gas": gas(number_energy_price=0.9),
}


@pytest.mark.parametrize("source", OWN_PRICES.values(), ids=OWN_PRICES)
def test_a_source_with_an_own_price_stays_and_is_returned(source: Source) -> None:
    assert plan_moves([source], STATISTICS) == ([], [source])


def test_gas_meters_before_and_after_an_exchange_become_one_source() -> None:
    old, new = gas(GAS, name="Old"), gas(NEW_GAS)
    plan = plan_moves([old, new], STATISTICS)
    assert plan.moves == [Move(old, MOVED_GAS | {"name": "Old"}), Move(new, None)]
    moved = apply_moves([old, new], plan.moves)
    assert moved == [MOVED_GAS | {"name": "Old"}]
    assert undo_moves(moved, plan.moves) == [old, new]
    # A new meter that was entered beside the statistics counts twice.
    assert plan_moves([new, MOVED_GAS], STATISTICS).moves == [Move(new, None)]


def test_a_statistic_is_never_in_two_connections() -> None:
    half = grid("smarty_p1:0a_imported", None)
    assert plan_moves([grid(), half], STATISTICS) == ([], [])
    assert plan_moves([grid(None), grid(IMPORTED, None), half], STATISTICS).moves == [
        Move(grid(None), grid(None, "smarty_p1:0a_exported")),
        Move(grid(IMPORTED, None), None),
    ]


def test_sources_that_were_changed_since_the_plan_stay() -> None:
    plan = plan_moves([PRICED, gas()], STATISTICS)
    changed = PRICED | {"name": "Renamed"}
    assert apply_moves([changed, gas()], plan.moves) == [changed, MOVED_GAS]
    # The user has entered the entity again: undoing would enter it twice.
    again = [MOVED_GAS, gas()]
    assert undo_moves(again, plan.moves) == again
    assert undo_moves([], plan.moves) == []


def _random_sources(seed: int) -> list[Source]:
    """Return sources that Home Assistant accepts."""
    random_ = random.Random(seed)  # noqa: S311 - no secret
    entities = [IMPORTED, EXPORTED, GAS, NEW_GAS, "sensor.other", "sensor.third"]
    entities += STATISTICS.energies.values()
    prices = [None, PRICE, PRICE_EXPORT, "sensor.foreign"]

    def source() -> Source:
        if random_.random() < 0.5:
            made = gas(random_.choice(entities))
        else:
            made = grid(random_.choice(entities), random_.choice([None, *entities]))
        for name in made:
            if name.startswith("entity"):
                made[name] = random_.choice(prices)
            elif name.startswith(("number", "stat_co")) and random_.random() < 0.2:
                made[name] = 0.2 if name.startswith("number") else "sensor.cost"
        return made

    while True:
        sources = [source() for _ in range(random_.randint(0, 4))]
        gases = [made["stat_energy_from"] for made in sources if made["type"] == "gas"]
        with suppress(vol.Invalid):
            if len(gases) == len({*gases}):
                ENERGY_SOURCE_SCHEMA(deepcopy(sources))
                return sources


@pytest.mark.parametrize("seed", range(examples(100)))
def test_home_assistant_accepts_all_moves(seed: int) -> None:
    sources = _random_sources(seed)
    before = deepcopy(sources)
    plan = plan_moves(sources, STATISTICS)
    chosen = plan.moves[seed % 2 :]
    moved = apply_moves(sources, chosen)
    assert sources == before
    assert ENERGY_SOURCE_SCHEMA(deepcopy(moved)) == moved
    assert all(source in sources for source in plan.own_prices)
    back = undo_moves(moved, chosen)
    assert ENERGY_SOURCE_SCHEMA(deepcopy(back)) == back
    assert sorted(back, key=str) == sorted(sources, key=str)
    assert plan_moves(apply_moves(sources, plan.moves), STATISTICS).moves == []
