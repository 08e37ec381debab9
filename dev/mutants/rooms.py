"""Rooms of the program, and the tests that look at each room from outside."""

from dataclasses import dataclass

INTEGRATION = "custom_components/smarty_p1"
_LIB, _LIB_TESTS = f"{INTEGRATION}/lib", "tests/lib"
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


def _in(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}" for name in names)


_HOME = ("tests/ha", "tests/system/test_home_assistant.py", "tests/browser/test_first_day.py")

ROOMS = {
    "p1": Room(_in(_LIB, "p1", "port", "capture"), _in(_LIB_TESTS, "p1", "port", "capture"), _HOME),
    "history": Room(_in(_LIB, "history", "leneda"), _in(_LIB_TESTS, "history", "leneda")),
    "bill": Room(_in(_LIB, "bill", "prices"), _in(_LIB_TESTS, "bill", "prices")),
    "advice": Room(
        _in(_LIB, "advice", "messages", "answers"),
        _in(_LIB_TESTS, "advice", "messages", "answers"),
        ("tests/ha/websocket",),
    ),
    "meter": Room((_LIB,), _in(_LIB_TESTS, "meter", "entities", "boards"), (_LIB_TESTS,)),
    "publish": Room(
        _in(_LIB, "publish", "virtual", "virtual_server"),
        (*_in(_LIB_TESTS, "publish", "virtual"), "tests/ha/sinks"),
        ("tests/system/test_publish.py", "tests/system/test_distribution.py"),
    ),
    "coordinator": Room(_in(INTEGRATION, "coordinator"), ("tests/ha/coordinator",), _HOME),
    "dialogs": Room(
        _in(INTEGRATION, "flows", "config_flow.py", "repairs.py"),
        ("tests/ha/flows",),
        ("tests/browser/test_first_clicks.py", "tests/browser/test_texts.py"),
    ),
    "entities": Room((INTEGRATION,), ("tests/ha/sensor",), _HOME),
    "outputs": Room(
        _in(INTEGRATION, "sinks", "dashboards", "websocket", "services", "messages"),
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
        _in("tests/system", "test_collect.py", "test_fleet_init.py", "test_forget.py"),
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
