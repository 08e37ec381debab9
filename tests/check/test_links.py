"""What the documents refer to is there."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
INTEGRATION = ROOT / "custom_components" / "smarty_p1"
IMAGES = ROOT / "docs" / "images"
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
# What names pages by their addresses: forms on GitHub, blueprints, services, the integration.
FOLDERS = (".github", "blueprints", "custom_components", "docs", "fleet", "gateway")
HERE = re.compile(
    r"https://github\.com/smarty-p1/smarty_p1(/blob/main/[\w./-]+)?(#[\w-]+)?(?![\w/-])"
)


def text_of(page: Path) -> str:
    """Return a page without its examples, which have comments like headings."""
    return re.sub(
        r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )


def anchors(page: Path) -> set[str]:
    """Return what the headings of a page are called in addresses."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


def links(page: Path) -> list[str]:
    """Return where a page leads to, and the pictures it shows."""
    text = text_of(page)
    defined = dict(re.findall(r"^\[([^]]+)\]: (\S+)$", text, re.MULTILINE))
    used = re.findall(r"\]\[([^]]+)\]", text)
    assert set(used) == defined.keys()
    direct = re.findall(r"\]\(([^)\s]+)\)", text)
    return [*direct, *re.findall(r'(?:src|href)="([^"]+)"', text), *defined.values()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for path, _, anchor in (link.partition("#") for link in links(page) if "://" not in link):
        target = page.parent / path if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


def test_addresses_of_this_repository_lead_somewhere() -> None:
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    addresses = {
        found.groups("")
        for path in (*files, *ROOT.glob("*.md"), ROOT / "pyproject.toml")
        if path.suffix not in (".png", ".pyc")
        for found in HERE.finditer(unquote(path.read_text(encoding="utf-8")))
    }
    assert len(addresses) > 8
    for blob, anchor in addresses:
        target = ROOT / (blob.removeprefix("/blob/main/") or "README.md")
        assert target.is_file(), blob
        assert not anchor or anchor[1:] in anchors(target), f"{blob}{anchor}"


def test_every_picture_is_shown() -> None:
    shown = {(page.parent / link).resolve() for page in PAGES for link in links(page)}
    assert {path for path in IMAGES.iterdir() if path.resolve() not in shown} == set()


def test_the_files_to_change_are_there() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| .+ \| (.+) \|$", page, re.MULTILINE)
    files = [name for row in table for name in re.findall(r"`([\w/.-]+)`", row)]
    assert len(files) >= 7
    there = [name for name in files for at in (INTEGRATION, ROOT) if (at / name).exists()]
    assert set(files) - set(there) == set()
