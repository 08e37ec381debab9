"""Power now in the house and in other houses, and the energy of today and of this month."""

from playwright.async_api import Locator

from smartyp1.json_types import JsonDict

from . import house
from .house_bill import bills, running

NOW = "2026-11-21T17:38:20+00:00"


def charging(**changes: object) -> JsonDict:
    """Return a message while the car is charged: 1.43 kWh in 500 s, and 11.4 kW."""
    values = house.values(power_net=11.4, power_net_l1=4.4, power_net_l2=3.6, power_net_l3=3.4)
    running = {"running_kw": 10.3, "projected_kw": 10.8, "available_kw": 2.9, "will_exceed": True}
    quarter_hour = house.quarter_hour(imported_wh=1433.0, **running)
    return house.live(**({"values": values, "quarter_hour": quarter_hour} | changes))


def feeding() -> JsonDict:
    """Return a message of a sunny hour."""
    phases = {"power_net_l1": -1.7, "power_net_l2": -1.6, "power_net_l3": -1.64}
    quarter_hour = house.quarter_hour(imported_wh=0.0, exported_wh=686.0)
    return house.live(values=house.values(power_net=-4.94, **phases), quarter_hour=quarter_hour)


def failing(obstacle: str, **changes: object) -> JsonDict:
    """Return a message of a meter whose telegrams are not accepted, or do not come."""
    path = "/config/integrations/integration/smarty_p1#config_entry=house"
    told: JsonDict = {
        "state": "failing",
        "obstacle": obstacle,
        "remedy": {"kind": "reconfigure", "path": path},
        "values": {},
        "received_at": None,
    }
    return house.live(**(told | changes))


def first_day() -> JsonDict:
    """Return the answers of a meter that has been set up two minutes ago."""
    since = "2026-11-21T17:36:00+00:00"
    begun = house.quarter_hour(measured_since=since, imported_wh=31.0, last=None)
    return {
        "smarty_p1/meters": {
            "meters": [house.meter(known_since="2026-11-21T18:30:00+01:00", has_leneda=False)]
        },
        "smarty_p1/live": house.live(quarter_hour=begun),
    }


def day(number: int, **changes: object) -> JsonDict:
    """Return a day of November, in whole days of 96 quarter-hours."""
    name = f"2026-11-{number:02}"
    before = f"2026-11-{number - 1:02}" if number > 1 else "2026-10-31"
    return {
        "day": name,
        "start": f"{before}T23:00:00+00:00",
        "end": f"{name}T23:00:00+00:00",
        "imported_wh": 17640,
        "exported_wh": 2420,
        "quarter_hours": 96,
        "leneda_quarter_hours": 0,
        "estimated_quarter_hours": 0,
        "of_quarter_hours": 96,
        "reference_kw": 7.0,
        "quarter_hours_above": 0,
        "above_wh": 0,
        "peak": {"start": f"{name}T11:00:00+00:00", "mean_kw": 3.3},
        "cost": 4.7,
        "cost_used": 4.45,
        "cost_fixed": 0.44,
        "cost_above": 0.0,
        "feed_in": -0.19,
    } | changes


def november(**today: object) -> list[JsonDict]:
    """Return the days of November until the 21st, 18:38: on the 20th the car was charged."""
    days = [day(number) for number in range(1, 20)]
    days.append(day(20, peak={"start": "2026-11-20T18:00:00+00:00", "mean_kw": 14.5}))
    now: JsonDict = {
        "imported_wh": 10820,
        "exported_wh": 520,
        "quarter_hours": 74,
        "of_quarter_hours": 74,
        "peak": {"start": "2026-11-21T17:15:00+00:00", "mean_kw": 9.4},
        "cost": 2.98,
        "cost_used": 2.6,
        "cost_fixed": 0.42,
        "feed_in": -0.04,
    }
    days.append(day(21, **(now | today)))
    return days


def sums(*, days: list[JsonDict] | None = None, **changes: object) -> JsonDict:
    """Return the answers about today and this month."""
    return {
        "smarty_p1/days": {"days": november() if days is None else days},
        **bills(running(**changes)),
    }


def silent() -> JsonDict:
    """Return a message of a meter that was heard last 14 minutes ago."""
    return failing(
        "nothing_received", received_at="2026-11-21T17:24:10+00:00", values=house.values()
    )


def without_reference() -> JsonDict:
    """Return the answers where no reference power was entered."""
    return {
        "smarty_p1/meters": {"meters": [house.meter(reference_kw=None, excess_price=None)]},
        "smarty_p1/live": house.live(quarter_hour=house.quarter_hour(reference_kw=None)),
        **bills(running(total=None, reference_kw=None)),
    }


def three_meters() -> JsonDict:
    """Return the answers of three meters; the last has no name."""
    meters = [
        house.meter(title="House"),
        house.meter(entry_id="b", title="Heat pump", serial_number="SAG1030700000002"),
        house.meter(entry_id="c"),
    ]
    heating = house.live(
        values=house.values(power_net=2.1), quarter_hour=house.quarter_hour(imported_wh=983.0)
    )
    return {
        "smarty_p1/meters": {"meters": meters},
        "smarty_p1/live b": heating,
        "smarty_p1/live c": feeding(),
    }


async def height(element: Locator) -> float:
    """Return how high something is that may be touched, 0 where it is not shown."""
    box = await element.bounding_box()
    return box["height"] if box else 0.0


def without_cable() -> JsonDict:
    """Return the answers of a meter without a cable: seven days until yesterday."""
    meter = house.meter(
        serial_number=None, source="leneda", known_until="2026-11-20T23:00:00+00:00"
    )
    peak = {"start": "2026-11-20T17:30:00+00:00", "mean_kw": 7.9}
    yesterday = day(20, imported_wh=9440, cost=2.31, cost_used=1.84, feed_in=0.0)
    days = [*map(day, range(14, 20)), yesterday | {"cost_fixed": 0.47, "peak": peak}]
    return {
        "smarty_p1/meters": {"meters": [meter]},
        "smarty_p1/live": house.live(values={}, received_at=None, quarter_hour=None),
        "smarty_p1/days": {"days": days},
    }
