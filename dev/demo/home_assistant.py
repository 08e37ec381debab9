"""Real Home Assistant with its own directory. Only programs on this machine can reach it."""

import json
import re
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from dev.checkout import ROOT
from dev.reliability.process_measurements import is_served
from smartyp1.json_types import JsonDict

from .client import Client
from .processes import Process

INTEGRATION = ROOT / "custom_components" / "smarty_p1"
HOST = "127.0.0.1"

# Exit status with which Home Assistant ends when a user asks for a restart.
RESTART = 100

# The location is the city of Luxembourg. The deprecated key `http:` is missing on purpose: Home
# Assistant would ignore it, because `prepare` writes the settings of the web server to
# `.storage/http`.
CONFIGURATION = """\
homeassistant:
  name: Smarty P1 demo
  country: LU
  currency: EUR
  time_zone: Europe/Luxembourg
  latitude: 49.6117
  longitude: 6.13
  elevation: 300
  unit_system: metric
  language: en
frontend:
config:
energy:
history:
logbook:
sun:
logger:
  default: warning
  logs:
    custom_components.smarty_p1: info
    # Both only warn that a program of cameras is missing.
    haffmpeg: fatal
    homeassistant.components.camera.img_util: fatal
recorder:
  # So that what the demo has filled in can be looked at soon.
  commit_interval: 2
"""


class Installation:
    """Directory with the configuration and data of a Home Assistant.

    `leneda` is the URL that the integration uses for the Leneda platform. No program listens at the
    default URL, so the demo never contacts the real platform. `integration` is the folder whose
    files the next start takes.
    """

    leneda = "http://127.0.0.1:9/api"
    integration = INTEGRATION

    def __init__(self, directory: Path, port: int, log: Path) -> None:
        self.directory = directory
        self.port = port
        self.log = log

    @property
    def url(self) -> str:
        """Return the URL of Home Assistant's web pages."""
        return f"http://{HOST}:{self.port}"

    def prepare(self) -> None:
        """Write the configuration files, and copy the integration."""
        (self.directory / ".storage").mkdir(parents=True, exist_ok=True)
        (self.directory / "configuration.yaml").write_text(CONFIGURATION, "utf-8")
        # Use a copy of the integration, because the URL of Leneda is changed below, and Home
        # Assistant may write into the folder. With the compiled modules, it starts sooner.
        copy = self.directory / "custom_components" / INTEGRATION.name
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.integration, copy)
        # Change the URL of Leneda in this copy. The integration has no option for the URL, because
        # such an option could send the user's keys to another host.
        asking = copy / "coordinator" / "leneda" / "client.py"
        text, replaced = re.subn(
            "(?m)^BASE_URL = .*$", f'BASE_URL = "{self.leneda}"', asking.read_text()
        )
        assert replaced == 1  # noqa: S101 - otherwise the demo would query the real platform
        asking.write_text(text)
        # Skip all steps of the onboarding except the first, which creates the owner's account. The
        # skipped steps would set up integrations that query the internet, for example the weather.
        self._store("onboarding", 4, {"done": ["core_config", "analytics", "integration"]})
        # Write the file in the format of the oldest supported version of Home Assistant, because
        # newer versions convert it.
        self._store("http", 2, self._http_settings(), overwrite=True)

    def _http_settings(self) -> JsonDict:
        return {
            "stable": {
                "server_host": [HOST],
                "server_port": self.port,
                "cors_allowed_origins": [],
                "login_attempts_threshold": -1,
                "ip_ban_enabled": True,
                "ssl_profile": "modern",
                "use_x_frame_options": True,
                "created_at": datetime.now(UTC).isoformat(),
                "error": None,
                "error_message": None,
            },
            "pending": None,
            "yaml_migration_done": True,
        }

    def _store(self, key: str, version: int, data: JsonDict, *, overwrite: bool = False) -> None:
        path = self.directory / ".storage" / key
        if overwrite or not path.exists():
            content = {"version": version, "minor_version": 1, "key": key, "data": data}
            path.write_text(json.dumps(content, indent=2), "utf-8")
            path.chmod(0o600)

    def process(
        self,
        python: Path | str = sys.executable,
        *,
        environment: Mapping[str, str] | None = None,
    ) -> Process:
        """Return the process of Home Assistant, which runs while its context is active.

        `python` is the interpreter whose packages are used. `environment` has further environment
        variables.
        """
        self.prepare()
        # Use a separate directory for temporary files. In a shared directory, Home Assistant would
        # delete the uploads of another Home Assistant.
        temporary = self.directory / "tmp"
        temporary.mkdir(exist_ok=True)
        command = [python, "-m", "homeassistant", "--config", self.directory]
        return Process(
            "Home Assistant",
            [*command, "--skip-pip", "--log-no-color"],
            log=self.log,
            directory=self.directory,
            environment={
                "HA_DISABLE_LOG_FILE": "1",
                "PYTHONPATH": "",
                "PYTHONNOUSERSITE": "1",
                "TMPDIR": str(temporary.resolve()),
                **(environment or {}),
            },
        )

    @asynccontextmanager
    async def ready(self, process: Process) -> AsyncIterator[Client]:
        """Wait until Home Assistant has started. Then yield a client that is logged in as owner."""
        await process.until(lambda: is_served(self.port))
        async with Client.logged_in(self.url) as client:

            async def is_running() -> bool:
                return bool((await client.get("/api/config"))["state"] == "RUNNING")

            await process.until(is_running)
            yield client
