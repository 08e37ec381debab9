"""The tests here run real programs, on real sockets of this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_socket

from dev.reliability.program_logs import faults_in_logs

from .support import TIMEOUT

# The seven files that take longest come first: each of seven workers begins with one. A file with
# one or two tests takes the next file along to its worker: so three short files follow.
ORDER = (
    "test_entities.py",
    "test_home_assistant.py",
    "test_collect_outages.py",
    "test_fleet_watch.py",
    "test_forget.py",
    "test_demo.py",
    "test_boards.py",
    "test_fleet_alert_metrics.py",
    "test_collect_keys.py",
    "test_gateway_nats.py",
    "test_first_clicks.py",
    "test_publish.py",
    "test_accessibility.py",
    "test_fleet_init.py",
    "test_without_cable.py",
    "test_oldest.py",
    "test_first_day.py",
    "test_collect.py",
    "test_the_past.py",
    "test_six_meters.py",
    "test_card_forms.py",
    "test_rows.py",
    "test_messages.py",
    "test_dashboard.py",
    "test_fleet_alerts.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, and give the time that programs need."""
    order = {name: place for place, name in enumerate(ORDER)}
    for item in items:
        folder = item.path.relative_to(Path(__file__).parents[1]).parts[0]
        if folder in {"system", "browser"} and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIMEOUT))
    items.sort(key=lambda item: order.get(item.path.name, len(order)))


@pytest.fixture(autouse=True, scope="module")
def sockets_for_fixtures() -> None:
    """Allow sockets, which Home Assistant's test kit forbids, in fixtures that outlive a test."""
    pytest_socket.enable_socket()


@pytest.fixture(autouse=True)
def sockets() -> Iterator[None]:
    """Allow sockets in every test, and forbid them again afterwards."""
    pytest_socket.enable_socket()
    yield
    pytest_socket.disable_socket(allow_unix_socket=True)


@pytest.fixture(autouse=True)
def patient_time() -> None:
    """Replace the fixture of the other tests: other processes do not wait for this one."""


@pytest.fixture(autouse=True)
def verify_cleanup() -> None:
    """Replace the fixture of the test kit: things that live as long as a module are no leaks."""


@pytest.fixture(autouse=True)
def enable_event_loop_debug() -> None:
    """Replace the fixture of the test kit: debugging would slow down measurements in real time."""


@pytest.fixture(autouse=True, scope="session")
def mock_network() -> None:
    """Replace the test kit's: the network is real here."""


@pytest.fixture(autouse=True, scope="session")
def bcrypt_cost() -> None:
    """Replace the test kit's: passwords are checked in other processes."""


@pytest.fixture(scope="session")
def seen_faults() -> set[str]:
    """Return the faults that have failed a test already."""
    return set()


@pytest.fixture(autouse=True)
def no_traceback_in_logs(
    tmp_path_factory: pytest.TempPathFactory, seen_faults: set[str]
) -> Iterator[None]:
    """Fail a test if any of its programs has logged a traceback, though it went on working."""
    yield
    faults = {*faults_in_logs(tmp_path_factory.getbasetemp())} - seen_faults
    seen_faults |= faults
    assert sorted(faults) == []
