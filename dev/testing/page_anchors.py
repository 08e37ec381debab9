"""Anchors of a page: the places that links lead to."""

import re
from pathlib import Path


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings; examples have comments that look like headings."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }
