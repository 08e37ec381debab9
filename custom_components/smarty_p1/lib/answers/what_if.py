"""Answer with a household's year now and with changes, in euros a year."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ..advice.battery_simulation import Battery
from ..advice.planned_car_year import PlannedCar
from ..advice.solar_yield import SUNNY_DAYS_SOURCE, solar_kwh_a_year
from ..advice.what_if import Changes, NewContract, Sharing, compare_years, sources_then
from ..advice.what_if_tables import DEGREES_SOURCE, LoadProfile, car, heat_pump, panels
from ..advice.what_if_year import (
    WhatIfError,
    WhatIfRefusal,
    YearCosts,
    YearEnergies,
    last_twelve_months,
)
from ..bill.household_state import HouseholdState
from ..json_types import JsonDict, JsonMapping
from ..plan.usual_house import LoadEnergy
from ..prices.contract import BEGINNING, Contract
from ..prices.entered_contract import contract_of
from ..prices.market_price_series import PriceSeries, PriceSources
from ..prices.published_prices import OlderPrices
from ..prices.zone_price_response import CREDITS

CONTRACT, CAR, HEAT_PUMP = "contract", "car", "heat_pump"
PANELS, BATTERY, SHARING_KEY = "panels", "battery", "sharing_key"
PLAN = "plan"
KINDS = CONTRACT, CAR, HEAT_PUMP, PANELS, BATTERY, SHARING_KEY, PLAN
"""Kinds of changes."""
_PERCENT = 100
_OF_CAR = "kwh", "kw", "begin_hour"
_NEW_TERMS = "energy_price", "energy_margin", "second_price", "second_hours", "discount"
"""Terms that a new contract always replaces, even by none."""
_DEFAULTS: Mapping[str, Mapping[str, float]] = {
    CAR: {"begin_hour": 22},
    PANELS: {"direction": 180, "tilt": 30},
    BATTERY: {"efficiency": 90, "reserve": 0, "standby": 20},
    PLAN: {"begin_hour": 18, "end_hour": 7},
}
"""Fields of a change that the user need not enter."""


type Assumption = Mapping[str, float | str | None]
"""Assumption that the user has not entered: its `key` and `value`."""


class WhatIfQuestion(NamedTuple):
    """Changes of a household, and the market prices that they can use."""

    changes: Sequence[JsonMapping]
    feed_in_price: float | None
    """Replaces the feed-in price in the contract, now and then."""
    sources: PriceSources | None
    """Market prices of the present contract. None if the household's table has them."""
    markets: Mapping[str, PriceSeries]
    """Stored prices of each market by its id."""
    own_car: Sequence[LoadEnergy] = ()
    """Measured energy of the planned car, in place of which it is planned."""
    cars: Sequence[str] = ()
    """Names of the cars that were charged here in the year. Another car comes besides them."""
    is_of_few: bool = False
    """Whether only few reference powers are compared."""

    @property
    def own(self) -> PriceSources:
        """Return the market prices that the present year uses."""
        own = self.sources or PriceSources(BEGINNING)
        return own if self.feed_in_price is None else own._replace(feed_in=None)


