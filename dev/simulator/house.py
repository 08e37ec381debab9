"""Houses of the simulated meters, with their wiring and their equipment."""

from dataclasses import dataclass
from typing import Literal

type Medium = Literal["gas", "water", "heat", "empty"]


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """House of a meter.

    `media` has the kind of M-Bus meter on channel 1, on channel 2 and so on. It is "empty" for a
    channel without a meter.
    """

    phases: Literal[1, 3] = 3
    # Standby load in W. `liveliness` says how often the household uses appliances and water taps:
    # 1.0 stands for four people, 0.5 for half as often.
    standby: int = 180
    liveliness: float = 1.0
    # Peak power of the solar panels in W, 0 without panels. `solar_phase` is the phase of the
    # inverter, counted from 0. If it is None, the inverter feeds all phases.
    solar_peak: int = 0
    solar_phase: int | None = None
    # Charging power of the electric car in W, 0 without a car. `car_evenings` is the share of
    # evenings on which the car charges.
    car_power: int = 0
    car_phases: Literal[1, 3] = 3
    car_evenings: float = 0.4
    # Power of the electric boiler in W, 0 without one.
    boiler_power: int = 0
    # Heat loss in W per kelvin between inside and outside.
    heat_loss: int = 180
    media: tuple[Medium, ...] = ()


HOUSES = (
    House(
        solar_peak=8200,
        car_power=11000,
        boiler_power=2000,
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
    """Return the house of the meter with this number. Meters are numbered from 1."""
    return HOUSES[(number - 1) % len(HOUSES)]
