"""docs/entities.md says what the code does."""

import json
from pathlib import Path
from typing import Any

import pytest
from homeassistant.components.sensor import SensorEntityDescription
from homeassistant.helpers.entity import EntityDescription

import custom_components.smarty_p1
from custom_components.smarty_p1.event import EVENTS, MessageEventDescription
from custom_components.smarty_p1.p1 import MBusReading
from custom_components.smarty_p1.sensor_descriptions import (
    MBUS_SENSORS,
    RECEPTION_SENSORS,
    SENSORS,
    SmartySensorDescription,
    mbus_index,
)

from .documentation import ENTITIES, Row, documented

FOLDER = Path(custom_components.smarty_p1.__file__).parent
TEXTS: dict[str, Any] = json.loads((FOLDER / "translations" / "en.json").read_text())["entity"]
MBUS_INDEXES = [
    mbus_index(
        MBusReading(type=kind, serial_number=None, value=None, unit=unit, time=None, valve=None)
    )
    for kind, unit in (("gas", "m3"), ("water", "m3"), ("heat", "GJ"))
]
SENSOR_DESCRIPTIONS: list[SensorEntityDescription] = [
    *SENSORS,
    *RECEPTION_SENSORS,
    *MBUS_INDEXES,
    *MBUS_SENSORS,
]


def described(platform: str, description: EntityDescription) -> Row:
    """Return the row that a description wants."""
    classes = [
        str(getattr(description, name))
        for name in ("device_class", "state_class")
        if getattr(description, name, None)
    ]
    return Row(
        platform=platform,
        name=TEXTS[platform][str(description.translation_key)]["name"],
        unit=str(getattr(description, "native_unit_of_measurement", None) or ""),
        classes=", ".join(classes),
        category=str(description.entity_category or ""),
        enabled=description.entity_registry_enabled_default,
    )


def test_each_entity_stands_in_the_tables() -> None:
    wanted = {described("sensor", description) for description in SENSOR_DESCRIPTIONS}
    wanted |= {described("event", description) for description in EVENTS}

    rows = [found.row for found in documented()]
    assert set(rows) == wanted
    assert len(rows) == len(wanted)


@pytest.mark.parametrize("description", SENSORS, ids=lambda description: description.key)
def test_each_object_of_a_sensor(description: SmartySensorDescription) -> None:
    row = described("sensor", description)
    found = [known.references for known in documented() if known.row == row]

    assert found == [{reference for source in description.sources for reference in source}]


@pytest.mark.parametrize("description", EVENTS, ids=lambda description: description.key)
def test_each_object_of_an_event(description: MessageEventDescription) -> None:
    row = described("event", description)
    found = [known.references for known in documented() if known.row == row]

    assert found == [{description.reference}]


def test_the_rows_a_day_add_up() -> None:
    costs: dict[bool, list[int]] = {True: [], False: []}
    for row, references, cost in documented():
        # What each of the three M-Bus meters has, and not only its index.
        is_of_each = row.category and any("0-n:" in reference for reference in references)
        costs[row.enabled] += [cost] * (3 if is_of_each else 1)
    by_default, everything = costs[True], costs[True] + costs[False]

    assert f"| enabled by default | {len(by_default)} | {sum(by_default):,} |" in ENTITIES
    assert f"| all | {len(everything)} | {sum(everything):,} |" in ENTITIES
    assert sum(by_default) <= 100_000
