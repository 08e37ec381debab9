"""The table [nats] of a configuration: servers of a NATS cluster, and the login."""

import re
import ssl
from binascii import Error as Base64Error
from dataclasses import dataclass, field
from importlib.util import find_spec
from urllib.parse import SplitResult, urlsplit

from smarty_p1_gateway.config_table import (
    TEXT,
    TEXTS,
    ConfigTable,
    at_most,
    content_of_file,
    raise_config_error,
    read_tls,
    read_user,
    refuse,
    restricted_kind,
)
from smartyp1.port.hosts import is_host

NATS_PASSWORD_VARIABLE = "SMARTY_P1_NATS_PASSWORD"  # noqa: S105 - its name
DEFAULT_INBOX = "_INBOX"
_PORT = 4222
_MAX_SERVERS = 100
# A batch costs the nodes about 2 ms, however many frames it has.
BATCH_SECONDS = 1.0
MAX_BATCH_SECONDS = 60
# An inbox prefix must not contain dots. Each user may read all subjects that begin with the user's
# prefix and a dot. If the prefix "_INBOX_a.b" were possible, the user with the prefix "_INBOX_a"
# could read the answers for the other user. A user's name has up to 64 characters, so
# "_INBOX_<name>" has up to 71 characters.
_is_inbox = re.compile(r"[A-Za-z0-9_-]{1,71}").fullmatch
_INBOX = restricted_kind(TEXT, _is_inbox, "must have 1 to 71 of A-Z, a-z, 0-9, _ and -")
_TEXTS = at_most(TEXTS, _MAX_SERVERS, "nodes")
_SEED = re.compile(
    r"-----BEGIN NATS USER JWT-----\n.*\n-----BEGIN USER NKEY SEED-----\n(.*?)\n", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class NatsConfig:
    """Settings of a NATS cluster. `servers` are URLs. `tls` is None for unencrypted connections.

    `credentials` is the content of a credentials file, which replaces `username` and `password`.
    Answers come on subjects that begin with `inbox_prefix`. A gateway gathers frames for up to
    `batch_seconds`.
    """

    servers: tuple[str, ...]
    username: str | None
    password: str | None = field(repr=False)
    credentials: str | None = field(repr=False)
    tls: ssl.SSLContext | None
    inbox_prefix: str = DEFAULT_INBOX
    batch_seconds: float = BATCH_SECONDS


def read_nats(table: ConfigTable) -> NatsConfig:
    """Return the settings in the table [nats]. Raises ConfigError."""
    if find_spec("nats") is None or find_spec("nkeys") is None:
        raise_config_error("[nats] needs nats-py: install smarty-p1 with its extra [fleet]")
    what = "a list of the nodes, such as ['nats://node1:4222']"
    servers = table.need("servers", _servers, what)
    credentials = table.take_value("credentials_file", _credentials)
    username, password = read_user(table, NATS_PASSWORD_VARIABLE)
    if username is not None and credentials is not None:
        table.fail("username", "and credentials_file are both there: one of them is enough")
    if username is not None and password is None:
        table.fail("password_file", f"is missing, and so is ${NATS_PASSWORD_VARIABLE}")
    inbox = _read_inbox(table, username)
    return NatsConfig(servers, username, password, credentials, read_tls(table), inbox)


def _read_inbox(table: ConfigTable, username: str | None) -> str:
    """Return the configured inbox prefix. If there is none, return the prefix for `username`.

    The documented example of the server's configuration allows this prefix.
    """
    own = f"{DEFAULT_INBOX}_{username}"
    default = own if username and _is_inbox(own) else DEFAULT_INBOX
    return table.take_value("inbox_prefix", _INBOX, default)


def _credentials(value: object) -> str:
    text = content_of_file(value)
    # Check the file now. Otherwise, nats-py would fail only later, at each connection.
    from nkeys import NkeysError, from_seed  # noqa: PLC0415

    try:
        match = _SEED.search(text.replace("\r", ""))
        from_seed(bytearray(match[1] if match else "", "ascii"))
    except NkeysError, Base64Error, ValueError:
        refuse("is no NATS credentials file")
    return text


def _servers(value: object) -> tuple[str, ...]:
    return tuple(map(_server, _TEXTS(value)))


def _server(text: str) -> str:
    try:
        url = urlsplit(text if "://" in text else f"nats://{text}")
        port = url.port or _PORT
    except ValueError:
        refuse("must be like nats://node1:4222")
    if "@" in url.netloc:
        refuse("must not have a login in it: use username and password_file")
    if not _is_server(url):
        refuse("must be like nats://node1:4222; for TLS, set tls = true")
    host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
    return f"nats://{host}:{port}"


def _is_server(url: SplitResult) -> bool:
    plain = not (url.path.strip("/") or url.query or url.fragment)
    return url.scheme == "nats" and plain and is_host(url.hostname or "")
