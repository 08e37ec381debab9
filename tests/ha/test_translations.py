"""The texts: each key in the code has a text, and each icon, too."""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from string import Formatter
from typing import Any, get_args

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from pytest_homeassistant_custom_component.common import MockConfigEntry

import custom_components.smarty_p1
from custom_components.smarty_p1.binary_sensor import RUNS_BY_PLAN
from custom_components.smarty_p1.calendar import PLAN
from custom_components.smarty_p1.condition import CONDITIONS
from custom_components.smarty_p1.coordinator.statistics.statistic_ids import StatisticKind
from custom_components.smarty_p1.coordinator.stored.throttled_store import UnreadableNowError
from custom_components.smarty_p1.flows.boards import board_probe
from custom_components.smarty_p1.flows.form_errors import field_error
from custom_components.smarty_p1.flows.options import meter_options
from custom_components.smarty_p1.flows.options.contract_form import contract_fields, detail_fields
from custom_components.smarty_p1.flows.options.options_page import OptionsPage
from custom_components.smarty_p1.lib.advice.day_reason import DayReason
from custom_components.smarty_p1.lib.advice.what_if_year import WhatIfRefusal
from custom_components.smarty_p1.lib.answers.quarter_hours import MAX_JSON_BYTES
from custom_components.smarty_p1.lib.entities.entity_description import EntitySpec, SensorSpec
from custom_components.smarty_p1.lib.entities.events import DISTURBANCE, EVENTS
from custom_components.smarty_p1.lib.entities.leneda_and_sharing_sensors import SHARING_SENSORS
from custom_components.smarty_p1.lib.entities.meter_sensors import SENSORS
from custom_components.smarty_p1.lib.entities.quarter_hour_power_sensors import (
    BINARY_SENSORS,
    DEMAND_SENSORS,
)
from custom_components.smarty_p1.lib.entities.reception_sensors import CONNECTION, RECEPTION_SENSORS
from custom_components.smarty_p1.lib.entities.tariff_sensors import TARIFF_SENSORS
from custom_components.smarty_p1.lib.failure_detection import (
    METER_OBSTACLES,
    PORT_LOST,
    ReadingProblem,
)
from custom_components.smarty_p1.lib.leneda.day_differences import Cause
from custom_components.smarty_p1.lib.leneda.portal_file import MAX_EXPORT_SIZE
from custom_components.smarty_p1.lib.leneda.portal_file_refusals import ExportRefusal
from custom_components.smarty_p1.lib.messages import monthly_report
from custom_components.smarty_p1.lib.messages.message import KINDS, PHRASES, Kind
from custom_components.smarty_p1.lib.p1.obis import MBUS_DEVICE_TYPES
from custom_components.smarty_p1.lib.p1.rejection_reasons import Reason
from custom_components.smarty_p1.lib.port import probing
from custom_components.smarty_p1.lib.port.errors import PROBLEM_OF, LinkError, ProbeError
from custom_components.smarty_p1.lib.prices.contract import MAX_AID_NAME_LENGTH
from custom_components.smarty_p1.lib.prices.contract_terms import AID_TERMS, CONTRACT_TERMS
from custom_components.smarty_p1.lib.problem import Problem
from custom_components.smarty_p1.lib.virtual.virtual_meter import MAX_BATTERIES
from custom_components.smarty_p1.sensor.board_sensors import PULSE_SENSORS, TANK_SENSORS
from custom_components.smarty_p1.sensor.load_sensors import LOAD_SENSORS, PLAN_SAVING
from custom_components.smarty_p1.services import what_if
from custom_components.smarty_p1.trigger import TRIGGERS
from dev.checkout import ROOT
from smartyp1.json_types import JsonDict
from tests.ha.support import smarty_entry

from .documentation import MBUS_SENSORS, mbus_of

FOLDER = Path(custom_components.smarty_p1.__file__).parent
TEXTS: JsonDict = json.loads((FOLDER / "translations" / "en.json").read_text())
ICONS: JsonDict = json.loads((FOLDER / "icons.json").read_text())
LANGUAGES: dict[str, JsonDict] = {
    path.stem: json.loads(path.read_text()) for path in (FOLDER / "translations").glob("*.json")
}
MBUS_TYPES = {*MBUS_DEVICE_TYPES.values(), "unknown"}


