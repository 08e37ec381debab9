"""Energy sharing: imported energy that comes from a sharing group, so that no supplier bills it.

Shared energy is known only from the national platform Leneda, which corrects its data for weeks. So
shared energy is added to days whenever the days are computed, and is never stored with them.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple


class QuarterHourSharing(NamedTuple):
    """Shared energy of one quarter-hour in the data of the national platform Leneda."""

    layers_wh: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """Energy from the layers 1 to 4 of sharing groups."""
    remaining_wh: float | None = None
    """Energy that the supplier bills, None where unknown."""
    leneda_wh: float | None = None
    """Imported energy of the quarter-hour in Leneda's data, None where unknown."""


type SharedQuarterHours = Mapping[datetime, QuarterHourSharing]
"""Shared energy keyed by the start of the quarter-hour, in UTC."""
NO_SHARING: SharedQuarterHours = {}
