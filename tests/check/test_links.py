"""Links that remark does not check: addresses in code and forms, pictures, files in a table."""

import re
from urllib.parse import unquote

from dev.checkout import ROOT
from dev.release_contents import file_modes
from dev.testing.page_anchors import anchors

# Files that name pages by their addresses: forms on GitHub, blueprints, services, the integration.
FOLDERS = (
    ".github",
    "blueprints",
    "custom_components",
    *(f"programs/smarty_p1_{name}" for name in ("cli", "fleet", "gateway")),
)
# Pages that name files of the repository.
PAGES = (
    "CONTRIBUTING.md",
    "docs/architecture.md",
    "docs/formats.md",
    *(f"docs/developing/{name}.md" for name in ("cards", "releases", "tests")),
    "programs/README.md",
)
HERE = re.compile(
    r"https://github\.com/smarty-p1/smarty_p1(/blob/main/[\w./-]+)?(#[\w-]+)?(?![\w/-])"
)


def test_addresses_of_this_repository_lead_somewhere() -> None:
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    addresses = {
        address.groups("")
        for path in (*files, ROOT / "programs" / "pyproject.toml")
        if path.suffix not in (".md", ".png", ".pyc")
        for address in HERE.finditer(unquote(path.read_text("utf-8")))
    }
    assert len(addresses) > 8
    for blob, anchor in addresses:
        target = ROOT / (blob.removeprefix("/blob/main/") or "README.md")
        assert target.is_file(), blob
        assert not anchor or anchor[1:] in anchors(target), f"{blob}{anchor}"


def test_the_pages_show_every_picture_and_no_other() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("programs/docs/*.md")]
    texts = [page.read_text("utf-8") for page in pages]
    shown = {name for text in texts for name in re.findall(r"\bimages/([\w.-]+)", text)}
    assert {path.name for path in (ROOT / "docs" / "images").iterdir()} == shown


def test_the_files_that_maintainers_look_for_are_there() -> None:
    tracked = [f"/{path}" for path in file_modes(ROOT)]
    wanted = [
        name
        for page in PAGES
        for name in re.findall(
            r"`([\w/-]+(?:\.(?:py|ts|mjs|toml|json)|/))`", (ROOT / page).read_text("utf-8")
        )
    ]
    assert len(wanted) >= 100
    assert [name for name in wanted if not any(f"/{name}" in path for path in tracked)] == []
