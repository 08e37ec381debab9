"""Sensors about the quarter-hours that the grid tariff is about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import Platform, UnitOfEnergy, UnitOfPower
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from ..const import CONF_REFERENCE_POWER, CONF_SURCHARGE_PRICE
from ..coordinator.meter_coordinator import MeterConfigEntry, SmartyCoordinator
from ..entity import SmartyEntity, forget_entities
from ..lib.meter.demand import Demand, QuarterHour


@dataclass(frozen=True, kw_only=True)
class DemandSensorDescription(SensorEntityDescription):
    """A sensor, and how its value is made; `option` must be set for it to exist."""

    value_fn: Callable[[Demand], StateType]
    quarter_fn: Callable[[Demand], QuarterHour | None] | None = None
    """The complete quarter-hour that it is about; without, the running one or the month."""
    option: str | None = None
    is_monthly: bool = False


def _mean(quarter: QuarterHour | None) -> float | None:
    return quarter.mean_kw if quarter else None


def _power(
    key: str,
    value_fn: Callable[[Demand], StateType],
    *,
    quarter_fn: Callable[[Demand], QuarterHour | None] | None = None,
    option: str | None = None,
    enabled: bool = True,
) -> DemandSensorDescription:
    return DemandSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=3,
        entity_registry_enabled_default=enabled,
        value_fn=value_fn,
        quarter_fn=quarter_fn,
        option=option,
    )


DEMAND_SENSORS: tuple[DemandSensorDescription, ...] = (
    _power("demand_running", lambda demand: demand.running_kw),
    _power("demand_projected", lambda demand: demand.projected_kw, enabled=False),
    _power(
        "demand_last",
        lambda demand: _mean(demand.last_quarter),
        quarter_fn=lambda demand: demand.last_quarter,
    ),
    _power("demand_peak", lambda demand: _mean(demand.peak), quarter_fn=lambda demand: demand.peak),
    _power("demand_available", lambda demand: demand.available_kw, option=CONF_REFERENCE_POWER),
    DemandSensorDescription(
        key="demand_excess_energy",
        translation_key="demand_excess_energy",
        device_class=SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=3,
        value_fn=lambda demand: demand.excess_kwh,
        option=CONF_REFERENCE_POWER,
        is_monthly=True,
    ),
    DemandSensorDescription(
        key="demand_excess_cost",
        translation_key="demand_excess_cost",
        device_class=SensorDeviceClass.MONETARY,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=2,
        value_fn=lambda demand: demand.excess_cost,
        option=CONF_SURCHARGE_PRICE,
        is_monthly=True,
    ),
)


def wanted_demand_sensors(options: Mapping[str, Any]) -> list[DemandSensorDescription]:
    """Return the sensors that an entry's options ask for."""
    if CONF_REFERENCE_POWER not in options:
        options = {}  # a price without a reference power has nothing to multiply
    return [each for each in DEMAND_SENSORS if each.option is None or each.option in options]


def demand_sensors(entry: MeterConfigEntry) -> list[DemandSensor]:
    """Return the sensors that the entry's options ask for, and forget the others."""
    coordinator = entry.runtime_data
    wanted = wanted_demand_sensors(entry.options)
    unwanted = {each.key for each in DEMAND_SENSORS} - {each.key for each in wanted}
    forget_entities(coordinator, Platform.SENSOR, unwanted)
    return [DemandSensor(coordinator, description) for description in wanted]


class DemandSensor(SmartyEntity, SensorEntity):
    """A sensor of the quarter-hours."""

    entity_description: DemandSensorDescription

    def __init__(
        self, coordinator: SmartyCoordinator, description: DemandSensorDescription
    ) -> None:
        """Take the description that makes this sensor."""
        super().__init__(coordinator, description.key)
        self.entity_description = description
        if description.device_class is SensorDeviceClass.MONETARY:
            self._attr_native_unit_of_measurement = coordinator.hass.config.currency

    @property
    @override
    def native_value(self) -> StateType:
        """Return the value by the last telegram."""
        demand = self.coordinator.demand.demand
        return self.entity_description.value_fn(demand) if demand else None

    @property
    @override
    def last_reset(self) -> datetime | None:
        """Return when the month began that a monthly value is about."""
        demand = self.coordinator.demand.demand
        return demand.month_start if demand and self.entity_description.is_monthly else None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return when that began which the value is about."""
        description, demand = self.entity_description, self.coordinator.demand.demand
        if description.is_monthly:
            return None
        if description.quarter_fn is None:
            return measured_since(demand, is_known=self.native_value is not None)
        quarter = description.quarter_fn(demand) if demand else None
        return {"start": _local_text(quarter.start) if quarter else None}


def measured_since(demand: Demand | None, *, is_known: bool) -> dict[str, str | None]:
    """Return since when that was measured which a value of the running quarter-hour is about."""
    return {"measured_since": _local_text(demand.measured_since) if demand and is_known else None}


def _local_text(time: datetime) -> str:
    # As times, the two hours from 2 to 3 of October are equal, and the first would stay.
    return dt_util.as_local(time).isoformat()
