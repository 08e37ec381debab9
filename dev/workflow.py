"""Run the shell commands (`run:`) of a GitHub workflow on this machine, in fresh clones.

A few GitHub actions are replaced by local commands. All other actions are not tried.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
# Replacement of GitHub's program `gh`. It only prints its arguments.
GH = '#!/bin/sh\necho "not done: gh $*"\n'


class Runner:
    """Runner for the jobs of a workflow. The jobs share a repository, artifacts and outputs.

    `untried` has the parts of the workflow that cannot be run on this machine.
    """

    def __init__(self, place: Path, tag: str) -> None:
        self.place = place
        self.tag = tag
        self.outputs: dict[str, str] = {}
        self.untried: list[str] = []
        (place / "bin").mkdir()
        (place / "bin" / "gh").write_text(GH, encoding="ascii")
        (place / "bin" / "gh").chmod(0o755)

    def make_origin(self) -> None:
        """Clone the last commit as the branch `main`, and prepare the clone for a release.

        A new commit gives the version a date in CHANGELOG.md. This commit gets the tag of the
        version.
        """
        dated = f"s/^## {self.tag[1:]} (.*)$/## {self.tag[1:]} (2027-01-31)/"
        self.bash(f"""
            git clone --quiet "{ROOT}" origin
            cd origin
            git checkout --quiet -B main
            sed -i '{dated}' CHANGELOG.md
            git config user.name somebody
            git config user.email somebody@example.org
            git commit --quiet --all --allow-empty --message release
            git tag {self.tag}
        """, self.place)  # fmt: skip

    def bash(self, script: str, folder: Path, **environment: str) -> None:
        """Run a script as GitHub does. Raises CalledProcessError if it fails."""
        path = f"{self.place / 'bin'}:{os.environ['PATH']}"
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        own = {**os.environ, "PATH": path, **environment}
        subprocess.run(command, cwd=folder, env=own, check=True)  # noqa: S603 - the project's own

    def run_job(self, name: str, job: dict[str, Any]) -> None:
        """Run the steps of the job `name` in a new folder."""
        folder = self.place / name
        folder.mkdir()
        if "steps" not in job:
            self.untried.append(f"{name}: {job['uses']}")
        for step in job.get("steps", []):
            action = step.get("uses", "").partition("@")[0]
            given = step.get("with", {})
            if action == "actions/checkout":
                clone = f"git clone --quiet ../origin . && git checkout --quiet {self.tag}"
                self.bash(clone, folder)
            elif action == "actions/upload-artifact" and given["if-no-files-found"] == "error":
                shutil.copytree(folder / given["path"], self.place / "artifact")
            elif action == "actions/download-artifact":
                shutil.copytree(self.place / "artifact", folder / given["path"])
            elif action:
                self.untried.append(f"{name}: {action}")
            else:
                print(f"--- {name}: {step['run'].splitlines()[0]}", flush=True)
                self.run_step(step, folder)

    def run_step(self, step: dict[str, Any], folder: Path) -> None:
        """Run the commands of a step, and keep its outputs for later steps and jobs."""
        output = self.place / "output"
        output.touch()
        environment = {
            key: self.outputs.get(re.sub(r".*\.(\w+) *}}$", r"\1", value), "")
            for key, value in step.get("env", {}).items()
        }
        named = {"GITHUB_OUTPUT": str(output), "GITHUB_REF_NAME": self.tag}
        self.bash(step["run"], folder, **named, **environment)
        lines = output.read_text(encoding="utf-8").splitlines()
        self.outputs |= dict(line.split("=", 1) for line in lines)


def main() -> int:
    """Run the workflow that the command line names, and print the parts that were not tried.

    Return 1 if a step failed, otherwise 0.
    """
    workflow = ROOT / ".github" / "workflows" / f"{sys.argv[1]}.yml"
    jobs = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]
    manifest = (ROOT / "custom_components/smarty_p1/manifest.json").read_text(encoding="utf-8")
    version = re.findall(r'"version": "(.+)"', manifest)[0]
    with tempfile.TemporaryDirectory() as place:
        runner = Runner(Path(place), f"v{version}")
        try:
            runner.make_origin()
            for name, job in jobs.items():
                runner.run_job(name, job)
        except subprocess.CalledProcessError as error:
            print(f"FAILED with status {error.returncode}", file=sys.stderr)
            return 1
        finally:
            print("not tried:", *runner.untried, sep="\n  ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
