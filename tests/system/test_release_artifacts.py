"""Archive, wheel and SBOMs of the last commit have its files and packages, and nothing else."""

import hashlib
import io
import json
import re
import shutil
import subprocess
import tarfile
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

from dev.release import ARCHIVE, GIT, INTEGRATION, ROOT, packages_of_cards, packages_of_lock
from dev.testing.uv import OFFLINE
from smartyp1.json_types import JsonDict

# `scripts/release check` runs these tests, too.
pytestmark = pytest.mark.slow


def files_of_commit() -> dict[str, bytes]:
    """Return the regular files of the last commit."""
    data = subprocess.check_output([GIT, "archive", "--format", "tar", "HEAD"], cwd=ROOT)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        opened = {member.name: archive.extractfile(member) for member in archive if member.isreg()}
        return {name: file.read() for name, file in opened.items() if file}


COMMIT = files_of_commit()
MANIFEST = json.loads(COMMIT[f"{INTEGRATION}/manifest.json"])


def build(clone: Path, folder: Path, *clock: str) -> subprocess.CompletedProcess[str]:
    end = subprocess.run(
        ["/usr/bin/env", *clock, clone / "scripts/release", "build", folder],
        cwd=clone,
        capture_output=True,
        text=True,
        check=False,
    )
    if any(words in end.stderr for words in OFFLINE):
        pytest.skip("the Python package index is out of reach")
    return end


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the artifacts of the last commit."""
    folder = tmp_path_factory.mktemp("built") / "dist"
    end = build(ROOT, folder)
    assert end.returncode == 0, end.stderr
    return folder


def wheel_of(folder: Path) -> Path:
    return folder / f"smarty_p1-{MANIFEST['version']}-py3-none-any.whl"


def files_in(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        assert len(set(names)) == len(names)
        return {name: archive.read(name) for name in names}


def moved(places: dict[str, str]) -> dict[str, bytes]:
    """Return the files of the commit below some places, with other beginnings of their paths."""
    return {
        target + name.removeprefix(source): content
        for source, target in places.items()
        for name, content in COMMIT.items()
        if name.startswith(source)
    }


def test_the_archive_has_the_integration(folder: Path) -> None:
    # This includes the licences of the project and of the packages in the cards.
    found = files_in(folder / ARCHIVE)
    assert found == moved({f"{INTEGRATION}/": ""})
    assert b"Redistributions in binary form" in found["LICENSE-cards.txt"]


def test_the_wheel_has_the_programs_and_the_requirements(folder: Path) -> None:
    found = files_in(wheel_of(folder))
    about = f"smarty_p1-{MANIFEST['version']}.dist-info/"
    project = tomllib.loads(COMMIT["programs/pyproject.toml"].decode())
    texts = "smarty_p1_gateway/texts"
    places = {
        **{
            f"programs/smarty_p1_{name}/": f"smarty_p1_{name}/"
            for name in ("cli", "fleet", "gateway")
        },
        f"{INTEGRATION}/lib/": "smartyp1/",
        **{
            f"{INTEGRATION}/{name}": f"{texts}/{name}"
            for name in ("icons.json", "manifest.json", "translations/")
        },
    }
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    excluded = tuple(wheel.get("exclude", ()))
    expected = {
        name: content for name, content in moved(places).items() if not name.startswith(excluded)
    }
    assert {name: found[name] for name in found if not name.startswith(about)} == expected
    files = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    assert {name.removeprefix(about) for name in found if name.startswith(about)} == {*files}
    metadata = found[f"{about}METADATA"].decode()
    needed = re.findall(r"^Requires-Dist: ([^;\n]+)$", metadata, re.MULTILINE)
    assert needed == project["project"]["dependencies"]
    scripts = "".join(f"{name} = {at}\n" for name, at in project["project"]["scripts"].items())
    assert found[f"{about}entry_points.txt"].decode() == f"[console_scripts]\n{scripts}"


def sbom_of(path: Path) -> set[tuple[str, str]]:
    """Return the packages in the SBOM of an artifact."""
    sbom: JsonDict = json.loads(Path(f"{path}.cdx.json").read_text("utf-8"))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert sbom["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": digest}]
    packages = [(part["name"], part["version"]) for part in sbom["components"]]
    refs = {part["bom-ref"] for part in sbom["components"]} | {path.name}
    for part in sbom["dependencies"]:
        assert {part["ref"], *part.get("dependsOn", [])} <= refs
    assert len({*packages}) == len(packages)
    return {*packages}


def test_an_sbom_lists_the_packages_of_its_artifact(folder: Path) -> None:
    licenses = COMMIT[f"{INTEGRATION}/LICENSE-cards.txt"].decode()
    assert sbom_of(folder / ARCHIVE) == packages_of_cards(licenses)
    lock = COMMIT["programs/requirements/container_lock.txt"].decode()
    assert sbom_of(wheel_of(folder)) == packages_of_lock(lock)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("other") / "clone"
    git = shutil.which("git")
    assert git
    subprocess.run([git, "clone", "--quiet", "--depth", "1", f"file://{ROOT}", path], check=True)
    return path


def test_a_release_is_the_same_in_another_folder_and_by_another_clock(
    clone: Path, tmp_path: Path
) -> None:
    end = build(ROOT, tmp_path / "here")
    assert end.returncode == 0, end.stderr
    faketime = shutil.which("faketime")
    clock = [faketime, "+5 hours"] if faketime else []
    end = build(clone, tmp_path / "there", "TZ=Asia/Tokyo", *clock)
    assert end.returncode == 0, end.stderr

    version = json.loads((ROOT / INTEGRATION / "manifest.json").read_text("utf-8"))["version"]
    names = ["smarty_p1.zip", f"smarty_p1-{version}-py3-none-any.whl"]
    built = sorted(path.name for path in (tmp_path / "here").iterdir())
    assert built == sorted(names + [f"{name}.cdx.json" for name in names])
    for name in built:
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "there" / name).read_bytes()


def test_a_release_is_built_with_nothing_that_its_lock_does_not_know(
    clone: Path, tmp_path: Path
) -> None:
    lock = clone / "programs/requirements/build_lock.txt"
    changed = re.sub(r"sha256:[0-9a-f]{64}", "sha256:" + "0" * 64, lock.read_text("utf-8"))
    lock.write_text(changed, "utf-8")
    end = build(clone, tmp_path / "dist")
    assert end.returncode != 0
    assert "DO NOT MATCH THE HASHES" in end.stderr
    assert not list((tmp_path / "dist").glob("*.whl"))
