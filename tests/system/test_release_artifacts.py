"""Archive, wheel and SBOMs: built from the last commit, each change of their content is noticed."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from dev.release import ARCHIVE, ROOT
from dev.release_check import (
    _record,
    archive_problems,
    files_of_commit,
    sbom_problems,
    wheel_problems,
)
from tests.system.support import TIMEOUT
from tests.system.test_distribution import build

pytestmark = pytest.mark.timeout(TIMEOUT)

COMMIT = files_of_commit()
type Change = Callable[[dict[str, bytes]], None]
"""Change of the files in a zip file, by their names."""


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the artifacts of the last commit."""
    folder = tmp_path_factory.mktemp("built") / "dist"
    end = build(ROOT, folder)
    assert end.returncode == 0, end.stderr
    return folder


@pytest.fixture
def folder(artifacts: Path, tmp_path: Path) -> Path:
    """Return a copy of the artifacts, to be changed."""
    return Path(shutil.copytree(artifacts, tmp_path / "dist"))


def problems(folder: Path) -> list[str]:
    [wheel] = folder.glob("*.whl")
    return [
        *archive_problems(folder / ARCHIVE, COMMIT),
        *wheel_problems(wheel, COMMIT),
        *sbom_problems(folder, COMMIT),
    ]


def rewrite(path: Path, change: Change) -> None:
    """Change a zip file. Renew its RECORD, and the hash in its SBOM."""
    with ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if name[-1] != "/"}
    change(files)
    for name in files:
        if name.endswith(".dist-info/RECORD"):
            files[name] = "\n".join([*sorted(_record(files)), ""]).encode()
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    sbom_path = Path(f"{path}.cdx.json")
    sbom = json.loads(sbom_path.read_text(encoding="utf-8"))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    sbom["metadata"]["component"]["hashes"][0]["content"] = digest
    sbom_path.write_text(json.dumps(sbom), encoding="utf-8")


def put(name: str, content: bytes) -> Change:
    return lambda files: files.update({name: content})


def replace(end: str, old: bytes, new: bytes) -> Change:
    """Return a change of the file whose name ends with `end`."""

    def change(files: dict[str, bytes]) -> None:
        [name] = [name for name in files if name.endswith(end)]
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)

    return change


def swap(first: str, second: str) -> Change:
    return lambda files: files.update({first: files[second], second: files[first]})


def test_the_artifacts_are_those_of_the_commit(artifacts: Path) -> None:
    assert problems(artifacts) == []
    # The licences of the project and of the packages in the cards are shipped with them.
    with ZipFile(artifacts / ARCHIVE) as archive:
        assert archive.read("LICENSE") == COMMIT["LICENSE"]
        assert b"Redistributions in binary form" in archive.read("LICENSE-cards.txt")


ZIP_CHANGES = {
    "changed module": replace("lib/outage.py", b"import", b"import "),
    "changed card": replace("frontend/smarty-p1.js", b"var", b"let"),
    "another iot_class": replace("manifest.json", b"local_push", b"cloud_push"),
    "another licence": replace("LICENSE", b"Apache", b"Another"),
    "no licence": lambda files: files.pop("LICENSE-cards.txt"),
    "further module": put("lib/telemetry.py", b""),
    "module like another one": put("lib/bill/datetime.py", b""),
    "swapped files": swap("translations/de.json", "translations/fr.json"),
}
WHEEL_CHANGES = {
    "changed module": replace("smarty_p1_cli/keys.py", b"import", b"import "),
    "further module": put("smartyp1/bill/datetime.py", b""),
    "copy of a module": lambda files: files.update(
        {"smartyp1/telemetry.py": files["smartyp1/outage.py"]}
    ),
    "swapped files": swap("smarty_p1_cli/watch.py", "smarty_p1_cli/keys.py"),
    "code at each start of Python": put("evil.pth", b"import os"),
    "missing module": lambda files: files.pop("smartyp1/py.typed"),
    "changed requirement": replace("METADATA", b"cryptography>=", b"cryptographic>="),
    "further requirement": replace(
        "METADATA", b"Requires-Dist", b"Requires-Dist: evil\nRequires-Dist"
    ),
    "requirement for all": replace("METADATA", b"bcrypt>=5; extra == 'fleet'", b"bcrypt>=5"),
    "older Python": replace("METADATA", b">=3.14", b">=3.10"),
    "another page": replace("METADATA", b"github.com/smarty-p1", b"github.com/smarty-p2"),
    "another description": replace("METADATA", b"pip install .", b"pip install x"),
    "unknown line": replace("METADATA", b"Requires-Python", b"Evil: 1\nRequires-Python"),
    "further program": replace("entry_points.txt", b"smarty-p1", b"sudo = os:abort\nsmarty-p1"),
    "another tag": replace("WHEEL", b"py3-none-any", b"py2-none-any"),
    "another licence": replace("licenses/LICENSE", b"Apache", b"Another"),
}


@pytest.mark.parametrize("name", ZIP_CHANGES)
def test_a_change_of_the_archive_is_noticed(folder: Path, name: str) -> None:
    rewrite(folder / ARCHIVE, ZIP_CHANGES[name])
    assert any(problem.startswith(f"{ARCHIVE}: ") for problem in problems(folder))


@pytest.mark.parametrize("name", WHEEL_CHANGES)
def test_a_change_of_the_wheel_is_noticed(folder: Path, name: str) -> None:
    [wheel] = folder.glob("*.whl")
    rewrite(wheel, WHEEL_CHANGES[name])
    assert any(problem.startswith(f"{wheel.name}: ") for problem in problems(folder))


def test_a_second_file_of_the_same_name_is_noticed(folder: Path) -> None:
    rewrite(folder / ARCHIVE, lambda _: None)
    assert problems(folder) == []
    with (
        ZipFile(folder / ARCHIVE, "a") as archive,
        pytest.warns(UserWarning, match="Duplicate name"),
    ):
        archive.writestr("const.py", COMMIT["custom_components/smarty_p1/const.py"])
    assert f"{ARCHIVE}: const.py is there twice" in problems(folder)


@pytest.mark.parametrize("artifact", ["zip", "whl"])
def test_an_sbom_lists_exactly_the_packages_of_its_artifact(folder: Path, artifact: str) -> None:
    [path] = folder.glob(f"*.{artifact}.cdx.json")
    sbom = json.loads(path.read_text(encoding="utf-8"))
    components = sbom["components"]
    invented = {**components[0], "name": "invented", "bom-ref": "invented"}
    older = {**components[0], "version": "0.0.1"}
    for changed in (
        components[1:],
        [*components, invented],
        [older, *components[1:]],
        [*components, components[0]],
    ):
        path.write_text(json.dumps(sbom | {"components": changed}), encoding="utf-8")
        assert any(problem.startswith(path.name) for problem in problems(folder))
    sbom["metadata"]["component"]["hashes"][0]["content"] = "0" * 64
    path.write_text(json.dumps(sbom), encoding="utf-8")
    assert any("another hash" in problem for problem in problems(folder))
