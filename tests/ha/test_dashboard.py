"""The dashboard: how it reaches the frontend, and what it makes of the entities there are."""

import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace

import pytest
from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.json import json_bytes
from homeassistant.helpers.template import Template
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smarty_p1.const import CONF_ENERGY_PRICE, CONF_REFERENCE_POWER, DOMAIN
from tests.system.support import program

from .boards import tank_entry
from .conftest import EntryMaker
from .dashboard import INTEGRATION, MODULE, Json, cards, headings, hints, make_dashboard, shown
from .meter import MeterPort, with_value, without_channels
from .support import OTHER_METER, TELEGRAM, reload, set_up

LANGUAGES = ("en", "de", "fr", "lb", "pt")


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let Home Assistant find the frontend's pages, which are not in the test environment."""
    pages = SimpleNamespace(where=lambda: tmp_path)
    monkeypatch.setitem(sys.modules, "hass_frontend", pages)


@pytest.fixture
def make(hass: HomeAssistant) -> Callable[..., Json]:
    """Return a function that makes the dashboard of what the registries hold now."""
    node = program("node", "nodejs")

    def make(
        language: str = "en",
        *,
        is_admin: bool = True,
        is_registry_refused: bool = False,
        later: Json | None = None,
    ) -> Json:
        rows = er.async_get(hass).entities.values()
        registry: list[Json] = [json.loads(json_bytes(row.as_partial_dict)) for row in rows]
        seen: Json = {
            "config": {"currency": "GBP"},
            "language": language,
            "user": {"is_admin": is_admin},
            "devices": {
                device.id: json.loads(json_bytes(device.dict_repr))
                for device in dr.async_get(hass).devices
            },
            "states": {
                state.entity_id: json.loads(state.as_dict_json) for state in hass.states.async_all()
            },
        }
        if is_registry_refused:
            enabled = [row for row in registry if not row["disabled_by"]]
            names = ("entity_id", "platform", "translation_key", "device_id")
            seen["entities"] = {row["entity_id"]: {n: row[n] for n in names} for row in enabled}
        else:
            seen["registry"] = registry
        return make_dashboard(node, seen, later)

    return make


def views_of(made: Json) -> dict[str, Json]:
    """Return the views by the ends of their addresses."""
    return {view["path"]: view for view in made["dashboard"]["views"]}


def entity(hass: HomeAssistant, key: str, serial: str = "SAG1030790002574") -> str:
    """Return the id of an entity, enabled or not, by the end of its unique id."""
    domains = ("sensor", "binary_sensor", "event")
    find = er.async_get(hass).async_get_entity_id
    return next(filter(None, (find(domain, DOMAIN, f"{serial}_{key}") for domain in domains)))


@pytest.mark.usefixtures("pages")
async def test_every_page_loads_the_module(
    hass: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    port: MeterPort,
    make_entry: EntryMaker,
) -> None:
    assert await async_setup_component(hass, "frontend", {})
    entry = await set_up(hass, port, make_entry)
    port.greeting = port.next_frame(TELEGRAM)
    await reload(hass, entry)

    [url] = [url for url in hass.data[DATA_EXTRA_MODULE_URL].urls if DOMAIN in url]

    answer = await (await hass_client_no_auth()).get(url)
    assert answer.status == HTTPStatus.OK
    assert "javascript" in answer.headers["Content-Type"]
    assert "max-age" in answer.headers["Cache-Control"]
    assert await answer.read() == MODULE.read_bytes()
    version = json.loads((INTEGRATION / "manifest.json").read_text("utf-8"))["version"]
    assert version in url


