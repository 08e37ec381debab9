"""Faults that axe-core finds in the page for readers with low or without vision."""

import pytest
from playwright.async_api import Page

from dev.checkout import ROOT

_AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# A page has other things around a card: its headings and landmarks are not the card's.
_NOT_OF_CARDS = ["heading-order", "region"]
_RUN = """async ([tags, without]) => {
    const cards = [];
    const visit = (root) => {
        for (const node of root.querySelectorAll("*")) {
            if (/^smarty-p1-/.test(node.localName)) cards.push(node);
            else if (node.shadowRoot) visit(node.shadowRoot);
        }
    };
    visit(document);
    const rules = Object.fromEntries(without.map((rule) => [rule, { enabled: false }]));
    const results = cards.length && await axe.run(cards, {
        runOnly: { type: "tag", values: tags }, rules, resultTypes: ["violations"],
    });
    const found = cards.length ? [] : ["no card is on the page"];
    for (const { id, nodes } of results.violations ?? []) {
        for (const node of nodes) found.push(`${id}: ${node.html} ${node.failureSummary}`);
    }
    // Of what is written in drawings axe cannot say what it stands on: the card, or its own halo.
    const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const luminance = (colour) => {
        pixel.fillStyle = colour;
        pixel.fillRect(0, 0, 1, 1);
        const [red, green, blue] = [...pixel.getImageData(0, 0, 1, 1).data].map((value) =>
            value <= 10 ? value / 3294 : ((value / 255 + 0.055) / 1.055) ** 2.4);
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    for (const card of cards) {
        const body = card.shadowRoot.querySelector("ha-card") ?? card;
        const ground = luminance(getComputedStyle(body).backgroundColor);
        for (const text of card.shadowRoot.querySelectorAll("svg text")) {
            const own = luminance(getComputedStyle(text).fill);
            const contrast = (Math.max(own, ground) + 0.05) / (Math.min(own, ground) + 0.05);
            if (contrast < 4.5) found.push(`contrast ${contrast.toFixed(2)}: ${text.outerHTML}`);
        }
    }
    return found;
}"""


async def complaints(page: Page) -> list[str]:
    """Return the faults in the cards of a page."""
    if not _AXE.exists():
        pytest.fail("axe-core is not there: scripts/cards installs it")
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_AXE.read_text("utf-8"))
    found: list[str] = await page.evaluate(_RUN, [_TAGS, _NOT_OF_CARDS])
    return found
