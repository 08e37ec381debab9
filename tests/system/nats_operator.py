"""An operator of NATS, as `nsc` makes one: an account and a user, known by their signatures."""

import base64
import json
import os
import re
from pathlib import Path
from typing import Any

import nkeys

_UNLIMITED = dict.fromkeys(("subs", "data", "payload"), -1)
_ACCOUNT = dict.fromkeys(("imports", "exports", "conn", "leaf"), -1) | _UNLIMITED
_CREDENTIALS = """\
-----BEGIN NATS USER JWT-----
{jwt}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
{seed}
------END USER NKEY SEED------
"""


class _Key:
    def __init__(self, prefix: int) -> None:
        self.seed = nkeys.encode_seed(os.urandom(32), prefix)
        self._pair = nkeys.from_seed(bytearray(self.seed))
        self.public = self._pair.public_key.decode()

    def sign(self, who: _Key, kind: str, claims: dict[str, Any]) -> str:
        """Return a JWT that says something about another key."""
        head = {"typ": "JWT", "alg": "ed25519-nkey"}
        about = {"iat": 1, "iss": self.public, "sub": who.public}
        body = about | {"nats": claims | {"type": kind, "version": 2}}
        text = ".".join(_base64(json.dumps(part).encode()) for part in (head, body))
        return f"{text}.{_base64(self._pair.sign(text.encode()))}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def make_operator(directory: Path) -> tuple[str, Path]:
    """Return lines for the configuration of each node, and a user's credentials file."""
    operator, account, system, user = (
        _Key(prefix)
        for prefix in (
            nkeys.PREFIX_BYTE_OPERATOR,
            nkeys.PREFIX_BYTE_ACCOUNT,
            nkeys.PREFIX_BYTE_ACCOUNT,
            nkeys.PREFIX_BYTE_USER,
        )
    )
    limits = {"limits": _ACCOUNT | {"wildcards": True}}
    accounts = "\n".join(
        f"{key.public}: {operator.sign(key, 'account', limits)}" for key in (account, system)
    )
    path = directory / "user.creds"
    path.write_text(
        _CREDENTIALS.format(
            jwt=account.sign(user, "user", dict(_UNLIMITED)), seed=user.seed.decode()
        ),
        encoding="ascii",
    )
    return (
        f"operator: {operator.sign(operator, 'operator', {})}\n"
        f"system_account: {system.public}\n"
        f"resolver: MEMORY\nresolver_preload {{\n{accounts}\n}}\n"
    ), path


def remove_accounts(directory: Path) -> None:
    """Remove them from the configuration of each node: with an operator, a resolver has them."""
    for configuration in directory.glob("nats*/nats-server.conf"):
        text = configuration.read_text(encoding="utf-8")
        text, count = re.subn(r"(?ms)^accounts {\n.*?^}$", "", text)
        assert count == 1
        configuration.write_text(text, encoding="utf-8")
