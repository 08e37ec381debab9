"""Subscription to the values of a meter. All listeners get the values with every telegram.

A subscription belongs to the config entry, not to its coordinator. When the entry is unloaded, the
listeners get a message with `gone`. When the entry is loaded again, the subscription continues.
"""

from collections.abc import Sequence
from typing import Literal, NotRequired, TypedDict, override

import voluptuous as vol
from homeassistant.components.websocket_api.connection import ActiveConnection
from homeassistant.components.websocket_api.decorators import websocket_command
from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntryChange
from homeassistant.const import UnitOfPower
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.json import json_bytes
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.unit_conversion import PowerConverter

from ..const import DOMAIN
from ..coordinator import LiveCoordinator, loaded_live
from ..coordinator.entry_types import AnyConfigEntry
from ..coordinator.loads.state_numbers import converted
from ..coordinator.meter_coordinator import MeterCoordinator
from ..coordinator.pulse_coordinator import PulseCoordinator
from ..lib.entities.entity_description import EntitySpec
from ..lib.entities.meter_sensors import SENSORS
from ..lib.entities.quarter_hour_power_sensors import BINARY_SENSORS, DEMAND_SENSORS
from ..lib.entities.tariff_sensors import TARIFF_SENSORS
from ..lib.history.luxembourg_time import QUARTER_HOUR
from ..lib.history.month_file_lines import month_name
from ..lib.history.quarter_hour_values import QuarterHourValues
from ..lib.history.register_amounts import Amounts
from ..lib.json_types import JsonDict
from ..lib.meter.meter_reader import Reading
from .meter_status import MeterState, RemedyAnswer, Status, now, status_of
from .requests import METER
from .shared_answer_types import CalendarMonth, Time
from .subscribers import Subscribers

# Entities whose values are not sent, because the values rarely change, or because other commands
# return them.
_LEFT_OUT = {
    "message",
    *(f"channel_message_{n}" for n in range(1, 6)),
    "device_name",
    "other_objects",
    "meter_time",
    "p1_version",
    "clock_offset",
    # The next two values are left out, because they compare months, which takes too long for every
    # telegram.
    "cheapest_reference_power",
    "saving_per_year",
}
_VALUES: tuple[EntitySpec[Reading], ...] = tuple(
    description
    for description in (*SENSORS, *DEMAND_SENSORS, *BINARY_SENSORS, *TARIFF_SENSORS)
    if description.key not in _LEFT_OUT
)


class LastQuarterHourAnswer(TypedDict):
    """Last quarter-hour that has ended."""

    start: Time
    mean_kw: float


class RunningQuarterHourAnswer(TypedDict):
    """Running quarter-hour."""

    time: Time
    start: Time
    end: Time
    measured_since: Time
    month: CalendarMonth
    """Newest month of `bill`. It changes with the second telegram of a month."""
    imported_wh: float
    exported_wh: float | None
    reference_kw: float | None
    running_kw: float | None
    projected_kw: float | None
    available_kw: float | None
    """Mean power that the house may use until the quarter-hour ends. Unlike the sensor *Available
    power*, it may exceed the reference power."""
    will_exceed: bool | None
    last: LastQuarterHourAnswer | None


class MediumReadingAnswer(TypedDict):
    """Reading of an M-Bus meter."""

    index: float | None
    unit: str | None
    time: Time | None
    flow: float | None
    """Flow in m³/h, or power in kW."""


class SourcePowerAnswer(TypedDict):
    """Power of an inverter or a battery, and the time of its last report; null if unknown."""

    kw: float | None
    """Power, positive from a battery."""
    reported_at: Time | None


class HousePowersAnswer(TypedDict):
    """Powers of a house. The lists are empty until `smarty_p1/house` was requested."""

    solar: list[SourcePowerAnswer]
    battery: list[SourcePowerAnswer]


class LiveAnswer(TypedDict):
    """Values of a meter. If no program reads the meter, a message has only the first five fields.

    Of a pulse reader, `values` has only `power_net`. It is null before the second pulse.
    """

    now: Time
    """Time at which Home Assistant sent the message."""
    state: Literal["removed", "unauthorized"] | MeterState
    obstacle: str | None
    remedy: RemedyAnswer | None
    gone: NotRequired[Literal[True]]
    received_at: NotRequired[Time | None]
    values: NotRequired[dict[str, float | str | bool | None]]
    """Values of all entities by translation key, without texts."""
    media: NotRequired[dict[str, MediumReadingAnswer]]
    quarter_hour: NotRequired[RunningQuarterHourAnswer | None]
    house: NotRequired[HousePowersAnswer]


def current_values(coordinator: LiveCoordinator) -> JsonDict:
    """Return the last reading and the running quarter-hour as JSON values."""
    if isinstance(coordinator, PulseCoordinator):
        return {
            "received_at": coordinator.noted_at,
            "values": {"power_net": coordinator.counter.data.power_kw},
            "media": {},
            "quarter_hour": None,
            "house": {"solar": [], "battery": []},
        }
    reading, last = coordinator.latest, coordinator.records.memory.last_telegram
    demand = reading.demand if reading else coordinator.records.household.values
    return {
        "received_at": last,
        "values": _values(coordinator, reading) if reading else {},
        "media": _media(reading) if reading else {},
        "quarter_hour": demand and demand.running and _quarter_hour(demand, demand.running),
        "house": {
            kind: [_power_of(coordinator.hass, entity_id) for entity_id in entity_ids]
            for kind, entity_ids in coordinator.records.house_powers.items()
        },
    }


