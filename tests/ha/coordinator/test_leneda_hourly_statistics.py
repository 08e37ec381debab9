"""Which hours come into the statistics, and what each of them has cost, worked out by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.smarty_p1.coordinator.leneda_hours_and_costs import Costs, all_series
from custom_components.smarty_p1.coordinator.leneda_statistics_writer import Series
from custom_components.smarty_p1.lib.leneda import Row, quarter_hours_of
from custom_components.smarty_p1.lib.tariff import (
    Contract,
    Contracts,
    DemandMeter,
    Energies,
    PlatformDays,
    QuarterHour,
)

CONSUMPTION, PRODUCTION = "1-1:1.29.0", "1-1:2.29.0"
QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
# 1 April 2026 in Luxembourg. In 2026, 3 kW cost 7.42 a month and the meter 5.72.
APRIL = datetime(2026, 3, 31, 22, tzinfo=UTC)
NAMES = {
    key: f"sensor.{key}"
    for key in (
        "energy_imported",
        "energy_exported",
        "cost_total",
        "priced_import",
        "priced_export",
    )
}
CONTRACT = Contract(reference_kw=3.0, energy_price=0.15, feed_in_price=0.06)
DEAR = Contract(reference_kw=3.0, energy_price=0.25, feed_in_price=0.06)
OTHERS = Contracts(((datetime(1999, 1, 1, tzinfo=UTC), CONTRACT), (APRIL + 36 * HOUR, DEAR)))
# With the network's 0.051 and 8 % VAT.
KWH, KWH_DEAR = 0.21708, 0.32508


def rows(start: datetime, count: int, kw: float = 0.4) -> list[Row]:
    """Return rows of the platform."""
    return [Row(start + n * QUARTER, kw, is_measured=True) for n in range(count)]


def no_costs(contracts: Contracts = OTHERS) -> Costs:
    """Return what is known of the costs of a meter without months."""
    return Costs(contracts, (), APRIL + timedelta(days=40), ())


def hours(found: list[Series], key: str) -> dict[datetime, float]:
    """Return the hours of a statistic."""
    [made] = [each for each in found if each.key == key]
    return dict(made.hours)


def test_whole_hours_of_which_the_platform_knows_something() -> None:
    own = [QuarterHour(APRIL + n * QUARTER, 4.0, 0.1) for n in (*range(6), *range(8, 12))]
    # The first hour is one's own; two quarters of the second, and the fourth but for one.
    platform = {
        CONSUMPTION: [*rows(APRIL, 8), *rows(APRIL + 3 * HOUR, 3), *rows(APRIL + 4 * HOUR, 4)]
    }

    found = [*all_series(NAMES, own, platform, no_costs())]

    assert hours(found, "energy_imported") == {
        APRIL + HOUR: pytest.approx(2.2),
        APRIL + 4 * HOUR: pytest.approx(0.4),
    }
    assert hours(found, "energy_exported") == {}


def test_the_price_of_each_hour_is_that_of_its_contract() -> None:
    platform = {
        CONSUMPTION: rows(APRIL + 35 * HOUR, 8),
        PRODUCTION: rows(APRIL + 35 * HOUR, 4, 1.0),
    }

    found = [*all_series(NAMES, [], platform, no_costs())]

    assert hours(found, "priced_import") == {
        APRIL + 35 * HOUR: pytest.approx(0.4 * KWH),
        APRIL + 36 * HOUR: pytest.approx(0.4 * KWH_DEAR),
    }
    assert hours(found, "priced_export") == {APRIL + 35 * HOUR: pytest.approx(0.06)}


def test_each_quarter_hour_has_its_price() -> None:
    # From 22:30 on, a kWh costs 0.07 less; from 22:45 on, the dear contract holds.
    cheap = replace(CONTRACT, second_price=0.08, second_hours="22:30-06:15")
    start, dear_since = APRIL + 22 * HOUR, APRIL + 22 * HOUR + 3 * QUARTER
    contracts = Contracts(((datetime(1999, 1, 1, tzinfo=UTC), cheap), (dear_since, DEAR)))

    found = [*all_series(NAMES, [], {CONSUMPTION: rows(start, 4)}, no_costs(contracts))]

    assert hours(found, "priced_import") == {
        start: pytest.approx(0.1 * (2 * KWH + (KWH - 0.07 * 1.08) + KWH_DEAR))
    }


def test_what_was_shared_costs_the_network_only() -> None:
    layer_4 = rows(APRIL + 35 * HOUR, 2, 0.2)
    platform = {CONSUMPTION: rows(APRIL + 35 * HOUR, 8), "1-65:1.29.4": layer_4}

    found = [*all_series(NAMES, [], platform, no_costs())]

    # Of 0.4 kWh, two times 0.05 kWh were shared: without 0.15 and its VAT.
    assert hours(found, "priced_import") == {
        APRIL + 35 * HOUR: pytest.approx(0.4 * KWH - 0.1 * 0.15 * 1.08),
        APRIL + 36 * HOUR: pytest.approx(0.4 * KWH_DEAR),
    }


def test_an_hour_known_by_sharing_alone() -> None:
    platform = {"1-65:1.29.9": rows(APRIL, 8, 0.3), "1-65:1.29.4": rows(APRIL, 4, 0.1)}

    found = [*all_series(NAMES, [], platform, no_costs())]

    # 0.3 kWh are the supplier's; of 0.1 kWh more, only the network's part is paid.
    assert hours(found, "energy_imported") == {
        APRIL: pytest.approx(0.4),
        APRIL + HOUR: pytest.approx(0.3),
    }
    assert hours(found, "priced_import") == {
        APRIL: pytest.approx(0.4 * KWH - 0.1 * 0.15 * 1.08),
        APRIL + HOUR: pytest.approx(0.3 * KWH),
    }


def test_a_market_price_of_the_past_is_not_known() -> None:
    market = Contracts(((datetime(1999, 1, 1, tzinfo=UTC), Contract(energy_margin=0.01)),))

    found = [*all_series(NAMES, [], {CONSUMPTION: rows(APRIL, 8)}, no_costs(market))]

    assert len(hours(found, "energy_imported")) == 2
    assert hours(found, "priced_import") == hours(found, "cost_total") == {}


def costs(left_out: tuple[str, ...] = ()) -> tuple[list[Series], dict[str, list[Row]]]:
    """Return the statistics of a meter that was added in May, with the whole of April."""
    meter = DemandMeter(CONTRACT)
    meter.update(datetime(2026, 5, 10, 12, tzinfo=UTC), Energies(100.0, 5.0), 0.4, "1")
    platform = {CONSUMPTION: rows(APRIL, 2880)}
    meter.set_platform_days(PlatformDays(quarter_hours_of(platform)))
    demand = meter.snapshot
    assert demand
    known = Costs(
        meter.contracts,
        (*demand.earlier_months, demand.month),
        datetime(2026, 5, 9, 22, tzinfo=UTC),
        left_out,
    )
    return [*all_series(NAMES, [], platform, known)], platform


def test_the_hours_of_a_month_add_up_to_its_bill() -> None:
    found, _ = costs()

    total = hours(found, "cost_total")
    assert len(total) == 720
    # 288 kWh: 43.20 + 14.69 + 7.42 + 5.72 = 71.03, and 5.68 VAT.
    assert sum(total.values()) == pytest.approx(76.71)
    # An hour has 0.4 kWh, and its part of the fixed prices; a day is in whole cents.
    each = 0.4 * KWH + 13.14 * 1.08 / 720
    assert list(total.values()) == [pytest.approx(each, abs=0.001)] * 720


def test_days_that_were_counted_at_once_are_left_out() -> None:
    found, _ = costs(tuple(f"2026-04-{day:02}" for day in range(2, 31)))

    assert list(hours(found, "cost_total")) == [APRIL + n * HOUR for n in range(24)]
    assert len(hours(found, "energy_imported")) == 720
