"""Generation of all files of a fleet from one TOML file. A repeated run keeps the secrets."""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from smarty_p1_gateway import ConfigError

from .certificates import CA_KEY, Authority
from .fleet_description import COLLECTOR, FleetInputs, read_inputs
from .fleet_folder import CHANGED, NEW, FleetFiles
from .hosts import Node
from .install_commands import Part, parts_of, tell
from .monitoring import configure_watching
from .nats_node_config import configure_node
from .passwords_and_collector_key import has_key_of_each, keep_hash, keep_key_file, keep_password
from .program_configs import (
    DELETE_KEY,
    OPERATOR,
    READER,
    STORE_SECRETS,
    certificate_metric,
    configure_collector,
    configure_gateway,
    configure_logins,
    configure_operator,
    configure_store,
    vmauth_arguments,
)
from .templates import read_documented, read_template

STEPS = "steps.txt"
_PASSWORDS = "passwords"
# Suffixes of certificates and keys. A later run can add such files to an existing folder. So a
# folder counts as new only if it has a new file with another suffix.
_LATER = (".pem", ".key")
_PLAIN_FOLDER = re.compile(r"[A-Za-z0-9._/+-]+")
_TITLES_SHOWN = 20


def init(source: Path, directory: Path, *, renew: bool = False) -> str:
    """Write the files of the fleet `source` to `directory`. Return a text with the next commands.

    With `renew`, the same authority makes new certificates. Raises ConfigError and OSError.
    """
    fleet = read_inputs(source)
    directory = directory.absolute()
    if fleet.is_here and not _PLAIN_FOLDER.fullmatch(str(directory)):
        msg = f"{directory}: with here = true, its path must have no blanks and unusual signs"
        raise ConfigError(msg)
    files = FleetFiles(directory)
    try:
        missing, until = _write(fleet, files, renew=renew)
        has_keys = all(
            has_key_of_each(files, f"collector-{collector.name}/meter-keys", fleet.titles)
            for collector in fleet.collectors
        )
        parts = parts_of(fleet, directory, has_keys=has_keys)
        files.write(STEPS, tell(parts, lambda _: True))
        text = _told(files, parts, missing, until)
        files.untold.clear()
    finally:
        if directory.exists():
            files.save()
    return text


def _write(fleet: FleetInputs, files: FleetFiles, *, renew: bool) -> tuple[list[str], datetime]:
    """Write all files.

    Return the system titles that were added to key files, and the earliest time at which a
    certificate expires.
    """
    authority = Authority(files, renew=renew)
    until = _certify(fleet, files, authority)
    users = [COLLECTOR, *(gateway_user.name for gateway_user in fleet.gateways), *fleet.listeners]
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
    _write_store(fleet, files, secrets)
    _write_watching(fleet, files, authority.pem, secrets)
    missing: dict[str, None] = {}
    for collector in fleet.collectors:
        folder = f"collector-{collector.name}"
        text = configure_collector(collector, fleet, files.path(folder))
        files.write(f"{folder}/collect.toml", text)
        write_login(folder, COLLECTOR)
        files.write(f"{folder}/store-password", f"{secrets[COLLECTOR]}\n", is_secret=True)
        missing |= dict.fromkeys(keep_key_file(files, f"{folder}/meter-keys", fleet.titles))
        if not fleet.is_here:
            files.write(f"{folder}/store.conf", read_template("store.conf"))
    for gateway in fleet.gateways:
        folder = f"gateway-{gateway.name}"
        files.write(f"{folder}/gateway.toml", configure_gateway(gateway, fleet, files.path(folder)))
        write_login(folder, gateway.name)
        if not fleet.is_here:
            files.write(f"{folder}/nats.conf", read_template("nats.conf"))
    for name in fleet.listeners:
        write_login(f"listener-{name}", name)
    return list(missing), until


def _certify(fleet: FleetInputs, files: FleetFiles, authority: Authority) -> datetime:
    """Write the certificates. Return the earliest time at which a certificate expires.

    Unless all programs run on this machine, also write a metric for each certificate, with the time
    at which it expires.
    """
    # A node is also a client of the other nodes. So its certificate must be valid for a client,
    # too.
    ends = {
        node.name: authority.certify(f"{node.name}/{node.name}", node.names, is_client=True)
        for node in fleet.nodes
    }
    if fleet.store.has_tls:
        ends["store"] = authority.certify("store/store", fleet.store.names)
    if not fleet.is_here:
        for name, end in ends.items():
            files.write(f"{name}/smarty_p1_{name}.prom", certificate_metric(name, end))
    return min(ends.values())


