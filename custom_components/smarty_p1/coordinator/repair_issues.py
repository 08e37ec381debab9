"""Functions that raise and withdraw the repair issues of an entry. repairs.py has the dialogs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    SOURCE_REAUTH,
    ConfigEntryChange,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..const import DOMAIN
from ..lib.failure_detection import Condition, Details, FailureState, Repair
from ..lib.history.luxembourg_time import local_day
from ..lib.leneda.day_differences import Cause, Differences
from ..lib.markdown_text import TextPlaceholders, Verbatim, in_markdown, read_plain
from .entry_types import AnyConfigEntry, short_title

ENTRY_ID = "entry_id"


class Problem(StrEnum):
    """Problem that a repair issue of an entry reports. The value is the issue's translation key."""

    NO_TELEGRAM = "no_telegram"
    """No telegram for five minutes."""
    NOT_VERIFIED = "not_verified"
    """The user chose to accept telegrams without verifying their authentication tag."""
    METER_CLOCK = "meter_clock"
    """The clock of the meter or of Home Assistant is wrong."""
    CLOCK_UNREADABLE = "clock_unreadable"
    """The telegrams have no time that can be read, so quarter-hours and bill are unknown."""
    POOR_LINE = "poor_line"
    """Readings stop and come back again and again."""
    CATCHING_UP = "catching_up"
    """A gateway still sends old telegrams that it stored during an outage."""
    TELEGRAMS_LATE = "telegrams_late"
    """All telegrams come late. They are delayed or recorded, or the meter's clock is wrong."""
    OTHER_METER = "other_meter"
    """Another meter answers at the port."""
    OTHER_METER_UNREADABLE = "other_meter_unreadable"
    """Another meter answers at the port. Key and serial number of that meter are unknown."""
    SECURITY_OFF = "security_off"
    """A key is set, but the meter no longer encrypts."""
    SECURITY_ON = "security_on"
    """No key is set, but the meter encrypts."""
    P1_SERVER = "p1_server"
    """The P1 server cannot listen at its port."""
    VIRTUAL_METER = "virtual_meter"
    """The virtual meter cannot listen at its ports."""
    VIRTUAL_BATTERY = "virtual_battery"
    """A client polls the virtual meter as fast as a battery. The user must say whether this client
    is a battery."""
    VIRTUAL_METER_ADDED = "virtual_meter_added"
    """This Home Assistant has added its own virtual meter as a device."""
    MQTT_ADDED = "mqtt_added"
    """This Home Assistant has added its own meter once more, by MQTT discovery."""
    MBUS_METER_EXCHANGED = "mbus_meter_exchanged"
    """A gas, water or heat meter was exchanged. The new meter has a device of its own."""
    DAMAGED_MONTH = "damaged_month"
    """Stored quarter-hours are damaged or lost."""
    IMPOSSIBLE_MONTH = "impossible_month"
    """Quarter-hours, stored here or by Leneda, have more energy than a house can use."""
    DAMAGED_LENEDA = "damaged_leneda"
    """Stored quarter-hours from Leneda are damaged or lost."""
    DAMAGED_PRICES = "damaged_prices"
    """Stored market prices are damaged, and not known again yet."""
    LENEDA_ZEROS = "leneda_zeros"
    """Leneda says that the supplier bills nothing, though no shared energy covers what was used."""
    STORED_UNREADABLE = "stored_unreadable"
    """A stored file could not be read, so its content begins anew."""
    STORED_NOT_READ = "stored_not_read"
    """A stored file cannot be read now. It may be whole, so nothing is written over it."""
    NETWORK_PRICES = "network_prices"
    """Some prices are no longer published, so prices of an earlier year are used."""
    HIGH_PRICES = "high_prices"
    """The contract has a price of a kWh above the usual price. The user must confirm the price."""
    IMPOSSIBLE_PRICE = "impossible_price"
    """An entity with the market's price has a price that no market has. It is not used."""
    LENEDA_KEY = "leneda_key"
    """Leneda, the national platform, refuses the API key."""
    LENEDA_SILENT = "leneda_silent"
    """Leneda has sent no new day for a week."""
    LENEDA_DIFFERENCE = "leneda_difference"
    """On some days, the energies of the meter and of Leneda differ."""
    LENEDA_OTHER_POINT = "leneda_other_point"
    """On most days, the energies of meter and Leneda differ. The metering point may be wrong."""
    LENEDA_PRODUCTION = "leneda_production"
    """On most days, Leneda's consumption is the energy that the meter has exported."""
    LENEDA_FACTOR_FOUR = "leneda_factor_four"
    """On most days, Leneda's energies are four times those of the meter, or a quarter of them."""
    LENEDA_SHIFTED_HOUR = "leneda_shifted_hour"
    """On most days, Leneda's quarter-hours are an hour earlier or later than the meter's."""
    OBJECT_PER_PULSE = "object_per_pulse"
    """A pulse board sends JSON objects, and each still counts as one pulse. The user must choose
    the value that counts."""
    OBJECT_NOT_COUNTED = "object_not_counted"
    """A pulse board sends JSON objects, and none counts. The user must choose the value."""
    ENERGY_SOURCES = "energy_sources"
    """Sources of the Energy dashboard have entities, but could have corrected statistics."""
    ENERGY_OWN_PRICE = "energy_own_price"
    """Such sources have the user's own price, which Home Assistant refuses for statistics."""
    ENERGY_MOVED = "energy_moved"
    """The user has moved sources to statistics, and can undo this."""
    RECIPIENT_GONE = "recipient_gone"
    """Home Assistant no longer has a notify entity that receives messages."""
    LOAD_ENTITY_LOST = "load_entity_lost"
    """An entity of a load is gone, or has been unavailable for an hour. The load is left out."""
    LOAD_REFUSED = "load_refused"
    """A load or battery is stored although its dialog refuses it. The plan only tells it."""
    LOAD_WITHOUT_PLAN = "load_without_plan"
    """A load that the plan controls has no new plan. The last one is followed to its end."""
    LOAD_NEED_UNKNOWN = "load_need_unknown"
    """The same, because nobody knows the energy that it needs."""
    LOAD_WITHOUT_READING = "load_without_reading"
    """The same, because the quarter-hour of the meter is unknown since the start."""
    LOAD_DOES_NOT_OBEY = "load_does_not_obey"
    """An entity of a load or battery refuses the plan's orders, or does not show them."""
    LOAD_STOPPED = "load_stopped"
    """A load was switched off twice by its device or app while energy was missing."""
    LOAD_STARTS_ITSELF = "load_starts_itself"
    """A load comes on again after each order to be off."""
    SECOND_METER = "second_meter"
    """A second meter was added or enabled. Inverters and devices still count for the first one."""
    CAPTURE = "capture_ended"
    """An anonymous capture is finished, and can be written or discarded."""


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
    Problem.OBJECT_PER_PULSE,
    Problem.OBJECT_NOT_COUNTED,
    Problem.ENERGY_SOURCES,
    Problem.ENERGY_MOVED,
    Problem.CAPTURE,
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


