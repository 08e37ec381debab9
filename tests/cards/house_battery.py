"""What a battery would be worth to the invented household."""

from .house import Json


def costs(energy: int, surcharge: int, feed_in: int, fixed: int) -> Json:
    parts = {"energy": energy, "surcharge": surcharge, "feed_in": feed_in, "fixed": fixed}
    return {**parts, "total": sum(parts.values())}


def what_if(low: int, high: int) -> Json:
    return {
        "what_if": {
            "start": "2025-11-01",
            "end": "2026-11-01",
            "measured_days": 362,
            "reference_kw": 7,
            "has_vat": True,
            "hourly_share": None,
            "saving": {"low": low, "high": high},
            "cheapest": {"without": 7, "with_battery": 3},
            "classes": {
                "3": {
                    "without": costs(1173, 91, -88, 170),
                    "with_battery": costs(965, 0, 0, 170),
                    "cycles": 235,
                    "stored_share": 0.97,
                },
                "7": {
                    "without": costs(1173, 0, -88, 240),
                    "with_battery": costs(916, 0, 0, 240),
                    "cycles": 131,
                    "stored_share": 0.97,
                },
            },
        },
        "refusal": None,
    }


def answers() -> Json:
    return {
        "smarty_p1/what_if": [
            {"takes": {"kwh": 10, "kw": 5, "standby": 20}, "answer": what_if(190, 204)},
            {"takes": {"kwh": 11, "kw": 5, "standby": 20}, "answer": what_if(195, 211)},
            {"takes": {"kwh": 11, "kw": 5, "standby": 19}, "answer": what_if(197, 213)},
        ]
    }
