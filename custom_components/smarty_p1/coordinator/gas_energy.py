"""Energy of a cubic metre of gas, entered by the user: meters do not send it, bills name it."""

from collections.abc import Mapping
from typing import Any

from ..const import CONF_GAS_KWH_PER_M3

MIN_KWH_PER_M3 = 5.0
MAX_KWH_PER_M3 = 15.0


def kwh_per_m3(options: Mapping[str, Any], kind: str, unit: str | None) -> float | None:
    """Return the kWh in a cubic metre, None for other meters or without an entered value."""
    if (kind, unit) != ("gas", "m3"):
        return None
    energy: float | None = options.get(CONF_GAS_KWH_PER_M3)
    return energy
