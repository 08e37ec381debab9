"""Rooms of the program, and the tests that look at each room from outside."""

from dataclasses import dataclass

INTEGRATION = "custom_components/smarty_p1"
CARDS = "cards"


@dataclass(frozen=True)
class Room:
    """Folders of a room, and its tests."""

    folders: tuple[str, ...]
    """Folders and files. A file belongs to the room that names the longest part of its path."""
    tests: tuple[str, ...]
    """Folders of tests to run for lines of which nothing was measured."""
    whole: tuple[str, ...] = ()
    """More tests, some with real programs or a browser, for mutants that no other test notices."""


def _lib(*names: str) -> tuple[str, ...]:
    return tuple(f"{INTEGRATION}/lib/{name}" for name in names)


def _tests(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/lib/{name}" for name in names)


def _parts(*names: str) -> tuple[str, ...]:
    return tuple(f"{INTEGRATION}/{name}" for name in names)


_HOME = ("tests/ha", "tests/system/test_home_assistant.py", "tests/browser/test_first_day.py")

ROOMS = {
    "p1": Room(_lib("p1", "port", "capture"), _tests("p1", "port", "capture"), _HOME),
    "history": Room(_lib("history", "leneda"), _tests("history", "leneda")),
    "bill": Room(_lib("bill", "prices"), _tests("bill", "prices")),
    "advice": Room(
        _lib("advice", "messages", "answers"),
        _tests("advice", "messages", "answers"),
        ("tests/ha/websocket",),
    ),
    "meter": Room((f"{INTEGRATION}/lib",), _tests("meter", "entities", "boards"), ("tests/lib",)),
    "publish": Room(
        _lib("publish", "virtual", "virtual_server"),
        (*_tests("publish", "virtual"), "tests/ha/sinks"),
        ("tests/system/test_publish.py", "tests/system/test_distribution.py"),
    ),
    "coordinator": Room(_parts("coordinator"), ("tests/ha/coordinator",), _HOME),
    "dialogs": Room(
        _parts("flows", "config_flow.py", "repairs.py"),
        ("tests/ha/flows",),
        ("tests/browser/test_first_clicks.py", "tests/browser/test_texts.py"),
    ),
    "entities": Room((INTEGRATION,), ("tests/ha/sensor",), _HOME),
    "outputs": Room(
        _parts("sinks", "dashboards", "websocket", "services", "messages"),
        ("tests/ha/sinks", "tests/ha/websocket"),
        _HOME,
    ),
    "gateway": Room(
        ("smarty_p1_gateway",),
        ("tests/gateway",),
        ("tests/system/test_gateway_mqtt.py", "tests/system/test_gateway_nats.py"),
    ),
    "fleet": Room(
        ("smarty_p1_fleet",),
        ("tests/fleet",),
        tuple(f"tests/system/test_{name}.py" for name in ("collect", "fleet_init", "forget")),
    ),
    "cli": Room(("smarty_p1_cli",), ("tests/cli",), ("tests/system/test_forget.py",)),
    CARDS: Room(("frontend/src",), ("frontend/tests",)),
}


def room_of(file: str) -> str:
    """Return the name of the room that `file`, a path from the root, belongs to."""
    found = [
        (len(folder), name)
        for name, room in ROOMS.items()
        for folder in room.folders
        if file == folder or file.startswith(f"{folder}/")
    ]
    return max(found)[1]
