"""Views and cards of the dashboard "Smarty"."""

import asyncio
from typing import override
from urllib.parse import urlparse

import pytest
from playwright.async_api import Browser, Page, Route

from smartyp1.json_types import JsonDict

from . import house, house_all, house_bill, house_year
from .stage import CARDS, SCRIPT, Stage, parts

JS = "text/javascript"

GENERATE = """() => customElements.get("ll-strategy-dashboard-smarty-p1")
    .generate({ type: "custom:smarty-p1" }, stage.hass)"""


def meters(*meters: JsonDict) -> JsonDict:
    return {"smarty_p1/meters": {"meters": list(meters)}}


async def test_the_module_offers_a_dashboard_and_its_cards_once(stage: Stage) -> None:
    await stage.show(new_page=True, language="de")
    made = await stage.page.evaluate(GENERATE)
    assert [view["title"] for view in made["views"]] == ["Jetzt", "Rechnung", "Jahr", "Qualität"]
    # A second module of another version changes nothing.
    await stage.page.evaluate("import('/smarty-p1.js?again')")
    await stage.settle()
    await stage.waits_for("customCards.length > 10 && customCards[0].name === 'Smarty: jetzt'")
    offered = await stage.page.evaluate(
        "customCards.map(({type, name, description}) => [type, name, description])"
    )
    assert len({tuple(card) for card in offered}) == len(offered) == 11
    [dashboard] = await stage.page.evaluate("customStrategies")
    assert dashboard["description"].startswith("Dein Smart Meter: aktuelle Leistung")


async def test_without_a_meter_a_card_shows_the_next_step(stage: Stage) -> None:
    await stage.show("smarty-p1-now", answers=meters(), entities={}, language="fr")
    link = stage.page.get_by_role("link", name="Ajouter un compteur")
    assert (await link.get_attribute("href") or "").endswith("/add?domain=smarty_p1")
    await stage.show("smarty-p1-now", answers=meters(), entities={}, is_admin=False)
    assert "You are not allowed to see this meter" in await stage.text()
    assert not await stage.page.get_by_role("link").count()


async def test_no_other_language_flashes_up_before_that_of_the_user(stage: Stage) -> None:
    await stage.show(new_page=True)
    held = asyncio.Queue[Route]()
    await stage.page.route("**/smarty-p1.de-*.json", held.put)
    await stage.page.evaluate("stage.hass.language = 'de', stage.place('smarty-p1-now', {})")
    await stage.passes(1)
    assert not (await stage.text()).strip()
    # A long wait shows its reason.
    await stage.passes(3)
    assert "Die deutschen Texte konnten nicht geladen werden" in await stage.text()
    # The wait for another attempt begins when the page has heard of the failure.
    async with stage.page.expect_event("requestfailed"):
        await (await held.get()).abort()
    await stage.page.unroute("**/smarty-p1.de-*.json")
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
    # The browser has reported the refused request.
    stage.errors.clear()


async def test_the_meter_that_is_chosen_is_that_of_the_view(stage: Stage) -> None:
    second = house.meter(entry_id="second", title="Heat pump", serial_number="SAG1030700054321")
    answers = meters(house.meter(title="House"), second) | {
        "smarty_p1/voltages": {"error": "not_loaded"},
        "smarty_p1/live second": house.live(values=house.values(power_net=2.1)),
    }
    quality: JsonDict = {"part": "voltage", "chooser": True}
    await stage.show("smarty-p1-quality", "smarty-p1-now", answers=answers, config=quality)
    choice = stage.card("smarty-p1-quality").get_by_role("radio")
    assert await choice.all_inner_texts() == ["House", "Heat pump"]
    await stage.click(choice.nth(1))
    assert "From the grid 18:38:20 2.1 kW" in await stage.text()
    await stage.show("smarty-p1-quality", answers=answers, config=quality | {"entry_id": "house"})
    assert not await stage.card("smarty-p1-quality").get_by_role("radio").count()
    # Meters whose states differ do not make the page ask for ever.
    failing = {"smarty_p1/live second": house.live(state="failing", obstacle="wrong_key")}
    await stage.show("smarty-p1-now", answers=answers | failing, config={"entry_id": "house"})
    await stage.page.evaluate("stage.place('smarty-p1-now', {entry_id: 'second'}).then(() => 0)")
    await stage.settle()
    await stage.passes(2)
    assert len(await stage.asked("meters")) <= 4


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


