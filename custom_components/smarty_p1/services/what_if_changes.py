"""Schema of the changes that a what-if accepts."""

from collections.abc import Mapping, Sequence
from typing import Any

import voluptuous as vol

from ..lib.amounts import Amount
from ..lib.answers.what_if import KINDS
from ..lib.answers.what_if_changes import ATTR_KIND, FIELDS, Fields
from .meter_of_call import number


def number_of(amount: Amount) -> vol.All:
    """Return a schema for a number in the range of `amount`."""
    return number(amount.minimum, amount.maximum)


def _change(kind: str, fields: Fields) -> dict[vol.Marker, Any]:
    return {
        vol.Required(ATTR_KIND): kind,
        **{vol.Required(name): number_of(amount) for name, amount in fields.required.items()},
        **{vol.Optional(name): number_of(amount) for name, amount in fields.optional.items()},
    }


def _each_kind_once(changes: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    kinds = [change[ATTR_KIND] for change in changes]
    if len({*kinds}) < len(kinds):
        message = "more than one change of a kind"
        raise vol.Invalid(message)
    return changes


CHANGES = vol.All(
    list,
    vol.Length(max=len(KINDS)),
    [vol.Any(*(_change(kind, fields) for kind, fields in FIELDS.items()))],
    _each_kind_once,
)
"""Schema for changes whose amounts are numbers."""
