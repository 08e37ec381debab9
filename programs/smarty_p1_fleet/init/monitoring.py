"""Configuration files of Prometheus and Alertmanager."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .fleet_description import FleetInputs
from .hosts import EXPORTER_PORT, bracketed
from .templates import NOTE, read_documented, read_noted, replace_once

ALERTS = "alerts.yml"
# Alert that fires while alerts work.
HEARTBEAT = "Heartbeat"
_MACHINE_METRICS = 9100


def configure_monitoring(fleet: FleetInputs) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each file of Prometheus and Alertmanager."""
    yield "prometheus.yml", _configure_prometheus(fleet)
    targets = [group._asdict() for group in _targets(fleet)]
    yield "targets.json", f"{json.dumps(targets, indent=1)}\n"
    yield ALERTS, read_documented(ALERTS)
    yield "meters.yml", _configure_meters(fleet)
    yield "alertmanager.yml", _configure_alertmanager(fleet)


def _configure_prometheus(fleet: FleetInputs) -> str:
    text = read_noted("prometheus.yml")
    text = text.replace("store.lan:8428", _store_address(fleet))
    if not fleet.store.has_tls:
        text = re.sub(r"    (scheme: https|tls_config: .*)\n", "", text)
    text = text.replace("127.0.0.1:9090", f"127.0.0.1:{fleet.prometheus_port}")
    return text.replace("127.0.0.1:9093", f"127.0.0.1:{fleet.alertmanager_port}")


def expected_targets(fleet: FleetInputs) -> Iterator[tuple[str, str]]:
    """Yield job and address of each program of the fleet that Prometheus must ask."""
    for group in _targets(fleet):
        yield from ((group.labels["job"], address) for address in group.targets)
    yield "prometheus", f"127.0.0.1:{fleet.prometheus_port}"
    yield "alertmanager", f"127.0.0.1:{fleet.alertmanager_port}"
    yield "victoria_metrics", _store_address(fleet)


def _store_address(fleet: FleetInputs) -> str:
    return f"{bracketed(fleet.store.host)}:{fleet.store.port}"


class _TargetGroup(NamedTuple):
    """Group of `targets.json`: addresses at which Prometheus reads metrics, and their labels."""

    targets: list[str]
    labels: dict[str, str]


def _targets(fleet: FleetInputs) -> Iterator[_TargetGroup]:
    """Yield the groups of `targets.json`."""

    def group(job: str, host: str, port: int, **labels: str) -> _TargetGroup:
        host = "127.0.0.1" if fleet.is_here else bracketed(host)
        return _TargetGroup([f"{host}:{port}"], {"job": job, **labels})

    if fleet.is_scraped:
        for user in fleet.gateways:
            yield group("smarty_p1_gateway", user.name, user.metrics_port, gateway=user.name)
        for collector in fleet.collectors:
            yield group("smarty_p1_collector", collector.name, collector.metrics_port)
    for host in dict.fromkeys("127.0.0.1" if fleet.is_here else node.host for node in fleet.nodes):
        yield group("nats", host, EXPORTER_PORT)
    if not fleet.is_here:
        for host, labels in _machines(fleet).items():
            yield group("machine", host, _MACHINE_METRICS, **labels)


def _machines(fleet: FleetInputs) -> dict[str, dict[str, str]]:
    """Return the hosts whose node exporter Prometheus can reach, with the labels of each."""
    hosts = [*(node.host for node in fleet.nodes), fleet.store.host, fleet.watch]
    gateways: dict[str, dict[str, str]] = {}
    if fleet.is_scraped:
        hosts += [collector.name for collector in fleet.collectors]
        gateways = {gateway.name: {"gateway": gateway.name} for gateway in fleet.gateways}
    return {host: {} for host in hosts} | gateways


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
        webhook: dict[str, object] = {"url": address}
        # A message that the alert has ended would sound like a heartbeat.
        if name == "heartbeat":
            webhook["send_resolved"] = False
        configs: dict[str, Iterable[object]] = {"webhook_configs": [webhook]}
        if kind == "mailto":
            mail = {"to": rest, "from": f"smarty-p1@{fleet.watch}", "smarthost": "127.0.0.1:25"}
            configs = {"email_configs": [{**mail, "require_tls": False, "send_resolved": True}]}
        line = f"  - {json.dumps({'name': name, **configs})}"
        text = replace_once(text, rf"^  - name: {name}$", line)
    return text
