"""A random password for each user, and its hash for the nodes."""

import re
import secrets

import bcrypt

from smarty_p1_gateway import ConfigError

from .files import FleetFiles

_BYTES = 24
_OWN = re.compile(r"[A-Za-z0-9_-]{32}")
# Of a password of 192 random bits, nobody finds out more where hashing takes long; and the nodes do
# that for a thousand gateways at once when one of them is restarted.
_COST = 5
# As the documentation says for those that people choose.
_COST_OF_CHOSEN = 11
_MAX_PASSWORD_BYTES = 72


def keep_password(files: FleetFiles, name: str) -> str:
    """Return the password in a file, which is made if it is not there. Raises ConfigError."""
    text = files.read(name)
    if text is None:
        text = f"{secrets.token_urlsafe(_BYTES)}\n"
        files.replace(name, text, is_secret=True)
    password = text.partition("\n")[0].rstrip("\r")
    if not password or len(password.encode()) > _MAX_PASSWORD_BYTES:
        msg = f"{files.path(name)} must have a password of 1 to {_MAX_PASSWORD_BYTES} bytes on"
        msg += " line 1; delete it, and another one is made"
        raise ConfigError(msg)
    return password


def keep_hash(files: FleetFiles, user: str, password: str) -> str:
    """Return the hash that was made of a user's password before, or another one."""
    known, secret = files.hashes.get(user, ""), password.encode()
    try:
        if known and bcrypt.checkpw(secret, known.encode()):
            return known
    except ValueError:
        pass  # no hash
    cost = _COST if _OWN.fullmatch(password) else _COST_OF_CHOSEN
    files.hashes[user] = bcrypt.hashpw(secret, bcrypt.gensalt(cost, prefix=b"2a")).decode()
    return files.hashes[user]
