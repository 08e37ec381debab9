"""The playbooks of a fleet, on four machines with networks, processes and files of their own."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
import yaml

from dev.checkout import PROGRAMS, ROOT
from dev.testing.real_programs import program
from tests.system.machines import Machine, machines

pytestmark = [pytest.mark.slow, pytest.mark.timeout(4500)]

ENVIRONMENT = PROGRAMS / ".venv"
# Version from which an upgrade is tried: the earliest that an installation may have.
EARLIER = "4f523b411f5d1358e756c44dc10a5abe85bc92e2"
HOSTS = ("alpha", "beta", "gamma", "delta")
UNIT = """\
[Service]
ExecStart=/usr/sbin/nats-server -c /etc/nats-server.conf
ExecReload=/bin/kill -HUP $MAINPID
"""
FLEET = """\
nodes = ["alpha", "beta", "gamma"]
store = "https://gamma:8428"
collectors = ["alpha", "beta"]
stream_gigabytes = 1
metrics_address = "0.0.0.0"
watch = "delta"
pages = "http://127.0.0.1:9999/pages"
tickets = "http://127.0.0.1:9999/tickets"
[[gateway]]
name = "delta"
meters = [
  {{ title = "{0}", address = "127.0.0.1:20001", name = "flat1" }},
  {{ title = "{1}", address = "127.0.0.1:20002", name = "flat2" }},
]
"""
# A receiver of alerts.
RECEIVER = """
from http.server import BaseHTTPRequestHandler, HTTPServer
class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        told = self.path.encode() + self.rfile.read(int(self.headers["Content-Length"]))
        with open("/var/log/told", "ab") as file:
            file.write(told + b"\\n")
        self.send_response(200)
        self.end_headers()
HTTPServer(("127.0.0.1", 9999), Receiver).serve_forever()
"""
# The meters' ports for the gateways. It writes the time, system title and frame counter of each
# frame that a gateway gets, and "unread" if the connection ends before the gateway has read it.
PORTS = """
import asyncio, re, time
def write(*words):
    with open("/var/log/frames", "a") as file:
        print(*words, file=file)
async def serve(port, gateway, writer):
    meter, _ = await asyncio.open_connection("127.0.0.1", port + 1000)
    last = 0, "", 0
    async def forward():
        nonlocal last
        data = b""
        while more := await meter.read(65536):
            writer.write(more)
            data, end = data + more, 0
            for frame in re.finditer(rb"\\xdb\\x08(.{8})\\x82..\\x30(.{4})", data, re.DOTALL):
                title, counter = frame[1].hex().upper(), int.from_bytes(frame[2], "big")
                last = time.time(), title, counter
                write(*last)
                end = frame.end()
            data = data[end:]
    forwarding = asyncio.create_task(forward())
    late = 0.5
    try:
        await gateway.read()
    except OSError:
        # So ends a connection with bytes that nobody has read.
        late = 15
    at, title, counter = last
    if time.time() - at < late:
        write("unread", title, counter)
    forwarding.cancel()
    writer.close()
async def main():
    for port in (20001, 20002, 20003):
        await asyncio.start_server(lambda *ends, port=port: serve(port, *ends), "0.0.0.0", port)
    await asyncio.Event().wait()
