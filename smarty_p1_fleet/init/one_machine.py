"""Start of all programs on one machine: a shell script."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from .fleet_description import FleetInputs
from .hosts import EXPORTER_PORT
from .program_configs import store_arguments, vmauth_arguments
from .templates import NOTE

EXPORTER = "smarty-p1-nats-exporter"
START = "start.sh"


@dataclass(frozen=True, slots=True)
class Program:
    """Program of the fleet. `words` is its command, `folder` the generated folder that it uses.

    `environment` is a file with further environment variables.
    """

    name: str
    folder: Path
    words: list[str]
    environment: Path | None = None


def programs_of(fleet: FleetInputs, directory: Path) -> list[Program]:
    """Return all programs of the fleet, in the order in which they are started."""
    store, watching = directory / "store", directory / "prometheus"
    listen = "--web.listen-address=127.0.0.1:"
    nodes = [f"{node.name}=http://127.0.0.1:{node.http_port}" for node in fleet.nodes]
    programs = [
        Program(
            node.name,
            directory / node.name,
            ["nats-server", "--config", f"{directory / node.name}/nats-server.conf"],
        )
        for node in fleet.nodes
    ]
    words = ["victoria-metrics", *store_arguments(fleet, store).split()]
    programs += [
        Program("store", store, words, environment=store / "victoria-metrics"),
        Program("vmauth", store, ["vmauth", *vmauth_arguments(fleet, store).split()]),
    ]
    # The command waits for the nodes, and the collectors wait for the stream.
    words = ["smarty-p1", "fleet", "stream", "--config", f"{directory}/operator/operator.toml"]
    programs.append(Program("stream", directory / "operator", words))
    for collector in fleet.collectors:
        folder = directory / f"collector-{collector.name}"
        words = ["smarty-p1", "collect", "--config", f"{folder}/collect.toml"]
        programs.append(Program(folder.name, folder, words))
    for gateway in fleet.gateways:
        folder = directory / f"gateway-{gateway.name}"
        words = ["smarty-p1", "gateway", "--config", f"{folder}/gateway.toml"]
        programs.append(Program(folder.name, folder, words))
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
        Program("prometheus", watching, prometheus),
        Program("alertmanager", watching, alertmanager),
        Program("nats-exporter", watching, exporter),
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
