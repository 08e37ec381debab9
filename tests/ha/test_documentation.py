"""The pages say what the code does, and their examples work."""

import json
import re
import tomllib
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from homeassistant.components import automation
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import config_validation as cv, script

from custom_components.smarty_p1.const import DOMAIN
from custom_components.smarty_p1.lib.entities import SensorSpec
from custom_components.smarty_p1.sensor.board_sensors import PULSE_SENSORS, TANK_SENSORS

from . import billed_month
from .conftest import EntryMaker
from .documentation import ENTITIES, TEXTS, documented, rendered
from .meter import MeterPort

DOCS = Path(__file__).parents[2] / "docs"
CARDS = Path(__file__).parents[2] / "frontend" / "src" / "cards"
INTEGRATION = DOCS.parent / "custom_components" / "smarty_p1"


def test_the_tables_are_made_of_the_descriptions() -> None:
    assert rendered() == ENTITIES, "python -m tests.ha.documentation writes them anew"


def test_the_rows_a_day_add_up() -> None:
    costs: dict[bool, list[int]] = {True: [], False: []}
    for row, references, cost in documented():
        # What each of the three M-Bus meters has, and not only its index.
        is_of_each = row.category and any("0-n:" in reference for reference in references)
        # A flow rate is that of gas and of water.
        count = 3 if is_of_each else 2 if "volume_flow_rate" in row.classes else 1
        costs[row.enabled] += [cost] * count
    by_default, everything = costs[True], costs[True] + costs[False]

    assert f"| enabled by default | {len(by_default)} | {sum(by_default):,} |" in ENTITIES
    assert f"| all | {len(everything)} | {sum(everything):,} |" in ENTITIES
    # No day has them all: while it exports, it does not import.
    assert sum(by_default) - 4_400 < 30_000


class Example(NamedTuple):
    """A block of a page: what is written in which language."""

    page: Path
    language: str
    text: str

    def __str__(self) -> str:
        """Return what tells a test apart."""
        return f"{self.page.name}: {self.text.partition(chr(10))[0]}"


EXAMPLES = [
    Example(page, language, text)
    for page in [*sorted(DOCS.glob("*.md")), DOCS.parent / "README.md"]
    for language, text in re.findall(
        r"^```(\w+)\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL
    )
]
YAML_EXAMPLES = [each for each in EXAMPLES if each.language == "yaml"]


class Loader(yaml.SafeLoader):
    """A loader that knows secrets, and refuses keys that come twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - as it is called
        """Return the mapping of a node."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        # ser2net has one `connection` after the other.
        assert len(keys) == len(set(keys)) or set(keys) == {"connection"}
        return super().construct_mapping(node, deep)


Loader.add_constructor("!secret", lambda _, node: node.value)


def kind_of_example(example: Example) -> str:
    """Return the program that an example is for. An unknown one needs a test of its own."""
    keys = yaml.load(example.text, Loader).keys()  # noqa: S506 - a safe one
    kinds = {
        "automation": {"triggers", "actions"},
        "action": {"action"},
        "ser2net": {"connection"},
        "esphome": {"uart", "serial_proxy"},
        "pulse meter": {"sensor"},
        "evcc": {"meters"},
        "evcc's prices": {"tariffs"},
        "cards": {"cards"},
        # Run in tests of the outlook.
        "configuration": {"rest_command", "script"},
    }
    [kind] = [kind for kind, needed in kinds.items() if needed <= keys]
    return kind


