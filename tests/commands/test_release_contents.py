"""Tampering with the files, entry points, requirements and locks of a release is noticed."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import run

import pytest

from dev.checkout import ROOT
from dev.release import GIT, INTEGRATION
from dev.release_contents import (
    LOCKS,
    dependabot_problems,
    file_modes,
    file_problems,
    lock_problems,
    package_problems,
    version_problems,
)

MANIFEST = f"{INTEGRATION}/manifest.json"


def copied(root: Path, beginnings: tuple[str, ...]) -> Path:
    """Copy the files of the working tree whose path begins with any of `beginnings`."""
    for name in file_modes(ROOT):
        if name.startswith(beginnings):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name, follow_symlinks=False)
    return root


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of the files with requirements."""
    names = ("requirements", "frontend/package", MANIFEST, "CHANGELOG", ".github/dependabot")
    of_programs = ("requirements/", "pyproject.toml", "docs/library", "smarty_p1_gateway/texts")
    return copied(tmp_path, (*names, *(f"programs/{name}" for name in of_programs)))


def replace(name: str, old: str, new: str) -> Callable[[Path], None]:
    """Return a change of a file: its first `old` becomes `new`. Both are regular expressions."""

    def change(root: Path) -> None:
        text = (root / name).read_text("utf-8")
        changed, count = re.subn(old, new, text, count=1)
        assert count == 1
        (root / name).write_text(changed, "utf-8")

    return change


def add(name: str, text: str = "x") -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, "utf-8")

    return change


def link(name: str, target: str) -> Callable[[Path], None]:
    return lambda root: (root / name).symlink_to(target)


def extend(name: str, **fields: object) -> Callable[[Path], None]:
    """Return a change of a JSON file: further fields."""

    def change(root: Path) -> None:
        content = json.loads((root / name).read_text("utf-8"))
        (root / name).write_text(json.dumps(content | fields), "utf-8")

    return change


BUILD_LOCK = "programs/requirements/build_lock.txt"
CONTAINER_LOCK = "programs/requirements/container_lock.txt"
FILES = {
    f"{INTEGRATION}/icon.png is no module": add(f"{INTEGRATION}/icon.png"),
    "fast.so is no module": add(f"{INTEGRATION}/lib/p1/fast.so"),
    "telemetry.py is not tracked": add(f"{INTEGRATION}/lib/telemetry.py", ""),
    "gateway.pth is no module": add("programs/smarty_p1_gateway/gateway.pth"),
    "passwords.py is no regular file": link("programs/smarty_p1_fleet/passwords.py", "metrics.py"),
}
REQUIREMENTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "dead link on PyPI": (
        replace("programs/docs/library.md", r"\]\(https://\S*/docs/entities.md", "](entities.md"),
        "link to entities.md#totals\\S* leads nowhere",
    ),
    "npm package without a hash": (
        replace("frontend/package-lock.json", '"integrity": "sha512-[^"]*",', ""),
        "has no hash",
    ),
    "address of a package": (
        replace("requirements_test.txt", "\nserialx", "\\g<0> @ git+https://example.org/serialx"),
        "serialx @ git",
    ),
    "other package index": (add("requirements/demo.txt", "--index-url x"), "--index-url x is no"),
    "lock without a hash": (
        replace(BUILD_LOCK, r"hatchling(==\S+) \\\n( .*\n){2}", r"hatchling\1" + "\n"),
        "hatchling.* is no pinned package",
    ),
}
LOCK_TAMPERING: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "hash of zeros": (
        "programs/container",
        replace(CONTAINER_LOCK, "sha256:[0-9a-f]{64}", "sha256:" + "0" * 64),
        "sha256:0000",
    ),
    "older package": (
        "programs/container",
        replace(CONTAINER_LOCK, "cryptography==[\\d.]+", "cryptography==41.0.0"),
        "cryptography==41.0.0",
    ),
    "further package": (
        "programs/build",
        replace(BUILD_LOCK, "\nhatchling", "\nevil==1.0\\g<0>"),
        "evil==1.0",
    ),
    "missing package": ("programs/build", replace(BUILD_LOCK, r"pluggy(.*\n){3}", ""), "pluggy=="),
    "no date": ("programs/build", replace(BUILD_LOCK, "--exclude-newer.*", ""), "no date"),
    "date in the future": (
        "programs/build",
        replace(BUILD_LOCK, "-newer 20", "-newer 30"),
        "the future",
    ),
    "earlier date": (
        "programs/build",
        replace(BUILD_LOCK, "-newer 2026", "-newer 2024"),
        "hatchling",
    ),
    "requirement without its lock": (
        "programs/build",
        replace("programs/requirements/build.txt", "\nhatchling==[\\d.]+", "\nhatchling==1.27.0"),
        "hatchling==1.27.0",
    ),
}


def test_files_that_do_not_belong_to_a_release_are_noticed(tmp_path: Path) -> None:
    root = copied(tmp_path, (f"{INTEGRATION}/", "programs/smarty_p1_", "frontend/", "LICENSE"))
    run([GIT, "init", "--quiet"], cwd=root, check=True)
    run([GIT, "add", "--all"], cwd=root, check=True)
    assert list(file_problems(root)) == []
    for tamper in FILES.values():
        tamper(root)
    found = "\n" + "\n".join(file_problems(root))
    assert [name for name in FILES if not re.search(name, found)] == []


def test_the_working_tree_can_be_released() -> None:
    checks = (package_problems, version_problems, dependabot_problems)
    assert [problem for check in checks for problem in check(ROOT)] == []


CHANGES = "CHANGELOG.md"
OTHER_TAMPERING: dict[str, tuple[Callable[[Path], None], str]] = {
    "long changes": (replace(CHANGES, "\\Z", "- More.\n" * 60), "lines of changes"),
    "no date": (
        replace(CHANGES, r"(?m)^(## \S+) \(.*\)$", r"\1 (soon)"),
        "CHANGELOG.md does not say",
    ),
    "version of another release": (
        add("docs/x.md", "pip install smarty-p1==9.9.9"),
        "another version is in docs/x.md",
    ),
    "requirement that Dependabot does not know": (
        replace("requirements_test.txt", "\nruff==", "\nsomething==1.0\nruff=="),
        "dependabot.yml lacks something",
    ),
    "removed requirement": (
        replace("programs/requirements/build.txt", "setuptools==", "# "),
        "setuptools",
    ),
}


@pytest.mark.parametrize("name", OTHER_TAMPERING)
def test_a_version_and_the_list_of_dependabot_are_checked(tree: Path, name: str) -> None:
    tamper, problem = OTHER_TAMPERING[name]
    run([GIT, "init", "--quiet"], cwd=tree, check=True)
    tamper(tree)
    run([GIT, "add", "--all"], cwd=tree, check=True)
    problems = [*version_problems(tree), *dependabot_problems(tree)]
    assert re.search(problem, "\n".join(problems)), problems


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_tampering_with_requirements_is_noticed(tree: Path, name: str) -> None:
    tamper, problem = REQUIREMENTS[name]
    tamper(tree)
    problems = list(package_problems(tree))
    assert len(problems) == 1
    assert re.search(problem, problems[0]), problems


@pytest.mark.parametrize("name", LOCK_TAMPERING)
def test_a_lock_that_differs_from_its_requirements_is_noticed(tree: Path, name: str) -> None:
    lock, tamper, problem = LOCK_TAMPERING[name]
    assert lock in LOCKS
    tamper(tree)
    problems = list(lock_problems(tree, [lock]))
    assert len(problems) == 1
    assert problem in problems[0], problems
