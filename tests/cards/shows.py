"""States of each card that are drawn without a browser."""

from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from typing import Any

from smartyp1.json_types import JsonDict

from . import (
    house,
    house_all,
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
    house_wide,
    house_year,
)
from .house_hour import state
from .stage import NOW

# The names of the elements whose files are called otherwise.
PHONE, DESKTOP = 358, 620
LIVE, METERS, DAYS, BILL, PLAN = (
    f"smarty_p1/{name}" for name in ("live", "meters", "days", "bill", "plan")
)
MID_NOVEMBER = "2026-11-12T00:00:00+01:00"
PARTS = ("voltage", "supply", "interruptions", "limits")
# The first market of the odd ones can be downloaded.
REFUSED = ("too_few_days", "no_feed_in_price", "no_reference_power", *["no_market_prices"] * 2)


def show(title: str, card: str, *answers: JsonDict, **other: Any) -> JsonDict:  # noqa: ANN401 - as of a page
    """Return a card to draw.

    `other` has the size of the card, the settings of page and user, and the later messages `sent`.
    A message is a number of seconds to pass, a text with a key to press, or `answers` to use from
    then on. All else are options of the card.
    """
    language = other.pop("language", "en")
    formats = {"language": language, "number_format": "language", "first_weekday": "language"}
    hass = {
        "language": language,
        "locale": formats | {"time_format": other.pop("time_format", "24")},
        "user": {"is_admin": other.pop("is_admin", True)},
        "entities": house.entities() | other.pop("entities", {}),
        "devices": other.pop("devices", {}),
        "states": other.pop("states", {}),
    }
    given = house.answers()
    for answer in answers:
        given |= answer
    found = {"title": title, "card": card, "answers": given, "hass": hass}
    found |= {"width": other.pop("width", PHONE), "sent": other.pop("sent", [])}
    found["now"] = other.pop("now", NOW.isoformat())
    return found | {"config": other}


def meter(**changes: object) -> JsonDict:
    return {METERS: {"meters": [house.meter(**changes)]}}


def live(**changes: object) -> JsonDict:
    return {LIVE: house.live(**changes)}


YOUNG_METER = house_now.without_reference() | meter(
    reference_kw=None, known_since=MID_NOVEMBER, has_leneda=False
)


def refused(error: str, *commands: str) -> JsonDict:
    return {f"smarty_p1/{command}": {"error": error} for command in commands}


def sun_in_part() -> JsonDict:
    """Return a house with unknown days."""
    found = house_sun.answers(with_battery=True)
    sun = found["smarty_p1/house"]["house"]
    sun["days"] = [{"day": "2026-11-21", "house_kwh": None, "own_kwh": None}]
    sun["months"][0] |= {"since": "2025-11-12T00:00:00+01:00"}
    sun["months"][4] |= {"unknown_days": 3}
    sun["months"][-1] |= {"since": "2026-11-05T00:00:00+01:00", "unknown_days": 2}
    return found


