"""Source of a meter without a cable: the quarter-hours of the platform Leneda."""

from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from ..lib.failure_detection import LENEDA
from ..lib.meter.meter_reader import outlined_reading
from .meter_coordinator import MeterCoordinator


class LenedaSource:
    """Source that shows the quarter-hours from Leneda now, and whenever they have changed.

    The records already have the quarter-hours, and there are no telegrams. So a reading has only
    values that are computed from the quarter-hours. The entities are available once Leneda has sent
    a day.
    """

    rules = LENEDA
    line = None

    def __init__(self, coordinator: MeterCoordinator) -> None:
        self._coordinator = coordinator
        # Add the listener now, because the records call it already while they are loaded.
        coordinator.records.leneda.listeners.add(self._show)

    async def async_start(self) -> None:
        """Show the stored quarter-hours."""
        self._show()

    @callback
    def _show(self) -> None:
        coordinator = self._coordinator
        records = coordinator.records
        if coordinator.is_closed or records.household_state is None:
            return
        coordinator.health.opened(coordinator.now())
        records.schedule_save()
        coordinator.show_reading(
            outlined_reading(records.memory, dt_util.utcnow(), records.money())
        )
