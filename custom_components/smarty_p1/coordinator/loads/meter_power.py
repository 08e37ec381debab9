"""Net power and energy of the house in a reading of the meter."""

from datetime import datetime

from ...lib.history.luxembourg_time import quarter_start
from ...lib.meter.meter_reader import Reading


def net_import(latest: Reading | None, now: datetime) -> tuple[float, float] | None:
    """Return the net import in kW, and in kWh since the quarter-hour of `now` began.

    Return None if one of them is unknown.
    """
    demand = latest.demand if latest else None
    if latest is None or demand is None or demand.running is None:
        return None
    running, net_kw = demand.running, latest.net("1-0:1.7.0", "1-0:2.7.0", latest.missing_export)
    if net_kw is None:
        return None
    net_kwh = (running.imported_wh - running.exported_wh) / 1000
    is_running = demand.quarter_start == quarter_start(now)
    return net_kw, net_kwh if is_running else 0.0
