"""What the dashboard "Smarty" consists of."""

import asyncio
from typing import Any

from playwright.async_api import Route

from . import house, house_all, house_bill
from .stage import Stage

type Json = dict[str, Any]

GENERATE = """() => customElements.get("ll-strategy-dashboard-smarty-p1")
    .generate({ type: "custom:smarty-p1" }, stage.hass)"""


def meters(*meters: Json) -> Json:
    return {"smarty_p1/meters": {"meters": list(meters)}}


async def test_the_module_offers_a_dashboard_and_nine_cards_once(stage: Stage) -> None:
    await stage.show(new_page=True, language="de")
    made = await stage.page.evaluate(GENERATE)
    assert [view["title"] for view in made["views"]] == ["Jetzt", "Rechnung", "Jahr", "Qualität"]
    # A second module of another version changes nothing.
    await stage.page.evaluate("import('/smarty-p1.js?again')")
    await stage.settle()
    await stage.page.wait_for_function("customCards[0].name === 'Smarty: jetzt'")
    offered = await stage.page.evaluate(
        "customCards.map(({type, name, description}) => [type, name, description])"
    )
    assert len({tuple(card) for card in offered}) == len(offered) == 9
    [dashboard] = await stage.page.evaluate("customStrategies")
    assert dashboard["description"].startswith("Dein Smart Meter: aktuelle Leistung")
    assert not stage.errors


async def test_without_a_meter_a_card_says_what_to_do(stage: Stage) -> None:
    await stage.show("smarty-p1-now", answers=meters(), entities={}, language="fr")
    link = stage.page.get_by_role("link", name="Ajouter un compteur")
    assert (await link.get_attribute("href") or "").endswith("/add?domain=smarty_p1")
    await stage.show("smarty-p1-now", answers=meters(), entities={}, is_admin=False)
    assert "You are not allowed to see this meter" in await stage.text()
    assert not await stage.page.get_by_role("link").count()


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
    await stage.sees("Aus dem Netz")
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


async def test_the_shown_day_stays_while_its_meter_is_loaded_anew(stage: Stage) -> None:
    await stage.show("smarty-p1-today")
    await stage.page.get_by_role("button", name="Previous day").click()
    reloaded = {"state": "not_loaded", "phases": None, "feeds_in": None, "known_since": None}
    known = meters(house.meter(**reloaded))
    await stage.page.evaluate("(known) => stage.answer(known)", known)
    await stage.send(house.gone("not_loaded"))
    assert "Friday 20 November" in await stage.text()


async def test_each_card_with_an_amount_says_that_its_prices_are_older(stage: Stage) -> None:
    older = {"prices_of": {"grid": "2026-10-31", "ended": {"state_aid": "2026-10-31"}}}
    said = (
        "Grid charges of October 2026; the State's aid ended on 31 October 2026; nothing newer is"
        " known to this version."
    )
    views = house_all.views()
    for card in (*views["now"], *views["bill"], views["year"][0]):
        answers = meters(house.meter(**older)) | card.answers
        for bill in answers.get("smarty_p1/bill", {"months": []})["months"][-1:]:
            bill.update(older)
        answers.get("smarty_p1/classes", {}).update(older)
        await house_bill.show(stage, card.type, answers=answers)
        assert (await stage.text()).count(said) == 1, card
