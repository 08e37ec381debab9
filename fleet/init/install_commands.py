"""What is to be done with the files: each next command, in an order that works."""

import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .inputs import FleetInputs
from .programs import vmauth_arguments
from .watching import watching_arguments

_ETC = "/etc/smarty-p1"
_UNITS = "/etc/systemd/system"
# Of Prometheus' node exporter.
_TEXTFILES = "/var/lib/prometheus/node-exporter"
_RESTART = "# end it and start it again:"


@dataclass(frozen=True, slots=True)
class Part:
    """A folder, where it belongs, and what is done there at first, and after a change."""

    folder: str
    heading: str
    first: Sequence[str]
    later: Sequence[str]


def parts_of(fleet: FleetInputs, directory: Path, *, has_keys: bool) -> list[Part]:
    """Return all folders but the authority's, in the order in which their programs are started.

    `has_keys`: nobody need enter the key of a meter any more.
    """
    if fleet.is_here:
        return _here(fleet, directory, has_keys=has_keys)
    return _elsewhere(fleet, directory)


def tell(parts: Iterable[Part], is_new: Callable[[Part], bool]) -> str:
    """Return the commands as a text."""
    return "".join(
        f"\n# {number}. {part.heading}\n"
        + "".join(f"{line}\n" for line in (part.first if is_new(part) else part.later))
        for number, part in enumerate(parts, start=1)
    )


def _here(fleet: FleetInputs, directory: Path, *, has_keys: bool) -> list[Part]:
    here = shlex.quote(str(directory))

    def start(folder: str, command: str, log: str = "log") -> str:
        return f"{command} >{here}/{folder}/{log} 2>&1 &"

    parts = []
    for node in fleet.nodes:
        conf, pid = f"{here}/{node.name}/nats-server.conf", f"{here}/{node.name}/nats-server.pid"
        parts.append(
            Part(
                node.name,
                f"{node.name} of NATS",
                [start(node.name, f"nats-server --config {conf}")],
                [f"nats-server --signal reload={pid}"],
            )
        )
    environment = f"(set -a; . {here}/store/victoria-metrics; exec victoria-metrics $ARGS)"
    logins = f"vmauth {vmauth_arguments(fleet, directory / 'store')}"
    commands = [start("store", environment), start("store", logins, "vmauth.log")]
    parts.append(
        Part(
            "store",
            "VictoriaMetrics, and vmauth in front of it",
            commands,
            ["# end both and start them again, unless only certificates are new:", *commands],
        )
    )
    for name, verb, configuration in _programs(fleet):
        command = f"smarty-p1 {verb} --config {here}/{name}/{configuration}"
        is_asked = verb == "collect" and not has_keys
        keys = [f"editor {here}/{name}/meter-keys"] if is_asked else []
        parts.append(
            Part(
                name,
                name.replace("-", " ", 1),
                [*keys, start(name, command)],
                [_RESTART, start(name, command)],
            )
        )
    files = f"{here}/prometheus"
    prometheus, alertmanager = watching_arguments(fleet, files).items()
    commands = [
        start("prometheus", f"{' '.join(prometheus)} --storage.tsdb.path={files}/data"),
        start(
            "prometheus",
            f"{' '.join(alertmanager)} --storage.path={files}/alertmanager",
            "alertmanager.log",
        ),
    ]
    later = ["# end both and start them again, unless only targets.json is new:", *commands]
    parts.append(Part("prometheus", "Prometheus and Alertmanager", commands, later))
    return parts + _listeners(fleet)


def _elsewhere(fleet: FleetInputs, directory: Path) -> list[Part]:
    parts = []
    for node in fleet.nodes:
        names = ("nats-server.conf", "ca.pem", f"{node.name}.pem", f"{node.name}.key")
        files = [f"{node.name}/{name}" for name in names]
        copy = [
            f"sudo install -m 640 -g nats -t /etc/nats {' '.join(files)}",
            f"sudo install -m 644 -t {_TEXTFILES} {node.name}/smarty_p1_{node.name}.prom",
            f"rm -r {node.name}",
        ]
        unit = f"{_UNITS}/nats-server.service.d/smarty-p1.conf"
        parts.append(
            Part(
                node.name,
                f"{node.host}, with NATS installed: {node.name}",
                [
                    *_sent(directory, node.name, node.host),
                    "sudo install -d -o nats -g nats /var/lib/nats",
                    "sudo install -d -m 750 -g nats /etc/nats",
                    f"sudo install -D -m 644 {node.name}/smarty-p1.conf {unit}",
                    *copy,
                    "sudo systemctl daemon-reload",
                    "sudo systemctl restart nats-server",
                ],
                [
                    *_sent(directory, node.name, node.host),
                    *copy,
                    "sudo systemctl reload nats-server",
                ],
            )
        )
    parts.append(_store_elsewhere(fleet, directory))
    for name, verb, configuration in _programs(fleet):
        parts.append(_program_elsewhere(directory, name, verb, configuration))
    parts.append(_watching_elsewhere(fleet, directory))
    return parts + _listeners(fleet)