def _write_node(node: Node, fleet: FleetInputs, files: FleetFiles, ca: str) -> None:
    own = str(files.path(node.name))
    places = (own, f"{own}/data") if fleet.is_here else ("/etc/nats", "/var/lib/nats")
    text = configure_node(node, fleet, files.hashes, *places)
    files.write(f"{node.name}/nats-server.conf", text, is_secret=True)
    files.write(f"{node.name}/ca.pem", ca)
    if not fleet.is_here:
        files.write(f"{node.name}/smarty-p1.conf", read_template("smarty-p1.conf"))


def _write_store(fleet: FleetInputs, files: FleetFiles, secrets: Mapping[str, str]) -> None:
    directory = files.path("store")
    for name, text in (
        ("victoria-metrics", configure_store(fleet, secrets, directory)),
        ("auth.yml", configure_logins(fleet, secrets)),
    ):
        files.write(f"store/{name}", text, is_secret=True)
    files.write("store/smarty-p1-backup", read_documented("backup.sh"))
    if not fleet.is_here:
        unit = "smarty-p1-vmauth.service"
        vmauth = vmauth_arguments(fleet, directory)
        files.write(f"store/{unit}", read_template(unit, vmauth=vmauth))


def _write_watching(
    fleet: FleetInputs, files: FleetFiles, ca: str, secrets: Mapping[str, str]
) -> None:
    """Write the files of Prometheus, Alertmanager and the operator."""
    for folder, name, secret in (
        ("prometheus", "reader-password", READER),
        ("operator", "store-password", OPERATOR),
        ("operator", DELETE_KEY, DELETE_KEY),
    ):
        files.write(f"{folder}/ca.pem", ca)
        files.write(f"{folder}/{name}", f"{secrets[secret]}\n", is_secret=True)
    files.write("operator/operator.toml", configure_operator(fleet, files.directory))
    for name, text in configure_watching(fleet):
        # The URL of a webhook can contain a secret. So write alertmanager.yml as a secret.
        files.write(f"prometheus/{name}", text, is_secret=name == "alertmanager.yml")


def _told(files: FleetFiles, parts: list[Part], missing: list[str], until: datetime) -> str:
    # The printed commands install a key file only the first time. The operator adds later keys on
    # the collector itself, which needs no restart. So a changed key file needs no commands.
    folders = {
        name.partition("/")[0]
        for name, change in files.untold.items()
        if name != STEPS and (change, name.partition("/")[2]) != (CHANGED, "meter-keys")
    }
    new_files = {name for name, change in files.untold.items() if change == NEW}
    new = {name.partition("/")[0] for name in new_files if not name.endswith(_LATER)}
    own = [part for part in parts if part.folder in folders]
    counts = f"{len(new_files)} files new, {len(files.untold) - len(new_files)} changed"
    lines = [f"{files.directory}: {counts}. Certificates are valid until {until:%Y-%m-%d};"]
    lines += ["`smarty-p1 fleet init --renew` makes new ones, of the same authority."]
    if CA_KEY in new_files:
        lines.append(
            f"Whoever has {CA_KEY} can pretend to be a node: keep it offline, and put it back for"
            " --renew and for new hosts."
        )
    for name in sorted(files.set_aside):
        lines.append(f"{name} was changed by somebody and stays; what init makes is in {name}.new")
    part_folders = {part.folder for part in parts} | {"ca", "operator", _PASSWORDS}
    gone = [path.name for path in files.directory.iterdir() if path.is_dir()]
    for name in sorted(set(gone) - part_folders):
        lines.append(f"{name}/ belongs to nobody in fleet.toml any more: delete it")
    if missing and not files.is_first:
        shown = ", ".join(missing[:_TITLES_SHOWN]) + (" …" if len(missing) > _TITLES_SHOWN else "")
        lines.append(f"Add the keys of these meters on each collector, to meter-keys: {shown}")
    if not own:
        lines.append("Nothing is to be done.")
    text = "\n".join(lines) + "\n" + tell(own, lambda part: part.folder in new)
    return text if files.is_first else f"{text}\nAll commands, from the first on: {STEPS}\n"
