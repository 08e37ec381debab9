"""Quarter-hours and stored content of a month, by hand: the arithmetic is beside the numbers."""

from dataclasses import replace
from datetime import timedelta

import pytest

from smartyp1.bill.bill_part_sums import Sums
from smartyp1.bill.household import Household
from smartyp1.bill.month import Month
from smartyp1.history.luxembourg_time import QUARTER_HOUR
from smartyp1.history.market_prices import MarketPrices
from smartyp1.history.quarter_hour import QuarterHour
from smartyp1.history.register_amounts import Energies
from smartyp1.prices.contract import BEGINNING, Contract
from smartyp1.prices.market_price_series import PriceSeries, PriceSources, QuarterPrice
from tests.lib.bill.support import PRICE, SERIAL, Connection, Disk, at, known, put_prices


def month_of(house: Connection, number: int = -1) -> Month:
    """Return a known month, by default the shown one."""
    household = house.household
    return (*household.earlier_months, household.month)[number]


def test_the_exported_and_the_reactive_energy() -> None:
    meter = Household()

    def read(minute: int, *kwh: float | None) -> QuarterHour | None:
        time = at("2026-07-15T12:00:00S") + timedelta(minutes=minute)
        meter.count_telegram(time, Energies(*kwh), None, SERIAL)
        household = meter.snapshot
        return household.values.last_quarter if household else None

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
    bought.add_price(QuarterPrice(noon, 0.15))
    sold.add_price(QuarterPrice(noon, -0.02))

    def read(minute: float, imported: int, exported: int) -> Sums:
        wh[0] += imported
        wh[1] += exported
        energies = Energies(wh[0] / 1000, wh[1] / 1000)
        # The price of the moment is another one.
        meter.count_telegram(
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
        meter.count_telegram(time, energies, None, SERIAL, None, prices)
    disk.write(meter)
    [data] = disk.files.values()
    header, *lines = data.splitlines()
    assert b"market" not in header
    assert {line.count(b",") for line in lines} == {header.count(b",") - 1}
    stored = Household.from_dict(meter.as_dict(), Contract(), files=disk.files)
    assert known(stored).month.sums.priced_wh == 0
    stored.set_prices(meter.price_sources)
    # Nine quarter-hours of 400 Wh: the first at 0.10, the last at 0.18.
    assert (known(stored).month.sums.priced_wh) == pytest.approx(3600)
    assert known(stored).month.bill() == known(meter).month.bill()
    assert known(stored).month.sums.market_cost == pytest.approx(0.4 * 9 * 0.14)


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
    house.meter.count_telegram(None, Energies(1.0), 1.0, None)
    house.meter.count_telegram(house.time, Energies(None), 1.0, None)
    assert house.meter.snapshot is None
    household = house.read(1.0)

    house.meter.count_telegram(None, Energies(26000.0), 9.0, None)
    house.meter.count_telegram(at("2026-07-15T12:00:10S"), Energies(None), 9.0, None)
    assert house.meter.snapshot is household


def test_another_reference_power_judges_all_of_its_first_day() -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=3, price=PRICE)
    house.read()
    assert house.draw(15, 100).values.excess_kwh == 0.75  # (6 - 3) / 4
    house.draw(10, 100)
    house.change(replace(house.contract, reference_kw=5))
    assert house.household.values.excess_kwh == 0.25  # (6 - 5) / 4
    assert house.household.values.available_kw == 3.0  # 1250 - 1000 Wh in 5 minutes
    assert house.draw(5, 100).values.excess_kwh == 0.5

    # Without one, nothing is counted, and nothing lost.
    house.change(Contract())
    assert house.draw(15, 1000).values.excess_kwh is None
    house.change(Contract(reference_kw=7))
    assert house.draw(1, 100).values.excess_kwh == 13.25  # (60 - 7) / 4
