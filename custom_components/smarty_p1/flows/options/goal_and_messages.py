"""Options page for the goal of a month, and for the messages to the household."""

from typing import Any

import voluptuous as vol
from homeassistant.components.notify.const import DOMAIN as NOTIFY
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ...const import CONF_GOAL, CONF_QUIET_FROM, CONF_QUIET_UNTIL, CONF_RECIPIENTS, SECTION_MESSAGES
from ...coordinator import loaded_meter
from ...coordinator.entry_types import AnyConfigEntry, short_title
from ...lib.advice.goal import LAST_YEAR, last_year_total
from ...lib.amounts import EUR, EUR_PER_MONTH, Amount, AmountError, amount_text
from ...lib.json_types import JsonDict, JsonMapping
from ...lib.messages.message import HouseholdMessage, Kind
from ...messages import (
    MessageOptions,
    async_send,
    async_share_target,
    has_same_target,
    offered_kinds,
    options_to_show,
    other_meters,
)
from ...user_requests.request_fields import SchemaFields
from ...user_requests.user_locale import UserLocale
from ..form_inputs import AmountField, FormInputs
from ..shared_form_fields import ClockField, switches
from .options_page import OptionsPage

CONF_GOAL_AMOUNT = "goal_amount"
NO_GOAL = "none"
AMOUNT = "amount"
CONF_SEND_TEST = "send_test"
CONF_FOR_ALL_METERS = "for_all_meters"

_MAX_RECIPIENTS = 10

_MAX_EUR = 10_000
# A house with much solar power is paid in summer, so its goal can be below 0.
_AMOUNT = Amount(EUR_PER_MONTH, _MAX_EUR, -_MAX_EUR)
_UNKNOWN = "–"  # noqa: RUF001 - a dash, as in a table


_GOAL_FIELDS = {
    vol.Required(CONF_GOAL, default=NO_GOAL): SelectSelector(
        SelectSelectorConfig(
            options=[NO_GOAL, LAST_YEAR, AMOUNT],
            mode=SelectSelectorMode.LIST,
            translation_key=CONF_GOAL,
        )
    ),
    vol.Optional(CONF_GOAL_AMOUNT): AmountField(_AMOUNT),
}
_RECIPIENTS = EntitySelector(EntitySelectorConfig(domain=NOTIFY, multiple=True))


def _fields(hass: HomeAssistant, entry: AnyConfigEntry) -> SchemaFields:
    """Return the form's fields: goal, recipients, and a switch for each kind of message."""
    stored, for_all = options_to_show(hass, entry), dict[vol.Marker, Any]()
    if other_meters(hass, entry):
        default = has_same_target(hass, entry)
        for_all[vol.Required(CONF_FOR_ALL_METERS, default=default)] = BooleanSelector()
    return {
        **_GOAL_FIELDS,
        vol.Optional(CONF_RECIPIENTS): _RECIPIENTS,
        vol.Required(CONF_QUIET_FROM, default=stored.quiet_from): ClockField(),
        vol.Required(CONF_QUIET_UNTIL, default=stored.quiet_until): ClockField(),
        **for_all,
        **{
            vol.Required(kind.value, default=kind in stored.kinds): BooleanSelector()
            for kind in offered_kinds(entry)
        },
        **switches(CONF_SEND_TEST),
    }


def _shown(hass: HomeAssistant, entry: AnyConfigEntry, locale: UserLocale) -> JsonDict:
    """Return goal and recipients as the form shows them. Other fields show their defaults."""
    recipients = [*options_to_show(hass, entry).recipients]
    return _shown_goal(entry, locale) | {CONF_RECIPIENTS: recipients}


async def _async_read(
    hass: HomeAssistant, entry: AnyConfigEntry, typed: JsonMapping, inputs: FormInputs
) -> JsonDict:
    """Return the options to store. If the user asks for a test, and nothing is wrong, send it.

    Also give the recipients to the other meters, if the user asks for it. Add the error of a field
    to `inputs`.
    """
    goal = _read_goal(typed, inputs)
    options = _read_options(typed, inputs)
    if typed[CONF_SEND_TEST] and not inputs.errors:
        test = HouseholdMessage("test", {"name": short_title(entry)})
        if await async_send(hass, entry, options.recipients, test):
            inputs.refuse(CONF_RECIPIENTS, "test_failed")
    if typed.get(CONF_FOR_ALL_METERS) and not inputs.errors:
        async_share_target(hass, entry, options)
    return goal | options.stored()


