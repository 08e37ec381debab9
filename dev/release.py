"""Build and try the files of a release: the program behind `scripts/release`."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parents[1]
INTEGRATION = "custom_components/smarty_p1"
ARCHIVE = "smarty_p1.zip"
CONTAINER_LOCK = "requirements/container_lock.txt"
MAX_CHANGES_LINES = 60
GIT = shutil.which("git") or "git"


class ReleaseError(Exception):
    """Error for a commit that cannot be released. The message has the reason."""


def run(*command: object, cwd: Path = ROOT, **environment: str) -> str:
    """Run a program in the folder `cwd`, and return its output.

    `environment` has further environment variables. Raises ReleaseError with the end of the output
    if the program fails.
    """
    end = subprocess.run(  # noqa: S603 - the project's own programs
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if end.returncode:
        message = f"{' '.join(map(str, command))}\n{end.stdout[-4000:]}{end.stderr[-4000:]}"
        raise ReleaseError(message)
    return end.stdout


def require(*, holds: bool, otherwise: str) -> None:
    """Raise ReleaseError with the message `otherwise` unless `holds` is True."""
    if not holds:
        raise ReleaseError(otherwise)


def read(name: str) -> str:
    """Return the text of a file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def manifest_version() -> str:
    """Return the version in the manifest of the integration. No other file defines the version."""
    version: str = json.loads(read(f"{INTEGRATION}/manifest.json"))["version"]
    return version


# --- build and notes -----------------------------------------------------------------------------


