"""The tables of docs/entities.md, made of the descriptions of the entities.

After an intended change: python -m tests.ha.documentation
"""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import batched
from typing import Any, NamedTuple, cast

from custom_components.smarty_p1.lib.entities.entity_description import EntitySpec, SensorSpec
from custom_components.smarty_p1.lib.entities.events import DISTURBANCE, EVENTS
from custom_components.smarty_p1.lib.entities.leneda_and_sharing_sensors import SHARING_SENSORS
from custom_components.smarty_p1.lib.entities.mbus_sensors import sensors_of_mbus_meter
from custom_components.smarty_p1.lib.entities.meter_sensors import SENSORS
from custom_components.smarty_p1.lib.entities.quarter_hour_power_sensors import (
    BINARY_SENSORS,
    DEMAND_SENSORS,
)
from custom_components.smarty_p1.lib.entities.reception_sensors import STATUS_SENSORS
from custom_components.smarty_p1.lib.entities.tariff_sensors import TARIFF_SENSORS
from custom_components.smarty_p1.lib.p1.value_converters import MBusReading
from dev.checkout import ROOT
from smartyp1.json_types import JsonDict

PAGE = ROOT / "docs" / "entities.md"
ENTITIES = PAGE.read_text()
_TRANSLATIONS = ROOT / "custom_components" / "smarty_p1" / "translations" / "en.json"
TEXTS: JsonDict = json.loads(_TRANSLATIONS.read_text())["entity"]
_SMALLEST_TABLE = 3
_CATEGORIES = ("diagnostic", "config")
_REFERENCE = re.compile(r"\d+-[\dn]+:\d+\.\d+\.\d+")


def mbus_of(kind: str, unit: str) -> Sequence[SensorSpec[Any]]:
    """Return the descriptions of a meter on the M-Bus."""
    return sensors_of_mbus_meter(
        "1",
        MBusReading(type=kind, serial_number=None, value=None, unit=unit, time=None, valve=None),
    )


MBUS_SENSORS = (mbus_of("gas", "m3")[1], *mbus_of("heat", "GJ")[1:])
MBUS_INDEXES = [mbus_of(*kind)[0] for kind in (("gas", "m3"), ("water", "m3"), ("heat", "GJ"))]
# In the order of the page.
TABLES: list[tuple[str, Sequence[EntitySpec[Any]]]] = [
    ("sensor", (*SENSORS, *STATUS_SENSORS)),
    ("event", (*EVENTS, DISTURBANCE)),
    ("sensor", DEMAND_SENSORS),
    ("binary_sensor", BINARY_SENSORS),
    ("sensor", TARIFF_SENSORS),
    ("sensor", SHARING_SENSORS),
    ("sensor", (*MBUS_INDEXES, *MBUS_SENSORS)),
]


class Row(NamedTuple):
    """A row of a table about an entity."""

    platform: str
    name: str
    unit: str
    classes: str
    category: str
    enabled: bool


class Documented(NamedTuple):
    """A row, the references of its objects, and its rows in the recorder a day."""

    row: Row
    references: set[str]
    cost: int


def documented() -> Iterator[Documented]:
    """Yield each entity of the tables."""
    platform = ""
    for line in ENTITIES.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] in {"sensor", "binary sensor", "event"}:
            platform = cells[0].replace(" ", "_")
        elif line.startswith("| ") and len(cells) > _SMALLEST_TABLE:
            names, objects, *middle, on, cost = cells
            *_, unit, kind_of = ("", "", *middle)
            *classes, category = kind_of.split(", ")
            if category not in _CATEGORIES:
                classes, category = [*classes, category], ""
            first, *others = names.split(" / ")
            kind = first.rsplit(" ", 1)[0]
            for name, places in zip(
                [first, *(f"{kind} {phase}" for phase in others)], objects.split(" / "), strict=True
            ):
                yield Documented(
                    Row(platform, name, unit, ", ".join(classes), category, on == "yes"),
                    set(_REFERENCE.findall(places)),
                    int(cost.split()[-1].replace(",", "")),
                )


def described(platform: str, description: EntitySpec[Any]) -> Row:
    """Return the row that a description wants."""
    classes = [
        str(getattr(description, name))
        for name in ("device_class", "state_class")
        if getattr(description, name, None)
    ]
    return Row(
        platform=platform,
        name=TEXTS[platform][str(description.translation_key)]["name"],
        unit=_unit(description),
        classes=", ".join(classes),
        category=str(description.entity_category or ""),
        enabled=description.entity_registry_enabled_default,
    )


def _unit(description: EntitySpec[Any]) -> str:
    # By the unit: Home Assistant's own descriptions are not instances of their own classes.
    if not getattr(description, "native_unit_of_measurement", None):
        return ""
    return str(cast("SensorSpec[Any]", description).native_unit_of_measurement)


def rendered() -> str:
    """Return the page with its tables as the descriptions want them.

    Cells that no description knows stay: the origin of a value in words, and the rows a day.
    """
    tables = iter(TABLES)
    page: list[str] = []
    header: list[str] = []
    for line in ENTITIES.splitlines():
        cells = _cells(line)
        if cells[0] in {"sensor", "binary sensor", "event"}:
            header = cells
            page += [line, "|---" * len(header) + "|", *_rows(header, *next(tables))]
        elif not header or not line.startswith("|"):
            header = []
            page.append(line)
    return "\n".join([*page, ""])


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def _rows(
    header: list[str], platform: str, descriptions: Sequence[EntitySpec[Any]]
) -> Iterator[str]:
    known = {cells[0]: cells for line in ENTITIES.splitlines() if (cells := _cells(line))}
    rest = iter(descriptions)
    for description in rest:
        row = described(platform, description)
        name = row.name
        objects = _objects(description)
        if name.endswith(" L1"):
            name += " / L2 / L3"
            others = next(batched(rest, 2, strict=True))
            assert {described(platform, other)._replace(name=row.name) for other in others} == {row}
            objects = " / ".join([objects, *map(_objects, others)])
        _, words, *_, cost = known.get(name, ("", "", "0"))
        if set(_REFERENCE.findall(words)) == set(_REFERENCE.findall(objects)):
            objects = words
        values = {
            platform.replace("_", " "): name,
            "object": objects,
            "made of": objects,
            "unit": row.unit,
            "class": ", ".join(filter(None, [row.classes, row.category])),
            "on": "yes" if row.enabled else "",
            "rows a day": cost,
        }
        yield "|" + "|".join(f" {values[column]} ".replace("  ", " ") for column in header) + "|"


def _objects(description: EntitySpec[Any]) -> str:
    return " \N{MINUS SIGN} ".join(" or ".join(references) for references in description.references)


if __name__ == "__main__":
    PAGE.write_text(rendered())
