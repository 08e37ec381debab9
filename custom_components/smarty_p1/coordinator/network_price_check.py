"""Repair issue for a year without published network prices."""

from datetime import datetime

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_utc_time_change
from homeassistant.util import dt as dt_util

from ..lib.tariff import APPROVED_UNTIL, LUXEMBOURG
from .entered_contract import needs_new_prices
from .entry_types import AnyConfigEntry
from .repair_issues import Problem, raise_issue, withdraw_issues


@callback
def async_check_network_prices(hass: HomeAssistant, entry: AnyConfigEntry) -> None:
    """Raise or withdraw the repair issue, now and every hour until the entry is unloaded."""

    @callback
    def check(now: datetime) -> None:
        if needs_new_prices(now, entry.options):
            year, last = now.astimezone(LUXEMBOURG).year, APPROVED_UNTIL.year
            raise_issue(hass, entry, Problem.NETWORK_PRICES, year=str(year), last=str(last))
        else:
            withdraw_issues(hass, entry, [Problem.NETWORK_PRICES])

    check(dt_util.utcnow())
    entry.async_on_unload(async_track_utc_time_change(hass, check, minute=0, second=0))