def now() -> list[JsonDict]:
    switched = {
        "switch.wash": state("on", "18:35:27", friendly_name="Washing machine"),
        "sensor.wash": state("2.05", "18:35:29", unit_of_measurement="kW"),
    }
    entities = {name: {"entity_id": name, "device_id": "machine"} for name in switched}
    evening = house_hour.EVENING | live(values=house.values(power_net=2.8, power_net_l1=2.33))
    evening["smarty_p1/last_hour"] = evening["smarty_p1/last_hour"] | {"devices": ["sensor.wash"]}
    later = [
        house.live(
            received_at=f"2026-11-21T17:{at}+00:00",
            values=house.values(power_net=kw, power_net_l3=kw - 0.5),
        )
        for at, kw in (("38:30", 0.7), ("38:40", 0.7), ("38:50", 3.1), ("39:00", 3.1), ("39:10", 3))
    ]
    feeding = {LIVE: house_now.feeding()} | meter(feeds_in=True)
    up, down = (
        {"states": {"sun.sun": state(f"{place}_horizon", "08:00:00")}}
        for place in ("above", "below")
    )
    begins = (7, 10, 14, 16, 25, 27, 29, 34)
    many = house_hour.hour(
        *((f"18:{n:02}:00", f"18:{n + 1:02}:30", 1.2 + n / 20, 0) for n in begins), always=0.2
    )
    cloud = house_hour.hour(("18:20:00", "18:32:00", 1.8, 0), always=-2.0) | feeding
    oven = house_hour.hour(("18:20:00", "18:32:00", 1.8, 2), always=-3.0) | feeding
    unknown = {"reference_kw": None, "known_since": None, "phases": None, "feeds_in": None}
    reader = house.meter(source="pulses", title="Heat pump", serial_number=None, **unknown)
    pulses = evening | live(values={"power_net": 2.8}, quarter_hour=None)
    pulses |= {METERS: {"meters": [], "pulse_readers": [reader]}}
    of_sensors = meter(phases=1, source="entities", integration="ESPHome", fresh_for=620)
    gone = house.gone("unauthorized")
    five = [house.meter(entry_id=f"m{n}", title=f"Flat {n}") for n in range(1, 6)]
    sun = house_sun.answers()
    another_day = live(received_at="2026-11-19T17:24:10+00:00")
    return [
        show("an hour", "now", evening),
        show("wide", "now", evening, width=484),
        show("a device", "now", evening, states=switched, entities=entities, sent=later),
        show("no names", "now", evening, states=switched, entities=entities, names=False),
        show("a gap", "now", house_hour.SILENT, sent=[*later, house.gone("not_loaded")]),
        show("a young hour", "now", house_hour.YOUNG, house_now.first_day()),
        show("a young meter", "now", YOUNG_METER, is_admin=False),
        show("an excess", "now", house_hour.EXCESS, {LIVE: house_now.charging()}, width=484),
        show("many steps", "now", many, width=420),
        show("a cloud", "now", cloud, **up),
        show("no cloud", "now", cloud, **down),
        show("an oven", "now", oven, **up),
        show("no reference power", "now", house_now.without_reference()),
        show("of other sensors", "now", of_sensors, house_hour.hour(gap=("18:05:00", "18:14:00"))),
        show("without some", "now", of_sensors, house_hour.hour(gap=("18:05:00", "18:17:00"))),
        show("sun", "now", sun, live(house=house_sun.powers(1.5)), sent=[95]),
        show("battery", "now", sun, live(house=house_sun.powers(1.5, -0.4))),
        show("no cable", "now", house_now.without_cable()),
        show("sun is up", "now", feeding, **up),
        show("sun is down", "now", feeding, **down),
        show("five meters", "now", {METERS: {"meters": five}}),
        show("of one of three", "now", house_now.three_meters(), entry_id="b"),
        show("no right any more", "now", {LIVE: gone}, sent=[house.live(), gone]),
        show("not read", "now", {LIVE: house.gone("not_loaded")}, is_admin=False),
        show("a later version", "now", {LIVE: house_now.failing("of_a_later_version")}),
        show("another day", "now", another_day),
        show("pulses", "now", pulses, entry_id=house.ENTRY),
    ]


def sums() -> list[JsonDict]:
    early = house_now.day(21, imported_wh=31, quarter_hours=0, of_quarter_hours=74, peak=None)
    half = house_now.day(21, imported_wh=310, quarter_hours=3, of_quarter_hours=74)
    usual = {"days": 4, "imported_wh": 8400.0, "exported_wh": 1700.0, "peak_kw": 3.1, "cost": 3.5}
    found = {"smarty_p1/usual": {"until": house_now.NOW, "usual": usual, "reason": "more_sun"}}
    goal = {"is_last_year": False, "total": 130.0, "day_budget": 4.5, "recent_day": 5.1}
    goals = [goal | {"passed_on": passed} for passed in (None, "2026-11-19")]
    priceless = house_now.sums(missing=["energy"], total=None)
    off = {LIVE: house.gone("disabled")} | refused("not_loaded", "days", "bill")
    return [
        show("usual", "so-far", house_now.sums(), found),
        show("usual, on a first day", "so-far", house_now.sums(days=[half]), found),
        show("a goal", "so-far", house_now.sums(goal=goals[0])),
        show("a goal that is passed", "so-far", house_now.sums(goal=goals[1])),
        show("first minutes", "so-far", house_now.sums(days=[early], peak=None)),
        show(
            "nothing", "so-far", house_now.first_day(), refused("nothing_counted", "days", "bill")
        ),
        show("not read", "so-far", off),
        show("sun", "so-far", house_now.sums(), house_sun.answers(with_battery=True)),
        show("sun in part", "so-far", house_now.sums(), sun_in_part()),
        show("no reference power", "so-far", house_now.sums(), house_now.without_reference()),
        show("no price", "so-far", priceless),
        show("no price, and no right", "so-far", priceless, is_admin=False),
    ]


