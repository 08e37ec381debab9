"""Only `tests/ha/kit.py` uses names that a new Home Assistant may move or remove unannounced.

Such names begin with an underscore, or are names that a module of Home Assistant only imports.
"""

import ast
import re
from collections.abc import Container, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from dev.checkout import ROOT

KIT = ROOT / "tests/ha/kit.py"
OTHERS = ("homeassistant", "pytest_homeassistant_custom_component")
PRIVATE = re.compile(r"_[^_]\w*")
# Names of Python: methods of named tuples, and of an event loop.
PYTHON = {"_args", "_asdict", "_debug", "_make", "_replace", "_run", "_selector"}
OWN = ("custom_components/smarty_p1", "dev", "smarty_p1_fleet", "smarty_p1_gateway", "tests")


@cache
def own_names() -> set[str]:
    """Return the private names that the project itself gives."""
    given = re.compile(r"(?:\b(?:def|class|self\.|cls\.)\s*|^\s*)(_[^_\W]\w*)\b", re.MULTILINE)
    paths = (path for folder in OWN for path in (ROOT / folder).rglob("*.py") if path != KIT)
    return {name for path in paths for name in given.findall(path.read_text("utf-8"))}


@cache
def source_of(module: str) -> Path | None:
    """Return the file of a module of Home Assistant or its kit. Nothing is imported."""
    package, *parts = module.split(".")
    if package not in OTHERS or not (spec := find_spec(package)) or not spec.origin:
        return None
    path = Path(spec.origin).parent.joinpath(*parts)
    files = (path / "__init__.py", path.with_suffix(".py"))
    return next((file for file in files if file.is_file()), None)


@cache
def foreign_names(module: str) -> set[str]:
    """Return the names that a module imports from outside of its package."""
    path = source_of(module)
    assert path
    is_package = path.name == "__init__.py"
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.ImportFrom(level=level, names=names) if not (is_package and level == 1):
                found.update(name.asname or name.name for name in names)
            case ast.Import(names=names):
                found.update(name.asname or name.name.partition(".")[0] for name in names)
    return found


def refers(node: ast.AST, known: dict[str, str]) -> str | None:
    """Return the dotted name that an expression or a text stands for, as far as it is known."""
    match node:
        case ast.Name(id=name):
            return known.get(name)
        case ast.Attribute(value=value, attr=name):
            owner = refers(value, known)
            return owner and f"{owner}.{name}"
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            parts = [refers(part, known) for part in values]
            return "".join(part or "?" for part in parts)
        case ast.FormattedValue(value=value):
            return refers(value, known)
    return None


def is_private(target: str) -> bool:
    """Return whether the dotted name of a thing in Home Assistant or its kit is private."""
    if not target.startswith(tuple(f"{other}." for other in OTHERS)):
        return False
    module, _, name = target.rpartition(".")
    if any(PRIVATE.fullmatch(part) for part in target.split(".")):
        return True
    return source_of(target) is None and bool(source_of(module)) and name in foreign_names(module)


def known_names(tree: ast.AST) -> dict[str, str]:
    """Return what the names in a module stand for: imports, and constant texts."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(origin), names=names, level=0):
                known.update({each.asname or each.name: f"{origin}.{each.name}" for each in names})
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                known[name] = text
    return known


def faults(source: str, own: Container[str]) -> Iterator[str]:
    """Yield the private names in a module of tests that uses Home Assistant."""
    tree = ast.parse(source)
    known = known_names(tree)
    yield from filter(is_private, known.values())
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                pass
            case ast.Attribute(attr=name) if PRIVATE.fullmatch(name):
                if name not in own and name not in PYTHON:
                    yield ast.unparse(node)
            case ast.Call(args=[owner, ast.Constant(value=str(name)), *_]):
                target = f"{refers(owner, known)}.{name}"
                if is_private(target):
                    yield target
            case ast.Constant() | ast.JoinedStr():
                if is_private(text := refers(node, known) or ""):
                    yield text


def test_no_other_test_uses_a_private_name_of_home_assistant() -> None:
    sources = {
        path.relative_to(ROOT).as_posix(): source
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if "homeassistant" in (source := path.read_text("utf-8"))
    }
    kit, _ = sources.pop("tests/ha/kit.py"), sources.pop("tests/check/test_private_names.py")
    found = {name: [*faults(source, own_names())] for name, source in sources.items()}
    assert {name: names for name, names in found.items() if names} == {}
    assert len(found) > 100
    assert len([*faults(kit, own_names())]) > 5


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("from homeassistant.loader import _load", "homeassistant.loader._load"),
        ("entry._on_unload", "entry._on_unload"),
        ('patch.object(Store, "_load")', "homeassistant.helpers.storage.Store._load"),
        ('patch("homeassistant.helpers.storage.Store._load")', "homeassistant.helpers.storage.S"),
        ('set(calendar, "async_track_point_in_time", 1)', "homeassistant.components.calendar.as"),
        ('set(f"{core}.calendar.async_track_point_in_time")', "homeassistant.components.calendar"),
        ('set(common, "patch", 1)', "pytest_homeassistant_custom_component.common.patch"),
    ],
)
def test_a_private_name_is_noticed(line: str, name: str) -> None:
    source = f"""
from homeassistant.components import calendar
from homeassistant.helpers.storage import Store
from pytest_homeassistant_custom_component import common
core = "homeassistant.components"
{line}
"""
    [found] = faults(source, own_names())
    assert found.startswith(name)


@pytest.mark.parametrize(
    "line",
    [
        'patch("homeassistant.components.mqtt.async_subscribe")',
        'set(Store, "async_save")',
        "first._replace(kwh=1)",
        'set(coordinator, "_async_look")',
    ],
)
def test_a_public_name_is_allowed(line: str) -> None:
    source = f"from homeassistant.helpers.storage import Store\n{line}\n"
    assert [*faults(source, own_names())] == []