@pytest.mark.parametrize("example", YAML_EXAMPLES, ids=str)
def test_each_example_is_valid(example: Example) -> None:
    content = yaml.load(example.text, Loader)  # noqa: S506 - a safe one
    match kind_of_example(example):
        case "automation":
            assert automation.config.PLATFORM_SCHEMA(content)
        case "action":
            assert cv.SERVICE_SCHEMA(content)
        case "esphome":
            ports = {port["id"] for port in content["uart"]}
            assert {proxy["uart_id"] for proxy in content["serial_proxy"]} <= ports
        case "pulse meter":
            [sensor] = content["sensor"]
            assert sensor["platform"] == "pulse_meter"
            # The integration counts whole numbers.
            assert sensor["total"]["accuracy_decimals"] == 0
        case "cards":
            names = {card["type"].removeprefix("custom:smarty-p1-") for card in content["cards"]}
            assert names == {path.stem for path in CARDS.glob("*.ts")}
            options = {option for card in content["cards"] for option in card}
            assert options == {"type", "entry_id", "device", "part"}
        case "evcc":
            [meter] = content["meters"]
            seconds = re.fullmatch(r"(\d+)s", meter["timeout"])
            # Three telegrams of a meter that sends every ten seconds.
            assert seconds
            assert int(seconds[1]) >= 30
        case "evcc's prices":
            forecast = content["tariffs"]["grid"]["forecast"]
            assert forecast["jq"] == ".service_response.grid | tostring"


@pytest.mark.parametrize(
    "example",
    [
        each
        for each in YAML_EXAMPLES
        # For what a battery would be worth it takes a year: tests of that compare the page.
        if kind_of_example(each) == "action" and "what_if" not in each.text
    ],
    ids=str,
)
async def test_each_action_does_something(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    hass_storage: dict[str, Any],
    example: Example,
) -> None:
    entry = await billed_month.set_up(hass, port, make_entry, hass_storage)
    content = yaml.safe_load(example.text)
    content["data"] = content.get("data", {}) | {"config_entry": entry.entry_id}
    variable = content["response_variable"]
    stop = {"stop": "", "response_variable": variable}
    actions = await script.async_validate_actions_config(hass, cv.SCRIPT_SCHEMA([content, stop]))
    run = await script.Script(hass, actions, "example", DOMAIN).async_run(context=Context())
    assert run
    answer: Any = run.service_response
    # The answer that is shown, where one is, has the same parts.
    page = example.page.read_text()
    _, _, after = page.partition(example.text)
    if shown := re.match(r"```\n[^`]*```json\n(.*?)^```$", after, re.MULTILINE | re.DOTALL):
        # Of a month that has ended, as it is shown, there is no estimate.
        assert json.loads(shown[1]).keys() == answer.keys() - {"estimate"}
    else:
        assert answer["objects"]["1-0:1.8.0"] == 1460.6


def test_each_object_is_valid() -> None:
    for example in EXAMPLES:
        if example.language == "json":
            assert json.loads(example.text)
        elif example.language == "toml":
            assert tomllib.loads(example.text)


def board_row(description: SensorSpec[Any]) -> str:
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
    pages: dict[str, Sequence[SensorSpec[Any]]] = {
        "pulse-reader": PULSE_SENSORS,
        "rainwater-tank": TANK_SENSORS,
    }
    for page, descriptions in pages.items():
        text = (DOCS / f"{page}.md").read_text()
        _, _, table = text.partition("| sensor | unit | class | category | on |\n")
        rows = table.partition("\n\n")[0].splitlines()[1:]
        assert rows == [board_row(description) for description in descriptions]


def opening(message: str) -> str:
    """Return the first words of a message, as pages quote them."""
    first = re.split(r"[.:;](?= |$)", message)[0]
    return re.sub(r"{\w+}", "\N{HORIZONTAL ELLIPSIS}", first)


def test_each_fault_is_explained() -> None:
    texts = json.loads((INTEGRATION / "translations" / "en.json").read_text())
    faults = [issue["title"] for issue in texts["issues"].values()]
    for flow, kind in product(("config", "options"), ("error", "abort")):
        faults += texts[flow].get(kind, {}).values()
    faults.remove(texts["config"]["abort"]["cable_added"])
    rows = [line.split(" | ")[0] for line in (DOCS / "troubleshooting.md").read_text().splitlines()]
    explained = [row for row in rows if row.startswith("| ")]

    assert not [
        fault
        for fault in faults
        if not fault.endswith("resume shortly.")
        and not any(opening(fault) in row for row in explained)
    ]
