"""All entities of whole telegrams, with everything enabled: snapshots, and that nothing is missing.

After an intended change: pytest tests/ha/test_snapshots.py --snapshot-update
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceRegistry
from homeassistant.helpers.entity_registry import EntityRegistry, async_entries_for_config_entry
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from dev.encoder import FRAMES

from .documentation import TEXTS, documented
from .meter import OTHER_SERIAL, SERIAL, encipher, stored_frame, with_value, without_channels
from .support import TELEGRAM, Home, device_of, load, state_of, with_contract

pytestmark = pytest.mark.usefixtures("everything_enabled")


def single_phase() -> str:
    """Return a telegram of a meter that has one phase connected and sends no others."""
    text = without_channels(TELEGRAM)
    for reference in re.findall(r"1-0:[4-7]\d\.\d+\.0(?=\()", text):
        text = with_value(text, reference, None)
    return text


def empty_channels() -> str:
    """Return a telegram like the specification's: gas on channel 1, the others without a meter."""
    text = with_value(TELEGRAM, "1-1:31.4.0", "(016*A)(-016*A)")
    text = text.replace("\n1-1:31.4.0", "\n1-1:34.4.0").replace("\n1-0:32.32.0", "\n0-0:32.32.0")
    for channel in (2, 3, 4):
        text = with_value(text, f"0-{channel}:96.1.0", "()")
        text = with_value(text, f"0-{channel}:24.2.1", "(632525252525S)(00000.000)")
    return text


TELEGRAMS = {
    "three phases, gas, water and heat": stored_frame("three_phase_gas_water_heat"),
    "single phase": encipher(single_phase(), 1),
    "export and two gas meters": stored_frame("export_two_gas_meters"),
    "firmware of 2018": stored_frame("firmware_2018"),
    "empty channels": encipher(empty_channels(), 1),
    "message": stored_frame("message_last_counter"),
}
SENT_AT = {
    "export and two gas meters": "2025-01-22T11:10:12+01:00",
    "firmware of 2018": "2018-01-30T10:21:24+01:00",
}
TARIFF = {"reference_power": 7.0, "surcharge_price": 0.1139, "energy_price": 0.15}
TARIFF |= {"feed_in_price": 0.06, "vat": True}
LITERAL_FRAMES = sorted(path.stem for path in FRAMES.glob("*.json"))


def entities(
    hass: HomeAssistant, registry: EntityRegistry, entry: MockConfigEntry
) -> dict[str, str]:
    """Return a line for each entity, with all that is known of it."""
    lines = {}
    for registered in async_entries_for_config_entry(registry, entry.entry_id):
        state = state_of(hass, registered.entity_id)
        known = {
            "state": state.state,
            **state.attributes,
            "category": registered.entity_category,
            **registered.options.get("sensor", {}),
            "unique_id": registered.unique_id,
        }
        lines[registered.entity_id] = json.dumps(known, ensure_ascii=False)
    return lines


@pytest.mark.parametrize("name", TELEGRAMS)
async def test_all_entities(
    home: Home,
    entity_registry: EntityRegistry,
    snapshot: SnapshotAssertion,
    name: str,
    freezer: FrozenDateTimeFactory,
) -> None:
    freezer.move_to(datetime.fromisoformat(SENT_AT.get(name, "2025-07-03T10:30:02+02:00")))
    home.port.greeting = TELEGRAMS[name]
    entry = home.make_entry(home.port.url, serial=OTHER_SERIAL if "export" in name else SERIAL)
    home.hass.config_entries.async_update_entry(entry, options=with_contract(TARIFF))
    await load(home.hass, entry)

    assert entities(home.hass, entity_registry, entry) == snapshot


CONTROL_STATES = ["disconnected", "connected", "ready_for_reconnection"]
OFFSETS = {"S": "+02:00", "W": "+01:00"}


def lines(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the reference and the values of each object in a telegram."""
    for line in text.splitlines():
        if match := re.fullmatch(r"([\d.:-]+)\((.*)\)", line):
            yield match[1], match[2].split(")(")


def as_state(reference: str, value: str) -> str:
    if not value:
        return "unknown"
    if re.fullmatch(r"\d{12}[SW]", value):
        time = datetime.strptime(value[:-1] + OFFSETS[value[-1]], "%y%m%d%H%M%S%z")
        return time.astimezone(UTC).isoformat()
    if reference.endswith((":96.3.10", ":24.4.0")):
        return CONTROL_STATES[int(value)]
    if reference.endswith((":42.0.0", ":96.1.0")) or ":96.13." in reference:
        return bytes.fromhex(value).decode()
    if re.fullmatch(r"\d+", value):
        return str(int(value))
    return str(float(value.partition("*")[0]))


@pytest.mark.parametrize("name", LITERAL_FRAMES)
async def test_every_value_of_every_frame_is_a_state(
    home: Home, entity_registry: EntityRegistry, device_registry: DeviceRegistry, name: str
) -> None:
    content = json.loads((FRAMES / f"{name}.json").read_text())
    sent = dict(lines(content["telegram"]))
    serial = bytes.fromhex(sent["0-0:42.0.0"][0]).decode()
    home.port.greeting = stored_frame(name)
    keys = {"authentication_key": content["authentication_key"]} if content["key"] else {}
    entry = home.make_entry(home.port.url, key=content["key"], serial=serial, **keys)
    await load(home.hass, entry)

    # An entity named like its device is in the tables under its kind.
    states = {
        (
            registered.device_id,
            registered.original_name or TEXTS["sensor"][str(registered.translation_key)]["name"],
        ): home.hass.states.get(registered.entity_id)
        for registered in async_entries_for_config_entry(entity_registry, entry.entry_id)
    }
    for reference, values in sent.items():
        device, generic = serial, reference
        if re.fullmatch(r"0-[1-4]:(24\.\d\.\d|96\.1\.0)", reference):
            [identifier] = sent[f"{reference.partition(':')[0]}:96.1.0"]
            if not identifier:
                continue  # no meter behind the channel
            device = f"{serial}_{bytes.fromhex(identifier).decode()}"
            generic = f"0-n:{reference.partition(':')[2]}"
        device_id = device_of(device_registry, entry, device).id
        shown = {
            state.state
            for known in documented()
            if known.row.platform == "sensor" and generic in known.references
            if (state := states.get((device_id, known.row.name)))
        }
        if reference == "9-9:99.99.99":
            state = states[device_id, "Other values of the meter"]
            assert state
            assert state.attributes[reference] == " ".join(values)
            continue
        assert shown >= {as_state(reference, value) for value in values}, reference
