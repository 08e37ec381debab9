"""Check what hassfest and the action of HACS leave out of a custom integration.

usage: check_integration.py [custom_components/DOMAIN]

Prints one line per defect, and exits with status 1 if there is any. Those two run on GitHub at each
change and look at manifest, English texts, icons, actions, brand and hacs.json; of these, only
what would break the integration at once is looked at here.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from string import Formatter
from typing import Any

import homeassistant
import yaml

# Keys of the manifest without which the integration is not loaded, or not installed.
NEEDED = {"config_flow", "domain", "name", "version"}  # by Home Assistant
NEEDED |= {"codeowners", "documentation", "issue_tracker"}  # by HACS
# This one speaks of every rule there is.
RULES = Path("components", "homewizard", "quality_scale.yaml")
# What Home Assistant's own helpers end a flow with.
ABORTS = {"already_configured", "reauth_successful", "reconfigure_successful", "unique_id_mismatch"}
TRANSLATED = ("exceptions", "issues", "device", "selector")
FORBIDDEN = {
    "an address; use a placeholder": re.compile(r"\b[a-z][a-z0-9+.-]*://|\bwww\.", re.IGNORECASE),
    "HTML": re.compile(r"</?[a-z][^>]*>", re.IGNORECASE),
    "a placeholder in single quotes, which would not be filled in": re.compile(r"'\{\w+\}'"),
    "a reference, which only Home Assistant's own build resolves": re.compile(r"\[%key:"),
    "empty, or spaces around it": re.compile(r"\A\s|\s\Z|\A\Z"),
}
WORD = re.compile(r'"([\w-]+)"|\basync_step_(\w+)')
SHOWN = re.compile(r'\b(step_id|reason|translation_key)="(\w+)"|errors\[[^]]+\] = "(\w+)"')
SELECTOR = re.compile(r"translation_key: (\w+)")
# A step that waits for a task has no form.
PROGRESS = re.compile(r"async_show_progress\(\s*step_id=")

type Defects = Iterator[str]


class UnreadableError(Exception):
    """A file is missing or cannot be parsed, so what depends on it cannot be checked."""


def read_object(path: Path) -> dict[str, Any]:
    """Return the object a JSON or YAML file holds."""
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        message = f"{path.name}: {error}"
        raise UnreadableError(message) from error
    if not isinstance(content, dict):
        message = f"{path.name}: not an object"
        raise UnreadableError(message)
    return content


class Integration:
    """The files of one integration."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def english(self) -> dict[str, Any]:
        """The texts every other language is measured by."""
        return read_object(self.path / "translations" / "en.json")

    @cached_property
    def languages(self) -> dict[str, dict[str, str]]:
        """The texts of every language by their dotted paths."""
        files = sorted((self.path / "translations").glob("*.json"))
        return {path.name: dict(leaves(read_object(path))) for path in files}

    @cached_property
    def sources(self) -> dict[str, str]:
        """The code, by its path within the integration."""
        return {
            path.relative_to(self.path).as_posix(): path.read_text(encoding="utf-8")
            for path in sorted(self.path.rglob("*.py"))
        }

    @cached_property
    def words(self) -> set[str]:
        """What stands in quotes in the code, the steps of functions, the selectors of actions."""
        code = "\n".join(self.sources.values())
        words = {quoted or step for quoted, step in WORD.findall(code)}
        actions = self.path / "services.yaml"
        return words | set(SELECTOR.findall(actions.read_text() if actions.exists() else ""))

    def keys(self, *kinds: str) -> set[str]:
        """Return the keys of some kinds of texts, wherever in the texts the kinds stand."""
        paths = (path.split(".") for path in self.languages["en.json"])
        return {key for path in paths for kind, key in pairwise(path) if kind in kinds}


