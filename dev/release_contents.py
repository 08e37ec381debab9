"""Checks of the files that a release consists of, in a working tree, without building anything.

`release_contents.toml` lists what a release may contain beside imported modules.
"""

import json
import re
import shutil
import stat
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from dev.release import GIT, INTEGRATION, ROOT, ReleaseError, changes_of, manifest_version, run
from smartyp1.json_types import JsonMapping

_TEXTS = "programs/smarty_p1_gateway/texts"
LINKS = {
    "smartyp1",
    "programs/smartyp1",
    *(f"{_TEXTS}/{name}" for name in ("icons.json", "manifest.json", "translations")),
}
"""Links to library and texts, by which Python and hatchling find them in a checkout."""
SHIPPED = (
    f"{INTEGRATION}/",
    *(f"programs/smarty_p1_{name}/" for name in ("cli", "fleet", "gateway")),
)
LISTED: JsonMapping = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
LOCKS: Mapping[str, str] = LISTED["locks"]

_DATE = re.compile(r"^# .*--exclude-newer (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$", re.MULTILINE)
_REQUIREMENT = r"[\w.-]+(\[[\w,]+\])?"
_PINNED = re.compile(rf"{_REQUIREMENT}==[\w.!+]+( ?; [^@]+?)?")
_NAMED = re.compile(_REQUIREMENT)
_HASHED = re.compile(rf"{_PINNED.pattern}( +--hash=sha256:[0-9a-f]{{64}})+")
_NAMES_ONLY = {"requirements/overrides.txt"}
# Files whose packages without a version obey the constraints of Home Assistant.
_CONSTRAINED = {"requirements/demo.txt", "requirements/next.txt", "requirements_test.txt"}
MAX_CHANGES_LINES = 60
_RELEASED_LOCKS = {"programs/build", "programs/container"}

# --- locks ---------------------------------------------------------------------------------------


def lock_path(name: str) -> str:
    """Return the path of a lock; `name` is such as "demo", or "programs/test"."""
    *project, own = name.split("/")
    return "/".join([*project, "requirements", f"{own}_lock.txt"])


def lock_text(root: Path, name: str, date: str) -> str:
    """Return the text of the lock `name`, from packages that were published before `date`.

    `date` is a time such as 2026-11-18T00:00:00Z. `scripts/setup` must have made the environment
    whose constraints the lock obeys. Raises ReleaseError with uv's message if uv finds no packages.
    """
    uv = next(ROOT.glob(".python/uv*/bin/uv"), shutil.which("uv") or "uv")
    command = [uv, "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--no-config"]
    packages = run(*command, "--exclude-newer", date, *LOCKS[name].split(), cwd=root)
    heading = (
        "# Made by `scripts/release lock NAME`; `scripts/check` compares it with a new one:\n"
        f"# packages with --exclude-newer {date}\n"
    )
    return heading + packages


