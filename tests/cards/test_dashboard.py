"""What the dashboard "Smarty" consists of."""

import asyncio
import gzip
import json
from typing import Any

from playwright.async_api import Route

from . import house, house_all, house_bill
from .stage import MODULE, ROOT, Stage

type Json = dict[str, Any]

LANGUAGES = ("en", "de", "fr", "lb", "pt")
GENERATE = """() => customElements.get("ll-strategy-dashboard-smarty-p1")
    .generate({ type: "custom:smarty-p1" }, stage.hass)"""
REGENERATE = """(later) => customElements.get("ll-strategy-dashboard-smarty-p1")
    .shouldRegenerate({ type: "custom:smarty-p1" }, stage.hass, { ...stage.hass, ...later })"""
GAS = {"meter": "GAS7401", "type": "gas", "unit": "m3", "device_id": "gas"}
WATER = {"meter": "WAT7402", "type": "cold_water", "unit": "m3", "device_id": "water"}
HEAT = {"meter": "HEA7403", "type": "heat", "unit": "GJ", "device_id": "heat"}


def meters(*meters: Json) -> Json:
    return {"smarty_p1/meters": {"meters": list(meters)}}


async def views(stage: Stage) -> dict[str, Json]:
    """Return the views of the dashboard by their paths."""
    made = await stage.page.evaluate(GENERATE)
    return {view.get("path", "hidden"): view for view in made["views"]}


def cards(view: Json) -> list[Json]:
    return [card for section in view["sections"] for card in section["cards"]]


async def test_each_view_has_its_cards(stage: Stage) -> None:
    await stage.show(new_page=True, answers=meters(house.meter(media=[WATER, GAS, HEAT])))
    made = await views(stage)
    assert {path: [card["type"] for card in cards(view)] for path, view in made.items()} == {
        "now": ["custom:smarty-p1-now", "custom:smarty-p1-so-far", "custom:smarty-p1-today"],
        "bill": ["custom:smarty-p1-bill", "custom:smarty-p1-months"],
        "year": ["custom:smarty-p1-year", "custom:smarty-p1-battery"],
        "others": ["custom:smarty-p1-medium"] * 3,
        "quality": ["custom:smarty-p1-quality"] * 3,
    }
    titles = ["Now", "Bill", "Year", "Gas/Water/Heat", "Quality"]
    assert [view["title"] for view in made.values()] == titles
    assert [card["meter"] for card in cards(made["others"])] == ["GAS7401", "WAT7402", "HEA7403"]
    parts = ["voltage", "supply", "interruptions"]
    assert [card["part"] for card in cards(made["quality"])] == parts
    # The gas of several meters says whose it is.
    second = house.meter(entry_id="second", media=[GAS])
    await stage.show(answers=meters(house.meter(media=[GAS]), second))
    entries = [card["entry_id"] for card in cards((await views(stage))["others"])]
    assert entries == ["house", "second"]
    # A second module of another version changes nothing.
    await stage.page.evaluate("import('/smarty-p1.js?again')")
    await stage.settle()
    assert await stage.page.evaluate("[customCards.length, customStrategies.length]") == [9, 1]
    assert not stage.errors


async def test_names_are_in_the_language_of_the_user(stage: Stage) -> None:
    titles = set()
    for language in LANGUAGES:
        answers = meters(house.meter(media=[WATER, GAS]))
        await stage.show(new_page=True, answers=answers, language=language)
        made = [view["title"] for view in (await views(stage)).values()]
        # Tabs of a phone scroll sideways.
        assert sum(map(len, made)) <= 36, made
        titles.add(tuple(made))
    assert len(titles) == len(LANGUAGES)
    assert ("Actuel", "Facture", "Année", "Gaz/Eau", "Qualité") in titles
    await stage.show(language="de")
    await stage.page.wait_for_function("customCards[0].name === 'Smarty: jetzt'")
    offered = await stage.page.evaluate(
        "customCards.map(({type, name, description}) => [type, name, description])"
    )
    assert len({tuple(card) for card in offered}) == len(offered) == 9
    [dashboard] = await stage.page.evaluate("customStrategies")
    assert dashboard["description"].startswith("Dein Smart Meter: aktuelle Leistung")


