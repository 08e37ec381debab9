"""A real VictoriaMetrics with a user and TLS."""

import json
import ssl
import urllib.parse
import urllib.request
from base64 import b64encode
from pathlib import Path
from typing import Any

from dev.fleet.storage import VictoriaMetrics
from dev.testing.authority import Authority
from dev.testing.real_programs import PATIENCE, program

SECRET = "s3cret-of-the-store"


class LockedStore:
    """A VictoriaMetrics with a user and TLS, and the settings of a collector that writes to it."""

    def __init__(self, directory: Path, *, delete_key: str = "") -> None:
        directory.mkdir()
        program("victoria-metrics")
        self.authority = Authority(directory)
        certificate, key = self.authority.issue("store")
        self.password = directory / "password"
        self.password.write_text(f"{SECRET}\n", "ascii")
        self._delete_key = directory / "delete-key"
        if delete_key:
            self._delete_key.write_text(delete_key, "ascii")
        self.part = VictoriaMetrics(
            directory / "data",
            "-httpAuth.username=writer",
            f"-httpAuth.password={SECRET}",
            "-tls",
            f"-tlsCertFile={certificate}",
            f"-tlsKeyFile={key}",
            f"-deleteAuthKey={delete_key}",
            scheme="https",
        )

    def table(self) -> str:
        text = (
            f'[store]\nurl = "{self.part.url}"\nusername = "writer"\n'
            f'password_file = "{self.password}"\nca_file = "{self.authority.file}"\n'
        )
        if self._delete_key.exists():
            text += f'delete_auth_key_file = "{self._delete_key}"\n'
        return text

    def export(self, matching: str) -> list[Any]:
        query = urllib.parse.urlencode({"match[]": matching})
        return [json.loads(line) for line in self._open(f"/api/v1/export?{query}").splitlines()]

    def values(self, name: str) -> dict[int, float]:
        values: dict[int, float] = {}
        for line in self.export(f'{{__name__="smarty_p1_{name}"}}'):
            values |= dict(zip(line["timestamps"], line["values"], strict=True))
        return values

    def write(self, lines: str) -> None:
        """Write lines of the line protocol, with times in milliseconds."""
        self._open("/write?precision=ms", lines.encode())

    def _open(self, path: str, data: bytes | None = None) -> bytes:
        context = ssl.create_default_context(cafile=self.authority.file)
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        login = b64encode(f"writer:{SECRET}".encode()).decode()
        request = urllib.request.Request(  # noqa: S310
            f"{self.part.url}{path}", data, {"Authorization": f"Basic {login}"}
        )
        with urllib.request.urlopen(request, timeout=PATIENCE, context=context) as answer:  # noqa: S310
            body: bytes = answer.read()
        return body
