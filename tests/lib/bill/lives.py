"""Lives of a connection, made up at random: outages, wrong clocks, exchanges, Leneda, contracts.

The house draws a power that depends on the hour only, so the energy of each hour is known.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

import smartyp1
from smartyp1.prices.contract import Contract
from tests.lib.bill.support import change_contract, put_prices

HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)
DAY = timedelta(days=1)
# Midnight of 1 June in Luxembourg.
JUNE = datetime(2026, 5, 31, 22, tzinfo=UTC)
FIXED = Contract(reference_kw=3, energy_price=0.15, energy_fee=2.5, feed_in_price=0.08)
MARKET = Contract(reference_kw=3, energy_margin=0.02, energy_fee=2.5, feed_in_margin=-0.01)
SECOND = Contract(reference_kw=3, energy_price=0.2, second_price=0.1, second_hours="22:00-06:00")

_MODULES = {
    "Contract": "prices.contract",
    "QuarterHourSharing": "bill.energy_sharing",
    "Household": "bill.household",
    "Energies": "history.register_amounts",
    "LenedaDays": "bill.leneda_days",
    "MarketPrices": "history.market_prices",
    "Origin": "history.quarter_hour",
    "QuarterHour": "history.quarter_hour",
}


class Life:
    """Simulated life of a meter of the library.

    Home Assistant imports the same library under another name, so `library` can be given.
    """

    def __init__(self, library: ModuleType = smartyp1) -> None:
        self._of: Any = SimpleNamespace(
            **{
                name: getattr(import_module(f"{library.__name__}.{module}"), name)
                for name, module in _MODULES.items()
            }
        )

        self._prices = import_module(f"{library.__name__}.prices.market_price_series")

    def kw(self, time: datetime) -> float:
        """Return the power of the house: 4.76 kW from 18 to 19 UTC, else less than 0.9 kW."""
        return 0.4 + time.hour * 0.02 + (4.0 if time.hour == 18 else 0.0)

    def fed_kw(self, time: datetime) -> float:
        """Return the power of the panels."""
        return 0.3 if 9 <= time.hour < 15 else 0.0

    def market(self, time: datetime) -> Any:  # noqa: ANN401 - prices of the given library
        """Return the prices of the market in this hour."""
        return self._of.MarketPrices(0.05 + 0.01 * (time.hour % 7), 0.04)

    def feed(  # noqa: PLR0913 - a stretch of readings
        self,
        meter: Any,  # noqa: ANN401
        start: datetime,
        end: datetime,
        *,
        minutes: int = 15,
        kwh: float = 1000.0,
        serial: str = "A",
        price: Any = None,  # noqa: ANN401
    ) -> float:
        """Let a meter be read from `start` to `end`. Return its register at the end."""
        step, time, fed_kwh = timedelta(minutes=minutes), start, 50.0
        price = price or self.market
        while True:
            energies = self._of.Energies(round(kwh, 6), fed_kwh)
            put_prices(meter, time, price(time), self._prices)
            meter.count_telegram(time, energies, self.kw(time), serial, market=price(time))
            if time + step > end:
                return kwh
            kwh += self.kw(time) * (step / HOUR)
            fed_kwh = round(fed_kwh + self.fed_kw(time) * (step / HOUR), 6)
            time += step

    def leneda(self, start: datetime, end: datetime) -> list[Any]:
        """Return the quarter-hours of the same house from the platform."""
        make, origin = self._of.QuarterHour, self._of.Origin.LENEDA
        times = (start + n * QUARTER for n in range((end - start) // QUARTER))
        return [make(at, self.kw(at), self.fed_kw(at) / 4, origin=origin) for at in times]

    def sharing(self, start: datetime, count: int, wh: float) -> dict[datetime, Any]:
        """Return quarter-hours with shared energy."""
        covered = self._of.QuarterHourSharing((0.0, wh, 0.0, 0.0))
        return {start + n * QUARTER: covered for n in range(count)}

    def contract(self, chance: random.Random) -> Any:  # noqa: ANN401
        """Return a random contract."""
        net, shared = replace(FIXED, has_vat=False), replace(SECOND, community_price=0.09)
        terms = chance.choice([FIXED, SECOND, MARKET, net, shared]).terms
        return self._of.Contract.of_terms(terms)

    def parts(self, chance: random.Random) -> Iterator[Any]:
        """Yield a meter after each part of its life."""
        meter = self._of.Household(self.contract(chance))
        time, kwh, serial = JUNE - timedelta(minutes=chance.randrange(3000)), 1000.0, "A"
        for _ in range(chance.randrange(3, 8)):
            until = time + timedelta(minutes=chance.randrange(30, 9000))
            minutes = chance.choice([7, 15])
            kwh = self.feed(meter, time, until, minutes=minutes, kwh=kwh, serial=serial)
            yield meter
            time = until + timedelta(minutes=chance.choice([0, 5, 40, 700, 6000, -20, -70]))
            kwh += chance.choice([0, 0.5, 3])
            if chance.random() < 0.2:
                serial, kwh = serial + "x", chance.random() * 100
            if chance.random() < 0.4:
                start = JUNE + chance.randrange(-400, 300) * HOUR
                days = self.leneda(start, start + chance.randrange(5, 400) * HOUR)
                late = self.sharing(start, chance.randrange(0, 400), 40.0)
                meter.set_leneda_days(self._of.LenedaDays(days, late))
            if chance.random() < 0.3:
                since = JUNE + chance.randrange(20) * DAY
                change_contract(meter, self.contract(chance), since.date())
            yield meter
        end = JUNE + 33 * DAY
        self.feed(meter, max(time, JUNE + 31 * DAY), end, kwh=kwh + 5, serial=serial)
        yield meter
