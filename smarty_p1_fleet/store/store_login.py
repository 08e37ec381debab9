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

LOGGER = logging.getLogger(__name__)

_MAX_BYTES = 64 * 1024
_TOKEN = re.compile(r"[!-~]{1,8192}")
# For each HTTP status that may mean a refused login: a hint for the user.
REFUSED_LOGIN_TEXTS = {
    400: ": vmauth in front of it may want another login, or not allow that",
    401: ": it wants another login (username and password_file, or token_file)",
    403: ": the login may not do that",
    404: ": is that the address of VictoriaMetrics?",
}


class LoginError(Exception):
    """Error for an unusable file of the login. `key` is the key in [store] that names the file."""

    def __init__(self, key: str, what: str) -> None:
        super().__init__(f"{key} {what}")
        self.key = key
        self.what = what


class RequestOptions(TypedDict):
    """Arguments of an aiohttp request that contain the login."""

    headers: Mapping[str, str]
    ssl: ssl.SSLContext | bool
    allow_redirects: bool


class StoreLogin:
    """Login at one VictoriaMetrics."""

    def __init__(
        self,
        files: Mapping[str, Path] | None = None,
        username: str | None = None,
        password: str | None = None,
    ) -> None:
        """Read the files of the login. Raises LoginError.

        `files` maps a key of the table [store], such as `token_file`, to the path of the file.
        """
        self._files = dict(files or {})
        self._username = username
        self._password = password
        self._seen = self._look()
        self._options = self._read()

    @override
    def __repr__(self) -> str:
        return f"<StoreLogin of {', '.join(self._files) or 'nobody'}>"

    @property
    def options(self) -> RequestOptions:
        """Return the arguments for a request.

        Redirects are off, so that no redirect leaks the login.
        """
        return self._options

    def refresh(self) -> None:
        """Read the files that have changed. If a file is unusable, keep the former login."""
        seen = self._look()
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self._options = self._read()
        except LoginError as error:
            LOGGER.warning("[store] %s: what was read before counts on", error)
        else:
            LOGGER.info("[store] %s: read again", ", ".join(self._files))

    def _look(self) -> list[tuple[int, ...] | None]:
        """Return the times, size and inode of each file. The entry of a missing file is None.

        Links are followed, because some programs renew a secret by changing only a link.
        """
        states: list[tuple[int, ...] | None] = []
        for path in self._files.values():
            try:
                status = path.stat()
            except OSError:
                states.append(None)
            else:
                # If only the mode of a file changes, only its ctime changes. The change may make
                # the file readable, so compare the ctime, too.
                times = status.st_mtime_ns, status.st_ctime_ns
                states.append((*times, status.st_size, status.st_ino))
        return states

    def _read(self) -> RequestOptions:
        headers = {}
        password = self._read_line("password_file") or self._password
        if self._username is not None:
            pair = f"{self._username}:{password or ''}".encode()
            headers["Authorization"] = f"Basic {b64encode(pair).decode()}"
        if token := self._read_line("token_file"):
            if not _TOKEN.fullmatch(token):
                key = "token_file"
                raise LoginError(key, "has no token in its first line")
            headers["Authorization"] = f"Bearer {token}"
        return {"headers": headers, "ssl": self._read_tls(), "allow_redirects": False}

    def _read_line(self, key: str) -> str | None:
        path = self._files.get(key)
        if path is None:
            return None
        try:
            with path.open("rb") as file:
                lines = file.read(_MAX_BYTES).decode("utf-8-sig").splitlines()
        except OSError as error:
            raise LoginError(key, f"cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise LoginError(key, "cannot be read: it is no text") from None
        if not lines or not lines[0]:
            raise LoginError(key, "is empty")
        return lines[0]

    def _read_tls(self) -> ssl.SSLContext | bool:
        ca, certificate = self._files.get("ca_file"), self._files.get("certificate_file")
        if ca is None and certificate is None:
            return True
        key = "ca_file"
        try:
            context = ssl.create_default_context(cafile=ca)
            if ca is not None:
                # A certificate of a private authority may lack the extensions that RFC 5280
                # demands. Accept such a certificate.
                context.verify_flags &= ~ssl.VERIFY_X509_STRICT
            key = "certificate_file"
            if certificate is not None:
                # Without this empty password, OpenSSL would ask for the password of an encrypted
                # key on the terminal.
                context.load_cert_chain(certificate, self._files.get("key_file"), lambda: "")
        except ssl.SSLError:
            what = "there is no certificate (PEM) in it"
            if key == "certificate_file":
                what = "there must be a certificate (PEM) in it, and in key_file its key, unlocked"
            raise LoginError(key, f"cannot be used: {what}") from None
        except OSError as error:
            if key == "certificate_file":
                key = self._missing() or key
            raise LoginError(key, f"cannot be used: {error.strerror}") from None
        return context

    def _missing(self) -> str | None:
        return next(
            (key for key, seen in zip(self._files, self._look(), strict=True) if not seen), None
        )
