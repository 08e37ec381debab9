"""The house: allowed imports between its rooms. docs/architecture.md shows it."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from dev.checkout import PROGRAMS, ROOT

HOUSE = ROOT / "custom_components" / "smarty_p1"

# Rooms of the roof that use another one. Dialogs show messages and dashboards. An assistant asks
# the questions of actions.
SIDEWAYS = {
    ("config_flow", "flows"),
    ("flows", "dashboards"),
    ("flows", "messages"),
    ("llm", "llm_tools"),
    ("llm_tools", "services"),
    ("repairs", "dashboards"),
    ("repairs", "flows"),
}
# Floors from the roof to the ground: a file or folder imports from its own floor and lower ones.
FLOORS = (
    (
        "__init__",
        "backup",
        "config_flow",
        "flows",
        "house_planner",
        "dashboards",
        "diagnostics",
        "llm",
        "llm_tools",
        "messages",
        "repairs",
        "services",
        "system_health",
        "websocket",
    ),
    ("computed_answers", "user_requests"),
    ("energy_dashboard",),
    ("trigger", "condition", "logbook"),
    ("sinks",),
    ("sensor", "binary_sensor", "button", "calendar", "event", "time"),
    ("entities",),
    ("entity",),
    ("coordinator",),
    ("lib", "const"),
)
# The parts of the library, and which others each may use. The docstring of a part's `__init__`
# names the modules that others may import.
PARTS = {
    "lib": (),
    "p1": (),
    "history": (),
    "prices": ("history",),
    "energy_table": ("history", "prices"),
    "bill": ("history", "prices", "energy_table"),
    "advice": ("history", "prices", "energy_table", "bill", "plan", "meter"),
    "plan": ("history", "prices"),
    "messages": ("p1", "history", "prices", "bill", "advice", "plan", "meter", "entities"),
    "port": ("p1",),
    "leneda": ("history", "prices", "energy_table", "bill"),
    "answers": ("history", "prices", "bill", "advice", "plan", "leneda", "meter"),
    "meter": ("p1", "history"),
    "boards": ("p1",),
    "entities": ("p1", "history", "meter"),
    "publish": ("p1", "meter", "entities"),
    "virtual": ("p1", "meter"),
    "virtual_server": ("meter", "virtual"),
}
LIBRARY_PAGE = PROGRAMS / "docs" / "library.md"
# The workshops, from the lowest up. A part or module is in the first that names it.
WORKSHOPS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["workshops"]
# Imports that cross a border in the wrong direction, with the reason.
CROSSINGS = {
    # A program that reads one meter by the library gets quarter-hours without asking for them.
    "lib/meter/meter_memory -> lib/history/quarter_hour_meter",
}
# Modules of a gateway or fleet that use the household: a gateway keeps quarter-hours, as
# Home Assistant does. The command answers about bills.
HOUSEHOLD_AT_THE_EDGE = {
    "history/month_file_lines",
    "history/quarter_hour_meter",
}
TOP_LEVEL = {
    # Home Assistant asks for these by name.
    *("manifest.json", "icons.json", "services.yaml", "triggers.yaml", "conditions.yaml"),
    *("__init__.py", "config_flow.py", "diagnostics.py", "repairs.py", "backup.py"),
    *("system_health.py", "logbook.py", "trigger.py", "condition.py", "llm.py"),
    *("binary_sensor.py", "button.py", "calendar.py", "event.py", "time.py"),
    # Authors of integrations look for these.
    *("const.py", "entity.py", "quality_scale.yaml", "LICENSE", "LICENSE-cards.txt"),
    # Exception: it plans the loads of the house, and has no room yet.
    "house_planner.py",
}
# Packages that the library needs beside Python itself.
NEEDED = {
    "p1": {"cryptography"},
    "port": {"serialx"},
    "energy_table": {"numpy"},
    "bill": {"numpy"},
    "advice": {"numpy"},
    "virtual_server": {"aiohttp"},
}
# Fuzzers, benchmarks and tests look inside the modules that they examine.
SHIPPED = tuple(f"programs/smarty_p1_{name}" for name in ("cli", "fleet", "gateway"))
OTHERS = (*SHIPPED, "programs/dev/fleet", "dev/demo", "dev/reliability", "scripts")

type Edge = tuple[str, str]


def modules(directory: Path) -> Iterator[tuple[str, Path]]:
    """Yield the modules of a directory, by their path within it without the suffix."""
    for path in sorted(directory.rglob("*.py")):
        yield path.relative_to(directory).with_suffix("").as_posix(), path


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Return the imports and constants of a module."""
    kinds = (ast.Import, ast.ImportFrom, ast.Constant)
    found = ast.walk(ast.parse(path.read_text("utf-8")))
    return tuple(node for node in found if isinstance(node, kinds))


