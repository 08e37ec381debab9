"""A ledger adds up a household's table."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from dev.testing.random_examples import examples
from smartyp1.bill.household import Household
from smartyp1.bill.ledger import RunningPrices
from smartyp1.bill.leneda_days import LenedaDays
from smartyp1.energy_table.table import MAX_WH, RowSource, Spans, TooMuchEnergyError, table_of
from smartyp1.history.luxembourg_time import QUARTER_HOUR
from smartyp1.history.register_amounts import Amounts, Energies
from smartyp1.prices.contract import Contract, Contracts
from tests.lib.bill.lives import JUNE, Life
from tests.lib.bill.months import agreed, ledger_of, local
from tests.lib.bill.support import Connection, known, platform
from tests.lib.bill.tables import ledger_of_days


@pytest.mark.parametrize("seed", range(examples(4)))
def test_the_sums_of_any_partition_add_up_exactly(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    *_, meter = Life().parts(chance)
    ledger = meter.newest.ledger
    begin, end = JUNE - timedelta(days=20), JUNE + timedelta(days=40)
    times = sorted(begin + chance.randrange(5760) * QUARTER_HOUR for _ in range(30))
    bounds = [begin, *times, end]
    totals = [ledger.total(first, last) for first, last in pairwise(bounds)]
    assert [sum(column) for column in zip(*totals, strict=True)] == ledger.total(begin, end)


def test_a_table_with_more_energy_than_a_ledger_can_add_is_refused() -> None:
    def spans(wh: float) -> Spans:
        start = np.array([datetime(2026, 6, 1, tzinfo=UTC).timestamp()])
        unknown = np.array([np.nan])
        source = np.array([RowSource.MEASURED], np.int8)
        return Spans(start, start + 900, np.array([wh]), unknown, source)

    contracts = Contracts(((JUNE, Contract()),))
    ledger = ledger_of(table_of(spans(MAX_WH)), contracts)
    assert ledger.sums(JUNE, JUNE + timedelta(days=30)).imported_wh == MAX_WH
    with pytest.raises(TooMuchEnergyError):
        table_of(spans(MAX_WH * 1.001))


def test_the_running_quarter_hour_has_the_price_of_its_time() -> None:
    terms = {"energy_price": 0.1, "second_price": 0.05, "second_hours": "22:00-06:00"}
    ledger = ledger_of_days(agreed(**terms), {"2026-06-01": 9.6})
    for time, second_wh in (("2026-06-02T05:45", 500), ("2026-06-02T06:00", 0)):
        running = ledger.with_running(local(time), Amounts(500.0, 0.0), RunningPrices())
        assert running.sums(local("2026-06-02"), local("2026-06-03")).second_wh == second_wh


def test_a_telegram_computes_no_months_anew() -> None:
    ledger = ledger_of_days(agreed(energy_price=0.1), {"2026-05-31": 9.6, "2026-06-01": 9.6})
    time, end = local("2026-06-02T05:45"), local("2026-06-03")
    for wh in (100.0, 200.0):
        running = ledger.with_running(time, Amounts(wh, 0.0), RunningPrices())
        assert running.sums(time, end).imported_wh == wh
        assert running.months is ledger.months


def with_energy(data: bytes, wh: str) -> bytes:
    """Return a month's file whose lines have another energy, typed by hand: without a checksum."""
    header, *lines, _ = data.decode().split("\n")
    cells = [line.split(",")[:-1] for line in lines]
    typed = [",".join([*row[:2], wh, *row[3:]]) for row in cells]
    return "\n".join([header, *typed, ""]).encode()


@pytest.mark.parametrize("wh", ["1e9", "1e8", "200000"])
def test_an_odd_file_is_left_out_and_readings_go_on(wh: str) -> None:
    house = Connection("2026-05-29T00:00:00S")
    house.change(Contract(energy_price=0.1))
    house.read()
    house.draw_hours(4 * 24)
    house.restart()
    files = {**house.disk.files, "2026-05": with_energy(house.disk.files["2026-05"], wh)}
    for restored in (
        Household.from_files(house.contract, files),
        Household.from_dict(house.meter.as_dict(), house.contract, files),
    ):
        for n in range(100):
            kwh = (house.imported_wh + 300 * n) / 1000
            restored.count_telegram(house.time + n * QUARTER_HOUR, Energies(kwh), 1.2, house.serial)
        assert known(restored).month.imported_kwh == pytest.approx(28.8 + 99 * 0.3)
        assert restored.refused == (set() if wh == "200000" else {"2026-05"})


def test_odd_quarter_hours_of_leneda_are_left_out() -> None:
    house = Connection("2026-07-01T00:00:00S")
    house.read()
    house.draw_hours(30)
    rows = platform("2024-07-01", "2026-07-01", 1000)
    house.meter.set_leneda_days(LenedaDays(rows))
    # A month at 1 MW has 0.7 GWh, so 13 of 24 months are too much.
    assert house.household.month.imported_kwh == pytest.approx(36)
    assert len(house.meter.refused) == 12
    house.meter.set_leneda_days(LenedaDays(platform("2026-06-01", "2026-07-01", 1)))
    assert house.household.month.imported_kwh == pytest.approx(36)
    assert house.meter.refused == frozenset()
