"""Check an integration's files offline, as Home Assistant's and HACS's own validators do.

usage: check_integration.py [custom_components/DOMAIN]

Prints one line per defect, and exits with status 1 if there is any.
"""

import ast
import json
import re
import struct
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from string import Formatter
from typing import Any, NamedTuple

import yaml
from awesomeversion import AwesomeVersion, AwesomeVersionException, AwesomeVersionStrategy
from packaging.requirements import InvalidRequirement, Requirement

# --- what the validators know ---------------------------------------------------------------------

MANIFEST_REQUIRED = {
    *("domain", "name", "codeowners", "config_flow", "documentation", "integration_type"),
    *("iot_class", "issue_tracker", "version"),
}
MANIFEST_OPTIONAL = {
    *("after_dependencies", "bluetooth", "dependencies", "dhcp", "disabled", "homekit"),
    *("import_executor", "loggers", "mqtt", "preview_features", "quality_scale", "requirements"),
    *("single_config_entry", "ssdp", "usb", "zeroconf"),
}
INTEGRATION_TYPES = {"device", "entity", "hardware", "helper", "hub", "service", "system"}
IOT_CLASSES = {
    *("assumed_state", "calculated", "cloud_polling", "cloud_push"),
    *("local_polling", "local_push"),
}
VERSION_STRATEGIES = [
    AwesomeVersionStrategy.CALVER,
    AwesomeVersionStrategy.SEMVER,
    AwesomeVersionStrategy.SIMPLEVER,
    AwesomeVersionStrategy.BUILDVER,
    AwesomeVersionStrategy.PEP440,
]
HACS_KEYS = {
    *("content_in_root", "country", "filename", "hacs", "hide_default_branch", "homeassistant"),
    *("name", "persistent_directory", "render_readme", "zip_release"),
}
PLATFORMS = {
    *("alarm_control_panel", "binary_sensor", "button", "calendar", "climate", "cover", "date"),
    *("datetime", "device_tracker", "event", "fan", "humidifier", "image", "light", "lock"),
    *("media_player", "number", "remote", "select", "sensor", "siren", "switch", "text", "time"),
    *("todo", "update", "vacuum", "valve", "water_heater", "weather"),
}
QUALITY_RULES = frozenset(
    """
    action-setup appropriate-polling brands common-modules config-flow config-flow-test-coverage
    dependency-transparency docs-actions docs-conditions docs-high-level-description
    docs-installation-instructions docs-removal-instructions docs-triggers entity-event-setup
    entity-unique-id has-entity-name runtime-data test-before-configure test-before-setup
    unique-config-entry

    action-exceptions config-entry-unloading docs-configuration-parameters
    docs-installation-parameters entity-unavailable integration-owner log-when-unavailable
    parallel-updates reauthentication-flow test-coverage

    devices diagnostics discovery discovery-update-info docs-data-update docs-examples
    docs-known-limitations docs-supported-devices docs-supported-functions docs-troubleshooting
    docs-use-cases dynamic-devices entity-category entity-device-class entity-disabled-by-default
    entity-translations exception-translations icon-translations reconfiguration-flow repair-issues
    stale-devices

    async-dependency inject-websession strict-typing
    """.split()  # noqa: SIM905 -- 54 words, grouped as in their documentation
)
EXCEPTIONS = {
    *("ConfigEntryAuthFailed", "ConfigEntryError", "ConfigEntryNotReady", "HomeAssistantError"),
    *("ServiceValidationError", "UpdateFailed"),
}
ATTRIBUTES_OF_FLOWS = {"_form_step": "step", "_progress_action": "progress"}
# What Home Assistant's own helpers end a flow with, when they are not told otherwise.
ABORTS_OF_HELPERS = {
    "_abort_if_unique_id_configured": "already_configured",
    "_abort_if_unique_id_mismatch": "unique_id_mismatch",
    "_async_abort_entries_match": "already_configured",
}
ABORTS_OF_UPDATES = {"reauth_successful", "reconfigure_successful"}

