"""Checks of the files that a release consists of, in a working tree, without building anything.

`release_contents.toml` lists all that a release may contain.
"""

import ast
import json
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
GIT = shutil.which("git") or "git"
INTEGRATION = "custom_components/smarty_p1"
_EXECUTABLE = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH
PROGRAMS = (f"{INTEGRATION}/", "smarty_p1_fleet/", "smarty_p1_gateway/", "smarty_p1_cli/")
LISTED: Mapping[str, Any] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)
LOCKS: Mapping[str, str] = LISTED["locks"]

_DATE = re.compile(r"^# .*--exclude-newer (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$", re.MULTILINE)
_REQUIREMENT = r"[\w.-]+(\[[\w,]+\])?"
_PINNED = re.compile(rf"{_REQUIREMENT}==[\w.!+]+( ?; [^@]+?)?")
_NAMED = re.compile(_REQUIREMENT)
_HASHED = re.compile(rf"{_PINNED.pattern}( +--hash=sha256:[0-9a-f]{{64}})+")
_NAMES_ONLY = {"requirements/overrides.txt"}
# Files whose packages without a version obey the constraints of Home Assistant.
_CONSTRAINED = {"requirements/demo.txt", "requirements_test.txt"}
_RELEASED_LOCKS = {f"requirements/{name}_lock.txt" for name in ("build", "container", "sbom")}

# --- locks ---------------------------------------------------------------------------------------


