"""Data types of a complete quarter-hour."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, NamedTuple

from ..stored_json import Range

MAX_VALUE = 1e19
"""Maximum absolute value of a stored number."""
WH_A_KW = 250
"""Energy in Wh that 1 kW makes in a quarter-hour."""


type StoredAmount = Annotated[float, Range(0, MAX_VALUE)]
"""Energy or power with its limits in a stored file."""


class Origin(StrEnum):
    """Origin of a quarter-hour that this program has not measured itself."""

    LENEDA = "leneda"
    """Read from the meter by the operator, published on the national platform Leneda."""
    LENEDA_ESTIMATED = "leneda_estimated"
    """Estimated or edited by the operator, published on the national platform Leneda."""


class QuarterHour(NamedTuple):
    """Energies of a complete quarter-hour."""

    start: datetime
    """In UTC."""
    mean_kw: StoredAmount
    """Mean imported power."""
    exported_kwh: StoredAmount | None = None
    reactive_imported_kvarh: StoredAmount | None = None
    reactive_exported_kvarh: StoredAmount | None = None
    origin: Origin | None = None
    """None for a quarter-hour measured by this program."""

    @property
    def imported_kwh(self) -> float:
        """Return the imported energy in kWh: the mean power times a quarter of an hour."""
        return self.mean_kw / 4
