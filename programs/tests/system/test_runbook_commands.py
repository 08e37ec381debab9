"""Every command of docs/fleet*.md; commands of the runbooks run with the files of `fleet init`."""

import os
import re
import signal
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

from dev.checkout import PROGRAMS
from dev.testing.real_programs import program, until
from tests.system.watched_fleet import WatchedFleet

PAGE = (PROGRAMS / "docs" / "fleet-runbooks.md").read_text("utf-8")
METER = "SAG1030790002574"
# Commands for other machines: test_fleet_install.py runs the playbooks, and test_fleet_watch.py
# queries the recorded series.
OF_MACHINES = re.compile(
    r"ansible-playbook |scp -r |ssh -(t|fN) |rm -r operator$|curl --get http://127"
)
# Commands that need collectors and nodes: test_fleet_init.py, test_forget.py and others run them.
OF_CLUSTERS = re.compile(r"smarty-p1 (fleet (check|exchange|forget|read|stream)|collect)\b")
KEY_LINE = re.compile(r"[0-9A-F]{16} [0-9A-F]{32}$")


def commands() -> list[str]:
    """Return the commands of the page, in their order, each on one line."""
    blocks = re.findall(r"^( *)```\n(.*?)^ *```$", PAGE, re.MULTILINE | re.DOTALL)
    text = "".join(block for _, block in blocks).replace("\\\n", " ")
    lines = [re.sub(r"\s+# .*| {2,}", " ", line).strip() for line in text.splitlines()]
    return [line for line in lines if line and not KEY_LINE.fullmatch(line)]


def every_command() -> list[str]:
    """Return each command of all pages of the fleet, also inside a sentence."""
    found = []
    for page in sorted((PROGRAMS / "docs").glob("fleet*.md")):
        text = page.read_text("utf-8").replace("\\\n", " ")
        blocks = re.findall(r"^ *```\w*\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
        found += [line.strip() for block in blocks for line in block.splitlines()]
        text = re.sub(r"^ *```\w*\n.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
        found += [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", text)]
    return found


def test_every_program_of_a_command_is_installed() -> None:
    assert len(every_command()) > 300
    # natscli is in no package, and no login has its rights.
    assert not [one for one in every_command() if re.match(r"(sudo )?nats ", one)]


@cache
def help_about(action: str) -> str:
    """Return what the program says about an action of a fleet."""
    command = [str(PROGRAMS / "scripts" / "p1"), "fleet", action, "--help"]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def test_each_command_of_the_program_exists_and_names_its_login() -> None:
    asked = 0
    for command in every_command():
        for action, rest in re.findall(r"smarty-p1 fleet (\w+)([^|&)]*)", command):
            # A bare name is no command to type.
            # A tenant's files are written where the folder of the fleet has the login.
            is_tenant = " --tenant " in rest
            if " --config FILE" in help_about(action) and rest.strip() and not is_tenant:
                assert re.search(r"--config (operator/operator|\S+/collect)\.toml", rest), command
                asked += 1
    assert asked >= 4


def test_a_command_that_asks_the_store_has_its_login() -> None:
    asking = re.findall(r"curl [^`]*?(?:8428|8429)[^`]*", PAGE)
    assert len(asking) == len([command for command in commands() if "8428" in command]) >= 2
    assert all("--cacert fleet/ca/ca.pem --user" in one for one in asking)


class Operator:
    """Operator at a shell, beside the fleet's files and on the store's machine."""

    def __init__(self, directory: Path, fleet: WatchedFleet) -> None:
        self._directory = directory
        self.noted = directory / "noted"
        self.noted.mkdir()
        store = fleet.directory / "store"
        programs = {
            "sudo": 'exec env "$@"',
            "smarty-p1": f'exec {PROGRAMS}/scripts/p1 "$@"',
            "smarty-p1-backup": f"export NOTED_IN={self.noted}\n"
            f"export STORE_ENVIRONMENT={store}/victoria-metrics\n"
            f'exec sh {PROGRAMS}/smarty_p1_fleet/ansible/roles/smarty_p1/files/backup.sh "$@"',
        }
        self._places = {
            "https://store.lan:8428": fleet.url,
            "/var/lib/victoria-metrics": f"{store}/data",
            "/mnt/backup/store": f"{directory}/backup",
        }
        place = directory / "bin"
        place.mkdir()
        for name, script in programs.items():
            (place / name).write_text(f"#!/bin/sh\n{script}\n", "ascii")
            (place / name).chmod(0o755)
        self._environment = {**os.environ, "PATH": f"{place}:{os.environ['PATH']}"}

    def run(self, command: str) -> str:
        """Run a command that must end well; return its output."""
        for there, here in self._places.items():
            command = command.replace(there, here)
        end = subprocess.run(
            [program("bash"), "-euc", command],
            cwd=self._directory,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (end.returncode, command) == (0, command), end.stdout + end.stderr
        return end.stdout


async def test_each_command_works_with_the_made_files(tmp_path: Path) -> None:
    fleet = WatchedFleet(tmp_path)
    operator = Operator(tmp_path, fleet)

    async def is_stored() -> bool:
        # During an exchange of certificates, trust may come a moment later.
        with suppress(OSError):
            return b"SAG" in fleet.ask("/api/v1/export?match[]=%7Bmeter!=%22%22%7D", "reader")[1]
        return False

    told = {}
    async with fleet.parts["victoria-metrics"], fleet.parts["vmauth"]:
        line = f"smarty_p1,meter={METER},title=T active_energy_imported=1,last_seen=1780000000"
        data = f"{line} 1780000000000\n".encode()
        assert fleet.ask("/vm/write?precision=ms", "collector", data=data)[0] == 204
        await until(is_stored)
        # The disk for backups is not mounted.
        with pytest.raises(AssertionError, match="backup is no folder"):
            operator.run("sudo smarty-p1-backup /mnt/backup/store")
        operator.run("mkdir -p /mnt/backup/store && sudo smarty-p1-backup /mnt/backup/store")
        for command in commands():
            if not OF_MACHINES.match(command) and not OF_CLUSTERS.search(command):
                told[command] = operator.run(command)
            if command == "smarty-p1 fleet init":
                # The playbook restarts it with the new passwords.
                fleet.parts["vmauth"].send(signal.SIGHUP)
            if "ca.next/ca.pem fleet/ca" in command:
                operator.run("smarty-p1 fleet init")
                await until(is_stored)
    noted = (operator.noted / "smarty_p1_backup.prom").read_text("ascii")
    assert re.fullmatch(r"smarty_p1_backup_end_seconds \d{10}\n", noted)
    assert "active_energy_imported" in (tmp_path / "year.csv").read_text("utf-8")
    assert len(told) >= 10