TRANSLATION_KEY = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
URL = re.compile(r"\b[a-z][a-z0-9+.-]*://|\bwww\.", re.IGNORECASE)
HTML = re.compile(r"</?[a-z][^>]*>", re.IGNORECASE)
QUOTED_PLACEHOLDER = re.compile(r"'\{\w+\}'")

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
SMALLEST_ICON = 256

type Defects = Iterator[str]


class UnreadableError(Exception):
    """A file is missing or cannot be parsed, so what depends on it cannot be checked."""


# --- reading --------------------------------------------------------------------------------------


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
    """The files of one integration, and of the repository it stands in."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.repository = path.parents[1]

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What manifest.json says."""
        return read_object(self.path / "manifest.json")

    @cached_property
    def english(self) -> dict[str, Any]:
        """The texts every other language is measured by."""
        return read_object(self.path / "translations" / "en.json")

    @cached_property
    def modules(self) -> dict[str, ast.Module]:
        """The parsed sources, by their path within the integration."""
        return {
            path.relative_to(self.path).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
            for path in sorted(self.path.rglob("*.py"))
        }

    @cached_property
    def constants(self) -> dict[str, str]:
        """The strings that a const.py gives a name."""
        return {
            target.id: node.value.value
            for module, tree in self.modules.items()
            if Path(module).name == "const.py"
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign | ast.AnnAssign)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }

    def string(self, node: ast.expr | None) -> str | None:
        """Return the string an expression stands for, if that can be seen without running it."""
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.Name(id=name) | ast.Attribute(attr=name):
                return self.constants.get(name)
        return None

    def keyword(self, call: ast.Call, name: str) -> str | None:
        """Return the string a call's keyword argument stands for."""
        return self.string(next((k.value for k in call.keywords if k.arg == name), None))

    def strings(self, module: str) -> set[str]:
        """Return every string that stands in a module, by itself or by its name in const.py."""
        nodes = ast.walk(self.modules.get(module, ast.Module()))
        return {
            text
            for node in nodes
            if isinstance(node, ast.expr) and (text := self.string(node)) is not None
        }

    @cached_property
    def platforms(self) -> dict[str, str]:
        """The platforms, and the module that Home Assistant loads for each."""
        return {
            platform: module
            for platform in sorted(PLATFORMS)
            for module in (f"{platform}.py", f"{platform}/__init__.py")
            if module in self.modules
        }

    @cached_property
    def descriptions(self) -> list[Description]:
        """The entity descriptions of all modules."""
        # An integration's own classes of descriptions are of the platform of their base.
        classes = {f"{camel(platform)}EntityDescription": platform for platform in PLATFORMS}
        own = {
            node.name: name_of(base)
            for tree in self.modules.values()
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
            for base in node.bases
        }
        for name in own:
            base = name
            while base in own:
                base = own[base]
            if base in classes:
                classes[name] = classes[base]
        return [
            Description(module, *found)
            for module, tree in self.modules.items()
            for found in described(self, tree, classes)
        ]

    @cached_property
    def all_strings(self) -> set[str]:
        """Every string that stands in any module."""
        return {text for module in self.modules for text in self.strings(module)}


class Description(NamedTuple):
    """An entity description: where it stands, and the key its name is looked up by."""

    module: str
    platform: str
    key: str
    has_device_class: bool


def described(
    integration: Integration, tree: ast.AST, classes: dict[str, str]
) -> Iterator[tuple[str, str, bool]]:
    """Yield platform, key, and whether there is a device class, of a module's descriptions.

    Besides those whose key is written down there are those that a function makes out of a key.
    """
    makers: dict[str, tuple[int, str, bool]] = {}
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            arguments = [argument.arg for argument in function.args.args]
            for name, call in calls(function):
                given = {keyword.arg: keyword.value for keyword in call.keywords}
                parameter = name_of(given.get("translation_key"))
                if name in classes and parameter in arguments:
                    at = arguments.index(parameter)
                    makers[function.name] = (at, classes[name], "device_class" in given)
    for name, call in calls(tree):
        if name in classes:
            has_class = any(keyword.arg == "device_class" for keyword in call.keywords)
            if key := integration.keyword(call, "translation_key"):
                yield classes[name], key, has_class
        elif name in makers:
            at, platform, has_class = makers[name]
            if key := integration.string(call.args[at] if at < len(call.args) else None):
                yield platform, key, has_class


