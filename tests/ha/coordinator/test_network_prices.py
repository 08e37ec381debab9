"""A year whose network prices are not known: the issue, its ways out, and when it goes."""

from datetime import date, datetime
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.repairs import RepairsFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import translation
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.smarty_p1.flows.options.older_prices_sentence import (
    async_older_prices_sentence,
)
from custom_components.smarty_p1.lib.prices import agreed_prices
from custom_components.smarty_p1.lib.prices.contract import Contract
from custom_components.smarty_p1.lib.prices.entered_contract import contract_of, prices_to_replace
from custom_components.smarty_p1.lib.prices.published_prices import OlderPrices, PublishedPrices
from custom_components.smarty_p1.user_requests.user_locale import async_user_locale
from dev.testing.prices import PRICES
from smartyp1.json_types import JsonDict
from tests.ha.dialogs import choose, is_created, is_done, open_repair, suggested
from tests.ha.support import Home, reload_entry, remove_entry, said

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


class House(Home):
    """A home whose meter answers at once."""

    freezer: FrozenDateTimeFactory

    async def begin(self, time: str, **options: Any) -> None:  # noqa: ANN401 - JSON
        self.freezer.move_to(time)
        await self.set_up(**options)
        self.answer()

    @property
    def year(self) -> str | None:
        issue = self.issue("network_prices")
        return said(issue)["year"] if issue else None

    async def open(self) -> RepairsFlowResult:
        return await open_repair(self.hass, f"network_prices_{self.entry.entry_id}")

    async def wait_for(self, time: str) -> None:
        self.freezer.move_to(time)
        async_fire_time_changed(self.hass, datetime.fromisoformat(time))
        await self.hass.async_block_till_done()


@pytest.fixture
def house(home: Home, freezer: FrozenDateTimeFactory) -> House:
    house = House(home.hass, home.port, home.make_entry)
    house.freezer = freezer
    return house


@pytest.mark.parametrize(
    ("contract", "is_told"),
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
    ],
)
def test_the_contracts_with_a_repair_for_an_unknown_year(
    contract: JsonDict, *, is_told: bool
) -> None:
    summer = datetime.fromisoformat(SUMMER)

    def is_asked(options: JsonDict) -> bool:
        return bool(prices_to_replace(summer, options))

    options = {"contracts": [contract]}
    assert is_asked(options) is is_told
    assert is_asked({**options, "prices_confirmed": LAST}) is is_told
    assert not is_asked({**options, "prices_confirmed": UNKNOWN})
    # The contract of that day counts.
    dated = [contract, {"since": f"{UNKNOWN}-07-02", "energy_price": 0.1}]
    assert is_asked({"contracts": dated}) is is_told
    assert is_asked({"contracts": [{}, {**contract, "since": f"{UNKNOWN}-07-01"}]}) is is_told


async def test_the_year_begins_while_it_runs_at_luxembourgs_midnight(house: House) -> None:
    await house.hass.config.async_set_time_zone("America/New_York")
    await house.begin(f"{LAST}-12-31T22:59:50Z", reference_power=7.0)
    assert house.year is None

    await house.wait_for(f"{LAST}-12-31T22:59:59Z")
    assert house.year is None
    # A second after midnight there, at 23 o'clock in UTC.
    await house.wait_for(f"{LAST}-12-31T23:00:01Z")
    assert house.year == str(UNKNOWN)


async def test_confirmed_prices_hold_for_one_year(house: House) -> None:
    await house.begin(f"{UNKNOWN}-12-31T12:00:00Z", reference_power=7.0)
    runs = house.entry.runtime_data

    menu = await house.open()
    assert menu["type"] is FlowResultType.MENU
    assert menu["menu_options"] == ["keep", "enter"]
    placeholders = menu["description_placeholders"]
    assert placeholders == {"name": "Smarty 2574", "year": str(UNKNOWN), "prices": GRID}
    result = await choose(house.hass, menu, "keep")

    assert is_created(result)
    assert house.year is None
    stored = {"contracts": [{"reference_power": 7.0}], "prices_confirmed": UNKNOWN}
    assert dict(house.entry.options) == stored
    assert house.entry.runtime_data is runs  # no file was read anew
    await house.wait_for(f"{UNKNOWN}-12-31T22:00:00Z")
    assert house.year is None

    await house.wait_for(f"{UNKNOWN}-12-31T23:00:00Z")
    assert house.year == str(UNKNOWN + 1)


