"""The last year of the invented household, now and with changes."""

from smartyp1.json_types import JsonDict


def costs(energy: int, surcharge: int, feed_in: int, fixed: int) -> JsonDict:
    parts = {"energy": energy, "surcharge": surcharge, "feed_in": feed_in, "fixed": fixed}
    return {**parts, "total": sum(parts.values())}


def what_if(low: int, high: int) -> JsonDict:
    return {
        "what_if": {
            "start": "2025-11-01",
            "end": "2026-11-01",
            "measured_days": 362,
            "known_share": 0.99,
            "reference_kw": 7,
            "has_vat": True,
            "hourly_share": {"now": None, "then": None},
            "markets_used": {"now": [], "then": []},
            "saving": {"low": low, "high": high},
            "cheapest": {"now": 7, "then": 3},
            "energies": {
                "now": {"imported": 5402, "exported": 1460, "shared": 0},
                "then": {"imported": 4219, "exported": 0, "shared": 0},
            },
            "assumed": [{"key": "efficiency", "value": 90}, {"key": "reserve", "value": 0}],
            "classes": {
                "3": {
                    "now": costs(1173, 91, -88, 170),
                    "then": costs(965, 0, 0, 170),
                    "battery": {"cycles": 235, "stored_share": 0.97},
                },
                "7": {
                    "now": costs(1173, 0, -88, 240),
                    "then": costs(916, 0, 0, 240),
                    "battery": {"cycles": 131, "stored_share": 0.97},
                },
            },
        },
        "refusal": None,
        "markets": [],
        "devices": [],
    }


MARKETS: list[JsonDict] = [
    {"id": "sensor.price", "credit": None, "known_share": 1.0, "can_download": False},
    {
        "id": "DE-LU",
        "credit": "Energy-Charts, CC BY 4.0",
        "known_share": 0.0,
        "can_download": True,
    },
]
DEVICES: list[JsonDict] = [{"id": "sensor.wallbox", "name": "Wallbox"}]
BATTERY: JsonDict = {"kind": "battery", "kwh": 10, "kw": 5, "standby": 20}
PANELS: JsonDict = {"kind": "panels", "kwp": 6, "direction": 180}
CAR: JsonDict = {"kind": "car", "kwh": 8, "kw": 11, "begin_hour": 22}
PLAN: JsonDict = {"kw": 11, "begin_hour": 18, "end_hour": 7}
HEAT_PUMP: JsonDict = {"kind": "heat_pump", "kwh": 4000}
FIXED: JsonDict = {"kind": "contract", "energy_price": 0.14}
MARKET: JsonDict = {"kind": "contract", "energy_margin": 0.02, "market": "DE-LU"}
SHARING: JsonDict = {"kind": "sharing_key", "kwp": 30, "key": 10}
_SUNNY_DAYS = "2025"


def changed(low: int, high: int, *assumed: tuple[str, object], **others: object) -> JsonDict:
    """Return a year with changes, with the assumptions, and other fields of the answer."""
    found = what_if(low, high)
    found["what_if"]["assumed"] = [{"key": key, "value": value} for key, value in assumed]
    # The totals of the contract's reference power have the saving of the sentence.
    own = found["what_if"]["classes"]["7"]
    own["then"] = costs(own["now"]["total"] - 240 - (low + high) // 2, 0, 0, 240)
    found["what_if"] |= others
    return found | {"markets": MARKETS, "devices": DEVICES}


def planned(now: int, at_once: int, then: int, key: str) -> JsonDict:
    """Return a year with a planned car, whose energy costs so much now, at once and by the plan."""
    found = changed(now - then, now - then, (key, None), cheapest={"now": 7, "then": 7})
    for own in found["what_if"]["classes"].values():
        years = {"now": now, "at_once": at_once, "then": then}
        own |= {name: costs(energy, 0, 0, 240) for name, energy in years.items()}
        own["battery"] = None
    return found


def refused(reason: str) -> JsonDict:
    """Return a refusal that the user can do something about."""
    refusal = {"reason": reason, "days": 0, "least_days": 300}
    return {"what_if": None, "refusal": refusal, "markets": MARKETS, "devices": DEVICES}


def answers() -> JsonDict:
    battery = {**BATTERY, "kwh": 11}
    car = changed(-640, -600, ("car_every_day", None))
    pump = changed(-980, -980, ("degree_days", "MeteoLux, Findel, 1991–2020"))
    roof = changed(540, 610, ("tilt", 30), ("solar_kwh", 6120), ("sunny_days", _SUNNY_DAYS))
    spot = {"now": None, "then": 0.93}
    market = changed(-8, 9, hourly_share=spot, markets_used={"now": [], "then": ["DE-LU"]})
    own_car = planned(1173, 1838, 1785, "plan_against")
    of: list[tuple[list[JsonDict], JsonDict]] = [
        ([BATTERY], what_if(190, 204) | {"markets": MARKETS, "devices": DEVICES}),
        ([battery], what_if(195, 211) | {"markets": MARKETS, "devices": DEVICES}),
        ([battery | {"standby": 19}], what_if(197, 213) | {"markets": MARKETS, "devices": DEVICES}),
        ([], changed(0, 0)),
        ([CAR], car),
        ([BATTERY, CAR], car),
        ([{"kind": "plan", "kwh": 8} | PLAN], own_car),
        ([CAR, {"kind": "plan", "end_hour": 7}], own_car),
        (
            [{"kind": "plan"} | PLAN | {"device": "sensor.wallbox"}],
            planned(1173, 1192, 1076, "plan_of_device"),
        ),
        ([PANELS], roof),
        ([BATTERY, PANELS], roof),
        ([HEAT_PUMP], pump),
        ([FIXED], changed(31, 31, ("energy_fee", 5.0), ("feed_in_as_today", None))),
        ([MARKET | {"market": "sensor.price"}], changed(12, 12)),
        ([MARKET], refused("no_market_prices")),
        ([MARKET | {"download": True}], market),
        ([SHARING], changed(96, 96, ("sharing_price", 0.12), ("shared_sun", _SUNNY_DAYS))),
    ]
    takes = [({"changes": changes}, answer) for changes, answer in of]
    return {"smarty_p1/what_if": [{"takes": take, "answer": answer} for take, answer in takes]}
