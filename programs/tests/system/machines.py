"""Machines in namespaces of Linux: each has its own network, processes, /etc, /var and /opt."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from dev.testing.real_programs import program

NETWORK = "10.213.72"
SYSTEMCTL = Path(__file__).with_name("fake_systemctl.py")
OWN = ("etc", "var", "opt", "usr/local")
# The first process of a machine reaps the others.
INIT = "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)\nwhile True: signal.pause()"


# Python of the machines. Debian's Python starts faster than the Python of the tests.
_PYTHON = next(filter(os.path.exists, ("/usr/bin/python3", sys.executable)))


class Machine:
    """Machine with a name. Commands run in its namespaces."""

    def __init__(self, name: str, pid: int) -> None:
        self.name = name
        self._enter = [program("nsenter"), "--target", str(pid), "--mount", "--net", "--pid"]

    def run(self, *command: str | Path, check: bool = True) -> str:
        """Run a command, and return its output."""
        end = subprocess.run(
            [*self._enter, *command], capture_output=True, encoding="utf-8", check=False
        )
        assert not check or end.returncode == 0, f"{command}: {end.stdout}{end.stderr}"
        return end.stdout

    def start(self, *command: str | Path) -> subprocess.Popen[bytes]:
        """Start a program that ends with the machine."""
        return subprocess.Popen([*self._enter, *command], stdin=subprocess.DEVNULL)

    def write_interpreter(self, path: Path) -> None:
        """Write a script that runs Python on the machine: Ansible's local connection uses it."""
        path.write_text(f'#!/bin/sh\nexec {" ".join(map(str, self._enter))} {_PYTHON} "$@"\n')
        path.chmod(0o755)

    def read(self, path: str) -> str:
        return self.run("cat", path)

    def pid(self, service: str) -> int:
        text = self.run("systemctl", "show", service)
        return int(dict(line.split("=", 1) for line in text.splitlines())["MainPID"])

    def logs(self) -> str:
        """Return the logs of all its services."""
        return self.run("sh", "-c", "cat /var/log/*.service.log 2>/dev/null; true")


@contextmanager
def machines(directory: Path, *names: str) -> Iterator[dict[str, Machine]]:
    """Yield machines that reach each other by their names. Only root can make them."""
    if os.geteuid():
        pytest.skip("only root can make machines")
    hosts = "127.0.0.1 localhost\n" + "".join(
        f"{NETWORK}.{number} {name}\n" for number, name in enumerate(names, start=1)
    )
    with ExitStack() as stack:
        switch = stack.enter_context(_namespaces(directory / "switch", "", ""))
        _run("nsenter", f"--target={switch}", "--net", "ip", "link", "add", "s", "type", "bridge")
        _run("nsenter", f"--target={switch}", "--net", "ip", "link", "set", "s", "up")
        made = {}
        for number, name in enumerate(names, start=1):
            pid = stack.enter_context(_namespaces(directory / name, name, hosts))
            port = f"p{number}"
            link = ("ip", "link", "add", port, "netns", str(switch), "type", "veth")
            _run(*link, "peer", "name", "eth0", "netns", str(pid))
            for command in (f"ip link set {port} master s", f"ip link set {port} up"):
                _run("nsenter", f"--target={switch}", "--net", *command.split())
            machine = made[name] = Machine(name, pid)
            machine.run("ip", "link", "set", "lo", "up")
            machine.run("ip", "address", "add", f"{NETWORK}.{number}/24", "dev", "eth0")
            machine.run("ip", "link", "set", "eth0", "up")
        yield made


@contextmanager
def _namespaces(directory: Path, name: str, hosts: str) -> Iterator[int]:
    """Yield the process id, seen from here, of the first process in new namespaces."""
    directory.mkdir()
    lines = ["set -e", "mount --make-rprivate /"]
    for place in OWN if name else ():
        upper, work = (directory / f"{place.replace('/', '-')}.{kind}" for kind in ("up", "work"))
        upper.mkdir()
        work.mkdir()
        options = f"lowerdir=/{place},upperdir={upper},workdir={work}"
        lines.append(f"mount -t overlay overlay -o {options} /{place}")
    if name:
        (directory / "hosts").write_text(hosts)
        fake = directory / "systemctl"
        fake.write_text(f"#!{sys.executable}\n{SYSTEMCTL.read_text()}")
        fake.chmod(0o755)
        lines += [
            f"cp {directory}/hosts /etc/hosts",
            "mount -t tmpfs tmpfs /run",
            f"mount --bind {fake} {shutil.which('systemctl') or '/usr/bin/systemctl'}",
            "groupadd --force nats",
            "id nats >/dev/null 2>&1 || useradd --system --gid nats nats",
        ]
    lines += [f"touch {directory}/is-ready", f"exec {sys.executable} -c '{INIT}'"]
    script = directory / "init.sh"
    script.write_text("\n".join(lines) + "\n")
    command = [program("unshare"), "--mount", "--net", "--pid", "--fork", "--kill-child"]
    with subprocess.Popen([*command, "--mount-proc", "sh", script]) as process:
        try:
            deadline = time.monotonic() + 20
            while not (directory / "is-ready").exists():
                assert process.poll() is None, "no namespaces"
                assert time.monotonic() < deadline
                time.sleep(0.02)
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
            yield int(children.split()[0])
        finally:
            process.kill()


def _run(*command: str) -> None:
    subprocess.run([program(command[0]), *command[1:]], check=True)