def _read_options(typed: JsonMapping, inputs: FormInputs) -> MessageOptions:
    options = MessageOptions(
        # A reading may have changed which kinds are offered since the form was shown.
        tuple(kind for kind in Kind if typed.get(kind.value)),
        tuple(dict.fromkeys(typed.get(CONF_RECIPIENTS, ()))),
        typed[CONF_QUIET_FROM],
        typed[CONF_QUIET_UNTIL],
    )
    if len(options.recipients) > _MAX_RECIPIENTS:
        inputs.refuse(CONF_RECIPIENTS, "too_many_recipients")
    if Kind.ABOVE_GOAL in options.kinds and typed[CONF_GOAL] == NO_GOAL:
        inputs.refuse(Kind.ABOVE_GOAL, "goal_needed")
    return options


def _shown_goal(entry: AnyConfigEntry, locale: UserLocale) -> JsonDict:
    """Return the stored goal as the form shows it.

    If no amount is stored, the form offers last year's cost of this month, in whole euros.
    """
    stored = entry.options.get(CONF_GOAL)
    if isinstance(stored, float):
        return {CONF_GOAL: AMOUNT, CONF_GOAL_AMOUNT: locale.amount(stored)}
    shown = {CONF_GOAL: stored or NO_GOAL}
    if (total := _last_year_total(entry)) is not None:
        shown[CONF_GOAL_AMOUNT] = amount_text(round(total))
    return shown


def offered_goal(entry: AnyConfigEntry, locale: UserLocale) -> str:
    """Return last year's cost of this month as a text, a dash if it is unknown."""
    total = _last_year_total(entry)
    return _UNKNOWN if total is None else locale.with_unit(f"{total:.2f}", EUR.symbol)


def with_typed_amount(entry: AnyConfigEntry, typed: JsonMapping, locale: UserLocale) -> JsonDict:
    """Return what was typed, with an amount as the goal if the user has changed the amount.

    A changed amount is wanted, whatever kind of goal is chosen above.
    """
    if _is_changed(typed, _shown_goal(entry, locale)):
        return {**typed, CONF_GOAL: AMOUNT}
    return dict(typed)


def _read_goal(typed: JsonMapping, inputs: FormInputs) -> JsonDict:
    """Return the options to store. Add the error of a wrong or missing amount to `inputs`."""
    kind = typed[CONF_GOAL]
    if kind != AMOUNT:
        return {} if kind == NO_GOAL else {CONF_GOAL: kind}
    read = inputs.read_all(typed, _GOAL_FIELDS, "options.step.goal_and_messages")
    if CONF_GOAL_AMOUNT not in read and not inputs.errors:
        inputs.refuse(CONF_GOAL_AMOUNT, "goal_missing")
    return {} if inputs.errors else {CONF_GOAL: float(read[CONF_GOAL_AMOUNT])}


def _is_changed(typed: JsonMapping, shown: JsonMapping) -> bool:
    """Return whether the user typed another amount than the form showed.

    An emptied field is no change.
    """
    typed_text, shown_text = (
        str(values.get(CONF_GOAL_AMOUNT, "")).strip() for values in (typed, shown)
    )
    if typed_text in {"", shown_text}:
        return False
    try:
        amount = _AMOUNT.parse(typed_text)
    except AmountError:
        return True
    return not shown_text or amount != _AMOUNT.parse(shown_text)


def _last_year_total(entry: AnyConfigEntry) -> float | None:
    coordinator = loaded_meter(entry)
    household = coordinator.records.household_state if coordinator else None
    return None if household is None else last_year_total(household.month)


GOAL_AND_MESSAGES = OptionsPage(
    "goal_and_messages", {CONF_GOAL, SECTION_MESSAGES}, _fields, _async_read, _shown
)
