"""Raise and withdraw the repair issues of an entry; repairs.py holds the dialogs that mend."""

from collections.abc import Iterable
from enum import StrEnum

from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntryChange
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..const import DOMAIN
from .entry_types import AnyConfigEntry, short_title

ENTRY_ID = "entry_id"


class Problem(StrEnum):
    """What can be wrong with a meter for long; also the translation keys."""

    NO_TELEGRAM = "no_telegram"
    """None for five minutes."""
    NOT_VERIFIED = "not_verified"
    """Telegrams are shown whose tag is not verified, because the user chose so."""
    METER_CLOCK = "meter_clock"
    """The clock of the meter, or that of Home Assistant, is wrong."""
    CATCHING_UP = "catching_up"
    """A gateway sends what has waited there, from long ago until now."""
    TELEGRAMS_LATE = "telegrams_late"
    """All telegrams come late: the broker delays them, or the clock of the meter is wrong."""
    OTHER_METER = "other_meter"
    """Another meter answers at the port."""
    OTHER_METER_UNREADABLE = "other_meter_unreadable"
    """The same, and it has another key, so nobody knows which one it is."""
    SECURITY_OFF = "security_off"
    """A key is set, and the meter does not encrypt any more."""
    SECURITY_ON = "security_on"
    """No key is set, and the meter encrypts now."""
    P1_SERVER = "p1_server"
    """The P1 server cannot listen."""
    VIRTUAL_METER = "virtual_meter"
    """The virtual meter cannot listen."""
    VIRTUAL_BATTERY = "virtual_battery"
    """Somebody asks the virtual meter as often as a battery does."""
    VIRTUAL_METER_ADDED = "virtual_meter_added"
    """It was added to this Home Assistant as if it were another meter."""
    DAMAGED_MONTH = "damaged_month"
    """Lines of the stored quarter-hours are damaged, or lost."""
    NETWORK_PRICES = "network_prices"
    """A year has begun whose network prices are not known, and those of the last one are used."""
    LENEDA_KEY = "leneda_key"
    """The national platform does not know the key any more."""
    LENEDA_DIFFERENCE = "leneda_difference"
    """On some days, the platform has counted something else."""
    LENEDA_OTHER_POINT = "leneda_other_point"
    """On most days; perhaps it is about another connection."""
    LENEDA_PRODUCTION = "leneda_production"
    LENEDA_FACTOR_FOUR = "leneda_factor_four"
    LENEDA_SHIFTED_HOUR = "leneda_shifted_hour"
    CAPTURE = "capture_ended"
    """An anonymous capture has ended, and waits for a decision."""


_ERRORS = {
    Problem.OTHER_METER,
    Problem.OTHER_METER_UNREADABLE,
    Problem.SECURITY_OFF,
    Problem.SECURITY_ON,
}
_FIXABLE = {
    Problem.NO_TELEGRAM,
    Problem.NOT_VERIFIED,
    Problem.NETWORK_PRICES,
    Problem.TELEGRAMS_LATE,
    Problem.LENEDA_KEY,
    Problem.VIRTUAL_BATTERY,
    Problem.CAPTURE,
    *_ERRORS,
}


def issue_id(problem: Problem, entry: AnyConfigEntry) -> str:
    """Return what identifies the issue of a problem of an entry."""
    return f"{problem}_{entry.entry_id}"


@callback
def raise_issue(
    hass: HomeAssistant, entry: AnyConfigEntry, problem: Problem, **placeholders: str
) -> None:
    """Raise the issue of a problem of an entry."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id(problem, entry),
        data={ENTRY_ID: entry.entry_id},
        is_fixable=problem in _FIXABLE,
        severity=ir.IssueSeverity.ERROR if problem in _ERRORS else ir.IssueSeverity.WARNING,
        translation_key=problem,
        translation_placeholders={"name": short_title(entry), **placeholders},
    )


@callback
def withdraw_issues(
    hass: HomeAssistant, entry: AnyConfigEntry, problems: Iterable[Problem] = Problem
) -> None:
    """Withdraw what is no longer a problem of an entry: everything, unless problems are named."""
    issues = ir.async_get(hass).issues
    for problem in problems:
        issue = DOMAIN, issue_id(problem, entry)
        if issue in issues:
            ir.async_delete_issue(hass, *issue)


@callback
def is_raised(hass: HomeAssistant, entry: AnyConfigEntry, problem: Problem) -> bool:
    """Return whether the issue of a problem is raised, and not withdrawn yet."""
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id(problem, entry))
    # After a restart, Home Assistant remembers issues, for the sake of those that are ignored,
    # but shows none that is not raised again.
    return issue is not None and issue.active


@callback
def async_follow_disabling(hass: HomeAssistant) -> None:
    """Withdraw everything when an entry is disabled, also one that is waiting to be set up."""

    @callback
    def on_change(_change: ConfigEntryChange, entry: AnyConfigEntry) -> None:
        if entry.domain == DOMAIN and entry.disabled_by:
            withdraw_issues(hass, entry)

    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, on_change)
