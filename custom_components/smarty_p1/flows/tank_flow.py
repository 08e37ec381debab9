"""The steps that set a rainwater tank up: its sensor's port, and how far the water is from it."""

from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_PORT
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
)

from ..const import (
    CONF_DISTANCE_EMPTY,
    CONF_DISTANCE_FULL,
    CONF_KIND,
    CONF_SHAPE,
    CONF_VOLUME,
    KIND_TANK,
)
from ..coordinator.tank_coordinator import TANK_BAUD_RATE, tank_data, tank_of
from ..lib.boards import Shape
from ..lib.boards.board_probe import probe_sonar
from .board_flow import BoardFlow, FieldError
from .key_form import NEW_PORT
from .port_field import async_port_selector

_UNKNOWN = "-"


def _number(most: float, unit: str) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(
            min=0, max=most, step="any", mode=NumberSelectorMode.BOX, unit_of_measurement=unit
        )
    )


GEOMETRY = {
    vol.Required(CONF_DISTANCE_EMPTY): _number(1000, "cm"),
    vol.Required(CONF_DISTANCE_FULL): _number(1000, "cm"),
    vol.Required(CONF_VOLUME): _number(1_000_000, "L"),
    vol.Required(CONF_SHAPE, default=Shape.UPRIGHT.value): SelectSelector(
        SelectSelectorConfig(options=[shape.value for shape in Shape], translation_key="tank_shape")
    ),
}


def read_geometry(user_input: dict[str, Any]) -> dict[str, Any]:
    """Return the part of the input that describes a tank. Raises FieldError when it cannot be."""
    geometry = {str(field.schema): user_input[field.schema] for field in GEOMETRY}
    try:
        tank_of(geometry)
    except ValueError as err:
        is_volume = geometry[CONF_VOLUME] <= 0
        raise FieldError(
            CONF_VOLUME if is_volume else CONF_DISTANCE_FULL,
            "volume_zero" if is_volume else "tank_upside_down",
        ) from err
    return geometry


class TankSteps(BoardFlow):
    """A rainwater tank with a MaxBotix XL-MaxSonar."""

    _distance_cm: float | None = None

    async def async_step_tank(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the port of the sensor, and for the tank."""
        draft = self._draft_of("tank", user_input)
        if user_input is not None:
            try:
                draft.options = self._read_tank(user_input)
                port = await self._async_read_port(user_input[CONF_PORT])
                draft.data = {CONF_KIND: KIND_TANK, CONF_PORT: port}
                self._check_unused(draft)
                return await self.async_step_wait_for_sensor()
            except FieldError as err:
                self._note(draft, err)
        geometry = {} if self._is_update else GEOMETRY
        return self._show_board_form(
            draft, {NEW_PORT: await async_port_selector(self.hass), **geometry}
        )

    async def async_step_wait_for_sensor(
        self, _user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show progress until the sensor has measured the distance."""
        assert self._draft  # noqa: S101 - the form leads here
        return await self._async_look(
            self._draft, "wait_for_sensor", self._async_measure, self._tell_distance
        )

    async def async_step_tank_found(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the distance, and the level that results."""
        draft = self._draft
        assert draft  # noqa: S101 - the form leads here
        if user_input is not None:
            return await self._async_finish(draft, "tank")
        data = tank_data(tank_of(draft.options), self._distance_cm)
        return self.async_show_form(
            step_id="tank_found",
            description_placeholders={
                "distance": _shown(data.distance_cm, "cm"),
                "level": _shown(data.level_percent, "%"),
                "volume": _shown(data.volume_l, "L"),
            },
            last_step=True,
        )

    def _read_tank(self, user_input: dict[str, Any]) -> dict[str, Any]:
        if self._is_update:
            return dict(self._get_reconfigure_entry().options)
        return read_geometry(user_input)

    async def _async_measure(self) -> float | None:
        assert self._draft  # noqa: S101 - the form leads here
        return await probe_sonar(self._draft.data[CONF_PORT], TANK_BAUD_RATE)

    def _tell_distance(self, distance_cm: float | None) -> str:
        self._distance_cm = distance_cm
        return "tank_found"


def _shown(value: float | None, unit: str) -> str:
    return _UNKNOWN if value is None else f"{value:g} {unit}"
