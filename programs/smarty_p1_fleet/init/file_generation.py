"""Generation of all files of a fleet from one TOML file. A repeated run keeps the secrets."""

import re
from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from pathlib import Path

from smarty_p1_gateway.config_table import raise_config_error

from .certificates import CA_KEY, CertificateAuthority
from .fleet_description import COLLECTOR, OPERATOR, FleetInputs, read_inputs
from .fleet_folder import FleetFiles
from .hosts import Node
from .inventory import inventory_text
from .monitoring import configure_monitoring
from .nats_node_config import configure_node
from .one_machine import EXPORTER, START, start_script
from .passwords_and_collector_key import keep_hash, keep_key_file, keep_password
from .program_configs import (
    DELETE_KEY,
    READER,
    STORE_OPERATOR,
    STORE_SECRETS,
    configure_collector,
    configure_gateway,
    configure_logins,
    configure_operator,
    configure_store,
)
from .templates import read_documented, role_files

_PASSWORDS = "passwords"
_PLAIN_FOLDER = re.compile(r"[A-Za-z0-9._/+-]+")
_TITLES_SHOWN = 20


def init(source: Path, directory: Path, *, renew: bool = False) -> tuple[str, bool]:
    """Write the files of the fleet `source` to `directory`. Return a text with the next command.

    Also return False if a file with secrets was kept, because a user has changed it: its passwords
    are perhaps no longer those of the other files. With `renew`, the same authority makes new
    certificates. Raises ConfigError and OSError.
    """
    fleet = read_inputs(source)
    directory = directory.absolute()
    if fleet.is_here and not _PLAIN_FOLDER.fullmatch(str(directory)):
        raise_config_error(
            f"{directory}: with here = true, its path must have no blanks and no unusual characters"
        )
    files = FleetFiles(directory)
    try:
        missing, until = _write(fleet, files, renew=renew)
    finally:
        if directory.exists():
            files.save()
    return _told(fleet, files, missing, until), not any(files.set_aside.values())


def _write(fleet: FleetInputs, files: FleetFiles, *, renew: bool) -> tuple[list[str], datetime]:
    """Write all files.

    Return the system titles that were added to key files, and the earliest time at which a
    certificate expires.
    """
    authority = CertificateAuthority(files, renew=renew)
    ends = _certify(fleet, authority)
    users = [
        COLLECTOR,
        OPERATOR,
        *(gateway_user.name for gateway_user in fleet.gateways),
        *fleet.listeners,
    ]
    passwords = {user: keep_password(files, f"{_PASSWORDS}/nats/{user}") for user in users}
    secrets = {
        name: keep_password(files, f"{_PASSWORDS}/{file}") for name, file in STORE_SECRETS.items()
    }
    # Drop the hashes of removed users.
    files.hashes = {user: keep_hash(files, user, passwords[user]) for user in users}

    def write_login(folder: str, user: str) -> None:
        files.write(f"{folder}/ca.pem", authority.pem)
        files.write(f"{folder}/nats-password", f"{passwords[user]}\n", is_secret=True)

    for node in fleet.nodes:
        _write_node(node, fleet, files, authority.pem)
    store = configure_store(fleet, secrets, files.path("store"))
    files.write("store/victoria-metrics", store, is_secret=True)
    files.write("store/auth.yml", configure_logins(fleet, secrets), is_secret=True)
    _write_watching(fleet, files, authority.pem, secrets)
    missing: dict[str, None] = {}
    for collector in fleet.collectors:
        folder = f"collector-{collector.name}"
        text = configure_collector(collector, fleet, files.path(folder))
        files.write(f"{folder}/collect.toml", text)
        write_login(folder, COLLECTOR)
        files.write(f"{folder}/store-password", f"{secrets[COLLECTOR]}\n", is_secret=True)
        missing |= dict.fromkeys(keep_key_file(files, f"{folder}/meter-keys", fleet.titles))
    for gateway in fleet.gateways:
        folder = f"gateway-{gateway.name}"
        files.write(f"{folder}/gateway.toml", configure_gateway(gateway, fleet, files.path(folder)))
        write_login(folder, gateway.name)
    for name in fleet.listeners:
        write_login(f"listener-{name}", name)
    write_login("operator", OPERATOR)
    _write_start(fleet, files, ends)
    return list(missing), min(ends.values())


