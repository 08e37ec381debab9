"""The houses behind the meters: how they are wired and what is in them."""

from dataclasses import dataclass
from typing import Literal

type Medium = Literal["gas", "water", "heat", "empty"]


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A house; `media` are its M-Bus channels in order, "empty" one without a meter."""

    phases: Literal[1, 3] = 3
    # Standing load in W and how lively the household is, 1 being four people.
    standby: int = 180
    liveliness: float = 1.0
    # A roof of 0 W has no panels; without a phase of its own the inverter feeds all three.
    solar_peak: int = 0
    solar_phase: int | None = None
    # An electric car that never comes draws 0 W.
    car_power: int = 0
    car_phases: Literal[1, 3] = 3
    car_evenings: float = 0.4
    # Heat that one kelvin between inside and outside costs, in W.
    heat_loss: int = 180
    media: tuple[Medium, ...] = ()


HOUSES = (
    House(
        solar_peak=8200,
        car_power=11000,
        media=("gas", "water", "heat", "empty"),
    ),
    House(
        standby=240,
        liveliness=1.3,
        car_power=7400,
        car_phases=1,
        heat_loss=240,
        media=("empty", "gas"),
    ),
    House(phases=1, standby=70, liveliness=0.5, heat_loss=60),
    House(
        standby=130,
        liveliness=0.8,
        solar_peak=4500,
        solar_phase=1,
        car_power=3700,
        car_phases=1,
        car_evenings=0.55,
        heat_loss=120,
        media=("water",),
    ),
    House(standby=150, heat_loss=150, media=("heat", "water")),
)


def house_of(number: int) -> House:
    """Return the house of meter 1, 2, ...; after the last kind they come round again."""
    return HOUSES[(number - 1) % len(HOUSES)]
