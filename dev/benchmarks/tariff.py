"""What the tariff costs a telegram: its quarter-hour, and the bill of the month as it is then."""

import time
from datetime import UTC, datetime, timedelta

from smartyp1.tariff import Contract, Demand, DemandMeter, Energies, bill

from .frames import INTERVAL

_START = datetime(2026, 10, 1, tzinfo=UTC)
_DAYS = timedelta(days=27)
_STEP = timedelta(minutes=10)
_POWER_KW = 3.0
_CONTRACT = Contract(reference_kw=7, energy_price=0.15, energy_fee=3, feed_in_price=0.05)


class _Household:
    """A household that draws and feeds in the same power all the time."""

    def __init__(self) -> None:
        self._meter = DemandMeter(_CONTRACT)
        self._time = _START

    def telegram_after(self, passed: timedelta) -> Demand:
        """Return what is known after the next telegram."""
        self._time += passed
        kwh = round(_POWER_KW * ((self._time - _START) / timedelta(hours=1)), 3)
        energies = Energies(kwh, kwh, 0.0, 0.0)
        demand = self._meter.update(self._time, energies, _POWER_KW, "SAG1", 27.6)
        if demand is None:
            message = "nothing is known after a telegram"
            raise RuntimeError(message)
        return demand


def cost_of_tariff(rounds: int, telegrams: int) -> tuple[float, float]:
    """Return the microseconds a telegram: without anybody who asks for the bill, and of the bill.

    The month has 27 days, most of which have ended; the best of some rounds counts.
    """
    household = _Household()
    for _ in range(_DAYS // _STEP):
        household.telegram_after(_STEP)
    quarter_hours, bills = [], []
    for _ in range(rounds):
        start = time.process_time()
        demands = [household.telegram_after(INTERVAL) for _ in range(telegrams)]
        quarter_hours.append(time.process_time() - start)
        start = time.process_time()
        for each in demands:
            bill(each.month, each.contracts, each.time)
        bills.append(time.process_time() - start)
    return min(quarter_hours) / telegrams * 1e6, min(bills) / telegrams * 1e6
