"""Names of the frontend's buttons and pages in the texts, as the frontend names them."""

import re

import pytest

from dev.demo.home_assistant import ROOT

from .texts import Texts

LANGUAGES = ("en", "de", "fr", "lb", "pt")
QUOTED = re.compile(r"[“„«]\s?([^”“»]+?)\s?[”“»]")
BETWEEN_PAGES = " › "  # noqa: RUF001 - as in the texts
# A path from page to page; the last page may be an integration's.
PATH = re.compile(rf"(?:\b[\w'&-]+(?: [\w'&-]+)*{BETWEEN_PAGES})+")
# States of an entity, which differ between the kinds of entities.
STATES = {"Aus", "An", "Un"}
# The pages and buttons of GitHub, which is in English.
GITHUB = {"Issues", "New issue"}
# The forms for issues of this project, which are in English.
FORMS = {
    re.findall(r"(?m)^name: (.*)$", form.read_text(encoding="utf-8"))[0]
    for form in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")
    if form.name != "config.yml"
}
# The pages of Leneda's portal.
PORTAL = {"your name", "dein Name", "votre nom", "Ären Numm", "o seu nome"}
PORTAL |= {
    "My Profile",
    "Mein Profil",
    "Mon profil",
    "API Keys",
    "API-Schlüssel",
    "Clés API",
    "Add",
}
OTHER_PAGES = GITHUB | FORMS | PORTAL


@pytest.mark.parametrize("language", LANGUAGES)
def test_buttons_and_pages_are_called_as_in_the_frontend(language: str) -> None:
    texts = Texts(language)
    known = texts.all_of_frontend | set(texts.all_own.values()) | STATES | OTHER_PAGES
    # The integration's page has one button to add, named after the integration's type.
    page = "panel.config.integrations.integration_page.add_"
    known -= {texts.of_frontend(f"{page}entry")} - {texts.of_frontend(f"{page}device")}

    for path, text in texts.all_own.items():
        for quoted in QUOTED.findall(text):
            assert quoted in known, f"{path}: {quoted}"
        for pages in PATH.finditer(text):
            *_, last = names = pages[0].removesuffix(BETWEEN_PAGES).split(BETWEEN_PAGES)
            # The first page is at the end of the words before it.
            assert any(names[0].endswith(each) for each in known), f"{path}: {pages[0]}"
            assert set(names[1:]) <= known, f"{path}: {last}"
            # The last page is at the start of the words behind it.
            words = re.findall(r"[^\s*.,:;]+", text[pages.end() :])
            starts = {" ".join(words[:count]) for count in range(1, len(words) + 1)}
            assert starts & known or "{" in words[0], f"{path}: {words}"
