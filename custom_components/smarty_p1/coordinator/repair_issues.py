"""What the user should repair: the issues of one meter, raised once and taken back when mended."""

from enum import StrEnum

from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntryChange
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..const import DOMAIN
from .entry_types import AnyConfigEntry

ENTRY_ID = "entry_id"


class Problem(StrEnum):
    """What can be wrong with a meter for long; also the translation keys."""

    NO_TELEGRAM = "no_telegram"
    """None for an hour, after there had been some."""
    NOT_VERIFIED = "not_verified"
    """Telegrams are shown whose tag is not verified, because the user chose so."""
    METER_CLOCK = "meter_clock"
    """The clock of the meter, or that of Home Assistant, is wrong."""
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


_MENDED_BY_RECONFIGURING = {
    Problem.NO_TELEGRAM,
    Problem.NOT_VERIFIED,
    Problem.OTHER_METER,
    Problem.OTHER_METER_UNREADABLE,
    Problem.SECURITY_OFF,
    Problem.SECURITY_ON,
}
_ERRORS = {
    Problem.OTHER_METER,
    Problem.OTHER_METER_UNREADABLE,
    Problem.SECURITY_OFF,
    Problem.SECURITY_ON,
}


def _issue_id(problem: Problem, entry_id: str) -> str:
    return f"{problem}_{entry_id}"


class Issues:
    """The repair issues of one config entry."""

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        """Know which issues there are already."""
        self._hass = hass
        self._entry = entry
        registry = ir.async_get(hass)
        known = {
            problem: issue
            for problem in Problem
            if (issue := registry.async_get_issue(DOMAIN, _issue_id(problem, entry.entry_id)))
        }
        # After a restart, Home Assistant remembers issues, for the sake of those that are ignored,
        # but shows none that is not opened again.
        self._known = set(known)
        self._open = {problem for problem, issue in known.items() if issue.active}

    @callback
    def open(self, problem: Problem, **placeholders: str) -> None:
        """Tell the user about a problem."""
        self._known.add(problem)
        self._open.add(problem)
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            _issue_id(problem, self._entry.entry_id),
            data={ENTRY_ID: self._entry.entry_id},
            is_fixable=problem in _MENDED_BY_RECONFIGURING,
            severity=ir.IssueSeverity.ERROR if problem in _ERRORS else ir.IssueSeverity.WARNING,
            translation_key=problem,
            translation_placeholders={"name": self._entry.title, **placeholders},
        )

    def is_open(self, problem: Problem) -> bool:
        """Tell whether the user was told about a problem, and it is not mended."""
        return problem in self._open

    @callback
    def close(self, *problems: Problem) -> None:
        """Take back what is no problem any more."""
        for problem in self._known.intersection(problems):
            self._known.remove(problem)
            self._open.discard(problem)
            ir.async_delete_issue(self._hass, DOMAIN, _issue_id(problem, self._entry.entry_id))

    @callback
    def close_all(self) -> None:
        """Take everything back, when the meter is disabled or removed."""
        self.close(*Problem)


@callback
def async_follow_disabling(hass: HomeAssistant) -> None:
    """Take everything back when a meter is disabled, also one that is waiting to be set up."""

    @callback
    def close_issues(_change: ConfigEntryChange, entry: AnyConfigEntry) -> None:
        if entry.domain == DOMAIN and entry.disabled_by:
            Issues(hass, entry).close_all()

    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, close_issues)
