"""Login at VictoriaMetrics or its proxy: user and password, token, or client certificate.

If a file changes, it is read again. So a new password or certificate needs no restart.
"""

import logging
import re
import ssl
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict, override

from smarty_p1_gateway.config_table import (
    ConfigError,
    ConfigTable,
    ValueKind,
    file_state,
    line_of_file,
    make_tls,
    restricted_kind,
)

LOGGER = logging.getLogger(__name__)

# Table that errors name, also after a reload.
_STORE = ConfigTable("store", {})
_is_token = re.compile(r"[!-~]{1,8192}").fullmatch
_TOKEN = restricted_kind(line_of_file, _is_token, "has no token in its first line")
# For each HTTP status that may mean a refused login: a hint for the user.
REFUSED_LOGIN_TEXTS = {
    400: ": vmauth in front of it may want another login, or not allow that",
    401: ": it wants another login (username and password_file, or token_file)",
    403: ": the login may not do that",
    404: ": is that the address of VictoriaMetrics?",
}


class RequestOptions(TypedDict):
    """Arguments of an aiohttp request that contain the login."""

    headers: Mapping[str, str]
    ssl: ssl.SSLContext | bool
    allow_redirects: bool


class StoreLogin:
    """Login at one VictoriaMetrics. `options` are the arguments for a request."""

    def __init__(
        self,
        files: Mapping[str, Path] | None = None,
        username: str | None = None,
        password: str | None = None,
    ) -> None:
        """Read the files of the login. Raises ConfigError.

        `files` maps a key of the table [store], such as `token_file`, to the path of the file.
        """
        self._files = dict(files or {})
        self._username = username
        self._password = password
        self._seen = self._look()
        self.options = self._read()

    @override
    def __repr__(self) -> str:
        return f"<StoreLogin of {', '.join(self._files) or 'nobody'}>"

    def refresh(self) -> None:
        """Read the files that have changed. If a file is unusable, keep the former login."""
        seen = self._look()
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self.options = self._read()
        except ConfigError as error:
            LOGGER.warning("%s: what was read before counts on", error)
        else:
            LOGGER.info("[store] %s: read again", ", ".join(self._files))

    def _look(self) -> list[tuple[int, ...] | None]:
        return [*map(file_state, self._files.values())]

    def _read(self) -> RequestOptions:
        headers = {}
        password = self._checked("password_file", line_of_file) or self._password
        if self._username is not None:
            pair = f"{self._username}:{password or ''}".encode()
            headers["Authorization"] = f"Basic {b64encode(pair).decode()}"
        if token := self._checked("token_file", _TOKEN):
            headers["Authorization"] = f"Bearer {token}"
        # Redirects are off, so that no redirect leaks the login.
        return {"headers": headers, "ssl": self._read_tls(), "allow_redirects": False}

    def _checked(self, key: str, kind: ValueKind[str]) -> str | None:
        path = self._files.get(key)
        return None if path is None else _STORE.checked(key, kind, str(path))

    def _read_tls(self) -> ssl.SSLContext | bool:
        ca, certificate = self._files.get("ca_file"), self._files.get("certificate_file")
        if ca is None and certificate is None:
            return True
        context = _STORE.checked("ca_file", make_tls, ca)
        try:
            if certificate is not None:
                # Without this empty password, OpenSSL would ask for the password of an encrypted
                # key on the terminal.
                context.load_cert_chain(certificate, self._files.get("key_file"), lambda: "")
        except ssl.SSLError:
            what = "there must be a certificate (PEM) in it, and in key_file its key, unlocked"
            _STORE.fail("certificate_file", f"cannot be used: {what}")
        except OSError as error:
            missing = (key for key, path in self._files.items() if not file_state(path))
            _STORE.fail(next(missing, "certificate_file"), f"cannot be used: {error.strerror}")
        return context
