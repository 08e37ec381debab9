"""Options of a meter's messages, as they are stored in its entry."""

from datetime import time
from typing import NamedTuple, Self

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback

from ..const import CONF_KINDS, CONF_QUIET_FROM, CONF_QUIET_UNTIL, CONF_RECIPIENTS, SECTION_MESSAGES
from ..coordinator import has_records, has_telegrams, is_live
from ..coordinator.entry_types import AnyConfigEntry, active_meters
from ..coordinator.loads.entered_loads import entered_loads
from ..lib.json_types import JsonDict, JsonMapping, without
from ..lib.messages.message import Kind
from ..lib.messages.outbox import QuietHours

_QUIET_FROM = "22:00:00"
_QUIET_UNTIL = "07:00:00"


class MessageOptions(NamedTuple):
    """Kinds that are switched on, recipients (notify entities), and quiet hours."""

    kinds: tuple[Kind, ...] = ()
    recipients: tuple[str, ...] = ()
    quiet_from: str = _QUIET_FROM
    quiet_until: str = _QUIET_UNTIL

    @classmethod
    def of(cls, entry: AnyConfigEntry) -> Self:
        """Return the options of an entry. A kind that its meter cannot serve is left out."""
        stored: JsonMapping = entry.options.get(SECTION_MESSAGES, {})
        chosen = stored.get(CONF_KINDS, ())
        return cls(
            tuple(kind for kind in servable_kinds(entry) if kind in chosen),
            tuple(stored.get(CONF_RECIPIENTS, ())),
            stored.get(CONF_QUIET_FROM, _QUIET_FROM),
            stored.get(CONF_QUIET_UNTIL, _QUIET_UNTIL),
        )

    @property
    def quiet(self) -> QuietHours:
        """Return the hours without messages, in local time."""
        return QuietHours(time.fromisoformat(self.quiet_from), time.fromisoformat(self.quiet_until))

    def stored(self) -> JsonDict:
        """Return the options to store; nothing if the user changed nothing."""
        if self == MessageOptions():
            return {}
        return {
            SECTION_MESSAGES: {
                CONF_KINDS: [kind.value for kind in self.kinds],
                CONF_RECIPIENTS: list(self.recipients),
                CONF_QUIET_FROM: self.quiet_from,
                CONF_QUIET_UNTIL: self.quiet_until,
            }
        }

    @property
    def target(self) -> tuple[object, ...]:
        """Return the part of the options that says to whom and when: all but the kinds."""
        return self[1:]


def other_meters(hass: HomeAssistant, entry: AnyConfigEntry) -> list[AnyConfigEntry]:
    """Return the other electricity meters that are not disabled."""
    return [other for other in active_meters(hass) if has_records(other) and other is not entry]


def options_to_show(hass: HomeAssistant, entry: AnyConfigEntry) -> MessageOptions:
    """Return the options of an entry. If it has none, show recipients of another meter."""
    own = MessageOptions.of(entry)
    if SECTION_MESSAGES in entry.options:
        return own
    others = [MessageOptions.of(other) for other in other_meters(hass, entry)]
    target = next((other for other in others if other != MessageOptions()), own)
    return target._replace(kinds=own.kinds)


def has_same_target(hass: HomeAssistant, entry: AnyConfigEntry) -> bool:
    """Return whether all meters have, or would have, the same recipients and quiet hours."""
    meters = [entry, *other_meters(hass, entry)]
    return len({options_to_show(hass, meter).target for meter in meters}) == 1


@callback
def async_share_target(hass: HomeAssistant, entry: AnyConfigEntry, options: MessageOptions) -> None:
    """Give all other meters the recipients and quiet hours of `options`."""
    for other in other_meters(hass, entry):
        shared = options._replace(kinds=MessageOptions.of(other).kinds)
        is_new = hass.config_entries.async_update_entry(other, options=with_messages(other, shared))
        if is_new and other.state is ConfigEntryState.LOADED:
            hass.config_entries.async_schedule_reload(other.entry_id)


def with_messages(entry: AnyConfigEntry, options: MessageOptions) -> JsonDict:
    """Return all options of an entry, those of its messages from `options`."""
    return without(entry.options, {SECTION_MESSAGES}) | options.stored()


def servable_kinds(entry: AnyConfigEntry) -> tuple[Kind, ...]:
    """Return the kinds of messages that the meter of an entry can serve."""
    if has_telegrams(entry):
        return tuple(Kind)
    # Entities of another integration have no texts of the operator, and no counts.
    if is_live(entry):
        return tuple(kind for kind in Kind if kind not in {Kind.WATER_AT_NIGHT, Kind.GRID})
    return Kind.ABOVE_GOAL, Kind.NO_SUN, Kind.MONTHLY_REPORT


def offered_kinds(entry: AnyConfigEntry) -> tuple[Kind, ...]:
    """Return the kinds of messages to offer: water with a water meter, sun with solar panels.

    The plan needs a load.
    """
    of_loads = {Kind.PLAN_OF_DAY, Kind.FAILED_LOAD} if not entered_loads(entry) else set()
    hidden = {Kind.WATER_AT_NIGHT, Kind.NO_SUN, *of_loads} - {*MessageOptions.of(entry).kinds}
    if entry.state is ConfigEntryState.LOADED:
        records = entry.runtime_data.records
        if any(medium.is_water for medium in records.history.media.values()):
            hidden.discard(Kind.WATER_AT_NIGHT)
        household = records.household_state
        months = (*household.earlier_months, household.known_month) if household else ()
        if any(month.exported_kwh for month in months):
            hidden.discard(Kind.NO_SUN)
    return tuple(kind for kind in servable_kinds(entry) if kind not in hidden)
