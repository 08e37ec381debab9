"""Each view in forced colours and on paper, which both leave CSS backgrounds out."""

import os
import re
from io import BytesIO
from itertools import combinations
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image, ImageChops, ImageStat

from dev.testing.random_examples import each
from smartyp1.json_types import JsonDict
from tests.axe import complaints

from . import house_bill, house_now, house_today, house_year
from .stage import Stage
from .test_accessibility import VIEWS, show_view

# Content of an A4 page in px, with the browser's margins.
PAPER_PX = 718
# Mean difference of two pictures without their hues, from 0 to 255, that is seen.
MIN_DIFFERENCE = 6
BLANK = 255
# Cards whose drawing has no width of its own: their pictures follow the card.
WITHOUT_CHART = {"year", "yesterday"}

SCRIPT = Path(__file__).with_name("paper.js").read_text("utf-8")


async def dots(stage: Stage) -> dict[str, dict[str, Image.Image]]:
    """Return pictures of the dots and squares of each card without their hues, by their fill."""
    found: dict[str, dict[str, Image.Image]] = {}
    for index, card in enumerate(await stage.page.locator("main > *").all()):
        for dot in await card.locator(".dot:visible").all():
            fill = await dot.locator("> rect").get_attribute("fill") or ""
            picture = Image.open(BytesIO(await dot.screenshot())).convert("L").resize((10, 10))
            found.setdefault(str(index), {})[fill] = picture
    return found


async def assert_dots_differ(stage: Stage) -> None:
    """Assert that the dots of each card differ without their hues."""
    for pictures in (await dots(stage)).values():
        for (fill, one), (other_fill, other) in combinations(pictures.items(), 2):
            difference = ImageStat.Stat(ImageChops.difference(one, other)).mean[0]
            assert difference >= MIN_DIFFERENCE, f"{fill} looks like {other_fill}"


@pytest.mark.parametrize("view", VIEWS)
async def test_a_view_shows_the_same_in_forced_colours(stage: Stage, view: str) -> None:
    await show_view(stage, view, "en")
    await stage.page.evaluate(SCRIPT)
    assert await stage.page.evaluate("paper.lost()") == []
    await stage.page.emulate_media(forced_colors="active")
    try:
        assert await stage.page.evaluate("paper.unmarked()") == []
        for width in (320, 390):
            await stage.page.set_viewport_size({"width": width, "height": 3000})
            await stage.settle()
            assert await stage.page.evaluate("paper.unlike()") == []
        await assert_dots_differ(stage)
        for bar in await stage.page.locator(".bar:visible").all():
            picture = Image.open(BytesIO(await bar.screenshot()))
            assert sum(picture.convert("L").histogram()[:BLANK]), await bar.inner_html()
        # Axe waits by the clock.
        await stage.page.clock.resume()
        for scheme in ("light", "dark"):
            await stage.page.emulate_media(forced_colors="active", color_scheme=scheme)
            assert not await complaints(stage.page)
    finally:
        await stage.page.emulate_media(forced_colors="none", color_scheme="null")


@pytest.mark.parametrize("width", [pytest.param(390, marks=pytest.mark.slow), 1280])
@pytest.mark.parametrize("view", VIEWS)
async def test_a_view_follows_the_width_of_the_paper(stage: Stage, view: str, width: int) -> None:
    await show_view(stage, view, "en")
    await stage.page.evaluate(SCRIPT)
    await stage.page.set_viewport_size({"width": width, "height": 3000})
    await stage.page.evaluate("paper.openTables()")
    for _ in range(3):
        await stage.settle()
    await stage.page.emulate_media(media="print")
    try:
        printed = await stage.page.evaluate("paper.printed", PAPER_PX)
        assert not printed["faults"]
        assert printed["count"] or view in WITHOUT_CHART
    finally:
        await stage.page.emulate_media(media="null")


# Most frequent colour of the year's picture: that of little energy. The colour of one pixel depends
# on the width of the picture, and that on the browser's way to draw letters.
COLOUR = """() => {
    const { renderRoot } = document.querySelector("smarty-p1-year");
    const canvas = renderRoot.querySelector("canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const counts = new Map();
    const pixels = new Uint32Array(data.buffer);
    for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
    const [[most]] = [...counts].sort(([, one], [, other]) => other - one);
    return [most & 255, (most >> 8) & 255, (most >> 16) & 255];
}"""