def camel(name: str) -> str:
    """Return how a class writes the name of a platform."""
    return "".join(part.capitalize() for part in name.split("_"))


def name_of(node: ast.expr | None) -> str:
    """Return the last part of a name, without its type parameters; "" if it is no name."""
    match node:
        case ast.Subscript(value=value):
            return name_of(value)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Yield every call with the last part of the called name."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                yield name, node


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


# --- the checks -----------------------------------------------------------------------------------


def check_manifest(integration: Integration) -> Defects:
    """Check the manifest's keys, their order and their values."""
    manifest = integration.manifest
    ordered = sorted(manifest, key=lambda key: (key != "domain", key != "name", key))
    if list(manifest) != ordered:
        yield "keys not in order: domain, name, then alphabetical"
    for key in sorted(MANIFEST_REQUIRED - manifest.keys()):
        yield f"{key} missing"
    for key in sorted(manifest.keys() - MANIFEST_REQUIRED - MANIFEST_OPTIONAL):
        yield f"unknown key {key}"
    if manifest.get("domain") != integration.path.name:
        yield f"domain is not the directory's name, {integration.path.name}"
    for key, allowed in (("integration_type", INTEGRATION_TYPES), ("iot_class", IOT_CLASSES)):
        if key in manifest and manifest[key] not in allowed:
            yield f"{key}: {manifest[key]} is none of {', '.join(sorted(allowed))}"
    for key in ("documentation", "issue_tracker"):
        url = str(manifest.get(key, ""))
        if not url.startswith("https://") or "home-assistant.io/integrations" in url:
            yield f"{key}: not an https address of the project's own"
    owners = manifest.get("codeowners")
    if not owners or not all(str(owner).startswith("@") for owner in owners):
        yield "codeowners: names that begin with @ wanted"


def check_version_and_requirements(integration: Integration) -> Defects:
    """Check that the version and the requirements can be understood."""
    try:
        AwesomeVersion(integration.manifest.get("version", ""), ensure_strategy=VERSION_STRATEGIES)
    except AwesomeVersionException as error:
        yield f"version: {error}"
    for requirement in integration.manifest.get("requirements", []):
        try:
            Requirement(requirement)
        except InvalidRequirement as error:
            yield f"requirements: {requirement}: {error}"


def check_discovery(integration: Integration) -> Defects:
    """Check the patterns of discovery, and that the flow knows what to do with what they find."""
    manifest = integration.manifest
    for matcher in manifest.get("usb", []):
        yield from usb_defects(matcher)
    for matcher in manifest.get("zeroconf", []):
        yield from zeroconf_defects(matcher)
    if "usb" in manifest and "usb" not in manifest.get("dependencies", []):
        yield "usb: usb is wanted in dependencies"
    steps = {
        node.name
        for tree in integration.modules.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncFunctionDef)
    }
    sources = {"usb", "zeroconf"} & manifest.keys()
    for source in sorted(sources):
        if f"async_step_{source}" not in steps:
            yield f"{source}: the config flow has no async_step_{source}"
    called = {name for tree in integration.modules.values() for name, _ in calls(tree)}
    if sources and "async_set_unique_id" not in called:
        yield "a flow that can be discovered must set a unique id"


def usb_defects(matcher: dict[str, str]) -> Defects:
    """Yield what is wrong with a pattern of USB devices."""
    allowed = {"vid", "pid", "serial_number", "manufacturer", "description", "known_devices"}
    for key in sorted(matcher.keys() - allowed):
        yield f"usb: unknown key {key}"
    if not matcher.keys() & {"serial_number", "manufacturer", "description"}:
        yield "usb: a bare chip, which any device may have"
    for key, value in matcher.items():
        if key in ("vid", "pid") and value != value.upper():
            yield f"usb: {key} {value} must be in upper case"
        if key in ("description", "manufacturer", "serial_number") and value != value.lower():
            yield f"usb: {key} {value} must be in lower case"


