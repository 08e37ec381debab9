"""Sensors of a load that is planned, and of the saving of all loads of a meter."""

import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from math import inf
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import EntityCategory, UnitOfEnergy, UnitOfPower
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util import dt as dt_util

from ..coordinator.loads.needed_energy import PLANNED_POWER
from ..coordinator.loads.shown_plans import BATTERY_PLANS, PLAN_SAVINGS, PlanSaving
from ..coordinator.meter_coordinator import MeterCoordinator
from ..entities.load_entity import LoadEntity, PlanEntity
from ..lib.entities.deadband import DeadbandFilter, Shown, in_steps
from ..lib.entities.entity_description import CURRENCY, SensorSpec
from ..lib.plan.daily_load import LoadPlan, LoadState
from .sensor_description import describe_sensor

LOAD_STATE = "load_state"
# An outage of some hours shows. The running quarter-hour is no outage.
_WHOLE_SHARE = 0.995
LOAD_SENSORS: tuple[SensorSpec[LoadPlan], ...] = (
    SensorSpec(
        key="next_start",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda plan: plan.next_start,
    ),
    SensorSpec(
        key="limit_price",
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=f"{CURRENCY}/kWh",
        suggested_display_precision=2,
        value_fn=lambda plan: plan.shown_limit_price,
    ),
    SensorSpec(
        key=PLANNED_POWER,
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=1,
        # A start and an end are shown at once.
        follow=in_steps(0.1, limits=(sys.float_info.min, inf)),
        value_fn=lambda plan: plan.planned_kw,
    ),
    SensorSpec(
        key="missing_at_deadline",
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=1,
        follow=in_steps(0.1, limits=(0.0, 0.0)),
        value_fn=lambda plan: plan.missing_kwh,
    ),
    SensorSpec(
        key=LOAD_STATE,
        device_class=SensorDeviceClass.ENUM,
        options=tuple(LoadState),
        value_fn=lambda plan: plan.state,
    ),
)

PLAN_SAVING = SensorEntityDescription(
    key="plan_saving",
    translation_key="plan_saving",
    device_class=SensorDeviceClass.MONETARY,
    state_class=SensorStateClass.TOTAL,
    native_unit_of_measurement=CURRENCY,
    suggested_display_precision=2,
)


class LoadSensor(LoadEntity, SensorEntity):
    """Sensor of a load."""

    def __init__(
        self,
        coordinator: MeterCoordinator,
        subentry: ConfigSubentry,
        described: SensorSpec[LoadPlan],
    ) -> None:
        super().__init__(coordinator, subentry, described)
        self.entity_description = describe_sensor(described)
        self._follower = described.follow and DeadbandFilter(described.follow)

    @property
    @override
    def native_value(self) -> Shown:
        """Return the value in the current plan, in steps. Return None if it has none."""
        value: Shown = self.value
        return self._follower.shown(value, dt_util.utcnow()) if self._follower else value


class BatterySensor(LoadSensor):
    """Sensor of a battery."""

    _plans = BATTERY_PLANS


def battery_sensors(
    coordinator: MeterCoordinator, subentry: ConfigSubentry
) -> Iterable[SensorEntity]:
    """Return the sensors of a battery: its planned power, which is above 0 while it charges."""
    return [
        BatterySensor(coordinator, subentry, spec)
        for spec in LOAD_SENSORS
        if spec.key == PLANNED_POWER
    ]


def load_sensors(coordinator: MeterCoordinator, subentry: ConfigSubentry) -> Iterable[SensorEntity]:
    """Return the sensors of a load."""
    return [
        (LoadStateSensor if spec.key == LOAD_STATE else LoadSensor)(coordinator, subentry, spec)
        for spec in LOAD_SENSORS
    ]


class LoadStateSensor(LoadSensor):
    """Sensor of the state of a load, with the ends of the user's wishes."""

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, datetime | None]:
        """Return the times until which the user's hand and *Skip today* count."""
        plan = self._plan
        return {name: plan and getattr(plan, name) for name in ("hand_until", "skipped_until")}


class PlanSavingSensor(PlanEntity, SensorEntity):
    """Sensor of the saving by the plan in the running month."""

    def __init__(self, coordinator: MeterCoordinator) -> None:
        super().__init__(coordinator, PLAN_SAVING)

    @property
    def _shown(self) -> PlanSaving | None:
        return PLAN_SAVINGS.value_of(self.hass, self._entry.entry_id)

    @property
    @override
    def available(self) -> bool:
        """Return whether the saving has been counted."""
        return self._shown is not None

    @property
    @override
    def native_value(self) -> float | None:
        """Return the saving in EUR. Return None if it is unknown."""
        shown = self._shown
        return shown and shown.saving

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, bool]:
        """Return whether quarter-hours of the month are missing, whose saving is unknown."""
        shown = self._shown
        return {"known_in_part": shown.known_share < _WHOLE_SHARE} if shown else {}

    @property
    @override
    def last_reset(self) -> datetime | None:
        """Return the start of the month."""
        shown = self._shown
        return shown and shown.month_start

    @override
    async def async_added_to_hass(self) -> None:
        """Show each new saving."""
        signal = PLAN_SAVINGS.signal(self._entry.entry_id)
        self.async_on_remove(async_dispatcher_connect(self.hass, signal, self.async_write_ha_state))
