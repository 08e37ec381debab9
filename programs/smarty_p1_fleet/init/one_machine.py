"""Start of all programs on one machine: a shell script."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from .fleet_description import FleetInputs
from .hosts import EXPORTER_PORT
from .program_configs import store_arguments, vmauth_arguments
from .templates import NOTE

EXPORTER = "smarty-p1-nats-exporter"
START = "start.sh"
_LISTEN = "--web.listen-address=127.0.0.1:"


def start_script(fleet: FleetInputs, directory: Path) -> str:
    """Return a shell script that starts the programs in the background of the shell."""
    text = f"{NOTE}# Start all programs: `. {START}`. Each one's log is NAME.log in its folder.\n"
    for log, words in _commands(fleet, directory):
        command = shlex.join(words)
        if words[0] == "victoria-metrics":
            # Every user of the machine can see arguments. So the secrets are in its environment.
            command = f"(set -a; . {directory}/store/victoria-metrics; exec {command})"
        text += f"{command} >{directory}/{log}.log 2>&1 &\n"
    return text


def _commands(fleet: FleetInputs, directory: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the log and the command of each program, in the order in which they are started.

    The log is below `directory`, without its suffix.
    """
    store, monitoring = directory / "store", directory / "prometheus"
    for node in fleet.nodes:
        config = f"{directory / node.name}/nats-server.conf"
        yield f"{node.name}/{node.name}", ["nats-server", "--config", config]
    yield "store/store", ["victoria-metrics", *store_arguments(fleet, store).split()]
    yield "store/vmauth", ["vmauth", *vmauth_arguments(fleet, store).split()]
    collectors = [f"collector-{collector.name}" for collector in fleet.collectors]
    gateways = [f"gateway-{gateway.name}" for gateway in fleet.gateways]
    # `fleet stream` waits for the nodes, and the collectors wait for the stream.
    for log, words, config in (
        ("operator/stream", "fleet stream", "operator/operator.toml"),
        *((f"{name}/{name}", "collect", f"{name}/collect.toml") for name in collectors),
        *((f"{name}/{name}", "gateway", f"{name}/gateway.toml") for name in gateways),
    ):
        yield log, ["smarty-p1", *words.split(), "--config", f"{directory}/{config}"]
    yield (
        "prometheus/prometheus",
        [
            "prometheus",
            f"--config.file={monitoring}/prometheus.yml",
            f"{_LISTEN}{fleet.prometheus_port}",
            f"--storage.tsdb.path={monitoring}/data",
        ],
    )
    yield (
        "prometheus/alertmanager",
        [
            "prometheus-alertmanager",
            f"--config.file={monitoring}/alertmanager.yml",
            f"{_LISTEN}{fleet.alertmanager_port}",
            # There is only one Alertmanager. So turn its clustering off by an empty address.
            "--cluster.listen-address=",
            f"--storage.path={monitoring}/alertmanager",
        ],
    )
    nodes = [f"{node.name}=http://127.0.0.1:{node.http_port}" for node in fleet.nodes]
    exporter = ["python3", f"{monitoring}/{EXPORTER}", f"127.0.0.1:{EXPORTER_PORT}", *nodes]
    yield "prometheus/nats-exporter", exporter