def build(folder: Path) -> None:
    """Build the archive and the wheel of the last commit, and an SBOM of each, in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        source = Path(place) / "source"
        source.mkdir()
        run(GIT, "archive", "--output", Path(place) / "source.tar", "HEAD")
        run("tar", "--extract", "--file", Path(place) / "source.tar", "--directory", source)
        # Archive HEAD from within the folder of the integration, because the files then get the
        # time of the commit. With HEAD:FOLDER, they would get the current time. Set UTC, because
        # zip files contain local times.
        archive = ["archive", "--format", "zip", "--output", folder / ARCHIVE, "HEAD"]
        run(GIT, *archive, cwd=ROOT / INTEGRATION, TZ="UTC")
        tools = make_tools(Path(place) / "tools")
        wheel = ["-m", "hatchling", "build", "--target", "wheel", "--directory", folder]
        run(tools / "python", *wheel, cwd=source)
        write_sboms(folder, source, tools)


def make_tools(path: Path) -> Path:
    """Make an environment with exactly the locked packages. Return the folder of its programs."""
    run(sys.executable, "-m", "venv", path)
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    locks = [ROOT / f"requirements/{name}_lock.txt" for name in ("build", "sbom")]
    hashes = ["--require-hashes", "--only-binary", ":all:", "--requirement", locks[0]]
    run(path / "bin" / "python", *pip, *hashes, "--requirement", locks[1])
    return path / "bin"


def write_sboms(folder: Path, source: Path, tools: Path) -> None:
    """Write an SBOM beside each artifact.

    The SBOM of the archive lists the npm packages that the dashboard cards contain. The SBOM of the
    wheel lists the Python packages that the containers install.
    """
    version = manifest_version()
    cards = source / "frontend"
    package = json.loads((cards / "package.json").read_text(encoding="utf-8"))
    # npm refuses a package without a version. Only the manifest has the version, so add it here.
    (cards / "package.json").write_text(json.dumps(package | {"version": version}), "utf-8")
    npm = ["npm", "sbom", "--package-lock-only", "--omit", "dev", "--sbom-format", "cyclonedx"]
    bundled = cards / "bom.json"
    bundled.write_text(run(*npm, cwd=cards), encoding="utf-8")
    contained = source / "bom.json"
    lock = source / CONTAINER_LOCK
    run(tools / "cyclonedx-py", "requirements", lock, "--output-file", contained)
    [wheel] = folder.glob("*.whl")
    for path, artifact in ((bundled, folder / ARCHIVE), (contained, wheel)):
        bom = json.loads(path.read_text(encoding="utf-8"))
        digest = hashlib.sha256(artifact.read_bytes()).hexdigest()
        # Drop the random serial number and the time of the build, so that each build makes the same
        # file.
        bom.pop("serialNumber", None)
        bom["metadata"] = {
            "component": {
                "type": "application",
                "bom-ref": artifact.name,
                "name": artifact.name,
                "version": version,
                "hashes": [{"alg": "SHA-256", "content": digest}],
            }
        }
        # npm and cyclonedx-py use different names for the root of the dependencies. Replace either
        # name by the name of the artifact.
        roots = {f"{package['name']}@{version}", "root-component"}
        for dependency in bom.get("dependencies", []):
            if dependency["ref"] in roots:
                dependency["ref"] = artifact.name
        for component in bom["components"]:
            component.pop("description", None)
        text = json.dumps(bom, indent=1, sort_keys=True) + "\n"
        (folder / f"{artifact.name}.cdx.json").write_text(text, encoding="utf-8")


def changes_of(version: str, heading: str) -> str:
    """Return the text of CHANGELOG.md below the heading of `version`.

    `heading` is a regular expression for the rest of this heading, such as a date in brackets.
    Raises ReleaseError if there is no such heading.
    """
    pattern = rf"^## {re.escape(version)} {heading}\n(.+?)(?=^## |\Z)"
    found = re.search(pattern, read("CHANGELOG.md"), re.DOTALL | re.MULTILINE)
    require(
        holds=found is not None,
        otherwise=f"CHANGELOG.md does not say: ## {version} (YEAR-MONTH-DAY)",
    )
    return found[1].strip() if found else ""


def notes(tag: str) -> None:
    """Print the changes of the version with the tag `tag`, from CHANGELOG.md.

    Raises ReleaseError if the manifest has another version, or if the heading has no date.
    """
    version = manifest_version()
    require(
        holds=tag == "v" + version,
        otherwise=f"tag {tag}, but the manifest's version is {version}",
    )
    print(changes_of(version, r"\(\d{4}-\d\d-\d\d\)"))


# --- check ---------------------------------------------------------------------------------------


def check_version() -> None:
    """Check that CHANGELOG.md begins with the manifest's version.

    Check also that no other file defines a version, or names another version of this project.
    """
    version = manifest_version()
    first = re.search(r"^## (\S+)", read("CHANGELOG.md"), re.MULTILINE)
    require(
        holds=first is not None and first[1] == version,
        otherwise=f"the manifest's version is {version}, CHANGELOG.md begins with another",
    )
    project = tomllib.loads(read("pyproject.toml"))["project"]
    package = json.loads(read("frontend/package.json"))
    others = [name for name in ("pyproject.toml",) if "version" in project]
    others += [name for name in ("frontend/package.json",) if "version" in package]
    # Find versions in texts such as smarty-p1==1.2.0, smarty_p1-1.2.0 or the tag v1.2.0.
    for name in run(GIT, "ls-files", "*.md", "*.yml", "*.toml", "*.txt", "*file").split():
        place = r"smarty[-_]p1[\w./@=-]*?[=/@v-]" + (r"|\bv" if name.endswith(".md") else "")
        named = re.findall(rf"(?:{place})(\d+\.\d+\.\d+)\b", read(name))
        if set(named) - {version}:
            others.append(name)
    require(holds=not others, otherwise=f"a version of its own is in {', '.join(others)}")


def check_changes() -> None:
    """Check that CHANGELOG.md has at most MAX_CHANGES_LINES lines for this version."""
    changes = changes_of(manifest_version(), r"\((?:\d{4}-\d\d-\d\d|not released yet)\)")
    lines = len(changes.splitlines())
    require(
        holds=lines <= MAX_CHANGES_LINES,
        otherwise=f"CHANGELOG.md has {lines} lines of changes: leave what a user gains",
    )


def check_contents() -> None:
    """Check files, entry points, requirements and locks, with dev/release_contents.py."""
    run(ROOT / ".venv" / "bin" / "python", "dev/release_contents.py")


def check_texts() -> None:
    """Check the texts in all languages and the icons, with scripts/check_integration.py."""
    run(ROOT / ".venv" / "bin" / "python", "scripts/check_integration.py")


def check_cards() -> None:
    """Check that the committed module of the dashboard cards equals a new build of its sources."""
    run("scripts/cards", "check")


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

    def check_files(self) -> None:
        """Check that archive and wheel contain only files of the commit.

        The archive must contain all files of the integration.
        """
        tracked = run(GIT, "ls-files").split()
        own = {name.removeprefix(f"{INTEGRATION}/") for name in tracked if INTEGRATION in name}
        with ZipFile(self.folder / ARCHIVE) as archive:
            names = {name for name in archive.namelist() if not name.endswith("/")}
        wrong = names ^ own
        require(holds=not wrong, otherwise=f"of {ARCHIVE}: {', '.join(sorted(wrong))}")
        contents = {(ROOT / name).read_bytes() for name in tracked if (ROOT / name).is_file()}
        with ZipFile(self.wheel) as wheel:
            strange = [
                name
                for name in wheel.namelist()
                if ".dist-info/" not in name and wheel.read(name) not in contents
            ]
        require(holds=not strange, otherwise=f"not of the repository: {', '.join(strange)}")

    def check_sboms(self) -> None:
        """Check that the SBOMs list all packages, and have the hashes of archive and wheel."""
        bundled = json.loads(run("scripts/cards", "packages").splitlines()[-1])
        locked = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", read(CONTAINER_LOCK), re.MULTILINE))
        for artifact, packages in ((self.folder / ARCHIVE, bundled), (self.wheel, locked)):
            sbom = json.loads(Path(f"{artifact}.cdx.json").read_text(encoding="utf-8"))
            listed = {part["name"]: part["version"] for part in sbom["components"]}
            missing = sorted(packages.items() - listed.items())
            require(
                holds=bool(packages) and not missing,
                otherwise=f"the SBOM of {artifact.name} misses {missing}",
            )
            digest = hashlib.sha256(artifact.read_bytes()).hexdigest()
            [hashed] = sbom["metadata"]["component"]["hashes"]
            require(holds=hashed["content"] == digest, otherwise=f"{artifact.name}: another hash")

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
        locked = set(re.findall(r"^([\w.-]+)==", read(CONTAINER_LOCK), re.MULTILINE))
        unknown = {package["name"] for package in installed} - locked - {"smarty-p1"}
        require(holds=not unknown, otherwise=f"{CONTAINER_LOCK} misses {unknown}")

    def try_archive(self) -> None:
        """Check that a real Home Assistant can read a meter with the integration in the archive."""
        unpacked = self.place / "smarty_p1"
        with ZipFile(self.folder / ARCHIVE) as archive:
            archive.extractall(unpacked)
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


def check() -> int:
    """Run the checks, and continue after a failed check. Return 1 if a check failed, otherwise 0.

    If the two builds differ, skip the checks of the built files.
    """
    failed: list[str] = []
    with tempfile.TemporaryDirectory() as place:
        artifacts = Artifacts(Path(place))
        checks: dict[str, Callable[[], None]] = {
            "the version is in one place": check_version,
            "changes": check_changes,
            "contents": check_contents,
            "texts in five languages": check_texts,
            "cards": check_cards,
            "two builds are equal": artifacts.build_twice,
        }
        for name, function in checks.items():
            with counted(failed, name):
                function()
        built: dict[str, Callable[[], None]] = {
            "files of archive and wheel": artifacts.check_files,
            "SBOMs": artifacts.check_sboms,
            "the wheel, in an empty environment": artifacts.try_wheel,
            "the archive, in Home Assistant": artifacts.try_archive,
        }
        for name, function in ({} if "two builds are equal" in failed else built).items():
            with counted(failed, name):
                function()
    print(f"FAILED: {', '.join(failed)}" if failed else "this commit can be released")
    return int(bool(failed))


def main() -> int:
    """Run a command of `scripts/release`, and return its exit status."""
    command, *arguments = sys.argv[1:]
    try:
        if command == "check":
            return check()
        if command == "build":
            build(Path(arguments[0]).resolve())
        else:
            notes(arguments[0])
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