def others() -> list[JsonDict]:
    rows = house_where.ROWS
    devices = [row | {"cost": None} for row in rows if row["kind"] == "device"]
    alone = house_where.answers([row for row in rows if row["kind"] != "device"])
    nothing = house_where.answers([row | {"wh": 0, "cost": 0.0} for row in rows], house_wh=0)
    blind: JsonDict = {"lack": "inverter", "house_wh": None, "cost": None}
    three = house_now.three_meters()
    battery = house_what_if.answers()
    days = {"days": 46, "least_days": 300}
    refusals: list[JsonDict] = [
        {
            "smarty_p1/what_if": {
                "what_if": None,
                "markets": house_what_if.MARKETS[number % 2 :],
                "devices": [],
                "refusal": {"reason": reason} | days,
            }
        }
        for number, reason in enumerate(REFUSED, 1)
    ]
    return [
        show("a month in part", "where", house_where.answers(), meter(known_since=MID_NOVEMBER)),
        show("no inverter", "where", house_where.answers(devices, **blind)),
        show("no inverter and no devices", "where", house_where.answers([], **blind)),
        show("a first day", "where", nothing),
        show("no devices", "where", alone),
        show("no devices, and no right", "where", alone, is_admin=False),
        show("no devices of one of three", "where", alone, three, chooser=True),
        show("nothing", "where", refused("nothing_counted", "shares")),
        *plans(),
        show("another battery", "what-if", battery, house_sun.answers(with_battery=True)),
        show("of three", "what-if", battery, three, chooser=True),
        *(show(f"refusal {n}", "what-if", found) for n, found in enumerate(refusals)),
    ]


def plans() -> list[JsonDict]:
    evening, now, dear = house_plan.evening(), NOW + timedelta(hours=4), house_plan.dear()
    pressed = {
        f"button.{key}": {
            "entity_id": f"button.{key}",
            "platform": "smarty_p1",
            "translation_key": key,
            "device_id": "device_of_dishes",
        }
        for key in ("ready", "start_now", "skip_today", "by_plan")
    }
    later = house_plan.evening(start=now)[PLAN]
    alike = house_plan.trial(saving=0.0)
    states = [
        house_plan.load("dishes", state)
        for state in (
            "done",
            "full",
            "not_connected",
            "not_ready",
            "blocked",
            "by_hand",
            "did_not_start",
            "skipped",
            "not_planned",
        )
    ]
    return [
        show("an evening", "plan", evening, sent=[later, {"answers": alike}], entities=pressed),
        show("wishes", "plan", house_plan.wishes()),
        show("wishes in French", "plan", house_plan.wishes(), language="fr"),
        show("above", "plan", dear, width=DESKTOP),
        show("above, without a reference power", "plan", dear, meter(reference_kw=None)),
        show("states", "plan", house_plan.answer(states)),
        show("no difference", "plan", house_plan.evening(can_differ=False)),
        show(
            "four days", "plan", house_plan.evening(quarters=400), language="fr", time_format="12"
        ),
        show("prices of yesterday", "plan", house_plan.evening(prices_from=NOW)),
        show("no load", "plan", house_plan.answer([])),
        show("no load, and no right", "plan", house_plan.answer([]), is_admin=False),
        *(show(lack, "plan", house_plan.answer([], lack)) for lack in ("too_few_days", "no_price")),
        show("refused", "plan", {PLAN: {"error": "not_loaded"}}, sent=[40]),
        show("odd", "plan", house_plan.answer([house_plan.load("x" * 300, "planned")])),
    ]


