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
            "known_share": 0.99,
            "reference_kw": 7,
            "has_vat": True,
            "hourly_share": {"now": None, "then": None},
            "markets_used": {"now": [], "then": []},
            "saving": {"low": low, "high": high},
            "cheapest": {"now": 7, "then": 3},
            "energies": {
                "now": {"imported": 5402, "exported": 1460, "shared": 0},
                "then": {"imported": 4220, "exported": 0, "shared": 0},
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
    }


def answers() -> Json:
    def asked(kwh: float, standby: float) -> Json:
        return {"changes": [{"kind": "battery", "kwh": kwh, "kw": 5, "standby": standby}]}

    return {
        "smarty_p1/what_if": [
            {"takes": asked(10, 20), "answer": what_if(190, 204)},
            {"takes": asked(11, 20), "answer": what_if(195, 211)},
            {"takes": asked(11, 19), "answer": what_if(197, 213)},
        ]
    }
