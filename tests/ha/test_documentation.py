"""docs/entities.md says what the code does."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from homeassistant.components.sensor import SensorEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import EntityDescription
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import async_mock_service

import custom_components.smarty_p1
from custom_components.smarty_p1.binary_sensor import BINARY_SENSORS
from custom_components.smarty_p1.board_sensor import PULSE_SENSORS, TANK_SENSORS
from custom_components.smarty_p1.demand_sensor import DEMAND_SENSORS
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
from .support import let_pass

FOLDER = Path(custom_components.smarty_p1.__file__).parent
TEXTS: dict[str, Any] = json.loads((FOLDER / "translations" / "en.json").read_text())["entity"]
DOCS = Path(__file__).parents[2] / "docs"
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
    *DEMAND_SENSORS,
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
    wanted |= {described("binary_sensor", description) for description in BINARY_SENSORS}

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


async def test_the_automation_sheds_load_and_takes_it_back(hass: HomeAssistant) -> None:
    [text] = re.findall(r"```yaml\n(.*?)```", ENTITIES, re.DOTALL)
    off = async_mock_service(hass, "switch", "turn_off")
    on = async_mock_service(hass, "switch", "turn_on")
    warning = "binary_sensor.smarty_reference_power_will_be_exceeded"
    hass.states.async_set(warning, "off")
    assert await async_setup_component(hass, "automation", {"automation": yaml.safe_load(text)})

    hass.states.async_set(warning, "on")
    await let_pass(hass, 29)
    assert not off
    await let_pass(hass, 31)
    assert [call.data["entity_id"] for call in off] == [["switch.charger"]]

    hass.states.async_set(warning, "off")
    await let_pass(hass, 14 * 60)
    assert not on
    await let_pass(hass, 15 * 60 + 1)
    assert [call.data["entity_id"] for call in on] == [["switch.charger"]]


def board_row(description: SensorEntityDescription) -> str:
    """Return what a table must say about a sensor of a board."""
    return " | ".join(
        [
            f"| {TEXTS['sensor'][description.key]['name']}",
            description.native_unit_of_measurement or "",
            ", ".join(filter(None, [description.device_class, description.state_class])),
            description.entity_category or "",
            "yes |" if description.entity_registry_enabled_default else "|",
        ]
    ).replace("  ", " ")


def test_each_sensor_of_a_board_stands_in_its_table() -> None:
    pages: dict[str, Sequence[SensorEntityDescription]] = {
        "pulse-reader": PULSE_SENSORS,
        "rainwater-tank": TANK_SENSORS,
    }
    for page, descriptions in pages.items():
        text = (DOCS / f"{page}.md").read_text()
        _, _, table = text.partition("| sensor | unit | class | category | on |\n")
        rows = table.partition("\n\n")[0].splitlines()[1:]
        assert rows == [board_row(description) for description in descriptions]


def test_each_picture_is_there() -> None:
    shown = {
        DOCS / picture
        for page in DOCS.glob("*.md")
        for picture in re.findall(r"(?:!\[[^]]+\]\(|<img src=\")([^)\"]+)", page.read_text())
    }
    # Neither is one missing, nor one left over.
    assert shown == set((DOCS / "images").iterdir())


def anchors(page: Path) -> set[str]:
    """Return what a link may name behind `#`, as GitHub makes it of the headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_each_link_leads_somewhere() -> None:
    checked = 0
    for page in (*DOCS.glob("*.md"), *DOCS.parent.glob("*.md")):
        for target in re.findall(r"(?<!!)\[[^]]+\]\(([^):]+)\)", page.read_text()):
            path, _, anchor = target.partition("#")
            linked = page.parent / path if path else page
            assert linked.exists(), f"{page.name}: {target}"
            assert not anchor or anchor in anchors(linked), f"{page.name}: {target}"
            checked += 1
    assert checked
