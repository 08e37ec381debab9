"""Selection of the meter registers to store, such as `active_energy_imported`.

This module uses no I/O.
"""

import re
from collections.abc import Sequence
from fnmatch import translate
from functools import lru_cache

from smarty_p1_gateway.config_table import refuse
from smartyp1.p1.obis import CHANNELS, OBJECTS
from smartyp1.p1.value_converters import Value
from smartyp1.publish.topics import PART_NAMES, object_name

MBUS_NAMES = ("index", "valve")
_ALL = "all"
_SETS = {
    _ALL: ("*",),
    # The quantities on a bill: energies, and the readings (`index`) of gas, water and heat meters.
    "billing": (
        "active_energy_imported",
        "active_energy_exported",
        "reactive_energy_imported",
        "reactive_energy_exported",
        "index",
    ),
}
_MAX_NAMES = 100
_PATTERN = re.compile(r"[a-z0-9_*]{1,64}")
# Objects outside the specification have no name. Their OBIS reference, which begins with a digit,
# is used as their name.
_IS_REFERENCE = re.compile(r"[0-9]").match
# OBIS references of the values of M-Bus meters. In the line protocol, each M-Bus meter has a line
# of its own, so the line of the electricity meter does not contain these values.
_IS_MBUS = re.compile(rf"0-[{CHANNELS.start}-{CHANNELS.stop - 1}]:(?:24\.|96\.1\.0)").match
_TEXTS = {"p1_version", "meter_date_and_time", "logical_device_name", "message"}


def _field(reference: str) -> str:
    # In a query, VictoriaMetrics would take a hyphen for a minus. So replace it.
    return object_name(reference).replace("-", "_")


def _known_names() -> tuple[str, ...]:
    names = {
        _field(reference)
        for reference in OBJECTS
        if reference not in PART_NAMES and not _IS_MBUS(reference)
    }
    names -= {name for name in names if name in _TEXTS or name.startswith("channel_message_")}
    parts = (part for some in PART_NAMES.values() for part in some)
    return tuple(sorted({*names, *parts, *MBUS_NAMES}))


class RegisterSelection:
    """Selection of stored registers: names, patterns with `*`, and sets such as `billing`."""

    def __init__(self, wanted: Sequence[str] = (_ALL,)) -> None:
        """Take the names, patterns and sets in `wanted`. Raises WrongValueError."""
        if len(wanted) > _MAX_NAMES:
            refuse(f"has more than {_MAX_NAMES} names")
        names = _known_names()
        patterns = [pattern for name in wanted for pattern in _SETS.get(name, (name,))]
        for pattern in patterns:
            if not _PATTERN.fullmatch(pattern):
                refuse("must have names of a-z, 0-9, _ and *, 64 characters at most")
            matches = re.compile(translate(pattern)).match
            if not _IS_REFERENCE(pattern) and not any(map(matches, names)):
                known = ", ".join([*_SETS, *names])
                refuse(f"has {pattern}, but no register has this name; known are {known}")
        self._matches = re.compile("|".join(map(translate, patterns))).match
        # A meter can invent any number of OBIS references. So the caches are limited in size.
        self.has = lru_cache(maxsize=4096)(lambda name: bool(self._matches(name)))
        self.name_of = lru_cache(maxsize=4096)(self._name_of)

    def _name_of(self, reference: str) -> str:
        """Return the name under which an object with one value is stored.

        Return "" for an object that is not selected, or that belongs to an M-Bus meter.
        """
        name = "" if _IS_MBUS(reference) else _field(reference)
        return name if name and self.has(name) else ""

    def parts_of(self, reference: str, values: tuple[Value, ...]) -> list[tuple[str, float]]:
        """Return a name and a value for each selected part of an object with several values."""
        return [
            (name, part)
            for name, part in zip(PART_NAMES.get(reference, ()), values, strict=False)
            if isinstance(part, float) and self.has(name)
        ]


ALL = RegisterSelection()
