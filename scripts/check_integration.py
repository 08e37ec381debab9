"""Check the integration's texts, icons, dependencies, and calls that list config entries.

usage: python -m scripts.check_integration [custom_components/DOMAIN]

Each text exists in all languages, and each entity has an icon. Each levy of the price file needs
its names as labels of the contract's fields and in the cards. Lists of the integration's config
entries come from `known_meters` or `active_meters`.

Prints one line per defect, and exits with status 1 if there is any. On GitHub, hassfest and the
HACS action make further checks at each push. They check the manifest, the English texts, the icons,
the actions and the brand. hassfest's rule for imports is also here.
"""

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from itertools import pairwise, product
from pathlib import Path
from string import Formatter
from typing import Any

from homeassistant.const import Platform
from homeassistant.requirements import DISCOVERY_INTEGRATIONS

from smartyp1.json_types import JsonDict, leaves

# Integrations that a module may import without a dependency, because each Home Assistant has them.
# hassfest knows more of them; these are the ones that the integration uses.
ALWAYS_SET_UP = {"homeassistant", "persistent_notification", "system_health", "websocket_api"}
COMPONENTS = "homeassistant.components"
# tests/check/test_dialog_keys.py checks the errors and ends of dialogs.
DIALOGS = ("step", "progress")
TRANSLATED = ("exceptions", "issues", "device", "selector")
FORBIDDEN = {
    "an address; use a placeholder": re.compile(r"\b[a-z][a-z0-9+.-]*://|\bwww\.", re.IGNORECASE),
    "HTML": re.compile(r"</?[a-z][^>]*>", re.IGNORECASE),
    "a placeholder in single quotes, which would not be filled in": re.compile(r"'\{\w+\}'"),
    "a reference, which only Home Assistant's own build resolves": re.compile(r"\[%key:"),
    "empty, or spaces around it": re.compile(r"\A\s|\s\Z|\A\Z"),
}
WORD = re.compile(r'"([\w-]+)"|\basync_step_(\w+)|translation_key: (\w+)')
SHOWN = re.compile(r'\b(step_id|translation_key)="(\w+)"')
# Pattern of a call whose `step_id` needs no text, because a step that shows progress has no form.
PROGRESS = re.compile(r"async_show_progress\(\s*step_id=")

PRICE_FILE = Path("lib", "prices", "network_prices.toml")
CARD_TEXTS = Path("frontend", "src", "texts", "bill.json")
# Fields of the contract for the prices of the levies, and the other fields among them.
LEVY_FIELDS = "options.step.contract_details.sections.levies.data"
OTHER_LEVY_FIELDS = {"vat", "with_levies", "consumer_category"}

# The only module that may list the integration's entries itself.
ENTRY_LISTS = "coordinator/entry_types.py"
# Functions of Home Assistant that list entries, each with the arguments that calls must name.
ENTRY_LIST_ARGUMENTS = {
    "async_entries": {"include_ignore", "include_disabled"},
    "_async_current_entries": {"include_ignore"},
}
OWN_DOMAIN = {"DOMAIN", "'smarty_p1'"}

type Defects = Iterator[str]
type Texts = dict[str, str]
"""Texts of a language by their dotted paths."""


def read(path: Path) -> Any:  # noqa: ANN401 - JSON
    """Return the decoded content of a JSON file."""
    return json.loads(path.read_text("utf-8"))