def zeroconf_defects(matcher: str | dict[str, Any]) -> Defects:
    """Yield what is wrong with a pattern of services."""
    if isinstance(matcher, str):
        matcher = {"type": matcher}
    for key in sorted(matcher.keys() - {"name", "properties", "type"}):
        yield f"zeroconf: unknown key {key}"
    if not re.fullmatch(r"(_[a-z0-9-]+\.){2}local\.", matcher.get("type", "")):
        yield f"zeroconf: {matcher.get('type')} is no type of services"
    for _, value in leaves(matcher):
        if value != value.lower():
            yield f"zeroconf: {value} must be in lower case"


def check_texts(integration: Integration) -> Defects:
    """Check what is forbidden in a text of whichever language."""
    for path in sorted((integration.path / "translations").glob("*.json")):
        for key, text in leaves(read_object(path)):
            where = f"{path.name}: {key}"
            if not isinstance(text, str) or not text or text != text.strip():
                yield f"{where}: not a text, or empty, or spaces around it"
                continue
            if "[%key:" in text:
                yield f"{where}: a reference, which only Home Assistant's own build resolves"
            if URL.search(text):
                yield f"{where}: an address; use a placeholder"
            if HTML.search(text):
                yield f"{where}: HTML"
            if QUOTED_PLACEHOLDER.search(text):
                yield f"{where}: a placeholder in single quotes, which would not be filled in"


def check_languages(integration: Integration) -> Defects:
    """Check that every language has the keys and the placeholders of the English texts."""
    english = dict(leaves(integration.english))
    for path in sorted((integration.path / "translations").glob("*.json")):
        texts = dict(leaves(read_object(path)))
        for key in sorted(english.keys() - texts.keys()):
            yield f"{path.name}: {key} missing"
        for key in sorted(texts.keys() - english.keys()):
            yield f"{path.name}: {key} is not in en.json"
        for key in sorted(texts.keys() & english.keys()):
            if placeholders(str(texts[key])) != placeholders(str(english[key])):
                yield f"{path.name}: {key}: other placeholders than in en.json"


def check_translation_keys(integration: Integration) -> Defects:
    """Check how the keys that Home Assistant looks up are written."""
    for platform, entities in integration.english.get("entity", {}).items():
        if platform not in PLATFORMS:
            yield f"entity.{platform}: no such platform"
        for key in entities:
            if not TRANSLATION_KEY.fullmatch(key):
                yield f"entity.{platform}.{key}: not a translation key"
    for section in ("exceptions", "issues"):
        for key in integration.english.get(section, {}):
            if not TRANSLATION_KEY.fullmatch(key):
                yield f"{section}.{key}: not a translation key"


def check_forms(integration: Integration) -> Defects:
    """Check that every field of every form, and of its sections, has a name and a description."""
    for flow, step, texts in forms(integration):
        for where, part in (
            (f"{flow}.step.{step}", texts),
            *((f"{flow}.step.{step}.{s}", t) for s, t in texts.get("sections", {}).items()),
        ):
            fields, descriptions = part.get("data", {}), part.get("data_description", {})
            for field in fields.keys() - descriptions.keys():
                yield f"{where}: no data_description for {field}"
            for field in descriptions.keys() - fields.keys():
                yield f"{where}: a data_description for {field}, which is no field"


