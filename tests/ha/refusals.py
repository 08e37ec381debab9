"""Rows of a form: typed values, and the errors at its fields."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, NamedTuple

import pytest
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section

from smartyp1.json_types import JsonDict, JsonMapping

from .dialogs import errors_of, flows, submit, suggested, told


class Row(NamedTuple):
    """Values typed besides the usual ones, and the errors then.

    An error is a field and a key, such as `port: not_p1`; a comma separates two. `told` is shown
    with the errors. `given` is an object that a test uses to prepare the row.
    """

    errors: str
    typed: Mapping[str, Any]
    told: Mapping[str, str] = {}
    given: Any = None


class Refusals:
    """Forms that refuse typed values. Each row is a subtest with the name of its dialog."""

    def __init__(self, hass: HomeAssistant, subtests: pytest.Subtests) -> None:
        self._hass = hass
        self._subtests = subtests

    async def __call__(
        self,
        form: ConfigFlowResult,
        rows: Iterable[Row],
        usual: Mapping[str, Any] = {},
        give: Callable[[Any], object] = bool,
    ) -> ConfigFlowResult:
        """Type one row after the other into a form, and return the form after the last one."""

        async def fill(typed: JsonDict) -> ConfigFlowResult:
            nonlocal form
            form = await submit(self._hass, form, typed)
            return form

        await self.each(form["step_id"], fill, rows, usual, give)
        return form

    async def each(
        self,
        dialog: str,
        fill: Callable[[JsonDict], Awaitable[ConfigFlowResult]],
        rows: Iterable[Row],
        usual: Mapping[str, Any] = {},
        give: Callable[[Any], object] = bool,
    ) -> None:
        """Fill in a dialog with each row. A value None takes a usual value away."""
        for row in rows:
            with self._subtests.test(f"{dialog}: {row.errors}", typed=str(row.typed)[:200]):
                give(row.given)
                typed = {**usual, **row.typed}
                typed = {name: value for name, value in typed.items() if value is not None}
                form = await fill(typed)
                assert (form["step_id"] or "").startswith(dialog)
                errors = dict(error.split(": ") for error in row.errors.split(", "))
                assert errors_of(form) == errors
                # The system's message is no text for people.
                assert not [text for text in ("Errno", "call failed") if text in str(form)]
                assert row.told.items() <= told(form).items()
                _keeps(form, typed)
                if form["handler"] == "smarty_p1":
                    # The page may be loaded anew: its errors stay.
                    form = await flows(self._hass, form).async_configure(form["flow_id"])
                    assert errors_of(form) == errors


def _keeps(form: ConfigFlowResult, typed: JsonMapping) -> None:
    """Check that a form shows the typed values, and opens the sections that have an error.

    A dialog that adds or changes an entry also opens the sections with a typed value.
    """
    schema = form["data_schema"]
    assert schema
    assert (form["errors"] or {}).keys() <= {"base", *map(str, schema.schema)}
    # With the defaults of fields that were left alone.
    filled = schema({name: typed[name] for name in map(str, schema.schema) if name in typed})
    shown = suggested(form)
    for marker, field in schema.schema.items():
        name = str(marker)
        value, expected = shown[name], filled.get(name)
        if isinstance(field, section):
            value = {name: each for name, each in value.items() if each is not None}
            assert value == (filled[name] if name in typed else {}), name
            is_open = name in (form["errors"] or {}) or (
                form["handler"] == "smarty_p1" and bool(typed.get(name))
            )
            assert field.options["collapsed"] is not is_open, name
        else:
            # A program sends numbers.
            text = f"{expected:g}" if isinstance(expected, int | float) else expected
            assert value in (expected, text), name
