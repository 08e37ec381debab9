"""What contributors' tools and GitHub read: it parses, and what it names is there."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
OWN_PROGRAM = re.compile(r"(?<![\w/])(?:scripts|\.ci)/[\w.]+")


def read(path: Path) -> Any:  # noqa: ANN401
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in read(path)["jobs"].values() for step in job.get("steps", [])]


def commands() -> list[str]:
    hooks = read(ROOT / ".pre-commit-config.yaml")["repos"][0]["hooks"]
    container = json.loads((ROOT / ".devcontainer.json").read_text(encoding="utf-8"))
    return [
        *(hook["entry"] for hook in hooks),
        container["postCreateCommand"],
        *(step["run"] for path in WORKFLOWS for step in steps(path) if "run" in step),
    ]


@pytest.mark.parametrize("command", commands())
def test_the_programs_of_a_command_are_there(command: str) -> None:
    for name in OWN_PROGRAM.findall(command):
        assert os.access(ROOT / name, os.X_OK) or name.endswith(".py"), name
        assert (ROOT / name).is_file(), name


def test_hooks_download_nothing() -> None:
    [repository] = read(ROOT / ".pre-commit-config.yaml")["repos"]

    assert repository["repo"] == "local"
    assert all(hook["language"] == "system" for hook in repository["hooks"])


def test_updated_packages_are_pinned_in_the_requirements() -> None:
    texts = [path.read_text(encoding="utf-8") for path in ROOT.glob("requirements_*.txt")]
    pinned = {name.lower() for text in texts for name in re.findall(r"(?m)^([\w-]+)==", text)}
    updates = {
        one["package-ecosystem"]: one
        for one in read(ROOT / ".github" / "dependabot.yml")["updates"]
    }

    allowed = {one["dependency-name"].lower() for one in updates["pip"]["allow"]}
    assert allowed <= pinned
    # What Home Assistant does not bring.
    assert {"aiomqtt", "nats-py", "prometheus-client", "rich"} <= allowed
    assert updates.keys() == {"docker", "github-actions", "npm", "pip"}
    assert {"hatchling"} <= allowed
    assert all(one["schedule"]["interval"] == "weekly" for one in updates.values())


def test_the_fuzzer_keeps_its_corpus() -> None:
    fuzz = steps(ROOT / ".github" / "workflows" / "fuzz.yml")
    [restore, save] = [step["with"] for step in fuzz if "actions/cache" in step.get("uses", "")]
    [corpus] = [
        found[1] for step in fuzz if (found := re.search(r"--corpus (\S+)", step.get("run", "")))
    ]

    assert restore["path"] == save["path"] == corpus
    assert save["key"].startswith(restore["restore-keys"])
    assert f"/{corpus}/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    "path", [path for path in FORMS if path.stem != "config"], ids=lambda path: path.stem
)
def test_a_form_is_whole_and_warns_of_keys(path: Path) -> None:
    form = read(path)
    ids = [part["id"] for part in form["body"] if part["type"] != "markdown"]

    assert {"name", "description", "body"} <= form.keys()
    assert len(set(ids)) == len(ids)
    assert all("label" in part["attributes"] for part in form["body"] if "id" in part)
    assert form["body"][0]["type"] == "markdown"
    assert "never post a key" in form["body"][0]["attributes"]["value"].lower()


def test_a_bug_comes_with_what_is_needed_to_find_it() -> None:
    body = read(ROOT / ".github" / "ISSUE_TEMPLATE" / "bug.yml")["body"]
    required = {part["id"] for part in body if part.get("validations", {}).get("required")}

    assert {"happened", "diagnostics", "home-assistant", "version", "meter", "gateway"} <= required


# In the place of Python: each first run of pytest fails, and each that repeats its files holds.
FIRST_RUN_FAILS = f"""\
#!/usr/bin/env bash
[[ $1 != -c ]] || exec {sys.executable} "$@"
[[ $4 == -m && $* != *maxfail* ]] 2>/dev/null || exit 0
mkdir -p .pytest_cache/v/cache
n=$(ls .coverage | wc -l); touch ".coverage/$n"
echo "{{\\"tests/part$n/test_a.py::test_b[c]\\": true}}" >.pytest_cache/v/cache/lastfailed
exit 1
"""
BOTH = ("tests/part0/test_a.py", "tests/part1/test_a.py")


@pytest.mark.parametrize(
    ("where", "shown"),
    [
        ("true", "::warning file={0}::{0} failed beside other tests, and was repeated alone"),
        ("", "test: warning: {0} failed beside other tests, and was repeated alone"),
    ],
)
def test_what_is_repeated_is_said_at_the_end(tmp_path: Path, where: str, shown: str) -> None:
    for name, text in (
        (".venv/bin/python", FIRST_RUN_FAILS),
        ("scripts/setup", "#!/bin/sh\n"),
        ("scripts/packages", "#!/bin/sh\n"),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
    shutil.copy(ROOT / "scripts" / "test", tmp_path / "scripts")

    done = subprocess.run(
        [tmp_path / "scripts" / "test"],
        env={**os.environ, "GITHUB_ACTIONS": where},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines()[-2:] == [shown.format(file) for file in BOTH]
