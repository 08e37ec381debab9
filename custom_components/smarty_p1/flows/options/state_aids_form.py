"""Options page for state aids and rebates. Each has days of its own."""

from collections.abc import Iterable, Iterator
from typing import Any

import voluptuous as vol
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    BooleanSelector,
    ObjectSelector,
    ObjectSelectorConfig,
    ObjectSelectorField,
    Selector,
    TextSelector,
)

from ...const import CONF_AIDS
from ...coordinator.entry_types import AnyConfigEntry
from ...lib.amounts import EUR_PER_KWH, EUR_PER_MONTH
from ...lib.json_types import JsonDict, JsonMapping
from ...lib.prices.contract import MAX_AIDS
from ...lib.prices.contract_terms import AID_AMOUNTS, USUAL_EUR_PER_MONTH
from ...lib.prices.entered_contract import USUAL_EUR_PER_KWH, is_aid_possible, tidy_aid
from ...user_requests.user_locale import UserLocale
from ..form_inputs import AmountField, FormInputs, Place
from ..shared_form_fields import DayField
from .amount_rows import AmountRows
from .options_page import OptionsPage


def _required(selector: Selector[Any]) -> ObjectSelectorField:
    return ObjectSelectorField(selector=selector, required=True)


_AIDS = ObjectSelector(
    ObjectSelectorConfig(
        fields={
            # No field offers choices, because the frontend would not translate the choices.
            "name": _required(TextSelector()),
            **{
                name: ObjectSelectorField(selector=AmountField(amount))
                for name, amount in AID_AMOUNTS.items()
            },
            "with_vat": ObjectSelectorField(selector=BooleanSelector()),
            "vat_free": ObjectSelectorField(selector=BooleanSelector()),
            "first_day": _required(DayField()),
            "last_day": ObjectSelectorField(selector=DayField()),
        },
        multiple=True,
        label_field="name",
        description_field="first_day",
        translation_key=CONF_AIDS,
    )
)
_ROWS = AmountRows(CONF_AIDS, "aids", AID_AMOUNTS, ("first_day", "last_day"), MAX_AIDS)

type Aids = Iterable[JsonMapping]


def _shown(_hass: HomeAssistant, entry: AnyConfigEntry, locale: UserLocale) -> JsonDict:
    return {CONF_AIDS: _ROWS.shown(entry, locale)}


async def _async_read(
    _hass: HomeAssistant, _entry: AnyConfigEntry, typed: JsonMapping, inputs: FormInputs
) -> JsonDict:
    aids = _read_all(typed, inputs)
    return {CONF_AIDS: aids} if aids else {}


def _read_all(typed: JsonMapping, inputs: FormInputs) -> list[JsonDict]:
    """Return the aids to store, with positive amounts. Add the errors of the form to `inputs`.

    An amount that is unusually high is an error once.
    """
    aids = _ROWS.read_rows(typed, inputs)
    if inputs.errors:
        return []
    if len(aids) > MAX_AIDS:
        inputs.refuse(CONF_AIDS, "too_many_aids")
        return []
    if not all(map(is_aid_possible, aids)):
        inputs.refuse(CONF_AIDS, "aid_malformed")
        return []
    aids = [*map(tidy_aid, aids)]
    for place, price in prices_of_aids(aids):
        inputs.ask_about_unusual(place, price, EUR_PER_KWH, USUAL_EUR_PER_KWH)
    for row, aid in enumerate(aids, 1):
        place, per_month = _ROWS.place("per_month", row), aid.get("per_month")
        inputs.ask_about_unusual(place, per_month, EUR_PER_MONTH, USUAL_EUR_PER_MONTH)
    return aids


def prices_of_aids(aids: Aids) -> Iterator[tuple[Place, float]]:
    """Yield the amount of each aid for a kWh, with its place in the form."""
    for row, aid in enumerate(aids, 1):
        if "per_kwh" in aid:
            yield _ROWS.place("per_kwh", row), aid["per_kwh"]


AIDS = OptionsPage(
    "aids", {CONF_AIDS}, lambda _hass, _entry: {vol.Optional(CONF_AIDS): _AIDS}, _async_read, _shown
)