def flatten(texts: JsonDict, path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in texts.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


PROBED = {
    *PROBLEM_OF.values(),
    ReadingProblem.NOTHING_RECEIVED,
    ReadingProblem.NOT_P1,
    ReadingProblem.BYTES_AS_TEXT,
    ReadingProblem.ALTERED_OR_NEW_KEY,
    ReadingProblem.NO_DEVICE_NAME,
    ReadingProblem.SENSOR_SILENT,
    ReadingProblem.NOT_SONAR,
}


def test_each_error_of_a_port_has_a_text() -> None:
    links, texts = [cls() for cls in kinds_of(LinkError)], TEXTS["config"]["error"].keys()
    assert {link.problem for link in links} == PORT_LOST
    assert texts >= {field_error(link).key for link in links}
    for problem in PROBED:
        assert field_error(ProbeError(problem)).key == problem
        assert problem in texts


def kinds_of(cls: type[LinkError]) -> Iterator[type[LinkError]]:
    """Yield a class of errors, and all that are made from it."""
    yield cls
    for kind in cls.__subclasses__():
        yield from kinds_of(kind)


def test_each_obstacle_has_a_text() -> None:
    assert PROBLEM_OF.keys() == set(Reason)
    assert what_if.REFUSED.keys() == set(WhatIfRefusal)
    obstacles = {*ReadingProblem, *METER_OBSTACLES, *get_args(Cause.__value__)}
    assert TEXTS["exceptions"].keys() >= obstacles | {
        *ExportRefusal,
        *what_if.REFUSED.values(),
        *what_if.OF_MARKET.values(),
    }
    assert TEXTS["issues"].keys() == {problem.value for problem in Problem}
    for error in (UnreadableNowError(Path()), ValueError()):
        assert field_error(error).key in TEXTS["config"]["error"]


def keys_of_report_lines() -> set[str]:
    """Return the keys that the report gives to its lines, also in conditional expressions."""
    tree = ast.parse(Path(monthly_report.__file__).read_text("utf-8"))
    return {
        text.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "Line"
        for text in ast.walk(call.args[0])
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    }


def test_each_key_of_a_message_has_a_text() -> None:
    keys = {f"report_{key}" for key in keys_of_report_lines() | {*DayReason}}
    for key, kind in {**KINDS, "test": None}.items():
        parts = ("title",) if kind is Kind.MONTHLY_REPORT else ("title", "text")
        keys |= {f"{key}_{part}" for part in parts}
    # The types of M-Bus meters have the names of their devices.
    phrases = PHRASES.items() - {("meter", PHRASES["meter"])}
    keys |= {f"{name}_{choice}" for name, choices in phrases for choice in choices}
    texts = TEXTS["common"]
    assert {key for key in texts if key.startswith("message_")} == {f"message_{k}" for k in keys}
    assert TEXTS["device"].keys() >= PHRASES["meter"]
    assert texts.keys() >= {kind.name_key for kind in StatisticKind}


# Errors that Home Assistant shows to users. Of the others, it has the text itself.
SHOWN_ERRORS = {
    "ConfigEntryAuthFailed",
    "ConfigEntryError",
    "ConfigEntryNotReady",
    "HomeAssistantError",
    "PlatformNotReady",
    "ServiceValidationError",
    "UpdateFailed",
}


def untranslated_errors(path: Path) -> Iterator[str]:
    """Yield the places in a file that raise or make an error for users without a translation."""
    tree = ast.parse(path.read_text("utf-8"))
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in SHOWN_ERRORS
    }
    for node in ast.walk(tree):
        match node:
            case ast.Raise(exc=ast.Name(id=name)) if name in names:
                yield f"{path}:{node.lineno}"
            case ast.Call(func=ast.Name(id=name)) if name in names:
                if not {"translation_domain", "translation_key"} <= {
                    keyword.arg for keyword in node.keywords
                }:
                    yield f"{path}:{node.lineno}"
            case ast.ClassDef(bases=bases, body=body) if any(
                isinstance(base, ast.Name) and base.id in names for base in bases
            ):
                of_class = "\n".join(map(ast.unparse, body))
                if "def __init__" in of_class and "translation_key=" not in of_class:
                    yield f"{path}:{node.lineno}"


def test_each_error_for_users_is_translated() -> None:
    # Assistants get texts in English.
    paths = [path for path in FOLDER.rglob("*.py") if path.parent.name != "llm_tools"]
    assert [place for path in paths for place in untranslated_errors(path)] == []


PAGES = [page for page in vars(meter_options).values() if isinstance(page, OptionsPage)]


def test_the_forms_have_the_terms_of_a_contract_file(hass: HomeAssistant) -> None:
    in_form: set[str] = set()
    for marker, field in {**contract_fields(), **detail_fields(())}.items():
        fields = field.schema.schema if isinstance(field, section) else [marker]
        in_form |= {str(asked.schema) for asked in fields}
    assert in_form == CONTRACT_TERMS.keys()
    [page] = [page for page in PAGES if page.step_id == "aids"]
    [aids] = page.fields(hass, MockConfigEntry()).values()
    assert aids.config["fields"].keys() == AID_TERMS.keys()


