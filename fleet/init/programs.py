"""The configurations of gateways and collectors, and the arguments of VictoriaMetrics."""

import json
import shlex
from pathlib import Path

from .hosts import bracketed, listen_host
from .inputs import COLLECTOR, CollectorHost, FleetInputs, GatewayUser

STORE_USER = "smarty_p1"
NOTE = "# Made by `smarty-p1 fleet init`: change its fleet.toml instead, and run it again.\n"
_INSTALLED = "/etc/smarty-p1"
# Where systemd puts what the unit, or the file beside it, says.
_CREDENTIALS = "$CREDENTIALS_DIRECTORY"

# Beside smarty-p1-gateway.service, which hands over the password of an MQTT broker.
GATEWAY_UNIT = """\
# For /etc/systemd/system/smarty-p1-gateway.service.d/nats.conf
[Service]
LoadCredential=
LoadCredential=nats-password:/etc/smarty-p1/nats-password
"""
COLLECTOR_UNIT = """\
# For /etc/systemd/system/smarty-p1-collect.service.d/store.conf
[Service]
LoadCredential=store-password:/etc/smarty-p1/store-password
"""
NODE_UNIT = """\
# For /etc/systemd/system/nats-server.service.d/smarty-p1.conf
[Unit]
StartLimitIntervalSec=0
[Service]
Restart=always
ExecStart=
ExecStart=/usr/local/sbin/nats-server -c /etc/nats/nats-server.conf
"""


def configure_gateway(gateway: GatewayUser, fleet: FleetInputs, directory: Path) -> str:
    """Return its gateway.toml; `directory` is where it lies now."""
    queue = directory / "queue.sqlite3" if fleet.is_here else "/var/lib/smarty-p1/queue.sqlite3"
    ports = "".join(
        f"\n[[port]] # {meter.title}\naddress = {_quoted(meter.address)}\n"
        + (f"name = {_quoted(meter.name)}\n" if meter.name else "")
        for meter in gateway.meters
    )
    return (
        f"{NOTE}\n{_nats(gateway.name, fleet, directory)}\n"
        f"[queue]\npath = {_quoted(queue)}\n\n"
        f"{_metrics(gateway.metrics_port, fleet)}{ports}"
    )


def configure_collector(collector: CollectorHost, fleet: FleetInputs, directory: Path) -> str:
    """Return its collect.toml; `directory` is where it lies now."""
    ca = f"ca_file = {_place('ca.pem', fleet, directory)}\n" if fleet.store.has_tls else ""
    gigabytes = fleet.stream_gigabytes
    stream = f"stream_gigabytes = {gigabytes}\n" if gigabytes else ""
    return (
        f"{NOTE}\n{_nats(COLLECTOR, fleet, directory)}\n"
        f'[store]\nurl = "{fleet.store.url}"\nusername = "{STORE_USER}"\n'
        f"password_file = {_place('store-password', fleet, directory, is_secret=True)}\n{ca}\n"
        f"[keys]\nfile = {_place('meter-keys', fleet, directory, is_secret=True)}\n\n"
        f'[collector]\nname = "{collector.name}"\n{stream}\n'
        f"{_metrics(collector.metrics_port, fleet)}"
    )


def configure_store(fleet: FleetInputs, password: str, directory: Path) -> str:
    """Return the environment of VictoriaMetrics: its arguments, and its password apart from them.

    For who can see a list of processes sees arguments.
    """
    store = fleet.store
    files = store_files(fleet, directory)
    data = directory / "data" if fleet.is_here else Path("/var/lib/victoria-metrics")
    arguments = [
        f"-storageDataPath={data}",
        "-retentionPeriod=10y",
        "-dedup.minScrapeInterval=1ms",
        f"-httpListenAddr={listen_host(store.host)}:{store.port}",
        f"-httpAuth.username={STORE_USER}",
        "-envflag.enable",
    ]
    if store.has_tls:
        arguments += ["-tls", f"-tlsCertFile={files}/store.pem", f"-tlsKeyFile={files}/store.key"]
    if fleet.is_scraped:
        arguments += [
            f"-promscrape.config={files}/scrape.yml",
            "-promscrape.configCheckInterval=30s",
        ]
    return f'ARGS="{" ".join(arguments)}"\nhttpAuth_password={shlex.quote(password)}\n'


def store_files(fleet: FleetInputs, directory: Path) -> Path:
    """Return where VictoriaMetrics finds its files; `directory` is where they lie now."""
    return directory if fleet.is_here else Path("/etc/victoria-metrics")


def _nats(user: str, fleet: FleetInputs, directory: Path) -> str:
    servers = ", ".join(f'"nats://{bracketed(node.host)}:{node.port}"' for node in fleet.nodes)
    return (
        f'[nats]\nservers = [{servers}]\nusername = "{user}"\n'
        f"password_file = {_place('nats-password', fleet, directory, is_secret=True)}\n"
        f"ca_file = {_place('ca.pem', fleet, directory)}\n"
    )


def _metrics(port: int, fleet: FleetInputs) -> str:
    address = fleet.metrics_address
    return f"[metrics]\nport = {port}\n" + (f'address = "{address}"\n' if address else "")


def _place(name: str, fleet: FleetInputs, directory: Path, *, is_secret: bool = False) -> str:
    if fleet.is_here:
        return _quoted(directory / name)
    return _quoted(f"{_CREDENTIALS if is_secret else _INSTALLED}/{name}")


def _quoted(text: str | Path) -> str:
    return json.dumps(str(text), ensure_ascii=False)