async def test_the_year_is_painted_for_its_medium(stage: Stage) -> None:
    await stage.show("smarty-p1-year", answers=house_year.answers(), dark=True)
    await stage.click(stage.card("smarty-p1-year").locator(".why[aria-expanded]"))

    async def paints(
        condition: str,
        media: Literal["print", "null"] = "null",
        forced_colors: Literal["active", "none"] = "none",
    ) -> None:
        await stage.page.emulate_media(media=media, forced_colors=forced_colors)
        await stage.waits_for(f"(([...rgb]) => {condition})(({COLOUR})())")

    # Little energy is near to the ground: dark on the screen, white on paper.
    dark = "Math.max(...rgb) < 80"
    await paints(dark)
    await paints("Math.min(...rgb) > 200", media="print")
    await paints(dark)
    # The ground of forced colours is white, and energy from the grid is black.
    await paints("rgb[0] > 80 && rgb[0] === rgb[1] && rgb[1] === rgb[2]", forced_colors="active")
    await paints(dark)


# Whether the year's picture has stripes of its ground in energy above the limit.
STRIPES = """(() => {
    const canvas = document.querySelector("smarty-p1-year").renderRoot.querySelector("canvas");
    const { width, height } = canvas;
    const pixels = canvas.getContext("2d").getImageData(0, height / 4, width, 1).data;
    const all = new Set(new Uint32Array(pixels.buffer));
    return all.has(0) && all.size === 2;
})()"""
# Whether the most energy is darker than the least.
DARKER = """(() => {
    const style = getComputedStyle(document.querySelector("smarty-p1-year"));
    const [least, most] = [0, 3].map((step) => style.getPropertyValue(`--drawn-${step}`));
    return parseInt(most.slice(4)) < parseInt(least.slice(4));
})()"""


async def test_an_excess_of_the_year_has_stripes_where_colours_are_lost(stage: Stage) -> None:
    step = house_year.QUARTER_HOUR
    rows: list[house_year.Row] = [(house_year.START + n * step, 2500) for n in range(9600)]
    rows.append((house_year.START + 9600 * step, -300))
    await stage.show("smarty-p1-year", answers=house_year.answers(rows))
    await stage.click(stage.card("smarty-p1-year").locator(".why[aria-expanded]"))
    page = stage.page
    try:
        assert not await page.evaluate(STRIPES)
        await page.emulate_media(media="print")
        await stage.waits_for(STRIPES)
        await assert_dots_differ(stage)
        # On the ground of each scheme, more energy has more contrast.
        await page.emulate_media(media="screen", forced_colors="active", color_scheme="light")
        await stage.waits_for(f"{STRIPES} && {DARKER}")
        await assert_dots_differ(stage)
        await page.emulate_media(color_scheme="dark")
        await stage.waits_for(f"{STRIPES} && !{DARKER}")
        await assert_dots_differ(stage)
    finally:
        await page.emulate_media(media="null", forced_colors="none", color_scheme="null")


async def test_a_card_with_a_long_table_begins_below_the_card_before(stage: Stage) -> None:
    cards = ("smarty-p1-now", "smarty-p1-today")
    answers = house_now.sums() | house_today.answers()
    await stage.show(*cards, answers=answers, width=PAPER_PX)
    await stage.show_table(cards[1])
    await stage.page.emulate_media(media="print")
    try:
        await stage.settle()
        heights = [await stage.card(card).evaluate("card => card.offsetHeight") for card in cards]
        # Both fit on two of these pages, but the second does not fit on one.
        page_px = 0.6 * sum(heights)
        assert heights[0] < page_px < heights[1]
        paper = await stage.page.pdf(width=f"{PAPER_PX}px", height=f"{page_px}px")
        assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 2
    finally:
        await stage.page.emulate_media(media="null")


ON_PAPER = """card => [...card.shadowRoot.querySelectorAll("p")]
    .filter((part) => part.checkVisibility()).map((part) => part.innerText.trim())"""


async def test_a_card_below_the_window_asks_once_for_paper(stage: Stage) -> None:
    await stage.show(answers=house_today.answers())
    place = "document.querySelector('main').style.paddingTop = '3000px'"
    await stage.page.evaluate(place)
    await stage.page.evaluate("stage.put('smarty-p1-today', {}).then(() => 0)")
    card = stage.card("smarty-p1-today")
    await stage.page.emulate_media(media="print")
    try:
        assert await card.evaluate(ON_PAPER) == ["Smarty: day \N{MIDDLE DOT} not loaded"]
        assert not await stage.asked("days")
        await stage.passes(4)
        await stage.settle()
        shown = "document.querySelector('smarty-p1-today').shadowRoot.querySelector('svg.day')"
        await stage.waits_for(shown)
        assert len(await stage.asked("days")) == 1
    finally:
        await stage.page.emulate_media(media="null")
    # The card leaves the meter: nothing keeps it up to date until it is in view.
    await stage.passes(20)
    assert await stage.page.evaluate("stage.subscriptions()") == 0