async def test_without_a_meter_it_says_what_to_do(stage: Stage) -> None:
    await stage.show("smarty-p1-now", answers=meters(), entities={}, language="fr", new_page=True)
    assert list(await views(stage)) == ["now"]
    link = stage.page.get_by_role("link", name="Ajouter un compteur")
    assert (await link.get_attribute("href") or "").endswith("/add?domain=smarty_p1")
    await stage.show("smarty-p1-now", answers=meters(), entities={}, is_admin=False)
    assert "You are not allowed to see this meter" in await stage.text()
    assert not await stage.page.get_by_role("link").count()


async def test_boards_alone_need_no_electricity(stage: Stage) -> None:
    path = ROOT / "custom_components/smarty_p1/translations/en.json"
    keys = {
        "tank_level": "tank",
        "tank_volume": "tank",
        "pulse_energy": "led",
        "pulse_power": "led",
    }
    assert keys.keys() <= json.loads(path.read_text("utf-8"))["entity"]["sensor"].keys()
    entities = {
        f"sensor.{device}_{key}": {
            "entity_id": f"sensor.{device}_{key}",
            "platform": "smarty_p1",
            "translation_key": key,
            "device_id": device,
        }
        for key, device in keys.items()
    }
    await stage.show(new_page=True, answers=meters(), entities=entities, language="pt")
    made = await views(stage)
    assert [view["title"] for view in made.values()] == ["Outros contadores"]
    shown = cards(made["others"])
    assert {card["entity"] for card in shown if "entity" in card} >= set(entities)


async def test_it_is_made_anew_when_something_has_changed(stage: Stage) -> None:
    await stage.show(new_page=True, answers={"smarty_p1/meters": {"error": "unknown_command"}})
    # Before it was ever made: the frontend gave up waiting, and shows an error.
    assert await stage.page.evaluate(REGENERATE, {})
    made = stage.page.evaluate(GENERATE)
    assert [view["path"] for view in (await made)["views"]] == ["now", "bill", "year", "quality"]
    lamp = {"light.hall": {"entity_id": "light.hall", "platform": "hue", "device_id": "lamp"}}
    others = {"entities": house.entities() | lamp, "devices": {"lamp": {"id": "lamp"}}}
    same: list[Json] = [{}, {"states": {}}, others]
    for unchanged in same:
        assert not await stage.page.evaluate(REGENERATE, unchanged)
    own = {"entities": {}, "devices": {house.DEVICE: {"id": house.DEVICE}}, "language": "fr"}
    for name, value in own.items():
        assert await stage.page.evaluate(REGENERATE, {name: value})
    # The meters are known later.
    await stage.page.evaluate("(known) => stage.answer(known)", meters(house.meter(media=[GAS])))
    await stage.page.evaluate("stage.place('smarty-p1-now', {}).then(() => 0)")
    await stage.settle()
    assert await stage.page.evaluate(REGENERATE, {})
    assert "others" in await views(stage)
    # The frontend fails at a view that is no more.
    await stage.page.evaluate("(known) => stage.answer(known)", meters())
    after = (await stage.page.evaluate(GENERATE))["views"]
    assert [view.get("visible", True) for view in after] == [True] + [False] * 4


async def test_a_view_stays_while_its_meter_is_loaded_anew(stage: Stage) -> None:
    await stage.show("smarty-p1-today", answers=meters(house.meter(media=[GAS])))
    assert "others" in await views(stage)
    await stage.page.get_by_role("button", name="The day before").click()
    reloaded = {"state": "not_loaded", "phases": None, "feeds_in": None, "known_since": None}
    known = meters(house.meter(**reloaded))
    await stage.page.evaluate("(known) => stage.answer(known)", known)
    await stage.send(house.gone("not_loaded"))
    assert not await stage.page.evaluate(REGENERATE, {})
    assert "others" in await views(stage)
    # Nor does the day that is shown become another one.
    assert "Friday 20 November" in await stage.text()
    # One that was taken off the bus is missed when telegrams come again.
    await stage.page.evaluate("(known) => stage.answer(known)", meters(house.meter()))
    await stage.send(house.live())
    assert await stage.page.evaluate(REGENERATE, {})


