"""A meter's telegrams, as the tests write them down."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import ModuleType

from smartyp1.bill.household import Household
from smartyp1.bill.household_state import HouseholdState
from smartyp1.history.luxembourg_time import day_start, midnight, quarter_start
from smartyp1.history.market_prices import NO_PRICES, MarketPrices
from smartyp1.history.month_columns import Row
from smartyp1.history.month_file_lines import HEADER, month_name, span_line
from smartyp1.history.quarter_hour import Origin, QuarterHour
from smartyp1.history.register_amounts import Amounts, Energies
from smartyp1.history.shown_month import sure_time
from smartyp1.history.spans import Span, SpanKind
from smartyp1.prices import market_price_series
from smartyp1.prices.contract import BEGINNING, Contract, Contracts
from tests.json_copy import through_json
from tests.lib.bill.months import local

SERIAL = "SAG1030790002574"
PRICE = 0.1139
REGISTER_WH = 25_653_000


def at(text: str) -> datetime:
    """Return a meter's time: its date, its time of day, and `S` or `W`."""
    return datetime.fromisoformat(text[:-1] + {"S": "+02:00", "W": "+01:00"}[text[-1]])


def quarter(start: str, mean_kw: float) -> QuarterHour:
    """Return a quarter-hour with its imported energy alone."""
    return QuarterHour(at(start), mean_kw)


def cost(household: HouseholdState) -> float | None:
    """Return the cost of energy above the reference power this month, each part at its price."""
    now = household.contracts.at(household.quarter_start)
    if now.reference_kw is None or now.surcharge is None:
        return None
    ledger, month = household.ledger, household.month
    parts = ledger.parts(month.start, month.end)
    return round(sum(p.sums.above_wh / 1000 * (p.contract.surcharge or 0) for p in parts), 6)


def row_of(quarters: Iterable[QuarterHour], *others: Span) -> Row:
    """Return the row of some quarter-hours that were measured here, and of other spans."""
    row = Row()
    for quarter in quarters:
        fed_kwh = quarter.exported_kwh
        amounts = Amounts(quarter.mean_kw * 250, (fed_kwh or 0.0) * 1000, fed_kwh is not None)
        end = quarter.start + timedelta(minutes=15)
        row.add(Span(quarter.start, end, SpanKind.QUARTER_HOUR, amounts))
    for span in others:
        row.add(span)
    return row


def change_contract(meter: Household, contract: Contract, since: date | None = None) -> None:
    """Let a contract hold from a day on, without a day from today on, as the meter reads it.

    The first contract of all holds from the beginning.
    """
    contracts = meter._contracts
    start = BEGINNING
    if contracts.entries != type(contracts)().entries:
        segments = meter.meter.history.segments
        start = day_start(sure_time(segments) if segments else BEGINNING)
        start = midnight(since) if since else start
    kept = tuple(entry for entry in contracts.entries if entry[0] < start)
    set_contracts(meter, replace(contracts, entries=(*kept, (start, contract))))


def set_contracts(meter: Household, contracts: Contracts) -> None:
    """Bill all energy of a meter under `contracts`, also earlier energy."""
    meter._contracts = contracts
    meter.meter._reference_kw_at = contracts.reference_kw_at
    meter.set_leneda_days(meter.leneda)


def put_prices(
    meter: Household, time: datetime, market: MarketPrices, of: ModuleType = market_price_series
) -> None:
    """Give the quarter-hour that contains `time` the prices of a market, if it has none yet.

    Contracts of all times have the same two sources. `of` is the library's module with the prices.
    """
    if not meter.price_sources:
        meter.set_prices([of.PriceSources(BEGINNING, of.PriceSeries(), of.PriceSeries())])
    [(_, *sources)] = meter.price_sources
    for series, price in zip(sources, market, strict=True):
        if series is not None and price is not None:
            series.add_price(of.QuarterPrice(quarter_start(time), price))


def known(meter: Household) -> HouseholdState:
    """Return the snapshot of a meter that has one."""
    assert meter.snapshot
    return meter.snapshot