def what_if_report(state: HouseholdState, question: WhatIfQuestion) -> JsonDict:
    """Return the last twelve whole months now and with changes. Raises WhatIfError.

    Amounts are whole euros, and parts add up to their totals.
    """
    changes, present = _with_car_of_plan(question.changes), state.contracts.at(state.until)
    entered = {
        change["kind"]: {**_DEFAULTS.get(change["kind"], {}), **change} for change in changes
    }
    contract, sharing, battery, plan = map(entered.get, (CONTRACT, SHARING_KEY, BATTERY, PLAN))
    new = _new_contract(contract, question.markets) if contract else None
    result = compare_years(
        state,
        Changes(
            contract=new,
            loads=[*_loads(entered)],
            sharing=_sharing(sharing, present) if sharing else None,
            battery=_battery(battery) if battery else None,
            car=_planned_car(plan) if plan else None,
            own_car=question.own_car,
            is_of_few=question.is_of_few,
            feed_in_price=question.feed_in_price,
        ),
        question.sources,
    )
    year, own = result.now, result.classes[result.now.reference_kw]
    saving = round(own.now.whole.total - own.then.whole.total)
    ends = saving, saving + round(result.saving_elsewhere)
    return {
        "start": f"{year.begins[0]:%Y-%m-%d}",
        "end": f"{year.end:%Y-%m-%d}",
        "measured_days": year.measured_days,
        "known_share": round(year.known_share, 3),
        "reference_kw": year.reference_kw,
        "has_vat": year.contract.has_vat,
        **OlderPrices.answer(year.prices.prices_of_classes(result.classes)),
        "hourly_share": {
            "now": _share(year.hourly_share),
            "then": _share(result.then.hourly_share),
        },
        "markets_used": {
            "now": [*_ids(question.own, question.markets)],
            "then": [*_ids(sources_then(new, question.own), question.markets)],
        },
        "saving": {"low": min(ends), "high": max(ends)},
        "cheapest": {"now": result.cheapest_now, "then": result.cheapest_then},
        "energies": {
            "now": _whole(year.energies_a_year),
            "then": _whole(own.energies),
        },
        "classes": {
            f"{kw:g}": {
                "now": _whole(years.now.whole),
                **({"at_once": _whole(years.at_once.whole)} if years.at_once else {}),
                "then": _whole(years.then.whole),
                "battery": years.battery
                and {
                    "cycles": round(years.battery.cycles),
                    "stored_share": _share(years.battery.stored_share),
                },
            }
            for kw, years in result.classes.items()
        },
        "assumed": [*_assumed(changes, present), *_second_car(changes, question.cars)],
    }


def markets_report(state: HouseholdState, markets: Mapping[str, PriceSeries]) -> list[JsonDict]:
    """Return each market with the share of its known prices in the last twelve whole months."""
    start, end = last_twelve_months(state)
    return [
        {
            "id": name,
            "credit": CREDITS.get(name),
            "known_share": (share := _share(series.known_share(start, end))),
            "can_download": name in CREDITS and share != 1,
        }
        for name, series in markets.items()
    ]


def _ids(sources: PriceSources, markets: Mapping[str, PriceSeries]) -> Iterator[str]:
    """Yield the ids of the markets whose prices `sources` has."""
    for name, series in markets.items():
        if series is sources.energy or series is sources.feed_in:
            yield name


def _new_contract(fields: JsonMapping, markets: Mapping[str, PriceSeries]) -> NewContract:
    """Return the entered contract. Raises WhatIfError if it follows a market without prices."""
    contract, names = contract_of(fields), [*_NEW_TERMS]
    if "energy_fee" in fields:
        names.append("energy_fee")
    if contract.has_feed_in_price:
        names += ["feed_in_price", "feed_in_margin"]
    terms = {name: getattr(contract, name) for name in names}
    if "market" not in fields:
        return NewContract(terms)
    market = markets.get(fields["market"])
    if market is None or not market.months:
        raise WhatIfError(WhatIfRefusal.NO_MARKET_PRICES)
    return NewContract(terms, market)


def _sharing(fields: JsonMapping, present: Contract) -> Sharing:
    price = fields.get("price", present.community_price)
    return Sharing(fields["kwp"], fields["key"] / _PERCENT, price or 0.0)


def _with_car_of_plan(changes: Sequence[JsonMapping]) -> Sequence[JsonMapping]:
    """Return the changes. A plan beside a car plans that car, unless it is for a device."""
    car_of = next((change for change in changes if change["kind"] == CAR), None)
    if car_of is None:
        return changes
    fields = {**_DEFAULTS[CAR], **{name: car_of[name] for name in _OF_CAR if name in car_of}}
    return [
        {**change, **fields} if change["kind"] == PLAN and "device" not in change else change
        for change in changes
    ]


