"""TLS certificates of a NATS cluster: a certificate authority, and a certificate for all nodes."""

import ssl
from pathlib import Path

from dev.demo.home_assistant import HOST
from smarty_p1_fleet.init.certificates import CA, CertificateAuthority
from smarty_p1_fleet.init.fleet_folder import FleetFiles

_NODE = "node"


class Certificates:
    """Certificate files in a directory, and the TLS lines for the configuration of a NATS node.

    `ca_file` is the certificate of the certificate authority. All nodes use the certificate `pem`
    with its private key `key`. `nodes` is the TLS line for connections from clients. `routes` is
    the TLS line for connections between nodes.
    """

    def __init__(self, directory: Path) -> None:
        folder = FleetFiles(directory)
        # A node connects to other nodes as a client. So its certificate must be valid for a client,
        # too.
        CertificateAuthority(folder, renew=False).certify(_NODE, [HOST], is_client=True)
        self.ca_file = folder.path(CA)
        self.pem, self.key = folder.path(f"{_NODE}.pem"), folder.path(f"{_NODE}.key")
        files = f'cert_file: "{self.pem}", key_file: "{self.key}"'
        self.nodes = f"tls {{ {files} }}\n"
        self.routes = f'  tls {{ {files}, ca_file: "{self.ca_file}" }}\n'

    @property
    def context(self) -> ssl.SSLContext:
        """Return a TLS context with which a client connects to the cluster."""
        return ssl.create_default_context(cafile=self.ca_file)
