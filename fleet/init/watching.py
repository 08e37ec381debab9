"""What VictoriaMetrics asks for metrics, and what Prometheus shows of it."""

import json
import re
from collections.abc import Iterable

from .documented import read_documented, replace_once
from .hosts import bracketed
from .inputs import FleetInputs
from .programs import NOTE, STORE_USER

SCRAPING = "scrape.yml"
ALERTS = "alerts.yml"
PROMETHEUS = "prometheus.yml"
_MACHINE_METRICS = 9100
# All that alerts.yml asks for.
_SHOWN = (
    "smarty_p1_.+",
    "up",
    "process_start_time_seconds",
    "vm_free_disk_space_bytes",
    "node_filesystem_avail_bytes",
)


def configure_scraping(fleet: FleetInputs, files: str) -> str:
    """Return the documented scrape.yml for the fleet's machines.

    `files` is where VictoriaMetrics finds its password and the authority.
    """
    text = replace_once(read_documented(SCRAPING), r"\A(?:#.*\n)+", "")
    store = fleet.store
    login = _login(fleet, f"{files}/")
    text = text.replace("victoria_metrics\n", f"victoria_metrics\n{login}")
    text = _with_targets(text, f"victoria_metrics\n{login}", [(store.host, store.port)])
    for job, programs in (
        ("smarty_p1_gateway\n", fleet.gateways),
        ("smarty_p1_collector\n", fleet.collectors),
    ):
        targets = [(_host(fleet, one.name), one.metrics_port) for one in programs]
        text = _with_targets(text, job, targets)
    if fleet.is_here:
        text = replace_once(text, r"^  #.*\n  - job_name: machine\n(?: +.*\n)+", "")
    else:
        machines = dict.fromkeys([*(node.host for node in fleet.nodes), store.host])
        machine_targets = [(host, _MACHINE_METRICS) for host in machines]
        text = _with_targets(text, "machine\n", machine_targets)
    return NOTE + text


def configure_prometheus(fleet: FleetInputs) -> str:
    """Return what lets Prometheus show what VictoriaMetrics has, and evaluate the alerts.

    The files that it names lie beside it.
    """
    shown = f'{{__name__=~"{"|".join(_SHOWN)}"}}'
    store = _targets([(fleet.store.host, fleet.store.port)])
    return (
        f"{NOTE}global:\n  scrape_interval: 10s\n  evaluation_interval: 10s\n"
        f"rule_files: [{ALERTS}]\nscrape_configs:\n"
        "  - job_name: store\n    metrics_path: /federate\n    honor_labels: true\n"
        f"    params: {{\"match[]\": ['{shown}']}}\n"
        f"{_login(fleet, '')}"
        f"    static_configs:\n      - targets: {store}\n"
    )


def _login(fleet: FleetInputs, files: str) -> str:
    text = (
        f"    basic_auth:\n      username: {STORE_USER}\n"
        f"      password_file: {json.dumps(f'{files}store-password')}\n"
    )
    if fleet.store.has_tls:
        text += (
            f"    scheme: https\n    tls_config:\n      ca_file: {json.dumps(f'{files}ca.pem')}\n"
        )
    return text


def _host(fleet: FleetInputs, name: str) -> str:
    return "127.0.0.1" if fleet.is_here else name


def _with_targets(text: str, job: str, targets: Iterable[tuple[str, int]]) -> str:
    head = f"  - job_name: {job}    static_configs:\n      - targets: "
    return replace_once(text, rf"{re.escape(head)}\[.*\]", head + _targets(targets))


def _targets(targets: Iterable[tuple[str, int]]) -> str:
    return json.dumps([f"{bracketed(host)}:{port}" for host, port in targets])
