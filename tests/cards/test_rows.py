"""Cards in a section with chosen rows and columns: nothing is painted outside."""

import asyncio

import pytest
from playwright.async_api import Browser

from dev.testing.random_examples import each
from smartyp1.json_types import JsonDict
from tests.axe import complaints

from . import house_medium, house_wide
from .stage import Stage
from .test_dashboard import Without
from .test_widths import OPEN

ROWS = range(1, 13)
COLUMNS = range(6, 13)
# Widths of a section on the smallest phone, and on a desktop.
PHONE, DESKTOP = 304, 500
MIN_ROWS = 3
# Home Assistant's sections, each with a card and below it a foreign card, which is transparent.
PLACE = """async (places) => {
    const main = document.querySelector("main");
    main.style.cssText = "padding: 0; display: block";
    for (const [type, config] of places) {
        const section = document.createElement("div");
        section.style.cssText = `display: grid; gap: 8px; margin-bottom: 8px;
            grid-template-columns: repeat(12, minmax(0, 1fr))`;
        const card = await stage.place(type, config);
        const boxes = [card, document.createElement("p")].map((content) => {
            const box = document.createElement("div");
            box.style.cssText = "position: relative; border-radius: 12px";
            box.append(content);
            return box;
        });
        boxes[1].style.gridColumn = "1 / -1";
        boxes[1].className = "below";
        boxes[1].firstChild.style.cssText = "margin: 0; height: 56px";
        section.append(...boxes);
        main.append(section);
    }
}"""
SIZE = """([width, rows, columns]) => {
    document.querySelector("main").style.width = `${width}px`;
    for (const { firstChild: { style } } of document.querySelectorAll("main > div")) {
        style.gridColumn = `span ${columns}`;
        style.gridRow = `span ${rows}`;
        style.height = rows ? `${rows * 64 - 8}px` : "";
    }
    // The size decides what is drawn, and that decides about scrolling: some frames.
    const frame = () => new Promise((done) => {
        const probe = document.querySelector("main").appendChild(document.createElement("i"));
        const observer = new ResizeObserver(() => {
            observer.disconnect(); probe.remove(); done();
        });
        observer.observe(probe);
    });
    return [1, 2, 3, 4].reduce((before) => before.then(frame), Promise.resolve());
}"""
# Elements painted outside the box of a card.
OUTSIDE = """() => [...document.querySelectorAll("main > div")].flatMap(({ firstChild: box }) => {
    const room = box.getBoundingClientRect();
    const found = [];
    const cut = (a, b) => ({
        left: Math.max(a.left, b.left), right: Math.min(a.right, b.right),
        top: Math.max(a.top, b.top), bottom: Math.min(a.bottom, b.bottom),
    });
    const look = (node, seen) => {
        const style = getComputedStyle(node);
        if (style.visibility !== "visible") return;
        if (node.matches(".hidden, style, defs, clipPath")) return;
        const boxes = [...node.childNodes]
            .filter(({ nodeType, data }) => nodeType === 3 && data.trim())
            .map((text) => {
                const range = document.createRange();
                range.selectNode(text);
                return range;
            });
        for (const part of [node, ...boxes]) {
            const { left, right, top, bottom } = cut(part.getBoundingClientRect(), seen);
            if (right <= left || bottom <= top) continue;
            const most = Math.max(
                room.left - left, right - room.right, room.top - top, bottom - room.bottom,
            );
            const name = `${node.localName}.${node.getAttribute("class")}`;
            if (most > 0.5) found.push(`${name} by ${most.toFixed(0)} px`);
        }
        const isBox = style.display !== "inline" && !node.ownerSVGElement;
        const clips = style.overflow !== "visible" && isBox;
        const visible = clips ? cut(node.getBoundingClientRect(), seen) : seen;
        for (const child of (node.shadowRoot ?? node).children) {
            if (child.localName !== "slot") look(child, visible);
        }
        if (node.shadowRoot) for (const child of node.children) look(child, visible);
    };
    const everything = { left: -1e6, right: 1e6, top: -1e6, bottom: 1e6 };
    look(box.firstChild, everything);
    return found.length ? [`${box.firstChild.localName}: ${found[0]} of ${found.length}`] : [];
})"""


SIZES = """() => [...document.querySelectorAll("main > div > :first-child > *")].map((card) => {
    const { min_rows: rows, min_columns: columns } = card.getGridOptions();
    return [rows, columns];
})"""
SHOW = """(card, display) => {
    for (const part of card.querySelectorAll(".body > *")) part.style.display = display;
}"""
IS_AT_END = "card => card.scrollTop + card.clientHeight > card.scrollHeight - 2"


async def show(
    stage: Stage, answers: JsonDict, places: list[house_wide.Place], language: str = "en"
) -> None:
    """Show each card in a section, above a foreign card."""
    await stage.show(answers=answers, width=1280, language=language)
    await stage.page.set_viewport_size({"width": 1280, "height": 16_000})
    await stage.page.evaluate(PLACE, [[f"smarty-p1-{name}", config] for name, config in places])
    await stage.settle()