def forms(integration: Integration) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield every step of every flow with its texts."""
    for flow in ("config", "options"):
        for step, texts in integration.english.get(flow, {}).get("step", {}).items():
            yield flow, step, texts
    for issue, texts in integration.english.get("issues", {}).items():
        for step, form in texts.get("fix_flow", {}).get("step", {}).items():
            yield f"issues.{issue}.fix_flow", step, form


def check_flow_keys(integration: Integration) -> Defects:
    """Check that the steps, errors, aborts and progress of the flows in the code have texts."""
    flows = [integration.english.get(flow, {}) for flow in ("config", "options")]
    flows += [text.get("fix_flow", {}) for text in integration.english.get("issues", {}).values()]
    known = {
        kind: {key for flow in flows for key in flow.get(kind, {})}
        for kind in ("step", "error", "abort", "progress")
    }
    used: set[str] = set(integration.all_strings)
    found: Counter[str] = Counter()
    for module, tree in integration.modules.items():
        for kind, key in flow_keys(integration, tree):
            found[kind] += 1
            if key not in known[kind]:
                yield f"{module}: {kind} {key} has no text"
        used |= {abort for name, _ in calls(tree) if (abort := ABORTS_OF_HELPERS.get(name))}
    for kind, keys in known.items():
        if keys and not found[kind]:
            yield f"translations: nothing in the code shows any {kind}: this check is blind"
    for kind in ("error", "abort", "progress"):
        for key in sorted(known[kind] - used - ABORTS_OF_UPDATES):
            yield f"translations: {kind} {key} is never used"


def flow_keys(integration: Integration, tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield what the code of a flow refers to: which kind of text, and its key."""
    arguments = {
        "step_id": "step",
        "form_step": "step",
        "reason": "abort",
        "progress_action": "progress",
    }
    for name, call in calls(tree):
        for argument, kind in arguments.items():
            # A step that only shows progress has no form.
            if name == "async_show_progress" and kind == "step":
                continue
            if key := integration.keyword(call, argument):
                yield kind, key
        if name in ABORTS_OF_HELPERS and not call.args and not integration.keyword(call, "reason"):
            yield "abort", ABORTS_OF_HELPERS[name]
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)], value=value):
                key = integration.string(value)
                if key and (attribute := ATTRIBUTES_OF_FLOWS.get(name)):
                    yield attribute, key
    yield from (("error", key) for key in error_keys(integration, tree))


def error_keys(integration: Integration, tree: ast.AST) -> Iterator[str]:
    """Yield the keys of the errors that the code of a flow shows."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id="errors"))], value=value):
                values = [value]
            case ast.keyword(arg="errors", value=ast.Dict(values=values)):
                pass
            case ast.Assign(
                targets=[ast.Name(id="errors") | ast.Attribute(attr="_errors")],
                value=ast.Dict(values=values),
            ):
                pass
            case ast.Call(func=ast.Name(id="FieldError"), args=[_, value]):
                values = [value]
            case _:
                continue
        yield from (key for value in values if (key := integration.string(value)))


def check_exceptions(integration: Integration) -> Defects:
    """Check that the exceptions users see have texts, and get what those texts want filled in."""
    texts = integration.english.get("exceptions", {})
    for module, tree in integration.modules.items():
        for name, call in calls(tree):
            key = integration.keyword(call, "translation_key") if name in EXCEPTIONS else None
            if key is None:
                continue
            if key not in texts:
                yield f"{module}: exception {key} has no text"
                continue
            wanted = placeholders(texts[key].get("message", ""))
            if (given := given_placeholders(integration, call)) is not None and given != wanted:
                yield f"{module}: exception {key}: {sorted(given)} given, {sorted(wanted)} wanted"
    yield from unused(integration, "exceptions")


def check_issues(integration: Integration) -> Defects:
    """Check that the repair issues have texts: a description, or a flow that mends them."""
    texts = integration.english.get("issues", {})
    for module, tree in integration.modules.items():
        for name, call in calls(tree):
            key = integration.keyword(call, "translation_key")
            if name in ("async_create_issue", "create_issue") and key and key not in texts:
                yield f"{module}: issue {key} has no text"
    for key, text in texts.items():
        if "title" not in text or ("description" in text) == ("fix_flow" in text):
            yield f"issues.{key}: a title, and a description or a fix_flow (not both) wanted"
    yield from unused(integration, "issues")


def unused(integration: Integration, section: str) -> Defects:
    """Yield the keys of a section that stand nowhere in the code."""
    for key in sorted(integration.english.get(section, {}).keys() - integration.all_strings):
        yield f"translations: {section}.{key} is never used"


def given_placeholders(integration: Integration, call: ast.Call) -> set[str] | None:
    """Return the placeholders a call fills in; None when that shows only at run time."""
    for keyword in call.keywords:
        if keyword.arg == "translation_placeholders":
            if not isinstance(keyword.value, ast.Dict):
                return None
            names = [integration.string(key) for key in keyword.value.keys]
            return None if None in names else {name for name in names if name}
    return set()


def check_entities(integration: Integration) -> Defects:
    """Check that translated entities exist, and have an icon: their own or their class's."""
    icons = read_object(integration.path / "icons.json").get("entity", {})
    used = integration.all_strings
    classed = {(d.platform, d.key) for d in integration.descriptions if d.has_device_class}
    for platform, entities in integration.english.get("entity", {}).items():
        for key in entities:
            if key not in used:
                yield f"translations: entity.{platform}.{key} is never used"
            if key not in icons.get(platform, {}) and (platform, key) not in classed:
                yield f"icons.json: entity.{platform}.{key} missing (it has no device class)"
    for platform, entities in icons.items():
        for key in entities:
            if key not in integration.english.get("entity", {}).get(platform, {}):
                yield f"icons.json: entity.{platform}.{key} has no translation"


