"""Entities of other integrations that a user has chosen: renamed, deleted and made again."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_USER, ConfigEntryDisabler, ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import EntitySelector
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.coordinator.chosen_entity_ids import (
    ENTITY_FIELDS,
    STATISTIC_FIELDS,
)
from smartyp1.json_types import JsonMapping
from tests.ha.dialogs import open_details, open_options, schema_of, start
from tests.ha.support import Home, smarty_entry

BEFORE, AFTER = "sensor.chosen", "sensor.renamed"


def places(chosen: str) -> list[JsonMapping]:
    """Return the ways in which stored values can hold an entity, flat and nested."""
    return [
        *({name: chosen} for name in sorted(ENTITY_FIELDS)),
        *({name: ["sensor.first", chosen]} for name in sorted(ENTITY_FIELDS)),
        {"messages": {"kinds": [], "recipients": ["notify.first", chosen]}},
        {"contracts": [{"since": "2026-01-01"}, {"price": {"energy_price_entity": chosen}}]},
    ]


def made(hass: HomeAssistant, unique_id: str = "1") -> er.RegistryEntry:
    return er.async_get(hass).async_get_or_create(
        "sensor", "other", unique_id, suggested_object_id="chosen"
    )


@pytest.mark.parametrize("disabled_by", [None, ConfigEntryDisabler.USER])
@pytest.mark.parametrize("part", ["data", "options", "subentries"])
async def test_every_field_follows_an_entity(
    hass: HomeAssistant, part: str, disabled_by: ConfigEntryDisabler | None
) -> None:
    assert await async_setup_component(hass, "smarty_p1", {})
    assert made(hass).entity_id == BEFORE

    def entry_with(stored: JsonMapping) -> MockConfigEntry:
        part_of = ConfigSubentryData(data=stored, subentry_type="load", title="", unique_id=None)
        fields = {"subentries_data": [part_of]} if part == "subentries" else {part: stored}
        entry = smarty_entry(disabled_by=disabled_by, **fields)
        entry.add_to_hass(hass)
        return entry

    entries = [entry_with(stored) for stored in places(BEFORE)]

    def held() -> list[JsonMapping]:
        if part == "subentries":
            return [dict(sub.data) for entry in entries for sub in entry.subentries.values()]
        fields = [{**getattr(entry, part)} for entry in entries]
        return [
            {name: field[name] for name in field if name != "former_sources"} for field in fields
        ]

    registry = er.async_get(hass)
    assert held() == places(BEFORE)
    registry.async_update_entity(BEFORE, new_entity_id=AFTER)
    assert held() == places(AFTER)
    # Another entity that takes over the old name, and moves on, is not the chosen one.
    assert made(hass, "2").entity_id == BEFORE
    registry.async_update_entity(BEFORE, new_entity_id="sensor.other")
    assert held() == places(AFTER)
    # A deleted entity may come back, also with another unique id.
    registry.async_remove(AFTER)
    assert held() == places(AFTER)
    assert made(hass).entity_id == AFTER
    registry.async_update_entity(AFTER, new_entity_id="sensor.again")
    assert held() == places("sensor.again")
    registry.async_remove("sensor.again")
    registry.async_get_or_create("sensor", "other", "3", suggested_object_id="again")
    registry.async_update_entity("sensor.again", new_entity_id=BEFORE)
    assert held() == places(BEFORE)


def entity_fields(fields: Mapping[Any, Any]) -> Iterator[str]:
    """Yield the names of the fields of a form that ask for entities, also inside sections."""
    for name, field in fields.items():
        if isinstance(field, EntitySelector):
            yield str(name)
        elif inner := getattr(getattr(field, "schema", None), "schema", None):
            yield from entity_fields(inner)


async def test_the_list_has_every_field_that_asks_for_an_entity(home: Home) -> None:
    entry = await home.set_up()
    forms = [
        await start(home.hass, "entities"),
        await start(home.hass, "pulse", "pulse_entity"),
        await open_details(home.hass, entry),
        await open_options(home.hass, entry, "goal_and_messages"),
    ]
    subentries, schemas = home.hass.config_entries.subentries, [*map(schema_of, forms)]
    for kind in ("car", "appliance", "pausing"):
        menu = await subentries.async_init(
            (entry.entry_id, "load"), context={"source": SOURCE_USER}
        )
        load = await subentries.async_configure(menu["flow_id"], {"next_step_id": kind})
        schemas.append(load["data_schema"])
    battery = await subentries.async_init(
        (entry.entry_id, "battery"), context={"source": SOURCE_USER}
    )
    schemas.append(battery["data_schema"])
    asked = {name for schema in schemas if schema for name in entity_fields(schema.schema)}
    assert asked == {name for name in ENTITY_FIELDS if not name.endswith("_before")}
    assert ENTITY_FIELDS.isdisjoint(STATISTIC_FIELDS)
