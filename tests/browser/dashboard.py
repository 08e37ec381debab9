"""Cards of the dashboard on a page of Home Assistant."""

import asyncio
import re
import time
from dataclasses import dataclass

from dev.testing.real_programs import PATIENCE

from .household import Household

# Texts in shadow roots; texts for screen readers alone are not seen.
CARDS = """() => {
    const cards = [];
    const textOf = (node) => {
        if (node.nodeType === Node.TEXT_NODE) return node.textContent;
        if (node.nodeType !== Node.ELEMENT_NODE) return "";
        if (node.matches("style, script, .hidden")) return "";
        return [...(node.shadowRoot?.childNodes ?? []), ...node.childNodes].map(textOf).join(" ");
    };
    const visit = (root) => {
        for (const node of root.querySelectorAll("*")) {
            if (/^smarty-p1-(?!.*editor)/.test(node.localName) && node.shadowRoot) {
                const of = (element) => textOf(element).replace(/\\s+/g, " ").trim();
                const title = node.shadowRoot.querySelector("h2");
                const text = [...node.shadowRoot.childNodes].map(of).join(" ").trim();
                const { width, height } = node.getBoundingClientRect();
                cards.push([node.localName, title ? of(title) : "", text, width, height]);
            } else if (node.shadowRoot) visit(node.shadowRoot);
        }
    };
    visit(document);
    return cards;
}"""


# Texts of a moment: before the first answer, and while the entry is loaded again.
PASSING = re.compile(r"One moment…|This meter is not being read at the moment\.")


@dataclass
class Card:
    """The text and the size of a card."""

    name: str
    title: str
    text: str
    width: float
    height: float

    @property
    def is_empty(self) -> bool:
        """Whether it is a frame with a title, and no more."""
        return not self.text.replace(self.title, "", 1).strip()


async def cards_of(who: Household) -> list[Card]:
    """Return the cards of the page, from left to right and downwards."""
    return [Card(*found) for found in await who.page.evaluate(CARDS)]


async def shows_cards(who: Household, *names: str) -> list[Card]:
    """Wait until the cards are there with their values."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = await cards_of(who)
        is_there = [card.name.removeprefix("smarty-p1-") for card in found] == list(names)
        passing = [card.name for card in found if PASSING.search(card.text)]
        if is_there and not passing and not any(card.is_empty for card in found):
            return found
        assert time.monotonic() < deadline, f"{who.page.url} never showed {names}: {found}"
        # A card below the window asks for nothing until somebody scrolls to it.
        if is_there and passing:
            await who.page.locator(passing[0]).first.scroll_into_view_if_needed()
        await asyncio.sleep(0.2)