def check_icons(integration: Integration) -> Defects:
    """Check that every icon is one of Material Design Icons."""
    for key, icon in leaves(read_object(integration.path / "icons.json")):
        if not re.fullmatch(r"mdi:[a-z0-9-]+", str(icon)):
            yield f"{key}: {icon} is no mdi: icon"


def check_descriptions_are_translated(integration: Integration) -> Defects:
    """Check that every entity description in the code has a name in the translations."""
    texts = integration.english.get("entity", {})
    for module, platform, key, _ in integration.descriptions:
        if key not in texts.get(platform, {}):
            yield f"{module}: entity {key} has no text"
    found = {description.platform for description in integration.descriptions}
    for platform in integration.platforms.keys() | texts.keys():
        if platform not in found:
            yield f"{platform}: no entity descriptions found: this check is blind"


def check_services(integration: Integration) -> Defects:
    """Check that actions are described, for the editor and for the reader."""
    path = integration.path / "services.yaml"
    registers = any(
        name in ("async_register_admin_service", "async_register_platform_entity_service")
        or (name == "async_register" and "services" in ast.unparse(call.func))
        for tree in integration.modules.values()
        for name, call in calls(tree)
    )
    if registers != path.exists():
        yield "services.yaml wanted exactly when the code registers actions"
    if not path.exists():
        return
    for service, definition in read_object(path).items():
        texts = integration.english.get("services", {}).get(service, {})
        for part in {"name", "description"} - texts.keys():
            yield f"services.{service}: no {part}"
        for field in (definition or {}).get("fields", {}):
            if {"name", "description"} - texts.get("fields", {}).get(field, {}).keys():
                yield f"services.{service}: no name or description for {field}"


def check_parallel_updates(integration: Integration) -> Defects:
    """Check that every platform says how many updates may run at a time."""
    if not integration.platforms:
        yield "no platform found"
    for module in integration.platforms.values():
        if not any(
            isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PARALLEL_UPDATES"
            for node in integration.modules[module].body
        ):
            yield f"{module}: PARALLEL_UPDATES missing"


def check_entry_types(integration: Integration) -> Defects:
    """Check that every signature names the type of a config entry, with what it holds."""
    for module, tree in integration.modules.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.arg) and node.annotation is not None:
                types = {
                    name_of(part)
                    for part in ast.walk(node.annotation)
                    if isinstance(part, ast.expr)
                }
                if "ConfigEntry" in types:
                    yield f"{module}: {node.arg} is a bare ConfigEntry"


