"""A battery behind a meter that sends every ten seconds: what remains at the grid.

Loads, laws and phases are drawn at random, with a seed that a failure prints.
"""

import secrets
import sys
from dataclasses import replace
from random import Random

import pytest

from .plant import (
    CALM,
    HOUSE,
    LAWS,
    LOADS,
    ROUGH,
    Integrator,
    Jumper,
    Line,
    Load,
    Proportional,
    chance,
    cycle,
    drift,
    mean_at_grid,
    measure,
)

HALF_AN_HOUR = 1800
# Some ignore small values and so cannot take back what they followed, one is slower than the loads:
# docs/batteries.md.
EXCEPTIONS = {"adding from 50 W", "adding from 100 W", "40 W a second"}
PROMPT = [law for law in LAWS if law not in EXCEPTIONS]


@pytest.fixture
def draw() -> Random:
    seed = secrets.randbits(32)
    sys.stdout.write(f"seed {seed}\n")
    return Random(seed)  # noqa: S311 - loads and phases


def alone(load: Load) -> float:
    return mean_at_grid([], load, CALM, Random(1))  # noqa: S311 - not used


@pytest.mark.parametrize(("law", "most"), [("adding", 390), ("stepping", 490)])
def test_a_battery_gets_its_share(law: str, most: float, draw: Random) -> None:
    mean, _ = measure([law], HOUSE, CALM, 2, draw)
    assert mean <= most


@pytest.mark.parametrize("laws", [["adding"], ["stepping"], ["adding", "stepping"]])
def test_a_battery_helps_although_telegrams_are_lost(laws: list[str], draw: Random) -> None:
    line = replace(ROUGH, is_udp=draw.random() < 0.5)
    assert mean_at_grid([LAWS[law]() for law in laws], HOUSE, line, draw) <= 650


@pytest.mark.parametrize(
    ("delay", "most"),
    # A battery swings if it takes what it has added since the telegram was sent for a new load.
    [(10, 700), (20, 950), (60, None), (90, None), (300, None)],
)
@pytest.mark.parametrize("law", ["adding", "stepping", "adding from 100 W"])
def test_late_telegrams_make_no_battery_swing(
    law: str, delay: float, most: float | None, draw: Random
) -> None:
    mean, _ = measure([law], HOUSE, replace(CALM, delay=delay), 2, draw)
    # Too old for an answer, so the battery rests.
    assert mean == alone(HOUSE) if most is None else mean <= most


@pytest.mark.parametrize("poll", [1, 2])
@pytest.mark.parametrize("dead_band", [50, 100])
def test_values_that_a_battery_ignores_are_noticed_beside_a_kettle(
    dead_band: float, poll: float, draw: Random
) -> None:
    load = LOADS["2 kW, 10 of 60 s"][:2400]
    line = replace(CALM, phase=draw.uniform(0, 10))
    assert mean_at_grid([Proportional(1, dead_band, poll)], load, line, draw) <= alone(load)


def drawn_load(draw: Random) -> Load:
    base, watts = draw.uniform(250, 600), draw.uniform(500, 2500)
    match draw.randrange(4):
        case 0:
            on = draw.uniform(15, 60)
            return cycle(watts, on, on * draw.uniform(2, 4), base)
        case 1:
            return chance(draw, watts, draw.uniform(20, 120), draw.uniform(40, 240), base)
        case 2:
            return drift(draw, draw.uniform(100, 700), draw.uniform(0, 120), base)
        case _:
            return LOADS[draw.choice(list(LOADS))]


@pytest.mark.parametrize("batteries", [1, 2, 3])
def test_it_is_calmer_than_without_a_battery(batteries: int, draw: Random) -> None:
    load = drawn_load(draw)[:HALF_AN_HOUR]
    laws = draw.choices(PROMPT, k=batteries)
    line = replace(draw.choice([CALM, ROUGH]), silence=0.0, is_udp=draw.random() < 0.5)
    mean, _ = measure(laws, load, line, 3, draw)
    sys.stdout.write(f"{laws}, {line}\n")
    assert mean <= 1.1 * alone(load)


@pytest.mark.parametrize("law", [Integrator, Jumper])
def test_the_last_value_repeated_makes_it_swing(law: type[Integrator], draw: Random) -> None:
    assert mean_at_grid([law()], HOUSE, Line(is_named=False), draw) > 1200
