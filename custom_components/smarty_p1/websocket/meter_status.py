"""Status of a meter in answers to websocket commands: its state, its problem and a remedy."""

from datetime import datetime
from typing import Literal, NamedTuple, NotRequired, TypedDict

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..coordinator import loaded_live
from ..coordinator.entry_types import AnyConfigEntry
from ..coordinator.repair_issues import is_raised, issue_id
from ..lib.failure_detection import FailureState
from ..lib.problem import Problem

# Problems that keep telegrams from coming, and that a user can solve with a repair issue. If
# several are raised, `_remedy` returns the first. So the most specific problem comes first.
_MENDED_BY_REPAIR = (
    Problem.SECURITY_OFF,
    Problem.SECURITY_ON,
    Problem.OTHER_METER,
    Problem.OTHER_METER_UNREADABLE,
    Problem.TELEGRAMS_LATE,
    Problem.POOR_LINE,
    Problem.NO_TELEGRAM,
)
_STATES = {
    ConfigEntryState.SETUP_ERROR: "error",
    ConfigEntryState.MIGRATION_ERROR: "error",
    ConfigEntryState.FAILED_UNLOAD: "error",
}


type MeterState = Literal["receiving", "waiting", "failing", "not_loaded", "error", "disabled"]
"""State of a meter.

- `receiving`: readings come
- `waiting`: no telegram has come yet
- `failing`: no telegram is accepted
- `error`: the setup failed
"""


class RemedyAnswer(TypedDict):
    """Remedy for a meter without readings."""

    kind: Literal["reauth", "repair", "reconfigure", "enable"]
    path: str
    """Address in the user interface."""
    flow_id: NotRequired[str]
    """Only with `reauth`: id of the open dialog."""
    issue_id: NotRequired[str]
    """Only with `repair`: id of the repair issue."""


class Status(NamedTuple):
    """Status of a meter as JSON values."""

    state: str
    """`receiving`, `waiting` or `failing`. If the entry is not loaded: `not_loaded`, `error` or
    `disabled`. After the end of a subscription: `removed` or `unauthorized`."""
    obstacle: str | None
    """Reason why no reading comes, a key of `exceptions` in the translations. With `poor_line`,
    some readings come."""
    remedy: RemedyAnswer | None


def now() -> dict[str, datetime]:
    """Return the time at which an answer is sent. The cards have no other clock."""
    return {"now": dt_util.utcnow()}


@callback
def status_of(hass: HomeAssistant, entry: AnyConfigEntry) -> Status:
    """Return the current status of a meter's entry."""
    if entry.disabled_by:
        return Status("disabled", None, {"kind": "enable", "path": _page(entry)})
    coordinator = loaded_live(entry)
    if coordinator is None:
        return Status(_STATES.get(entry.state, "not_loaded"), None, None)
    condition = coordinator.condition
    remedy = _remedy(hass, entry) if condition.obstacle else None
    state = condition.state
    if state is FailureState.UNSTEADY:
        state = FailureState.RECEIVING if condition.has_value else FailureState.FAILING
    return Status(state, condition.obstacle, remedy)


def _remedy(hass: HomeAssistant, entry: AnyConfigEntry) -> RemedyAnswer:
    """Return the remedy for a failure: the first available of three remedies.

    The remedies are, in this order, an open dialog for new keys, a repair issue, and the page for
    reconfiguration. This page is always available.
    """
    for flow in entry.async_get_active_flows(hass, {SOURCE_REAUTH}):
        return {"kind": "reauth", "flow_id": flow["flow_id"], "path": _page(entry)}
    for problem in _MENDED_BY_REPAIR:
        if is_raised(hass, entry, problem):
            return {
                "kind": "repair",
                "issue_id": issue_id(problem, entry),
                "path": "/config/repairs",
            }
    return {"kind": "reconfigure", "path": _page(entry)}


def _page(entry: AnyConfigEntry) -> str:
    return f"/config/integrations/integration/{entry.domain}#config_entry={entry.entry_id}"
