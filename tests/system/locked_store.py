"""A real VictoriaMetrics with a user and TLS."""

import json
import ssl
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from dev.fleet.storage import VictoriaMetrics
from tests.authority import Authority
from tests.system.support import PATIENCE, program

SECRET = "s3cret-of-the-store"


class LockedStore:
    """A VictoriaMetrics with a user and TLS, and what a collector needs to write to it."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        program("victoria-metrics")
        self.authority = Authority(directory)
        certificate, key = self.authority.issue("store")
        self.password = directory / "password"
        self.password.write_text(f"{SECRET}\n", encoding="ascii")
        self.part = VictoriaMetrics(
            directory / "data",
            "-httpAuth.username=writer",
            f"-httpAuth.password={SECRET}",
            "-tls",
            f"-tlsCertFile={certificate}",
            f"-tlsKeyFile={key}",
            scheme="https",
        )

    def table(self) -> str:
        """Return the table of a collector's configuration."""
        return (
            f'[store]\nurl = "{self.part.url}"\nusername = "writer"\n'
            f'password_file = "{self.password}"\nca_file = "{self.authority.file}"\n'
        )

    def ask(self, path: str, **parameters: str) -> list[Any]:
        """Return the lines of an answer."""
        context = ssl.create_default_context(cafile=self.authority.file)
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        login = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        login.add_password(None, self.part.url, "writer", SECRET)
        opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=context), urllib.request.HTTPBasicAuthHandler(login)
        )
        url = f"{self.part.url}{path}?{urllib.parse.urlencode(parameters)}"
        with opener.open(url, timeout=PATIENCE) as answer:
            return [json.loads(line) for line in answer.read().splitlines()]

    def values(self, name: str) -> dict[int, float]:
        """Return what a series has, by time."""
        found = self.ask("/api/v1/export", **{"match[]": f'{{__name__="smarty_p1_{name}"}}'})
        values: dict[int, float] = {}
        for line in found:
            values |= dict(zip(line["timestamps"], line["values"], strict=True))
        return values