def imported(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield each import of a file: how far up, the module, and a name in it."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.level, node.module or "", alias.name) for alias in node.names)


@cache
def edges() -> frozenset[Edge]:
    """Return the imports between modules of the integration."""
    known = dict(modules(HOUSE))
    found = set()
    for name, path in known.items():
        for level, module, inner in imported(path):
            if not level:
                continue
            target = [*name.split("/")[:-level], *filter(None, module.split("."))]
            # The name may be a module, a folder, or a name in either.
            places = [[*target, inner], [*target, inner, "__init__"], [*target, "__init__"], target]
            found.add((name, next(one for at in places if (one := "/".join(at)) in known)))
    return frozenset(found)


def floor(module: str) -> int:
    """Return the number of a module's floor, counted from the roof."""
    room = module.partition("/")[0]
    [number] = [n for n, rooms in enumerate(FLOORS) if room in rooms]
    return number


def part(module: str) -> str:
    """Return the part of the library that a module belongs to: "lib" beside the other parts.

    Return "" for a module outside of the library.
    """
    match module.split("/"):
        case ["lib", name, _]:
            return name
        case ["lib", _]:
            return "lib"
    return ""


@cache
def public_modules(room: str) -> frozenset[str]:
    """Return the public modules of a part of the library: all, or those in its docstring."""
    tree = ast.parse((HOUSE / "lib" / room / "__init__.py").read_text("utf-8"))
    assert len(tree.body) == 1, f"{room}: an __init__ has only a docstring"
    text = ast.get_docstring(tree) or ""
    if text.endswith("\nAll modules are public."):
        return frozenset(path.stem for path in (HOUSE / "lib" / room).glob("[!_]*.py"))
    found = re.search(r"Public modules: ([\w, \n]+)\.$", text, re.MULTILINE)
    assert found, room
    return frozenset(re.findall(r"\w+", found[1]))


def imported_from_library(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the part and the module of each import of the library in a file outside of it."""
    for level, module, inner in imported(path):
        found = re.fullmatch(r"(?:smartyp1|custom_components\.smarty_p1\.lib)\.?([\w.]*)", module)
        if level or not found:
            continue
        room, _, name = ".".join(filter(None, (found[1], inner))).partition(".")
        if room in PARTS:
            yield room, name.partition(".")[0]


def workshop(module: str) -> str:
    """Return the workshop of a module of the integration."""
    own = part(module)
    names = {own, module.removeprefix("lib/")} if own else set()
    return next(
        (name for name, shop in WORKSHOPS.items() if names & {*shop["library"]}), "integration"
    )


def shown(found: Iterator[Edge]) -> list[str]:
    return sorted({f"{name} -> {target}" for name, target in found})


def test_nothing_is_imported_from_above() -> None:
    assert all(floor(name) >= 0 for name, _ in modules(HOUSE))
    assert shown(edge for edge in edges() if floor(edge[0]) > floor(edge[1])) == []


def test_the_rooms_of_the_roof_do_not_import_each_other() -> None:
    rooms = {(name.partition("/")[0], target.partition("/")[0]) for name, target in edges()}
    roof = {*FLOORS[0]} - {"__init__"}
    sideways = {(room, other) for room, other in rooms if {room, other} <= roof and room != other}
    assert sideways == SIDEWAYS


def test_nothing_goes_in_circles() -> None:
    graph: dict[str, set[str]] = {}
    for name, target in edges():
        graph.setdefault(name, set()).add(target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_the_library_is_used_by_its_public_modules() -> None:
    private = (
        (name, target)
        for name, target in edges()
        if part(target) not in ("", "lib", part(name))
        and target.rpartition("/")[2] not in public_modules(part(target))
    )
    assert shown(private) == []


def test_each_public_module_is_used() -> None:
    used = {(part(target), target.rpartition("/")[2]) for name, target in edges()
            if part(target) != part(name)}  # fmt: skip
    for directory in OTHERS:
        for _, path in modules(ROOT / directory):
            used |= set(imported_from_library(path))
    page = LIBRARY_PAGE.read_text("utf-8")
    used |= set(re.findall(r"^from smartyp1\.(\w+)\.(\w+) import", page, re.MULTILINE))
    rooms = [name for name in PARTS if name != "lib"]
    unused = [(room, name) for room in rooms for name in public_modules(room) - {
        name for at, name in used if at == room
    }]  # fmt: skip
    assert unused == []


def name_of(path: Path) -> str:
    """Return the whole name of a module."""
    top = PROGRAMS if path.is_relative_to(PROGRAMS) else ROOT
    return ".".join(path.relative_to(top).with_suffix("").parts)


def used_names(path: Path) -> Iterator[str]:
    """Yield the whole names of modules, and of objects in them, that a module imports.

    A text such as ".announcement" may be the name of a module that is imported later.
    """
    package = name_of(path).split(".")[:-1]
    for level, module, inner in imported(path):
        base = package[: len(package) + 1 - level] if level else ()
        yield ".".join(filter(None, (*base, module, inner)))
    for node in nodes(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield ".".join(package) + node.value if node.value.startswith(".") else node.value


def test_each_module_is_imported() -> None:
    roots = [HOUSE, *(ROOT / name for name in SHIPPED)]
    paths = [path for root in roots for _, path in modules(root)]
    names = {name for path in paths for name in used_names(path)}
    # Other programs import the modules that this page names.
    names |= set(re.findall(r"\bsmartyp1\.[\w.]+", LIBRARY_PAGE.read_text("utf-8")))
    names = {re.sub(r"^smartyp1\b", "custom_components.smarty_p1.lib", name) for name in names}
    # An imported module loads the packages around it.
    used = {name[: at.start()] for name in names for at in re.finditer(r"\.|$", name)}
    # Home Assistant and the node of a fleet start these by their names.
    used |= {f"custom_components.smarty_p1.{path.stem}" for path in HOUSE.glob("*.py")}
    used |= {"smarty_p1_fleet.nats_exporter"}
    known = {name_of(path).removesuffix(".__init__") for path in paths if path.stem != "__main__"}
    assert sorted(known - used - {root.name for root in roots}) == []


def test_the_parts_of_the_library_use_parts_below_them() -> None:
    assert {part(name) for name, _ in modules(HOUSE)} == {"", *PARTS}
    wrong = (
        (name, target)
        for name, target in edges()
        if part(name) and part(target) not in ("", "lib", part(name), *PARTS[part(name)])
    )
    assert shown(wrong) == []


def test_a_workshop_uses_those_that_it_names() -> None:
    assert {workshop(name) for name, _ in modules(HOUSE)} == {*WORKSHOPS} - {"cards"}
    shops = (((name, target), workshop(name), workshop(target)) for name, target in edges())
    wrong = (edge for edge, own, used in shops if used not in (own, *WORKSHOPS[own]["uses"]))
    assert {*shown(wrong)} == CROSSINGS


def test_only_the_front_of_a_workshop_is_used() -> None:
    fronts = {
        name: {f"lib/{room}/{module}" for room in front for module in front[room]}
        for name, shop in WORKSHOPS.items()
        if (front := shop.get("front"))
    }
    used = {name: set[str]() for name in fronts}
    for name, target in edges():
        if (shop := workshop(target)) in used and workshop(name) != shop:
            used[shop].add(target)
    assert used == fronts


@pytest.mark.parametrize("directory", SHIPPED[1:])
def test_gateway_and_fleet_know_no_household(directory: str) -> None:
    used = {
        f"{room}/{name}"
        for _, path in modules(ROOT / directory)
        for room, name in imported_from_library(path)
        if workshop(f"lib/{room}/{name}") == "household"
    }
    assert used <= HOUSEHOLD_AT_THE_EDGE


def test_each_test_of_the_library_is_in_a_workshop() -> None:
    named = {test for shop in WORKSHOPS.values() for test in shop["tests"]}
    folders = {f"tests/lib/{path.parent.name}" for path in ROOT.glob("tests/lib/*/test_*.py")}
    assert folders - named == set()
    assert [test for test in named if not [*ROOT.glob(test)]] == []


@pytest.mark.parametrize("name", [name for name, _ in modules(HOUSE) if name.startswith("lib/")])
def test_the_library_needs_little(name: str) -> None:
    allowed = NEEDED.get(part(name), set()) | sys.stdlib_module_names
    found = {
        module.split(".")[0] for level, module, _ in imported(HOUSE / f"{name}.py") if not level
    }
    assert found - allowed == set()


@pytest.mark.parametrize("directory", OTHERS)
def test_others_use_the_public_modules_of_the_library(directory: str) -> None:
    private = [
        (file, room, name)
        for file, path in modules(ROOT / directory)
        for room, name in imported_from_library(path)
        if room != "lib" and name not in public_modules(room)
    ]
    assert private == []


# Rooms that need no price: a gateway decodes and publishes without a bill and without numpy.
WITHOUT_MONEY = ("p1", "port", "meter", "publish", "entities", "boards", "virtual", "history")


@pytest.mark.parametrize(
    "directory", [*(f"smartyp1/{name}" for name in WITHOUT_MONEY), "smarty_p1_gateway"]
)
def test_readings_need_neither_bill_nor_numpy(directory: str) -> None:
    names = [f"{directory}/{name}".replace("/", ".") for name, _ in modules(PROGRAMS / directory)]
    code = f"import importlib, sys\nfor name in {names}:\n  importlib.import_module(name)\n"
    code += "print(*sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=PROGRAMS, capture_output=True, text=True, check=True
    )
    loaded = ended.stdout.split()
    assert f"smartyp1.{directory.rpartition('/')[2]}" in loaded or "smarty_p1_gateway" in loaded
    barred = ("numpy", "smartyp1.bill", "smartyp1.energy_table", "smartyp1.advice")
    assert [name for name in loaded if name in barred or name.startswith("smartyp1.bill.")] == []


HOMELESS = ("homeassistant", "pytest_homeassistant", "custom_components", "tests.ha")
OF_PROGRAMS = ("smarty_p1_", "programs")


WITHOUT_HOME_ASSISTANT = ("check", "cli", "commands", "dev", "fleet", "gateway", "system")


@pytest.mark.parametrize(
    ("directory", "barred"),
    [
        # A mistake that the decoder and the simulator shared would hide itself.
        ("dev/simulator", ("smartyp1", "custom_components")),
        # The project of the integration does without the one of the programs.
        ("custom_components", OF_PROGRAMS),
        ("dev", ("tests", *OF_PROGRAMS)),
        ("scripts", ("tests", *OF_PROGRAMS)),
        ("tests", OF_PROGRAMS),
        ("tests/lib", HOMELESS),
        # The programs use the library by its own name, and run without Home Assistant.
        *((name, HOMELESS) for name in SHIPPED),
        ("programs/dev", ("tests", *HOMELESS)),
        *((f"programs/tests/{name}", HOMELESS) for name in WITHOUT_HOME_ASSISTANT),
    ],
)
def test_a_folder_does_without(directory: str, barred: str | tuple[str, ...]) -> None:
    found = [*modules(ROOT / directory)]
    assert found
    for name, path in found:
        assert not [module for _, module, _ in imported(path) if module.startswith(barred)], name


def test_all_tests_of_the_programs_but_some_run_without_home_assistant() -> None:
    tests = [*PROGRAMS.glob("tests/**/*.py")]
    folders = {path.relative_to(PROGRAMS / "tests").parts[0] for path in tests} - {"conftest.py"}
    assert folders - {"sending.py"} == {*WITHOUT_HOME_ASSISTANT, "with_home_assistant"}


def test_the_top_level_has_only_named_files() -> None:
    assert {path.name for path in HOUSE.iterdir() if path.is_file()} == TOP_LEVEL