def test_each_entity_has_a_name_and_an_icon() -> None:
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
    keys += [str(description.translation_key) for description in LOAD_SENSORS]
    keys.append(str(PLAN_SAVING.translation_key))
    assert len(keys) == len(set(keys))
    for platform, expected in (
        ("sensor", {*keys, *MBUS_TYPES}),
        ("binary_sensor", {str(each.translation_key) for each in (*BINARY_SENSORS, RUNS_BY_PLAN)}),
        ("calendar", {PLAN.translation_key}),
        ("event", {each.translation_key for each in (*EVENTS, DISTURBANCE)}),
    ):
        assert TEXTS["entity"][platform].keys() == expected
        assert ICONS["entity"][platform].keys() == expected
    for kind, known in (("triggers", TRIGGERS), ("conditions", CONDITIONS)):
        assert TEXTS[kind].keys() == ICONS[kind].keys() == known.keys()


async def test_each_option_has_a_name_and_an_explanation(hass: HomeAssistant) -> None:
    pages = TEXTS["options"]["step"]
    form = pages["contract_details"]
    fields = detail_fields(())
    sections = {str(key): field for key, field in fields.items() if isinstance(field, section)}
    options = {str(key) for key in fields} - sections.keys()
    assert form["sections"].keys() == sections.keys()
    messages = {"kinds": [kind.value for kind in Kind]}
    smarty_entry().add_to_hass(hass)
    with_all_messages = smarty_entry(options={"messages": messages})
    asked: list[tuple[JsonDict, set[str]]] = [
        (pages["contract"], {*contract_fields()}),
        (form, options),
        *((pages[page.step_id], {*page.fields(hass, with_all_messages)}) for page in PAGES),
        *(
            (form["sections"][name], {str(key) for key in field.schema.schema})
            for name, field in sections.items()
        ),
    ]
    for texts, names in asked:
        assert texts["data"].keys() == texts["data_description"].keys() == names


# Texts that are parts of other texts, and names that begin small.
PARTS = re.compile(
    r"exceptions\.(older_\w+|state_aid_ended|nothing_newer)\.message"
    r"|selector\.outlook_format\.options\.evcc|common\.((short_)?months|weekdays|message_report_\w+)"
)
# A blank between a number and its unit, or inside of a number: a line could end there.
BREAKABLE = re.compile(
    r"[\d}*] (?=(?:[kM]?Wh?|kVA|M[Bo]|[ck]m|ct|EUR|imp/kWh|°C|m³|[VALsh€%])(?![\w'-]))|\d \d{3}\b"
)
# Words for which a language has another one: the polite form in German, and names of things.
OTHER_WORDS = {
    "de": re.compile(
        r"\w,? (Sie|Ihnen|Ihre?[mnrs]?)\b|Ladestation|(S|Heims)peichers?\b|Verbraucher\b|Spülm"
    ),
    "fr": re.compile("Réparations|disjoncteur principal"),
    "lb": re.compile("Luedstatioun|Verbraucher|Automatioun|zeréck|Reseau|Festplack"),
    "pt": re.compile(
        r"(?<!retorno de )\b[Cc]arros?\b|automações|Definições|disjuntor principal|\bcifra"
        "|Dispositivos e"
    ),
}
# Characters for which a phone of 390 px has room, beside the arrow of a menu or a unit.
MAX_MENU_CHARS = 40
MAX_LABEL_CHARS = 34
BESIDE_UNIT = re.compile(
    r"\.data\.(\w*kwh|\w+_(kw|price|margin|tax|fee)|hours|target|min_minutes|distance_\w+|volume"
    r"|meter_reading|compensation|discount)$"
)
# Signs of a configuration or an address, which are written the same in every language.
CODE = re.compile(r"\w+: (true|\{\w+\})|::")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_text_begins_with_a_capital_and_has_the_spaces_of_its_language(language: str) -> None:
    for path, text in flatten(LANGUAGES[language]):
        assert PARTS.fullmatch(path) or not text[:1].islower(), path
        assert "  " not in text, path
        assert not BREAKABLE.search(text), path
        # Pages behind pages have one sign between them.
        assert not re.search(r"\w (>|→) ", text), path
        assert language not in OTHER_WORDS or not OTHER_WORDS[language].search(text), path
        prose = CODE.sub("", text)
        if language == "fr":
            # No line begins with a sign, and each sign stands apart from its word.
            assert not re.search(r" [:;!?»]|« |[^\s][:;!?](?=\s|$)", prose), path
        else:
            assert not re.search(r"\s[:;!?](?=\s|$)", prose), path


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_choice_and_each_label_beside_a_unit_fit_a_phone(language: str) -> None:
    for path, text in flatten(LANGUAGES[language]):
        assert ".menu_options." not in path or len(text) <= MAX_MENU_CHARS, path
        assert not BESIDE_UNIT.search(path) or len(text) <= MAX_LABEL_CHARS, path


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_complete(language: str) -> None:
    texts, english = dict(flatten(LANGUAGES[language])), dict(flatten(TEXTS))
    assert texts.keys() == english.keys()
    for path, text in texts.items():
        assert placeholders(text) == placeholders(english[path]), path


