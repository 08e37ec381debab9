"""RPC methods of a Shelly Pro 3EM (second generation, profile triphase), and their results.

Results are dicts. Their keys are in the order of a real device. Counts and ids are int, measured
values are float. `shelly_json_rpc.shelly_json` writes a float with two decimals.

Source: shelly-api-docs.shelly.cloud/gen2, RPC protocol, EM, EMData, Shelly Pro 3EM.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..json_types import JsonDict
from .device_identity import (
    SHELLY_APP,
    SHELLY_FIRMWARE,
    SHELLY_MODEL,
    SHELLY_VERSION,
    shelly_id,
    shelly_mac,
)
from .meter_values import MeterValues, PhaseValues

NOT_FOUND = 404
TOO_MANY = 429
UNAVAILABLE = 503

_FREQUENCY = 50.0
# The virtual Shelly seems to be connected by a network cable. So it reports a Wi-Fi without
# connection.
_WIFI = {"sta_ip": None, "status": "disconnected", "ssid": None, "rssi": 0}
_STATION = {"ssid": None, "is_open": True, "enable": False, "ipv4mode": "dhcp"}
_WIFI_CONFIG = {
    "ap": {"ssid": None, "is_open": False, "enable": False, "range_extender": {"enable": False}},
    "sta": _STATION,
    "sta1": _STATION,
    "roam": {"rssi_thr": -80, "interval": 60},
}
_OFF = {"connected": False}
_PHASES = ("a", "b", "c")
_OF_COMPONENT = ("EM.", "EMData.")
_NOT_CONNECTED = PhaseValues(0.0, 0.0, 0.0, is_connected=False)

type RpcResult = Mapping[str, Any]

_NO_COMPONENTS: RpcResult = {"components": [], "cfg_rev": 1, "offset": 0, "total": 0}
_CLOUD_CONFIG: RpcResult = {"enable": False, "server": None}
_WS_CONFIG: RpcResult = {"enable": False, "server": None}
_EM_CONFIG: RpcResult = {
    "id": 0,
    "name": None,
    "blink_mode_selector": "active_energy",
    "phase_selector": "all",
    "monitor_phase_sequence": False,
    "reverse": {},
    "ct_type": "120A",
}


@dataclass(eq=False)
class RpcError(Exception):
    """Error of an RPC method, with a status code of HTTP and a message."""

    code: int
    message: str


def shelly_information(serial: str) -> JsonDict:
    """Return the result of Shelly.GetDeviceInfo. The path /shelly returns the same."""
    return {
        "name": None,
        "id": shelly_id(serial),
        "mac": shelly_mac(serial),
        "slot": 0,
        "model": SHELLY_MODEL,
        "gen": 2,
        "fw_id": SHELLY_FIRMWARE,
        "ver": SHELLY_VERSION,
        "app": SHELLY_APP,
        "auth_en": False,
        "auth_domain": None,
        "profile": "triphase",
    }


def is_missing(method: str, component: int) -> bool:
    """Return whether a method asks for a component that does not exist. Only component 0 exists."""
    return component != 0 and method.startswith(_OF_COMPONENT)


def em_status(values: MeterValues) -> JsonDict:
    """Return the result of EM.GetStatus in W, VA, V and A.

    Raises RpcError if the power is unknown.
    """
    phases = _balanced(values)
    status: JsonDict = {"id": 0}
    for letter, phase in zip(_PHASES, phases, strict=True):
        status |= {
            f"{letter}_current": _current(phase),
            f"{letter}_voltage": phase.voltage_v,
            f"{letter}_act_power": phase.power_w,
            f"{letter}_aprt_power": phase.apparent_va,
            f"{letter}_pf": _power_factor(phase),
            f"{letter}_freq": _FREQUENCY,
        }
    total = _sum(None if phase.power_w is None else round(phase.power_w, 2) for phase in phases)
    return status | {
        "n_current": None,
        "total_current": _sum(map(_current, phases)),
        "total_act_power": values.power_w if total is None else total,
        "total_aprt_power": _sum(phase.apparent_va for phase in phases),
        "user_calibrated_phase": [],
    }


def _current(phase: PhaseValues) -> float | None:
    """Return the current of a phase in A, without a sign. Return None if it is unknown."""
    if phase.voltage_v is None or phase.apparent_va is None:
        return None
    return phase.apparent_va / phase.voltage_v if phase.voltage_v else 0.0


def _power_factor(phase: PhaseValues) -> float | None:
    if phase.power_w is None or phase.apparent_va is None:
        return None
    return abs(phase.power_w) / phase.apparent_va if phase.apparent_va else 1.0


def _sum(numbers: Iterable[float | None]) -> float | None:
    """Return the sum of the numbers. Return None if one of them is None."""
    items = list(numbers)
    valid = [number for number in items if number is not None]
    return sum(valid) if len(valid) == len(items) else None


def _balanced(values: MeterValues) -> list[PhaseValues]:
    """Return the three phases with powers that add up to the total power.

    The first phase gets the total power minus the powers of the other phases. If one of these
    powers is unknown, the first phase stays unchanged. A phase that the house does not have counts
    as 0. Raises RpcError if the total power is unknown.
    """
    if values.power_w is None:
        raise RpcError(UNAVAILABLE, "The power is not known")
    first, *others = values.phases
    others = [phase if phase.is_connected else _NOT_CONNECTED for phase in others]
    of_others = _sum(phase.power_w for phase in others)
    if of_others is not None:
        first = replace(first, power_w=values.power_w - of_others)
    return [first, *others]


def em_unknown() -> JsonDict:
    """Return a result of EM.GetStatus for the time without telegrams: all values are null."""
    of_phases = ("current", "voltage", "act_power", "aprt_power", "pf", "freq")
    names = [f"{letter}_{name}" for letter in _PHASES for name in of_phases]
    totals = ["total_current", "total_act_power", "total_aprt_power"]
    return {"id": 0} | dict.fromkeys([*names, *totals])


def emdata_status(values: MeterValues) -> JsonDict:
    """Return the result of EMData.GetStatus in Wh.

    All energy is on the first phase, because the Smarty does not measure the energy of each phase.
    Unknown registers are left out.
    """
    status: JsonDict = {"id": 0}
    energies = {"": values.imported_kwh, "_ret": values.exported_kwh}
    for letter in _PHASES:
        for suffix, energy in energies.items():
            if energy is not None:
                phase = energy * 1000 if letter == "a" else 0.0
                status[f"{letter}_total_act{suffix}_energy"] = phase
    for suffix, energy in energies.items():
        if energy is not None:
            status[f"total_act{suffix}"] = energy * 1000
    return status


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Data that an RPC method may need for its result.

    `values` returns the present values, or raises an error if no telegram is recent. `unix_time`
    and `uptime` are in whole seconds. `component` is the number of the requested meter; only 0
    exists.
    """

    values: Callable[[], MeterValues]
    unix_time: int
    uptime: int
    component: int