def _certify(fleet: FleetInputs, authority: CertificateAuthority) -> dict[str, datetime]:
    """Write the certificates. Return the time at which each expires, by its name."""
    # A node is also a client of the other nodes. So its certificate must be valid for a client,
    # too.
    ends = {
        node.name: authority.certify(f"{node.name}/{node.name}", node.names, is_client=True)
        for node in fleet.nodes
    }
    if fleet.store.has_tls:
        ends["store"] = authority.certify("store/store", fleet.store.names)
    return ends


def _write_start(fleet: FleetInputs, files: FleetFiles, ends: Mapping[str, datetime]) -> None:
    """Write what starts the programs: scripts for one machine, Ansible's files for several."""
    if fleet.is_here:
        files.write(f"prometheus/{EXPORTER}", read_documented("nats_exporter.py"))
        files.write(START, start_script(fleet, files.directory))
        return
    files.write("inventory.yml", inventory_text(fleet, ends))
    for name, text in role_files():
        files.write(name, text)
    role, unit = "roles/smarty_p1/files", "smarty-p1-gateway.service"
    text = resources.files("smarty_p1_gateway").joinpath(unit).read_text("utf-8")
    files.write(f"{role}/{unit}", text)
    files.write(f"{role}/{EXPORTER}", read_documented("nats_exporter.py"))


def _write_node(node: Node, fleet: FleetInputs, files: FleetFiles, ca: str) -> None:
    own = str(files.path(node.name))
    places = (own, f"{own}/data") if fleet.is_here else ("/etc/nats", "/var/lib/nats")
    text = configure_node(node, fleet, files.hashes, *places)
    files.write(f"{node.name}/nats-server.conf", text, is_secret=True)
    files.write(f"{node.name}/ca.pem", ca)


def _write_watching(
    fleet: FleetInputs, files: FleetFiles, ca: str, secrets: Mapping[str, str]
) -> None:
    """Write the files of Prometheus, Alertmanager and the operator."""
    for folder, name, secret in (
        ("prometheus", "reader-password", READER),
        ("operator", "store-password", STORE_OPERATOR),
        ("operator", DELETE_KEY, DELETE_KEY),
    ):
        files.write(f"{folder}/ca.pem", ca)
        files.write(f"{folder}/{name}", f"{secrets[secret]}\n", is_secret=True)
    files.write("operator/operator.toml", configure_operator(fleet, files.directory))
    for name, text in configure_monitoring(fleet):
        # The URL of a webhook can contain a secret. So write alertmanager.yml as a secret.
        files.write(f"prometheus/{name}", text, is_secret=name == "alertmanager.yml")


def _told(fleet: FleetInputs, files: FleetFiles, missing: list[str], until: datetime) -> str:
    lines = [
        f"{files.directory}: certificates are valid until {until:%Y-%m-%d};",
        "`smarty-p1 fleet init --renew` makes new ones, of the same authority.",
    ]
    if files.is_first:
        lines.append(
            f"Whoever has {CA_KEY} can pretend to be a node: keep it offline, and put it back for"
            " --renew and for new hosts."
        )
    warning = ". IT HAS SECRETS, AND THE OLD ONES STILL COUNT: put the new file in its place"
    lines += [
        f"{name} was changed by somebody and stays; what init makes is in {name}.new"
        + (warning if is_secret else "")
        for name, is_secret in sorted(files.set_aside.items())
    ]
    gone = [path.name for path in files.directory.iterdir() if path.is_dir()]
    lines += [
        f"{name}/ belongs to nobody in fleet.toml any more: delete it"
        for name in sorted({*gone} - files.used - {"group_vars"})
    ]
    if missing:
        shown = ", ".join(missing[:_TITLES_SHOWN]) + (" …" if len(missing) > _TITLES_SHOWN else "")
        lines.append(f"Add the keys of these meters to meter-keys of each collector: {shown}")
    if fleet.is_here:
        lines.append(f"Start all programs: . {files.path(START)}")
    else:
        lines.append(f"Install all changes: cd {files.directory} && ansible-playbook site.yml")
    return "\n".join(lines) + "\n"
