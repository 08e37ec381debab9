"""The certificates of a cluster on this machine: an authority, and one for its nodes."""

import ssl
from pathlib import Path

from dev.demo.home_assistant import HOST
from smarty_p1_fleet.init.certificates import CA, Authority
from smarty_p1_fleet.init.files import FleetFiles

_NODE = "node"


class Certificates:
    """Files in a directory: what the nodes show, to clients and to each other.

    `ca_file` is by whom they are known, `pem` and `key` are what they show; `nodes` is what the
    configuration of a node says to clients, `routes` what it says among the nodes.
    """

    def __init__(self, directory: Path) -> None:
        made = FleetFiles(directory)
        # A node is a client of the other ones.
        Authority(made, renew=False).certify(_NODE, [HOST], is_client=True)
        self.ca_file = made.path(CA)
        self.pem, self.key = made.path(f"{_NODE}.pem"), made.path(f"{_NODE}.key")
        files = f'cert_file: "{self.pem}", key_file: "{self.key}"'
        self.nodes = f"tls {{ {files} }}\n"
        self.routes = f'  tls {{ {files}, ca_file: "{self.ca_file}" }}\n'

    @property
    def context(self) -> ssl.SSLContext:
        """Return how to connect to a node."""
        return ssl.create_default_context(cafile=self.ca_file)