STATEMENT = "#smarty-statement"
# Content of its A4 page in px.
PAGE_PX = 702


async def show_bill(stage: Stage, language: str, *bills: JsonDict) -> None:
    answers = house_bill.bills(*bills) | house_year.answers()
    await house_bill.show(stage, "smarty-p1-bill", answers=answers, language=language)


# French has the longest texts.
STATEMENTS = {
    "fr": ("Imprimer", ["Novembre 2026", "Quarts d'heure > 7 kW"]),
    "en": ("Print", ["November 2026", "Surcharge above 7 kW", "Quarter-hours above 7 kW"]),
    "de": ("Drucken", ["November 2026", "Viertelstunden über 7 kW"]),
    "lb": ("Drécken", ["November 2026", "Véierelstonnen iwwer 7 kW"]),
    "pt": ("Imprimir", ["Novembro de 2026", "Quartos de hora acima de 7 kW"]),
}


@pytest.mark.parametrize("language", each(len(STATEMENTS), STATEMENTS))
async def test_a_bill_is_printed_as_a_statement_of_one_page(stage: Stage, language: str) -> None:
    button, lines = STATEMENTS[language]
    await show_bill(stage, language)
    rows = ".lines .row:not(.hidden)"
    shown = await stage.card("smarty-p1-bill").locator(rows).all_text_contents()
    await stage.click(stage.page.get_by_role("button", name=button, exact=True))
    frame = stage.page.frame_locator(STATEMENT)
    await frame.locator("table.behind").wait_for(state="attached")
    assert await frame.locator(rows).all_text_contents() == shown
    text = (await frame.locator("body").inner_text()).replace("\u00a0", " ")
    for line in ["Smarty", *lines]:
        assert line in text, text
    months = await frame.locator("table.behind tbody tr").all_inner_texts()
    assert len(months) == await frame.locator("text.value").count() == len(house_bill.MONTHS)
    # The heads of the table name the colours of the chart. All is as wide as the page.
    assert await frame.locator("thead .dot").count() == 4
    width = "part => Math.round(part.getBoundingClientRect().width)"
    for part in (".lines", ".chart svg"):
        assert await frame.locator(part).evaluate(width) == PAGE_PX
    # Highest power, and the number of quarter-hours above the reference power.
    assert re.search(r"1[0-9][.,]\d\skW\s+\d+$", months[-2]), months
    page = await stage.page.context.new_page()
    try:
        await page.set_content(await frame.locator("html").evaluate("html => html.outerHTML"))
        folder = os.environ.get("CARD_PICTURES")
        path = f"{folder}/statement-{language}.pdf" if folder else None
        paper = await page.pdf(prefer_css_page_size=True, path=path)
        assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
    finally:
        await page.close()
        await stage.page.locator(STATEMENT).evaluate("frame => frame.remove()")


async def test_an_app_that_cannot_print_saves_a_picture_of_the_statement(stage: Stage) -> None:
    await stage.show()
    agent = "Home Assistant/2026.11.0 (Android 15)"
    given = "Object.defineProperty(navigator, 'userAgent', { value: %r, configurable: true })"
    await stage.page.evaluate(given % agent)
    try:
        # A bill that lacks a price has a link to its page, which is no part of the picture.
        await show_bill(stage, "en", house_bill.without_energy_price(house_bill.running()))
        async with stage.page.expect_download() as download:
            await stage.click(stage.page.get_by_role("button", name="Save as picture"))
        file = await download.value
        assert file.suggested_filename.startswith("November 2026 Smarty")
        picture = Image.open(await file.path())
        assert picture.size == (1532, 2148)
        colors = {color for _, color in picture.convert("RGB").getcolors(100_000) or ()}
        assert {(255, 255, 255), (0, 0, 0), (72, 143, 194)} <= colors
        if folder := os.environ.get("CARD_PICTURES"):
            picture.save(f"{folder}/statement.png")
    finally:
        await stage.page.evaluate("delete navigator.userAgent")
        await stage.page.locator(STATEMENT).evaluate("frame => frame.remove()")