DIFFERENCE_PROBLEMS = {Problem.LENEDA_DIFFERENCE, *map(Problem, Cause)}
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
    problem = Problem.LENEDA_DIFFERENCE if outside else None
    if differences.cause:
        problem = Problem(differences.cause)
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


_ISSUES = [repair for repair in Repair if repair is not Repair.KEYS]


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
        raised = {
            repair: _raised_placeholders(self.hass, self.entry, Problem(repair))
            for repair in _ISSUES
        }
        return {
            repair: tuple(texts.items()) for repair, texts in raised.items() if texts is not None
        }

    @callback
    def apply(self, before: Condition, condition: Condition) -> None:
        """Raise issues for new or changed repairs. Withdraw the issues of repairs that are over."""
        gone = before.repairs.keys() - condition.repairs.keys()
        withdraw_issues(self.hass, self.entry, [Problem(name) for name in gone - {Repair.KEYS}])
        # In the state WAITING, the user has just entered keys in a dialog, and this dialog ends by
        # itself. In all other states, the keys are right again, so end dialogs that ask for keys.
        if Repair.KEYS in gone and condition.state is not FailureState.WAITING:
            self._end_dialogs()
        for repair, details in condition.repairs.items():
            if before.repairs.get(repair) != details:
                self._raise(repair, dict(details))

    def _raise(self, repair: Repair, details: dict[str, str]) -> None:
        if repair is Repair.KEYS:
            # Do not check whether a dialog for new keys is already open: Home Assistant opens no
            # second one.
            self.entry.async_start_reauth(self.hass, data=details)
            return
        placeholders = {**self.placeholders, **details}
        raise_issue(self.hass, self.entry, Problem(repair), **placeholders)

    @callback
    def _end_dialogs(self) -> None:
        for flow in list(self.entry.async_get_active_flows(self.hass, {SOURCE_REAUTH})):
            self.hass.config_entries.flow.async_abort(flow["flow_id"])
