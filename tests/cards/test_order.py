"""Texts of a card are read as they stand: from the top, from the left. Cards are drawn in turn."""

import pytest

from . import house, house_today
from .stage import Stage
from .test_accessibility import VIEWS, show_view

# Texts of drawings have places of their own. In a row of a table, a cell may have more lines than
# the one before.
ORDER = """() => {
    const faults = [];
    for (const card of document.querySelectorAll("main > *")) {
        const texts = [];
        const frame = card.shadowRoot.querySelector("ha-card");
        const walker = document.createTreeWalker(frame, NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const around = node.parentElement;
            if (!node.data.trim() || !around.checkVisibility()) continue;
            if (around.closest(".hidden, style, select, svg, .chart")) continue;
            if (around.closest("[aria-hidden=true]:not(p)")) continue;
            const range = document.createRange();
            range.selectNodeContents(node);
            const line = [...range.getClientRects()].find(({ width }) => width > 1);
            const row = around.closest("tr, [role=row], .voltage, .kinds");
            if (line) texts.push({ text: node.data.trim().slice(0, 40), line, row });
        }
        texts.forEach(({ text, line, row }, index) => {
            for (const { text: later, line: other, row: next } of texts.slice(index + 1)) {
                if (row && row === next) continue;
                const isAbove = other.bottom <= line.top + 1;
                const shared = Math.min(line.bottom, other.bottom) - Math.max(line.top, other.top);
                const isSameLine = shared > Math.min(line.height, other.height) / 2;
                if (isAbove || (isSameLine && other.right <= line.left + 1)) {
                    faults.push(`${card.localName}: "${later}" stands before "${text}"`);
                }
            }
        });
    }
    return faults;
}"""


@pytest.mark.parametrize("language", ["en", "de", "fr", "lb", "pt"])
@pytest.mark.parametrize("view", VIEWS)
async def test_the_texts_of_a_card_follow_each_other(
    stage: Stage, view: str, language: str
) -> None:
    await show_view(stage, view, language)
    for width in (320, 390):
        await stage.page.set_viewport_size({"width": width, "height": 3000})
        for _ in range(2):
            await stage.settle()
        assert not await stage.page.evaluate(ORDER), width


async def show_without_live(stage: Stage) -> None:
    """Show two cards, of which the first one lacks an answer."""
    answers = house_today.answers() | {"smarty_p1/live": None}
    await stage.show("smarty-p1-today", "smarty-p1-so-far", answers=answers)


@pytest.mark.parametrize("answer", ["comes", "never comes"])
async def test_a_card_is_drawn_after_the_answers_of_the_one_above_it(
    stage: Stage, answer: str
) -> None:
    await show_without_live(stage)
    heights = "[...document.querySelectorAll('main > *')].map((card) => card.offsetHeight)"
    first, second = await stage.page.evaluate(heights)
    assert first
    assert not second
    if answer == "comes":
        await stage.send(house.live())
    else:
        await stage.passes(18)
    await stage.waits_for(f"{heights}[1]")


async def test_a_card_waits_until_the_one_above_it_is_drawn_with_its_answers(stage: Stage) -> None:
    await show_without_live(stage)
    # Each card takes a frame of its own, and the second one has asked first.
    await stage.page.evaluate("""() => {
        const cards = [...document.querySelectorAll("main > *")];
        let time = performance.now();
        performance.now = () => (time += 50);
        cards[1].requestUpdate();
        window.heights = [];
        const look = () => {
            heights.push(cards.map((card) => card.offsetHeight));
            requestAnimationFrame(look);
        };
        look();
    }""")
    await stage.send(house.live())
    await stage.waits_for("heights.at(-1)[1]")
    seen = await stage.page.evaluate("heights")
    assert len({first for first, second in seen if second}) == 1
