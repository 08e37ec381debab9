"""Configurations of gateways and collectors, of VictoriaMetrics and of its logins."""

import base64
import json
import shlex
from collections.abc import Mapping
from pathlib import Path

from smarty_p1_gateway.config_table import FORMAT

from .fleet_description import COLLECTOR, OPERATOR, CollectorHost, FleetInputs, GatewayUser
from .hosts import bracketed, listen_host
from .templates import read_template

# Name of the user with all rights, both in VictoriaMetrics and in vmauth.
STORE_OPERATOR = "smarty_p1"
READER = "reader"
DELETE_KEY = "delete-auth-key"
# For each secret: the name of its file in the folder of passwords.
STORE_SECRETS = {
    STORE_OPERATOR: "store",
    COLLECTOR: "store-collector",
    READER: "store-reader",
    DELETE_KEY: "store-delete-auth-key",
}


def configure_gateway(gateway: GatewayUser, fleet: FleetInputs, directory: Path) -> str:
    """Return the text of a gateway.toml. `directory` is the gateway's generated folder."""
    ports = "".join(
        f'\n[[port]]\ntitle = "{meter.title}"\naddress = {_quoted(meter.address)}\n'
        + (f"name = {_quoted(meter.name)}\n" if meter.name else "")
        for meter in gateway.meters
    )
    text = read_template(
        "gateway.toml",
        name=gateway.name,
        queue=directory if fleet.is_here else "/var/lib/smarty-p1",
        port=gateway.metrics_port,
        megabytes=gateway.max_megabytes,
        seconds=gateway.batch_seconds,
        **_common(fleet, directory),
    )
    return text + ports


def configure_collector(
    collector: CollectorHost, fleet: FleetInputs, directory: Path, operator: Path | None = None
) -> str:
    """Return the text of a collect.toml. `directory` is the collector's generated folder.

    With `operator`, the text has the operator's logins instead of the collector's. `operator` is
    the folder of these logins.
    """
    places = _places(fleet, directory)
    secrets, plain, keys = places["secrets"], places["plain"], places["secrets"]
    nats_user = store_user = COLLECTOR
    command = fleet.keys_command and json.dumps(fleet.keys_command)
    if operator:
        secrets, plain, keys = operator, operator, operator.with_name(directory.name)
        nats_user, store_user, command = OPERATOR, STORE_OPERATOR, None
    return read_template(
        "collect.toml",
        nats_user=nats_user,
        nats_secrets=secrets,
        nats_ca=plain / "ca.pem",
        store=fleet.store.url,
        user=store_user,
        store_secrets=secrets,
        delete_key=operator and operator / DELETE_KEY,
        store_ca=plain / "ca.pem" if fleet.store.has_tls else None,
        name=collector.name,
        gigabytes=fleet.stream_gigabytes,
        days=fleet.stream_days,
        registers=fleet.registers and json.dumps(fleet.registers),
        keys_file=None if command else keys / "meter-keys",
        keys_command=command,
        port=collector.metrics_port,
        **_common(fleet, directory),
    )


def configure_operator(fleet: FleetInputs, directory: Path) -> str:
    """Return a configuration for `smarty-p1 fleet` commands, with the operator's logins.

    Everything else is as in the first collector's configuration. `directory` is the fleet's folder.
    """
    first = fleet.collectors[0]
    own = directory / "operator" if fleet.is_here else Path("operator")
    return configure_collector(first, fleet, directory / f"collector-{first.name}", own)


def _common(fleet: FleetInputs, directory: Path) -> dict[str, object]:
    """Return the values that the templates of gateways and collectors have in common."""
    return {
        "servers": ", ".join(
            f'"nats://{bracketed(node.host)}:{node.port}"' for node in fleet.nodes
        ),
        "address": fleet.metrics_address,
        "format": FORMAT,
        **_places(fleet, directory),
    }


def _places(fleet: FleetInputs, directory: Path) -> dict[str, Path]:
    """Return the folders in which an installed program finds its secrets and its other files."""
    if fleet.is_here:
        return {"secrets": directory, "plain": directory}
    return {"secrets": Path("$CREDENTIALS_DIRECTORY"), "plain": Path("/etc/smarty-p1")}


def configure_store(fleet: FleetInputs, passwords: Mapping[str, str], directory: Path) -> str:
    """Return the environment file of VictoriaMetrics.

    It contains the secrets, because every user of the machine can see command-line arguments.
    """
    return read_template(
        "victoria-metrics",
        arguments=store_arguments(fleet, directory),
        password=shlex.quote(passwords[STORE_OPERATOR]),
        delete_key=shlex.quote(passwords[DELETE_KEY]),
    )


def store_arguments(fleet: FleetInputs, directory: Path) -> str:
    """Return the command-line arguments of VictoriaMetrics. `directory` is its generated folder."""
    data = directory / "data" if fleet.is_here else "/var/lib/victoria-metrics"
    return (
        f"-storageDataPath={data} -retentionPeriod={fleet.retention} -dedup.minScrapeInterval=1ms"
        f" -httpListenAddr=127.0.0.1:{fleet.store.inner_port} -http.pathPrefix=/vm"
        f" -httpAuth.username={STORE_OPERATOR} -envflag.enable"
    )


def configure_logins(fleet: FleetInputs, passwords: Mapping[str, str]) -> str:
    """Return the configuration of vmauth: its users, and the paths that each user can request."""
    login = base64.b64encode(f"{STORE_OPERATOR}:{passwords[STORE_OPERATOR]}".encode()).decode()
    return read_template(
        "auth.yml",
        port=fleet.store.inner_port,
        login=login,
        collector=_quoted(passwords[COLLECTOR]),
        reader=_quoted(passwords[READER]),
        operator=_quoted(passwords[STORE_OPERATOR]),
    )


def vmauth_arguments(fleet: FleetInputs, directory: Path) -> str:
    """Return the command-line arguments of vmauth, the proxy of VictoriaMetrics.

    `directory` is the generated folder for the host of VictoriaMetrics.
    """
    store, files = fleet.store, directory if fleet.is_here else "/etc/victoria-metrics"
    arguments = [
        f"-auth.config={files}/auth.yml",
        f"-httpListenAddr={listen_host(store.host)}:{store.port}",
    ]
    if ":" in store.host:
        arguments.append("-enableTCP6")
    if store.has_tls:
        arguments += ["-tls", f"-tlsCertFile={files}/store.pem", f"-tlsKeyFile={files}/store.key"]
    return " ".join(arguments)


def _quoted(text: str | Path) -> str:
    return json.dumps(str(text), ensure_ascii=False)