ERROR = re.compile(r"(config|options|config_subentries\.\w+)\.error\.\w+")
ACTION = re.compile(r"Choose|Enter")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_error_of_a_form_has_its_next_step(language: str) -> None:
    english = dict(flatten(TEXTS))
    for path, text in flatten(LANGUAGES[language]):
        # The fact alone is one sentence. An error that begins with an action needs no fact.
        is_complete = ACTION.match(english[path]) or re.search(r"[.:;?]\s+\S", text)
        assert not ERROR.fullmatch(path) or is_complete, path
        # Neither errors of forms nor those of actions are Markdown.
        assert "*" not in text or not re.search(r"(^exceptions|\.error)\.", path), path


QUOTED = re.compile("[“„«]\\s?([^“”„»]+?)\\s?[“”»]")
# Names in other programs: buttons and pages of Home Assistant, and of GitHub.
NAMES_OF_OTHERS = {
    *("Add device", "Ajouter un appareil", "Gerät hinzufügen", "Adicionar dispositivo"),
    *("Appareils et services", "Geräte & Dienste", "Devices & services"),
    *("Dispositivos & serviços", "Valider", "OK", "An"),
    *("Issues", "New issue", "A capture of a meter"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_name_in_an_error_is_on_a_page(language: str) -> None:
    texts = dict(flatten(LANGUAGES[language]))
    ends = {path: text for path, text in texts.items() if re.search(r"\.(error|abort)\.", path)}
    labels = {text for path, text in texts.items() if path not in ends}
    named = {name for text in ends.values() for name in QUOTED.findall(text)}
    assert named
    assert named - labels - NAMES_OF_OTHERS == set()


def test_each_state_and_each_reason_has_a_text() -> None:
    for description in (*SENSORS, *MBUS_SENSORS):
        texts = TEXTS["entity"]["sensor"][description.key]
        assert texts.get("state", {}).keys() == set(description.options or ())
    reasons = TEXTS["entity"]["sensor"]["telegrams_rejected"]["state_attributes"]
    assert reasons.keys() == {*Reason, "other_meter"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_names_on_a_device_are_alike(language: str) -> None:
    def names(platform: str, descriptions: Iterable[EntitySpec[Any]]) -> list[str]:
        return [
            LANGUAGES[language]["entity"][platform][str(description.translation_key)]["name"]
            for description in descriptions
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
@pytest.mark.parametrize(
    ("key", "limit"),
    [
        ("aid_malformed", MAX_AID_NAME_LENGTH),
        ("json_too_long.message", MAX_JSON_BYTES / 1e6),
        ("leneda_too_large.message", MAX_EXPORT_SIZE / 1e6),
        ("virtual_battery_malformed", MAX_BATTERIES),
        ("wait_for_pulse", board_probe.PULSE_TIMEOUT_S),
        ("wait_for_sensor", board_probe.SONAR_TIMEOUT_S),
        ("wait_for_telegram", probing.PROBE_TIMEOUT_S),
    ],
)
def test_a_limit_in_a_text_is_the_programs(language: str, key: str, limit: float) -> None:
    texts = [text for path, text in flatten(LANGUAGES[language]) if path.endswith(f".{key}")]
    assert texts
    assert all(re.search(rf"\b{limit:g}\b", text) for text in texts)


def test_each_message_on_the_page_of_faults_exists() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    shown = [re.sub(r"\{\w+\}", "…", text).replace("\xa0", " ") for _, text in flatten(TEXTS)]
    for cell in re.findall(r"(?m)^\| ([^|]+) \|", page.partition("\n## Later")[0]):
        for message in re.findall(r"(?<!\*)\*([A-Z…][^*]+)\*", cell):
            assert any(text.startswith(message) for text in shown), message
