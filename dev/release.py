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
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
INTEGRATION = "custom_components/smarty_p1"
ARCHIVE = "smarty_p1.zip"
CARD_LICENSES = f"{INTEGRATION}/LICENSE-cards.txt"
CONTAINER_LOCK = "requirements/container_lock.txt"
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
        message = f"{' '.join(map(str, command))}\n{end.stdout[-4000:]}{end.stderr[-4000:]}"
        raise ReleaseError(message)
    return end.stdout


def require(*, holds: bool, otherwise: str) -> None:
    """Raise ReleaseError with the message `otherwise` unless `holds` is True."""
    if not holds:
        raise ReleaseError(otherwise)


def manifest_version(root: Path = ROOT) -> str:
    """Return the version in the manifest of the integration. No other file defines the version."""
    manifest = (root / INTEGRATION / "manifest.json").read_text(encoding="utf-8")
    version: str = json.loads(manifest)["version"]
    return version


def packages_of_cards(licenses: str) -> set[tuple[str, str]]:
    """Return names and versions of the npm packages in the cards, from the text CARD_LICENSES."""
    return set(re.findall(r"^- (\S+) (\d\S*)$", licenses, re.MULTILINE))


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
    contents = packages_of_cards((source / CARD_LICENSES).read_text(encoding="utf-8"))
    bundled.write_text(json.dumps(_limited(json.loads(run(*npm, cwd=cards)), contents)), "utf-8")
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


def _limited(bom: dict[str, Any], packages: set[tuple[str, str]]) -> dict[str, Any]:
    """Return an SBOM of npm without the packages that are required, but not in the cards."""
    out = {
        part["bom-ref"]
        for part in bom["components"]
        if (part["name"], part["version"]) not in packages
    }
    dependencies = [
        part | {"dependsOn": [ref for ref in part.get("dependsOn", []) if ref not in out]}
        for part in bom["dependencies"]
        if part["ref"] not in out
    ]
    components = [part for part in bom["components"] if part["bom-ref"] not in out]
    return bom | {"components": components, "dependencies": dependencies}


def changes_of(version: str, heading: str, root: Path = ROOT) -> str:
    """Return the text of CHANGELOG.md below the heading of `version`.

    `heading` is a regular expression for the rest of this heading, such as a date in brackets.
    Raises ReleaseError if there is no such heading.
    """
    pattern = rf"^## {re.escape(version)} {heading}\n(.+?)(?=^## |\Z)"
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(pattern, text, re.DOTALL | re.MULTILINE)
    require(
        holds=found is not None,
        otherwise=f"CHANGELOG.md does not say: ## {version} (YEAR-MONTH-DAY)",
    )
    return found[1].strip() if found else ""


def notes(tag: str) -> None:
    """Print the changes of the version with the tag `tag`, from CHANGELOG.md."""
    version = manifest_version()
    require(
        holds=tag == "v" + version,
        otherwise=f"tag {tag}, but the manifest's version is {version}",
    )
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
