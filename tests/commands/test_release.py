"""A release: its version, the workflow that publishes it, and the packages of its containers."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from dev.checkout import ROOT
from smartyp1.json_types import JsonDict

MANIFEST = "custom_components/smarty_p1/manifest.json"
RELEASED = re.compile(r"\d+\.\d+\.\d+ \(\d{4}-\d\d-\d\d\)")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())


def read(name: str) -> str:
    """Return a file of the repository."""
    return (ROOT / name).read_text("utf-8")


def read_workflow(name: str) -> JsonDict:
    """Return a workflow of GitHub."""
    found: JsonDict = yaml.safe_load(read(f".github/workflows/{name}"))
    return found


def jobs(name: str) -> dict[str, JsonDict]:
    """Return the jobs of a workflow by their names."""
    found: dict[str, JsonDict] = read_workflow(name)["jobs"]
    return found


def headings() -> list[str]:
    """Return the versions in CHANGELOG.md, the newest first."""
    return re.findall(r"^## (.+)$", read("CHANGELOG.md"), re.MULTILINE)


def test_the_version_is_the_newest_in_the_list_of_changes() -> None:
    newest = headings()[0]
    assert RELEASED.fullmatch(newest) or newest.endswith("(not released yet)")
    assert newest.split()[0] == json.loads(read(MANIFEST))["version"]
    # HACS installs the files of the newest tag, and those of the branch as long as there is none.
    hacs = json.loads(read("hacs.json"))
    assert not {"hide_default_branch", "zip_release", "filename"} & {*hacs}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository whose version 1.2.0 is ready to be released."""
    for name in ("scripts/release", "dev/release.py", MANIFEST):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    manifest = json.loads((tmp_path / MANIFEST).read_text("utf-8"))
    text = json.dumps({**manifest, "version": "1.2.0"})
    (tmp_path / MANIFEST).write_text(text, "utf-8")
    changes = (
        "# Changes\n\n## 1.2.0 (2027-01-31)\n\n- [New](docs/new.md#so).\n- [Fine](https://a.org).\n"
        "\n## 1.1.0 (2026-12-24)\n\n- Old.\n"
    )
    (tmp_path / "CHANGELOG.md").write_text(changes, "utf-8")
    return tmp_path


READY = "1.2.0 (2027-01-31)"


@pytest.mark.parametrize(
    ("tag", "heading", "error"),
    [
        ("v1.2.0", READY, ""),
        *((tag, READY, "manifest's version is 1.2.0") for tag in ("v1.1.0", "1.2.0", "v1.2", "")),
        ("v1.2.0-beta", READY, "the manifest's version is 1.2.0"),
        ("v1.2.0", "1.2.0 (not released yet)", "CHANGELOG.md does not say"),
        ("v1.2.0", "1.2.0", "CHANGELOG.md does not say"),
        ("v1.2.0", "1x2x0 (2027-01-31)", "CHANGELOG.md does not say"),
    ],
)
def test_the_notes_of_a_release(repository: Path, tag: str, heading: str, error: str) -> None:
    path = repository / "CHANGELOG.md"
    path.write_text(path.read_text("utf-8").replace(READY, heading), "utf-8")
    end = subprocess.run(
        [repository / "scripts" / "release", "notes", tag],
        capture_output=True,
        text=True,
        check=False,
    )
    # The page of a release has no folder docs.
    address = "https://github.com/smarty-p1/smarty_p1/blob/v1.2.0/docs/new.md#so"
    expected = (1, "") if error else (0, f"- [New]({address}).\n- [Fine](https://a.org).\n")
    assert (end.returncode, end.stdout) == expected
    assert error in end.stderr


# Rights of jobs beyond reading the repository.
RIGHTS = {
    ("release", "publish"): {"attestations": "write", "contents": "write", "id-token": "write"},
    ("release", "pypi"): {"id-token": "write"},
    ("security", "codeql"): {"actions": "read", "contents": "read", "security-events": "write"},
    ("security", "scorecard"): {
        "actions": "read",
        "contents": "read",
        "id-token": "write",
        "security-events": "write",
    },
}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_job_has_only_the_rights_it_needs(path: Path) -> None:
    workflow = read_workflow(path.name)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert job["permissions"] == RIGHTS.get((path.stem, name), {"contents": "read"}), name


