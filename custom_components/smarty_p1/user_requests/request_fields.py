"""Fields of requests that actions, websocket commands and assistants share."""

from collections.abc import Sequence
from datetime import time
from typing import Any

import voluptuous as vol
from homeassistant.helpers import config_validation as cv

from ..lib.amounts import Amount
from ..lib.answers.what_if import KINDS, PLAN
from ..lib.answers.what_if_changes import ATTR_KIND, FIELDS, Fields, lacking_fields, unused_fields
from ..lib.json_types import JsonMapping
from ..lib.plan.planned_load import MAX_LOAD_HOURS, MAX_LOAD_KW, MIN_LOAD_HOURS, MIN_LOAD_KW
from ..lib.prices.contract_terms import MAX_TEXT_CHARS, Choice, Term

type SchemaFields = dict[vol.Marker, Any]
"""Fields of a form or request, each with the schema or selector of its values."""


def number_schema(minimum: float, maximum: float) -> vol.All:
    """Return a schema for a finite number between two limits."""
    return vol.All(vol.Coerce(float), vol.Range(min=minimum, max=maximum))


def whole_number_up_to(maximum: int) -> vol.All:
    """Return a schema for a whole number from 1 to `maximum`. Decimals are dropped."""
    # The range comes first, because infinity cannot become a whole number.
    return vol.All(number_schema(1, maximum), vol.Coerce(int))


LOAD: SchemaFields = {
    vol.Required("kw"): number_schema(MIN_LOAD_KW, MAX_LOAD_KW),
    vol.Required("hours"): number_schema(MIN_LOAD_HOURS, MAX_LOAD_HOURS),
}
"""Part of a schema for a load of constant power."""


def schema_of(term: Term) -> Any:  # noqa: ANN401 - any schema
    """Return a schema for a field. An amount is a number in its range."""
    match term:
        case Amount():
            return number_schema(term.minimum, term.maximum)
        case Choice():
            texts = vol.Length(min=1, max=len(term.texts)), [vol.In(term.texts)], vol.Unique()
            return vol.All(list, *texts)
        case _ if term is time:
            return _clock_time
        case _ if term is bool:
            return bool
    return vol.All(str, vol.Length(max=MAX_TEXT_CHARS))


def _clock_time(value: object) -> str:
    return cv.time(value).isoformat("minutes")


def _schema_of_kind(kind: str, fields: Fields) -> SchemaFields:
    terms = {vol.Optional(name): schema_of(term) for name, term in fields.all.items()}
    return {vol.Required(ATTR_KIND): kind, **terms}


def _checked(changes: Sequence[JsonMapping]) -> Sequence[JsonMapping]:
    kinds = [change[ATTR_KIND] for change in changes]
    if len({*kinds}) < len(kinds):
        raise vol.Invalid("more than one change of a kind")
    for change in changes:
        kind, names = change[ATTR_KIND], change.keys() - {ATTR_KIND}
        if wrong := lacking_fields(kind, names, kinds) | unused_fields(kind, names):
            raise vol.Invalid(f"missing fields, or fields that exclude each other: {sorted(wrong)}")
    return changes


_OF_CAR = "kwh", "kw", "min_kw"
PLANNED_CAR: SchemaFields = {
    vol.Optional("with_plan"): bool,
    **{vol.Optional(name): schema_of(FIELDS[PLAN].all[name]) for name in _OF_CAR},
}
"""Part of a schema for a comparison of reference powers with a planned car."""


def planned_car(fields: JsonMapping) -> dict[str, float] | None:
    """Return the typed values of a planned car. Return None if no plan is asked for."""
    typed = {name: fields[name] for name in _OF_CAR if name in fields}
    return typed if typed or fields.get("with_plan") else None


CHANGES = vol.All(
    list,
    vol.Length(max=len(KINDS)),
    [vol.Any(*(_schema_of_kind(kind, fields) for kind, fields in FIELDS.items()))],
    _checked,
)
"""Schema for changes whose amounts are numbers."""