def lock_text(root: Path, name: str, date: str) -> str:
    """Return the text of the lock `name`, from packages that were published before `date`.

    `date` is a time such as 2026-11-18T00:00:00Z. `scripts/setup` must have made the environment
    whose constraints the lock obeys. Raises RuntimeError with uv's message if uv finds no packages.
    """
    uv = next(ROOT.glob(".python/uv*/bin/uv"), shutil.which("uv") or "uv")
    command = [str(uv), "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--no-config"]
    end = subprocess.run(  # noqa: S603 - the project's own program
        [*command, "--exclude-newer", date, *LOCKS[name].split()],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if end.returncode:
        raise RuntimeError(end.stderr)
    heading = (
        "# Made by `scripts/release lock NAME`; `scripts/check` compares it with a new one:\n"
        f"# packages with --exclude-newer {date}\n"
    )
    return heading + end.stdout


def write_lock(name: str) -> None:
    """Write the lock `name` anew, from the packages that are published now."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    path = ROOT / f"requirements/{name}_lock.txt"
    path.write_text(lock_text(ROOT, name, now), encoding="utf-8")


def lock_problems(root: Path, names: Sequence[str] = tuple(LOCKS)) -> Iterator[str]:
    """Compile each lock again at the date that it names, and yield differences."""
    # Most of the time is spent waiting for the package index.
    with ThreadPoolExecutor() as executor:
        for problem in executor.map(lambda name: _lock_problem(root, name), names):
            if problem:
                yield problem


def _lock_problem(root: Path, name: str) -> str | None:
    path = f"requirements/{name}_lock.txt"
    text = (root / path).read_text(encoding="utf-8")
    date = _DATE.search(text)
    if date is None or datetime.fromisoformat(date[1]) > datetime.now(UTC):
        return f"{path} has no date, or one in the future: scripts/release lock {name}"
    try:
        again = lock_text(root, name, date[1])
    except RuntimeError as error:
        return f"{path} could not be compared: {error}"
    if text == again:
        return None
    changed = sorted(_locked(text) ^ _locked(again))
    return f"{path} differs from its requirements: {', '.join(changed) or 'its form'}"


def _locked(text: str) -> set[str]:
    lines = text.replace("\\\n", "").splitlines()
    return {" ".join(line.split())[:120] for line in lines if not line.startswith("#")}


# --- files ---------------------------------------------------------------------------------------


def file_modes(root: Path) -> dict[str, int]:
    """Return the modes of the files of the working tree that git does not ignore, keyed by path."""
    command = [GIT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    end = subprocess.run(  # noqa: S603 - git
        command, cwd=root, capture_output=True, text=True, check=True
    )
    names = sorted({name for name in end.stdout.split("\0") if name})
    paths = {name: root / name for name in names}
    return {
        name: path.lstat().st_mode
        for name, path in paths.items()
        if path.is_symlink() or path.exists()
    }


def file_problems(root: Path) -> Iterator[str]:
    """Yield the files that a release must not have, and the modules that nothing imports."""
    modes = file_modes(root)
    for folder, key in (
        ("", "top_level"),
        ("custom_components/", "integrations"),
        (f"{INTEGRATION}/", "integration_top_level"),
    ):
        names = {name[len(folder) :].partition("/")[0] for name in modes if name.startswith(folder)}
        for name in sorted(names - _listed(key)):
            yield f"{folder}{name} is not in {key}"
    others = {f"{INTEGRATION}/{name}" for name in _listed("integration_files")}
    others |= _listed("program_files")
    for name, mode in modes.items():
        if stat.S_ISLNK(mode) and (root / name).readlink() == Path(LISTED["links"].get(name, "")):
            continue
        if not stat.S_ISREG(mode):
            yield f"{name} is no regular file"
        elif mode & _EXECUTABLE and not _matches(name, _listed("executable_files")):
            yield f"{name} can be executed, and is not in executable_files"
        path = Path(name)
        is_module = path.suffix == ".py" and path.stem.isidentifier()
        if name.startswith(PROGRAMS) and not is_module and not _matches(name, others):
            yield f"{name} is no module, and is not in integration_files or program_files"
    for name in find_unused_modules(root, list(modes)):
        yield f"nothing imports {name}"


def _listed(key: str) -> set[str]:
    text: str = LISTED[key]
    return set(text.split())


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(
        fnmatchcase(name, pattern) and name.count("/") == pattern.count("/") for pattern in patterns
    )


def find_unused_modules(root: Path, names: Sequence[str]) -> Iterator[str]:
    """Yield the integration's modules below its top level that no program imports.

    `names` has the paths of all files in the repository.
    """
    modules = [name for name in names if name.startswith(PROGRAMS) and name.endswith(".py")]
    # Programs of other projects import the modules that docs/library.md names. So these modules
    # count as imported.
    library = (root / "docs/library.md").read_text(encoding="utf-8")
    imported = set(re.findall(r"smartyp1\.(\w+)", library))
    for name in modules:
        for node in ast.walk(ast.parse((root / name).read_text(encoding="utf-8"))):
            # A string such as ".announcing" is the name of a module that is imported later, outside
            # of the event loop. So the module with this name counts as imported.
            if isinstance(node, ast.Constant) and str(node.value).startswith("."):
                imported.add(str(node.value)[1:])
            if isinstance(node, ast.ImportFrom):
                imported |= {alias.name for alias in node.names}
                imported |= set((node.module or "").split("."))
    for name in modules:
        path = Path(name)
        is_inside = name.startswith(f"{INTEGRATION}/") and str(path.parent) != INTEGRATION
        if is_inside and path.stem not in imported | {"__init__"}:
            yield name


# --- requirements and entry points ---------------------------------------------------------------


def package_problems(root: Path) -> Iterator[str]:
    """Yield unlisted parts of pyproject.toml, the manifest, npm packages and requirements."""
    whole = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    manifest = json.loads((root / INTEGRATION / "manifest.json").read_text(encoding="utf-8"))
    package = json.loads((root / "frontend/package.json").read_text(encoding="utf-8"))
    project: dict[str, Any] = whole["project"]
    hatch = whole["tool"]["hatch"]
    # An sdist is not released. A file that the wheel excludes cannot do harm.
    targets = hatch.get("build", {}).get("targets", {})
    targets.pop("sdist", None)
    targets.get("wheel", {}).pop("exclude", None)
    listed = LISTED["pyproject"]
    kinds = {"scripts", "gui-scripts", "entry-points"} & project.keys()
    requirements = {"always": project["dependencies"], **project["optional-dependencies"]}
    compared: dict[str, tuple[object, object]] = {
        "build system": (whole["build-system"], listed["build-system"]),
        "dynamic fields": (project.get("dynamic"), ["version"]),
        "entry points": ({kind: project[kind] for kind in kinds}, {"scripts": listed["scripts"]}),
        "requirements": (requirements, listed["requirements"]),
        "hatchling": (hatch, listed["hatch"]),
        "manifest": ({key: manifest.get(key) for key in LISTED["manifest"]}, LISTED["manifest"]),
        "packages of the cards": (set(package["dependencies"]), _listed("card_packages")),
        "scripts of npm": (package.get("scripts"), None),
    }
    for name, (present, allowed) in compared.items():
        if present != allowed:
            yield f"{name}: {present} instead of {allowed}"
    yield from _npm_problems(root, package)
    for path in sorted([root / "requirements_test.txt", *root.glob("requirements/*.txt")]):
        yield from _requirement_problems(root, path)


def _npm_problems(root: Path, package: Mapping[str, Any]) -> Iterator[str]:
    lock = json.loads((root / "frontend/package-lock.json").read_text(encoding="utf-8"))
    for name, locked in lock["packages"].items():
        if not name:
            kinds = ("dependencies", "devDependencies")
            if any(locked.get(kind) != package.get(kind) for kind in kinds):
                yield "frontend/package-lock.json: other packages than package.json"
        elif not str(locked.get("integrity", "")).startswith("sha512-") or "resolved" in locked:
            yield f"frontend/package-lock.json: {name} has no hash, or an address of its own"


def _requirement_problems(root: Path, path: Path) -> Iterator[str]:
    """Yield the lines of a file that do not name a package of the index with its version.

    The packages in locks of a release must also have hashes.
    """
    name = path.relative_to(root).as_posix()
    form = _HASHED if name in _RELEASED_LOCKS else _PINNED
    may_be_named = name in _CONSTRAINED | _NAMES_ONLY
    for line in path.read_text(encoding="utf-8").replace("\\\n", "").splitlines():
        text = re.sub(r"(^| )#.*", "", line).strip()
        if text and not form.fullmatch(text) and not (may_be_named and _NAMED.fullmatch(text)):
            yield f"{name}: {text[:120]} is no pinned package"


CHECKS: tuple[Callable[[Path], Iterator[str]], ...] = (
    file_problems,
    package_problems,
    lock_problems,
)


def main() -> int:
    """Print the problems of this working tree. Return 1 if there are any, otherwise 0."""
    if len(sys.argv) > 1:
        for name in sys.argv[1:]:
            write_lock(name)
        return 0
    problems = [problem for check in CHECKS for problem in check(ROOT)]
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