asyncio.run(main())
"""
SECOND = """\
[[gateway]]
name = "gamma"
meters = [{{ title = "{2}", address = "delta:20003", name = "flat3" }}]
"""


class Operator:
    """Operator with the fleet's files, Ansible, and four machines with Debian's packages."""

    def __init__(self, directory: Path, hosts: dict[str, Machine]) -> None:
        self.hosts = hosts
        self._directory = directory
        self._tool: Path | None = None
        self._source = directory / "fleet.toml"
        self.files = directory / "fleet"
        self.keys = self._simulator("--meters", "3", "--list-keys").splitlines()
        self.titles = [line.split()[0].upper() for line in self.keys]
        command = (PROGRAMS / "scripts" / "p1", "simulate", "--quiet", "--meters", "3")
        hosts["delta"].start(*command, *self._key_file(), "--listen", "127.0.0.1:21001")
        hosts["delta"].start(sys.executable, "-c", PORTS)
        hosts["delta"].start(sys.executable, "-c", RECEIVER)
        self.describe(FLEET + SECOND)
        self.write_keys(3)
        self.variables: dict[str, object] = {
            "ansible_connection": "local",
            "ansible_python_interpreter": f"{directory}/{{{{ inventory_hostname }}}}.python",
            "ansible_remote_tmp": str(directory / "remote"),
            "smarty_p1_install_packages": False,
            "smarty_p1_python": str(self._write_venv_maker()),
            "smarty_p1_package": f"smarty-p1[fleet] @ file://{self._build()}",
            "smarty_p1_nats_releases": f"file://{self.pack_nats('2.15.1')}",
            "smarty_p1_backup": str(directory / "backup"),
        }
        (directory / "backup").mkdir()
        for name, machine in hosts.items():
            machine.write_interpreter(directory / f"{name}.python")
            unit = directory / "nats-server.service"
            unit.write_text(UNIT, "ascii")
            machine.run("cp", unit, "/etc/systemd/system/")

    def write_keys(self, count: int) -> None:
        """Write the keys of the first meters for the collectors."""
        for name in ("alpha", "beta"):
            file = self.files / f"collector-{name}" / "meter-keys"
            file.write_text("\n".join(self.keys[:count]) + "\n", "ascii")

    def _key_file(self) -> tuple[str | Path, ...]:
        return ("--key-file", self._directory / "meters.keys")

    def _simulator(self, *words: str) -> str:
        command = [PROGRAMS / "scripts" / "p1", "simulate", *words, *self._key_file()]
        return subprocess.check_output(command, encoding="utf-8")

    def _build(self, source: Path = PROGRAMS) -> Path:
        folder = self._directory / f"wheel-of-{source.name}"
        uv = [program(str(ROOT / ".venv/bin/uv")), "build", "--quiet", "--wheel", str(source)]
        subprocess.run([*uv, "--out-dir", folder], check=True)
        [wheel] = folder.glob("*.whl")
        return wheel

    def install_tool(self, commit: str | None) -> None:
        """Install smarty-p1 of a commit where Ansible runs, and choose it for all machines.

        Without a commit, install this version.
        """
        source, self._tool = PROGRAMS, None
        if commit:
            source = self._directory / commit
            source.mkdir(exist_ok=True)
            command = ["git", "-C", str(ROOT), "archive", "--format=tar", commit]
            archive = subprocess.check_output(command)
            subprocess.run(
                [program("tar"), "--extract", "--directory", source], input=archive, check=True
            )
            # Until December 2026 the package lay at the top of the repository.
            programs = source / "programs"
            source = programs if programs.is_dir() else source
        wheel = self._build(source)
        if commit:
            self._tool = self._directory / f"tool-{commit}"
            words = [sys.executable, "-m", "zipfile", "--extract", str(wheel), str(self._tool)]
            subprocess.run(words, check=True)
        self.variables["smarty_p1_package"] = f"smarty-p1[fleet] @ file://{wheel}"

    def do_as_told(self, paragraph: str, commit: str | None) -> None:
        """Run the commands behind a paragraph of docs/fleet.md, with the smarty-p1 of a commit."""
        page = (PROGRAMS / "docs" / "fleet.md").read_text("utf-8")
        told = page[page.index(paragraph) :].split("```")[1].strip().splitlines()
        for command in told:
            words = command.strip("()").removeprefix("cd fleet; ").split()
            match words:
                case ["fleet-tools/bin/pip", "install", *_]:
                    self.install_tool(commit)
                case ["smarty-p1", "fleet", "init"]:
                    self.init()
                case ["ansible-playbook", book, *options]:
                    self.play(book, *options)
                case _:
                    pytest.fail(f"unknown command: {command}")

    def _write_venv_maker(self) -> Path:
        """Write a program that makes an environment with all packages besides smarty-p1."""
        maker, uv = self._directory / "python3.14", f"{ROOT}/.venv/bin/uv"
        # The machines have no way out, so pip is brought along.
        pip = self._directory / "pip"
        subprocess.run([uv, "pip", "install", "--quiet", "--target", pip, "pip"], check=True)
        [packages] = ENVIRONMENT.glob("lib/python3.*/site-packages")
        link = f'"$3/{packages.relative_to(ENVIRONMENT)}/fleet.pth"'
        maker.write_text(
            f'#!/bin/sh -e\n{uv} venv --quiet --python {ENVIRONMENT}/bin/python "$3"\n'
            f"printf '%s\\n' {packages} {pip} >{link}\n"
        )
        maker.chmod(0o755)
        return maker

    def pack_nats(self, version: str) -> Path:
        """Pack the NATS of the tests as a release; return its folder."""
        folder = self._directory / f"nats-{version}"
        folder.mkdir()
        name = f"nats-server-v{version}-linux-amd64"
        with tarfile.open(folder / f"{name}.tar.gz", "w:gz", compresslevel=1) as archive:
            archive.add(ENVIRONMENT / "bin" / "nats-server", f"{name}/nats-server")
        digest = sha256((folder / f"{name}.tar.gz").read_bytes()).hexdigest()
        (folder / "SHA256SUMS").write_text(f"{digest}  {name}.tar.gz\n", "ascii")
        return folder

    def describe(self, text: str) -> str:
        """Write fleet.toml, and run `fleet init`; return its output."""
        self._source.write_text(text.format(*self.titles), "utf-8")
        return self.init()

    def init(self, *options: str, to: Path | None = None) -> str:
        """Run `fleet init`; return its output."""
        words: tuple[str | Path, ...] = (
            "fleet",
            "init",
            self._source,
            "--to",
            to or self.files,
            *options,
        )
        command: list[str | Path] = [PROGRAMS / "scripts" / "p1"]
        environment = dict(os.environ)
        if self._tool:
            command = [ENVIRONMENT / "bin" / "python", "-m", "smarty_p1_cli"]
            environment["PYTHONPATH"] = str(self._tool)
        # The earlier version is not in its folder, so that this version is not imported.
        return subprocess.check_output(
            [*command, *words], encoding="utf-8", env=environment, cwd=self._directory
        )

    def shown_certificate(self) -> str:
        """Return the certificate that the store shows, which the fleet's authority has signed."""
        command = f"openssl s_client -connect gamma:8428 -CAfile {self.files}/ca/ca.pem"
        shown = self.hosts["delta"].run("sh", "-c", f"{command} -verify_return_error </dev/null")
        return shown.partition("-----BEGIN CERTIFICATE-----")[2].partition("-----END")[0]

    def play(self, book: str, *options: str, must_fail: bool = False) -> tuple[str, dict[str, int]]:
        """Run a playbook; return its output, and the number of tasks that changed each host."""
        variables = self.files / "group_vars" / "all.yml"
        variables.parent.mkdir(exist_ok=True)
        variables.write_text(yaml.safe_dump(self.variables), "utf-8")
        started = time.monotonic()
        end = subprocess.run(
            [ENVIRONMENT / "bin" / "ansible-playbook", book, *options],
            cwd=self.files,
            env={
                **os.environ,
                "ANSIBLE_LOCAL_TEMP": str(self._directory / "local"),
                "ANSIBLE_NOCOLOR": "1",
            },
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        sys.stdout.write(f"\n{book} {options}: {time.monotonic() - started:.0f} s\n")
        sys.stdout.flush()
        said = end.stdout + end.stderr
        assert (end.returncode != 0) == must_fail, said + self.logs()
        recap = re.findall(r"(?m)^(\w+) +: ok=\d+ +changed=(\d+)", end.stdout)
        for password in self.files.glob("passwords/**/*"):
            assert password.is_dir() or password.read_text().strip() not in said
        return said, {host: int(count) for host, count in recap}

    def lost(self) -> list[str]:
        """Return the frames that a gateway has read and that are not stored.

        The frames of the last minute may be on their way.
        """
        lines = [line.split() for line in self.hosts["delta"].read("/var/log/frames").splitlines()]
        unread = {(title, count) for at, title, count in lines if at == "unread"}
        read = [line for line in lines if line[0] != "unread" and (*line[1:],) not in unread]
        stored = {title: self.counters(title) for title in self.titles}
        lost = [
            f"{title} at {at}"
            for at, title, count in read
            if float(at) < time.time() - 60 and int(count) not in stored[title]
        ]
        sys.stdout.write(f"\n{len(read)} frames read, {len(unread)} unread, {len(lost)} lost\n")
        assert len(read) > 100
        return lost

    def counters(self, title: str) -> set[int]:
        """Return the frame counters that VictoriaMetrics has of a meter."""
        curl = ["curl", "--silent", "--cacert", f"{self.files}/ca/ca.pem", "--user"]
        password = (self.files / "passwords" / "store-reader").read_text("ascii").strip()
        selector = f'match[]=smarty_p1_frame_counter{{title="{title}"}}'
        text = self.hosts["delta"].run(*curl, f"reader:{password}", "--get",
            "https://gamma:8428/api/v1/export", "--data-urlencode", selector)  # fmt: skip
        lines = [json.loads(line) for line in text.splitlines()]
        return {int(value) for line in lines for value in line["values"]}

    def pids_of_nodes(self) -> dict[str, int]:
        """Return the process id of NATS on each node."""
        return {name: self.hosts[name].pid("nats-server") for name in ("alpha", "beta", "gamma")}

    def logs(self) -> str:
        return "".join(f"--- {name}\n{host.logs()[-3000:]}" for name, host in self.hosts.items())

    def ask(self, query: str) -> dict[str, float]:
        """Return the values that VictoriaMetrics has of a query, by system title or port."""
        curl = ["curl", "--silent", "--cacert", f"{self.files}/ca/ca.pem", "--user"]
        password = (self.files / "passwords" / "store-reader").read_text("ascii").strip()
        url = "https://gamma:8428/api/v1/query"
        text = self.hosts["delta"].run(*curl, f"reader:{password}", "--get", url,
            "--data-urlencode", f"query={query}", check=False)  # fmt: skip
        if not text.startswith("{"):
            return {}
        found = json.loads(text)["data"]["result"]
        return {one["metric"].get("port", "all"): float(one["value"][1]) for one in found}

    def until(self, query: str, ports: set[str]) -> None:
        deadline = time.monotonic() + 120
        while self.ask(query).keys() != ports:
            assert time.monotonic() < deadline, f"{query}: {self.ask(query)}\n{self.logs()}"
            time.sleep(1)

    def until_fresh(self, *ports: str) -> None:
        self.until(f"last_over_time(smarty_p1_last_seen[5m]) > {time.time():.0f}", {*ports})


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    program(str(ENVIRONMENT / "bin" / "ansible-playbook"))
    for name in ("victoria-metrics", "vmauth", "prometheus", "vmrestore"):
        program(name)
    (tmp_path / "hosts").mkdir()
    with machines(tmp_path / "hosts", *HOSTS) as hosts:
        yield Operator(tmp_path, hosts)


def renew_certificates(operator: Operator) -> None:
    """Renew the certificates, and then the authority itself, as the runbook says."""
    shown, pids = operator.shown_certificate(), operator.pids_of_nodes()
    operator.init("--renew")
    operator.play("site.yml")
    assert operator.shown_certificate() != shown
    assert operator.pids_of_nodes() == pids
    operator.until_fresh("flat1", "flat2", "flat3")

    following = operator.files.with_name("next")
    operator.init(to=following)
    old, new = ((one / "ca" / "ca.pem").read_text() for one in (operator.files, following))
    shown = operator.shown_certificate()
    for pem in (old + new, new + old, new):
        if pem == new + old:
            shutil.copy(following / "ca" / "ca.key", operator.files / "ca")
        (operator.files / "ca" / "ca.pem").write_text(pem)
        operator.init()
        operator.play("site.yml")
        operator.until_fresh("flat1", "flat2", "flat3")
    assert operator.shown_certificate() != shown
    assert operator.pids_of_nodes() == pids


def test_a_fleet_is_installed_changed_upgraded_and_restored(operator: Operator) -> None:
    hosts, files = operator.hosts, operator.files
    operator.play("site.yml", "--check", "--limit", "delta")
    assert "smarty-p1" not in hosts["delta"].run("ls", "/etc")
    said, _ = operator.play("site.yml")
    assert "Each receiver has accepted the test alert" in said
    told = hosts["delta"].read("/var/log/told").splitlines()
    paths = sorted(line.partition("{")[0] for line in told if "TestAlert" in line)
    assert paths == ["/pages", "/tickets"]
    operator.until_fresh("flat1", "flat2", "flat3")
    # Secrets are their owners' alone, and a second run changes nothing, nor would it.
    for host, file in (
        ("delta", "/etc/smarty-p1/nats-password"),
        ("alpha", "/etc/smarty-p1/meter-keys"),
        ("gamma", "/etc/default/victoria-metrics"),
    ):
        assert hosts[host].run("stat", "-c", "%a", file) == "600\n"
    assert "password" not in (files / "inventory.yml").read_text("utf-8").lower()
    for options in (("--check", "--diff"), ()):
        assert operator.play("site.yml", *options)[1] == dict.fromkeys(HOSTS, 0)

    renew_certificates(operator)

    # The first tenant leaves: the gateway stops before the nodes refuse the title.
    leaving = operator.titles[0]
    line = next(text for text in FLEET.splitlines() if "{0}" in text)
    operator.describe((FLEET + SECOND).replace(f"{line}\n", ""))
    for name in ("alpha", "beta"):
        keys = files / f"collector-{name}" / "meter-keys"
        keys.write_text("\n".join(operator.keys[1:]) + "\n", "ascii")
    nodes = operator.pids_of_nodes()
    said, changed = operator.play("site.yml")
    assert said.index("PLAY [Gateways]") < said.index("PLAY [Nodes of NATS]")
    assert all(changed.values())
    assert operator.pids_of_nodes() == nodes
    for name in nodes:
        assert leaving not in hosts[name].read("/etc/nats/nats-server.conf")
    operator.until_fresh("flat2", "flat3")

    refuse_wrong_files(operator)
    restore_store(operator)
    remove_gateway(operator)
    assert "gateway-gamma/ belongs to nobody" in operator.describe(FLEET.replace(f"{line}\n", ""))


def refuse_wrong_files(operator: Operator) -> None:
    """Install damaged files: each machine keeps its own files."""
    hosts = operator.hosts
    digests = ("-maxdepth", "1", "-type", "f", "-exec", "sha256sum", "{}", "+")
    for host, source, place, text in (
        ("delta", "gateway-delta/gateway.toml", "/etc/smarty-p1", "[queue]\nwings = 2\n"),
        ("alpha", "collector-alpha/collect.toml", "/etc/smarty-p1", "[store]\nurl = 'x'\n"),
        ("alpha", "collector-alpha/meter-keys", "/etc/smarty-p1", "5341476770041030 12\n"),
        ("alpha", "node1/nats-server.conf", "/etc/nats", "jetstream {\n"),
        ("alpha", "node1/node1.key", "/etc/nats", "-----BEGIN PRIVATE KEY-----\n"),
        ("delta", "prometheus/alerts.yml", "/etc/prometheus", "groups: [{name: 1, rules: 2}]\n"),
        ("delta", "prometheus/meters.yml", "/etc/prometheus", "groups: 1\n"),
        ("delta", "prometheus/prometheus.yml", "/etc/prometheus", "global: 1\n"),
        ("delta", "prometheus/targets.json", "/etc/prometheus", "["),
        ("delta", "prometheus/alertmanager.yml", "/etc/prometheus", "route: {receiver: nobody}\n"),
    ):
        file = operator.files / source
        right = file.read_text("utf-8")
        before = hosts[host].run("find", place, *digests)
        file.write_text(text, "utf-8")
        operator.play("site.yml", "--limit", host, must_fail=True)
        assert hosts[host].run("find", place, *digests) == before, source
        file.write_text(right, "utf-8")
    operator.play("site.yml")
    operator.until_fresh("flat2", "flat3")


def read_all(collector: Machine) -> str:
    """Read all frames again, as the runbook says; return the output."""
    program = ("env", "CREDENTIALS_DIRECTORY=/etc/smarty-p1", "/opt/smarty-p1/bin/smarty-p1")
    words = ("fleet", "read", "--all", "--config", "/etc/smarty-p1/collect.toml")
    return collector.run(*program, *words, "--since", "2026-01-01")


def test_a_fleet_is_upgraded_from_the_earlier_version_and_goes_back(operator: Operator) -> None:
    ports = ("flat1", "flat2", "flat3")
    operator.install_tool(EARLIER)
    operator.init()
    # The key of the third meter comes after the upgrade: until then, its frames wait.
    operator.write_keys(2)
    operator.play("site.yml")
    operator.until_fresh(*ports[:2])
    upgrade_and_go_back(operator)
    # The last frames are on their way for a minute.
    time.sleep(60)
    assert operator.lost() == []


def upgrade_and_go_back(operator: Operator) -> None:
    """Upgrade a fleet whose meters send, and go back to the earlier version."""
    hosts = operator.hosts
    ports = ("flat1", "flat2", "flat3")
    time.sleep(30)
    upgraded_at = time.time()
    before = {name: host.run("readlink", "/opt/smarty-p1") for name, host in hosts.items()}
    nodes = operator.pids_of_nodes()

    # The operator runs the usual playbook in place of the upgrade's: the version stays.
    operator.install_tool(None)
    operator.init()
    toml = hosts["delta"].read("/etc/smarty-p1/gateway.toml")
    operator.play("site.yml")
    assert before == {name: host.run("readlink", "/opt/smarty-p1") for name, host in hosts.items()}
    hosts["delta"].run("systemctl", "restart", "smarty-p1-gateway")
    operator.until_fresh(*ports[:2])

    operator.variables |= {
        "smarty_p1_nats_version": "2.99.0",
        "smarty_p1_nats_releases": f"file://{operator.pack_nats('2.99.0')}",
    }
    operator.do_as_told("**Upgrade:**", None)
    operator.until_fresh(*ports[:2])
    operator.write_keys(3)
    operator.play("site.yml", "--limit", "fleet_collectors")
    operator.until_fresh(*ports)
    # Values from before the upgrade are stored, too.
    first = "tfirst_over_time(smarty_p1_active_energy_imported[1h])"
    operator.until(f"count({first} < {upgraded_at:.0f}) == 3", {"all"})
    for name, host in hosts.items():
        assert host.run("readlink", "/opt/smarty-p1") != before[name]
    for name, pid in nodes.items():
        assert "v2.99.0" in hosts[name].run("readlink", "/usr/local/sbin/nats-server")
        assert hosts[name].pid("nats-server") != pid
    assert "format = 1" in hosts["delta"].read("/etc/smarty-p1/gateway.toml")
    assert operator.play("site.yml")[1] == dict.fromkeys(HOSTS, 0)

    # Frames wait during the downgrade: the earlier version does not know their bookmarks.
    operator.write_keys(2)
    operator.play("site.yml", "--limit", "fleet_collectors")
    time.sleep(40)
    waited_at = time.time() - 10
    operator.until_fresh(*ports[:2])
    operator.write_keys(3)
    stored = f"count(count_over_time(smarty_p1_active_energy_imported[20s] @ {waited_at:.0f}))"
    operator.until(f"{stored} == 2", {"all"})
    operator.do_as_told("**To go back,**", EARLIER)
    operator.until_fresh(*ports)
    assert operator.play("site.yml")[1] == dict.fromkeys(HOSTS, 0)
    assert "all meters: " in read_all(hosts["alpha"])
    operator.until(f"{stored} == 3", {"all"})
    for name, host in hosts.items():
        assert host.run("readlink", "/opt/smarty-p1") == before[name]
    assert hosts["delta"].read("/etc/smarty-p1/gateway.toml") == toml


def restore_store(operator: Operator) -> None:
    """Let the disk of VictoriaMetrics be lost after a backup, and restore it."""
    hosts = operator.hosts
    hosts["gamma"].run("mkdir", "-p", "/var/lib/prometheus/node-exporter")
    hosts["gamma"].run("smarty-p1-backup", str(operator.variables["smarty_p1_backup"]))
    # The time is fixed, so that new values do not stand in for lost values.
    count = f"sum(count_over_time(smarty_p1_active_energy_imported[2h] @ {time.time():.0f}))"
    stored = operator.ask(count)["all"]
    hosts["gamma"].run("systemctl", "stop", "victoria-metrics")
    hosts["gamma"].run("sh", "-c", "rm -r /var/lib/victoria-metrics/*")
    operator.play("restore.yml", must_fail=True)
    operator.play("restore.yml", "-e", "smarty_p1_since=2026-01-01")
    operator.until_fresh("flat2", "flat3")
    operator.until(f"{count} >= {stored:.0f}", {"all"})


def remove_gateway(operator: Operator) -> None:
    """Remove a gateway with waiting frames: it stays, unless they may be lost."""
    hosts = operator.hosts
    hosts["gamma"].run("systemctl", "stop", "smarty-p1-gateway")
    code = "import sqlite3; file = sqlite3.connect('/var/lib/smarty-p1/queue.sqlite3'); "
    code += "file.execute('INSERT INTO frames VALUES (1, ?, ?)', ('', b'frame')); file.commit()"
    hosts["gamma"].run("/usr/bin/python3", "-c", code)
    said, _ = operator.play("remove_gateway.yml", "--limit", "gamma", must_fail=True)
    assert "1 frames wait" in said
    assert hosts["gamma"].pid("smarty-p1-gateway")
    operator.play("remove_gateway.yml", must_fail=True)
    operator.play("remove_gateway.yml", "--limit", "gamma", "-e", "smarty_p1_discard_frames=true")
    assert hosts["gamma"].run("ls", "/etc/smarty-p1").split() == ["ca.pem"]
    assert hosts["gamma"].pid("smarty-p1-gateway") == 0
