"""The configurations of gateways and collectors, VictoriaMetrics and its logins."""

import base64
import json
import shlex
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from .hosts import bracketed, listen_host
from .inputs import COLLECTOR, CollectorHost, FleetInputs, GatewayUser
from .templates import replace_once

# The user of VictoriaMetrics itself, who may do everything, also through vmauth.
OPERATOR = "smarty_p1"
READER = "reader"
DELETE_KEY = "delete-auth-key"
# The files of their passwords.
STORE_SECRETS = {
    OPERATOR: "store",
    COLLECTOR: "store-collector",
    READER: "store-reader",
    DELETE_KEY: "store-delete-auth-key",
}
NOTE = "# Made by `smarty-p1 fleet init`: change its fleet.toml instead, and run it again.\n"
_INSTALLED = "/etc/smarty-p1"
# Where systemd puts what the unit, or the file beside it, says.
_CREDENTIALS = "$CREDENTIALS_DIRECTORY"

# vmauth answers /metrics itself; below this path, VictoriaMetrics does.
_PREFIX = "/vm"
_READ = "(federate|api/v1/(query|query_range|series|labels|label/[^/]+/values|export|metadata))"
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


VMAUTH_UNIT = """\
# For /etc/systemd/system
[Unit]
Description=Logins of VictoriaMetrics
After=network-online.target
StartLimitIntervalSec=0
[Service]
User=_victoria-metrics
ExecStart=/usr/bin/vmauth {}
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=2
NoNewPrivileges=yes
PrivateTmp=yes
ProtectHome=yes
ProtectSystem=strict
[Install]
WantedBy=multi-user.target
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
        f'[store]\nurl = "{fleet.store.url}{_PREFIX}"\nusername = "{COLLECTOR}"\n'
        f"password_file = {_place('store-password', fleet, directory, is_secret=True)}\n{ca}\n"
        f"[keys]\nfile = {_place('meter-keys', fleet, directory, is_secret=True)}\n\n"
        f'[collector]\nname = "{collector.name}"\n{stream}\n'
        f"{_metrics(collector.metrics_port, fleet)}"
    )


def configure_operator(fleet: FleetInputs, directory: Path) -> str:
    """Return the first collector's file with the operator's login, to export and delete data.

    `directory` is where all folders are.
    """
    first = fleet.collectors[0]
    collect = configure_collector(first, fleet, directory / f"collector-{first.name}")
    files = directory / "operator" if fleet.is_here else Path("operator")
    ca = f"ca_file = {_quoted(files / 'ca.pem')}\n" if fleet.store.has_tls else ""
    table = (
        f'[store]\nurl = "{fleet.store.url}{_PREFIX}"\nusername = "{OPERATOR}"\n'
        f"password_file = {_quoted(files / 'store-password')}\n"
        f"delete_auth_key_file = {_quoted(files / DELETE_KEY)}\n{ca}"
    )
    return replace_once(collect, r"^\[store\]\n(?:.+\n)+", table)


def configure_store(fleet: FleetInputs, passwords: Mapping[str, str], directory: Path) -> str:
    """Return the environment of VictoriaMetrics: its arguments, and its secrets apart from them.

    For who can see a list of processes sees arguments.
    """
    data = directory / "data" if fleet.is_here else Path("/var/lib/victoria-metrics")
    arguments = [
        f"-storageDataPath={data}",
        "-retentionPeriod=10y",
        "-dedup.minScrapeInterval=1ms",
        f"-httpListenAddr=127.0.0.1:{_inner_port(fleet)}",
        f"-http.pathPrefix={_PREFIX}",
        f"-httpAuth.username={OPERATOR}",
        "-envflag.enable",
    ]
    return (
        f'ARGS="{" ".join(arguments)}"\nhttpAuth_password={shlex.quote(passwords[OPERATOR])}\n'
        f"deleteAuthKey={shlex.quote(passwords[DELETE_KEY])}\n"
    )


def configure_logins(fleet: FleetInputs, passwords: Mapping[str, str]) -> str:
    """Return the users of vmauth, which is in front of VictoriaMetrics, and their rights."""
    url = f"http://127.0.0.1:{_inner_port(fleet)}"
    login = base64.b64encode(f"{OPERATOR}:{passwords[OPERATOR]}".encode()).decode()

    def user(name: str, *rights: tuple[str, str]) -> dict[str, object]:
        header = f"Authorization: Basic {login}"
        maps = [
            {"src_paths": [path], "url_prefix": f"{url}{place}", "headers": [header]}
            for path, place in rights
        ]
        return {"username": name, "password": passwords[name], "url_map": maps}

    users = [
        # It reads its frame counters at its start, and no value of a meter.
        user(
            COLLECTOR,
            (f"{_PREFIX}/(write|metrics)", ""),
            (f"{_PREFIX}/api/v1/query", "?extra_label=__name__=smarty_p1_frame_counter"),
        ),
        user(READER, (f"/{_READ}", _PREFIX), (f"{_PREFIX}/metrics", "")),
        user(OPERATOR, (f"{_PREFIX}/.*", ""), ("/.*", _PREFIX)),
    ]
    return f"{NOTE}{json.dumps({'users': users}, indent=1)}\n"


def vmauth_arguments(fleet: FleetInputs, files: Path) -> str:
    """Return the arguments of vmauth, whose files are in a folder."""
    store = fleet.store
    arguments = [
        f"-auth.config={files}/auth.yml",
        f"-httpListenAddr={listen_host(store.host)}:{store.port}",
    ]
    if ":" in store.host:
        arguments.append("-enableTCP6")
    if store.has_tls:
        arguments += ["-tls", f"-tlsCertFile={files}/store.pem", f"-tlsKeyFile={files}/store.key"]
    return " ".join(arguments)


def certificate_metric(name: str, end: datetime) -> str:
    """Return the metric of a certificate's end, for Prometheus' node exporter."""
    return f'smarty_p1_certificate_end_seconds{{name="{name}"}} {end.timestamp():.0f}\n'


def _inner_port(fleet: FleetInputs) -> int:
    return fleet.store.port + 1


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
