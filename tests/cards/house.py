"""An invented household, Saturday 21 November 2026 at 18:38:20: 7 kW, sun and an electric car."""

from smartyp1.json_types import JsonDict

ENTRY = "house"
DEVICE = "device"
SERIAL = "SAG1030700012345"


def meter(**changes: object) -> JsonDict:
    """Return the meter in the answer of `smarty_p1/meters`."""
    return {
        "entry_id": ENTRY,
        "title": f"Smarty {SERIAL}",
        "serial_number": SERIAL,
        "device_id": DEVICE,
        "source": "port",
        "state": "receiving",
        "obstacle": None,
        "remedy": None,
        "last_telegram": "2026-11-21T17:38:20+00:00",
        "currency": "EUR",
        "reference_kw": 7.0,
        "excess_price": 0.08262,
        "known_since": "2025-10-01T00:00:00+02:00",
        "phases": 3,
        "feeds_in": True,
        "connection_kva": 27.0,
        "media": [],
        "has_limits": True,
        "changed_at": "2025-10-01T08:00:00+00:00",
    } | changes


def quarter_hour(**changes: object) -> JsonDict:
    """Return the running quarter-hour: 0.95 kWh in its first 500 s."""
    return {
        "time": "2026-11-21T17:38:20+00:00",
        "start": "2026-11-21T17:30:00+00:00",
        "end": "2026-11-21T17:45:00+00:00",
        "measured_since": "2026-11-21T17:30:00+00:00",
        "month": "2026-11",
        "imported_wh": 120.0,
        "exported_wh": 0.0,
        "reference_kw": 7.0,
        "running_kw": 0.9,
        "projected_kw": 0.7,
        "available_kw": 14.4,
        "will_exceed": False,
        "last": {"start": "2026-11-21T17:15:00+00:00", "mean_kw": 9.4},
    } | changes


def values(**changes: object) -> JsonDict:
    """Return the values of a telegram by translation keys."""
    return {
        "power_net": 0.6,
        "power_net_l1": 0.2,
        "power_net_l2": 0.3,
        "power_net_l3": 0.1,
        "voltage_l1": 232.0,
        "voltage_l2": 230.0,
        "voltage_l3": 231.0,
        "energy_imported": 12345.678,
        "energy_exported": 2345.678,
        "demand_peak": 14.5,
        "price_import": 0.2171,
        "price_export": 0.0782,
        "cost_total": 97.09,
        "cost_month_end": 145.2,
        "breaker": "connected",
        "relay_1": "disconnected",
        "relay_2": "connected",
        "power_threshold": 69.0,
    } | changes


def live(**changes: object) -> JsonDict:
    """Return a message of the subscription."""
    return {
        "state": "receiving",
        "obstacle": None,
        "remedy": None,
        "received_at": "2026-11-21T17:38:20+00:00",
        "values": values(),
        "media": {},
        "quarter_hour": quarter_hour(),
    } | changes


def gone(state: str = "not_loaded", obstacle: str | None = None, **changes: object) -> JsonDict:
    """Return the message of a meter that is not read."""
    return {"gone": True, "state": state, "obstacle": obstacle, "remedy": None} | changes


def answers() -> JsonDict:
    """Return the answers of a house where all is well."""
    return {"smarty_p1/meters": {"meters": [meter()]}, "smarty_p1/live": live()}


def entities() -> JsonDict:
    """Return the entities that are enabled, as the frontend lists them."""
    entity_id = "sensor.smarty_power"
    return {
        entity_id: {
            "entity_id": entity_id,
            "platform": "smarty_p1",
            "translation_key": "power_net",
            "device_id": DEVICE,
        }
    }
