"""Names of the frontend's buttons and pages in the texts, as the frontend names them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.checkout import ROOT

from .controls import CONTROLS, ELSEWHERE, LANGUAGES, OTHER_SIGNS, SIGNS, WAYS
from .texts import Texts

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
    re.findall(r"(?m)^name: (.*)$", form.read_text("utf-8"))[0]
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


# The name behind a sign: either after an arrow of a path, or marked by "*" or quotes in the next
# words.
NAMED = re.compile(
    r" [›→] \*?([^*›→.,;:]+)|[^*“„«.;|]{0,16}[*“„«]\s?([^*”“»›→.]+?)\s?[*”“»›→.]"  # noqa: RUF001
)


@pytest.fixture(params=["newest", "oldest"])
def packages(request: pytest.FixtureRequest) -> Path | None:
    """Return the packages of the oldest Home Assistant. None stands for the newest one."""
    folder: Path | None = request.config.getoption("--oldest", default=None)
    if request.param == "oldest" and folder is None:
        pytest.skip("needs --oldest")
    return folder if request.param == "oldest" else None


def texts_and_pages(texts: Texts) -> Iterator[tuple[str, str]]:
    """Yield each text and page of a language, with its place."""
    yield from texts.all_own.items()
    yield from of_cards(texts.language).items()
    translated = {ROOT / "docs" / f"{language}.md" for language in LANGUAGES[1:]}
    english = {*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")} - translated
    pages = english if texts.language == "en" else {ROOT / "docs" / f"{texts.language}.md"}
    for page in sorted(pages):
        yield page.name, " ".join(page.read_text(encoding="utf-8").split())


def of_cards(language: str) -> dict[str, str]:
    """Return the texts of the cards."""
    return {
        f"{file.stem}.{name}": text
        for file in sorted(ROOT.glob("frontend/src/texts/*.json"))
        for name, text in json.loads(file.read_text(encoding="utf-8"))[language].items()
        if isinstance(text, str)
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_signs_are_followed_by_names_of_their_items(language: str, packages: Path | None) -> None:
    texts = Texts(language, packages)
    others = tuple(each.casefold() for each in OTHER_SIGNS.get(language, ()))
    words = {sign: words[language] for sign, words in SIGNS.items() if language in words}
    found = 0
    for place, text in texts_and_pages(texts):
        for sign, word in words.items():
            for start in re.finditer(re.escape(word), text, re.IGNORECASE):
                rest = text[start.start() :]
                if rest.casefold().startswith(others):
                    continue
                fits = {
                    f"{word} {of}": control
                    for control in CONTROLS
                    if control.sign == sign
                    for of in control.of.get(language, ())
                    if rest.casefold().startswith(f"{word} {of}".casefold())
                }
                assert fits, f"{place}: {rest[:60]}"
                ((phrase, control),) = fits.items()
                opens = {texts.named(key) for key in (control.name, *control.opens)}
                if (named := NAMED.match(rest[len(phrase) :])) and "{" not in named[0]:
                    assert (named[1] or named[2]) in opens, f"{place}: {rest[:90]}"
                    found += 1
    assert found


@pytest.mark.parametrize("language", LANGUAGES)
def test_menus_and_gears_have_the_words_of_the_table(language: str) -> None:
    texts = Texts(language)
    of = "|".join({word for control in CONTROLS for word in control.of.get(language, ())})
    other = re.compile(
        rf"\b(?:menu|menü) (?:{of})|\b(?:meter|load|battery)'s (?:menu|gear)", re.IGNORECASE
    )
    for place, text in texts_and_pages(texts):
        assert not other.search(text), place


@pytest.mark.parametrize("language", LANGUAGES)
def test_fields_of_cards_are_items_of_their_sign(language: str) -> None:
    texts = Texts(language)
    own = set(texts.all_own.values())
    gear, menu = ({texts.named(key) for key in control.opens} for control in CONTROLS[:2])
    fields = {
        name: text for name, text in of_cards(language).items() if name.startswith("common.field_")
    }
    assert len(fields) > 5
    for name, text in fields.items():
        first, *others = text.split(" › ")  # noqa: RUF001
        assert first.startswith(tuple(menu if name == "common.field_cable" else gear)), name
        assert not others or others[-1] in own, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_ways_through_the_settings_lead_to_pages(language: str, packages: Path | None) -> None:
    texts = Texts(language, packages)
    ways = [[texts.settings, *map(texts.named, way)] for way in WAYS]
    ways += [[texts.settings, each] for each in ELSEWHERE]
    apart = " › | → "  # noqa: RUF001
    found = 0
    for place, text in texts_and_pages(texts):
        for start in re.finditer(rf"{texts.settings}(?:{apart})", text):
            rest = re.split(apart, text[start.start() : start.start() + 200])
            fits = [
                way
                for way in ways
                if rest[: len(way) - 1] == way[:-1]
                and len(rest) >= len(way)
                and re.match(rf"{re.escape(way[-1])}(?!\w)", rest[len(way) - 1])
            ]
            assert fits, f"{place}: {rest}"
            found += 1
    assert found


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_in_the_form_of_a_card_names_no_field_of_a_section(language: str) -> None:
    # The card of the plan asks for the fields outside the sections alone.
    load, texts = "config_subentries.load.step.", Texts(language).all_own
    behind = {
        text for path, text in texts.items() if path.startswith(load) and ".sections." in path
    }
    asked = re.compile(rf"{re.escape(load)}\w+\.data_description\.")
    for path, text in texts.items():
        if asked.match(path):
            assert not behind & set(re.findall(r"\*([^*]+)\*", text)), path


def test_cards_in_pages_have_the_names_of_cards() -> None:
    own = "Smarty: "
    names = {text[len(own) :] for text in of_cards("en").values() if text.startswith(own)}
    found = [
        (place, card.removeprefix(own))
        for place, text in texts_and_pages(Texts("en"))
        for card in re.findall(r"\bcard \*([^*]+)\*", text)
    ]
    assert len(found) > 10
    assert not [(place, card) for place, card in found if card.lower() not in names]


@pytest.mark.parametrize("language", LANGUAGES)
def test_buttons_and_pages_are_called_as_in_the_frontend(
    language: str, packages: Path | None
) -> None:
    texts = Texts(language, packages)
    known = texts.all_of_frontend | set(texts.all_own.values()) | STATES | OTHER_PAGES
    # The integration's page has only the button "Add device": the other one is named otherwise.
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
