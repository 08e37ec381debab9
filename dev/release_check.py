"""Try the files of a release of the last commit: the program behind `scripts/release check`."""

import base64
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from packaging.metadata import parse_email
from packaging.requirements import Requirement

from dev.release import (
    ARCHIVE,
    CARD_LICENSES,
    CONTAINER_LOCK,
    GIT,
    INTEGRATION,
    ROOT,
    ReleaseError,
    manifest_version,
    packages_of_cards,
    require,
    run,
)
from dev.release_contents import LISTED

type Files = Mapping[str, bytes]
"""Contents of files by their paths."""


def files_of_commit(root: Path = ROOT) -> dict[str, bytes]:
    """Return the regular files of the last commit of the repository in the folder `root`."""
    command = [GIT, "archive", "--format", "tar", "HEAD"]
    end = subprocess.run(command, cwd=root, capture_output=True, check=True)  # noqa: S603 - git
    with tarfile.open(fileobj=io.BytesIO(end.stdout)) as archive:
        opened = (
            (member.name, archive.extractfile(member)) for member in archive if member.isreg()
        )
        return {name: file.read() for name, file in opened if file}


def _content_problems(path: Path, present: Files, expected: Files) -> Iterator[str]:
    for name in sorted(present.keys() | expected.keys()):
        if name not in expected:
            yield f"{path.name}: {name} is not of the commit"
        elif name not in present:
            yield f"{path.name}: {name} is missing"
        elif present[name] != expected[name]:
            yield f"{path.name}: {name} differs from the commit"


