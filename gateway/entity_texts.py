"""The integration's own names of entities and devices, their icons, and its version."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from smartyp1.publish import DOMAIN, Texts

# In the package as it is installed, and in a clone.
_PLACES = (
    Path(__file__).parent / "texts",
    Path(__file__).resolve().parents[1] / "custom_components" / "smarty_p1",
)


def _directory() -> Path:
    return next(place for place in _PLACES if (place / "manifest.json").exists())


def _read(*parts: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(_directory().joinpath(*parts).read_text(encoding="utf-8"))
    return content


def languages() -> list[str]:
    """Return the languages that there are names in."""
    return sorted(path.stem for path in (_directory() / "translations").glob("*.json"))


def load_texts(language: str) -> Texts:
    """Return the names in a language, and the icons."""
    translations = _read("translations", f"{language}.json")
    names = {kind: translations[kind] for kind in ("device", "entity")}
    return Texts(dict(_leaves(names)), _read("icons.json")["entity"])


def load_origin() -> dict[str, str]:
    """Return who announces meters."""
    manifest = _read("manifest.json")
    return {
        "name": DOMAIN,
        "sw_version": manifest["version"],
        "support_url": manifest["documentation"],
    }


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts of a tree with their dotted paths."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
