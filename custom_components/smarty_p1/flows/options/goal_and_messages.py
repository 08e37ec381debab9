"""Options page for the goal of a month, and for the messages to the household."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol
from homeassistant.components.notify.const import DOMAIN as NOTIFY
from homeassistant.config_entries import ConfigEntryState
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
from ...coordinator.entry_types import AnyConfigEntry, short_title
from ...lib.advice.goal import LAST_YEAR, last_year_total
from ...lib.amounts import EUR, EUR_PER_MONTH, Amount, AmountError, amount_text
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
from ...user_locale import UserLocale
from ..shared_form_fields import ClockField
from ..typed_amounts import AmountField, TypedAmounts

CONF_GOAL_AMOUNT = "goal_amount"
NO_GOAL = "none"
AMOUNT = "amount"
CONF_SEND_TEST = "send_test"
CONF_FOR_ALL_METERS = "for_all_meters"
PAGE_OPTIONS = (CONF_GOAL, SECTION_MESSAGES)

_MAX_RECIPIENTS = 10

_MAX_EUR = 10_000
# A house with much solar power is paid in summer, so its goal can be below 0.
_AMOUNTS = {CONF_GOAL_AMOUNT: Amount(EUR_PER_MONTH, _MAX_EUR, -_MAX_EUR)}
_PAGE = "options.step.goal_and_messages"
_UNKNOWN = "–"  # noqa: RUF001 - a dash, as in a table


def goal_fields() -> dict[vol.Marker, Any]:
    """Return the form's fields: the kind of goal, and its amount."""
    kinds = SelectSelector(
        SelectSelectorConfig(
            options=[NO_GOAL, LAST_YEAR, AMOUNT],
            mode=SelectSelectorMode.LIST,
            translation_key=CONF_GOAL,
        )
    )
    return {
        vol.Required(CONF_GOAL, default=NO_GOAL): kinds,
        vol.Optional(CONF_GOAL_AMOUNT): AmountField(_AMOUNTS[CONF_GOAL_AMOUNT]),
    }


def message_fields(hass: HomeAssistant, entry: AnyConfigEntry) -> dict[vol.Marker, Any]:
    """Return the form's fields of the messages: a switch for each kind that the meter can serve."""
    stored, for_all = options_to_show(hass, entry), dict[vol.Marker, Any]()
    if other_meters(hass, entry):
        default = has_same_target(hass, entry)
        for_all[vol.Required(CONF_FOR_ALL_METERS, default=default)] = BooleanSelector()
    recipients = EntitySelector(EntitySelectorConfig(domain=NOTIFY, multiple=True))
    return {
        vol.Optional(CONF_RECIPIENTS): recipients,
        vol.Required(CONF_QUIET_FROM, default=stored.quiet_from): ClockField(),
        vol.Required(CONF_QUIET_UNTIL, default=stored.quiet_until): ClockField(),
        **for_all,
        **{
            vol.Required(kind.value, default=kind in stored.kinds): BooleanSelector()
            for kind in offered_kinds(entry)
        },
        vol.Required(CONF_SEND_TEST, default=False): BooleanSelector(),
    }


def shown_messages(hass: HomeAssistant, entry: AnyConfigEntry) -> dict[str, Any]:
    """Return the recipients as the form shows them. Other fields show their defaults."""
    return {CONF_RECIPIENTS: list(options_to_show(hass, entry).recipients)}


async def async_read_messages(
    hass: HomeAssistant, entry: AnyConfigEntry, typed: Mapping[str, Any], amounts: TypedAmounts
) -> dict[str, Any]:
    """Return the options to store. If the user asks for a test, and nothing is wrong, send it.

    Also give the recipients to the other meters, if the user asks for it. Add the error of a field
    to `amounts`.
    """
    options = _read_options(typed, amounts)
    if typed[CONF_SEND_TEST] and not amounts.errors:
        test = HouseholdMessage("test", {"name": short_title(entry)})
        if await async_send(hass, entry, options.recipients, test):
            amounts.refused[CONF_RECIPIENTS] = "test_failed"
    if typed.get(CONF_FOR_ALL_METERS) and not amounts.errors:
        async_share_target(hass, entry, options)
    return options.stored()


