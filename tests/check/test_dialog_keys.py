"""Errors and ends of the dialogs: each text is built by code, and each key of code has a text.

The code of a dialog is its class, and all functions, classes and tables that it names, directly or
by others. A key is built if this code has it as a string.
"""

import ast
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from custom_components.smarty_p1.lib.failure_detection import ReadingProblem
from custom_components.smarty_p1.lib.problem import Problem
from dev.checkout import ROOT
from smartyp1.json_types import JsonDict

HOUSE = ROOT / "custom_components" / "smarty_p1"
TEXTS: JsonDict = json.loads((HOUSE / "translations" / "en.json").read_text("utf-8"))
# Modules that make keys of dialogs. The values of other modules only look like keys.
MAKERS = ("config_flow.py", "repairs.py", "flows/", "coordinator/leneda/client.py")
# Modules whose errors of a port or probe have a problem.
RAISING = (
    "lib/port/errors.py",
    "lib/port/probing.py",
    "lib/port/unread_bytes.py",
    "coordinator/mqtt_port.py",
    "flows/boards/board_probe.py",
)
# Home Assistant ends the change of a subentry with a reason of its own.
OF_HOME_ASSISTANT = {"reconfigure_successful"}


class Module(NamedTuple):
    """What a module defines at its top, by name, and where the names come from that it imports."""

    defined: Mapping[str, ast.stmt]
    imported: Mapping[str, tuple[Path, str]]


def names_of(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
            yield from (each.id for each in ast.walk(target) if isinstance(each, ast.Name))


@cache
def module(path: Path) -> Module:
    tree = ast.parse(path.read_text("utf-8"))
    imported = dict[str, tuple[Path, str]]()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            file = folder.with_suffix(".py")
            source = file if file.is_file() else folder / "__init__.py"
            imported |= {alias.asname or alias.name: (source, alias.name) for alias in node.names}
    return Module({name: node for node in tree.body for name in names_of(node)}, imported)


def find(path: Path, name: str) -> tuple[Path, str] | None:
    """Return the module that defines a name of a module, and the name there."""
    known = module(path)
    if name in known.defined:
        return path, name
    if name not in known.imported:
        return None
    source, original = known.imported[name]
    is_maker = source.relative_to(HOUSE).as_posix().startswith(MAKERS)
    return find(source, original) if is_maker and source.is_file() else None


def strings_of(path: Path, roots: Iterable[str]) -> set[str]:
    """Return all strings in the code of classes of a module."""
    todo = [find(path, root) for root in roots]
    assert None not in todo
    seen, strings = set[tuple[Path, str] | None]([None]), set[str]()
    while todo:
        place = todo.pop()
        if place in seen or place is None:
            continue
        seen.add(place)
        source, name = place
        for node in ast.walk(module(source).defined[name]):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                strings.add(node.value)
            elif isinstance(node, ast.Name):
                todo.append(find(source, node.id))
    return strings


FLOW, REPAIRS = HOUSE / "config_flow.py", HOUSE / "repairs.py"
OPTIONS = ["SmartyOptionsFlow", "PulseOptionsFlow", "TankOptionsFlow"]
STEPS = [
    each.id
    for each in ast.walk(module(FLOW).defined["SmartyConfigFlow"])
    if isinstance(each, ast.Name) and each.id.endswith("Steps")
]
FLOWS_OF_REPAIRS = module(REPAIRS).defined["_FLOWS"].value  # type: ignore[attr-defined]
# For each dialog: its texts, the module of its classes, and the classes.
DIALOGS: dict[str, tuple[JsonDict, Path, list[str]]] = {
    "config": (TEXTS["config"], FLOW, STEPS),
    "options": (TEXTS["options"], FLOW, OPTIONS),
    "load": (TEXTS["config_subentries"]["load"], FLOW, ["LoadFlow"]),
    "battery": (TEXTS["config_subentries"]["battery"], FLOW, ["BatteryFlow"]),
    **{
        problem.attr: (
            TEXTS["issues"][Problem[problem.attr]]["fix_flow"],
            REPAIRS,
            [
                each.id
                for each in ast.walk(flow)
                if isinstance(each, ast.Name) and each.id != "partial"
            ],
        )
        for problem, flow in zip(FLOWS_OF_REPAIRS.keys, FLOWS_OF_REPAIRS.values, strict=True)
    },
}
# Problems whose dialog leads to the reconfiguration.
DIALOGS |= {
    problem.name: (texts["fix_flow"], REPAIRS, ["ReconfigureRepairFlow"])
    for problem in Problem
    if problem.name not in DIALOGS and "fix_flow" in (texts := TEXTS["issues"][problem])
}


def problems_of_ports() -> set[str]:
    """Return the problems of the errors of ports, which the set-up shows as its own errors."""
    return {
        enum[node.attr]
        for path in RAISING
        for node in ast.walk(ast.parse((HOUSE / path).read_text("utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        for enum in (Problem, ReadingProblem)
        if enum.__name__ == node.value.id
    }


@pytest.mark.parametrize("kind", ["error", "abort"])
@pytest.mark.parametrize("home", [FLOW, REPAIRS], ids=["flows", "repairs"])
def test_each_key_of_a_dialog_is_built_and_has_a_text(kind: str, home: Path) -> None:
    dialogs = {name: dialog for name, dialog in DIALOGS.items() if dialog[1] == home}
    every = {key for texts, _, _ in dialogs.values() for key in texts.get(kind, ())}
    assert len(every) > 5
    for name, (texts, path, roots) in dialogs.items():
        built = strings_of(path, roots) & every
        if kind == "error" and name == "config":
            built |= problems_of_ports() & every
        if kind == "abort" and name in TEXTS["config_subentries"]:
            built |= OF_HOME_ASSISTANT
        assert texts.get(kind, {}).keys() == built, name
