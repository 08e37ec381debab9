"""A place whose numbers are long: five digits of kWh and euros, long names, several meters.

`views` returns the cards of each page, by the state of the meter.
"""

from datetime import date

from smartyp1.json_types import JsonDict

from . import (
    house,
    house_bill,
    house_hour,
    house_medium,
    house_now,
    house_plan,
    house_quality,
    house_sun,
    house_today,
    house_what_if,
    house_where,
    house_year,
)

_TIMES = 100
_TITLES = ("Smarty SAG1030700012345", "Wärmepumpe im Nebengebäude", "Ladestation Tiefgarage")
type Place = tuple[str, JsonDict]
CARDS: list[Place] = [
    *[
        (name, {})
        for name in (
            *("now", "so-far", "today", "where", "plan"),
            *("bill", "months", "year", "what-if"),
        )
    ],
    *[
        ("gas-water-heat", {"meter": meter})
        for meter in (*house_medium.ALL, "euros", "long", "unit")
    ],
    *[("quality", {"part": part}) for part in ("voltage", "supply", "interruptions")],
]


def _bills() -> list[JsonDict]:
    rare = [
        house_bill.line("energy_second", "12345.678", "0.098765"),
        house_bill.line("discount", "1", "-1", "month"),
    ]
    found = []
    for each in [*house_bill.earlier(), house_bill.running()]:
        quantities = {row["name"]: row["quantity"] for row in each["lines"]}
        names = ("energy", "surcharge", "feed_in")
        kwh, above, fed_in = (str(quantities[name] * _TIMES) for name in names)
        months, year = quantities["energy_fee"], each["month"][:4]
        lines = house_bill.lines(kwh, above, fed_in, months=months, year=year)
        known = {name: each[name] for name in ("until", "end", "measured_share")}
        found.append(house_bill.bill(each["month"], [*lines, *rare]) | known)
    found[-1]["estimate"] = {"total": 21345.6, "low": 19876.5, "high": 22814.7}
    found[-1]["goal"] = {"is_last_year": False, "total": 20123.4, "day_budget": 1234.5}
    found[-1]["goal"] |= {"recent_day": 1456.7, "passed_on": None}
    found[-2] |= {
        "shared_kwh": 12345.0,
        "sharing_known_kwh": 12345.0,
        "may_owe_less_network": 12345.51,
        "community": house_bill.line("community", "12345", "0.0912"),
        "total_with_community": 34567.5,
        "prices_of": {
            "grid": "2026-08-31",
            "levies": "2026-08-31",
            "ended": {"state_aid": "2026-08-31"},
        },
    }
    return found


def _days() -> list[JsonDict]:
    long = {"imported_wh": 17_640_000, "exported_wh": 12_420_000, "cost": 14700.4}
    parts = {"cost_used": 15800.45, "cost_fixed": 10400.44, "feed_in": -11500.49}
    return [each | long | parts for each in house_now.november()]


def _media() -> JsonDict:
    def long(day: date) -> float:
        return 9876.1 + day.day

    nights = {f"n2026_11_{day}": [3, 2, 4] for day in (19, 20, 21)}
    days = house_medium.days(date(2025, 10, 20), long)
    found = [
        house_medium.gas(days=days),
        house_medium.water(hours=house_medium.hours(**nights)),
        house_medium.heat(days=days),
        house_medium.gas(meter="euros", costs=house_medium.gas_costs()),
        house_medium.gas(meter="long", type="heat_cost_allocator", days=days),
        house_medium.water(meter="unit", type="garbage", unit="of something long", days=days),
    ]
    return house_medium.answers(*found)


def _shares() -> list[JsonDict]:
    names = iter(_TITLES)
    return [
        row
        | {name: row[name] * _TIMES for name in ("wh", "cost", "own_wh", "earned")}
        | ({"name": next(names)} if row["name"] else {})
        for row in house_where.ROWS
    ]


