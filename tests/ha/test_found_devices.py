"""Devices that Home Assistant knows, offered in the dialog that adds a load."""

from typing import Any, NamedTuple

import pytest
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from smartyp1.json_types import JsonDict

from . import test_planned_loads
from .dialogs import errors_of, schema_of, suggested
from .support import ON_30_NOVEMBER, wait_until
from .test_planned_loads import open_new

clock = test_planned_loads.clock
house = test_planned_loads.house
pytestmark = ON_30_NOVEMBER


class Entity(NamedTuple):
    """Entity of a device."""

    domain: str
    key: str
    device_class: str | None = None
    unit: str | None = None
    capabilities: dict[str, Any] | None = None
    category: EntityCategory | None = None


MEASURED = {"state_class": "total_increasing"}
CURRENT = Entity("number", "strom", None, "A", {"min": 6, "max": 16, "step": 1})
SWITCH = Entity("switch", "laden")
PLUG = Entity("binary_sensor", "kabel", "plug")
ENERGY = Entity("sensor", "energie", "energy", "kWh", MEASURED)
PHASES = [Entity("sensor", f"leistung_{n}", "power", "W", MEASURED) for n in (1, 2, 3)]
POWER = Entity("sensor", "leistung", "power", "W", MEASURED)
LOCKED = Entity("switch", "kindersicherung", category=EntityCategory.CONFIG)
CHARGE = Entity("sensor", "ladestand", "battery", "%", {"state_class": "measurement"})


def add_device(hass: HomeAssistant, name: str, *entities: Entity, platform: str = "any") -> None:
    """Add a device. The ids of its entities begin with its name."""
    entry = MockConfigEntry(domain=platform)
    entry.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(platform, name)}, name=name
    )
    for each in entities:
        er.async_get(hass).async_get_or_create(
            each.domain,
            platform,
            f"SN4711{name}_{each.key}",
            suggested_object_id=f"{name}_{each.key}",
            config_entry=entry,
            device_id=device.id,
            original_device_class=each.device_class,
            translation_key=each.key,
            unit_of_measurement=each.unit,
            capabilities=each.capabilities,
            entity_category=each.category,
        )


def offered(form: SubentryFlowResult) -> list[str]:
    """Return the names of the offered devices."""
    (field,) = schema_of(form).schema.values()
    return [option["label"] for option in field.config["options"]]


async def choose(
    hass: HomeAssistant, form: SubentryFlowResult, name: str | None
) -> SubentryFlowResult:
    """Choose a device, or none."""
    (field,) = schema_of(form).schema.values()
    values = {option["label"]: option["value"] for option in field.config["options"]}
    typed = {"device": values[name]} if name else {}
    return await hass.config_entries.subentries.async_configure(form["flow_id"], typed)


def filled_in(form: SubentryFlowResult) -> JsonDict:
    """Return the values that a form suggests in any of its sections."""
    values = suggested(form)
    sections = [value for value in values.values() if isinstance(value, dict)]
    flat = {name: value for part in (values, *sections) for name, value in part.items()}
    return {name: value for name, value in flat.items() if isinstance(value, str)}


FOUND: list[tuple[str, list[Entity], dict[str, str]]] = [
    (
        "box",
        [CURRENT, SWITCH, LOCKED, PLUG, ENERGY, *PHASES],
        {
            "max_kw": "11",
            "power_set_by": "number.box_strom",
            "switched_by": "switch.box_laden",
            "connected": "binary_sensor.box_kabel",
            "measured_by": "sensor.box_energie",
        },
    ),
    # Power comes first, because it follows a load better.
    (
        "two",
        [PLUG, POWER, ENERGY],
        {"connected": "binary_sensor.two_kabel", "measured_by": "sensor.two_leistung"},
    ),
    # A number from 6 A on cannot pause a load. Two switches could mean anything.
    (
        "no_switch",
        [CURRENT, POWER, SWITCH, SWITCH._replace(key="led")],
        {"max_kw": "11", "measured_by": "sensor.no_switch_leistung"},
    ),
    (
        "big",
        [CURRENT._replace(unit="mA", capabilities={"min": 0, "max": 32000})],
        {"max_kw": "22", "power_set_by": "number.big_strom"},
    ),
    (
        "watts",
        [CURRENT._replace(unit="W", capabilities={"min": 0, "max": 4600}), PLUG],
        {
            "max_kw": "4.6",
            "power_set_by": "number.watts_strom",
            "connected": "binary_sensor.watts_kabel",
        },
    ),
]
# Devices as their integrations name the entities, and the fields that these fill in.
KNOWN: list[tuple[str, list[Entity], dict[str, str]]] = [
    (
        "goecharger_api2",
        [
            Entity("number", "ama", None, "A", CURRENT.capabilities),
            Entity("number", "amp", None, "A", CURRENT.capabilities),
            Entity("switch", "acp"),
            Entity("switch", "acs"),
            Entity("select", "frc", capabilities={"options": ["0", "1", "2"]}),
            PLUG,
        ],
        {
            "max_kw": "11",
            "power_set_by": "number.goecharger_api2_amp",
            "switched_by": "select.goecharger_api2_frc",
            "connected": "binary_sensor.goecharger_api2_kabel",
        },
    ),
    (
        "wallbox",
        [
            Entity("number", "maximum_charging_current", capabilities={"min": 6, "max": 32}),
            Entity("number", "maximum_icp_current", capabilities={"min": 6, "max": 255}),
            Entity("switch", "pause_resume"),
            POWER,
        ],
        {
            "max_kw": "22",
            "power_set_by": "number.wallbox_maximum_charging_current",
            "switched_by": "switch.wallbox_pause_resume",
            "measured_by": "sensor.wallbox_leistung",
        },
    ),
    # Without a number, its power is that of most chargers.
    (
        "easee",
        [Entity("switch", "is_enabled"), LOCKED, POWER],
        {
            "max_kw": "11",
            "switched_by": "switch.easee_is_enabled",
            "measured_by": "sensor.easee_leistung",
        },
    ),
]