@pytest.mark.parametrize("with_levies", [False, True])
async def test_the_options_open_and_the_issue_goes_when_prices_are_entered(
    house: House, *, with_levies: bool
) -> None:
    await house.begin(SUMMER, energy_price=0.12, with_levies=with_levies)

    result = await choose(house.hass, await house.open(), "enter")

    assert is_done(result, "enter")
    kind, flow_id = result["next_flow"]
    assert kind == "options_flow"
    assert house.year
    form = house.hass.config_entries.options.async_get(flow_id)
    assert form["step_id"] == "contract_details"
    form = await house.hass.config_entries.options.async_configure(flow_id)
    assert suggested(form)["since"] == f"{UNKNOWN}-01-01"
    entered: JsonDict = {"network_prices": OWN, "since": f"{UNKNOWN}-01-01"}
    if with_levies:
        entered["levies"] = {"with_levies": True, **OWN_LEVIES}
    await house.hass.config_entries.options.async_configure(flow_id, entered)
    await house.hass.async_block_till_done()
    assert house.year is None
    first, second = house.entry.options["contracts"]
    assert first == {"energy_price": 0.12, "with_levies": with_levies}
    assert (second["since"], second["energy_price"]) == (f"{UNKNOWN}-01-01", 0.12)

    # If the year has a contract, this contract is corrected.
    options = {"contracts": [first, {**first, "since": f"{UNKNOWN}-03-01"}]}
    house.hass.config_entries.async_update_entry(house.entry, options=options)
    await reload_entry(house.hass, house.entry)
    result = await choose(house.hass, await house.open(), "enter")
    _, flow_id = result["next_flow"]
    form = await house.hass.config_entries.options.async_configure(flow_id)
    assert suggested(form)["since"] == f"{UNKNOWN}-03-01"


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
    house: House, language: str
) -> None:
    house.hass.config.language = language
    await house.begin(SUMMER, reference_power=7.0, with_levies=True)
    placeholders = (await house.open())["description_placeholders"] or {}
    assert placeholders["prices"] == AID_ENDED[language]
    # The sentence names each kind and each day.
    older = OlderPrices({"levies": date(2027, 8, 31), "grid": date(2026, 12, 31)}, {})
    sentence = await async_older_prices_sentence(
        house.hass, older, await async_user_locale(house.hass)
    )
    first, second, _ = sentence.split(";")
    assert (first.rstrip()[-4:], second.rstrip()[-7:]) == ("2026", "08/2027")


async def test_a_version_that_knows_the_year_withdraws_the_issue(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.begin(SUMMER, reference_power=7.0)
    issue = house.issue("network_prices")
    assert said(issue) == {"name": "Smarty 2574", "year": str(UNKNOWN)}
    assert issue.is_fixable  # type: ignore[union-attr]

    newer = PRICES.replace("until = 2026-12-31", "until = 2027-12-31")
    monkeypatch.setattr(agreed_prices, "PUBLISHED", PublishedPrices.read(newer))
    assert await reload_entry(house.hass, house.entry)
    await house.hass.async_block_till_done()
    assert house.year is None


async def test_a_meter_that_is_removed_meanwhile(house: House) -> None:
    await house.begin(SUMMER, reference_power=7.0)
    steps = ("keep", "enter")
    menus = [await house.open() for _ in steps]
    await remove_entry(house.hass, house.entry)
    assert house.year is None

    for menu, step in zip(menus, steps, strict=True):
        result = await choose(house.hass, menu, step)
        assert is_done(result, "entry_removed")


def test_without_options_everything_is_as_published() -> None:
    assert contract_of({}) == Contract()


def test_everything_entered() -> None:
    stored = {
        "reference_power": 12.5,
        "meter_ampere": "63",
        "vat": False,
        "surcharge_replaces_variable": True,
        "energy_price": 0.12,
        "energy_fee": 2.5,
        "feed_in_price": 0.07,
        "network_fixed_price": 20.0,
        "network_variable_price": 0.06,
        "surcharge_price": 0.09,
        "meter_fee": 8.0,
    }
    assert contract_of(stored) == Contract(
        reference_kw=12.5,
        meter_ampere=63,
        has_vat=False,
        replaces_variable=True,
        energy_price=0.12,
        energy_fee=2.5,
        feed_in_price=0.07,
        network_fixed=20.0,
        network_variable=0.06,
        surcharge=0.09,
        meter_fee=8.0,
    )


def test_prices_that_follow_the_market() -> None:
    stored = {"energy_price_entity": "sensor.a", "feed_in_price_entity": "sensor.b"}
    assert contract_of(stored) == Contract(energy_margin=0.0, feed_in_margin=0.0)
    margins = {"energy_margin": 0.1, "feed_in_margin": -0.01}
    assert contract_of(stored | margins) == Contract(energy_margin=0.1, feed_in_margin=-0.01)
    # The entity of an old contract may be unknown.
    assert contract_of(margins) == Contract(energy_margin=0.1, feed_in_margin=-0.01)
    fixed = {"energy_price": 0.2, "feed_in_price": 0.1}
    assert contract_of(fixed | margins) == Contract(energy_price=0.2, feed_in_price=0.1)


def test_a_fee_by_the_year_a_discount_and_two_prices() -> None:
    stored = {
        "energy_price": 0.16,
        "energy_fee": 24.5,
        "energy_fee_per": "year",
        "discount": 1.5,
        "second_energy_price": 0.11,
        "second_price_from": "22:00:00",
        "second_price_to": "06:00:00",
        "second_price_days": ["sun", "sat"],
    }
    assert contract_of(stored) == Contract(
        energy_price=0.16,
        energy_fee=2.041667,  # 24.50 / 12
        discount=1.5,
        second_price=0.11,
        second_hours="22:00-06:00 sat sun",
    )
    assert contract_of({"energy_fee": 24.5, "energy_fee_per": "month"}).energy_fee == 24.5
