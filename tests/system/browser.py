"""Headless Chromium on Home Assistant's pages."""

import os
import shutil

# Without windows, Chromium needs a third less of the processor. TEST_BROWSER chooses another one.
BROWSERS = (
    (os.environ["TEST_BROWSER"],)
    if os.environ.get("TEST_BROWSER")
    else ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
)

# The frontend is made of web components: its visible text is spread over their shadow roots.
VISIBLE_TEXT = """() => {
    const texts = [];
    const visit = (node) => {
        if (node.nodeType === Node.TEXT_NODE) texts.push(node.textContent);
        if (["STYLE", "SCRIPT"].includes(node.nodeName)) return;
        // A link to the table of a card is for screen readers alone.
        if (node.nodeName === "BUTTON" && node.className === "hidden") return;
        for (const child of node.shadowRoot?.childNodes ?? []) visit(child);
        for (const child of node.childNodes) visit(child);
    };
    visit(document.body);
    return texts.join(" ").replace(/\\s+/g, " ");
}"""


def executable() -> str | None:
    """Return the path of the browser there is."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)