async def test_a_charger_fills_in_a_field_that_only_one_entity_fits(
    house: MockConfigEntry, hass: HomeAssistant, subtests: pytest.Subtests
) -> None:
    for name, entities, _ in FOUND:
        add_device(hass, name, *entities)
    for name, entities, _ in KNOWN:
        add_device(hass, name, *entities, platform=name)
    add_device(hass, "plug", SWITCH, POWER)
    for name, _, fields in [*FOUND, *KNOWN]:
        with subtests.test(name):
            form = await open_new(hass, house, "car")
            assert offered(form) == sorted(at[0] for at in [*FOUND, *KNOWN])
            form = await choose(hass, form, name)
            assert filled_in(form) == {"name": name, "max_kw": "11", **fields}
    form = await open_new(hass, house, "pausing")
    assert offered(form) == ["plug"]
    form = await choose(hass, form, "plug")
    assert filled_in(form)["measured_by"] == "sensor.plug_leistung"


async def test_a_known_charger_needs_three_answers(
    house: MockConfigEntry, hass: HomeAssistant
) -> None:
    name, entities, fields = FOUND[0]
    add_device(hass, name, *entities, CHARGE)
    hass.states.async_set("sensor.box_ladestand", "60", {"unit_of_measurement": "%"})
    hass.states.async_set("number.box_strom", "6", {"unit_of_measurement": "A", "min": 6})
    form = await choose(hass, await open_new(hass, house, "car"), name)
    # A card shows no section, and submits none.
    shown = {name: value for name, value in suggested(form).items() if isinstance(value, str)}
    assert shown == {"name": "box", "max_kw": "11"}
    typed = {**shown, "kwh": "12", "by_workdays": "07:00:00"}
    subentries = hass.config_entries.subentries
    done = await subentries.async_configure(form["flow_id"], typed)
    assert done["type"] == "create_entry", errors_of(done)
    await hass.async_block_till_done()
    (subentry,) = house.subentries.values()
    assert fields.items() <= {**subentry.data, "max_kw": "11"}.items()
    assert (subentry.data["max_kw"], subentry.data["kwh"]) == (11.0, 12.0)
    # The charge needs the capacity, which was not entered: the energy of a day counts.
    assert "energy_from" not in subentry.data
    await wait_until(hass, lambda: hass.states.get("sensor.box_limit_price") is not None)
    # What is a load already is not offered again.
    form = await open_new(hass, house, "car")
    assert form["step_id"] == "car"


async def test_the_meaning_of_a_known_select_is_not_asked(
    house: MockConfigEntry, hass: HomeAssistant
) -> None:
    name, entities, fields = KNOWN[0]
    add_device(hass, name, *entities, platform=name)
    hass.states.async_set("number.goecharger_api2_amp", "6", {"unit_of_measurement": "A", "min": 6})
    form = await choose(hass, await open_new(hass, house, "car"), name)
    typed = {"name": "Car", "kwh": "12", "max_kw": "11"}
    form = await hass.config_entries.subentries.async_configure(form["flow_id"], typed)
    assert errors_of(form) == {"more": "measured_by_missing"}
    done = await hass.config_entries.subentries.async_configure(form["flow_id"], typed)
    assert done["type"] == "create_entry", errors_of(done)
    await hass.async_block_till_done()
    (subentry,) = house.subentries.values()
    assert {**fields, "on_when": "2", "off_when": "1"}.items() <= {
        **subentry.data,
        "max_kw": "11",
    }.items()


async def test_a_card_adds_a_car_without_entities(
    house: MockConfigEntry, hass: HomeAssistant
) -> None:
    name, entities, _ = FOUND[0]
    add_device(hass, name, *entities)
    form = await choose(hass, await open_new(hass, house, "car"), None)
    assert filled_in(form) == {}
    subentries = hass.config_entries.subentries
    typed = {"name": "Car", "kwh": "8.8", "max_kw": "11 kW", "by_workdays": "07:00:00"}
    form = await subentries.async_configure(form["flow_id"], typed)
    assert errors_of(form) == {"more": "measured_by_missing"}
    done = await subentries.async_configure(form["flow_id"], typed)
    assert done["type"] == "create_entry"
    await hass.async_block_till_done()
    (subentry,) = house.subentries.values()
    assert not {"switched_by", "power_set_by", "measured_by"} & subentry.data.keys()
    assert (subentry.data["plan_decides"], subentry.data["min_minutes"]) == (True, 5)
    # A car that is changed keeps what a program does not submit.
    flow = await subentries.async_init(
        (house.entry_id, "load"),
        context={"source": "reconfigure", "subentry_id": subentry.subentry_id},
    )
    section = {"switched_by": "input_boolean.car", "min_minutes": 10}
    await subentries.async_configure(flow["flow_id"], {**typed, "control": section})
    flow = await subentries.async_init(
        (house.entry_id, "load"),
        context={"source": "reconfigure", "subentry_id": subentry.subentry_id},
    )
    done = await subentries.async_configure(flow["flow_id"], {**typed, "kwh": "9"})
    assert done["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    (subentry,) = house.subentries.values()
    assert (subentry.data["kwh"], subentry.data["min_minutes"]) == (9.0, 10)
    assert subentry.data["switched_by"] == "input_boolean.car"