def _loads(entered: Mapping[str, JsonMapping]) -> Iterator[LoadProfile]:
    """Yield the loads of the changes. The planned car is no such load."""
    is_planned = PLAN in entered and "device" not in entered[PLAN]
    if (of_car := entered.get(CAR)) and not is_planned:
        yield car(of_car["kwh"], of_car["kw"], of_car["begin_hour"])
    if pump := entered.get(HEAT_PUMP):
        yield heat_pump(pump["kwh"])
    if roof := entered.get(PANELS):
        yield panels(roof["kwp"], roof["direction"], roof["tilt"])


def _planned_car(fields: JsonMapping) -> PlannedCar:
    hours = fields["begin_hour"], fields["end_hour"]
    more = fields.get("min_kw", 0.0), fields.get("end_hours", ())
    return PlannedCar(fields.get("kwh"), fields["kw"], *hours, *more)


def _battery(fields: JsonMapping) -> Battery:
    return Battery(
        kwh=fields["kwh"],
        kw=fields["kw"],
        efficiency=fields["efficiency"] / _PERCENT,
        reserve=fields["reserve"] / _PERCENT,
        standby_w=fields["standby"],
    )


def _assumed(changes: Iterable[JsonMapping], present: Contract) -> Iterator[Assumption]:
    """Yield the assumptions in the order of the changes."""
    for change in changes:
        fields = {**_DEFAULTS.get(change["kind"], {}), **change}
        for key, value in fields.items():
            if key not in change:
                yield _assumption(key, value)
        yield from _ASSUMED[change["kind"]](fields, present)


def _second_car(changes: Iterable[JsonMapping], cars: Sequence[str]) -> Iterator[Assumption]:
    """Yield the cars that were charged here if a change is about another car."""
    if cars and any(c["kind"] == CAR or (c["kind"] == PLAN and "kwh" in c) for c in changes):
        yield _assumption("second_car", ", ".join(cars))


def _assumption(key: str, value: float | str | None = None) -> Assumption:
    return {"key": key, "value": value}


def _of_contract(fields: JsonMapping, present: Contract) -> Iterator[Assumption]:
    if "energy_fee" not in fields:
        yield _assumption("energy_fee", present.energy_fee or 0.0)
    if "feed_in_price" not in fields and "feed_in_margin" not in fields:
        yield _assumption("feed_in_as_today")


def _of_panels(fields: JsonMapping, _present: Contract) -> Iterator[Assumption]:
    kwh = fields["kwp"] * solar_kwh_a_year(fields["direction"], fields["tilt"])
    yield _assumption("solar_kwh", round(kwh))
    yield _assumption("sunny_days", SUNNY_DAYS_SOURCE)


def _of_sharing(fields: JsonMapping, present: Contract) -> Iterator[Assumption]:
    if "price" not in fields:
        yield _assumption("sharing_price", present.community_price or 0.0)
    yield _assumption("shared_sun", SUNNY_DAYS_SOURCE)


_ASSUMED: Mapping[str, Callable[[JsonMapping, Contract], Iterable[Assumption]]] = {
    CONTRACT: _of_contract,
    CAR: lambda _fields, _present: [_assumption("car_every_day")],
    HEAT_PUMP: lambda _fields, _present: [_assumption("degree_days", DEGREES_SOURCE)],
    PANELS: _of_panels,
    BATTERY: lambda _fields, _present: (),
    SHARING_KEY: _of_sharing,
    PLAN: lambda fields, _present: [
        _assumption("plan_of_device" if "device" in fields else "plan_against")
    ],
}
"""Assumptions besides the defaults, by the kind of the change."""


def _whole(values: YearCosts | YearEnergies) -> dict[str, int]:
    return {name: round(value) for name, value in values._asdict().items()}


def _share(share: float | None) -> float | None:
    return share and round(share, 2)
