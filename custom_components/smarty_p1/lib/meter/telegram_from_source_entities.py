"""Telegrams made from the entities of other integrations, and a trial reading of these entities.

A dialog makes the trial reading before the entities are used. The trial finds the longest interval
between two reports, and the step by which the totals change.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from math import gcd
from typing import NamedTuple

from ..p1 import Telegram, Verification
from ..tariff import MAX_POWER_KW
from .meter_reader import IMPORTED_ENERGY

ENERGY_UNITS: Mapping[str, float] = {"Wh": 0.001, "kWh": 1.0, "MWh": 1000.0}
"""Kilowatt-hours in each accepted unit of energy."""
POWER_UNITS: Mapping[str, float] = {"W": 0.001, "kW": 1.0}
"""Kilowatts in each accepted unit of power."""
# Maximum total in kWh. A higher state counts as unknown. The register of a household's meter has
# six digits before the decimal point, so its values are lower.
_MAX_KWH = 10_000_000.0
_MAX_STATE_CHARS = 32
# A sum of tariffs is rounded to this number of decimals, because the sum of two floats has errors
# in further decimals.
_DECIMALS = 6


class Quantity(NamedTuple):
    """Quantity that entities show: its OBIS reference, its units, and its highest value."""

    reference: str
    units: Mapping[str, float]
    maximum: float


QUANTITIES: Mapping[str, Quantity] = {
    "energy_imported": Quantity("1-0:1.8.0", ENERGY_UNITS, _MAX_KWH),
    "energy_exported": Quantity("1-0:2.8.0", ENERGY_UNITS, _MAX_KWH),
    "power_imported": Quantity("1-0:1.7.0", POWER_UNITS, MAX_POWER_KW),
    "power_exported": Quantity("1-0:2.7.0", POWER_UNITS, MAX_POWER_KW),
}
"""Quantities of a telegram that entities can show."""


class EntityState(NamedTuple):
    """State of an entity in Home Assistant: a text and a unit."""

    text: str
    unit: str | None


def value_of(quantity: Quantity, state: EntityState) -> float | None:
    """Return the value of a state in kWh or kW.

    Return None if the state is not a number, if its unit is not accepted, or if its value is
    negative or above the maximum.
    """
    factor = quantity.units.get(state.unit or "")
    if factor is None or len(state.text) > _MAX_STATE_CHARS:
        return None
    try:
        value = float(state.text) * factor
    except ValueError:
        return None
    return value if 0 <= value <= quantity.maximum else None


def entity_telegram(
    states: Mapping[str, Sequence[EntityState]], time: datetime | None, integration: str
) -> Telegram:
    """Return a telegram with the values of `states` at a time.

    `states` has the states of entities for each quantity. If a quantity has several states, each
    of them is the total of a tariff, and they are added up. If one of them is unknown, the sum is
    None. `integration` is the name of the integration to which the entities belong.
    """
    objects: dict[str, float | None] = {}
    for name, shown in states.items():
        quantity = QUANTITIES[name]
        values = [value_of(quantity, state) for state in shown]
        known = [value for value in values if value is not None]
        is_whole = known and len(known) == len(values)
        objects[quantity.reference] = round(sum(known), _DECIMALS) if is_whole else None
    _balance(states, objects)
    return Telegram(integration, None, time, objects, {}, verification=Verification.INTEGRATION)


def _balance(states: Mapping[str, Sequence[EntityState]], objects: dict[str, float | None]) -> None:
    """Add the exported power to `objects` if only the imported power is read.

    A Smarty adds up the signed powers of its phases, so it never imports and exports at the same
    time. The exported power is:

    - 0 if the imported power is above 0;
    - 0 if the imported power is 0 and no entity shows exported energy;
    - None (unknown) in all other cases.
    """
    imported, exported = (
        QUANTITIES[name].reference for name in ("power_imported", "power_exported")
    )
    if imported in objects and exported not in objects:
        power = objects[imported]
        is_drawing = power is not None and (power > 0 or "energy_exported" not in states)
        objects[exported] = 0.0 if is_drawing else None


MAX_INTERVAL_S = 300.0
"""Maximum seconds between two reports. With slower entities, quarter-hours would be guesses."""
COARSE_STEP_WH = 100
"""If the totals change in steps of this many Wh or more, quarter-hours are wrong. Days and months
are still right."""
_ENERGIES = (IMPORTED_ENERGY, "1-0:2.8.0")
_POWERS = ("1-0:1.7.0", "1-0:2.7.0")
_STEPS_WH = (1000, 100, 10)
_QUARTER_HOUR_S = 900


class Trial(NamedTuple):
    """Result of the trial reading of a meter from its entities."""

    reports: int
    interval_s: float
    """Longest time between two reports."""
    step_wh: int
    """Step of the totals: the largest power of ten in Wh that divides all of them."""
    tolerance_w: int
    """Probable error of a quarter-hour's mean power in W."""


def assess(telegrams: Sequence[Telegram], last_report: datetime | None) -> Trial | None:
    """Return the result of a trial reading. Return None if no interval between telegrams is known.

    Each telegram has a new report of the imported energy. `last_report` is the time of its last
    report before the trial reading. If there is only one telegram, the interval lasts from
    `last_report` to this telegram.
    """
    times = [telegram.time for telegram in telegrams if telegram.time]
    if len(times) == 1 and last_report:
        times.insert(0, last_report)
    if len(times) < 2:  # noqa: PLR2004 - an interval has two ends
        return None
    interval = max((after - before).total_seconds() for before, after in pairwise(times))
    step = _step_wh(telegrams)
    tolerance = 4 * step + 1000 * _power_kw(telegrams) * interval / _QUARTER_HOUR_S
    return Trial(len(telegrams), interval, step, round(tolerance))


def _step_wh(telegrams: Sequence[Telegram]) -> int:
    totals = [telegram.objects.get(name) for telegram in telegrams for name in _ENERGIES]
    divisor = gcd(*(round(total * 1000) for total in totals if isinstance(total, float)))
    return next((step for step in _STEPS_WH if divisor and divisor % step == 0), 1)


def _power_kw(telegrams: Sequence[Telegram]) -> float:
    """Return the present power of the connection in kW.

    If no entity shows the power, it is computed from the rise of the imported energy.
    """
    first, last = telegrams[0], telegrams[-1]
    powers = [power for name in _POWERS if isinstance(power := last.objects.get(name), float)]
    if powers:
        return max(powers)
    before, after = (telegram.objects.get(IMPORTED_ENERGY) for telegram in (first, last))
    if not (isinstance(before, float) and isinstance(after, float) and first.time and last.time):
        return 0.0
    hours = (last.time - first.time).total_seconds() / 3600
    return max(0.0, after - before) / hours if hours else 0.0
