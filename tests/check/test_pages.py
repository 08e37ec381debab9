"""The pages for households: how long they are, what stands on one of them only, their words."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
GLOSSARY = DOCS / "glossary.md"
# Where a household meets a word of the glossary first.
WORDS = {
    "README.md": ("telegram", "reference power"),
    "docs/automations.md": ("telegram", "reference power"),
    "docs/entities.md": ("capture", "reference power"),
    "docs/gateway.md": ("telegram", "system title"),
    "docs/setup.md": ("telegram",),
    "docs/supported.md": ("telegram", "frame counter"),
    "docs/tariff.md": ("reference power",),
    "docs/trust.md": ("telegram", "frame counter", "system title"),
    "docs/upkeep.md": ("frame counter",),
}
# What somebody who sets something up reads from the beginning to the end.
MAX_WORDS = {"README.md": 550, "docs/gateway.md": 1700, "docs/tariff.md": 2900}
# How tests are made is for those who make them.
FOR_DEVELOPERS = {"architecture", "library", "performance", "reliability"}
PROTOCOL = re.compile(
    r"tests/|this project's tests|\*Tested|pseudo terminal|hardware missing|missed aim"
)
ONE_READER = re.compile(
    r"(?:one|single) (?:reader|program|client)\b(?! more)|(?:both|two programs) cannot read"
)


def text_of(page: Path) -> str:
    """Return a page without its examples."""
    text = page.read_text(encoding="utf-8")
    return re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)


def prose_of(page: Path) -> str:
    """Return a page as one line, without examples, headings, tables, pictures and addresses."""
    lines = text_of(page).splitlines()
    kept = (line for line in lines if not re.match(r"\s*(#|\||!\[|<img|\[[\w-]+\]: )", line))
    return " ".join(" ".join(kept).split())


def households() -> list[Path]:
    """Return the pages that are not for developers alone."""
    pages = [page for page in DOCS.glob("*.md") if page.stem not in FOR_DEVELOPERS]
    return [ROOT / "README.md", *sorted(pages)]


@pytest.mark.parametrize(("page", "most"), MAX_WORDS.items())
def test_a_page_is_short_enough_to_be_read(page: str, most: int) -> None:
    assert len((ROOT / page).read_text(encoding="utf-8").split()) <= most


def test_that_a_port_has_one_reader_is_explained_once() -> None:
    proses = {page.stem: re.sub(r"\[[^]]*\]\([^)]*\)", "", prose_of(page)) for page in households()}
    assert [page for page, prose in proses.items() if ONE_READER.search(prose.lower())] == ["cable"]


@pytest.mark.parametrize("page", households(), ids=lambda page: page.stem)
def test_how_tests_are_made_is_told_to_developers(page: Path) -> None:
    assert PROTOCOL.findall(text_of(page)) == []


def test_the_glossary_has_five_words() -> None:
    headings = re.findall(r"^## (.+)$", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)
    used = {word for words in WORDS.values() for word in words}
    assert len(headings) == len(used) == 5
    assert {heading.lower() for heading in headings} == used


@pytest.mark.parametrize(
    ("page", "word"), [(page, word) for page, words in WORDS.items() for word in words]
)
def test_a_word_leads_to_the_glossary_where_it_comes_first(page: str, word: str) -> None:
    prose = prose_of(ROOT / page)
    first = re.search(rf"\b{word}", prose, re.IGNORECASE)
    assert first
    link = re.compile(rf"[^]]*\]\((?:docs/)?glossary\.md#{word.replace(' ', '-')}\)")
    assert link.match(prose, first.start()), prose[first.start() - 80 : first.end() + 80]


@pytest.mark.parametrize("language", ["de", "fr", "lb", "pt"])
def test_a_guide_leads_to_the_pages_that_matter_most(language: str) -> None:
    links = set(re.findall(r"\]\((\w[\w-]*)\.md", (DOCS / f"{language}.md").read_text("utf-8")))
    assert {"key", "trust", "supported", "entities", "setup", "tariff", "automations"} <= links


@pytest.mark.parametrize("page", ["automations", "entities", "de", "fr", "lb", "pt"])
def test_that_the_main_fuse_is_not_protected_is_said_or_linked(page: str) -> None:
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    assert "#the-main-fuse-and-several-chargers" in text


def test_that_the_main_fuse_is_not_protected_is_said_in_bold() -> None:
    assert "**Nothing here protects the main fuse, or a phase.**" in prose_of(
        DOCS / "automations.md"
    )