class Shelly:
    """Shelly Pro 3EM that answers the methods of its RPC protocol."""

    def __init__(self, serial: str) -> None:
        self._serial = serial
        self._methods: Mapping[str, Callable[[RequestContext], RpcResult]] = {
            "Shelly.GetDeviceInfo": lambda _: shelly_information(serial),
            "Shelly.GetStatus": self._status,
            "Shelly.GetConfig": lambda _: self._config(),
            "Shelly.GetComponents": lambda _: _NO_COMPONENTS,
            "Shelly.ListMethods": lambda _: {"methods": list(self._methods)},
            "EM.GetStatus": lambda context: em_status(context.values()),
            "EM.GetConfig": lambda _: _EM_CONFIG,
            "EMData.GetStatus": lambda context: emdata_status(context.values()),
            "EMData.GetConfig": lambda _: {},
            "Sys.GetStatus": self._sys_status,
            "Sys.GetConfig": lambda _: self._sys_config(),
            "WiFi.GetStatus": lambda _: _WIFI,
            "WiFi.GetConfig": lambda _: _WIFI_CONFIG,
            "Wifi.GetStatus": lambda _: _WIFI,
            "Wifi.GetConfig": lambda _: _WIFI_CONFIG,
            "Cloud.GetStatus": lambda _: _OFF,
            "Cloud.GetConfig": lambda _: _CLOUD_CONFIG,
            "Ws.GetStatus": lambda _: _OFF,
            "Ws.GetConfig": lambda _: _WS_CONFIG,
            "Script.List": lambda _: {"scripts": []},
        }

    def answer(self, method: str, context: RequestContext) -> RpcResult:
        """Return the result of a method. Raises RpcError, and the errors of `context.values`."""
        if method not in self._methods:
            raise RpcError(NOT_FOUND, f"No handler for {method[:64]}")
        if is_missing(method, context.component):
            raise RpcError(NOT_FOUND, f"Argument 'id', value {context.component} not found!")
        return self._methods[method](context)

    def _status(self, context: RequestContext) -> RpcResult:
        values = context.values()
        return {
            "ble": {},
            "cloud": _OFF,
            "em:0": em_status(values),
            "emdata:0": emdata_status(values),
            "mqtt": _OFF,
            "sys": self._sys_status(context),
            "wifi": _WIFI,
            "ws": _OFF,
        }

    def _sys_status(self, context: RequestContext) -> RpcResult:
        return {
            "mac": shelly_mac(self._serial),
            "restart_required": False,
            "time": None,
            "unixtime": context.unix_time,
            "uptime": context.uptime,
            "cfg_rev": 1,
            "kvs_rev": 0,
            "schedule_rev": 0,
            "webhook_rev": 0,
            "available_updates": {},
        }

    def _config(self) -> RpcResult:
        return {
            "ble": {"enable": False},
            "cloud": _CLOUD_CONFIG,
            "em:0": _EM_CONFIG,
            "emdata:0": {},
            "mqtt": {"enable": False},
            "sys": self._sys_config(),
            "wifi": _WIFI_CONFIG,
            "ws": _WS_CONFIG,
        }

    def _sys_config(self) -> RpcResult:
        device = {"name": None, "mac": shelly_mac(self._serial), "fw_id": SHELLY_FIRMWARE}
        return {
            "device": {**device, "profile": "triphase", "discoverable": True},
            "location": {"tz": None, "lat": None, "lon": None},
            "cfg_rev": 1,
        }
