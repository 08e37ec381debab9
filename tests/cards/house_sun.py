"""A roof and a battery on the invented household, also in the months before."""

from smartyp1.json_types import JsonDict

from . import house

# Own energy in kWh: half of it is fed in beside.
_OWN = (32.1, 18.4, 22.9, 61.2, 140.5, 210.3, 290.75, 303.2, 310.6, 303.1, 190.8, 88.4, 38.2)
_DRAWN = (520, 655, 612, 540, 506, 402, 302, 212, 268, 231, 442, 560, 364)
_MONTHS = ("2025-11", "2025-12", *(f"2026-{month:02}" for month in range(1, 12)))
_PRICE = 0.2171


def month(name: str, drawn_kwh: float, own_kwh: float, **changes: object) -> JsonDict:
    return {
        "month": name,
        "house_kwh": drawn_kwh + own_kwh,
        "own_kwh": own_kwh,
        "saved": round(own_kwh * _PRICE, 2),
        "since": None,
        "unknown_days": 0,
    } | changes


def answers(*, with_battery: bool = False, **changes: object) -> JsonDict:
    """Return the answer about the house."""
    battery = [{"energy": "sensor.out", "power": "sensor.battery"}] if with_battery else []
    found: JsonDict = {
        "solar": [{"energy": "sensor.sun", "power": "sensor.sun_power"}],
        "battery": battery,
        "since": "2024-03-01T00:00:00+01:00",
        "until": "2026-11-21T18:30:00+01:00",
        "days": [{"day": "2026-11-21", "house_kwh": 14.02, "own_kwh": 3.2}],
        "months": [month(*each) for each in zip(_MONTHS, _DRAWN, _OWN, strict=True)],
    }
    return {"smarty_p1/house": {"house": found | changes}}


def powers(sun_kw: float, battery_kw: float | None = None) -> JsonDict:
    """Return the powers of inverter and battery, of the last telegram's time."""
    time = house.live()["received_at"]
    battery = [] if battery_kw is None else [{"kw": battery_kw, "reported_at": time}]
    return {"solar": [{"kw": sun_kw, "reported_at": time}], "battery": battery}
