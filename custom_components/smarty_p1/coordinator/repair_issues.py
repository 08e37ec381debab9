"""Functions that raise and withdraw the repair issues of an entry. repairs.py has the dialogs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import get_args

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    SOURCE_REAUTH,
    ConfigEntryChange,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..const import DOMAIN
from ..lib.failure_detection import Condition, Details, FailureState, ReadingProblem, Repair
from ..lib.history.luxembourg_time import local_day
from ..lib.leneda.day_differences import Cause, Differences
from ..lib.markdown_text import TextPlaceholders, Verbatim, in_markdown, read_plain
from ..lib.problem import Problem
from .entry_types import AnyConfigEntry, short_title

ENTRY_ID = "entry_id"


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
    Problem.HIGH_PRICES,
    Problem.METER_CLOCK,
    Problem.TELEGRAMS_LATE,
    Problem.LENEDA_KEY,
    Problem.VIRTUAL_BATTERY,
    Problem.MBUS_METER_EXCHANGED,
    Problem.TOTAL_HELD_BACK,
    Problem.OBJECT_PER_PULSE,
    Problem.OBJECT_NOT_COUNTED,
    Problem.ENERGY_SOURCES,
    Problem.ENERGY_MOVED,
    *_ERRORS,
}
# Issues that stay until the user has closed them, also after a restart.
_PERSISTENT = {Problem.ENERGY_MOVED, Problem.SECOND_METER}


def issue_id(problem: Problem, entry: AnyConfigEntry) -> str:
    """Return the id of the repair issue for `problem` of an entry."""
    return f"{problem}_{entry.entry_id}"


@callback
def raise_issue(
    hass: HomeAssistant,
    entry: AnyConfigEntry,
    problem: Problem,
    data: Mapping[str, str] | None = None,
    /,
    **placeholders: str,
) -> None:
    """Raise the repair issue for `problem` of an entry. `data` is for the issue's dialog.

    If the issue exists already, update its placeholders. All users see the same issue, so the
    placeholders must not contain words. The issue's dialog adds texts in the user's language. The
    placeholders are stored as Markdown that shows them as they are.
    """
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id(problem, entry),
        data={ENTRY_ID: entry.entry_id, **(data or {})},
        is_fixable=problem in _FIXABLE,
        is_persistent=problem in _PERSISTENT,
        severity=ir.IssueSeverity.ERROR if problem in _ERRORS else ir.IssueSeverity.WARNING,
        translation_key=problem,
        translation_placeholders=in_markdown(
            {"name": Verbatim(short_title(entry)), **placeholders}
        ),
    )


@callback
def withdraw_issues(
    hass: HomeAssistant, entry: AnyConfigEntry, problems: Iterable[Problem] = Problem
) -> None:
    """Withdraw the repair issues of an entry for `problems`. By default, withdraw all of them."""
    issues = ir.async_get(hass).issues
    for problem in problems:
        issue = DOMAIN, issue_id(problem, entry)
        if issue in issues:
            ir.async_delete_issue(hass, *issue)


@callback
def set_issue(
    hass: HomeAssistant,
    entry: AnyConfigEntry,
    problem: Problem,
    /,
    *,
    is_there: object,
    **placeholders: str,
) -> None:
    """Raise the repair issue for `problem` of an entry if it `is_there`. Otherwise withdraw it."""
    if is_there:
        raise_issue(hass, entry, problem, **placeholders)
    else:
        withdraw_issues(hass, entry, [problem])


@callback
def name_unread_file(hass: HomeAssistant, entry_id: str, file: str, *, is_unread: bool) -> None:
    """Add a file to the repair issue about files that cannot be read now, or take it away."""
    if (entry := hass.config_entries.async_get_entry(entry_id)) is None:
        return
    problem = Problem.STORED_NOT_READ
    raised = _raised_placeholders(hass, entry, problem)
    files = {*read_plain(raised["file"]).split("\n")} if raised else set[str]()
    files = files | {file} if is_unread else files - {file}
    set_issue(hass, entry, problem, is_there=files, file="\n".join(sorted(files)))


@callback
def is_raised(hass: HomeAssistant, entry: AnyConfigEntry, problem: Problem) -> bool:
    """Return whether the repair issue for `problem` of an entry is raised."""
    return _raised_placeholders(hass, entry, problem) is not None


def _raised_placeholders(
    hass: HomeAssistant, entry: AnyConfigEntry, problem: Problem
) -> TextPlaceholders | None:
    """Return the placeholders of a raised issue. Return None if it is not raised."""
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id(problem, entry))
    # After a restart of Home Assistant, the registry still has the earlier issues. They are
    # inactive until they are raised again, so check `active`, too.
    return (issue.translation_placeholders or {}) if issue and issue.active else None


@callback
def async_follow_disabling(hass: HomeAssistant) -> None:
    """Withdraw all repair issues of an entry when a user disables the entry.

    This also works for an entry that is not loaded.
    """

    @callback
    def on_change(_change: ConfigEntryChange, entry: AnyConfigEntry) -> None:
        if entry.domain == DOMAIN and entry.disabled_by:
            withdraw_issues(hass, entry)

    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, on_change)


DIFFERENCE_PROBLEMS: set[Problem] = {Problem.LENEDA_DIFFERENCE, *get_args(Cause.__value__)}
"""Repair issues that a difference can raise."""


@callback
def tell_difference(hass: HomeAssistant, entry: AnyConfigEntry, differences: Differences) -> None:
    """Raise the repair issue for the differences between the meter's days and Leneda's days.

    If the cause of the differences is known, raise the issue for this cause. Withdraw all other
    issues about differences. If all days agree, raise no issue. If no days were compared, change
    nothing.
    """
    if not differences.days:
        return
    outside = [day for day in differences.days if not day.is_within]
    problem = differences.cause or (Problem.LENEDA_DIFFERENCE if outside else None)
    withdraw_issues(hass, entry, DIFFERENCE_PROBLEMS - {problem})
    if problem is None:
        return
    day = (outside or differences.days)[-1]
    raise_issue(
        hass,
        entry,
        problem,
        day=str(local_day(day.start)),
        own=f"{day.own_wh:.0f}",
        leneda=f"{day.leneda_wh:.0f}",
    )


@dataclass(frozen=True)
class Remedies:
    """Repair issues of one source (meter, pulse reader or tank), and the dialog for a meter's keys.

    `placeholders` fill the texts of the issues. The source can change these values later.
    """

    hass: HomeAssistant
    entry: AnyConfigEntry
    placeholders: TextPlaceholders

    @callback
    def standing(self) -> dict[Repair, Details]:
        """Return the repairs whose issue is already raised, each with the issue's placeholders."""
        return {
            repair: tuple(texts.items())
            for repair in get_args(Repair)
            if repair is not ReadingProblem.WRONG_KEY
            and (texts := _raised_placeholders(self.hass, self.entry, repair)) is not None
        }

    @callback
    def apply(self, before: Condition, condition: Condition) -> None:
        """Raise issues for new or changed repairs. Withdraw the issues of repairs that are over."""
        gone = before.repairs.keys() - condition.repairs.keys()
        issues = [repair for repair in gone if repair is not ReadingProblem.WRONG_KEY]
        withdraw_issues(self.hass, self.entry, issues)
        # In the state WAITING, the user has just entered keys in a dialog, and this dialog ends by
        # itself. In all other states, the keys are right again, so end dialogs that ask for keys.
        if ReadingProblem.WRONG_KEY in gone and condition.state is not FailureState.WAITING:
            self._end_dialogs()
        for repair, details in condition.repairs.items():
            if before.repairs.get(repair) != details:
                self._raise(repair, dict(details))

    def _raise(self, repair: Repair, details: dict[str, str]) -> None:
        if repair is ReadingProblem.WRONG_KEY:
            # Do not check whether a dialog for new keys is already open: Home Assistant opens no
            # second one.
            self.entry.async_start_reauth(self.hass, data=details)
            return
        placeholders = {**self.placeholders, **details}
        raise_issue(self.hass, self.entry, repair, **placeholders)

    @callback
    def _end_dialogs(self) -> None:
        for flow in list(self.entry.async_get_active_flows(self.hass, {SOURCE_REAUTH})):
            self.hass.config_entries.flow.async_abort(flow["flow_id"])