def placeholders(text: str) -> set[str]:
    """Return the names of the placeholders in `text`."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def keys(english: Texts, *kinds: str) -> set[str]:
    """Return each key that follows one of `kinds` in the dotted path of a text."""
    paths = (path.split(".") for path in english)
    return {key for path in paths for kind, key in pairwise(path) if kind in kinds}


def check_languages(languages: dict[str, Texts]) -> Defects:
    """Yield a defect for each difference between a language and English.

    A difference is a text that only one of the two languages has, or a text with other
    placeholders. Also yield a defect for each text with forbidden content.
    """
    english = languages["en.json"]
    for language, texts in languages.items():
        for key in sorted(english.keys() ^ texts.keys()):
            yield f"{language}: {key} missing, here or in en.json"
        for key, text in texts.items():
            for rule, pattern in FORBIDDEN.items():
                if pattern.search(text):
                    yield f"{language}: {key}: {rule}"
            if placeholders(text) != placeholders(english.get(key, text)):
                yield f"{language}: {key}: other placeholders than in en.json"


def check_forms(texts: JsonDict) -> Defects:
    """Yield a defect for each form field that has only a name, or only a description."""
    for field in sorted(texts.get("data", {}).keys() ^ texts.get("data_description", {}).keys()):
        yield f"en.json: {field} has a name without a description, or a description alone"
    for value in texts.values():
        if isinstance(value, dict):
            yield from check_forms(value)


def check_texts_exist(english: Texts, platforms: set[str], sources: dict[str, str]) -> Defects:
    """Yield a defect for each key in the source code that has no English text."""
    keys_by_kind = {
        "step_id": keys(english, "step"),
        "translation_key": keys(english, *TRANSLATED, *platforms),
    }
    seen = set()
    for module, code in sources.items():
        for kind, key in SHOWN.findall(PROGRESS.sub("", code)):
            seen.add(kind)
            if key not in keys_by_kind[kind]:
                yield f"{module}: {kind} {key} has no text"
    for kind in sorted(keys_by_kind.keys() - seen):
        yield f"nothing in the code shows any {kind}: this check is blind"


def check_texts_are_used(english: Texts, platforms: set[str], code: str) -> Defects:
    """Yield a defect for each English text whose key does not occur in the source code `code`."""
    words = {word for match in WORD.findall(code) for word in match}
    for kind in (*DIALOGS, *TRANSLATED, *platforms):
        for key in sorted(keys(english, kind) - words):
            yield f"en.json: {kind} {key} is never used"


def check_icons(named: JsonDict, drawn: JsonDict) -> Defects:
    """Yield a defect for each entity without an icon, and for each icon without an entity."""
    for platform in sorted(drawn.keys() | named.keys()):
        for key in sorted(drawn.get(platform, {}).keys() ^ named.get(platform, {}).keys()):
            yield f"icons.json: {platform} {key} has an icon without a name, or a name alone"


def check_levies(levies: JsonDict, languages: dict[str, Texts], cards: dict[str, Texts]) -> Defects:
    """Yield a defect for each levy without a name, or with another one on the card of the bill.

    A name that is no levy is a defect, too.
    """
    for name, (language, texts) in product(levies, cards.items()):
        label = languages[f"{language}.json"].get(f"{LEVY_FIELDS}.{name}")
        if "part" in levies[name]:  # a component of the grid's price, which no form asks for
            label = texts.get(name)
        if label is None or texts.get(name) != label:
            yield f"{language}.json: {LEVY_FIELDS}.{name} is {label}, bill.json: {texts.get(name)}"
    labels = {
        path.rpartition(".")[2]
        for path in languages["en.json"]
        if path.startswith(f"{LEVY_FIELDS}.")
    }
    for name in sorted(labels - levies.keys() - OTHER_LEVY_FIELDS):
        yield f"en.json: {LEVY_FIELDS}.{name} is no levy of the price file"


def imported_integrations(code: str) -> set[str]:
    """Return the domains of the integrations of Home Assistant that a module imports."""
    pending: list[ast.AST] = [ast.parse(code)]
    names: list[str] = []
    while pending:
        node = pending.pop()
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            pending += node.orelse
        else:
            pending += ast.iter_child_nodes(node)
    return {name.split(".")[2] for name in names if name.startswith(f"{COMPONENTS}.")}


def check_dependencies(manifest: JsonDict, sources: dict[str, str]) -> Defects:
    """Yield a defect for each imported integration that is no dependency of the manifest.

    A platform, such as `sensor`, is no dependency, nor is an integration whose platform is a module
    of this integration, nor one that a discovery key of the manifest names.
    """
    own = {name.removesuffix(".py").partition("/")[0] for name in sources}
    discovery = {
        domain
        for domain, keys in DISCOVERY_INTEGRATIONS.items()
        if any(key in manifest for key in keys)
    }
    allowed = {*manifest["dependencies"], *manifest["after_dependencies"]}
    allowed |= own | discovery | ALWAYS_SET_UP | {platform.value for platform in Platform}
    for module, code in sources.items():
        if module.endswith(".py"):
            for domain in sorted(imported_integrations(code) - allowed):
                yield f"{module}: imports {domain}, which is no dependency of the manifest"


def check_entry_lists(sources: dict[str, str]) -> Defects:
    """Yield a defect for each call that may return ignored or disabled entries by mistake.

    Home Assistant returns them unless arguments exclude them. `known_meters` and `active_meters`
    give these arguments for the integration's own entries. Other calls must name them.
    """
    for module, code in sources.items():
        if module == ENTRY_LISTS or not module.endswith(".py"):
            continue
        tree = ast.parse(code)
        calls = {node.func: node for node in ast.walk(tree) if isinstance(node, ast.Call)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in ENTRY_LIST_ARGUMENTS:
                call = calls.get(node)
                values = [*call.args, *(word.value for word in call.keywords)] if call else []
                named = {word.arg for word in call.keywords} if call else set()
                if node.attr == "async_entries" and OWN_DOMAIN & {*map(ast.unparse, values)}:
                    yield f"{module}:{node.lineno}: use known_meters or active_meters"
                elif missing := ", ".join(sorted(ENTRY_LIST_ARGUMENTS[node.attr] - named)):
                    yield f"{module}:{node.lineno}: {node.attr} without {missing}"


def defects(path: Path) -> list[str]:
    """Return all defects of the integration in the directory `path`, one line per defect."""
    texts = {file.name: read(file) for file in sorted((path / "translations").glob("*.json"))}
    languages = {name: dict(leaves(content)) for name, content in texts.items()}
    english, entities = languages["en.json"], texts["en.json"]["entity"]
    prices = tomllib.loads((path / PRICE_FILE).read_text("utf-8"))
    cards = read(path.parents[1] / CARD_TEXTS)
    manifest = read(path / "manifest.json")
    sources = {
        file.relative_to(path).as_posix(): file.read_text("utf-8")
        for file in (*sorted(path.rglob("*.py")), path / "services.yaml")
    }
    return [
        *check_languages(languages),
        *check_forms(texts["en.json"]),
        *check_texts_exist(english, entities.keys(), sources),
        *check_texts_are_used(english, entities.keys(), "\n".join(sources.values())),
        *check_levies(prices["levies"], languages, cards),
        *check_icons(entities, read(path / "icons.json")["entity"]),
        *check_dependencies(manifest, sources),
        *check_entry_lists(sources),
    ]


def main() -> int:
    """Check the integration in the directory that the command line names, and print its defects."""
    here = Path(__file__).resolve().parents[1] / "custom_components" / "smarty_p1"
    lines = defects(Path(sys.argv[1]) if len(sys.argv) > 1 else here)
    print(*lines or ["no defects"], sep="\n")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main())