def days() -> list[JsonDict]:
    command = house_today.COMMAND
    today, heading = house_today.answers(), {LIVE: house_now.charging()}
    none = {"reference_kw": None, "quarter_hours_above": 0, "above_wh": 0, "cost_above": None}
    without = house_today.answers(days={f"2026-11-{day}": none for day in range(15, 22)})
    without |= meter(reference_kw=None, excess_price=None)
    without |= live(quarter_hour=house.quarter_hour(reference_kw=None))
    since = meter(known_since="2026-11-21T00:00:00+01:00")
    running = house.quarter_hour(measured_since="2026-11-21T17:36:00+00:00", last=None)
    nothing: JsonDict = {"imported_wh": 200, "exported_wh": 0, "above_wh": 0, "quarter_hours": 0}
    day = house_today.a_day(date(2026, 11, 21), **nothing, quarter_hours_above=0, peak=None)
    empty = house_today.quarter_hours(date(2026, 11, 21), until=datetime.min.replace(tzinfo=UTC))
    first = since | live(quarter_hour=running) | {command: empty, DAYS: {"days": [day]}}
    begun = live(values={}, quarter_hour=None)
    start = "2026-11-20T23:00:00+00:00"
    unknown = dict.fromkeys(("projected_kw", "running_kw", "exported_wh"))
    odd_meter = meter(known_since=None, feeds_in=None, reference_kw=0.1, excess_price=None)
    odd: list[JsonDict] = [
        {DAYS: {"days": []}},
        {command: {"start": start, "values": [1e300, 1e9, 0.4], "origins": []}},
        live(quarter_hour=None, values={}, received_at=None),
        live(quarter_hour=house.quarter_hour(**unknown, reference_kw=0)),
        odd_meter,
    ]
    return [
        show("heading", "today", today, heading, width=1280),
        show("narrow", "today", today, heading, width=200),
        show("no sun", "today", house_today.answers(sun=False), meter(feeds_in=False)),
        show("base load", "today", today, house_today.highlights(), width=DESKTOP),
        show("no reference power", "today", without),
        show("a first day", "today", today, first),
        show("a first day that has not begun", "today", today, first, begun),
        show("before its sums", "today", today, {DAYS: {"days": []}}, meter(reference_kw=12.0)),
        show("known since yesterday", "today", today, meter(known_since=start)),
        show("off", "today", today, {LIVE: house.gone("disabled")} | {command: {"error": "busy"}}),
        *(
            show(error, "today", today, {command: {"error": error}})
            for error in ("not_loaded", "nothing_counted", "unreadable")
        ),
        *(show(f"odd {n}", "today", today, each, width=200) for n, each in enumerate(odd)),
    ]


def bills() -> list[JsonDict]:
    known, running, of = house_bill.earlier(), house_bill.running, house_bill.bills
    community = house_bill.line("community", "90", "0.1")
    shared = {"total": -6.38, "shared_kwh": 90, "community": community}
    without = of(*(house_bill.without_reference(each) for each in (*known, running())))
    begun = house_bill.without_reference(running(imported_kwh=0.051, exported_kwh=0.0))
    begun |= {"subtotal": None, "missing": ["energy", *begun["missing"]]}
    empty = dict.fromkeys(("quantity", "price", "amount"))
    long = {"name": "x" * 300, "quantity": 1e308, "unit": "€€€", "price": -1e-300, "amount": 1e20}
    unknown = dict.fromkeys(("vat_rate", "vat", "net", "reference_kw"))
    lines = [{"name": "energy", "unit": "kWh"} | empty, long]
    estimate = dict.fromkeys(("total", "low", "high"))
    odd = running(lines=lines, parts={}, estimate=estimate, **unknown)
    gap = [*known[:4], known[4] | {"missing": ["surcharge"], "parts": {}, "total": None}]
    errors = ("nothing_counted", "not_loaded", "not_answered", "busy")
    found = [
        show("sun", "bill", of(), house_sun.answers()),
        show("sun in part", "bill", of(), sun_in_part()),
        show("no energy price", "bill", of(house_bill.without_energy_price(running()))),
        show("a community", "bill", of(running(**shared, total_with_community=2.62))),
    ]
    for card in ("bill", "months"):
        found += [
            show("no reference power", card, without, is_admin=False),
            show("first minutes", card, of(begun | {"imported_kwh": 0.049})),
            show("a first month", card, of(begun)),
            show("wide", card, of(), house_sun.answers(), width=500, language="de"),
            show("a gap", card, of(*gap, *known[5:], running())),
            show("odd", card, of(odd)),
            *(show(error, card, {BILL: {"error": error}}) for error in errors),
        ]
    return found


