"""A year whose network prices are not known: the issue, its ways out, and when it goes."""

from datetime import date, datetime
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir, translation
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.smarty_p1.coordinator.entered_contract import prices_to_replace
from custom_components.smarty_p1.flows.options.older_prices_sentence import (
    async_older_prices_sentence,
)
from custom_components.smarty_p1.lib.prices import OlderPrices, PriceFile, network_prices
from custom_components.smarty_p1.user_locale import async_user_locale
from tests.ha.repairs import choose, open_repair, repair_text
from tests.ha.support import TELEGRAM, Home
from tests.prices import PRICES

LAST = 2026
UNKNOWN = LAST + 1
SUMMER = f"{UNKNOWN}-07-01T12:00:00Z"
GRID = "Grid charges of 2026; nothing newer is known to this version."
NB = "\N{NO-BREAK SPACE}"
AID_ENDED = {
    "en": "Grid charges and levies of 2026; the State's aid ended on 2026-12-31; nothing newer is"
    " known to this version.",
    "fr": f"Prix du réseau et taxes de 2026{NB}; l'aide de l'État a pris fin le 31/12/2026{NB};"
    " cette version ne connaît rien de plus récent.",
    "de": "Preise der Netznutzung und Abgaben von 2026; die Hilfe des Staates endete am"
    " 31.12.2026; diese Version kennt nichts Neueres.",
    "lb": "Netzkäschten an Taxe vun 2026; d'Hëllef vum Staat ass den 31.12.2026 ausgelaf; dës"
    " Versioun kennt näischt méi Neies.",
    "pt": "Preços da rede e taxas de 2026; o apoio do Estado terminou em 31/12/2026; esta versão"
    " não conhece nada mais recente.",
}
OWN = {"network_variable_price": 0.05, "meter_fee": 5.7}
OWN_OF_A_POWER = {**OWN, "network_fixed_price": 12.0, "surcharge_price": 0.08}
OWN_LEVIES = {"electricity_tax": 0.001, "compensation": -0.001}


@pytest.fixture
async def entry(home: Home) -> MockConfigEntry:
    """Return an entry that is not set up, whose meter answers at once."""
    assert await async_setup_component(home.hass, REPAIRS, {})
    home.port.greeting = lambda: home.port.next_frame(TELEGRAM)
    return home.make_entry(home.port.url)


async def set_up(hass: HomeAssistant, entry: MockConfigEntry, **options: str | float) -> None:
    hass.config_entries.async_update_entry(entry, options=options)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


def issue_of(hass: HomeAssistant, entry: MockConfigEntry) -> ir.IssueEntry | None:
    """Return the issue, None when it is not raised."""
    issue = ir.async_get(hass).async_get_issue("smarty_p1", f"network_prices_{entry.entry_id}")
    return issue if issue and issue.active else None


def year_of(hass: HomeAssistant, entry: MockConfigEntry) -> str | None:
    """Return the year that the issue is about."""
    issue = issue_of(hass, entry)
    return (issue.translation_placeholders or {})["year"] if issue else None


async def wait_for(hass: HomeAssistant, freezer: FrozenDateTimeFactory, time: str) -> None:
    """Let the clock go on to a time."""
    freezer.move_to(time)
    async_fire_time_changed(hass, datetime.fromisoformat(time))
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    ("options", "is_told"),
    [
        ({}, False),
        ({"surcharge_price": 0.1}, False),
        ({"feed_in_price": 0.1}, False),
        ({"reference_power": 7.0}, True),
        ({"energy_price": 0.12}, True),
        ({"energy_price_entity": "sensor.price"}, True),
        ({"energy_price": 0.12, **OWN}, False),
        ({"reference_power": 7.0, **OWN}, True),
        ({"reference_power": 7.0, **OWN_OF_A_POWER}, False),
        ({"energy_price": 0.12, **OWN, "with_levies": True}, True),
        ({"energy_price": 0.12, **OWN, "with_levies": False}, False),
        ({"energy_price": 0.12, **OWN, **OWN_LEVIES, "with_levies": True}, False),
        ({"reference_power": 7.0, "prices_confirmed": UNKNOWN}, False),
        ({"reference_power": 7.0, "prices_confirmed": LAST}, True),
    ],
)
def test_who_is_told_of_a_year_that_is_not_known(
    options: dict[str, Any],
    is_told: bool,  # noqa: FBT001
) -> None:
    assert bool(prices_to_replace(datetime.fromisoformat(SUMMER), options)) is is_told