def check_quality_scale(integration: Integration) -> Defects:
    """Check that quality_scale.yaml, if there is one, speaks of every rule."""
    path = integration.path / "quality_scale.yaml"
    if not path.exists():
        return
    rules = read_object(path).get("rules", {})
    for rule in sorted(QUALITY_RULES - rules.keys()):
        yield f"{rule} missing"
    for rule in sorted(rules.keys() - QUALITY_RULES):
        yield f"{rule}: no such rule"
    for rule, value in rules.items():
        status, comment = (
            (value.get("status"), value.get("comment")) if isinstance(value, dict) else (value, "")
        )
        if status not in ("done", "todo", "exempt"):
            yield f"{rule}: {status} is none of done, todo, exempt"
        if status == "exempt" and not comment:
            yield f"{rule}: an exemption needs a comment"


def check_brand(integration: Integration) -> Defects:
    """Check that the pictures shown for the integration are whole, and the icon large enough."""
    icon = integration.path / "brand" / "icon.png"
    if not icon.is_file():
        yield "brand/icon.png missing"
    for path in sorted((integration.path / "brand").glob("*")):
        try:
            width, height = png_size(path.read_bytes())
        except (ValueError, struct.error) as error:
            yield f"brand/{path.name}: {error}"
            continue
        if path == icon and (width != height or width < SMALLEST_ICON):
            yield f"brand/icon.png: {width} x {height}; a square of {SMALLEST_ICON} or more wanted"


def png_size(data: bytes) -> tuple[int, int]:
    """Return the width and the height of a picture after checking that it is whole."""
    if not data.startswith(PNG_SIGNATURE):
        message = "no PNG"
        raise ValueError(message)
    size, position, kind = (0, 0), len(PNG_SIGNATURE), b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, position)
        body = data[position + 4 : position + 8 + length]
        (checksum,) = struct.unpack_from(">I", data, position + 8 + length)
        if zlib.crc32(body) != checksum:
            message = f"damaged at byte {position}"
            raise ValueError(message)
        if kind == b"IHDR":
            size = struct.unpack_from(">II", body, 4)
        position += 12 + length
    return size


def check_repository(integration: Integration) -> Defects:
    """Check the files HACS wants beside the integration."""
    root = integration.repository
    hacs = read_object(root / "hacs.json")
    if "name" not in hacs:
        yield "hacs.json: name missing"
    for key in sorted(hacs.keys() - HACS_KEYS):
        yield f"hacs.json: unknown key {key}"
    for name in ("README.md", "LICENSE"):
        path = root / name
        if not path.is_file() or not path.read_text(encoding="utf-8").strip():
            yield f"{name} missing"
    siblings = sorted(p.name for p in integration.path.parent.iterdir() if is_integration(p))
    if siblings != [integration.path.name]:
        yield f"custom_components: exactly one integration wanted, not {', '.join(siblings)}"


def is_integration(path: Path) -> bool:
    """Tell a directory of somebody's from Python's caches."""
    return path.is_dir() and not path.name.startswith("__")


CHECKS: dict[str, tuple[Callable[[Integration], Defects], ...]] = {
    "manifest.json": (check_manifest, check_version_and_requirements, check_discovery),
    "translations": (check_texts, check_languages, check_translation_keys, check_forms),
    "icons.json": (check_icons,),
    "quality_scale.yaml": (check_quality_scale,),
    "": (
        check_flow_keys,
        check_exceptions,
        check_issues,
        check_entities,
        check_descriptions_are_translated,
        check_services,
        check_parallel_updates,
        check_entry_types,
        check_brand,
        check_repository,
    ),
}


def defects(path: Path) -> list[str]:
    """Return every defect of the integration in a directory, a line each."""
    integration = Integration(path.resolve())
    found = []
    for file, checks in CHECKS.items():
        prefix = f"{file}: " if file else ""
        for check in checks:
            try:
                found += [prefix + defect for defect in check(integration)]
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
