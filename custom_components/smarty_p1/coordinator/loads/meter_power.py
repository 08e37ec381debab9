"""Net power and energy of the house in a reading of the meter."""

from datetime import datetime

from ...lib.history.luxembourg_time import quarter_start
from ...lib.meter.meter_reader import Reading


def net_import(latest: Reading | None, now: datetime) -> tuple[float, float] | None:
    """Return the net import in kW, and in kWh since the quarter-hour of `now` began.

    Return None if one of them is unknown.
    """
    quarter_hour = latest.demand if latest else None
    if latest is None or quarter_hour is None or quarter_hour.running is None:
        return None
    running, net_kw = (
        quarter_hour.running,
        latest.net("1-0:1.7.0", "1-0:2.7.0", latest.missing_export),
    )
    if net_kw is None:
        return None
    net_kwh = (running.imported_wh - running.exported_wh) / 1000
    is_current = quarter_hour.quarter_start == quarter_start(now)
    return net_kw, net_kwh if is_current else 0.0
