"""Quarter-hours and stored content of a month, by hand: the arithmetic is beside the numbers."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from random import Random

import pytest

from smartyp1.bill.household import Household
from smartyp1.bill.month import ClassExcess, Month
from smartyp1.bill.period_sums import Sums
from smartyp1.history.calendar import QUARTER_HOUR
from smartyp1.history.market_prices import MarketPrices
from smartyp1.history.quarter_hour import QuarterHour
from smartyp1.history.register_amounts import Energies
from smartyp1.prices.contract import BEGINNING, Contract
from smartyp1.prices.price_series import PriceSeries, PriceSources, QuarterPrice
from tests.lib.bill.months import DayOfMonth, days_of
from tests.lib.bill.support import PRICE, SERIAL, Connection, Disk, at, known, put_prices
from tests.random_examples import examples


def month_of(house: Connection, number: int = -1) -> Month:
    """Return a known month, by default the shown one."""
    demand = house.demand
    return (*demand.earlier_months, demand.month)[number]


def by_start(month: Month) -> dict[str, DayOfMonth]:
    """Return the days of a month by the day and time in UTC at which they begin."""
    return {f"{day.start:%m-%d %H:%M}": day for day in days_of(month)}


def test_a_quarter_hour_is_above_every_class_that_it_exceeds() -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=5)
    house.read()
    house.draw(15, 200)  # 3000 Wh, 12 kW
    house.draw(15, 90)  # 1350 Wh, 5.4 kW
    house.draw(15, 50)  # 750 Wh, 3 kW: not above 3

    # Above 3 kW, 750 Wh: 2250 and 600; above 5 kW, 1250 Wh: 1750 and 100; above 7 kW, 1750 Wh:
    # 1250; above 12 kW, 3000 Wh: nothing.
    month = month_of(house)
    above = month.above(3, 5, 7, 12, 200)
    assert above[3] == ClassExcess(2, 2850)
    assert above[5] == ClassExcess(2, 1850)
    assert above[7] == ClassExcess(1, 1250)
    assert above[12] == above[200] == ClassExcess(0, 0)
    assert month.imported_kwh == 5.1
    assert month.sums.quarter_hours == 3
    assert month.peak == QuarterHour(at("2026-07-15T12:00:00S"), 12.0)


def test_a_gap_over_days_and_months_is_shared_by_time() -> None:
    house = Connection("2026-07-30T18:00:00S")
    house.read()
    # 60 hours: 6 on 30 July, 24 on the 31st, 24 on 1 August, 6 on the 2nd.
    house.after(60 * 3600, 6000)
    demand = house.draw(16, 10)

    august, july = demand.month, demand.earlier_months[-1]
    assert {day: each.imported_wh for day, each in by_start(july).items()} == {
        "07-29 22:00": pytest.approx(600),
        "07-30 22:00": pytest.approx(2400),
    }
    assert {day: each.gap_wh for day, each in by_start(august).items()} == {
        "07-31 22:00": pytest.approx(2400),
        "08-01 22:00": pytest.approx(600),
    }
    assert august.imported_kwh == pytest.approx(3.16)
    assert (july.sums.quarter_hours, august.sums.quarter_hours) == (0, 1)
    # 5 minutes that begin before midnight are parted, too.
    house = Connection("2026-07-15T23:58:00S")
    house.read()
    assert [day.imported_wh for day in days_of(house.after(300, 500).month)] == [200, 300]


@pytest.mark.parametrize(("days", "known"), [(40, True), (41, False)])
def test_a_gap_of_more_than_forty_days_is_unknown(days: int, known: bool) -> None:  # noqa: FBT001
    house = Connection("2026-03-02T12:00:00W")
    house.read()
    house.after(days * 86400, 400_000)
    demand = house.draw(16, 10)

    months = (*demand.earlier_months, demand.month)
    total = sum(month.imported_kwh for month in months)
    assert total == pytest.approx(400.16 if known else 0.16)
    # A day without known energy is no day without energy.
    assert all(day.imported_wh for month in months for day in days_of(month))


def test_the_exported_and_the_reactive_energy() -> None:
    meter = Household()

    def read(minute: int, *kwh: float | None) -> QuarterHour | None:
        time = at("2026-07-15T12:00:00S") + timedelta(minutes=minute)
        meter.update(time, Energies(*kwh), None, SERIAL)
        demand = meter.snapshot
        return demand.values.last_quarter if demand else None

    read(0, 100.0, 50.0, 10.0, 20.0)
    read(5, 100.1, 50.0, 10.0, 20.1)
    # 12:10 to 12:20, half of it before 12:15: 100 of 200 Wh, 150 of 300 Wh, 5 of 10, 20 of 40 varh
    read(10, 100.2, 50.2, 10.2, 20.2)
    last = read(20, 100.4, 50.5, 10.21, 20.24)
    assert last
    assert last[:5] == (
        at("2026-07-15T12:00:00S"),
        1.2,  # 300 Wh
        0.35,
        0.205,
        0.22,
    )
    # A telegram lacks the registers: the energy exported in between is not lost, but the
    # quarter-hour does not know it.
    read(25, 100.5)
    last = read(30, 100.6, 51.5, 10.3, 20.3)
    assert last == QuarterHour(at("2026-07-15T12:15:00S"), 1.2)
    last = read(45, 100.6, 52.5, 10.3, 20.3)
    assert last == QuarterHour(at("2026-07-15T12:30:00S"), 0, 1, 0, 0)
    assert known(meter).month.exported_kwh == 2.5
    assert known(meter).month.imported_kwh == pytest.approx(0.6)
    # In an outage, nothing is drawn.
    for minute in (165, 180, 195):
        read(minute, 100.6, 53.0, 10.3, 20.3)
    assert known(meter).month.exported_kwh == 3
    assert known(meter).month.peak == QuarterHour(at("2026-07-15T12:00:00S"), 1.2, 0.35)


def test_the_running_quarter_hour_costs_the_mean_of_its_source_so_far() -> None:
    meter, bought, sold = Household(), PriceSeries(), PriceSeries()
    meter.set_prices([PriceSources(BEGINNING, bought, sold)])
    noon, wh = at("2026-07-15T12:00:00S"), [100_000, 50_000]
    bought.put(QuarterPrice(noon, 0.15))
    sold.put(QuarterPrice(noon, -0.02))

    def read(minute: float, imported: int, exported: int) -> Sums:
        wh[0] += imported
        wh[1] += exported
        energies = Energies(wh[0] / 1000, wh[1] / 1000)
        # The price of the moment is another one.
        meter.update(
            noon + timedelta(minutes=minute), energies, None, SERIAL, None, MarketPrices(9.0, 9.0)
        )
        return known(meter).month.sums

    read(0, 0, 0)
    day = read(10, 400, 100)
    assert (day.market_cost, day.priced_wh) == pytest.approx((0.06, 400))
    # In the next quarter-hour, only the price of the imported energy is known, and it changes.
    bought.running = QuarterPrice(noon + QUARTER_HOUR, 0.30)
    day = read(20, 200, 100)
    assert day.market_cost == pytest.approx(0.5 * 0.15 + 0.1 * 0.30)
    assert (day.market_revenue, day.priced_exported_wh) == pytest.approx((0.15 * -0.02, 150))
    bought.running = QuarterPrice(noon + QUARTER_HOUR, 0.20)
    assert read(25, 0, 0).market_cost == pytest.approx(0.5 * 0.15 + 0.1 * 0.20)
    # Energy with an unknown price has a stand-in price.
    bought.running = None
    day = read(28, 100, 0)
    assert (day.imported_wh, day.priced_wh, day.filled_wh) == pytest.approx((700, 500, 200))
    assert day.filled_cost == pytest.approx(0.2 * 0.15)


def test_the_files_of_quarter_hours_have_no_costs() -> None:
    meter, disk = Household(), Disk()
    for number in range(10):
        time = at("2026-07-15T12:00:00S") + timedelta(minutes=15 * number)
        energies = Energies(100 + 0.4 * number, 50 + 0.1 * number)
        prices = MarketPrices(0.10 + number / 100, 0.05)
        put_prices(meter, time, prices)
        meter.update(time, energies, None, SERIAL, None, prices)
    disk.write(meter)
    [data] = disk.files.values()
    assert {tuple(line.split(b",")[6:10]) for line in data.splitlines()[1:]} == {(b"",) * 4}
    stored = Household.from_dict(meter.as_dict(), Contract(), files=disk.files)
    assert known(stored).month.sums.priced_wh == 0
    stored.set_prices(meter.price_sources)
    # Nine quarter-hours of 400 Wh: the first at 0.10, the last at 0.18.
    assert (known(stored).month.sums.priced_wh) == pytest.approx(3600)
    assert known(stored).month.bill() == known(meter).month.bill()
    assert known(stored).month.sums.market_cost == pytest.approx(0.4 * 9 * 0.14)


@pytest.mark.parametrize("seed", range(examples(2)))
def test_a_month_at_the_markets_prices_costs_the_exact_sum(seed: int) -> None:
    random, contract = Random(seed), Contract(energy_margin=0.0)  # noqa: S311
    meter, disk = Household(contract), Disk()
    time, wh, exact = at("2026-06-01T00:00:00S"), 0, Fraction(0)

    def read(price: Fraction) -> None:
        put_prices(meter, time, MarketPrices(float(price)))
        meter.update(time, Energies(wh / 1000), 0, SERIAL, None, MarketPrices(float(price)))

    for number in range(30 * 96):
        # Prices of a kWh are published in cents per MWh.
        used, price = random.randrange(20, 900), Fraction(random.randrange(-2_000, 30_000), 10**5)
        if number == 30 * 96 - 1:
            # The last quarter-hour brings the sum close to half a cent.
            near = Fraction(random.choice([-5, -2, 0]), 10**6)
            tie = Fraction(int(exact * 100) + 20, 100) + Fraction(1, 200) + near
            used, price = 1_000, tie - exact
        read(price)
        time, wh = time + timedelta(minutes=15), wh + used
        exact += Fraction(used, 1000) * price
    read(Fraction(0))
    time += timedelta(minutes=15)
    disk.write(meter)
    stored = Household.from_dict(meter.as_dict(), contract, files=disk.files)
    stored.set_prices(meter.price_sources)
    read(Fraction(0))
    for demand in (known(meter), known(stored)):
        june = (*demand.earlier_months, demand.month)[0]
        [energy, *_] = june.bill().lines
        assert (energy.name, energy.amount) == ("energy", int(exact * 100 + Fraction(1, 2)) / 100)


def test_a_contract_with_a_day_holds_for_the_days_since_then() -> None:
    house = Connection("2026-07-14T23:30:00S", reference_kw=3)
    house.read()
    house.draw(60, 200)  # 12 kW until 00:30
    house.change(Contract(reference_kw=7), "2026-07-15")

    # 2 * (3000 - 750) above 3 kW on the 14th, 2 * (3000 - 1750) above 7 kW on the 15th.
    assert house.demand.values.excess_kwh == 4.5 + 2.5
    assert len(days_of(house.demand.month)) == 2
    # The same again is no change, also after a restart.
    before = house.demand.contracts
    house.restart()
    assert house.demand.contracts == before
    # A contract for the future waits.
    house.change(Contract(reference_kw=12), "2026-07-20")
    assert house.draw(15, 200).values.excess_kwh == 7.0 + 1.25


@pytest.mark.parametrize(
    ("month", "quarter_hours"),
    [
        ("2026-03-01T00:00:00W", 2972),
        ("2026-10-01T00:00:00S", 2980),
        ("2026-02-01T00:00:00W", 2688),
    ],
)
def test_a_month_that_is_measured_from_start_to_end(month: str, quarter_hours: int) -> None:
    house = Connection(month)
    house.read()
    # March has 31 * 96 - 4 quarter-hours, October 31 * 96 + 4, February 28 * 96.
    for _ in range(quarter_hours):
        demand = house.after(900, 100)

    assert demand.month.start == at(month)
    assert demand.quarter_start == demand.month.end
    assert demand.month.sums.quarter_hours == quarter_hours
    assert demand.month.imported_kwh == pytest.approx(quarter_hours / 10)
    assert demand.month.measured_share(demand.time) == 1
    assert len(days_of(demand.month)) in (28, 31)


def test_the_share_is_of_the_quarter_hours_that_have_ended() -> None:
    house = Connection("2026-07-01T12:00:00S")
    house.read()
    house.draw(24 * 60 + 10, 10)  # until 2 July, 12:10: 96 quarter-hours of 144
    month = month_of(house)

    assert month.measured_share(house.time) == 0.6667
    # 31 * 96 = 2976
    assert month.measured_share(at("2026-09-01T00:00:00S")) == 0.0323
    assert month.measured_share(at("2026-06-01T00:00:00S")) == 0
    assert month.measured_share(at("2026-07-01T00:10:00S")) == 0


def test_another_meter_goes_on_in_the_same_month() -> None:
    house = Connection("2026-07-15T12:00:00S")
    house.read()
    house.draw(20, 100)
    house.serial, house.imported_wh = "SAG1030790009999", 7
    house.after(10)
    demand = house.draw(60, 50)

    assert demand.month.imported_kwh == pytest.approx(5.0)  # 20 * 100 Wh and 60 * 50 Wh
    house.restart()
    assert house.draw(1, 50).month.imported_kwh == pytest.approx(5.05)


def test_the_power_available_is_never_more_than_the_connection_carries() -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=30)
    house.threshold_kva = 69.0
    house.read()

    # 30 kW are 7500 Wh: in 7.5 minutes 60 kW, in 5 minutes 90 kW.
    assert house.after(450).values.available_kw == 60.0
    assert house.after(150).values.available_kw == 69.0
    house.threshold_kva = None  # not in every telegram
    assert house.after(299).values.available_kw == 69.0
    # Another meter has another threshold, or none; the beginning of this quarter-hour is lost.
    house.serial = "SAG1030790009999"
    assert house.after(451).values.available_kw == 30.0
    assert house.after(380).values.available_kw == pytest.approx(
        192.857143
    )  # 30 kW for 450 s in 70 s
    assert house.after(65).values.available_kw == 225.0  # within a minute


def test_the_power_available_without_a_usable_threshold() -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=100)
    house.threshold_kva = 0.0
    house.read()

    assert house.after(890).values.available_kw == 1000.0  # 1500 kW
    house.threshold_kva = 17.3  # less than the reference power: the connection allows no more
    assert house.after(10).values.available_kw == 17.3


def test_a_telegram_without_time_or_energy_changes_nothing() -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=3)
    house.meter.update(None, Energies(1.0), 1.0, None)
    house.meter.update(house.time, Energies(None), 1.0, None)
    assert house.meter.snapshot is None
    demand = house.read(1.0)

    house.meter.update(None, Energies(26000.0), 9.0, None)
    house.meter.update(at("2026-07-15T12:00:10S"), Energies(None), 9.0, None)
    assert house.meter.snapshot is demand


def test_another_reference_power_judges_all_of_its_first_day() -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=3, price=PRICE)
    house.read()
    assert house.draw(15, 100).values.excess_kwh == 0.75  # (6 - 3) / 4
    house.draw(10, 100)
    house.change(replace(house.contract, reference_kw=5))
    assert house.demand.values.excess_kwh == 0.25  # (6 - 5) / 4
    assert house.demand.values.available_kw == 3.0  # 1250 - 1000 Wh in 5 minutes
    assert house.draw(5, 100).values.excess_kwh == 0.5

    # Without one, nothing is counted, and nothing lost.
    house.change(Contract())
    assert house.draw(15, 1000).values.excess_kwh is None
    house.change(Contract(reference_kw=7))
    assert house.draw(1, 100).values.excess_kwh == 13.25  # (60 - 7) / 4
