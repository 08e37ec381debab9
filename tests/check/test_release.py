"""What a user can install, and that everything that speaks of it agrees."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MANIFEST = "custom_components/smarty_p1/manifest.json"
RELEASED = re.compile(r"\d+\.\d+\.\d+ \(\d{4}-\d\d-\d\d\)")


def read(name: str) -> str:
    """Return a file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def headings() -> list[str]:
    """Return the versions in CHANGELOG.md, the newest first."""
    return re.findall(r"^## (.+)$", read("CHANGELOG.md"), re.MULTILINE)


def steps(workflow: str) -> list[dict[str, Any]]:
    """Return every step of a workflow, and every workflow it calls."""
    jobs = yaml.safe_load(read(f".github/workflows/{workflow}"))["jobs"].values()
    return [step for job in jobs for step in (*job.get("steps", ()), job)]


def test_hacs_has_something_to_install() -> None:
    hacs = json.loads(read("hacs.json"))
    is_released = any(RELEASED.fullmatch(heading) for heading in headings())
    # Without a release the branch is all there is.
    assert is_released or not hacs.get("hide_default_branch")
    # An archive must be attached to every release, and a branch has none.
    publishing = " ".join(str(step.get("run", "")) for step in steps("release.yml"))
    assert not hacs.get("zip_release") or (is_released and hacs["filename"] in publishing)
    readme = " ".join(read("README.md").split())
    assert is_released or "until there is one, the branch `main`" in readme


def test_the_version_is_the_one_that_is_told_about() -> None:
    version = json.loads(read(MANIFEST))["version"]
    newest = headings()[0]
    assert RELEASED.fullmatch(newest) or newest.endswith("(not released yet)")
    assert newest.split()[0] == version


def test_a_release_is_checked_first() -> None:
    jobs = yaml.safe_load(read(".github/workflows/release.yml"))["jobs"]
    assert jobs["publish"]["needs"] == "build"
    assert jobs["build"]["needs"] == "validate"
    assert jobs["validate"]["uses"] == "./.github/workflows/validate.yml"
    # "on" is a truth value to YAML 1.1.
    assert "workflow_call" in yaml.safe_load(read(".github/workflows/validate.yml"))[True]
    for job in ("notes", "build"):
        runs = " ".join(step.get("run", "") for step in jobs[job]["steps"])
        assert 'scripts/release_notes "$GITHUB_REF_NAME"' in runs


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository whose version 1.2.0 is ready to be released."""
    for name in ("scripts/release_notes", MANIFEST):
        (tmp_path / name).parent.mkdir(parents=True)
        shutil.copy(ROOT / name, tmp_path / name)
    manifest = json.loads((tmp_path / MANIFEST).read_text(encoding="utf-8"))
    text = json.dumps({**manifest, "version": "1.2.0"})
    (tmp_path / MANIFEST).write_text(text, encoding="utf-8")
    changes = (
        "# Changes\n\n## 1.2.0 (2027-01-31)\n\n- New.\n- Fine.\n\n## 1.1.0 (2026-12-24)\n\n- Old.\n"
    )
    (tmp_path / "CHANGELOG.md").write_text(changes, encoding="utf-8")
    return tmp_path


def release_notes(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Ask for the notes of a tag."""
    return subprocess.run(
        [repository / "scripts" / "release_notes", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_notes_of_a_release(repository: Path) -> None:
    end = release_notes(repository, "v1.2.0")
    assert (end.returncode, end.stdout, end.stderr) == (0, "- New.\n- Fine.\n", "")


@pytest.mark.parametrize("tag", ["v1.1.0", "1.2.0", "v1.2.0-beta", "v1.2", ""])
def test_a_tag_that_is_not_the_version_is_refused(repository: Path, tag: str) -> None:
    end = release_notes(repository, tag)
    assert (end.returncode, end.stdout) == (1, "")
    assert "the manifest's version is 1.2.0" in end.stderr


@pytest.mark.parametrize("heading", ["1.2.0 (not released yet)", "1.2.0", "1x2x0 (2027-01-31)"])
def test_unfinished_changes_are_refused(repository: Path, heading: str) -> None:
    path = repository / "CHANGELOG.md"
    text = path.read_text(encoding="utf-8").replace("1.2.0 (2027-01-31)", heading)
    path.write_text(text, encoding="utf-8")
    end = release_notes(repository, "v1.2.0")
    assert (end.returncode, end.stdout) == (1, "")
    assert "CHANGELOG.md does not say" in end.stderr
