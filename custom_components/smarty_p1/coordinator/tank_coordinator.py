"""Coordinator of a tank. It turns the readings of a level sensor into values for the entities."""

from dataclasses import dataclass

from homeassistant.core import HomeAssistant, callback

from ..const import CONF_DISTANCE_EMPTY, CONF_DISTANCE_FULL, CONF_SHAPE, CONF_VOLUME
from ..lib.boards.tank_level import Shape, Sonar, Tank
from ..lib.failure_detection import TANK
from ..lib.json_types import JsonMapping
from ..lib.min_interval import MinInterval
from ..lib.port.errors import LinkError
from ..lib.port.reconnecting_port import SILENCE_TIMEOUT_S
from .coordinator_base import SourceCoordinator
from .entry_types import AnyConfigEntry
from .port_connection import PortConnection

TANK_BAUD_RATE = 9600
# Seconds between updates of the entities. The displayed distance is a median of the readings in
# these seconds.
_UPDATE_INTERVAL_S = 5.0


@dataclass(frozen=True)
class TankData:
    """Values that a tank's entities show. None means unknown."""

    distance_cm: float | None
    level_percent: float | None
    volume_l: float | None


def tank_of(options: JsonMapping) -> Tank:
    """Return the tank that the options describe. Raises ValueError for impossible dimensions."""
    return Tank(
        options[CONF_DISTANCE_EMPTY],
        options[CONF_DISTANCE_FULL],
        options[CONF_VOLUME],
        Shape(options[CONF_SHAPE]),
    )


def tank_data(tank: Tank, distance_cm: float | None) -> TankData:
    """Return the entities' values at `distance_cm`, the distance from the sensor to the water.

    If `distance_cm` is None, all values are None. If it is impossible in this tank, level and
    volume are None.
    """
    share = tank.share(distance_cm)
    return TankData(
        None if distance_cm is None else round(distance_cm, 1),
        None if share is None else round(100 * share, 1),
        None if share is None else float(round(tank.volume_l * share)),
    )


class TankCoordinator(SourceCoordinator[TankData]):
    """Coordinator that passes the level of one tank to its entities."""

    line: PortConnection

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        super().__init__(hass, entry, TANK)
        self.data = TankData(None, None, None)
        self.line = PortConnection(
            self,
            self._take,
            on_lost=self._on_lost,
            silence_timeout=SILENCE_TIMEOUT_S,
            baud_rate=TANK_BAUD_RATE,
        )
        self._tank = tank_of(dict(entry.options))
        self._sonar = Sonar()
        self._turns = MinInterval(hass.loop, _UPDATE_INTERVAL_S)

    async def async_start(self) -> None:
        """Start reading the port."""
        self.begin()
        self.line.start()

    @callback
    def _take(self, data: bytes) -> None:
        now = self.hass.loop.time()
        if not self._sonar.feed(data, now) or not self._sonar.is_settled:
            return
        self.readings += 1
        self.line.confirm()
        self.health.accepted(self.now())
        if self._turns.has_turn(is_urgent=not self.last_update_success):
            self.push(tank_data(self._tank, self._sonar.distance_cm(now)))

    @callback
    def _on_lost(self, _error: LinkError) -> None:
        self._sonar.start_anew()