def _answers() -> JsonDict:
    today, year = house_today.answers(), house_year.answers()
    media, sun = _media(), house_sun.answers(with_battery=True)
    [read] = media["smarty_p1/meters"]["meters"]
    meters = [
        read | {"entry_id": entry, "title": title}
        for entry, title in zip((house.ENTRY, "b", "c"), _TITLES, strict=True)
    ]
    for month in sun["smarty_p1/house"]["house"]["months"]:
        month |= {"house_kwh": 43210.5, "own_kwh": 12345.6, "saved": 12345.67}
    usual = {"days": 4, "imported_wh": 18_400_000.0, "exported_wh": 1_700_000.0}
    usual |= {"peak_kw": 103.1, "cost": 13500.5}
    what_if = [
        {**each, "answer": house_what_if.what_if(19_000, 20_400)}
        for each in house_what_if.answers()["smarty_p1/what_if"]
    ]
    anyone = "smarty_p1/days"
    return {
        **(today | year | house_quality.answers() | sun | media),
        "smarty_p1/meters": {"meters": meters},
        "smarty_p1/live": house_now.charging(
            house=house_sun.powers(11.1, 14.0),
            values=house.values(power_net=111.4, power_net_l1=-34.4, power_net_l2=43.6),
        ),
        house_today.COMMAND: today[house_today.COMMAND] + year[house_today.COMMAND],
        anyone: [*today[anyone], {"takes": {}, "answer": {"days": _days()}}],
        "smarty_p1/usual": {"until": house_now.NOW, "usual": usual},
        "smarty_p1/bill": {"months": _bills()},
        **house_where.answers(_shares(), fixed=1234.5, above=2345.67, feed_in=-3456.78),
        **house_plan.evening(wide=True),
        **house_hour.EXCESS,
        "smarty_p1/what_if": what_if,
    }


def _lacking() -> JsonDict:
    """Return the answers of the first day, before anything was entered."""
    first = house_now.first_day()
    bill = house_bill.without_reference(house_bill.running(since="2026-11-21T17:36:00+01:00"))
    [meter] = first["smarty_p1/meters"]["meters"]
    live = first["smarty_p1/live"]
    return _answers() | {
        "smarty_p1/meters": {"meters": [meter | {"reference_kw": None, "excess_price": None}]},
        "smarty_p1/live": live | {"quarter_hour": live["quarter_hour"] | {"reference_kw": None}},
        "smarty_p1/bill": {"months": [bill]},
        "smarty_p1/classes": house_year.classes_of([], [], reference_kw=None),
        "smarty_p1/what_if": {
            "what_if": None,
            "markets": [],
            "devices": [],
            "refusal": {"reason": "no_reference_power", "days": 1, "least_days": 300},
        },
        "smarty_p1/house": {"house": None},
        "smarty_p1/usual": {"until": house_now.NOW, "usual": None},
    }


def _unpriced() -> JsonDict:
    """Return the answers where the energy price is missing, and no telegram comes."""
    bills = [house_bill.without_energy_price(bill) for bill in _bills()]
    return _answers() | {
        "smarty_p1/live": house_now.failing("other_authentication_key"),
        "smarty_p1/bill": {"months": bills},
    }


def _past() -> JsonDict:
    """Return the answers of a meter without a cable."""
    meter = house.meter(source="leneda", known_until="2026-11-20T23:00:00+00:00")
    return _answers() | {
        "smarty_p1/meters": {"meters": [meter]},
        "smarty_p1/live": house.live(values={}, received_at=None, quarter_hour=None),
    }


def views() -> dict[str, tuple[JsonDict, list[Place]]]:
    """Return the answers and the cards of each state."""
    without_supply = [place for place in CARDS if place[0] != "quality"]
    electric = [place for place in without_supply if place[0] != "gas-water-heat"]
    return {
        "busy": (
            _answers(),
            [CARDS[0], *[(name, {"chooser": True, **of}) for name, of in CARDS[1:]]],
        ),
        "lacking": (_lacking(), electric),
        "unpriced": (_unpriced(), electric),
        "past": (_past(), electric),
    }
