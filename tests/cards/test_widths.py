"""No text covers another or leaves its card: at any width, in any language, with long values.

The window stays as wide as a screen, because a card is as wide as its section, not as the window.
"""

import re

import pytest

from smartyp1.json_types import JsonDict

from . import house_wide
from .stage import Stage

UNWRITTEN = re.compile(r"\w*_\w*|[{}]")
# Signs without the space before them that French has.
UNSPACED = re.compile(r"\S+[^\s:;!?…][:;!?](?=\s)")
SMALL = """() => [...document.querySelectorAll("main > *")].flatMap(({ shadowRoot }) =>
    [...shadowRoot.querySelectorAll("p, h2, .sentence, .when .number, .load > .small:not(.axis)")]
        .map((part) => part.textContent.trim()))
    .filter((text) => /^\\p{Ll}/u.test(text))"""
OTHER_LANGUAGES = ("fr", "en", "lb", "pt")
WIDTHS = (246, 280, 320, 360, 390, 460, 600, 960)
# The last observer hears of a size after the cards' observers.
SIZE = """width => new Promise((done) => {
    const main = document.querySelector("main");
    main.style.width = `${width}px`;
    const observer = new ResizeObserver(() => { observer.disconnect(); done(); });
    observer.observe(main);
})"""
# A section of Home Assistant has no room of its own around its cards.
PLACE = """places => {
    document.querySelector("main").style.padding = "0";
    return Promise.all(places.map(([type, config]) => stage.place(type, config))).then(() => 0);
}"""
# Open or choose everything, so that the appearing parts are measured too.
OPEN = """() => document.querySelectorAll("main *").forEach(({ shadowRoot: root }) => {
    if (!root) return;
    root.querySelector(".pick")?.click();
    const closed = root.querySelectorAll(".hidden[aria-expanded=false], .why[aria-expanded=false]");
    closed.forEach((link) => link.click());
    const slider = root.querySelector(".field [tabindex], .plot[tabindex], .marks[tabindex]");
    slider?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }));
})"""


async def show(
    stage: Stage, answers: JsonDict, places: list[house_wide.Place], language: str
) -> None:
    """Show the cards below each other, all of them in view."""
    await stage.show(answers=answers, width=1280, language=language, time_format="12")
    await stage.page.set_viewport_size({"width": 1280, "height": 16_000})
    await stage.page.evaluate(PLACE, [[f"smarty-p1-{name}", config] for name, config in places])
    for _ in range(20):
        await stage.settle()
        if not await stage.page.evaluate("stage.isWaiting()"):
            break


async def faults(stage: Stage, name: str, widths: tuple[int, ...]) -> list[str]:
    """Return the faults at each of the widths, small beginnings, and keys in place of texts."""
    # The operator's message is in a language of its own.
    text = (await stage.text()).replace("Works on 12 November, 9:00-11:00:", "")
    found: list[str] = await stage.page.evaluate(SMALL)
    found += UNWRITTEN.findall(text)
    if name.endswith("fr"):
        found += UNSPACED.findall(text)
    for width in widths:
        # The first turn is for the cards, the second for parts whose size follows from drawn cards.
        for _ in range(2):
            await stage.page.evaluate(SIZE, width)
            await stage.settle()
        # The whole page would be a picture of 20 megapixels.
        await stage.picture(f"wide-{name}-{width}", of="main")
        found += await stage.overflow()
    return found


# German has the longest words, and French the longest texts: they have least room in the narrowest
# card.
@pytest.mark.parametrize(
    ("language", "widths"),
    [
        ("de", WIDTHS),
        ("fr", WIDTHS[:1]),
        *(pytest.param(each, WIDTHS, marks=pytest.mark.slow) for each in OTHER_LANGUAGES),
    ],
)
async def test_everything_fits(stage: Stage, language: str, widths: tuple[int, ...]) -> None:
    found = []
    for name, (answers, places) in house_wide.views().items():
        await show(stage, answers, places, language)
        found += await faults(stage, f"{name}-{language}", widths)
        if name == "busy":
            # Behind the reasons of a card, more can be opened.
            for _ in range(2):
                await stage.page.evaluate(OPEN)
                await stage.settle()
            found += await faults(stage, f"open-{language}", widths)
    assert not sorted(set(found))
