"""Start of all programs on one machine: a shell script, and a file for Compose."""

import json
import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from .fleet_description import FleetInputs
from .hosts import EXPORTER_PORT
from .program_configs import store_arguments, vmauth_arguments
from .templates import NOTE

EXPORTER = "smarty-p1-nats-exporter"
COMPOSE, START = "compose.yaml", "start.sh"
# Images of the versions that Debian 12 has, and of the NATS that is tested.
_NATS = "docker.io/library/nats:2.15.1"
_VICTORIA_METRICS = "docker.io/victoriametrics/victoria-metrics:v1.79.5"
_VMAUTH = "docker.io/victoriametrics/vmauth:v1.79.5"
_PROMETHEUS = "docker.io/prom/prometheus:v2.42.0"
_ALERTMANAGER = "docker.io/prom/alertmanager:v0.25.0"
_COLLECT, _GATEWAY = "smarty-p1-collect", "smarty-p1-gateway"


@dataclass(frozen=True, slots=True)
class Program:
    """Program of the fleet. `words` is its command, `folder` the generated folder that it uses.

    The first `entry` words are in its image already. `environment` is a file with further
    environment variables. `devices` are the serial ports that it opens.
    """

    name: str
    folder: Path
    image: str
    words: list[str]
    entry: int = 1
    environment: Path | None = None
    devices: tuple[str, ...] = ()


def programs_of(fleet: FleetInputs, directory: Path) -> list[Program]:
    """Return all programs of the fleet, in the order in which they are started."""
    store, watching = directory / "store", directory / "prometheus"
    listen = "--web.listen-address=127.0.0.1:"
    nodes = [f"{node.name}=http://127.0.0.1:{node.http_port}" for node in fleet.nodes]
    programs = [
        Program(
            node.name,
            directory / node.name,
            _NATS,
            ["nats-server", "--config", f"{directory / node.name}/nats-server.conf"],
        )
        for node in fleet.nodes
    ]
    words = ["victoria-metrics", *store_arguments(fleet, store).split()]
    programs += [
        Program("store", store, _VICTORIA_METRICS, words, environment=store / "victoria-metrics"),
        Program("vmauth", store, _VMAUTH, ["vmauth", *vmauth_arguments(fleet, store).split()]),
    ]
    for collector in fleet.collectors:
        folder = directory / f"collector-{collector.name}"
        words = ["smarty-p1", "collect", "--config", f"{folder}/collect.toml"]
        programs.append(Program(folder.name, folder, _COLLECT, words, entry=2))
    for gateway in fleet.gateways:
        folder = directory / f"gateway-{gateway.name}"
        words = ["smarty-p1", "gateway", "--config", f"{folder}/gateway.toml"]
        devices = tuple(one.address for one in gateway.meters if one.address.startswith("/dev/"))
        programs.append(Program(folder.name, folder, _GATEWAY, words, entry=2, devices=devices))
    prometheus = [
        "prometheus",
        f"--config.file={watching}/prometheus.yml",
        f"{listen}{fleet.prometheus_port}",
        f"--storage.tsdb.path={watching}/data",
    ]
    alertmanager = [
        "prometheus-alertmanager",
        f"--config.file={watching}/alertmanager.yml",
        f"{listen}{fleet.alertmanager_port}",
        # There is only one Alertmanager. So turn its clustering off by an empty address.
        "--cluster.listen-address=",
        f"--storage.path={watching}/alertmanager",
    ]
    exporter = ["python3", f"{watching}/{EXPORTER}", f"127.0.0.1:{EXPORTER_PORT}", *nodes]
    return [
        *programs,
        Program("prometheus", watching, _PROMETHEUS, prometheus),
        Program("alertmanager", watching, _ALERTMANAGER, alertmanager),
        Program("nats-exporter", watching, _COLLECT, exporter, entry=0),
    ]


def write_start(programs: list[Program]) -> str:
    """Return a shell script that starts the programs in the background of the shell."""
    lines = [f"{NOTE}# Start all programs: `. {START}`. Each one's log is NAME.log in its folder."]
    for program in programs:
        command = shlex.join(program.words)
        if program.environment:
            command = f"(set -a; . {program.environment}; exec {command})"
        lines.append(f"{command} >{program.folder}/{program.name}.log 2>&1 &")
    return "\n".join(lines) + "\n"


def write_compose(programs: list[Program]) -> str:
    """Return a file for Compose. Containers use the network and the files of the machine."""
    text = f"{NOTE}# `podman compose up`, after building the images of fleet/Containerfile and\n"
    text += "# gateway/Containerfile in a clone.\nservices:\n"
    for program in programs:
        service: dict[str, object] = {"image": program.image}
        if not program.entry:
            service["entrypoint"] = program.words[:1]
        service |= {
            "command": program.words[program.entry or 1 :],
            "network_mode": "host",
            "user": f"{os.getuid()}:{os.getgid()}",
            "restart": "unless-stopped",
            "volumes": [f"{program.folder}:{program.folder}"],
        }
        if program.environment:
            service["env_file"] = [str(program.environment)]
        if program.devices:
            service |= {"devices": list(program.devices), "group_add": ["dialout"]}
        text += f"  {program.name}:\n"
        text += "".join(f"    {key}: {json.dumps(value)}\n" for key, value in service.items())
    return text
