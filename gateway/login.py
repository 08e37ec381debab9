"""What [mqtt] and [nats] have in common: TLS, a user, and a password that stands elsewhere."""

import os
import ssl
from pathlib import Path

from .config_table import ConfigTable


def read_tls(table: ConfigTable) -> ssl.SSLContext | None:
    """Return what the other side is checked with, None without TLS. Raises ConfigError."""
    ca_file = table.take_text("ca_file")
    if not table.take("tls", bool, default=ca_file is not None):
        return None
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        table.fail("ca_file", "cannot be used: there is no certificate (PEM) in it")
    except OSError as err:
        table.fail("ca_file", f"cannot be used: {err.strerror}")
    if ca_file:
        # Most certificates that people make for themselves lack what only RFC 5280 asks for.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def read_user(table: ConfigTable, variable: str) -> tuple[str | None, str | None]:
    """Return user name and password, which may be in an environment variable.

    Raises ConfigError.
    """
    username = table.take_text("username")
    password = _read_password(table, variable)
    if password is not None and username is None:
        table.fail("username", "is missing: there is a password without one")
    return username, password


def _read_password(table: ConfigTable, variable: str) -> str | None:
    if table.take("password", str) is not None:
        table.fail("password", f"does not belong here: use password_file, or ${variable}")
    text = read_secret(table, "password_file")
    if text is None:
        return os.environ.get(variable) or None
    lines = text.splitlines()
    if not lines or not lines[0]:
        table.fail("password_file", "is empty")
    return lines[0]


def expand(table: ConfigTable, key: str, file: str) -> Path:
    """Return the name of a file with its $VARIABLES replaced. Raises ConfigError."""
    expanded = os.path.expandvars(file)
    if "$" in expanded:
        table.fail(key, "names a $VARIABLE that is not set here")
    return Path(expanded)


def read_secret(table: ConfigTable, key: str) -> str | None:
    """Return the content of the file that a key names, with $VARIABLES. Raises ConfigError."""
    file = table.take_text(key)
    if file is None:
        return None
    try:
        return expand(table, key, file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as err:
        reason = getattr(err, "strerror", None) or "it is no text"
        table.fail(key, f"cannot be read: {reason}")
