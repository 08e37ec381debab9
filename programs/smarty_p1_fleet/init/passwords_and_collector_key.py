"""Passwords and the collector's key file of a fleet."""

import re
import secrets
from collections.abc import Mapping

import bcrypt

from smarty_p1_gateway.config_table import raise_config_error

from .fleet_folder import FleetFiles

_BYTES = 24
_OWN = re.compile(r"[A-Za-z0-9_-]{32}")
# Cost of bcrypt for generated passwords. It is low, because a node must check the passwords of a
# thousand gateways at once after a restart. A random password of 192 bits needs no slow hash.
_COST = 5
# Cost of bcrypt for passwords that people choose. The example nats-server.conf uses the same cost.
_COST_OF_CHOSEN = 11
_MAX_PASSWORD_BYTES = 72


def keep_password(files: FleetFiles, name: str) -> str:
    """Return the password in the file `name`. If there is no file, create it.

    Raises ConfigError.
    """
    text = files.read_text(name)
    if text is None:
        text = f"{secrets.token_urlsafe(_BYTES)}\n"
        files.replace(name, text, is_secret=True)
    password = text.partition("\n")[0].rstrip("\r")
    if not password or len(password.encode()) > _MAX_PASSWORD_BYTES:
        raise_config_error(
            f"{files.path(name)} must have a password of 1 to {_MAX_PASSWORD_BYTES} bytes on"
            " line 1; delete it, and another one is made"
        )
    return password


def keep_hash(files: FleetFiles, user: str, password: str) -> str:
    """Return the saved hash of `user` if it fits the password. Otherwise return a new hash."""
    old_hash, secret = files.hashes.get(user, ""), password.encode()
    try:
        if old_hash and bcrypt.checkpw(secret, old_hash.encode()):
            return old_hash
    except ValueError:
        pass  # the record has no valid hash, so make a new hash
    cost = _COST if _OWN.fullmatch(password) else _COST_OF_CHOSEN
    files.hashes[user] = bcrypt.hashpw(secret, bcrypt.gensalt(cost, prefix=b"2a")).decode()
    return files.hashes[user]


_HEAD = """\
# The encryption key of each meter (32 hexadecimal digits) belongs behind its system title: then
# remove the # before it. An authentication key that is not the default comes behind that.
"""


def keep_key_file(files: FleetFiles, name: str, meters: Mapping[str, tuple[str, str]]) -> list[str]:
    """Create the key file, or append missing meters as comments. Return the added system titles.

    Existing lines stay. `meters` has the gateway and the port of each meter by system title. Raises
    ConfigError.
    """
    text = files.read_text(name) or _HEAD
    titles = {title.upper() for title in re.findall(r"(?m)^[# ]*([0-9A-Fa-f]{16})\b", text)}
    missing = [title for title in meters if title not in titles]
    if not text.endswith("\n"):
        text += "\n"
    text += "".join(f"# {title}      # {', '.join(meters[title])}\n" for title in missing)
    files.replace(name, text, is_secret=True)
    return missing
