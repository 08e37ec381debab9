"""What runs on GitHub has no more rights than it needs, and is what it was when it was chosen."""

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())
# A version to read, of an action; a name to read, of an image.
ACTION = re.compile(r"[\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
IMAGE = re.compile(r"docker://[\w./-]+@sha256:[0-9a-f]{64} # \S+")
OWN_WORKFLOW = re.compile(r"\./\.github/workflows/\w+\.yml")
LOCK = "requirements_build_lock.txt"

every_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def jobs(name: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read(ROOT / ".github" / "workflows" / name)["jobs"]
    return found


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in read(path)["jobs"].values() for step in job.get("steps", [])]


def may_write(job: dict[str, Any]) -> bool:
    permissions = job["permissions"]
    return permissions == "write-all" or "write" in dict(permissions).values()


@every_workflow
def test_every_job_says_its_rights_and_only_publishing_may_write(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {}
    writing = {name: job for name, job in workflow["jobs"].items() if may_write(job)}
    rights = {"publish": {"contents": "write"}} if path.stem == "release" else {}
    assert {name: job["permissions"] for name, job in writing.items()} == rights
    others = [job for name, job in workflow["jobs"].items() if name not in writing]
    assert all(job["permissions"] == {"contents": "read"} for job in others)


@every_workflow
def test_no_checkout_leaves_credentials_behind(path: Path) -> None:
    checkouts = [
        step for step in steps(path) if step.get("uses", "").startswith("actions/checkout")
    ]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@every_workflow
def test_actions_and_images_are_named_by_their_digests(path: Path) -> None:
    used = re.findall(r"^[ -]*uses: *(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    known = (ACTION, IMAGE, OWN_WORKFLOW)
    assert [name for name in used if not any(form.fullmatch(name) for form in known)] == []
    structured = [*steps(path), *read(path)["jobs"].values()]
    assert len(used) == sum("uses" in each for each in structured)
    assert not any({"container", "services"} & each.keys() for each in structured)


@every_workflow
def test_nothing_is_written_into_a_command(path: Path) -> None:
    """What a template puts into a command, the shell runs."""
    assert [step["run"] for step in steps(path) if "${{" in step.get("run", "")] == []


def test_what_publishes_runs_nothing_of_the_repository() -> None:
    publish = jobs("release.yml")["publish"]
    actions = [step["uses"].partition("@")[0] for step in publish["steps"] if "uses" in step]
    assert actions == ["actions/download-artifact"]
    programs = {
        line.split()[0] for step in publish["steps"] for line in step.get("run", "").splitlines()
    }
    assert programs == {"base64", "cd", "sha256sum", "diff", "gh"}


def test_what_is_published_is_built_and_checked_before() -> None:
    release = jobs("release.yml")
    order = [release[name].get("needs") for name in ("notes", "validate", "build", "publish")]
    assert order == [None, "notes", "validate", "build"]
    uploads = [step for step in release["build"]["steps"] if "upload" in step.get("uses", "")]
    downloads = [step for step in release["publish"]["steps"] if "uses" in step]
    assert [step["with"]["name"] for step in uploads + downloads] == ["release"] * 2
    # What comes from a cache was put there by any other run.
    assert not [step for step in release["build"]["steps"] if "cache" in step.get("uses", "")]


def run(script: str, directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a step as GitHub does."""
    own = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, **environment}
    return subprocess.run(
        ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=directory,
        env=own,
        capture_output=True,
        text=True,
        check=False,
    )


def step_with(job: str, word: str) -> str:
    [script] = [
        step["run"] for step in jobs("release.yml")[job]["steps"] if word in step.get("run", "")
    ]
    return str(script)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a clone of a repository with the tags v1, on main, and v2, on another branch."""
    commands = """
        git init --quiet --initial-branch main origin
        cd origin
        git config user.name somebody
        git config user.email somebody@example.org
        git commit --quiet --allow-empty --message first
        git tag --annotate --message one v1
        git commit --quiet --allow-empty --message second
        git checkout --quiet -b other
        git commit --quiet --allow-empty --message third
        git tag v2
        git checkout --quiet main
        cd ..
        git clone --quiet origin clone
    """
    end = run(commands, tmp_path)
    assert end.returncode == 0, end.stderr
    return tmp_path / "clone"


@pytest.mark.parametrize(("tag", "status"), [("v1", 0), ("v2", 1)])
def test_only_a_tag_on_main_is_released(clone: Path, tag: str, status: int) -> None:
    [checkout] = [step for step in jobs("release.yml")["notes"]["steps"] if "uses" in step]
    assert checkout["with"]["fetch-depth"] == 0  # all branches
    assert run(f"git checkout --quiet {tag}", clone).returncode == 0
    assert run(step_with("notes", "origin/main"), clone).returncode == status


@pytest.mark.parametrize(
    ("change", "is_published"),
    [
        ("true", True),
        ("echo more >>dist/smarty_p1.zip", False),
        ("rm dist/notes.md", False),
        ("touch dist/other.whl", False),
        ("touch dist/.hidden", False),
    ],
)
def test_only_what_was_built_is_published(
    tmp_path: Path, change: str, *, is_published: bool
) -> None:
    (tmp_path / "scripts").mkdir()
    for name, made in {"package": '"$1"/smarty_p1.zip', "release_notes": "/dev/stdout"}.items():
        program = tmp_path / "scripts" / name
        program.write_text(f'#!/bin/sh\nmkdir -p dist\necho "$0" >{made}\n', encoding="utf-8")
        program.chmod(0o755)
    output = tmp_path / "output"
    named = {"GITHUB_OUTPUT": str(output), "GITHUB_REF_NAME": "v1"}
    built = run(step_with("build", "scripts/package"), tmp_path, **named)
    assert built.returncode == 0, built.stderr
    assert run(change, tmp_path).returncode == 0

    checksums = output.read_text(encoding="utf-8").strip().removeprefix("checksums=")
    end = run(step_with("publish", "sha256sum"), tmp_path, CHECKSUMS=checksums)
    assert (end.returncode == 0) == is_published, end.stderr


CONTAINERS = sorted(ROOT.glob("*/Containerfile"))


def test_containers_are_built_on_an_image_of_one_digest() -> None:
    assert len(CONTAINERS) == 2
    texts = [file.read_text(encoding="utf-8") for file in CONTAINERS]
    images = [image for text in texts for image in re.findall(r"^FROM (\S+)", text, re.MULTILINE)]
    assert len(images) == 4
    assert len(set(images)) == 1
    assert re.fullmatch(r"docker\.io/library/python:3\.14\.\d+-slim@sha256:[0-9a-f]{64}", images[0])


@pytest.mark.parametrize("file", CONTAINERS, ids=lambda file: file.parent.name)
def test_a_container_has_packages_of_known_hashes_alone(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    joined = text.replace("\\\n", "")
    installs = re.findall(r"pip (?:install|wheel) ([^&\n]+)", joined)
    assert len(installs) == 3
    assert all("--require-hashes" in one or "--no-deps --no-index" in one for one in installs)
    names = re.findall(r"--requirement (\S+)", text)
    assert names == [LOCK, "requirements_container_lock.txt"]


def test_the_containers_lock_has_what_the_package_needs() -> None:
    lock = (ROOT / "requirements_container_lock.txt").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([\w-]+)==(\S+)", lock, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(one for name in extras for one in extras[name])]
    for each in map(Requirement, wanted):
        # `watch` needs somebody who looks.
        if each.name not in {"smarty-p1", "rich"}:
            assert each.specifier.contains(pinned[each.name])


@pytest.mark.parametrize("file", CONTAINERS, ids=lambda file: file.parent.name)
def test_a_container_asks_whether_its_program_lives_where_the_example_says(file: Path) -> None:
    [port] = re.findall(r"127\.0\.0\.1:(\d+)/health", file.read_text(encoding="utf-8"))
    [example] = file.parent.glob("*.toml")
    metrics = tomllib.loads(example.read_text(encoding="utf-8"))["metrics"]
    assert metrics["port"] == int(port)


def test_a_release_is_built_with_packages_of_known_hashes() -> None:
    assert "--require-hashes" in (ROOT / "scripts" / "package").read_text(encoding="utf-8")
    lock = (ROOT / LOCK).read_text(encoding="utf-8").replace("\\\n", "")
    lines = [line for line in lock.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w-]+==\S+( +--hash=sha256:[0-9a-f]{64})+", each) for each in lines)
    pinned = dict(line.split()[0].split("==") for line in lines)
    wanted = (ROOT / "requirements_build.txt").read_text(encoding="utf-8")
    chosen = dict(re.findall(r"^([\w-]+)==(\S+)$", wanted, re.MULTILINE))
    assert chosen.items() <= pinned.items()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for each in map(Requirement, project["build-system"]["requires"]):
        assert each.specifier.contains(chosen[each.name])
