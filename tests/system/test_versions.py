"""The promised versions are the tested ones: one oldest, one newest Home Assistant, unchanged."""

import json
import re
import tomllib
from importlib.metadata import Distribution, distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dev.checkout import PROGRAMS, ROOT

ENVIRONMENTS = {kind: ROOT / f".venv-{kind}" for kind in ("demo", "next")} | {
    "test": ROOT / ".venv"
}


def requirements_of(kind: str) -> str:
    """Return the path of the file with the Home Assistant of an environment, from the root."""
    return "requirements_test.txt" if kind == "test" else "requirements/demo.txt"


def wanted(kind: str) -> str:
    """Return the version of Home Assistant that an environment is to have."""
    text = (ROOT / requirements_of(kind)).read_text("utf-8")
    found = re.findall(r"^homeassistant==(\S+)$", text, re.MULTILINE)
    assert len(found) == 1
    version: str = found[0]
    return version


def installed(kind: str) -> dict[str, Distribution]:
    """Return the packages of an environment by their names."""
    [packages] = ENVIRONMENTS[kind].glob("lib/python3.*/site-packages")
    return {
        canonicalize_name(package.name): package for package in distributions(path=[str(packages)])
    }


def constraints(kind: str) -> dict[str, Requirement]:
    """Return the constraints of the Home Assistant in an environment."""
    [path] = ENVIRONMENTS[kind].glob(
        "lib/python3.*/site-packages/homeassistant/package_constraints.txt"
    )
    lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    requirements = [Requirement(line) for line in lines if line]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def exceptions(kind: str) -> set[str]:
    """Return the packages that are newer than Home Assistant allows, by their list."""
    text = (ROOT / requirements_of(kind)).read_text("utf-8")
    return set(re.findall(r"^(\S+)==\S+  # instead of the constraint$", text, re.MULTILINE))


def test_the_least_that_is_promised_is_the_version_of_the_test_kit() -> None:
    oldest = wanted("test")
    hacs = json.loads((ROOT / "hacs.json").read_text("utf-8"))
    readme = (ROOT / "README.md").read_text("utf-8")
    upkeep = (ROOT / "docs" / "upkeep.md").read_text("utf-8")

    assert hacs["homeassistant"] == oldest
    assert re.findall(r"Home Assistant (\S+) or newer", readme) == [oldest]
    assert re.findall(r"tests run with (\S+), the oldest", upkeep) == [oldest]
    kit = installed("test")["pytest-homeassistant-custom-component"]
    assert f"homeassistant=={oldest}" in (kit.requires or [])
    versions = [tuple(map(int, each.split("."))) for each in (oldest, wanted("demo"))]
    assert versions[0][:2] < versions[1][:2]


@pytest.mark.parametrize("kind", ENVIRONMENTS)
def test_an_environment_has_only_versions_that_its_home_assistant_allows(kind: str) -> None:
    allowed = constraints(kind)
    found = {name: package.version for name, package in installed(kind).items()}
    other = {n for n in found.keys() & allowed if not allowed[n].specifier.contains(found[n])}

    assert found["homeassistant"] == wanted(kind)
    assert len(allowed) > 100
    assert other == exceptions(kind) & found.keys()
    for package in ("serialx", "aiousbwatcher", "cryptography"):
        assert str(allowed[package].specifier) == f"=={found[package]}"
    # The locked packages are those installed.
    lock = (ROOT / f"requirements/{kind}_lock.txt").read_text("utf-8")
    locked = dict(re.findall(r"^([^#=\s]+)==([^\s;]+)", lock, re.MULTILINE))
    assert {canonicalize_name(name): version for name, version in locked.items()} == found


def test_the_package_asks_for_no_more_than_the_oldest_home_assistant_brings() -> None:
    project = tomllib.loads((PROGRAMS / "pyproject.toml").read_text("utf-8"))["project"]
    least = {
        requirement.name: str(requirement.specifier)
        for text in (*project["dependencies"], *project["optional-dependencies"]["port"])
        for requirement in [Requirement(text)]
    }
    pinned = {name: str(constraints("test")[name].specifier) for name in least}

    assert least == {name: exact.replace("==", ">=") for name, exact in pinned.items()}
