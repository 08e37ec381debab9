"""Each dialog that changes something says on its first pages what it changes."""

import json
from pathlib import Path
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigSubentryData
from homeassistant.core import HomeAssistant

import custom_components.smarty_p1
from smartyp1.json_types import JsonDict
from tests.ha.dialogs import reconfigure
from tests.ha.support import smarty_entry

FOLDER = Path(custom_components.smarty_p1.__file__).parent / "translations"
TEXTS: JsonDict = json.loads((FOLDER / "en.json").read_text("utf-8"))
NAME = "House *B*"
PORT = {"port": "socket://127.0.0.1:1"}
# Data of an entry, and the ways through the menus of its dialog.
ENTRIES: list[tuple[JsonDict, list[list[str]]]] = [
    (PORT, [[]]),
    (PORT | {"kind": "pulse"}, [[], ["pulse_port"], ["pulse_entity"], ["pulse_topic"]]),
    (PORT | {"kind": "tank"}, [[]]),
    ({"kind": "leneda"}, [[]]),
    ({"kind": "entities", "energy_imported": []}, [[], ["add_cable"], ["entities"]]),
]
SUBENTRIES = [("load", "car"), ("load", "appliance"), ("load", "pausing"), ("battery", "battery")]


def shown(page: Any, texts: JsonDict) -> str:  # noqa: ANN401 - of two kinds of dialogs
    """Return title and description of a page as the user sees them."""
    step = texts["step"][page["step_id"]]
    pattern = f"{step['title']}\n{step.get('description', '')}"
    return pattern.format_map(page["description_placeholders"] or {})


@pytest.mark.parametrize(("data", "ways"), ENTRIES)
async def test_a_dialog_names_the_entry_that_it_changes(
    hass: HomeAssistant, data: JsonDict, ways: list[list[str]]
) -> None:
    hass.config.components.add("mqtt")
    entry = smarty_entry(title=NAME, unique_id="1", data=data)
    entry.add_to_hass(hass)
    for way in ways:
        assert NAME in shown(await reconfigure(hass, entry, *way), TEXTS["config"])


@pytest.mark.parametrize(("kind", "of"), SUBENTRIES)
async def test_a_dialog_names_the_load_or_battery_that_it_changes(
    hass: HomeAssistant, kind: str, of: str
) -> None:
    part = ConfigSubentryData(data={"kind": of}, subentry_type=kind, title=NAME, unique_id=None)
    entry = smarty_entry(data=PORT, subentries_data=[part])
    entry.add_to_hass(hass)
    [subentry_id] = entry.subentries
    context = {"source": SOURCE_RECONFIGURE, "subentry_id": subentry_id}
    flows = hass.config_entries.subentries
    page = await flows.async_init((entry.entry_id, kind), context=context)  # type: ignore[arg-type]
    assert NAME in shown(page, TEXTS["config_subentries"][kind])