def leaves(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the texts of a tree with their dotted paths."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def placeholders(text: str) -> set[str]:
    """Return the names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def check_manifest(integration: Integration) -> Defects:
    """Check what keeps Home Assistant from loading the integration, or from discovering meters."""
    manifest = read_object(integration.path / "manifest.json")
    if list(manifest) != sorted(manifest, key=lambda key: (key != "domain", key != "name", key)):
        yield "manifest.json: keys not in order: domain, name, then alphabetical"
    for key in sorted(NEEDED - manifest.keys()):
        yield f"manifest.json: {key} missing"
    if manifest.get("domain") != integration.path.name:
        yield f"manifest.json: domain is not the directory's name, {integration.path.name}"
    for source in sorted({"dhcp", "mqtt", "ssdp", "usb", "zeroconf"} & manifest.keys()):
        if source not in integration.words:
            yield f"manifest.json: {source}: the config flow has no async_step_{source}"


def check_languages(integration: Integration) -> Defects:
    """Check every text, and that every language has the keys and placeholders of the English."""
    english = integration.languages["en.json"]
    for language, texts in integration.languages.items():
        for key in sorted(english.keys() ^ texts.keys()):
            yield f"{language}: {key} missing, here or in en.json"
        for key, text in texts.items():
            for what, pattern in FORBIDDEN.items():
                if pattern.search(text):
                    yield f"{language}: {key}: {what}"
            if placeholders(text) != placeholders(english.get(key, text)):
                yield f"{language}: {key}: other placeholders than in en.json"


def check_forms(integration: Integration) -> Defects:
    """Check that every field of every form has a name and a description."""
    for part in forms(integration.english):
        for field in sorted(part.get("data", {}).keys() ^ part.get("data_description", {}).keys()):
            yield f"en.json: {field} has a name without a description, or a description alone"


def forms(texts: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every form and every section of one."""
    if "data" in texts or "data_description" in texts:
        yield texts
    for value in texts.values():
        if isinstance(value, dict):
            yield from forms(value)


def check_texts_exist(integration: Integration) -> Defects:
    """Check that what the code shows has a text."""
    known = {
        "step_id": integration.keys("step"),
        "reason": integration.keys("abort"),
        "translation_key": integration.keys(*TRANSLATED, *integration.english["entity"]),
        "errors": integration.keys("error"),
    }
    seen = set()
    for module, code in integration.sources.items():
        for argument, argument_key, error_key in SHOWN.findall(PROGRESS.sub("", code)):
            kind, key = argument or "errors", argument_key or error_key
            seen.add(kind)
            if key not in known[kind]:
                yield f"{module}: {kind} {key} has no text"
    for kind in sorted(known.keys() - seen):
        yield f"nothing in the code shows any {kind}: this check is blind"


def check_texts_are_used(integration: Integration) -> Defects:
    """Check that the code uses every text: a key that was renamed, or forgotten."""
    dialogs = ("step", "error", "abort", "progress")
    for kind in (*dialogs, *TRANSLATED, *integration.english["entity"]):
        for key in sorted(integration.keys(kind) - integration.words - ABORTS):
            yield f"en.json: {kind} {key} is never used"


def check_icons(integration: Integration) -> Defects:
    """Check that every entity has an icon, and every icon an entity."""
    icons = read_object(integration.path / "icons.json")["entity"]
    for platform in sorted(icons.keys() | integration.english["entity"].keys()):
        drawn, named = (kind.get(platform, {}) for kind in (icons, integration.english["entity"]))
        for key in sorted(drawn.keys() ^ named.keys()):
            yield f"icons.json: {platform} {key} has an icon without a name, or a name alone"


def check_services(integration: Integration) -> Defects:
    """Check that actions are described, for the editor and for the reader."""
    texts = integration.english.get("services", {})
    for service, definition in read_object(integration.path / "services.yaml").items():
        described = texts.get(service, {})
        parts = {"": described, **described.get("fields", {})}
        for name in ("", *(definition or {}).get("fields", {})):
            if {"name", "description"} - parts.get(name, {}).keys():
                yield f"services.yaml: {service} {name}: no name or no description"


def check_code(integration: Integration) -> Defects:
    """Check that platforms limit their updates, and signatures say what an entry holds."""
    for platform in integration.english["entity"]:
        files = {f"{platform}.py", f"{platform}/__init__.py"} & integration.sources.keys()
        if not any("\nPARALLEL_UPDATES = " in integration.sources[file] for file in files):
            yield f"{platform}: PARALLEL_UPDATES missing"
    for module, code in integration.sources.items():
        for name in re.findall(r"(\w+): (?:[\w.| ]+\| )?ConfigEntry\b", code):
            yield f"{module}: {name} is a bare ConfigEntry"


def check_quality_scale(integration: Integration) -> Defects:
    """Check that quality_scale.yaml speaks of every rule."""
    rules = read_object(integration.path / "quality_scale.yaml").get("rules", {})
    known = read_object(Path(homeassistant.__file__).parent / RULES)["rules"]
    for rule in sorted(known.keys() ^ rules.keys()):
        yield f"quality_scale.yaml: {rule} missing, or no such rule"
    for rule, value in rules.items():
        status, comment = (*value.values(), "")[:2] if isinstance(value, dict) else (value, "")
        if status not in ("done", "todo", "exempt") or (status == "exempt" and not comment):
            yield f"quality_scale.yaml: {rule}: done, todo, or exempt with a comment wanted"


CHECKS: tuple[Callable[[Integration], Defects], ...] = (
    *(check_manifest, check_languages, check_forms, check_texts_exist, check_texts_are_used),
    *(check_icons, check_services, check_code, check_quality_scale),
)


def defects(path: Path) -> list[str]:
    """Return every defect of the integration in a directory, a line each."""
    integration = Integration(path.resolve())
    found: list[str] = []
    for check in CHECKS:
        try:
            found += check(integration)
        except UnreadableError as error:
            found.append(str(error))
    return list(dict.fromkeys(found))


def main() -> int:
    """Check the integration the command line names, or the only one there is."""
    here = Path(__file__).resolve().parents[1] / "custom_components" / "smarty_p1"
    found = defects(Path(sys.argv[1]) if len(sys.argv) > 1 else here)
    print(*found or ["no defects"], sep="\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