class Disk:
    """The files of a meter's row, to which lines are only ever added."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def write(self, meter: Household) -> None:
        """Add the lines of the spans that are new."""
        for span in meter.meter.take_new():
            name = month_name(span.start)
            self.files[name] = self.files.get(name, HEADER.encode()) + span_line(span).encode()


class Connection:
    """A connection whose register and clock the test moves."""

    def __init__(
        self, start: str, reference_kw: float | None = None, price: float | None = None
    ) -> None:
        self.contract = Contract(reference_kw=reference_kw, surcharge=price)
        self.threshold_kva: float | None = None
        self.market = NO_PRICES
        self.meter = Household(self.contract)
        self.disk = Disk()
        self.time = at(start)
        self.imported_wh = REGISTER_WH
        self.exported_wh: float | None = None
        self.serial: str | None = SERIAL

    @property
    def household(self) -> HouseholdState:
        """Return the state of the meter."""
        return known(self.meter)

    def read(self, power_kw: float | None = None) -> HouseholdState:
        """Let the meter send a telegram, and return the state then."""
        self.tell(power_kw)
        household = self.meter.snapshot
        assert household is not None
        return household

    def tell(self, power_kw: float | None = None) -> None:
        """Let the meter send a telegram."""
        exported_kwh = None if self.exported_wh is None else self.exported_wh / 1000
        put_prices(self.meter, self.time, self.market)
        self.meter.count_telegram(
            self.time,
            Energies(self.imported_wh / 1000, exported_kwh),
            power_kw,
            self.serial,
            self.threshold_kva,
            self.market,
        )

    def change(self, contract: Contract, since: str | None = None) -> None:
        """Enter another contract, which holds from a day on."""
        self.contract = contract
        change_contract(self.meter, contract, date.fromisoformat(since) if since else None)

    def restart(self) -> None:
        """Store the state, and go on from it; the contract stays."""
        self.disk.write(self.meter)
        stored = through_json(self.meter.as_dict())
        sources = self.meter.price_sources
        self.meter = Household.from_dict(stored, self.meter._contracts, self.disk.files)
        self.meter.set_prices(sources)

    def pass_by(self, seconds: float, used_wh: int = 0) -> None:
        """Let time pass and energy be used without a telegram."""
        self.time += timedelta(seconds=seconds)
        self.imported_wh += used_wh

    def after(
        self, seconds: float, used_wh: int = 0, power_kw: float | None = None
    ) -> HouseholdState:
        """Return the state after a telegram `seconds` later."""
        self.spend(seconds, used_wh, power_kw)
        return self.household

    def spend(self, seconds: float, used_wh: int = 0, power_kw: float | None = None) -> None:
        """Let time pass and energy be used, and the meter send a telegram. No state is made."""
        self.pass_by(seconds, used_wh)
        self.tell(power_kw)

    def draw_hours(self, hours: float, kw: float = 1.2) -> None:
        """Draw the same power for some hours, with a telegram each quarter-hour."""
        for _ in range(round(hours * 4)):
            self.spend(900, round(kw * 250), kw)

    def draw(self, minutes: int, wh_a_minute: int) -> HouseholdState:
        """Draw the same power for some minutes, with a telegram each; return the last state."""
        assert minutes > 0
        kw = wh_a_minute * 60 / 1000
        for _ in range(minutes - 1):
            self.spend(60, wh_a_minute, kw)
        return self.after(60, wh_a_minute, kw)


def read_quarter_hours(
    contract: Contract,
    start: datetime,
    end: datetime,
    kwh_from: Callable[[datetime], tuple[float, float]],
    market_at: Callable[[datetime], MarketPrices] = lambda _: NO_PRICES,
) -> tuple[Household, HouseholdState]:
    """Return a meter that is read each quarter-hour until `end`.

    `kwh_from` returns the energy imported and exported in the quarter-hour that begins at a time.
    """
    meter, imported, exported, time = Household(contract), 1000.0, 500.0, start
    while time <= end:
        energies = Energies(round(imported, 4), round(exported, 4))
        put_prices(meter, time, market_at(time))
        meter.count_telegram(time, energies, None, SERIAL, market=market_at(time))
        more, fed = kwh_from(time)
        imported, exported = imported + more, exported + fed
        time += timedelta(minutes=15)
    return meter, known(meter)


def platform(
    start: str, end: str, kw: float | Callable[[datetime], float], exported_kwh: float | None = None
) -> list[QuarterHour]:
    """Return the platform's quarter-hours of a period of Luxembourg's clock."""
    first, step = local(start), timedelta(minutes=15)
    times = [first + n * step for n in range((local(end) - first) // step)]
    return [
        QuarterHour(time, kw(time) if callable(kw) else kw, exported_kwh, origin=Origin.LENEDA)
        for time in times
    ]
