"""Texts of the pages in each language: the integration's own texts, and the frontend's."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from dev.demo.home_assistant import INTEGRATION
from dev.testing.real_programs import DEMO_PYTHON
from smartyp1.json_types import JsonDict

# The frontend loads the texts of some pages apart.
_PARTS = ("", "config", "lovelace")


class Texts:
    """The texts of one language: in the newest Home Assistant, or in that of some packages."""

    def __init__(self, language: str, packages: Path | None = None) -> None:
        self.language = language
        self._own = _load(INTEGRATION / "translations" / f"{language}.json")
        self._frontend: dict[str, str] = {}
        for part in _PARTS:
            folder = (packages or _newest_packages()) / "hass_frontend" / "static" / "translations"
            (path,) = (folder / part).glob(f"{language}-{'[0-9a-f]' * 32}.json")
            self._frontend |= _load(path)

    def own(self, path: str) -> str:
        """Return a text of the integration by its path, with simple blanks only."""
        node: Any = self._own
        for name in path.split("."):
            node = node[name]
        return " ".join(str(node).split())

    @property
    def all_own(self) -> dict[str, str]:
        return dict(_leaves(self._own))

    @property
    def all_of_frontend(self) -> set[str]:
        return set(self._frontend.values())

    def of_frontend(self, path: str) -> str:
        """Return a text of the frontend by its path below `ui`."""
        return self._frontend[f"ui.{path}"]

    def named(self, key: str) -> str:
        """Return the name of a control: of the frontend, or of the integration behind "own."."""
        return self.own(key.removeprefix("own.")) if "own." in key else self.of_frontend(key)

    @property
    def settings(self) -> str:
        """Return the name of the page with all settings."""
        return self._frontend["panel.config"]


def _leaves(tree: JsonDict, path: str = "") -> Iterator[tuple[str, str]]:
    for name, node in tree.items():
        if isinstance(node, dict):
            yield from _leaves(node, f"{path}{name}.")
        else:
            yield path + name, node


def _load(path: Path) -> JsonDict:
    loaded: JsonDict = json.loads(path.read_text("utf-8"))
    return loaded


@cache
def _newest_packages() -> Path:
    return next((DEMO_PYTHON.parents[1] / "lib").glob("python*")) / "site-packages"
