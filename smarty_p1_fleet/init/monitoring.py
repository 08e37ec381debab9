"""Configuration files of Prometheus and Alertmanager."""

import json
import re
from collections.abc import Iterable, Iterator

from .fleet_description import FleetInputs
from .hosts import EXPORTER_PORT, bracketed
from .templates import NOTE, read_documented, read_noted, replace_once

ALERTS = "alerts.yml"
_MACHINE_METRICS = 9100


def configure_watching(fleet: FleetInputs) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each file of Prometheus and Alertmanager."""
    yield "prometheus.yml", _configure_prometheus(fleet)
    yield "targets.json", f"{json.dumps(list(_targets(fleet)), indent=1)}\n"
    yield ALERTS, read_documented(ALERTS)
    yield "meters.yml", _configure_meters(fleet)
    yield "alertmanager.yml", _configure_alertmanager(fleet)


def _configure_prometheus(fleet: FleetInputs) -> str:
    text = read_noted("prometheus.yml")
    store = f"{bracketed(fleet.store.host)}:{fleet.store.port}"
    text = text.replace("store.lan:8428", store)
    if not fleet.store.has_tls:
        text = re.sub(r"    (scheme: https|tls_config: .*)\n", "", text)
    return text.replace("127.0.0.1:9093", f"127.0.0.1:{fleet.alertmanager_port}")


def _targets(fleet: FleetInputs) -> Iterator[dict[str, object]]:
    """Yield the groups of `targets.json`.

    A group has an address at which Prometheus reads metrics, and the labels of these metrics.
    """

    def group(job: str, host: str, port: int, **labels: str) -> dict[str, object]:
        host = "127.0.0.1" if fleet.is_here else bracketed(host)
        return {"targets": [f"{host}:{port}"], "labels": {"job": job, **labels}}

    if fleet.is_scraped:
        for user in fleet.gateways:
            yield group("smarty_p1_gateway", user.name, user.metrics_port, gateway=user.name)
        for collector in fleet.collectors:
            yield group("smarty_p1_collector", collector.name, collector.metrics_port)
    for host in dict.fromkeys("127.0.0.1" if fleet.is_here else one.host for one in fleet.nodes):
        yield group("nats", host, EXPORTER_PORT)
    if not fleet.is_here:
        for host in dict.fromkeys([*(node.host for node in fleet.nodes), fleet.store.host]):
            yield group("machine", host, _MACHINE_METRICS)


def _configure_meters(fleet: FleetInputs) -> str:
    """Return the text of a file with a recording rule for each configured meter.

    With these rules, alerts also include meters that have never sent a frame.
    """
    rules = [
        {
            "record": "smarty_p1:configured_meter",
            "expr": "vector(1)",
            "labels": {"title": title, "gateway": gateway, "port": port},
        }
        for title, (gateway, port) in fleet.titles.items()
    ]
    lines = "".join(f"      - {json.dumps(rule)}\n" for rule in rules)
    return f"{NOTE}groups:\n  - name: configured meters\n    interval: 1m\n    rules:\n{lines}"


def _configure_alertmanager(fleet: FleetInputs) -> str:
    text = read_noted("alertmanager.yml")
    for name, address in fleet.receivers.items():
        kind, _, rest = address.partition(":")
        configs: dict[str, Iterable[object]] = {"webhook_configs": [{"url": address}]}
        if kind == "mailto":
            mail = {"to": rest, "from": f"smarty-p1@{fleet.watch}", "smarthost": "127.0.0.1:25"}
            configs = {"email_configs": [{**mail, "require_tls": False, "send_resolved": True}]}
        line = f"  - {json.dumps({'name': name, **configs})}"
        text = replace_once(text, rf"^  - name: {name}$", line)
    return text