def years() -> list[JsonDict]:
    rows = house_year.household()
    day = house_year.household(house_year.at("2026-11-21T07:15"))
    dark = house_year.household(has_sun=False)
    later = house_year.household(house_year.at("2026-03-15T00:00"))
    new_year = house_year.household(*map(house_year.at, ("2025-12-31T12:00", "2026-01-01T12:00")))
    since = house_year.meters(known_since="2026-11-21T00:00:00+01:00")
    without = house_year.answers(rows, reference_kw=None) | house_year.meters(reference_kw=None)
    good = house_year.answer(rows[:96])
    odd: list[JsonDict] = [
        {"values": "%%%"},
        {"values": ""},
        {"values": "AAA="},
        {"start": "never"},
    ]
    odd.append({"values": [None, 5, 99999, -3]})
    return [
        show("wide", "year", house_year.answers(rows), house_sun.answers(), width=1280),
        show("no sun", "year", house_year.answers(dark), house_bill.bills(), width=DESKTOP),
        show("sun in part", "year", house_year.answers(rows), sun_in_part()),
        show("nothing", "year", refused("nothing_counted", "quarter_hours", "classes")),
        show("a day", "year", house_year.answers(day), since),
        show("from the middle of a month", "year", house_year.answers(later)),
        show("on New Year's Day", "year", house_year.answers(new_year)),
        show("no reference power", "year", without, house_bill.bills()),
        show("of three", "year", house_year.answers(rows), house_now.three_meters(), chooser=True),
        *(
            show(
                f"a plan in {language}",
                "year",
                house_year.with_plan(rows, house_year.planned_classes()),
                language=language,
            )
            for language in ("en", "de", "fr", "lb", "pt")
        ),
        *(
            show(f"a plan: {title}", "year", house_year.with_plan(rows, planned))
            for title, planned in {
                "no car": house_year.no_planned_classes("no_car"),
                "not measured": house_year.no_planned_classes("car_not_measured"),
                "too few days": house_year.no_planned_classes("too_few_days"),
                "no gain, no sensor": house_year.planned_classes(
                    min_kw=1.4, is_measured=False, kw7=(990, 1180, 1182), kw12=(1070, 1260, 1260)
                ),
                "one phase in the sun": house_year.planned_classes(
                    exported=2000, kw7=(990, 1180, 1100), kw12=(1070, 1260, 1260)
                ),
                "a loss": house_year.planned_classes(
                    kw7=(1180, 1190, 1192), kw12=(1260, 1270, 1270)
                ),
            }.items()
        ),
        *(
            show(f"odd {n}", "year", house_year.answers(rows), {"smarty_p1/quarter_hours": found})
            for n, found in enumerate(good | each for each in odd)
        ),
    ]