async def test_a_single_card_of_each_view_names_its_older_prices(stage: Stage) -> None:
    older = {"prices_of": {"grid": "2026-10-31", "ended": {"state_aid": "2026-10-31"}}}
    said = (
        "Grid charges of October 2026; the State's aid ended on 31 October 2026; nothing newer is"
        " known to this version."
    )
    views = house_all.views()
    placed = [(view, card) for view in ("now", "bill", "year") for card in views[view]]
    sayers = []
    for view, card in placed:
        answers = meters(house.meter(**older)) | card.answers
        for bill in answers.get("smarty_p1/bill", {"months": []})["months"][-1:]:
            bill.update(older)
        answers.get("smarty_p1/classes", {}).update(older)
        answers.get("smarty_p1/shares", {}).update(older)
        await house_bill.show(stage, card.type, answers=answers)
        sayers += [(view, card.name)] * (await stage.text()).count(said)
    assert sayers == [("now", "so-far"), ("bill", "bill"), ("year", "year")]


class Without(Stage):
    """A page that lacks files, or features that a browser is asked for."""

    def __init__(self, browser: Browser, files: str = "", script: str = "") -> None:
        super().__init__(browser)
        self._missing = files
        self._script = script
        self.fetched: list[str] = []

    @override
    async def install_clock(self, page: Page) -> None:
        await super().install_clock(page)
        await page.add_init_script(self._script)
        page.on("request", lambda request: self.fetched.append(urlparse(request.url).path[1:]))
        if self._missing:
            await page.route(self._missing, lambda route: route.fulfill(status=404))

    @override
    async def load(self, page: Page, last: str = "smarty-p1-quality") -> None:
        await super().load(page, "smarty-p1-now" if self._missing else last)

    async def places(self, *types: str) -> None:
        """Place cards once the page has given up waiting for files."""
        await self.waits_for("customElements.get('smarty-p1-quality')", seconds=1)
        await self.page.evaluate(
            "types => Promise.all(types.map((type) => stage.put(type, {})))", types
        )

    async def says(self, text: str) -> int:
        return await self.page.get_by_text(text).filter(visible=True).count()


async def test_a_page_whose_second_part_is_gone_shows_the_next_step_once(browser: Browser) -> None:
    page = Without(browser, f"**/{parts()[1]}")
    await page.show("smarty-p1-now", language="pt")
    assert "Da rede" in await page.text()
    await page.places("smarty-p1-year", "smarty-p1-what-if", "smarty-p1-quality")
    assert await page.says("Não foi possível carregar uma parte dos cartões") == 1
    assert [await card.is_visible() for card in await page.page.locator("main > *").all()] == [
        True,
        True,
        False,
        False,
    ]
    # If the first notice goes, the next one speaks.
    await page.page.evaluate("document.querySelector('smarty-p1-year').remove()")
    assert await page.page.locator("smarty-p1-what-if").is_visible()
    # Once the file is there, the cards take the places of the notices.
    await page.page.unroute(f"**/{parts()[1]}")
    await page.waits_for(
        "[...document.querySelectorAll('main > *')]"
        ".every(({ shadowRoot }) => shadowRoot.querySelector('[role=article]'))",
        seconds=1,
    )
    assert not [url for url in page.fetched if url.startswith("1")], page.fetched
    await page.close()


async def test_a_notice_offers_to_reload_the_page(browser: Browser) -> None:
    page = Without(browser, f"**/{parts()[1]}")
    await page.show("smarty-p1-now", language="pt")
    await page.places("smarty-p1-year")
    await page.page.unroute(f"**/{parts()[1]}")
    async with page.page.expect_navigation():
        await page.page.get_by_role("button", name="Recarregar").click()
    await page.page.wait_for_function("!!customElements.get('smarty-p1-gas-water-heat')")
    await page.close()