def _read_zip(path: Path) -> tuple[dict[str, bytes], list[str]]:
    """Return the files of a zip file, and the names that it has more than once."""
    with ZipFile(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        counts = Counter(member.filename for member in members)
        files = {member.filename: archive.read(member) for member in members}
    return files, [name for name, count in counts.items() if count > 1]


def archive_problems(path: Path, commit: Files) -> Iterator[str]:
    """Yield the differences between an archive and the integration's folder of the commit."""
    present, repeated = _read_zip(path)
    yield from (f"{path.name}: {name} is there twice" for name in repeated)
    folder = f"{INTEGRATION}/"
    expected = {
        name.removeprefix(folder): content
        for name, content in commit.items()
        if name.startswith(folder)
    }
    yield from _content_problems(path, present, expected)


# --- wheel ---------------------------------------------------------------------------------------


def _wheel_files(commit: Files) -> dict[str, bytes]:
    """Return the files that pyproject.toml wants in the wheel, without those of `.dist-info`."""
    project = tomllib.loads(commit["pyproject.toml"].decode())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    places: dict[str, str] = {}
    for folder in wheel["only-include"]:
        places[LISTED["links"].get(folder, folder)] = folder
    places |= wheel["force-include"]
    files = {}
    for name, content in commit.items():
        if any(f"{name}/".startswith(f"{excluded}/") for excluded in wheel["exclude"]):
            continue
        for source, target in places.items():
            if f"{name}/".startswith(f"{source}/"):
                files[target + name.removeprefix(source)] = content
    return files


def _requirements(project: Mapping[str, Any]) -> set[Requirement]:
    """Return the requirements of the wheel. Those of an extra have its name as their marker."""
    extras: Mapping[str, list[str]] = project["optional-dependencies"]

    def expand(texts: list[str]) -> Iterator[Requirement]:
        # An extra that names another extra of the same package has its requirements.
        for requirement in map(Requirement, texts):
            if requirement.name == project["name"]:
                for extra in requirement.extras:
                    yield from expand(extras[extra])
            else:
                yield requirement

    marked = {
        Requirement(f'{requirement}; extra == "{extra}"')
        for extra, texts in extras.items()
        for requirement in expand(texts)
    }
    return {*expand(project["dependencies"]), *marked}


def _expected_metadata(commit: Files) -> dict[str, object]:
    project = tomllib.loads(commit["pyproject.toml"].decode())["project"]
    return {
        "name": project["name"],
        "version": json.loads(commit[f"{INTEGRATION}/manifest.json"])["version"],
        "summary": project["description"],
        "project_urls": project["urls"],
        "license_expression": project["license"],
        "license_files": project["license-files"],
        "keywords": sorted(project["keywords"]),
        "classifiers": sorted(project["classifiers"]),
        "requires_python": project["requires-python"],
        "requires_dist": _requirements(project),
        "provides_extra": sorted(project["optional-dependencies"]),
        "description_content_type": "text/markdown",
        "description": commit[project["readme"]].decode(),
    }


def _metadata_problems(name: str, content: bytes, commit: Files) -> Iterator[str]:
    raw, unknown = parse_email(content)
    present: dict[str, Any] = {**raw}
    present.pop("metadata_version", None)
    for key in ("keywords", "classifiers", "provides_extra"):
        present[key] = sorted(present.get(key, []))
    present["requires_dist"] = set(map(Requirement, present.get("requires_dist", [])))
    expected = _expected_metadata(commit)
    for key in sorted(present.keys() | expected.keys()):
        if present.get(key) != expected.get(key):
            yield f"{name}: {key} is not what pyproject.toml says"
    if unknown:
        yield f"{name}: nobody knows {', '.join(sorted(unknown))}"


def _record(files: Files) -> set[str]:
    """Return the lines of RECORD for these files. RECORD itself has no hash."""
    lines = set()
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        has_hash = not name.endswith(".dist-info/RECORD")
        lines.add(f"{name},sha256={digest},{len(content)}" if has_hash else f"{name},,")
    return lines


def wheel_problems(path: Path, commit: Files) -> Iterator[str]:
    """Yield the differences between a wheel and the files and metadata that the commit wants."""
    present, repeated = _read_zip(path)
    yield from (f"{path.name}: {name} is there twice" for name in repeated)
    version = json.loads(commit[f"{INTEGRATION}/manifest.json"])["version"]
    about = f"smarty_p1-{version}.dist-info/"
    project = tomllib.loads(commit["pyproject.toml"].decode())["project"]
    generator = re.search(
        r"^hatchling==(\S+)", commit["requirements/build.txt"].decode(), re.MULTILINE
    )
    scripts = "".join(f"{name} = {place}\n" for name, place in project["scripts"].items())
    expected = _wheel_files(commit) | {
        f"{about}METADATA": present.get(f"{about}METADATA", b""),
        f"{about}RECORD": present.get(f"{about}RECORD", b""),
        f"{about}WHEEL": (
            f"Wheel-Version: 1.0\nGenerator: hatchling {generator and generator[1]}\n"
            "Root-Is-Purelib: true\nTag: py3-none-any\n"
        ).encode(),
        f"{about}entry_points.txt": f"[console_scripts]\n{scripts}".encode(),
        f"{about}licenses/LICENSE": commit["LICENSE"],
    }
    yield from _content_problems(path, present, expected)
    yield from _metadata_problems(path.name, expected[f"{about}METADATA"], commit)
    if set(expected[f"{about}RECORD"].decode().split()) != _record(present):
        yield f"{path.name}: RECORD does not list these files"


# --- SBOMs ---------------------------------------------------------------------------------------


def sbom_problems(folder: Path, commit: Files) -> Iterator[str]:
    """Yield packages that only an SBOM or only its artifact has, and SBOMs of another artifact.

    The archive has the packages of the cards, the wheel those that the containers install.
    """
    [wheel] = folder.glob("*.whl")
    lock = commit[CONTAINER_LOCK].decode()
    packages = {
        folder / ARCHIVE: packages_of_cards(commit[CARD_LICENSES].decode()),
        wheel: set(re.findall(r"^([\w.-]+)(?:\[\S*\])?==([^\s;]+)", lock, re.MULTILINE)),
    }
    for artifact, expected in packages.items():
        name = f"{artifact.name}.cdx.json"
        sbom = json.loads((folder / name).read_text(encoding="utf-8"))
        listed = Counter((part["name"], part["version"]) for part in sbom["components"])
        if listed != Counter(expected):
            differing = sorted(listed.keys() ^ expected) or "a package twice"
            yield f"{name}: only here or only in {artifact.name}: {differing}"
        refs = {part["bom-ref"] for part in sbom["components"]} | {artifact.name}
        for part in sbom.get("dependencies", []):
            if unknown := {part["ref"], *part.get("dependsOn", [])} - refs:
                yield f"{name}: depends on {sorted(unknown)}, which is no component"
        digest = hashlib.sha256(artifact.read_bytes()).hexdigest()
        component = sbom["metadata"]["component"]
        if component["hashes"] != [{"alg": "SHA-256", "content": digest}]:
            yield f"{name}: another hash than {artifact.name}"


# --- check ---------------------------------------------------------------------------------------


class Artifacts:
    """Files of a release. They are built twice, in this checkout and in a clone of it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.folder = place / "dist"

    def build_twice(self) -> None:
        """Build in this checkout and in a clone, and check that the files are equal.

        The second build uses another time zone, and another time if faketime is installed.
        """
        require(
            holds=not run(GIT, "status", "--porcelain").strip(),
            otherwise="the last commit is built: commit your changes first",
        )
        clone = self.place / "clone"
        run(GIT, "clone", "--quiet", "--no-hardlinks", ROOT, clone)
        run("scripts/release", "build", self.folder)
        clock = ["faketime", "+5 hours"] if shutil.which("faketime") else []
        again = self.place / "again"
        run(*clock, clone / "scripts" / "release", "build", again, cwd=clone, TZ="Asia/Tokyo")
        names = [{path.name for path in folder.iterdir()} for folder in (self.folder, again)]
        require(holds=names[0] == names[1], otherwise=f"two builds made {names}")
        differing = [
            name
            for name in sorted(names[0])
            if (self.folder / name).read_bytes() != (again / name).read_bytes()
        ]
        require(holds=not differing, otherwise=f"a second build differs: {', '.join(differing)}")

    @property
    def wheel(self) -> Path:
        """Return the path of the wheel. Its name contains the version."""
        return self.folder / f"smarty_p1-{manifest_version()}-py3-none-any.whl"

    def check_contents(self) -> None:
        """Check that archive, wheel and SBOMs contain what the commit says, and nothing else."""
        commit = files_of_commit()
        problems = [
            *archive_problems(self.folder / ARCHIVE, commit),
            *wheel_problems(self.wheel, commit),
            *sbom_problems(self.folder, commit),
        ]
        require(holds=not problems, otherwise="\n".join(problems))

    def try_wheel(self) -> None:
        """Install the wheel into an empty environment, and decode a capture.

        Then install the extras, and check that CONTAINER_LOCK has all installed packages.
        """
        uv = next(ROOT.glob(".python/uv*/bin/uv"), shutil.which("uv") or "uv")
        venv = self.place / "venv"
        run(uv, "venv", "--quiet", "--no-project", "--python", sys.executable, venv)
        python = ["--python", venv / "bin" / "python"]
        run(uv, "pip", "install", "--quiet", *python, self.wheel, cwd=self.place)
        capture = ROOT / "tests" / "captures" / "simulator.jsonl"
        shown = run(venv / "bin" / "smarty-p1", "decode", capture, cwd=self.place)
        telegram = json.loads(shown.splitlines()[0])
        require(holds="1-0:1.8.0" in telegram["objects"], otherwise="decode shows no register")
        extras = f"{self.wheel}[fleet,virtual]"
        run(uv, "pip", "install", "--quiet", *python, extras, cwd=self.place)
        installed = json.loads(run(uv, "pip", "list", "--format", "json", *python))
        lock = (ROOT / CONTAINER_LOCK).read_text(encoding="utf-8")
        locked = set(re.findall(r"^([\w.-]+)==", lock, re.MULTILINE))
        unknown = {package["name"] for package in installed} - locked - {"smarty-p1"}
        require(holds=not unknown, otherwise=f"{CONTAINER_LOCK} misses {unknown}")

    def try_archive(self) -> None:
        """Check that a real Home Assistant can read a meter with the integration in the archive."""
        unpacked = self.place / "smarty_p1"
        shutil.unpack_archive(self.folder / ARCHIVE, unpacked)
        test = ["-m", "pytest", "-q", "-x", "tests/system/test_oldest.py"]
        run(ROOT / ".venv" / "bin" / "python", *test, SMARTY_P1_INTEGRATION=str(unpacked))


@contextmanager
def counted(failed: list[str], name: str) -> Iterator[None]:
    """Print the name of a check, which runs while the context is active.

    If the check raises ReleaseError, print the error and add the name to `failed`.
    """
    print(f"--- {name}", flush=True)
    try:
        yield
    except ReleaseError as error:
        print(error, file=sys.stderr)
        failed.append(name)


def main() -> int:
    """Run the checks, and continue after a failed check. Return 1 if a check failed, otherwise 0.

    `scripts/check` has the checks that need no built files, so that each change passes them. If the
    two builds differ, skip the checks of the built files.
    """
    failed: list[str] = []
    with tempfile.TemporaryDirectory() as place:
        artifacts = Artifacts(Path(place))
        with counted(failed, "scripts/check"):
            run("scripts/check")
        with counted(failed, "two builds are equal"):
            artifacts.build_twice()
        built: dict[str, Callable[[], None]] = {
            "contents of archive, wheel and SBOMs": artifacts.check_contents,
            "the wheel, in an empty environment": artifacts.try_wheel,
            "the archive, in Home Assistant": artifacts.try_archive,
        }
        for name, function in ({} if "two builds are equal" in failed else built).items():
            with counted(failed, name):
                function()
    print(f"FAILED: {', '.join(failed)}" if failed else "this commit can be released")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
