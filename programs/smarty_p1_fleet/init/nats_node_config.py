"""Configuration of a NATS node, made from the documented example and the fleet's own values."""

import json
import re
from collections.abc import Iterable, Mapping

from .fleet_description import COLLECTOR, OPERATOR, FleetInputs
from .hosts import Node, bracketed, listen_host
from .templates import read_noted, replace_once

# Example file in the documentation. Only this file defines the accounts and their rights.
DOCUMENTED = "nats-server.conf"
_GATEWAY = re.compile(r"^ +\{ user: cellar,.*?\} \}\n", re.MULTILINE | re.DOTALL)
_LISTENER = re.compile(
    r"^ +# A listener to readings.*\n( +)# (\{ user: listener,.*)\n +# (.*\} \})\n", re.MULTILINE
)


def configure_node(
    node: Node, fleet: FleetInputs, passwords: Mapping[str, str], files: str, data: str
) -> str:
    """Return the text of a node's `nats-server.conf`.

    `passwords` has the password hash of each user. `files` is the node's folder of certificates,
    `data` its folder for the stream.
    """
    text = read_noted(DOCUMENTED)
    [gateway], [listener] = _GATEWAY.findall(text), list(_LISTENER.finditer(text))
    gateways = "".join(
        replace_once(_user(gateway, "cellar", user.name, passwords), r"publish: \[.*?\]", publish)
        for user in fleet.gateways
        for publish in [f"publish: [{_titles(meter.title for meter in user.meters)}]"]
    )
    template = "".join(f"{listener[1]}{line}\n" for line in listener.groups()[1:])
    listeners = "".join(_user(template, "listener", name, passwords) for name in fleet.listeners)
    text = text.replace(gateway, gateways).replace(listener[0], listeners)
    for user in (COLLECTOR, OPERATOR):
        text = _user(text, user, user, passwords)
    host = listen_host(node.host)
    routes = ", ".join(f'"nats://{bracketed(peer.host)}:{peer.route_port}"' for peer in fleet.nodes)
    for line, value in (
        (r"^server_name: .*", f"server_name: {node.name}"),
        (r'^listen: ".*', f'listen: "{host}:{node.port}"'),
        (r"^http: .*", f'http: "127.0.0.1:{node.http_port}"'),
        (r"^  store_dir: .*", f"  store_dir: {json.dumps(data)}"),
        (r"^  listen: .*", f'  listen: "{host}:{node.route_port}"'),
        (r"^# client_advertise: .*", f'client_advertise: "{bracketed(node.host)}:{node.port}"'),
        (r"^  # advertise: .*", f'  advertise: "{bracketed(node.host)}:{node.route_port}"'),
        (r"^  routes: .*", f"  routes: [{routes}]"),
    ):
        text = replace_once(text, line, value)
    if fleet.is_here:
        # Without systemd, a user reloads the configuration by `nats-server --signal reload=…`,
        # which needs a PID file.
        text += f"\npid_file: {json.dumps(f'{files}/nats-server.pid')}\n"
    return _with_tls(text, node.name, files)


def _with_tls(text: str, name: str, files: str) -> str:
    """Return `text` with its `tls` tables uncommented, and with the paths of the node's files."""
    text = re.sub(r"^( *)# (tls \{|  \w+: .*|\})$", r"\1\2", text, flags=re.MULTILINE)
    return (
        text.replace("/etc/nats/node1.", f"{files}/{name}.")
        .replace("/etc/nats/ca.pem", f"{files}/ca.pem")
        .replace(" # different", "")
    )


def _user(text: str, written: str, user: str, passwords: Mapping[str, str]) -> str:
    login = f'user: "{user}", password: "{passwords[user]}"'
    text = replace_once(text, rf'user: {written}, password: "[^"]*"', login)
    return text.replace(f"_INBOX_{written}.", f"_INBOX_{user}.")


def _titles(titles: Iterable[str]) -> str:
    return ", ".join(f'"smarty_p1.sealed.{title}"' for title in titles)