async def test_a_page_keeps_the_version_that_it_loaded_first(browser: Browser) -> None:
    page = Without(browser)
    await page.show("smarty-p1-now")
    loader = (CARDS / "smarty-p1.js").read_text("utf-8").replace(parts()[0], "smarty-p1-0.js")
    await page.page.route("**/other.js", lambda route: route.fulfill(body=loader, content_type=JS))
    first = (CARDS / parts()[0]).read_text("utf-8")
    await page.page.route(
        "**/smarty-p1-0.js",
        lambda route: route.fulfill(body=f"window.isMixed = true;{first}", content_type=JS),
    )
    # The other loader has read its first part when it requests the second one.
    async with page.page.expect_response(f"**/{parts()[1]}"):
        await page.page.evaluate("import('/other.js').then(() => 0)")
    assert not await page.page.evaluate("!!window.isMixed")
    await page.close()


async def test_a_page_whose_third_part_is_gone_shows_the_cards_of_the_others(
    browser: Browser,
) -> None:
    page = Without(browser, f"**/{parts()[2]}")
    await page.show("smarty-p1-now", answers=house_year.answers())
    await page.places("smarty-p1-year", "smarty-p1-what-if", "smarty-p1-quality")
    assert await page.says("From the grid")
    assert await page.page.locator("smarty-p1-year ha-card h2").count()
    assert await page.says("A part of the cards could not be loaded") == 1
    assert not await page.page.locator("smarty-p1-quality").is_visible()
    await page.close()


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "These cards need a newer browser: at least Chrome or Android WebView 87"),
        ("fr-CA", "Ces cartes demandent un navigateur plus récent : au moins Chrome"),
        ("he", "These cards need a newer browser"),
    ],
)
async def test_a_browser_that_is_too_old_gets_one_sentence(
    browser: Browser, language: str, sentence: str
) -> None:
    page = Without(browser, script="delete window.structuredClone; CSS.supports = () => false;")
    await page.show(language=language)
    await page.places("smarty-p1-now", "smarty-p1-year")
    assert await page.says(sentence) == 1
    assert not await page.page.get_by_role("button").count()
    # The dashboard consists of such a card.
    [view] = (await page.page.evaluate(GENERATE))["views"]
    assert view["cards"] == [{"type": "custom:smarty-p1-now"}]
    assert set(page.fetched).isdisjoint(parts())
    await page.close()


@pytest.mark.parametrize(
    "script",
    [
        "const { supports } = CSS; CSS.supports = (what) => !/mix/.test(what) && supports(what);",
        "HTMLScriptElement.supports = undefined;",
    ],
)
async def test_a_browser_without_a_feature_gets_the_other_files(
    browser: Browser, script: str
) -> None:
    page = Without(browser, script=script)
    await page.show("smarty-p1-year", answers=house_year.answers())
    assert set(parts()[3:]) == set(page.fetched) & set(parts())
    assert not page.errors
    await page.close()


class Cast(Without):
    """A screen that a dashboard is cast to: its page has another element around everything."""

    @override
    async def install_clock(self, page: Page) -> None:
        await super().install_clock(page)
        script = SCRIPT.read_text("utf-8").replace("home-assistant", "hc-main")
        await page.route("**/stage.js", lambda route: route.fulfill(body=script, content_type=JS))


async def test_a_cast_screen_has_dashboard_and_cards(browser: Browser) -> None:
    page = Cast(browser)
    await page.show("smarty-p1-now", language="lb")
    assert "Aus dem Netz" in await page.text()
    made = await page.page.evaluate(GENERATE)
    assert [view["path"] for view in made["views"]] == ["now", "bill", "year", "quality"]
    # Names in the list of cards are in the language of the user.
    await page.page.wait_for_function("customCards[0].name.includes('elo')")
    await page.close()
