"""Each dialog speaks only French to a French user, although Home Assistant speaks English."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from aiohttp.test_utils import make_mocked_request
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.frontend.storage import async_user_store
from homeassistant.components.http.const import KEY_HASS_USER
from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_USB
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResult
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.http import current_request
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import MqttMockHAClientGenerator

from custom_components.smarty_p1.flows.boards import pulse_flow
from custom_components.smarty_p1.lib.problem import Problem
from custom_components.smarty_p1.lib.virtual.clients import Question
from custom_components.smarty_p1.sinks.shown_clients import VIRTUAL_METERS
from dev.checkout import ROOT
from dev.ports import free_ports
from smartyp1.json_types import JsonMapping
from tests.ha.boards import GEOMETRY, tank_entry
from tests.ha.dialogs import (
    advance,
    enter_contract,
    open_details,
    open_options,
    open_repair,
    reconfigure,
    start,
    submit,
)
from tests.ha.entities import Smarty, listen
from tests.ha.flows.test_config_flow_boards import find_messages
from tests.ha.flows.test_config_flow_discovery import cable
from tests.ha.flows.test_leneda_meter import ACCOUNT, CONTRACT
from tests.ha.meter import KEY, MeterPort, with_value
from tests.ha.sinks.test_virtual_meter_server import stored
from tests.ha.support import TELEGRAM, Home, at, unload_entry
from tests.ha.test_past_import import settled, uploaded

FOLDER = ROOT / "custom_components" / "smarty_p1" / "translations"
NUMBER = re.compile(r"(?<![\w.])\d+[.]\d+(?![\w.])")
# Addresses, paths, code and names that a user or another program has chosen.
NO_WORDS = re.compile(r"DSMR Smart Meter|`[^`]*`|\w+://\S+|/\S+|\d+(?:[.]\d+){3}|«[^»]*»")

pytestmark = pytest.mark.usefixtures("recorder_mock", "short_wait", "without_hourly_statistics")


def pieces(language: str) -> Iterator[str]:
    """Yield the texts of a language, cut at their placeholders."""

    def flat(texts: JsonMapping) -> Iterator[str]:
        for text in texts.values():
            yield from [text] if isinstance(text, str) else flat(text)

    for text in flat(json.loads((FOLDER / f"{language}.json").read_text("utf-8"))):
        for piece in re.split(r"\{\w+\}|\n", text):
            yield piece.strip(" .,:;()*%-\N{EN DASH}")


ENGLISH = {piece for piece in pieces("en") if re.search("[A-Za-z]{4}", piece)} - {*pieces("fr")}
ENGLISH -= {"Smarty", "Leneda", "MQTT", "Home Assistant", "Shelly"}


def told(result: FlowResult[Any, Any]) -> list[str]:
    """Return the words that a step has from Python: placeholders, errors, and labels of choices.

    Titles of entries are left out. Home Assistant stores and shows them in its own language.
    """
    schema = result.get("data_schema")
    fields = schema.schema.values() if schema else []
    options = [
        option for field in fields for option in getattr(field, "config", {}).get("options", ())
    ]
    labels = [option["label"] for option in options if isinstance(option, dict)]
    placeholders = dict(result.get("description_placeholders") or {})
    titles = {"name", "title"}
    errors = (result.get("errors") or {}).values()
    shown = [text for name, text in placeholders.items() if name not in titles]
    return [*shown, *(text for text in errors if " " in text), *labels]


def foreign(text: str) -> list[str]:
    """Return English texts and numbers with a decimal point in a text."""
    words = NO_WORDS.sub(" ", text)
    found = [
        piece
        for piece in ENGLISH
        # Python keeps fewer patterns compiled than there are pieces. So first look without one.
        if piece in words and re.search(rf"\b{re.escape(piece)}\b", words)
    ]
    return found + NUMBER.findall(words)


def is_french(result: FlowResult[Any, Any], *parts: str) -> None:
    """Check a step: nothing is English, and its texts contain `parts`."""
    texts = told(result)
    assert not [each for text in texts for each in foreign(text)], texts
    for part in parts:
        assert any(part in text for text in texts), (part, texts)


type Greet = Callable[[], None]


@pytest.fixture
async def greet(hass: HomeAssistant, hass_admin_user: MockUser) -> Greet:
    """Return a function that makes the current request that of a French user."""
    store = await async_user_store(hass, hass_admin_user.id)
    await store.async_set_item("language", {"language": "fr", "number_format": "language"})
    for component in ("http", "repairs"):
        assert await async_setup_component(hass, component, {})
    assert hass.config.language == "en"

    def begin() -> None:
        request = make_mocked_request("POST", "/", {"Accept-Language": "en"})
        request[KEY_HASS_USER] = hass_admin_user
        current_request.set(request)

    return begin


async def test_the_check_sees_english_words_and_decimal_points() -> None:
    assert foreign("Verified") == ["Verified"]
    assert foreign("- Gas meter 0201, 28.103\xa0m³")[-1] == "28.103"
    assert foreign("Compteur de gaz 0201, Débit : 540,500\xa0kWh, 31/12/2026, 192.168.1.5") == []


async def test_a_meter_that_was_found(hass: HomeAssistant, port: MeterPort, greet: Greet) -> None:
    assert await async_setup_component(hass, "energy", {})
    greet()
    text = with_value(TELEGRAM, "1-0:1.8.0", "(005400.500*kWh)")
    port.greeting = port.next_frame(text)
    typed = {"port": port.url, "encryption_key": KEY}
    form = await submit(hass, await start(hass), typed)
    parts = "Vérifié", "5\xa0400,500\xa0kWh", "Compteur de gaz", "Débit", "Compteur d'eau"
    is_french(form, *parts)
    result = await advance(hass, form, {"energy_price": "2,345"})
    is_french(result, "Prix de l'énergie")
    result = await submit(hass, form, {})
    # Names that Home Assistant stores are in its own language.
    assert result["title"] == "Smarty"


@pytest.mark.usefixtures("platform")
async def test_a_meter_without_a_cable_and_its_cable(home: Home, greet: Greet) -> None:
    greet()
    found = await submit(home.hass, await start(home.hass, "leneda"), ACCOUNT)
    is_french(found, "Dernier jour connu")
    await submit(home.hass, found, CONTRACT)
    home.port.greeting = home.port.next_frame(TELEGRAM)
    typed = {"port": home.port.url, "encryption_key": KEY}
    is_french(await submit(home.hass, await start(home.hass), typed), "autre compteur")


async def test_entities(hass: HomeAssistant, freezer: FrozenDateTimeFactory, greet: Greet) -> None:
    freezer.move_to("2026-11-02 12:00:00+00:00")
    greet()
    smarty = Smarty(hass, freezer)
    typed = {"energy_imported": smarty.chosen("tariff_1")}
    is_french(await listen(hass, smarty, typed, tariff_1="1000.5"), "Valeurs reçues")
    form = await listen(hass, smarty, typed, totals_every=1000)
    is_french(form)


async def test_a_tank(hass: HomeAssistant, port: MeterPort, greet: Greet) -> None:
    greet()
    port.greeting = b"R0705\r" * 20
    form = await start(hass, "tank")
    is_french(await submit(hass, form, {"port": port.url, **GEOMETRY, "volume": "1,5,0"}))
    port.greeting = b"R070\r" * 20
    typed = {"port": port.url, **GEOMETRY, "distance_empty": "220,5"}
    is_french(await submit(hass, form, typed), "75,1\xa0%")
    entry = tank_entry(hass, port.url)
    options = hass.config_entries.options
    form = await options.async_init(entry.entry_id)
    is_french(await options.async_configure(form["flow_id"], {**GEOMETRY, "volume": "1.125"}))


@pytest.mark.parametrize("expected_lingering_timers", [True])  # timers of the MQTT integration
@pytest.mark.parametrize(
    "messages",
    [
        ("1",),
        ("17",),
        ("on", "off"),
        ('{"n":8.5,"on":true}',),
        ('{"C1":6}', '{"C1":7}'),
        ('{"id":0,"state":false}', '{"id":0,"state":true}', '{"id":0,"state":false}'),
        (),
    ],
)
async def test_a_pulse_reader(
    hass: HomeAssistant,
    mqtt_mock: MqttMockHAClientGenerator,
    greet: Greet,
    messages: tuple[str, ...],
) -> None:
    assert mqtt_mock
    greet()
    with patch.object(pulse_flow, "PULSE_TIMEOUT_S", 0.4):
        is_french(await find_messages(hass, *messages))


@pytest.fixture
async def entry(home: Home) -> MockConfigEntry:
    """Return the entry of a meter with a contract and an excess this month."""
    entry = await home.set_up(
        at("10:15:00", 100.0),
        reference_power=3.0,
        energy_price=0.155,
        network_variable_price=0.1,
        surcharge_price=0.15,
        virtual_meter=stored(free_ports()),
    )
    await home.receive(at("10:30:00", 110.75))
    home.answer()
    return entry


async def test_the_options_of_a_meter(
    hass: HomeAssistant, entry: MockConfigEntry, greet: Greet, tmp_path: Path
) -> None:
    greet()
    meter = hass.data[VIRTUAL_METERS][entry.entry_id]
    begin = hass.loop.time()
    for n in range(4):
        meter.answer_question("192.168.1.30", Question.EM_STATUS, begin + 1.5 * n)
    for page in (
        "contracts",
        "aids",
        "goal_and_messages",
        "gas",
        "sun",
        "other_programs",
        "p1_server",
        "virtual_meter",
        "mqtt",
        "updates",
        "leneda_account",
    ):
        is_french(await open_options(hass, entry, page))
    is_french(await open_options(hass, entry, "virtual_clients"), "1,5\xa0s")
    is_french(await open_details(hass, entry), "10,00\xa0kWh", "€")
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    menu = await submit(hass, menu, {"next_step_id": "contracts"})
    is_french(menu, "0,155\xa0€/kWh")
    is_french(await submit(hass, menu, {"next_step_id": "contract_remove"}))
    typed = {"energy_price": "0,15", "network_prices": {"surcharge_price": 12.5}}
    is_french(await enter_contract(hass, entry, typed), "12,5")
    with uploaded(b"no such file", tmp_path):
        form = await open_options(hass, entry, "leneda_file")
        progress = await hass.config_entries.options.async_configure(
            form["flow_id"], {"file": "0" * 32}
        )
        is_french(await settled(hass, progress))
    is_french(await reconfigure(hass, entry))


async def test_a_new_key_and_a_port_that_was_found(
    hass: HomeAssistant, entry: MockConfigEntry, greet: Greet
) -> None:
    greet()
    form = await hass.config_entries.flow.async_init(
        "smarty_p1",
        context={"source": SOURCE_REAUTH, "entry_id": entry.entry_id},
        data={"reason": "authentication_key"},
    )
    is_french(form)
    is_french(await submit(hass, form, {"encryption_key": "0" * 32}))
    form = await hass.config_entries.flow.async_init(
        "smarty_p1", context={"source": SOURCE_USB}, data=cable()
    )
    assert form["step_id"] == "discovery_confirm"
    is_french(form)


SHOWN_BY_REPAIRS: dict[Problem, tuple[dict[str, str], str]] = {
    Problem.NO_TELEGRAM: ({"reason": "port_unreachable", "port": "socket://10.0.0.1:20"}, "port"),
    Problem.NETWORK_PRICES: ({"year": "2031"}, "Prix du réseau"),
    Problem.HIGH_PRICES: ({}, "15,5\xa0€/kWh"),
    Problem.VIRTUAL_BATTERY: ({"address": "192.168.1.30", "seconds": "1.5"}, "1,5"),
}


async def test_repairs(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory, greet: Greet
) -> None:
    greet()
    # A meter that is read would withdraw the issues.
    await unload_entry(hass, entry)
    freezer.move_to("2031-07-01T12:00:00Z")
    options = {**entry.options, "contracts": [{"energy_price": 15.5, "reference_power": 7.0}]}
    hass.config_entries.async_update_entry(entry, options=options)
    for problem, (placeholders, part) in SHOWN_BY_REPAIRS.items():
        issue = f"{problem}_{entry.entry_id}"
        ir.async_create_issue(
            hass,
            "smarty_p1",
            issue,
            data={"entry_id": entry.entry_id},
            is_fixable=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key=problem,
            translation_placeholders={"name": "Smarty", **placeholders},
        )
        is_french(await open_repair(hass, issue), part)
