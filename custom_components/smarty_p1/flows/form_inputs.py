"""Inputs of a dialog's forms: errors of all fields, and the fields and values of typed amounts.

Amounts have text fields. In a number field, Chromium drops the decimal comma without a word, so
`0,15` would become 15. The dialog's step reads the texts, because Home Assistant does not translate
the errors of a schema.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, override

import voluptuous as vol
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
)

from ..lib.amounts import Amount, AmountError, Unit, amount_text
from ..lib.json_types import JsonDict, JsonMapping
from ..user_requests.amount_problem import UNUSUAL, AmountProblem
from ..user_requests.user_locale import UserLocale, async_user_locale
from .form_errors import FormErrors

# Maximum number of amounts that a message names.
_MAX_NAMED = 5


class AmountField(TextSelector):
    """Text field for an amount. Programs that fill in the form can also send a number."""

    def __init__(self, amount: Amount) -> None:
        super().__init__(TextSelectorConfig(suffix=amount.unit.symbol))
        self.amount = amount

    @override
    def __call__(self, data: Any) -> str | list[str]:
        return super().__call__(_as_text(data))


class AmountChoice(SelectSelector):
    """List of usual amounts. The user can also type another amount."""

    def __init__(self, amount: Amount, usual: Iterable[float]) -> None:
        # A list to which the user can add shows the values, and not their labels.
        options = [f"{amount_text(value)} {amount.unit.symbol}" for value in usual]
        mode = SelectSelectorMode.DROPDOWN
        super().__init__(SelectSelectorConfig(options=options, custom_value=True, mode=mode))
        self.amount = amount

    @override
    def __call__(self, data: Any) -> Any:
        return super().__call__(_as_text(data))


def amounts_in(fields: Mapping[Any, Any]) -> dict[str, Amount]:
    """Return the amounts among the fields of a form, by the names of their fields."""
    return {
        str(marker): field.amount
        for marker, field in fields.items()
        if isinstance(field, AmountField | AmountChoice)
    }


def _as_text(data: object) -> object:
    """Return a number as text, and all other data unchanged."""
    if isinstance(data, int | float) and not isinstance(data, bool):
        return amount_text(data)
    return data


class Place(NamedTuple):
    """Place of an amount in a form."""

    field: str
    """Field of the form that shows the error: the amount's own field, its section or its list."""
    label: str
    """Translation key of the amount's label."""
    list_label: str = ""
    """Translation key of the list's label, for an amount in a row of a list."""
    row: int = 0
    """Number of the row, counted from 1."""

    async def async_name(self, hass: HomeAssistant, locale: UserLocale) -> str:
        """Return the name of the amount for a message, in the user's language."""
        label = await locale.async_text(hass, self.label)
        if not self.list_label:
            return label
        return f"{await locale.async_text(hass, self.list_label)} {self.row}, {label}"


class FormInputs(FormErrors):
    """Errors of the forms of one dialog, and the amounts that a user types into these forms.

    Call `begin` for each submitted form, then `read_amount` for each of its amounts. `errors` then
    has the errors of the form, and `async_shown` their texts.
    """

    def __init__(self) -> None:
        super().__init__()
        self._asked: set[tuple[Place, float]] = set()
        self._problems: list[tuple[Place, AmountProblem]] = []
        self._typed: dict[Place, str | float] = {}

    @property
    @override
    def errors(self) -> dict[str, str]:
        """Return the translation keys of all errors, keyed by field."""
        of_amounts = {place.field: problem.key for place, problem in reversed(self._problems)}
        return of_amounts | super().errors

    @override
    def begin(self) -> None:
        """Forget the errors of the form that was submitted before."""
        super().begin()
        self._problems.clear()
        self._typed.clear()

    def read_amount(
        self, place: Place, entered: str | float, amount: Amount, *, is_required: bool = False
    ) -> float | None:
        """Return an entered amount as a number. Return None for an error, and for an empty text.

        A required text must not be empty. A number was stored before, or a program has sent it.
        """
        self._typed[place] = entered
        if not isinstance(entered, str):
            entered = amount_text(entered)
        if not is_required and not entered.strip():
            return None
        try:
            return amount.parse(entered)
        except AmountError as err:
            problem = AmountProblem.of_error(err, self._typed[place], amount.unit)
            self._problems.append((place, problem))
            return None

    def read_all(self, typed: JsonMapping, fields: Mapping[Any, Any], page: str) -> JsonDict:
        """Return the values of a form, with numbers instead of its typed amounts.

        `page` is the translation key of the page with the labels. Empty and wrong amounts are left
        out. The amounts of required fields must not be empty.
        """
        read, amounts = dict(typed), amounts_in(fields)
        required = {str(marker) for marker in fields if isinstance(marker, vol.Required)}
        for name in filter(typed.__contains__, amounts):
            place = Place(name, f"{page}.data.{name}")
            value = self.read_amount(
                place, read.pop(name), amounts[name], is_required=name in required
            )
            if value is not None:
                read[name] = value
        return read

    def drop(self, place: Place) -> None:
        """Forget the problem of an amount whose error has its own message."""
        self._problems = [problem for problem in self._problems if problem[0] != place]

    def ask_about_unusual(
        self, place: Place, value: float | None, unit: Unit, highest: float | None
    ) -> None:
        """Ask about a value above the highest usual value. The same value is asked about once."""
        question = place, value or 0.0
        if value is None or highest is None or abs(value) <= highest or question in self._asked:
            return
        self._asked.add(question)
        typed = self._typed.get(place) or value
        problem = AmountProblem(*UNUSUAL, typed, unit, (value, highest))
        self._problems.append((place, problem))

    async def async_shown(self, hass: HomeAssistant) -> dict[str, str]:
        """Return the errors, with texts instead of the keys of refused amounts.

        The frontend shows an error that is no translation key as it is. With keys, two fields with
        the same error would share one text, because all errors of a form share its placeholders.
        """
        locale = await async_user_locale(hass)
        shown = self.errors
        for field, key in self.errors.items():
            amounts = [
                problem.shown(await place.async_name(hass, locale), locale)
                for place, problem in self._problems
                if (place.field, problem.key) == (field, key)
            ]
            if amounts:
                named = locale.punctuated(";").join(amounts[:_MAX_NAMED])
                shown[field] = await locale.async_text(
                    hass, f"exceptions.{key}.message", **{key: named}
                )
        return shown
