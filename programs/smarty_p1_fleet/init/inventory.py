"""Ansible's inventory of a fleet: groups, hosts and their variables. It has no secrets."""

import json
from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path

from .fleet_description import FleetInputs
from .hosts import EXPORTER_PORT, bracketed, listen_host
from .program_configs import vmauth_arguments
from .templates import NOTE

type _Variables = dict[str, object]


def inventory_text(fleet: FleetInputs, ends: Mapping[str, datetime]) -> str:
    """Return the text of `inventory.yml`.

    `ends` has the time at which each certificate expires, by the certificate's name.
    """
    metrics = _local_address(fleet.metrics_address)
    groups: dict[str, list[tuple[str, _Variables]]] = {
        "gateways": [
            (
                gateway.name,
                {"gateway": gateway.name, "metrics": f"{metrics}:{gateway.metrics_port}"},
            )
            for gateway in fleet.gateways
        ],
        "nodes": [
            (
                node.host,
                {
                    "node": node.name,
                    "http_port": node.http_port,
                    "exporter": f"{listen_host(node.host)}:{EXPORTER_PORT}",
                },
            )
            for node in fleet.nodes
        ],
        "store": [(fleet.store.host, {"vmauth": vmauth_arguments(fleet, Path("store"))})],
        "collectors": [
            (
                collector.name,
                {"collector": collector.name, "metrics": f"{metrics}:{collector.metrics_port}"},
            )
            for collector in fleet.collectors
        ],
        "monitoring": [
            (
                fleet.watch,
                {
                    "prometheus_port": fleet.prometheus_port,
                    # Severities of alerts with a receiver.
                    "receivers": [
                        severity
                        for severity in ("page", "ticket")
                        if f"{severity}s" in fleet.receivers
                    ],
                },
            )
        ],
    }
    certificate_ends = {name: int(end.timestamp()) for name, end in ends.items()}
    text = f"{NOTE}all:\n  vars:\n    smarty_p1_ends: {json.dumps(certificate_ends)}\n  children:\n"
    for group, hosts in groups.items():
        text += f"    fleet_{group}:\n      hosts:\n"
        text += "".join(f"        {_host_line(*host)}\n" for host in hosts)
    return text


def _host_line(host: str, variables: _Variables) -> str:
    own: _Variables = {f"smarty_p1_{name}": value for name, value in variables.items()}
    if ":" in host:
        # Ansible would take a part of an IPv6 address for a port.
        own["ansible_host"] = host
    return f"{json.dumps(host.replace(':', '-'))}: {json.dumps(own)}"


def _local_address(address: str | None) -> str:
    """Return the address at which a machine asks its own program for metrics."""
    if address is None or ip_address(address).is_unspecified:
        return "127.0.0.1" if ":" not in (address or "") else "[::1]"
    return bracketed(address)
