"""The texts: each key that the code can use has one, and so has each icon."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

import custom_components.smarty_p1
from custom_components.smarty_p1.binary_sensor import BINARY_SENSORS
from custom_components.smarty_p1.const import (
    CONF_MIN_INTERVAL,
    CONF_REFERENCE_POWER,
    CONF_SURCHARGE_PRICE,
    CONF_SURCHARGE_PRICE_SINCE,
)
from custom_components.smarty_p1.coordinator import (
    meter_coordinator,
    port_coordinator,
)
from custom_components.smarty_p1.coordinator.pulse_port_coordinator import PulsePortCoordinator
from custom_components.smarty_p1.coordinator.repair_issues import Problem
from custom_components.smarty_p1.coordinator.tank_coordinator import TankCoordinator
from custom_components.smarty_p1.event import EVENT_MESSAGE, EVENTS
from custom_components.smarty_p1.flows import error_texts
from custom_components.smarty_p1.lib.p1 import MBUS_DEVICE_TYPES, P1Error, Reason
from custom_components.smarty_p1.lib.port import errors
from custom_components.smarty_p1.sensor.board_sensors import PULSE_SENSORS, TANK_SENSORS
from custom_components.smarty_p1.sensor.demand_sensors import DEMAND_SENSORS
from custom_components.smarty_p1.sensor.meter_sensors import SENSORS
from custom_components.smarty_p1.sensor.reception_sensors import RECEPTION_SENSORS
from custom_components.smarty_p1.sensor.sensor_description import DescribedSensor

from .documentation import MBUS_SENSORS

FOLDER = Path(custom_components.smarty_p1.__file__).parent
TEXTS: dict[str, Any] = json.loads((FOLDER / "translations" / "en.json").read_text())
ICONS: dict[str, Any] = json.loads((FOLDER / "icons.json").read_text())
MBUS_TYPES = {*MBUS_DEVICE_TYPES.values(), "unknown"}


def flatten(texts: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text with its path."""
    for key, value in texts.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def placeholders(text: str) -> set[str]:
    """Return the placeholders of a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_each_error_of_a_probe_has_a_text() -> None:
    raised = {key for _, key in error_texts.ERRORS.values()}
    typed = {"port_in_use", "key_malformed", "key_published", "authentication_key_malformed"}
    typed |= {"port_masked", "port_missing", "port_number_missing"}
    special = {"port_held", "key_renewed", "security_switched_off", "other_meter"}

    boards = {"source_in_use", "entity_without_count", "topic_malformed", "sensor_silent"}
    boards |= {"entity_not_found", "entity_disabled", "entity_without_state"}
    boards |= {"mqtt_not_running", "not_sonar", "tank_upside_down", "volume_zero"}

    assert TEXTS["config"]["error"].keys() == raised | typed | special | boards
    for key, text in TEXTS["config"]["error"].items():
        extra = {"serial_number"} if key == "other_meter" else set()
        assert placeholders(text) <= {"found", "port", "program", "title"} | extra


@pytest.mark.parametrize(
    "error",
    [
        cls
        for cls in vars(errors).values()
        if isinstance(cls, type) and cls.__module__ == errors.__name__
    ],
    ids=str,
)
def test_each_error_of_the_protocol_is_told_apart(error: type[P1Error]) -> None:
    mapped = next(cls for cls in error.__mro__ if cls in error_texts.ERRORS)
    if issubclass(error, errors.ProbeError) and error is not errors.ProbeError:
        assert mapped is error
    elif issubclass(error, errors.LinkError):
        assert issubclass(mapped, errors.LinkError)


def test_each_obstacle_has_a_text() -> None:
    assert meter_coordinator.REJECTED.keys() == set(Reason)
    obstacles = {obstacle.translation_key for obstacle in meter_coordinator.REJECTED.values()}
    obstacles |= {obstacle.translation_key for obstacle in port_coordinator.LOST.values()}
    obstacles |= {"nothing_received", "not_p1", "other_meter"}
    obstacles.add(meter_coordinator.NO_DEVICE_NAME.translation_key)
    obstacles.add(meter_coordinator.OTHER_METER_UNREADABLE.translation_key)
    obstacles |= {PulsePortCoordinator.nothing_received, PulsePortCoordinator.not_understood}
    obstacles |= {TankCoordinator.nothing_received, TankCoordinator.not_understood}
    obstacles |= {"entity_unavailable", "broker_unavailable"}

    assert TEXTS["exceptions"].keys() == obstacles | {"no_telegrams"}
    extra = {
        "link_lost": {"error"},
        "other_meter": {"found"},
        "no_telegrams": {"title"},
        "entity_unavailable": {"entity"},
        "broker_unavailable": {"topic"},
    }
    for key, text in TEXTS["exceptions"].items():
        assert placeholders(text["message"]) <= {"port", "serial_number"} | extra.get(key, set())


def test_each_problem_has_a_text() -> None:
    assert TEXTS["issues"].keys() == {problem.value for problem in Problem}


def test_each_sensor_has_a_name_and_an_icon() -> None:
    descriptions: list[DescribedSensor[Any]] = [
        *SENSORS,
        *RECEPTION_SENSORS,
        *MBUS_SENSORS,
        *DEMAND_SENSORS,
    ]
    keys = [str(description.translation_key) for description in descriptions]
    keys += [str(description.translation_key) for description in PULSE_SENSORS]
    keys += [str(description.translation_key) for description in TANK_SENSORS]

    assert len(keys) == len(set(keys))
    assert TEXTS["entity"]["sensor"].keys() == {*keys, *MBUS_TYPES}
    assert ICONS["entity"]["sensor"].keys() == {*keys, *MBUS_TYPES}


def test_each_binary_sensor_has_a_name_and_an_icon() -> None:
    keys = {str(description.translation_key) for description in BINARY_SENSORS}

    assert TEXTS["entity"]["binary_sensor"].keys() == keys
    assert ICONS["entity"]["binary_sensor"].keys() == keys


def test_each_option_has_a_name_and_an_explanation() -> None:
    tariff = {CONF_REFERENCE_POWER, CONF_SURCHARGE_PRICE, CONF_SURCHARGE_PRICE_SINCE}
    options = {*tariff, CONF_MIN_INTERVAL}

    assert TEXTS["options"]["step"]["init"]["data"].keys() == options
    assert TEXTS["options"]["step"]["init"]["data_description"].keys() == options


def test_each_event_has_a_name_an_icon_and_its_types() -> None:
    keys = {str(description.translation_key) for description in EVENTS}

    assert TEXTS["entity"]["event"].keys() == keys
    assert ICONS["entity"]["event"].keys() == keys
    for texts in TEXTS["entity"]["event"].values():
        assert texts["state_attributes"]["event_type"]["state"].keys() == {EVENT_MESSAGE}


def test_each_state_and_each_reason_has_a_text() -> None:
    for description in (*SENSORS, *MBUS_SENSORS):
        texts = TEXTS["entity"]["sensor"][description.key]
        assert texts.get("state", {}).keys() == set(description.options or ())
    reasons = TEXTS["entity"]["sensor"]["telegrams_rejected"]["state_attributes"]
    assert reasons.keys() == {*Reason, "other_meter"}


def test_each_device_has_a_name() -> None:
    wanted = MBUS_TYPES | {"meter", "another_meter", "pulse_reader", "tank"}
    assert TEXTS["device"].keys() == wanted


def test_texts_hold_no_addresses_and_no_references() -> None:
    for path, text in flatten(TEXTS):
        assert not re.search(r"://|www\.|\[%key|<[a-z/]", text), path
        assert text == text.strip(), path