def _read_options(typed: Mapping[str, Any], amounts: TypedAmounts) -> MessageOptions:
    options = MessageOptions(
        # A reading may have changed which kinds are offered since the form was shown.
        tuple(kind for kind in Kind if typed.get(kind.value)),
        tuple(dict.fromkeys(typed.get(CONF_RECIPIENTS, ()))),
        typed[CONF_QUIET_FROM],
        typed[CONF_QUIET_UNTIL],
    )
    if len(options.recipients) > _MAX_RECIPIENTS:
        amounts.refused[CONF_RECIPIENTS] = "too_many_recipients"
    if Kind.ABOVE_GOAL in options.kinds and typed[CONF_GOAL] == NO_GOAL:
        amounts.refused[Kind.ABOVE_GOAL] = "goal_needed"
    return options


def shown_goal(entry: AnyConfigEntry, locale: UserLocale) -> dict[str, Any]:
    """Return the stored goal as the form shows it.

    If no amount is stored, the form offers last year's cost of this month, in whole euros.
    """
    stored = entry.options.get(CONF_GOAL)
    if isinstance(stored, float):
        amount = amount_text(stored, locale.decimal_mark)
        return {CONF_GOAL: AMOUNT, CONF_GOAL_AMOUNT: amount}
    shown = {CONF_GOAL: stored or NO_GOAL}
    if (total := _last_year_total(entry)) is not None:
        shown[CONF_GOAL_AMOUNT] = amount_text(round(total))
    return shown


def offered_goal(entry: AnyConfigEntry, locale: UserLocale) -> str:
    """Return last year's cost of this month as a text, a dash if it is unknown."""
    total = _last_year_total(entry)
    return _UNKNOWN if total is None else locale.with_unit(f"{total:.2f}", EUR.symbol)


def with_typed_amount(typed: Mapping[str, Any], shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was typed, with an amount as the goal if the user has changed the amount.

    `shown` has the values that the form has shown. A changed amount is wanted, whatever kind of
    goal is chosen above.
    """
    return {**typed, CONF_GOAL: AMOUNT} if _is_changed(typed, shown) else dict(typed)


def read_goal(typed: Mapping[str, Any], amounts: TypedAmounts) -> dict[str, Any]:
    """Return the options to store. Add the error of a wrong or missing amount to `amounts`."""
    kind = typed[CONF_GOAL]
    if kind != AMOUNT:
        return {} if kind == NO_GOAL else {CONF_GOAL: kind}
    read = amounts.read_all(typed, _AMOUNTS, _PAGE)
    if CONF_GOAL_AMOUNT not in read and not amounts.errors:
        amounts.refused[CONF_GOAL_AMOUNT] = "goal_missing"
    return {} if amounts.errors else {CONF_GOAL: float(read[CONF_GOAL_AMOUNT])}


def _is_changed(typed: Mapping[str, Any], shown: Mapping[str, Any]) -> bool:
    """Return whether the amount was changed. An amount that was cleared is none."""
    texts = [str(values.get(CONF_GOAL_AMOUNT, "")).strip() for values in (typed, shown)]
    try:
        read = [_AMOUNTS[CONF_GOAL_AMOUNT].parse(text) for text in texts if text]
    except AmountError:
        return texts[0] not in {"", texts[1]}
    return bool(texts[0]) and read[:1] != read[1:]


def _last_year_total(entry: AnyConfigEntry) -> float | None:
    demand = entry.runtime_data.books.demand if entry.state is ConfigEntryState.LOADED else None
    return None if demand is None else last_year_total(demand.month)