async def test_the_year_begins_while_it_runs_at_luxembourgs_midnight(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await hass.config.async_set_time_zone("America/New_York")
    freezer.move_to(f"{LAST}-12-31T22:59:50Z")
    await set_up(hass, entry, reference_power=7.0)
    assert issue_of(hass, entry) is None

    await wait_for(hass, freezer, f"{LAST}-12-31T22:59:59Z")
    assert issue_of(hass, entry) is None
    # A second after midnight there, at 23 o'clock in UTC.
    await wait_for(hass, freezer, f"{LAST}-12-31T23:00:01Z")
    assert year_of(hass, entry) == str(UNKNOWN)


async def test_confirmed_prices_hold_for_one_year(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(f"{UNKNOWN}-12-31T12:00:00Z")
    await set_up(hass, entry, reference_power=7.0)
    runs = entry.runtime_data

    menu = await open_repair(hass, f"network_prices_{entry.entry_id}")
    assert menu["type"] is FlowResultType.MENU
    assert menu["menu_options"] == ["keep", "enter"]
    placeholders = menu["description_placeholders"]
    assert placeholders == {"name": "Smarty 2574", "year": str(UNKNOWN), "prices": GRID}
    result = await choose(hass, menu, "keep")

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert issue_of(hass, entry) is None
    assert dict(entry.options) == {"reference_power": 7.0, "prices_confirmed": UNKNOWN}
    assert entry.runtime_data is runs  # nothing was read anew for it
    await wait_for(hass, freezer, f"{UNKNOWN}-12-31T22:00:00Z")
    assert issue_of(hass, entry) is None

    await wait_for(hass, freezer, f"{UNKNOWN}-12-31T23:00:00Z")
    assert year_of(hass, entry) == str(UNKNOWN + 1)


@pytest.mark.parametrize("with_levies", [False, True])
async def test_the_options_open_and_the_issue_goes_when_prices_are_entered(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    with_levies: bool,  # noqa: FBT001
) -> None:
    freezer.move_to(SUMMER)
    await set_up(hass, entry, energy_price=0.12, with_levies=with_levies)

    result = await choose(
        hass, await open_repair(hass, f"network_prices_{entry.entry_id}"), "enter"
    )

    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "enter")
    kind, flow_id = result["next_flow"]
    assert kind == "options_flow"
    assert issue_of(hass, entry) is not None
    assert hass.config_entries.options.async_get(flow_id)["step_id"] == "contract_details"
    entered = {"network_prices": OWN}
    if with_levies:
        entered["levies"] = {"with_levies": True, **OWN_LEVIES}
    await hass.config_entries.options.async_configure(flow_id, entered)
    await hass.async_block_till_done()
    assert issue_of(hass, entry) is None
    assert entry.options["energy_price"] == 0.12


@pytest.mark.parametrize("language", ["en", "de", "fr", "lb", "pt"])
async def test_the_issue_names_the_fields_that_end_it(hass: HomeAssistant, language: str) -> None:
    texts = await translation.async_get_translations(hass, language, "issues", ["smarty_p1"])
    options = await translation.async_get_translations(hass, language, "options", ["smarty_p1"])
    sections = "component.smarty_p1.options.step.contract_details.sections"
    labels = [options[f"{sections}.{label}"] for label in ("network_prices.name", "levies.name")]
    flow = "component.smarty_p1.issues.network_prices.fix_flow"
    for text in (texts[f"{flow}.step.init.description"], texts[f"{flow}.abort.enter"]):
        assert [label for label in labels if label not in text] == []


@pytest.mark.parametrize("language", [*AID_ENDED])
async def test_the_issue_names_the_older_prices_and_the_aid_that_has_ended(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory, language: str
) -> None:
    hass.config.language = language
    freezer.move_to(SUMMER)
    await set_up(hass, entry, reference_power=7.0, with_levies=True)
    issue = issue_of(hass, entry)
    assert issue
    assert await repair_text(hass, issue.issue_id, "prices") == AID_ENDED[language]
    # Of each kind and each day.
    older = OlderPrices({"levies": date(2027, 8, 31), "grid": date(2026, 12, 31)}, {})
    sentence = await async_older_prices_sentence(hass, older, await async_user_locale(hass))
    first, second, _ = sentence.split(";")
    assert (first.rstrip()[-4:], second.rstrip()[-7:]) == ("2026", "08/2027")


async def test_a_version_that_knows_the_year_withdraws_the_issue(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    freezer.move_to(SUMMER)
    await set_up(hass, entry, reference_power=7.0)
    issue = issue_of(hass, entry)
    assert issue
    assert issue.is_fixable
    assert issue.translation_placeholders == {"name": "Smarty 2574", "year": str(UNKNOWN)}

    newer = PRICES.replace("until = 2026-12-31", "until = 2027-12-31")
    monkeypatch.setattr(network_prices, "PUBLISHED", PriceFile.read(newer))
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert issue_of(hass, entry) is None


async def test_a_meter_that_is_removed_meanwhile(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(SUMMER)
    await set_up(hass, entry, reference_power=7.0)
    steps = ("keep", "enter")
    menus = [await open_repair(hass, f"network_prices_{entry.entry_id}") for _ in steps]
    await hass.config_entries.async_remove(entry.entry_id)
    assert issue_of(hass, entry) is None

    for menu, step in zip(menus, steps, strict=True):
        result = await choose(hass, menu, step)
        assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "entry_removed")