def _power_of(hass: HomeAssistant, entity_id: str | None) -> SourcePowerAnswer:
    """Return the power in kW of an inverter or a battery, and the time of its last report.

    Both are None if they are unknown. Home Assistant's frontend knows only the time of the last
    change, and a steady power does not change.
    """
    state = hass.states.get(entity_id) if entity_id else None
    if state is None:
        return {"kw": None, "reported_at": None}
    kw = converted(PowerConverter, state, UnitOfPower.KILO_WATT)
    return {"kw": kw if kw is None else round(kw, 3), "reported_at": state.last_reported}


def _values(coordinator: MeterCoordinator, reading: Reading) -> JsonDict:
    options = coordinator.records.wanted_options
    return {
        description.translation_key: description.value_fn(reading)
        for description in _VALUES
        if description.is_wanted(options) and description.exists_fn(reading)
    }


def _media(reading: Reading) -> dict[str, MediumReadingAnswer]:
    media = dict[str, MediumReadingAnswer]()
    for identity, channel in reading.channels.items():
        meter = reading.telegram.channels[channel]
        media[identity] = {
            "index": meter.value,
            "unit": meter.unit,
            "time": meter.time,
            "flow": reading.flows.get(identity),
        }
    return media


def _quarter_hour(demand: QuarterHourValues, running: Amounts) -> RunningQuarterHourAnswer:
    last = demand.last_quarter
    return {
        "time": demand.time,
        "start": demand.quarter_start,
        "end": demand.quarter_start + QUARTER_HOUR,
        "measured_since": demand.measured_since,
        # The first telegram of a month still belongs to the bill of the ended month.
        "month": month_name(demand.month_start),
        "imported_wh": round(running.imported_wh, 1),
        "exported_wh": round(running.exported_wh, 1),
        "reference_kw": demand.reference_kw,
        "running_kw": demand.running_kw,
        "projected_kw": demand.projected_kw,
        "available_kw": demand.available_kw,
        "will_exceed": demand.will_exceed,
        "last": last and {"start": last.start, "mean_kw": last.mean_kw},
    }


class LiveMeter(Subscribers):
    """Subscriptions to the values of one meter, from the coordinator that is loaded."""

    key = HassKey(f"{DOMAIN}_live_meters")
    or_pulse_reader = True
    _coordinator: LiveCoordinator | None = None
    _status: Status | None = None
    _on_detach: Sequence[CALLBACK_TYPE] = ()

    @callback
    @override
    def _follow(self) -> CALLBACK_TYPE:
        stop = async_dispatcher_connect(self._hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._on_change)
        self._attach()

        @callback
        def end() -> None:
            self._leave_coordinator()
            stop()

        return end

    @callback
    def _attach(self) -> None:
        self._coordinator = coordinator = loaded_live(self._entry)
        if coordinator:
            self._on_detach = [
                coordinator.power_listeners.add(self._tell)
                if isinstance(coordinator, PulseCoordinator)
                else coordinator.reading_listeners.add(lambda _reading: self._tell()),
                coordinator.async_add_listener(self._look),
            ]

    @callback
    def _leave_coordinator(self) -> None:
        self._coordinator = None
        for end in self._on_detach:
            end()
        self._on_detach = ()

    @callback
    def _on_change(self, change: ConfigEntryChange, entry: AnyConfigEntry) -> None:
        """Send the new status when the entry is loaded, unloaded, disabled, enabled or removed."""
        if entry is not self._entry:
            return
        if change is ConfigEntryChange.REMOVED:
            self.end(_gone(_REMOVED))
            return
        if loaded_live(entry) is not self._coordinator:
            self._leave_coordinator()
            self._attach()
            self._tell()
        else:
            self._look()

    @callback
    def _look(self) -> None:
        """Send the values again if the status has changed without a telegram."""
        status = status_of(self._hass, self._entry)
        # A change to "receiving" is not sent here, because the next telegram sends it.
        if status != self._status and status.state != "receiving":
            self._tell()

    @callback
    def _tell(self) -> None:
        self.send(self._message(), _gone(_UNAUTHORIZED))

    @override
    def _message(self) -> bytes:
        self._status = status = status_of(self._hass, self._entry)
        if self._coordinator is None:
            return _gone(status)
        return json_bytes({**now(), **status._asdict(), **current_values(self._coordinator)})


_REMOVED = Status("removed", None, None)
_UNAUTHORIZED = Status("unauthorized", None, None)


def _gone(status: Status) -> bytes:
    return json_bytes({"gone": True, **now(), **status._asdict()})


@websocket_command({vol.Required("type"): f"{DOMAIN}/live", **METER})
@callback
def subscribe_live(hass: HomeAssistant, connection: ActiveConnection, msg: JsonDict) -> None:
    """Subscribe a connection to the values of a meter."""
    LiveMeter.subscribe(hass, connection, msg)