async def outside(stage: Stage, width: int, all_columns: range = COLUMNS) -> list[str]:
    """Return the elements painted outside a card at any of the sizes."""
    found = []
    for rows in ROWS:
        for columns in all_columns:
            await stage.page.evaluate(SIZE, [width, rows, columns])
            found += [
                f"{rows} x {columns} of {width}: {fault}"
                for fault in await stage.page.evaluate(OUTSIDE)
            ]
    return found


@pytest.mark.parametrize(
    ("state", "width", "columns"),
    [
        ("busy", PHONE, COLUMNS[::3]),
        *(
            pytest.param(state, width, COLUMNS, marks=pytest.mark.slow)
            for state, width in (
                ("busy", PHONE),
                ("busy", DESKTOP),
                ("lacking", PHONE),
                ("unpriced", PHONE),
                ("past", PHONE),
            )
        ),
    ],
)
async def test_nothing_is_painted_outside(
    stage: Stage, state: str, width: int, columns: range
) -> None:
    await show(stage, *house_wide.views()[state], language="de")
    assert not await outside(stage, width, columns)
    await stage.page.evaluate(OPEN)
    assert not await outside(stage, width, range(12, 13))
    for min_rows, min_columns in await stage.page.evaluate(SIZES):
        assert MIN_ROWS <= min_rows <= max(ROWS)
        assert min(COLUMNS) <= min_columns <= max(COLUMNS)


# Cards with a chart that can be higher: beside a higher card, the chart takes the room.
GROWING: list[house_wide.Place] = [
    ("now", {}),
    ("months", {}),
    ("gas-water-heat", {"meter": house_medium.GAS}),
    ("quality", {"part": "supply"}),
]
# Widest room in px between the parts of a card, or below the last one.
HOLES = """() => [...document.querySelectorAll("main > div > :first-child > *")].map((card) => {
    const body = card.shadowRoot.querySelector(".body");
    const flat = (part) => part.matches(".all") ? [...part.children].flatMap(flat) : [part];
    const boxes = [...body.children].flatMap(flat).filter((part) => !part.matches(".hidden"))
        .map((part) => part.getBoundingClientRect()).filter(({ height }) => height);
    const ends = [...boxes.slice(1).map(({ top }) => top), body.getBoundingClientRect().bottom];
    return Math.max(...boxes.map(({ bottom }, index) => ends[index] - bottom));
})"""


async def test_a_chart_fills_a_card_that_is_higher_than_its_content(stage: Stage) -> None:
    answers, _ = house_wide.views()["busy"]
    await show(stage, answers, GROWING)
    await stage.page.evaluate(SIZE, [DESKTOP, 16, 12])
    await stage.settle()
    assert max(holes := await stage.page.evaluate(HOLES)) < 32, holes


@pytest.mark.parametrize("card", each(3, ["now", "year", "months"]))
async def test_the_next_card_looks_untouched(stage: Stage, card: str) -> None:
    answers, _ = house_wide.views()["busy"]
    await show(stage, answers, [(card, {})], language="de")
    await stage.page.set_viewport_size({"width": PHONE, "height": 400})
    await stage.page.evaluate(SIZE, [PHONE, MIN_ROWS, max(COLUMNS)])
    below = stage.page.locator(".below")
    before = await below.screenshot()
    await stage.card(f"smarty-p1-{card}").evaluate("card => card.remove()")
    assert await below.screenshot() == before


async def test_a_card_that_scrolls_is_read_by_keyboard(stage: Stage) -> None:
    answers, places = house_wide.views()["busy"]
    await show(stage, answers, places)
    await stage.page.evaluate(SIZE, [DESKTOP, MIN_ROWS, 12])
    await stage.page.clock.resume()
    assert not await complaints(stage.page)
    cards = await stage.page.locator("ha-card.scrolls").all()
    assert len(cards) > len(places) // 2
    for card in cards:
        label = await card.get_attribute("aria-label")
        assert label
        assert await card.get_attribute("role") == "article"
        assert not await card.evaluate(IS_AT_END), label
        await card.focus()
        # The content is short for a moment, and may grow after the key.
        for display in ("none", ""):
            await card.evaluate(SHOW, display)
            await stage.page.evaluate(SIZE, [DESKTOP, MIN_ROWS, 12])
        for _ in range(200):
            await stage.page.keyboard.press("End")
            if await card.evaluate(IS_AT_END):
                break
            await asyncio.sleep(0.05)
        assert await card.evaluate(IS_AT_END), label
    # A card that is high enough is no stop of the tab key.
    await stage.page.evaluate(SIZE, [DESKTOP, 40, 12])
    assert not await stage.page.locator("ha-card.scrolls, ha-card[tabindex]").count()


async def test_a_notice_stays_in_its_card(browser: Browser) -> None:
    page = Without(browser, script="CSS.supports = () => false;")
    await show(page, {}, [("year", {})], language="de")
    await page.sees("Diese Karten brauchen einen neueren Browser")
    assert not await outside(page, PHONE, range(6, 7))
    await page.close()
