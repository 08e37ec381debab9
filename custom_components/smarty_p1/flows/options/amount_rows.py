"""List of a form whose rows have amounts and days, such as the prices of gas."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from ...coordinator.entry_types import AnyConfigEntry
from ...lib.amounts import Amount
from ...lib.json_types import JsonDict, JsonMapping
from ...user_requests.user_locale import UserLocale
from ..form_inputs import FormInputs, Place
from ..shared_form_fields import DayField


class AmountRows(NamedTuple):
    """List of rows that an option has, and its field on a page of the options."""

    option: str
    step_id: str
    amounts: Mapping[str, Amount]
    days: Collection[str]
    max_rows: int

    def place(self, name: str, row: int) -> Place:
        """Return the place of an amount in a row, counted from 1."""
        label = f"selector.{self.option}.fields.{name}.name"
        return Place(self.option, label, f"options.step.{self.step_id}.data.{self.option}", row)

    def shown(self, entry: AnyConfigEntry, locale: UserLocale) -> list[JsonDict]:
        """Return the stored rows as the form shows them."""
        return [locale.amounts(row, self.amounts) for row in entry.options.get(self.option, ())]

    def read_rows(self, typed: JsonMapping, inputs: FormInputs) -> list[JsonDict]:
        """Return the rows of a form with numbers and ISO days, without empty and wrong amounts.

        Further rows are cut, except one, so that the caller can refuse too many.
        """
        rows = typed.get(self.option, ())[: self.max_rows + 1]
        return [self._read(dict(row), number, inputs) for number, row in enumerate(rows, 1)]

    def _read(self, read: JsonDict, row: int, inputs: FormInputs) -> JsonDict:
        for name in filter(read.__contains__, self.amounts):
            value = inputs.read_amount(self.place(name, row), read.pop(name), self.amounts[name])
            if value is not None:
                read[name] = value
        # The selector has checked the days, but returns them as a program has typed them.
        for name in filter(read.__contains__, self.days):
            read[name] = DayField()(read[name])
        return read
