"""The pages agree with the code, and their examples work."""

import re
from collections.abc import Sequence
from typing import Any

import yaml
from homeassistant.helpers import config_validation as cv

from custom_components.smarty_p1.lib.entities.entity_description import EntitySpec, SensorSpec
from custom_components.smarty_p1.lib.entities.meter_entities import METER_ENTITIES
from custom_components.smarty_p1.lib.entities.reception_sensors import STATUS_SENSORS
from custom_components.smarty_p1.sensor.board_sensors import PULSE_SENSORS, TANK_SENSORS
from dev.checkout import ROOT

from .documentation import ENTITIES, TABLES, TEXTS, documented, rendered

DOCS = ROOT / "docs"
PARTS = (ROOT / "frontend" / "src").glob("cards-loaded-*.ts")
INTEGRATION = DOCS.parent / "custom_components" / "smarty_p1"


def test_the_tables_are_made_of_the_descriptions() -> None:
    assert rendered() == ENTITIES, "python -m tests.ha.documentation writes them anew"


def test_the_tables_list_all_of_platforms_and_publishers() -> None:
    tables: dict[str, list[EntitySpec[Any]]] = {}
    for platform, specs in TABLES[:-1]:  # the last one has the meters on the M-Bus
        tables.setdefault(platform, []).extend(specs)
    made = {platform: [*specs] for platform, specs in METER_ENTITIES.items()}
    made["sensor"] += STATUS_SENSORS
    assert {name: sorted(spec.key for spec in specs) for name, specs in tables.items()} == {
        name: sorted(spec.key for spec in specs) for name, specs in made.items()
    }


def test_the_rows_a_day_add_up() -> None:
    costs: dict[bool, list[int]] = {True: [], False: []}
    for row, references, cost in documented():
        # Each of the three M-Bus meters has these rows, not only the index.
        is_of_each = row.category and any("0-n:" in reference for reference in references)
        # Gas and water have a flow rate.
        count_of_other = 2 if "volume_flow_rate" in row.classes else 1
        count = 3 if is_of_each else count_of_other
        costs[row.enabled] += [cost] * count
    by_default, everything = costs[True], costs[True] + costs[False]

    assert f"| enabled by default | {len(by_default)} | {sum(by_default):,} |" in ENTITIES
    assert f"| all | {len(everything)} | {sum(everything):,} |" in ENTITIES
    # No day has them all: while it exports, it does not import.
    assert sum(by_default) - 4_400 < 30_000


def test_each_example_on_a_page_is_valid() -> None:
    pattern = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    pages = [page.read_text() for page in sorted(DOCS.glob("*.md"))]
    texts = [text for page in pages for text in pattern.findall(page) if "!secret" not in text]
    examples = [yaml.safe_load(text) for text in texts]
    actions = [example for example in examples if "action" in example]
    assert actions
    assert all(cv.SERVICE_SCHEMA(action) for action in actions)
    [cards] = [example["cards"] for example in examples if "cards" in example]
    names = {card["type"].removeprefix("custom:smarty-p1-") for card in cards}
    parts = "".join(part.read_text("utf-8") for part in PARTS)
    assert names == {*re.findall(r'"smarty-p1-(.+)": \w+Card,', parts)}
    assert {option for card in cards for option in card} == {"type", "entry_id", "device", "part"}
    # The integration counts whole numbers.
    [[sensor]] = [example["sensor"] for example in examples if "sensor" in example]
    assert sensor["total"]["accuracy_decimals"] == 0


def board_row(description: SensorSpec[Any]) -> str:
    """Return the row of a table for a sensor of a board."""
    return " | ".join(
        [
            f"| {TEXTS['sensor'][description.key]['name']}",
            description.native_unit_of_measurement or "",
            ", ".join(filter(None, [description.device_class, description.state_class])),
            description.entity_category or "",
            "yes |" if description.entity_registry_enabled_default else "|",
        ]
    ).replace("  ", " ")


def test_each_sensor_of_a_board_is_in_its_table() -> None:
    pages: dict[str, Sequence[SensorSpec[Any]]] = {
        "pulse-reader": PULSE_SENSORS,
        "rainwater-tank": TANK_SENSORS,
    }
    for page, descriptions in pages.items():
        text = (DOCS / f"{page}.md").read_text()
        _, _, table = text.partition("| sensor | unit | class | category | on |\n")
        rows = table.partition("\n\n")[0].splitlines()[1:]
        assert rows == [board_row(description) for description in descriptions]