async def test_no_other_language_flashes_up_before_that_of_the_user(stage: Stage) -> None:
    await stage.show(new_page=True)
    held = asyncio.Queue[Route]()
    await stage.page.route("**/smarty-p1.de.json*", held.put)
    await stage.page.evaluate("stage.hass.language = 'de', stage.place('smarty-p1-now', {})")
    await stage.passes(1)
    assert not (await stage.text()).strip()
    # Whoever waits for long reads why.
    await stage.passes(3)
    assert "Die deutschen Texte konnten nicht geladen werden" in await stage.text()
    # The wait for another attempt begins when the page has heard of the failure.
    async with stage.page.expect_event("requestfailed"):
        await (await held.get()).abort()
    await stage.page.unroute("**/smarty-p1.de.json*")
    await stage.settle()
    await stage.passes(46)
    await stage.page.get_by_text("Aus dem Netz").wait_for()
    assert "Texte" not in await stage.text()
    # A language without a translation is answered in English, also on a page from right to left.
    await stage.show("smarty-p1-today", language="he")
    await stage.page.evaluate("document.documentElement.dir = 'rtl'")
    shown = stage.card("smarty-p1-today")
    assert await shown.locator("p").first.evaluate("p => getComputedStyle(p).direction") == "ltr"
    assert await shown.get_attribute("lang") == "en"


async def test_the_meter_that_is_chosen_is_that_of_the_view(stage: Stage) -> None:
    second = house.meter(entry_id="second", title="Heat pump", serial_number="SAG1030700054321")
    answers = meters(house.meter(title="House"), second) | {
        "smarty_p1/voltages": {"error": "not_loaded"},
        "smarty_p1/live second": house.live(values=house.values(power_net=2.1)),
    }
    quality: Json = {"part": "voltage", "chooser": True}
    await stage.show("smarty-p1-quality", "smarty-p1-now", answers=answers, config=quality)
    choice = stage.card("smarty-p1-quality").get_by_role("radio")
    assert await choice.all_inner_texts() == ["House", "Heat pump"]
    await choice.nth(1).click()
    await stage.settle()
    assert "From the grid 18:38:20 2.1 kW" in await stage.text()
    await stage.show("smarty-p1-quality", answers=answers, config=quality | {"entry_id": "house"})
    assert not await stage.card("smarty-p1-quality").get_by_role("radio").count()
    # Meters whose states differ do not make the page ask for ever.
    failing = {"smarty_p1/live second": house.live(state="failing", obstacle="wrong_key")}
    await stage.show("smarty-p1-now", answers=answers | failing, config={"entry_id": "house"})
    await stage.page.evaluate("stage.place('smarty-p1-now', {entry_id: 'second'}).then(() => 0)")
    await stage.settle()
    await stage.passes(2)
    asked = "stage.asked.filter(({ type }) => type === 'smarty_p1/meters').length"
    assert await stage.page.evaluate(asked) <= 4


async def test_a_right_that_was_taken_away_may_be_given_back(stage: Stage) -> None:
    await stage.show("smarty-p1-now")
    await stage.send(house.gone("unauthorized"))
    assert "You are not allowed to see this meter" in await stage.text()
    await stage.passes(2)
    await stage.settle()
    assert "From the grid 18:38:20 0.6 kW" in await stage.text()
    assert await stage.page.evaluate("stage.subscriptions()") == 1


async def test_each_card_with_an_amount_says_that_its_prices_are_older(stage: Stage) -> None:
    older = {"prices_of": "2026-10"}
    said = (
        "The prices of November 2026 are not known yet. Calculated with the prices of October 2026."
    )
    views = house_all.views()
    for card in (*views["now"], *views["bill"], views["year"][0]):
        answers = meters(house.meter(**older)) | card.answers
        for bill in answers.get("smarty_p1/bill", {"months": []})["months"][-1:]:
            bill.update(older)
        answers.get("smarty_p1/classes", {}).update(older)
        await house_bill.show(stage, card.type, answers=answers)
        assert (await stage.text()).count(said) == 1, card


def test_the_module_does_not_grow_unseen() -> None:
    module = MODULE.read_bytes()
    assert len(module) <= 195_000
    assert len(gzip.compress(module, 9)) <= 72_000
