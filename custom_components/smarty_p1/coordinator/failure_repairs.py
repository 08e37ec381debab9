"""Repair issues for the condition of a meter, pulse reader or tank, and the dialog for keys."""

from collections.abc import Mapping

from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.translation import async_get_cached_translations

from ..const import DOMAIN
from ..lib.failure_detection import Condition, Details, Repair, State
from .entry_types import AnyConfigEntry
from .repair_issues import Problem, is_raised, issue_id, raise_issue, withdraw_issues

_ISSUES = [repair for repair in Repair if repair is not Repair.KEYS]


class Remedies:
    """Repair issues of one source (meter, pulse reader or tank), and the dialog for a meter's keys.

    `placeholders` fill the texts of the issues. The source can change these values later.
    """

    def __init__(
        self, hass: HomeAssistant, entry: AnyConfigEntry, placeholders: Mapping[str, str]
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._placeholders = placeholders

    @callback
    def standing(self) -> dict[Repair, Details]:
        """Return the repairs whose issue is already raised, each with the issue's placeholders."""
        issues = ir.async_get(self._hass).issues
        standing: dict[Repair, Details] = {}
        for repair in _ISSUES:
            problem = Problem(repair)
            if is_raised(self._hass, self._entry, problem):
                issue = issues[DOMAIN, issue_id(problem, self._entry)]
                standing[repair] = tuple((issue.translation_placeholders or {}).items())
        return standing

    @callback
    def apply(self, before: Condition, condition: Condition) -> None:
        """Raise issues for new or changed repairs. Withdraw issues that `condition` has no more."""
        gone = before.repairs.keys() - condition.repairs.keys()
        withdraw_issues(self._hass, self._entry, [Problem(name) for name in gone - {Repair.KEYS}])
        # In the state WAITING, the user has just entered keys in a dialog, so this dialog ends by
        # itself. In all other states, the keys are right again, so end dialogs that ask for keys.
        if Repair.KEYS in gone and condition.state is not State.WAITING:
            self._end_dialogs()
        for repair, details in condition.repairs.items():
            if before.repairs.get(repair) != details:
                self._raise(repair, dict(details))

    def _raise(self, repair: Repair, details: dict[str, str]) -> None:
        if repair is Repair.KEYS:
            # No check is needed whether a dialog for new keys is already open, because Home
            # Assistant then opens no second one.
            self._entry.async_start_reauth(self._hass, data=details)
            return
        placeholders = {**self._placeholders, **details}
        if repair is Repair.NO_TELEGRAM:
            placeholders["reason"] = self._text_of(details["reason"], placeholders)
        raise_issue(self._hass, self._entry, Problem(repair), **placeholders)

    def _text_of(self, obstacle: str, placeholders: Mapping[str, str]) -> str:
        """Return the text of `obstacle` in Home Assistant's language.

        `obstacle` is a translation key of `exceptions`.
        """
        texts = async_get_cached_translations(
            self._hass, self._hass.config.language, "exceptions", DOMAIN
        )
        text = texts.get(f"component.{DOMAIN}.exceptions.{obstacle}.message", obstacle)
        return text.format_map(placeholders)

    @callback
    def _end_dialogs(self) -> None:
        for flow in list(self._entry.async_get_active_flows(self._hass, {SOURCE_REAUTH})):
            self._hass.config_entries.flow.async_abort(flow["flow_id"])
