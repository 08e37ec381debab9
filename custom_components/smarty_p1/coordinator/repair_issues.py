"""Repair issues of an entry, raised and withdrawn; repairs.py has their dialogs."""

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
    """Lasting problem of a meter; also the translation key."""

    NO_TELEGRAM = "no_telegram"
    """No telegram for five minutes."""
    NOT_VERIFIED = "not_verified"
    """Telegrams are shown without verifying their tag, because the user chose so."""
    METER_CLOCK = "meter_clock"
    """The clock of the meter, or that of Home Assistant, is wrong."""
    CATCHING_UP = "catching_up"
    """A gateway sends telegrams that have waited there, from long ago until now."""
    TELEGRAMS_LATE = "telegrams_late"
    """All telegrams come late: the broker delays them, or the clock of the meter is wrong."""
    OTHER_METER = "other_meter"
    """Another meter answers at the port."""
    OTHER_METER_UNREADABLE = "other_meter_unreadable"
    """Another meter answers, and its key is unknown, so its number is, too."""
    SECURITY_OFF = "security_off"
    """A key is set, and the meter does not encrypt any more."""
    SECURITY_ON = "security_on"
    """No key is set, and the meter encrypts now."""
    P1_SERVER = "p1_server"
    """The P1 server cannot listen."""
    VIRTUAL_METER = "virtual_meter"
    """The virtual meter cannot listen."""
    VIRTUAL_BATTERY = "virtual_battery"
    """A program reads the virtual meter as often as a battery does."""
    VIRTUAL_METER_ADDED = "virtual_meter_added"
    """The virtual meter was added to this Home Assistant like another meter."""
    DAMAGED_MONTH = "damaged_month"
    """Lines of the stored quarter-hours are damaged, or lost."""
    NETWORK_PRICES = "network_prices"
    """A year without published network prices has begun; last year's are used."""
    LENEDA_KEY = "leneda_key"
    """The national platform does not know the key any more."""
    LENEDA_DIFFERENCE = "leneda_difference"
    """On some days, the platform's energy differs."""
    LENEDA_OTHER_POINT = "leneda_other_point"
    """On most days, the platform's energy differs; perhaps it is of another connection."""
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
    """Return the id of an issue of an entry."""
    return f"{problem}_{entry.entry_id}"


@callback
def raise_issue(
    hass: HomeAssistant, entry: AnyConfigEntry, problem: Problem, **placeholders: str
) -> None:
    """Raise an issue of an entry."""
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
    """Withdraw issues of an entry: all of them, unless problems are named."""
    issues = ir.async_get(hass).issues
    for problem in problems:
        issue = DOMAIN, issue_id(problem, entry)
        if issue in issues:
            ir.async_delete_issue(hass, *issue)


@callback
def is_raised(hass: HomeAssistant, entry: AnyConfigEntry, problem: Problem) -> bool:
    """Return whether an issue is raised and not withdrawn."""
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id(problem, entry))
    # Home Assistant remembers issues after a restart for their ignored state, and hides them until
    # they are raised again.
    return issue is not None and issue.active


@callback
def async_follow_disabling(hass: HomeAssistant) -> None:
    """Withdraw all issues when an entry is disabled, also while its set-up waits."""

    @callback
    def on_change(_change: ConfigEntryChange, entry: AnyConfigEntry) -> None:
        if entry.domain == DOMAIN and entry.disabled_by:
            withdraw_issues(hass, entry)

    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, on_change)
