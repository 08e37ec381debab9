"""Months, days and contracts, as the tests of the bill write them down."""

from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict, Unpack
from zoneinfo import ZoneInfo

from smartyp1.bill.bill import Bill
from smartyp1.bill.month import ClassExcess, Day, Month
from smartyp1.prices.contract import Contract, Contracts

LUXEMBOURG = ZoneInfo("Europe/Luxembourg")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
TWO_PRICES = Contract(
    reference_kw=3,
    energy_price=0.2,
    second_price=0.08,
    second_hours="22:00-06:00",
    feed_in_price=0.06,
)


class Counted(TypedDict, total=False):
    """What else is counted of a day."""

    exported_wh: float
    market_wh: float
    market_cost: float
    market_exported_wh: float
    market_revenue: float


class CountedAbove(Counted, total=False):
    """All that is counted of a day."""

    kwh: float
    above: dict[float, float]


def local(text: str) -> datetime:
    """Return a time of Luxembourg's clock: `2026-06-01`, or with `T12:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=LUXEMBOURG).astimezone(UTC)


def day(
    text: str, kwh: float = 0.0, above: dict[float, float] | None = None, **more: Unpack[Counted]
) -> Day:
    """Return a day with its imported energy, and the energy above some classes, in kWh."""
    counted = {kw: ClassExcess(1, round(each * 1000)) for kw, each in (above or {}).items()}
    return Day(
        start=local(text), imported_wh=round(kwh * 1000), quarter_hours=96, above=counted, **more
    )


def month(name: str, *days: Day) -> Month:
    """Return a month, `2026-06`, of some days."""
    return Month(start=datetime.fromisoformat(f"{name}-01").replace(tzinfo=LUXEMBOURG), days=days)


def alike_days(name: str, count: int, kwh: float, exported_kwh: float = 0.0) -> Month:
    """Return a month whose first days are alike."""
    dates = [f"{name}-{n:02}" for n in range(1, count + 1)]
    return month(name, *(day(each, kwh, exported_wh=exported_kwh * 1000) for each in dates))


def whole_month(name: str, count: int, **of_first_day: Unpack[CountedAbove]) -> Month:
    """Return a month all of whose days were measured, with all energy on the first one."""
    first = day(f"{name}-01", **of_first_day)
    start = datetime.fromisoformat(f"{name}-01").replace(tzinfo=LUXEMBOURG)
    starts = [(start + timedelta(days=n)).astimezone(UTC) for n in range(1, count)]
    return month(name, first, *(Day(start=each, quarter_hours=96) for each in starts))


def agreed(**contract: Any) -> Contracts:  # noqa: ANN401 - whatever a contract says
    """Return a contract that holds for all times."""
    return Contracts(((LONG_AGO, Contract.of_terms(contract)),))


def changing(*entries: tuple[str, Contract]) -> Contracts:
    """Return contracts, each with the time of Luxembourg's clock from which it holds."""
    return Contracts(tuple((local(since), contract) for since, contract in entries))


def lines(bill: Bill) -> list[tuple[str, float, float, float]]:
    """Return the lines of a bill: name, quantity, price, amount."""
    return [(line.name, line.quantity, line.price, line.amount) for line in bill.lines]


def sums(bill: Bill) -> tuple[float | None, float | None, float | None]:
    """Return net, VAT and total of a bill."""
    return bill.net, bill.vat, bill.total