def write_lock(name: str) -> None:
    """Write the lock `name` anew, from the packages that are published now."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    path = ROOT / lock_path(name)
    path.write_text(lock_text(ROOT, name, now), "utf-8")


def lock_problems(root: Path, names: Sequence[str] = tuple(LOCKS)) -> Iterator[str]:
    """Compile each lock again at the date that it names, and yield differences."""
    # Most of the time is spent waiting for the package index.
    with ThreadPoolExecutor() as executor:
        for problem in executor.map(lambda name: _lock_problem(root, name), names):
            if problem:
                yield problem


def _lock_problem(root: Path, name: str) -> str | None:
    path = lock_path(name)
    text = (root / path).read_text("utf-8")
    date = _DATE.search(text)
    if date is None or datetime.fromisoformat(date[1]) > datetime.now(UTC):
        return f"{path} has no date, or one in the future: scripts/release lock {name}"
    try:
        again = lock_text(root, name, date[1])
    except ReleaseError as error:
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
    names = _git_files(root, "--cached", "--others", "--exclude-standard")
    paths = {name: root / name for name in sorted(names)}
    return {
        name: path.lstat().st_mode
        for name, path in paths.items()
        if path.is_symlink() or path.exists()
    }


def _git_files(root: Path, *options: str) -> set[str]:
    """Return paths from `git ls-files` with these options."""
    names = run(GIT, "ls-files", "-z", *options, cwd=root)
    return {name for name in names.split("\0") if name}


def file_problems(root: Path) -> Iterator[str]:
    """Yield the files that a release must not have."""
    for name in sorted(_git_files(root, "--others", "--exclude-standard")):
        if name.startswith(SHIPPED):
            yield f"{name} is not tracked by git"
    for name, mode in file_modes(root).items():
        path = Path(name)
        is_link = stat.S_ISLNK(mode) and name in LINKS
        if not stat.S_ISREG(mode) and not is_link:
            yield f"{name} is no regular file"
        is_known = (path.suffix == ".py" and path.stem.isidentifier()) or is_link
        if name.startswith(SHIPPED) and not is_known and not _matches(name, _listed("files")):
            yield f"{name} is no module, and is not in files"


def _listed(key: str) -> set[str]:
    text: str = LISTED[key]
    return set(text.split())


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(
        fnmatchcase(name, pattern) and name.count("/") == pattern.count("/") for pattern in patterns
    )


# --- requirements ---------------------------------------------------------------


def package_problems(root: Path) -> Iterator[str]:
    """Yield packages without a version or a hash, and links that lead nowhere on PyPI."""
    programs = root / "programs"
    readme = tomllib.loads((programs / "pyproject.toml").read_text("utf-8"))["project"]["readme"]
    # PyPI shows this page away from the repository, so its links need whole addresses.
    for link in re.findall(r"\]\((?!https?:|#)([^)]*)", (programs / readme).read_text("utf-8")):
        yield f"{readme}: on PyPI, the link to {link} leads nowhere"
    lock = json.loads((root / "frontend/package-lock.json").read_text("utf-8"))
    for name, locked in lock["packages"].items():
        if name and (not locked.get("integrity", "").startswith("sha512-") or "resolved" in locked):
            yield f"frontend/package-lock.json: {name} has no hash, or an address of its own"
    requirements = (
        path for pattern in ("", "programs/") for path in root.glob(f"{pattern}requirements/*.txt")
    )
    for path in sorted([root / "requirements_test.txt", *requirements]):
        yield from _requirement_problems(root, path)


def _requirement_problems(root: Path, path: Path) -> Iterator[str]:
    """Yield the lines of a file that do not name a package of the index with its version."""
    name = path.relative_to(root).as_posix()
    form = _HASHED if name in map(lock_path, _RELEASED_LOCKS) else _PINNED
    may_be_named = name in _CONSTRAINED | _NAMES_ONLY
    for line in path.read_text("utf-8").replace("\\\n", "").splitlines():
        text = re.sub(r"(^| )#.*", "", line).strip()
        if text and not form.fullmatch(text) and not (may_be_named and _NAMED.fullmatch(text)):
            yield f"{name}: {text[:120]} is no pinned package"


# --- version, changes, Dependabot ----------------------------------------------------------------


def version_problems(root: Path) -> Iterator[str]:
    """Yield the files that name another version of this project, and faults of CHANGELOG.md."""
    version = manifest_version(root)
    try:
        changes = changes_of(version, r"\((?:\d{4}-\d\d-\d\d|not released yet)\)", root)
    except ReleaseError as error:
        yield str(error)
    else:
        if (lines := len(changes.splitlines())) > MAX_CHANGES_LINES:
            yield f"CHANGELOG.md has {lines} lines of changes: leave what a user gains"
    # Find versions in texts such as smarty-p1==1.2.0, smarty_p1-1.2.0 or the tag v1.2.0.
    for name in sorted(_git_files(root, "*.md", "*.yml", "*.toml", "*.txt", "*file")):
        place = r"smarty[-_]p1[\w./@=-]*?[=/@v-]" + (r"|\bv" if name.endswith(".md") else "")
        named = re.findall(rf"(?:{place})(\d+\.\d+\.\d+)\b", (root / name).read_text("utf-8"))
        if set(named) - {version}:
            yield f"another version is in {name}"


def dependabot_problems(root: Path) -> Iterator[str]:
    """Yield packages that only Dependabot's list or only the requirements have."""
    requirements = {
        line.partition("==")[0].partition("[")[0]
        for name in _listed("dependabot_files")
        for line in (root / name).read_text("utf-8").splitlines()
        if "==" in line and not line.startswith("#")
    } - _listed("dependabot_ignores")
    config = yaml.safe_load((root / ".github/dependabot.yml").read_text("utf-8"))
    [updates] = [part for part in config["updates"] if part["package-ecosystem"] == "pip"]
    allowed = {part["dependency-name"] for part in updates["allow"]}
    for name in sorted(requirements - allowed):
        yield f".github/dependabot.yml lacks {name}"
    for name in sorted(allowed - requirements):
        yield f".github/dependabot.yml names {name}, which is no requirement"


CHECKS: tuple[Callable[[Path], Iterator[str]], ...] = (
    file_problems,
    package_problems,
    version_problems,
    dependabot_problems,
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