async def test_a_meter_needs_no_frontend(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    await set_up(hass, port, make_entry)

    assert DATA_EXTRA_MODULE_URL not in hass.data


async def test_the_dialog_offers_it(make: Callable[..., Json]) -> None:
    made = make("de-CH")

    assert made["offer"]["type"] == "smarty-p1"
    assert made["offer"]["strategyType"] == "dashboard"
    assert made["offer"]["name"] == made["suggestions"]["title"] == "Smarty"
    assert made["offer"]["description"].startswith("Leistung, ")


async def test_without_a_meter_it_says_what_to_do(make: Callable[..., Json]) -> None:
    [view] = make("fr")["dashboard"]["views"]

    [hint] = hints(view)
    assert f"[Ajouter un compteur](/config/integrations/dashboard/add?domain={DOMAIN})" in hint
    [other_view] = make("fr", is_admin=False)["dashboard"]["views"]
    assert hints(other_view) == []
    assert headings(other_view) == ["Pas encore de compteur"]


async def test_the_views_show_what_the_meter_sends(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, make: Callable[..., Json]
) -> None:
    await set_up(hass, port, make_entry)

    views = views_of(make())

    assert list(views) == ["now", "bill", "others", "quality"]
    assert headings(views["now"]) == ["Power", "Quarter-hour", "Today", "Last 24 hours"]
    assert {entity(hass, f"power_net{end}") for end in ("", "_l1", "_l2", "_l3")} <= shown(
        views["now"]
    )
    assert {entity(hass, "demand_running"), entity(hass, "energy_imported")} <= shown(views["now"])
    assert entity(hass, "demand_peak") in shown(views["bill"])
    assert {entity(hass, "breaker"), entity(hass, "relay_1")} <= shown(views["quality"])
    assert len(headings(views["others"])) == 3
    assert all(hass.states.get(each) for view in views.values() for each in shown(view))


async def test_what_a_meter_does_not_send_is_not_shown(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, make: Callable[..., Json]
) -> None:
    text = without_channels(TELEGRAM)
    for reference in re.findall(r"1-0:[4-7]\d\.\d+\.0(?=\()", text):
        text = with_value(text, reference, None)
    await set_up(hass, port, make_entry, text)

    views = views_of(make())

    assert list(views) == ["now", "bill", "quality"]
    [phase] = [each for each in shown(views["now"]) if re.search(r"l\d$", each)]
    assert phase == entity(hass, "power_net_l1")


async def test_entities_are_found_whatever_they_are_called(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, make: Callable[..., Json]
) -> None:
    await set_up(hass, port, make_entry)
    er.async_get(hass).async_update_entity(
        entity(hass, "power_net"), new_entity_id="sensor.strom", name="Unser Strom"
    )

    [tile] = [
        card
        for section in views_of(make("de"))["now"]["sections"]
        for card in section["cards"]
        if card.get("entity") == "sensor.strom"
    ]

    assert tile["name"] == "Unser Strom"


async def test_names_are_in_the_language_of_the_user(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, make: Callable[..., Json]
) -> None:
    await set_up(hass, port, make_entry)

    views = views_of(make("lb"))
    now = json.dumps(views["now"], ensure_ascii=False)

    assert "Nettoleeschtung" in now
    assert "Net power" not in now
    gas, water, heat = headings(views["others"])
    assert gas.startswith("Gascompteur ")
    assert water.startswith("Waassercompteur ")
    assert heat.startswith("Wäermtcompteur ")

    registry = dr.async_get(hass)
    device = next(each for each in registry.devices if gas.split()[-1] in (each.name or ""))
    registry.async_update_device(device.id, name_by_user="Gas am Keller")
    assert headings(views_of(make("lb"))["others"])[0] == "Gas am Keller"


async def test_disabled_entities_are_named(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, make: Callable[..., Json]
) -> None:
    await set_up(hass, port, make_entry)
    failures = er.async_get(hass).async_get(entity(hass, "power_failures"))
    assert failures

    quality = views_of(make())["quality"]

    assert failures.entity_id not in shown(quality)
    [hint] = [hint for hint in hints(quality) if "Power failures" in hint]
    assert f"[Enable](/config/entities?device={failures.device_id})" in hint
    # Who is no administrator could not follow the link.
    assert hints(views_of(make(is_admin=False))["quality"]) == []

    er.async_get(hass).async_update_entity(failures.entity_id, disabled_by=None)
    assert failures.entity_id in shown(views_of(make())["quality"])


async def test_hidden_entities_stay_hidden(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, make: Callable[..., Json]
) -> None:
    await set_up(hass, port, make_entry)
    hidden = entity(hass, "relay_2")
    er.async_get(hass).async_update_entity(hidden, hidden_by=er.RegistryEntryHider.USER)

    assert hidden not in shown(views_of(make())["quality"])


async def test_the_gauge_ends_at_the_reference_power(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, make: Callable[..., Json]
) -> None:
    entry = await set_up(hass, port, make_entry)
    assert gauge(make()) is None
    [hint] = hints(views_of(make())["now"])
    assert hint.startswith("Not entered yet: Reference power.")
    assert f"[Options](/config/integrations/integration/{DOMAIN})" in hint

    port.greeting = port.next_frame(TELEGRAM)
    hass.config_entries.async_update_entry(entry, options={CONF_REFERENCE_POWER: 12.0})
    await reload(hass, entry)
    made = gauge(make())

    assert made
    assert made["name"] == "of 12 kW reference power"
    assert made["segments"][-1] == {"from": 12, "color": "var(--error-color)"}
    assert made["max"] > 12
    # Where there is no number, a tile takes its place, and its width.
    instead = next(
        card
        for card in cards(views_of(make())["now"])
        if card["type"] == "tile" and card["entity"] == made["entity"]
    )
    assert instead["grid_options"] == made["grid_options"]
    assert {entity(hass, "demand_available"), entity(hass, "demand_will_exceed")} <= shown(
        views_of(make())["now"]
    )
    assert hints(views_of(make())["now"]) == []
    # Whatever currency Home Assistant has.
    assert "| kW | EUR |" in str(make())

    port.greeting = port.next_frame(TELEGRAM)
    hass.config_entries.async_update_entry(entry, options={CONF_REFERENCE_POWER: 12.5})
    await reload(hass, entry)
    german = gauge(make("de"))
    assert german
    assert german["name"] == "von 12,5 kW Referenzleistung"


@pytest.fixture
async def bill_view(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, make: Callable[..., Json]
) -> Json:
    """Return the view of the bill of a meter with a contract."""
    entry = await set_up(hass, port, make_entry)
    port.greeting = port.next_frame(TELEGRAM)
    options = {CONF_REFERENCE_POWER: 7.0, CONF_ENERGY_PRICE: 0.15}
    hass.config_entries.async_update_entry(entry, options=options)
    await reload(hass, entry)
    return views_of(make())["bill"]


@pytest.mark.usefixtures("bill_view")
async def test_beside_the_total_stands_what_it_knows(
    hass: HomeAssistant, make: Callable[..., Json]
) -> None:
    await hass.config.async_set_time_zone("Europe/Luxembourg")
    total = entity(hass, "cost_total")

    def said(language: str, **attributes: object) -> str:
        hass.states.async_set(total, "12.34", {"measured_share": 0.3671, **attributes})
        bill = [*cards(views_of(make(language))["bill"])]
        place = next(index for index, card in enumerate(bill) if card.get("entity") == total)
        text: str = Template(bill[place + 1]["content"], hass).async_render(parse_result=False)
        return text

    since = datetime(2026, 11, 20, 23, tzinfo=UTC)
    assert said("en") == "37% of this month measured"
    assert said("en", since=since) == "37% of this month measured, fixed prices since 11/21"
    assert said("de", since=since).endswith("feste Preise seit 21.11.")
    assert said("fr", since=since).endswith("prix fixes depuis le 21/11")


@pytest.mark.parametrize(
    ("cheapest_kw", "is_about_the_same", "is_said"),
    [("3", True, True), ("3", False, False), ("7", True, False)],
)
async def test_less_than_five_euro_a_year_is_about_the_same(
    hass: HomeAssistant,
    bill_view: Json,
    cheapest_kw: str,
    *,
    is_about_the_same: bool,
    is_said: bool,
) -> None:
    [table] = [card for card in cards(bill_view) if "| kW |" in str(card)]
    attributes = {"classes": {"3": 12.5}, "about_the_same": is_about_the_same}
    hass.states.async_set(entity(hass, "cheapest_reference_power"), cheapest_kw, attributes)
    said = Template(table["content"], hass).async_render(parse_result=False)
    # What follows a table without an empty line would be a row of it.
    assert ("12.50 |\n\nAbout the same" in said) is is_said
    assert ("About the same" in said) is is_said


def gauge(made: Json) -> Json | None:
    """Return the gauge among the cards, if there is one."""
    return next((card for card in cards(views_of(made)["now"]) if card["type"] == "gauge"), None)


async def test_several_meters_are_told_apart(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, make: Callable[..., Json]
) -> None:
    await set_up(hass, port, make_entry)
    async with MeterPort() as other_port:
        other_port.greeting = other_port.next_frame(OTHER_METER)
        other = make_entry(other_port.url, serial="SAG1030700000042")
        assert await hass.config_entries.async_setup(other.entry_id)

        views = views_of(make())

        names = [name for name in headings(views["now"]) if name.startswith("Smarty")]
        assert names == ["Smarty", "Smarty 0042"]
        for serial in ("SAG1030790002574", "SAG1030700000042"):
            assert entity(hass, "power_net", serial) in shown(views["now"])
        assert len(headings(views["others"])) == 6
        await hass.config_entries.async_unload(other.entry_id)
        # It is away: all there was is shown as unavailable.
        assert list(views_of(make())) == list(views)


async def test_a_meter_without_an_index_is_no_electricity_meter(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, make: Callable[..., Json]
) -> None:
    text = with_value(TELEGRAM, "0-1:24.2.1", "(250703103000S)(00012.345*l)")
    await set_up(hass, port, make_entry, text)

    views = views_of(make())

    assert len(headings(views["others"])) == 2
    styles = {section["cards"][0]["heading_style"] for section in views["now"]["sections"]}
    assert styles == {"title"}


async def test_a_tank_needs_no_meter(hass: HomeAssistant, make: Callable[..., Json]) -> None:
    async with MeterPort(b"R120\r" * 5) as board:
        board.sending = iter([b"R120\r"] * 1000)
        tank = tank_entry(hass, board.url)
        assert await hass.config_entries.async_setup(tank.entry_id)
        await hass.async_block_till_done()

        [view] = make("pt")["dashboard"]["views"]

        assert view["title"] == "Outros contadores"
        assert len(shown(view)) == 2
        await hass.config_entries.async_unload(tank.entry_id)


async def test_it_does_without_the_registry(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, make: Callable[..., Json]
) -> None:
    await set_up(hass, port, make_entry)

    views, without = (views_of(make(is_registry_refused=refused)) for refused in (False, True))

    assert {path: shown(view) for path, view in without.items()} == {
        path: shown(view) for path, view in views.items()
    }
    assert hints(without["quality"]) == []


async def test_it_speaks_five_languages(make: Callable[..., Json]) -> None:
    said = set()
    for language in LANGUAGES:
        made = make(language)
        [view] = made["dashboard"]["views"]
        said |= {(hints(view)[0], made["offer"]["description"])}

    assert len(said) == len(LANGUAGES)


async def test_an_unknown_language_is_answered_in_english(make: Callable[..., Json]) -> None:
    assert make("nl") == make("en")


async def test_it_is_made_anew_once_the_reference_power_is_known(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, make: Callable[..., Json]
) -> None:
    entry = await set_up(hass, port, make_entry)
    port.greeting = port.next_frame(TELEGRAM)
    hass.config_entries.async_update_entry(entry, options={CONF_REFERENCE_POWER: 12.0})
    await reload(hass, entry)
    warning = entity(hass, "demand_will_exceed")

    known = {warning: {"state": "off", "attributes": {"reference_power": 12.0}}}
    other = {warning: {"state": "on", "attributes": {"reference_power": 7.0}}}
    away = {warning: {"state": "unavailable", "attributes": {}}}

    assert not make(later={"states": known})["is_made_anew"]
    assert not make(later={"states": away})["is_made_anew"]
    assert make(later={"states": other})["is_made_anew"]
    hass.states.async_set(warning, "unavailable")
    assert make(later={"states": known})["is_made_anew"]


async def test_it_is_made_anew_in_another_language(make: Callable[..., Json]) -> None:
    assert not make("de", later={"language": "de"})["is_made_anew"]
    assert make("de", later={"language": "lb"})["is_made_anew"]


async def test_an_open_view_keeps_its_place_when_the_meter_is_removed(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, make: Callable[..., Json]
) -> None:
    await set_up(hass, port, make_entry)

    made = make(later={"devices": {}})

    assert made["is_made_anew"]
    # The frontend fails at a view that is no more.
    first, *others = made["remade"]["views"]
    assert len(others) + 1 == len(made["dashboard"]["views"]) == 4
    assert headings(first) == ["No meter yet"]
    assert all(not view["visible"] and headings(view) == headings(first) for view in others)


def test_every_text_is_in_every_language() -> None:
    source = MODULE.read_text("utf-8")
    table = source[source.index("const TEXTS = {") : source.index("};", source.index("TEXTS"))]
    rows = re.findall(r"^  (\w+): (\[.*?\]),$", table, re.DOTALL | re.MULTILINE)

    assert len(rows) > 20
    for key, row in rows:
        texts = json.loads(re.sub(r",\s*\]", "]", row))
        assert len(texts) == len(LANGUAGES), key
        assert all(text == text.strip() != "" for text in texts), key
        french = texts[LANGUAGES.index("fr")]
        assert not re.search(r" [:;!?»]|« ", french), french


def test_the_module_can_be_read_in_one_sitting() -> None:
    assert len(MODULE.read_text("utf-8").splitlines()) < 450