def test_the_publishing_jobs_run_nothing_of_the_repository() -> None:
    steps = [step for name in ("publish", "pypi") for step in jobs("release.yml")[name]["steps"]]
    actions = {step["uses"].partition("@")[0] for step in steps if "uses" in step}
    assert actions == {
        "actions/attest-build-provenance",
        "actions/download-artifact",
        "pypa/gh-action-pypi-publish",
    }
    programs = {line.split()[0] for step in steps for line in step.get("run", "").splitlines()}
    assert programs == {"base64", "cd", "diff", "gh", "mkdir", "mv", "sha256sum"}


ORDER = ("notes", "validate", "build", "publish", "pypi")


def test_a_release_is_built_and_checked_before_it_is_published() -> None:
    release = jobs("release.yml")
    assert release["validate"]["uses"] == "./.github/workflows/validate.yml"
    order = [release[name].get("needs") for name in ORDER]
    assert order == [None, "notes", "validate", "build", ["build", "publish"]]
    uploads = [step for step in release["build"]["steps"] if "upload" in step.get("uses", "")]
    downloads = [release[name]["steps"][0] for name in ("publish", "pypi")]
    assert [step["with"]["name"] for step in uploads + downloads] == ["release"] * 3
    # Any other run could have filled a cache.
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
def test_only_the_built_files_are_published(
    tmp_path: Path, change: str, *, is_published: bool
) -> None:
    program = tmp_path / "scripts" / "release"
    program.parent.mkdir()
    made = {"build": '>"$2"/smarty_p1.zip', "notes": ""}
    cases = "".join(f'{name}) echo "$@" {where};; ' for name, where in made.items())
    program.write_text(f"#!/bin/sh\nmkdir -p dist\ncase $1 in {cases}esac\n", "utf-8")
    program.chmod(0o755)
    output = tmp_path / "output"
    named = {"GITHUB_OUTPUT": str(output), "GITHUB_REF_NAME": "v1"}
    built = run(step_with("build", "scripts/release"), tmp_path, **named)
    assert built.returncode == 0, built.stderr
    assert run(change, tmp_path).returncode == 0

    checksums = output.read_text("utf-8").strip().removeprefix("checksums=")
    end = run(step_with("publish", "sha256sum"), tmp_path, CHECKSUMS=checksums)
    assert (end.returncode == 0) == is_published, end.stderr


CONTAINERS = sorted(ROOT.glob("programs/*/Containerfile"))


def test_there_are_two_containers() -> None:
    assert len(CONTAINERS) == 2


@pytest.mark.parametrize("file", CONTAINERS, ids=lambda file: file.parent.name)
def test_a_container_has_an_image_and_packages_of_known_hashes(file: Path) -> None:
    text = file.read_text("utf-8")
    images = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert len(images) == 2
    assert len(set(images)) == 1
    assert re.fullmatch(r"docker\.io/library/python:3\.14\.\d+-slim@sha256:[0-9a-f]{64}", images[0])
    installs = re.findall(r"pip (?:install|wheel) ([^&\n]+)", text.replace("\\\n", ""))
    assert len(installs) == 3
    assert all(
        "--require-hashes" in install or "--no-deps --no-index" in install for install in installs
    )
    names = re.findall(r"--requirement (\S+)", text)
    assert names == ["requirements/build_lock.txt", "requirements/container_lock.txt"]
    # The build sees only the files that .dockerignore admits.
    assert {f"!programs/{name}" for name in names} <= {*read(".dockerignore").splitlines()}
    # The health check requests the port of the example.
    [port] = re.findall(r"127\.0\.0\.1:(\d+)/health", text)
    [example] = file.parent.glob("*.toml")
    assert tomllib.loads(example.read_text("utf-8"))["metrics"]["port"] == int(port)
    # A crash leaves no keys behind, and a hanging program is started again.
    [unit] = file.parent.rglob("*.service")
    lines = {"LimitCORE=0", "Type=notify", "WatchdogSec=60", "Restart=always"}
    if file.parent.name == "smarty_p1_gateway":
        # A check of many waiting frames takes longer than the default of systemd, 90 s.
        lines.add("TimeoutStartSec=infinity")
    assert {*unit.read_text("utf-8").splitlines()} >= lines