def media() -> list[JsonDict]:
    of, gas, water, heat = (
        getattr(house_medium, name) for name in ("answers", "gas", "water", "heat")
    )
    reading = {"index": 828.277, "unit": "m3", "time": "2026-11-21T17:30:00+00:00", "flow": 0.08}
    exchanged = house.live(media={house_medium.WATER: reading | {"index": 1.5}})
    read = of(water(), live={house_medium.WATER: reading})
    of_gas = {house_medium.GAS: reading | {"index": 5.5, "flow": None}}
    nights = house_medium.hours(n2026_11_19=[3, 2, 4], n2026_11_20=[2, 3, 4], n2026_11_21=[3, 2, 4])
    costs = house_medium.gas_costs
    partly = costs(month=costs()["month"] | {"missing_days": 1})
    begun = house_medium.days(date(2026, 11, 21), house_medium.gas_of)
    all_three = of(gas(), water(), heat())
    two = of(gas(), gas(meter="GAS0790002579999"))
    [reads] = two[METERS]["meters"]
    houses = [reads | {"title": "House"}, reads | {"entry_id": "b", "title": "Heat pump"}]
    named = {"device_gas": {"id": "device_gas", "name_by_user": "Boiler"}}
    found = {
        "read": of(water()),
        "costs": of(gas(costs=costs())),
        "costs in part": of(gas(costs=partly)),
        "no costs yet": of(gas(costs=costs(month=None))),
        "only m3": of(gas(kwh_per_m3=None)),
        "water at night": of(water(hours=nights)),
        "no days": of(gas(days=None)),
        "no reading": of(gas(days=None, index=None, time=None)),
        "a first day": of(gas(days=begun)),
        "odd": of(gas(type="constructor", unit=None, kwh_per_m3=None)),
        "waiting": of(state="waiting", media=[]),
        "no right": of(gas()) | refused("unauthorized", "media"),
        "only live": of(gas(), live=of_gas) | refused("unreadable", "media"),
        "two": two,
        "none": of(),
    }
    return [
        *(show(title, "gas-water-heat", answers) for title, answers in found.items()),
        *(
            show(f"heat in {unit}", "gas-water-heat", of(heat(unit=unit)), width=DESKTOP)
            for unit in ("Wh", "kWh", "MWh", "MJ", "m3")
        ),
        show("the next telegram", "gas-water-heat", read, sent=[exchanged]),
        show(
            "a chosen day, and the next month",
            "gas-water-heat",
            of(water()),
            sent=["End", 10 * 86_400],
        ),
        show("only m3, and no right", "gas-water-heat", found["only m3"], is_admin=False),
        *(
            show(f"at {at}", "gas-water-heat", of(water()), now=f"2026-11-{at}:00+01:00")
            for at in ("21T21:16", "22T00:20", "24T12:00")
        ),
        show("of a device", "gas-water-heat", all_three, device="device_heat"),
        show("of water", "gas-water-heat", all_three, meter=house_medium.WATER),
        show("of another house", "gas-water-heat", all_three, meter="of another house"),
        show(
            "of two",
            "gas-water-heat",
            two,
            {METERS: {"meters": houses}},
            entry_id="b",
            language="de",
        ),
        show("with a name", "gas-water-heat", two, devices=named),
    ]


