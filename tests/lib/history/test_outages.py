"""Outages and wrong clocks, with the platform's days of them. Computed by hand."""

from datetime import timedelta

import pytest

from smartyp1.bill.leneda_days import LenedaDays
from smartyp1.bill.month import Month
from smartyp1.prices.contract import Contract
from tests.lib.bill.months import days_of, local
from tests.lib.bill.support import REGISTER_WH, Connection, platform

CONTRACT = Contract(reference_kw=7, energy_price=0.15)


def house_at(start: str) -> Connection:
    """Return a house whose meter is read from a time of Luxembourg's clock on."""
    house = Connection("2026-01-01T00:00:00W")
    house.time = local(start)
    house.change(CONTRACT)
    house.read()
    return house


def draw_until(house: Connection, end: str, wh: int = 100) -> None:
    """Draw the same energy in each quarter-hour, with a telegram at the end of each."""
    while house.time < local(end):
        house.spend(900, wh)


def months_of(house: Connection) -> dict[str, Month]:
    """Return the months that are known."""
    household = house.household
    return {f"{month.start:%Y-%m}": month for month in (*household.earlier_months, household.month)}


def test_of_an_outage_of_50_days_the_platform_knows_47() -> None:
    house = house_at("2026-03-02")
    draw_until(house, "2026-03-03")
    house.after(round(timedelta(days=50).total_seconds()) - 3600, 480_000)
    assert house.time == local("2026-04-22")
    draw_until(house, "2026-04-23")

    def total() -> float:
        return sum(month.imported_kwh for month in months_of(house).values())

    # 40 days may be shared out; when this came is not known at all.
    assert total() == pytest.approx(2 * 9.6)
    house.meter.set_leneda_days(LenedaDays(platform("2026-03-03", "2026-04-19", 0.4)))
    # The rest is of the last three days: 480 kWh in all.
    assert total() == pytest.approx(480 + 2 * 9.6)
    april = months_of(house)["2026-04"]
    gaps = [day.gap_wh for day in days_of(april) if day.gap_wh]
    # 47 days less an hour of 0.4 kW: 1,127 * 0.4 = 450.8
    assert gaps == pytest.approx([(480_000 - 450_800) / 3] * 3)
    # Taken back, it is as unknown as before.
    house.meter.set_leneda_days(LenedaDays())
    assert total() == pytest.approx(2 * 9.6)


def test_outages_that_follow_each_other_are_cut_as_one() -> None:
    house = house_at("2026-05-20T12:00")
    house.after(20 * 86_400, 20_000)  # until 9 June
    house.after(1_800, 5)
    house.after(30 * 86_400, 30_000)  # until 9 July
    house.after(1_800, 5)
    house.after(30 * 86_400, 30_000)  # until 8 August
    draw_until(house, "2026-08-10")
    drawn = (house.imported_wh - REGISTER_WH) / 1000

    # 26.4 kWh of May are more than the first outage has in all.
    known = platform("2026-05-21", "2026-06-01", 0.1) + platform("2026-08-01", "2026-08-02", 0.01)
    house.meter.set_leneda_days(LenedaDays(known))
    assert sum(month.imported_kwh for month in months_of(house).values()) == pytest.approx(drawn)


@pytest.mark.parametrize(("minutes", "burst"), [(16, 0), (31, 11), (60, 0), (1440, 0)])
def test_without_a_whole_quarter_hour_all_energy_counts(minutes: int, burst: int) -> None:
    house = house_at("2026-06-26")
    start, end = house.time, local("2026-07-06")
    while house.time + timedelta(minutes=minutes) < end:
        for _ in range(burst):
            house.spend(60, 10)
        house.spend(60 * (minutes - burst), 10 * (minutes - burst))

    months = months_of(house)
    assert house.household.month_start == local("2026-07-01")
    assert months["2026-06"].imported_kwh == pytest.approx(5 * 14.4)
    # The last hours count later.
    until_now = (house.time - start) / timedelta(days=1) * 14.4 - 5 * 14.4
    lag_kwh = 0.6 * (4 + 2 * minutes / 60)
    assert until_now - lag_kwh <= months["2026-07"].imported_kwh <= until_now


def test_an_outage_in_which_only_the_sun_counted() -> None:
    house = house_at("2026-06-26T10:00")
    house.exported_wh = 0
    house.after(900)
    house.exported_wh = 3_000
    house.after(3_600)
    draw_until(house, "2026-06-26T12:00")
    [day] = days_of(months_of(house)["2026-06"])
    assert (day.imported_wh, day.exported_wh) == (300, 3_000)
