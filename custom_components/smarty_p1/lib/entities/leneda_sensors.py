"""Sensors of a meter without a cable. The platform Leneda knows their values one day later."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from ..meter import Reading
from .entity_description import SensorSpec
from .meter_sensors import SENSORS
from .quarter_hour_power_sensors import DEMAND_SENSORS
from .sharing_sensors import SHARING_SENSORS
from .tariff_sensors import TARIFF_SENSORS


def _feeds_in(reading: Reading) -> bool:
    """Return whether the meter has exported energy in any known month."""
    demand = reading.demand
    months = (*demand.earlier_months, demand.month) if demand else ()
    return any(day.exported_wh for month in months for day in month.days)


# The states of both sensors stay unknown, because Leneda does not tell the meter's registers. But
# their statistics get Leneda's hourly energies.
_COUNTED: Mapping[str, Callable[[Reading], bool]] = {
    "energy_imported": lambda _reading: True,
    "energy_exported": _feeds_in,
}
# Sensors of the present quarter-hour and the present prices. Leneda's newest values are of
# yesterday, so these sensors are left out.
_LIVE = {
    "demand_running",
    "demand_projected",
    "demand_last",
    "demand_available",
    "price_import",
    "price_export",
}

PAST_SENSORS: tuple[SensorSpec[Reading], ...] = (
    *(replace(spec, exists_fn=_COUNTED[spec.key]) for spec in SENSORS if spec.key in _COUNTED),
    *(spec for spec in (*DEMAND_SENSORS, *TARIFF_SENSORS) if spec.key not in _LIVE),
    *SHARING_SENSORS,
)