def quality() -> list[JsonDict]:
    voltages, events = house_quality.voltages, house_quality.events
    outside = voltages(phases=2, L1={100: (250.0, 255.4), 101: (251.0, 254.0)})
    low = voltages(phases=1, L1={5: (206.9, 210.0), 6: (207.0, 253.0), 7: None})
    nothing = events(disturbances=[], undated={}, messages=[])
    nothing["reception"] |= {"since": None, "received": [None] * 168, "longest_gaps": []}
    silent = live(received_at=None, state="failing", values={}, quarter_hour=None)
    silent |= meter(last_telegram=None, phases=None, connection_kva=None)
    silent |= {"smarty_p1/voltages": voltages(phases=0), "smarty_p1/events": nothing}
    off = refused("not_loaded", "voltages", "events") | {LIVE: house.gone("disabled")}
    odd: JsonDict = live(values={"breaker": 7, "power_threshold": "much"})
    odd["smarty_p1/events"] = {"disturbances": None, "undated": {"voltage_sag": "many"}}
    odd["smarty_p1/voltages"] = {"start": "soon", "limits": [None], "phases": {"N": {}, "L2": {}}}
    houses = {"wide": {}, "silent": silent, "off": off, "odd": odd}
    houses |= {error: refused(error, "voltages", "events") for error in ("unauthorized", "no_port")}
    message = house_quality.event(
        "2026-11-03T10:12:00+01:00", "message", text="<b>\x07\u202e" + "x" * 2000
    )
    failure = house_quality.event("2026-11-21T18:38:30+01:00", "power_failure")
    one_kind = events(disturbances=[], undated={"voltage_sag": 28})
    no_volts = {"smarty_p1/voltages": voltages(phases=0)}
    sent = [
        house.live(values=house.values(breaker="disconnected")),
        house.live(received_at="2026-11-21T17:12:05+00:00", state="failing"),
    ]
    given: list[tuple[str, str, JsonDict]] = [
        ("outside", "voltage", {"smarty_p1/voltages": outside}),
        ("low", "voltage", {"smarty_p1/voltages": low}),
        ("at the limit", "voltage", {"smarty_p1/voltages": voltages(L1={5: (207.0, 253.0)})}),
        ("no volts", "voltage", no_volts | live(values={"power_net": 1.0})),
        ("no volts now", "voltage", no_volts | live(received_at="2026-11-19T17:00:00+00:00")),
        ("a long message", "supply", {"smarty_p1/events": events(messages=[message])}),
        ("a failure", "interruptions", {"smarty_p1/events": events(disturbances=[failure])}),
        ("one kind", "interruptions", {"smarty_p1/events": one_kind}),
        ("quiet", "interruptions", {"smarty_p1/events": events(disturbances=[], undated={})}),
        ("weather", "weather", {}),
    ]
    all_is_well = house_quality.answers()
    moved = house_quality.voltages()
    moved["start"] = (house_quality.VOLTAGES_START + timedelta(hours=1)).isoformat()
    hour_later = {"answers": {"smarty_p1/voltages": moved}}
    return [
        show("a chosen time", "quality", all_is_well, sent=["End", hour_later, 300]),
        *(
            show(f"{part}, {title}", "quality", all_is_well, answers, part=part, width=DESKTOP)
            for title, answers in houses.items()
            for part in PARTS
        ),
        *(
            show(title, "quality", all_is_well, answers, part=part)
            for title, part, answers in given
        ),
        show("is switched off", "quality", all_is_well, part="supply", sent=sent),
    ]


def dashboards() -> list[JsonDict]:
    boards = ("pulse_energy", "pulse_power", "tank_level", "tank_volume")
    entities = {
        name: {"entity_id": f"sensor.{name}", "translation_key": name, "platform": "smarty_p1"}
        | {"device_id": name.split("_", maxsplit=1)[0]}
        for name in boards
    }
    devices = {
        "pulse": {"id": "pulse", "name": "Heat pump"},
        "tank": {"id": "tank", "name": "Cistern", "name_by_user": "Rain"},
    }
    found = {"entities": entities, "devices": devices}
    media = house_medium.answers(house_medium.gas(), house_medium.water(), house_medium.heat())
    reader = house.meter(source="pulses", device_id="pulse")
    return [
        show("a house", "dashboard", media, **found),
        show("no cable", "dashboard", house_now.without_cable(), language="de"),
        show("boards alone", "dashboard", {METERS: {"meters": []}}, **found),
        show("a reader", "dashboard", {METERS: {"meters": [], "pulse_readers": [reader]}}, **found),
        show("a young meter", "dashboard", meter(known_since="2026-06-01T00:00:00+02:00")),
        show("no meter", "dashboard", {METERS: {"meters": []}}),
    ]


def everything() -> list[JsonDict]:
    found = [
        show(title, card.name, card.answers, **card.config)
        for title, card in house_all.cards().items()
    ]
    languages = cycle(["de", "fr", "lb", "pt"])
    page = {"width": DESKTOP, "time_format": "12", "is_admin": False}
    for title, (answers, places) in house_wide.views().items():
        for card, config in places:
            found.append(show(title, card, answers, language=next(languages), **page, **config))
    for more in (now, sums, others, days, bills, years, media, quality, dashboards):
        found += more()
    return found
