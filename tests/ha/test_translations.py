"""The texts: each key that the code can use has one, and so has each icon."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import yaml
from homeassistant.data_entry_flow import section

import custom_components.smarty_p1
from custom_components.smarty_p1.condition import CONDITIONS
from custom_components.smarty_p1.coordinator import leneda_refusals, meter_coordinator
from custom_components.smarty_p1.coordinator.leneda_refusals import REFUSED
from custom_components.smarty_p1.coordinator.meter_capture import CaptureRefusal
from custom_components.smarty_p1.coordinator.repair_issues import Problem
from custom_components.smarty_p1.flows import form_errors
from custom_components.smarty_p1.flows.contract_form import contract_fields, detail_fields
from custom_components.smarty_p1.flows.gas_and_interval_options import DATA_OPTIONS
from custom_components.smarty_p1.flows.leneda_account import account_fields
from custom_components.smarty_p1.lib.entities import (
    BINARY_SENSORS,
    CONNECTION,
    DEMAND_SENSORS,
    DISTURBANCE,
    EVENTS,
    RECEPTION_SENSORS,
    SENSORS,
    SHARING_SENSORS,
    TARIFF_SENSORS,
    EntitySpec,
    SensorSpec,
)
from custom_components.smarty_p1.lib.failure_detection import ReadingProblem
from custom_components.smarty_p1.lib.leneda import Cause, ExportRefusal
from custom_components.smarty_p1.lib.p1 import MBUS_DEVICE_TYPES, P1Error, Reason
from custom_components.smarty_p1.lib.port import errors
from custom_components.smarty_p1.lib.tariff import WhatIfRefusal
from custom_components.smarty_p1.sensor.board_sensors import PULSE_SENSORS, TANK_SENSORS
from custom_components.smarty_p1.services import what_if
from custom_components.smarty_p1.trigger import TRIGGERS

from .documentation import MBUS_SENSORS, mbus_of

FOLDER = Path(custom_components.smarty_p1.__file__).parent
TEXTS: dict[str, Any] = json.loads((FOLDER / "translations" / "en.json").read_text())
ICONS: dict[str, Any] = json.loads((FOLDER / "icons.json").read_text())
LANGUAGES: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text()) for path in (FOLDER / "translations").glob("*.json")
}
MBUS_TYPES = {*MBUS_DEVICE_TYPES.values(), "unknown"}
# Reasons for which a line of a file is named.
WITH_LINE = (
    *("several_points", "several_codes", "no_quarter_hour", "future", "too_old", "damaged_line"),
)
# What a device page shows of a name on a telephone.
MAX_NAME = 28
# What a list of repairs shows in one line there.
MAX_TITLE = 36


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
    raised = {key for _, key in form_errors.ERRORS.values()}
    typed = {"port_in_use", "key_malformed", "key_published", "authentication_key_malformed"}
    typed |= {"port_masked", "port_missing", "port_number_missing"}
    typed |= {"reference_power_malformed"}
    entities = {"entities_silent", "entities_slow", "entities_count", "entity_twice", "entity_own"}
    entities |= {"entity_not_energy", "entity_not_power", "other_total"}
    special = {"port_held", "key_renewed", "security_switched_off", "other_meter"}

    boards = {"source_in_use", "entity_without_count", "topic_malformed", "sensor_silent"}
    boards |= {"entity_not_found", "entity_disabled", "entity_without_state"}
    boards |= {"mqtt_not_running", "not_sonar", "tank_upside_down", "volume_zero"}

    account = {key for key in TEXTS["config"]["error"] if key.startswith("leneda_")}
    assert account <= TEXTS["options"]["error"].keys()

    assert TEXTS["config"]["error"].keys() == (
        raised | typed | special | boards | account | entities
    )
    for key, text in TEXTS["config"]["error"].items():
        extra = {"other_meter": {"serial_number"}, "entities_slow": {"seconds"}}.get(key, set())
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
    mapped = next(cls for cls in error.__mro__ if cls in form_errors.ERRORS)
    if issubclass(error, errors.ProbeError) and error is not errors.ProbeError:
        assert mapped is error
    elif issubclass(error, errors.LinkError):
        assert issubclass(mapped, errors.LinkError)


def test_each_obstacle_has_a_text() -> None:
    assert meter_coordinator.REJECTED.keys() == set(Reason)
    obstacles = {*map(str, ReadingProblem)}

    of_actions = {
        "busy",
        "no_cable",
        "no_telegrams",
        "nothing_counted",
        "month_unknown",
        "reference_power_missing",
    }
    of_actions |= {"end_before_start", "period_too_long", "quarter_hours_unreadable"}
    of_actions.add("year_unknown")
    of_actions |= {"path_not_allowed", "file_not_found", "file_unreadable"}
    assert leneda_refusals.REFUSED.keys() == {*ExportRefusal, *Cause}
    of_actions |= {*leneda_refusals.REFUSED.values(), leneda_refusals.IS_CONSUMPTION}
    of_actions |= {"leneda_not_stored", "leneda_nothing_imported", "leneda_point_changed"}
    of_actions.add("leneda_account_on")
    of_actions |= {"leneda_upload_lost", "leneda_failed"}
    of_actions |= {*map(str, CaptureRefusal), "capture_not_written"}
    assert what_if.REFUSED.keys() == set(WhatIfRefusal)
    of_actions |= set(what_if.REFUSED.values())
    assert TEXTS["exceptions"].keys() == obstacles | of_actions
    extra = {
        "nothing_counted": {"title"},
        "month_unknown": {"month", "months"},
        **{key: {"title", "days", "least"} for key in what_if.REFUSED.values()},
        "period_too_long": {"days"},
        "year_unknown": {"first", "last"},
        "quarter_hours_unreadable": {"error"},
        "link_lost": {"error"},
        "other_meter": {"found"},
        "catching_up": {"since"},
        "telegrams_late": {"since"},
        "no_cable": {"title"},
        "no_telegrams": {"title"},
        "entities_silent": {"name"},
        "entity_unavailable": {"entity"},
        "broker_unavailable": {"topic"},
        "path_not_allowed": {"path"},
        "file_not_found": {"path"},
        "file_unreadable": {"path", "error"},
        **{str(refusal): {"title"} for refusal in CaptureRefusal},
        "capture_not_written": {"path", "error"},
        "leneda_not_stored": {"error"},
        "leneda_gas": {"code"},
        "leneda_unknown_code": {"code"},
        "leneda_point_changed": {"code"},
        **{REFUSED[cause]: {"days"} for cause in Cause},
        leneda_refusals.IS_CONSUMPTION: {"days"},
        # A spreadsheet, what breaks off and another unit need not show in a line.
        **{f"leneda_{reason}": {"line"} for reason in WITH_LINE},
        # What was found there.
        "leneda_wrong_unit": {"unit", "expected"},
        "leneda_watt_hours": {"line", "value", "unit"},
        "leneda_wrong_interval": {"line", "minutes"},
        "leneda_swapped_columns": {"first", "first_value", "second", "second_value"},
        "leneda_wrong_offset": {"line", "found", "expected"},
        "leneda_wrong_value": {"line", "value"},
    }
    for key, text in TEXTS["exceptions"].items():
        assert placeholders(text["message"]) <= {"port", "serial_number"} | extra.get(key, set())


def test_each_problem_has_a_text() -> None:
    assert TEXTS["issues"].keys() == {problem.value for problem in Problem}


def test_each_sensor_has_a_name_and_an_icon() -> None:
    descriptions: list[SensorSpec[Any]] = [
        *SENSORS,
        CONNECTION,
        *RECEPTION_SENSORS,
        *MBUS_SENSORS,
        *DEMAND_SENSORS,
        *TARIFF_SENSORS,
        *SHARING_SENSORS,
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
    pages = TEXTS["options"]["step"]
    first, form = pages["contract"], pages["contract_details"]
    fields = detail_fields(())
    sections = {str(key): field for key, field in fields.items() if isinstance(field, section)}
    options = {str(key) for key in fields} - sections.keys()

    assert first["data"].keys() == first["data_description"].keys() == set(contract_fields())
    assert form["data"].keys() == form["data_description"].keys() == options
    assert form["sections"].keys() == sections.keys()
    assert pages["updates"]["data"].keys() == pages["updates"]["data_description"].keys()
    assert pages["updates"]["data"].keys() == set(DATA_OPTIONS)
    assert pages["other_programs"]["sections"].keys() == {"p1_server", "virtual_meter", "mqtt"}
    account = pages["leneda_account"]
    assert account["data"].keys() == account["data_description"].keys() == set(account_fields())
    menu = pages["init"]
    assert menu["menu_options"].keys() == menu["menu_option_descriptions"].keys()
    pages_of_menu = {"contract", "updates", "other_programs", "leneda_file", "leneda_account"}
    pages_of_menu |= {"sun", "sidebar", "virtual_clients"}  # the last while there is one
    assert menu["menu_options"].keys() == pages_of_menu
    assert pages["leneda_file"]["data"].keys() == {"file"}
    assert pages["leneda_file"]["data_description"].keys() == {"file"}
    for name, field in sections.items():
        asked = {str(key) for key in field.schema.schema}
        texts = form["sections"][name]
        assert texts["data"].keys() == texts["data_description"].keys() == asked


def test_each_event_has_a_name_an_icon_and_its_types() -> None:
    types = {each.translation_key: list(each.event_types) for each in (*EVENTS, DISTURBANCE)}

    assert TEXTS["entity"]["event"].keys() == types.keys()
    assert ICONS["entity"]["event"].keys() == types.keys()
    for key, texts in TEXTS["entity"]["event"].items():
        assert list(texts["state_attributes"]["event_type"]["state"]) == types[key]


@pytest.mark.parametrize(
    ("kind", "icon", "known"),
    [("triggers", "trigger", TRIGGERS), ("conditions", "condition", CONDITIONS)],
)
def test_each_trigger_and_condition_has_its_texts(
    kind: str, icon: str, known: Mapping[str, object]
) -> None:
    described = yaml.safe_load((FOLDER / f"{kind}.yaml").read_text())
    fields = {
        name: set(each.get("fields", ())) for name, each in described.items() if name[0] != "."
    }

    assert fields.keys() == known.keys()
    assert TEXTS[kind].keys() == ICONS[kind].keys() == known.keys()
    for name, texts in TEXTS[kind].items():
        assert texts.keys() >= {"name", "description"}
        assert set(texts.get("fields", ())) == fields[name]
        assert ICONS[kind][name].keys() == {icon}


def test_each_state_and_each_reason_has_a_text() -> None:
    for description in (*SENSORS, *MBUS_SENSORS):
        texts = TEXTS["entity"]["sensor"][description.key]
        assert texts.get("state", {}).keys() == set(description.options or ())
    reasons = TEXTS["entity"]["sensor"]["telegrams_rejected"]["state_attributes"]
    assert reasons.keys() == {*Reason, "other_meter"}


def test_each_device_has_a_name() -> None:
    wanted = MBUS_TYPES | {"meter", "another_meter", "pulse_reader", "tank"}
    assert TEXTS["device"].keys() == wanted


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_name_is_cut_off(language: str) -> None:
    for platform, texts in LANGUAGES[language]["entity"].items():
        for key, text in texts.items():
            assert len(text["name"]) <= MAX_NAME, f"{platform} {key}: {text['name']}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_names_on_a_device_are_alike(language: str) -> None:
    def names(platform: str, descriptions: Iterable[EntitySpec[Any]]) -> list[str]:
        return [
            LANGUAGES[language]["entity"][platform][str(each.translation_key)]["name"]
            for each in descriptions
        ]

    meter = names(
        "sensor", (*SENSORS, CONNECTION, *RECEPTION_SENSORS, *DEMAND_SENSORS, *SHARING_SENSORS)
    )
    meter += names("binary_sensor", BINARY_SENSORS) + names("event", EVENTS)
    devices = [meter, names("sensor", PULSE_SENSORS), names("sensor", TANK_SENSORS)]
    for kind in MBUS_TYPES:
        devices += [names("sensor", mbus_of(kind, unit)) for unit in ("m3", "kWh")]

    for device in devices:
        assert len(device) == len(set(device)), sorted(device)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_title_of_a_repair_fits_one_line(language: str) -> None:
    for key, text in LANGUAGES[language]["issues"].items():
        title = text["title"].format(name="Smarty 2574", year=2027)
        assert len(title) <= MAX_TITLE, f"{key}: {title}"


@pytest.mark.parametrize(
    ("language", "wrong"),
    [
        ("en", r"\brunning\b(?!\.)"),  # what a program does, and nothing else
        # Home Assistant says du. At the beginning of a sentence, the word may mean them or her.
        ("de", r"(?<=[a-zäöüß,] )(Sie|Ihre?[mnrs]?|Ihnen)\b"),
        ("fr", r" ([;!?»]|:(?!:))|« "),  # a narrow space goes before; `::` stands for all addresses
        # Before all but n, d, t, z, h and vowels, an n is dropped, but not before a single letter.
        ("lb", r"(?i)\b(?:\w+en|kann|wann|schonn|vun) [b-cf-gj-mp-sv-y][^\W\d_]"),
    ],
)
def test_texts_keep_a_rule_of_their_language(language: str, wrong: str) -> None:
    assert not [path for path, text in flatten(LANGUAGES[language]) if re.search(wrong, text)]
