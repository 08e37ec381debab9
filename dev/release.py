"""Build the files of a release: the program behind `scripts/release build` and `notes`.

It needs Python's own library alone, so that it runs before `scripts/setup` has made an environment.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[1]
INTEGRATION = "custom_components/smarty_p1"
ARCHIVE = "smarty_p1.zip"
CARD_LICENSES = f"{INTEGRATION}/LICENSE-cards.txt"
CONTAINER_LOCK = "programs/requirements/container_lock.txt"
REPOSITORY = "https://github.com/smarty-p1/smarty_p1"
GIT = shutil.which("git") or "git"


class ReleaseError(Exception):
    """Error for a commit that cannot be released. The message has the reason."""


def run(*command: object, cwd: Path = ROOT, **environment: str) -> str:
    """Run a program in the folder `cwd`, and return its output."""
    end = subprocess.run(  # noqa: S603 - the project's own programs
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if end.returncode:
        raise ReleaseError(
            f"{' '.join(map(str, command))}\n{end.stdout[-4000:]}{end.stderr[-4000:]}"
        )
    return end.stdout


def manifest_version(root: Path = ROOT) -> str:
    """Return the version in the manifest of the integration. No other file defines the version."""
    manifest = (root / INTEGRATION / "manifest.json").read_text("utf-8")
    version: str = json.loads(manifest)["version"]
    return version


def packages_of_cards(licenses: str) -> set[tuple[str, str]]:
    """Return names and versions of the npm packages in the cards, from the text CARD_LICENSES."""
    return set(re.findall(r"^- (\S+) (\d\S*)$", licenses, re.MULTILINE))


def packages_of_lock(lock: str) -> set[tuple[str, str]]:
    """Return names and versions of the Python packages in the text of a lock."""
    return set(re.findall(r"^([\w.-]+)(?:\[\S*\])?==([^\s;]+)", lock, re.MULTILINE))


# --- build and notes -----------------------------------------------------------------------------


def build(folder: Path) -> None:
    """Build the archive and the wheel of the last commit, and an SBOM of each, in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        source = Path(place) / "source"
        source.mkdir()
        run(GIT, "archive", "--output", Path(place) / "source.tar", "HEAD")
        run("tar", "--extract", "--file", Path(place) / "source.tar", "--directory", source)
        write_archive(folder / ARCHIVE)
        python = make_tools(Path(place) / "tools")
        wheel = "-m hatchling build --target wheel --directory"
        run(python, *wheel.split(), folder, cwd=source / "programs")
        write_sboms(folder, source)


def write_archive(path: Path, commit: str = "HEAD") -> None:
    """Write the integration of a commit into a zip file."""
    # Archive the commit from within the folder of the integration, because the files then get the
    # time of the commit. With COMMIT:FOLDER, they would get the current time. Set UTC, because zip
    # files contain local times.
    folder = ROOT / INTEGRATION
    run(GIT, "archive", "--format", "zip", "--output", path, commit, cwd=folder, TZ="UTC")


def make_tools(path: Path) -> Path:
    """Make an environment with exactly the locked packages. Return the path of its Python."""
    run(sys.executable, "-m", "venv", path)
    pip = "-m pip install --quiet --disable-pip-version-check --no-compile --require-hashes"
    packages = [
        "--only-binary",
        ":all:",
        "--requirement",
        ROOT / "programs/requirements/build_lock.txt",
    ]
    run(path / "bin/python", *pip.split(), *packages)
    return path / "bin/python"


def write_sboms(folder: Path, source: Path) -> None:
    """Write an SBOM (CycloneDX) beside each artifact.

    The SBOM of the archive lists the npm packages that the dashboard cards contain. The SBOM of the
    wheel lists the Python packages that the containers install.
    """
    [wheel] = folder.glob("*.whl")
    cards, lock = ((source / name).read_text("utf-8") for name in (CARD_LICENSES, CONTAINER_LOCK))
    for artifact, kind, packages in (
        (folder / ARCHIVE, "npm", packages_of_cards(cards)),
        (wheel, "pypi", packages_of_lock(lock)),
    ):
        components = [
            {"type": "library", "bom-ref": purl, "purl": purl, "name": name, "version": version}
            for name, version in sorted(packages)
            for purl in [f"pkg:{kind}/{quote(name)}@{quote(version)}"]
        ]
        digest = hashlib.sha256(artifact.read_bytes()).hexdigest()
        whole = {
            "type": "application",
            "bom-ref": artifact.name,
            "name": artifact.name,
            "version": manifest_version(),
            "hashes": [{"alg": "SHA-256", "content": digest}],
        }
        sbom = {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": {"component": whole},
            "components": components,
            "dependencies": [
                {"ref": artifact.name, "dependsOn": [part["bom-ref"] for part in components]}
            ],
        }
        text = json.dumps(sbom, indent=1) + "\n"
        (folder / f"{artifact.name}.cdx.json").write_text(text, "utf-8")


def changes_of(version: str, heading: str, root: Path = ROOT) -> str:
    """Return the text of CHANGELOG.md below the heading of `version`.

    `heading` is a regular expression for the rest of this heading, such as a date in brackets.
    Raises ReleaseError if there is no such heading.
    """
    pattern = rf"^## {re.escape(version)} {heading}\n(.+?)(?=^## |\Z)"
    text = (root / "CHANGELOG.md").read_text("utf-8")
    found = re.search(pattern, text, re.DOTALL | re.MULTILINE)
    if found is None:
        raise ReleaseError(f"CHANGELOG.md does not say: ## {version} (YEAR-MONTH-DAY)")
    return found[1].strip()


def notes(tag: str) -> None:
    """Print the changes of the version with the tag `tag`, from CHANGELOG.md."""
    version = manifest_version()
    if tag != "v" + version:
        raise ReleaseError(f"tag {tag}, but the manifest's version is {version}")
    changes = changes_of(version, r"\(\d{4}-\d\d-\d\d\)")
    print(re.sub(r"\]\((?!https?:|#)", f"]({REPOSITORY}/blob/{tag}/", changes))


def main() -> int:
    """Run a command of `scripts/release`, and return its exit status."""
    command, *arguments = sys.argv[1:]
    try:
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
