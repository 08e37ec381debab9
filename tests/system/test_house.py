"""House, own energy and saving in a real Home Assistant, against sums by hand of the simulation.

Three inverters report the production of the same panels. They report after 10 s to the Wh, every 5
minutes in steps of 100 Wh, and every 15 minutes, 15 minutes late.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import pytest

from dev.demo import inverter
from dev.demo.meter_statistics import DOMAIN, import_rows, registers, wait_for_rows
from dev.demo.simulated_year import simulate_year, store_year
from dev.simulator import Meter, Server
from smartyp1.history.luxembourg_time import LUXEMBOURG
from smartyp1.json_types import JsonDict
from smartyp1.prices.contract import Contract
from tests.system.home import Home
from tests.system.support import IN_ONE_LOOP, RecordingMeter, module_fixture, until

pytestmark = [IN_ONE_LOOP, pytest.mark.slow]

KEY = bytes.fromhex("5A3C00F1E2D4C6B8A99788766554433F")
HOUR = timedelta(hours=1)
# 0.15 by day and 0.09 at night for the energy, 0.05 for the network; 8 % VAT.
DAY_PRICE, NIGHT_PRICE = (0.15 + 0.05) * 1.08, (0.09 + 0.05) * 1.08
SURCHARGE = 0.07 * 1.08
NIGHT = "22:00:00", "06:00:00"
PAGES: JsonDict = {
    "reference_power": "7",
    "energy_price": 0.15,
    "second_price": {
        "second_energy_price": 0.09,
        "second_price_from": NIGHT[0],
        "second_price_to": NIGHT[1],
    },
    "network_prices": {
        "network_fixed_price": 12.0,
        "network_variable_price": 0.05,
        "meter_fee": 5.0,
        "surcharge_price": 0.07,
    },
    "levies": {"vat": True, "with_levies": False},
}
CONTRACT = Contract(
    reference_kw=7.0,
    energy_price=0.15,
    second_price=0.09,
    second_hours="22:00-06:00",
    network_fixed=12.0,
    network_variable=0.05,
    meter_fee=5.0,
    surcharge=0.07,
)
# Whole days before the first compared day, in which the recorder knows the inverters.
LEARNT = 40


class Kind(NamedTuple):
    """An inverter with a battery: interval, delay and steps of its totals."""

    name: str
    every: timedelta
    late: timedelta
    step_kwh: float

    def total(self, read: Callable[[Meter, datetime], float], meter: Meter, at: datetime) -> float:
        since = at - self.late
        told = since - (since - datetime(2020, 1, 1, tzinfo=UTC)) % self.every
        return math.floor(read(meter, told) / self.step_kwh) * self.step_kwh

    @property
    def sources(self) -> list[JsonDict]:
        names = {key: f"sensor.{self.name}_{key}" for key in READ}
        return [
            {
                "type": "solar",
                "stat_energy_from": names["produced"],
                "config_entry_solar_forecast": [],
            },
            {
                "type": "battery",
                "stat_energy_from": names["discharged"],
                "stat_energy_to": names["charged"],
            },
        ]


READ = {
    "produced": inverter.produced_kwh,
    "charged": inverter.charged_kwh,
    "discharged": inverter.discharged_kwh,
}
KINDS = (
    Kind("fast", timedelta(seconds=10), timedelta(), 0.001),
    Kind("five", timedelta(minutes=5), timedelta(), 0.1),
    Kind("late", timedelta(minutes=15), timedelta(minutes=15), 0.01),
)


def midnights(first: datetime, days: int) -> Iterator[datetime]:
    for n in range(days + 1):
        day = first.astimezone(LUXEMBOURG).date() + timedelta(days=n)
        yield datetime(day.year, day.month, day.day, tzinfo=LUXEMBOURG).astimezone(UTC)


def month_before() -> tuple[datetime, int]:
    """Return the start of the last whole month, and its days."""
    this = datetime.now(LUXEMBOURG).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    last = (this - timedelta(days=1)).replace(day=1)
    return last.astimezone(UTC), (this.date() - last.date()).days


@pytest.fixture(scope="module")
def meter() -> RecordingMeter:
    return RecordingMeter(1, KEY)


@module_fixture
async def line(meter: RecordingMeter) -> AsyncIterator[Server]:
    async with Server([meter], interval=1) as line:
        yield line


@module_fixture
async def home(
    tmp_path_factory: pytest.TempPathFactory, line: Server, meter: RecordingMeter
) -> AsyncIterator[Home]:
    """Start a Home Assistant whose meter has a year behind it, and its inverters 70 days."""
    async with Home(tmp_path_factory.mktemp("home"), meter) as home:
        entry = await home.client.run_flow(
            DOMAIN,
            "meter",
            port=f"socket://127.0.0.1:{line.ports[0]}",
            encryption_key=KEY.hex(),
            advanced={},
        )
        entry_id = entry["entry_id"]
        year = await asyncio.to_thread(simulate_year, meter, CONTRACT, datetime.now(UTC))
        disable = "config_entries/disable"
        await home.client.command(disable, entry_id=entry_id, disabled_by="user")
        await home.client.set_options(entry_id, **PAGES)
        await asyncio.to_thread(store_year, home.directory / "config", entry_id, year)
        await home.client.command(disable, entry_id=entry_id, disabled_by=None)
        await fill(home)
        yield home


async def fill(home: Home) -> None:
    """Write the statistics of each inverter until the last full hour."""
    start, _ = month_before()
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    for kind in KINDS:
        for key, read in READ.items():
            rows: list[JsonDict] = []
            time = start - timedelta(days=LEARNT)
            while time < end:
                total = kind.total(read, home.meter, time + HOUR)
                rows.append({"start": time.isoformat(), "state": total, "sum": total})
                time += HOUR
            name = f"sensor.{kind.name}_{key}"
            await import_rows(home.client, name, rows, "kWh", "energy")
    await wait_for_rows(home.client, name, rows)


class ByHand(NamedTuple):
    """Sums from a time to another."""

    house_kwh: float
    own_kwh: float
    saved: float


def spread(total: float, least: list[float]) -> list[float]:
    """Return the energy of an hour in its quarter-hours: evenly, but at least `least`."""
    lack = min(0.0, total - sum(least)) / len(least)
    amounts = [kwh + lack for kwh in least]
    for kwh in sorted({*least, total}):
        raised = [max(amount, kwh) for amount in amounts]
        if sum(raised) > total:
            low = [n for n, amount in enumerate(amounts) if amount < kwh]
            rest = total - sum(raised[n] for n in range(len(least)) if n not in low)
            return [rest / len(low) if n in low else raised[n] for n in range(len(least))]
        amounts = raised
    return amounts


def by_hand(meter: Meter, kind: Kind, start: datetime, end: datetime) -> ByHand:
    """Add up the hours of a period: the meter's registers, and the inverter's energy."""
    own_kwh = drawn_kwh = saved = 0.0
    time = start
    while time < end:
        edges = [registers(meter, time + n * HOUR / 4) for n in range(5)]
        drawn = [after.imported_kwh - before.imported_kwh for before, after in pairwise(edges)]
        fed = [after.exported_kwh - before.exported_kwh for before, after in pairwise(edges)]
        told = {
            key: kind.total(read, meter, time + HOUR) - kind.total(read, meter, time)
            for key, read in READ.items()
        }
        told_kwh = told["produced"] + told["discharged"] - told["charged"]
        is_enough = told_kwh >= sum(fed)
        least = fed if is_enough else [f - d for f, d in zip(fed, drawn, strict=True)]
        house = [d + t - f for d, t, f in zip(drawn, spread(told_kwh, least), fed, strict=True)]
        own = told_kwh - sum(fed)
        local = time.astimezone(LUXEMBOURG).hour
        own_kwh += own
        saved += own * (NIGHT_PRICE if local >= 22 or local < 6 else DAY_PRICE)
        above = [max(0.0, kwh - 7 / 4) for kwh in house], [max(0.0, kwh - 7 / 4) for kwh in drawn]
        saved += (sum(above[0]) - sum(above[1])) * SURCHARGE
        drawn_kwh += sum(drawn)
        time += HOUR
    return ByHand(drawn_kwh + own_kwh, own_kwh, saved)


async def house_of(home: Home) -> JsonDict:
    entry_id, *_ = await home.client.entries(DOMAIN)
    answer = await home.client.command("smarty_p1/house", entry_id=entry_id)
    house: JsonDict = answer["house"]
    return house


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_days_and_a_month_are_the_sums_by_hand(home: Home, kind: Kind) -> None:
    async def has_counted() -> bool:
        states = await home.states()
        return states.get("energy_imported", "unknown") not in {"unknown", "unavailable"}

    await until(has_counted)
    await home.client.command("energy/save_prefs", energy_sources=kind.sources)
    house = await house_of(home)
    assert [each["energy"] for each in house["solar"]] == [f"sensor.{kind.name}_produced"]

    start, days = month_before()
    shown = {day["day"]: day for day in house["days"]}
    *starts, end = midnights(start, days)
    for first, last in zip(starts, [*starts[1:], end], strict=True):
        day = shown[first.astimezone(LUXEMBOURG).date().isoformat()]
        expected = by_hand(home.meter, kind, first, last)
        # Registers are stored to the Wh.
        assert day["house_kwh"] == pytest.approx(expected.house_kwh, abs=0.01)
        assert day["own_kwh"] == pytest.approx(expected.own_kwh, abs=0.01)
    month = next(each for each in house["months"] if each["month"] == f"{start + HOUR * 24:%Y-%m}")
    expected = by_hand(home.meter, kind, start, end)
    assert month["house_kwh"] == pytest.approx(expected.house_kwh, abs=0.05)
    assert month["own_kwh"] == pytest.approx(expected.own_kwh, abs=0.05)
    assert month["saved"] == pytest.approx(expected.saved, abs=0.05)
    assert month["unknown_days"] == 0
