"""The oldest Home Assistant that is supported, with the packages it brings along."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from dev.demo.client import FlowFailedError
from dev.simulator import Server
from dev.testing.real_programs import (
    IN_ONE_LOOP,
    OLDEST_PYTHON,
    RecordingMeter,
    module_fixture,
    until,
    wanted_version,
)
from tests.system.home import Home

pytestmark = IN_ONE_LOOP

KEY = bytes.fromhex("5A3C00F1E2D4C6B8A99788766554433F")
OTHER_KEY = bytes.fromhex("1F2E3D4C5B6A79888897A6B5C4D3E2F1")
# The pages are not in the test environment, and Home Assistant does not start without.
FRONTEND = """\
from pathlib import Path
def where():
    return Path(__file__).parent
"""


@pytest.fixture(scope="module")
def meter() -> RecordingMeter:
    return RecordingMeter(1, KEY)


@module_fixture
async def line(meter: RecordingMeter) -> AsyncIterator[Server]:
    async with Server([meter], interval=1) as line:
        yield line


@module_fixture
async def home(
    tmp_path_factory: pytest.TempPathFactory,
    meter: RecordingMeter,
    line: Server,  # noqa: ARG001 - it serves
) -> AsyncIterator[Home]:
    async with oldest_home(tmp_path_factory.mktemp("home"), meter, {}) as home:
        yield home


def oldest_home(folder: Path, meter: RecordingMeter, environment: Mapping[str, str]) -> Home:
    """Return the oldest Home Assistant, with its configuration in `folder`."""
    frontend = folder / "packages" / "hass_frontend"
    frontend.mkdir(parents=True)
    (frontend / "__init__.py").write_text(FRONTEND, encoding="ascii")
    environment = {**environment, "PYTHONPATH": str(frontend.parent)}
    return Home(folder, meter, python=OLDEST_PYTHON, environment=environment)


def address(line: Server, user: str = "") -> str:
    return f"socket://{user}127.0.0.1:{line.ports[0]}"


async def test_the_tested_version_is_the_promised_one(home: Home) -> None:
    assert (await home.client.get("/api/config"))["version"] == wanted_version("test")


async def test_a_meter_is_set_up_and_read(home: Home, line: Server) -> None:
    with pytest.raises(FlowFailedError, match="'encryption_key': 'wrong_key'"):
        await home.add_meter(address(line), OTHER_KEY)
    await home.add_meter(address(line, "user:s3cret@"), KEY)

    for _ in range(2):
        await until(home.shows_last_telegram)
        await home.meter.sends_another()


async def test_the_log_is_clean(home: Home) -> None:
    await home.stop()
    assert home.process.status == 0

    log = home.log.read_text("utf-8")
    assert "s3cret" not in log
    complaints = [line for line in log.splitlines() if " ERROR " in line or "Traceback" in line]
    assert not [line for line in complaints if "smarty_p1" in line]