def _store_elsewhere(fleet: FleetInputs, directory: Path) -> Part:
    files, metric = "store/auth.yml", []
    if fleet.store.has_tls:
        files += " store/store.pem store/store.key"
        metric = [f"sudo install -m 644 -t {_TEXTFILES} store/smarty_p1_store.prom"]
    commands = [
        *_sent(directory, "store", fleet.store.host),
        "sudo install -d -m 750 -g _victoria-metrics /etc/victoria-metrics",
        f"sudo install -m 640 -g _victoria-metrics -t /etc/victoria-metrics {files}",
        "sudo install -m 600 store/victoria-metrics /etc/default/",
        f"sudo install -m 644 store/smarty-p1-vmauth.service {_UNITS}/",
        "sudo install store/smarty-p1-backup /usr/local/sbin/",
        *metric,
        "rm -r store",
        "sudo systemctl daemon-reload",
        "sudo systemctl enable smarty-p1-vmauth",
    ]
    restart = "sudo systemctl restart victoria-metrics smarty-p1-vmauth"
    return Part(
        "store",
        f"{fleet.store.host}, with VictoriaMetrics installed",
        [*commands, restart],
        [*commands, f"{restart}  # not needed if only certificates are new"],
    )


def _watching_elsewhere(fleet: FleetInputs, directory: Path) -> Part:
    copy = [
        *_sent(directory, "prometheus", fleet.watch),
        "sudo install -m 640 -g prometheus -t /etc/prometheus prometheus/*.* prometheus/*-password",
        "sudo install -m 644 -t /etc/default prometheus/default/*",
        "rm -r prometheus",
    ]
    heading = f"{fleet.watch}, with Prometheus and Alertmanager installed"
    services = "prometheus prometheus-alertmanager"
    return Part(
        "prometheus",
        heading,
        [*copy, f"sudo systemctl restart {services}"],
        [*copy, f"sudo systemctl reload {services}"],
    )


def _program_elsewhere(directory: Path, name: str, verb: str, configuration: str) -> Part:
    kind, _, own = name.partition("-")
    service = "smarty-p1-collect" if verb == "collect" else "smarty-p1-gateway"
    secrets = f"{name}/nats-password" + (f" {name}/store-password" if verb == "collect" else "")
    unit = "store.conf" if verb == "collect" else "nats.conf"
    copy = [
        f"sudo install -m 644 -t {_ETC} {name}/{configuration} {name}/ca.pem",
        f"sudo install -m 600 -t {_ETC} {secrets}",
    ]
    keys = [
        f"sudo test -e {_ETC}/meter-keys || sudo install -m 600 -t {_ETC} {name}/meter-keys",
        f"sudo editor {_ETC}/meter-keys",
    ]
    check = (
        f"sudo CREDENTIALS_DIRECTORY={_ETC} /opt/smarty-p1/bin/smarty-p1 {verb}"
        f" --config {_ETC}/{configuration} --check"
    )
    return Part(
        name,
        f"the machine of {kind} {own}, with smarty-p1 and {service}.service installed",
        [
            *_sent(directory, name, own),
            f"sudo install -d {_ETC}",
            *copy,
            *(keys if verb == "collect" else ()),
            f"sudo install -D -m 644 {name}/{unit} {_UNITS}/{service}.service.d/{unit}",
            f"rm -r {name}",
            check,
            "sudo systemctl daemon-reload",
            f"sudo systemctl enable --now {service}",
        ],
        [
            *_sent(directory, name, own),
            *copy,
            f"rm -r {name}",
            check,
            f"sudo systemctl restart {service}",
        ],
    )


def _programs(fleet: FleetInputs) -> list[tuple[str, str, str]]:
    collectors = [(f"collector-{one.name}", "collect", "collect.toml") for one in fleet.collectors]
    gateways = [(f"gateway-{one.name}", "gateway", "gateway.toml") for one in fleet.gateways]
    return collectors + gateways


def _listeners(fleet: FleetInputs) -> list[Part]:
    lines = ["# log in with this name, nats-password and ca.pem: smarty_p1.readings.*"]
    return [Part(f"listener-{name}", f"listener {name}", lines, lines) for name in fleet.listeners]


def _sent(directory: Path, folder: str, host: str) -> list[str]:
    shown = f"[{host}]" if ":" in host else host
    return [
        f"scp -r {shlex.quote(str(directory / folder))} {shown}:",
        f"ssh -t {host}  # and there:",
    ]
