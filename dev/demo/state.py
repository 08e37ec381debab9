"""What the demo remembers from one start to the next."""

import fcntl
import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

_BROKERS = ("mosquitto.conf", "mosquitto.log")
# Everything the demo ever writes into its directory; nothing else in there is touched.
CONTENTS = ("config", "keys", "home-assistant.log", "simulator.log", "demo.json", *_BROKERS)


class InUseError(Exception):
    """Another demo runs in this directory; the message says where, and what can be done."""


class UnreadableError(Exception):
    """What an earlier demo left is damaged, or of another version."""


@dataclass
class State:
    """What is kept in `demo.json`."""

    directory: Path
    meters: int = 1
    # Neither the ports nor the serial numbers are those that `scripts/p1 simulate` begins with, so
    # that both can be run, and read, at once.
    meter_port: int = 20101
    first_meter: int = 101
    # Meter's number -> config entry in Home Assistant.
    entries: dict[str, str] = field(default_factory=dict)
    # What `--all` adds, by its name -> config entry.
    extras: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, directory: Path) -> State:
        """Read it, or begin anew. Raises UnreadableError when it is damaged."""
        path = directory / "demo.json"
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return cls(directory, **content)
        except FileNotFoundError:
            return cls(directory)
        except (OSError, ValueError, TypeError) as error:
            message = f"{path} cannot be read; --fresh starts over"
            raise UnreadableError(message) from error

    def save(self) -> None:
        """Write it, all or nothing."""
        content = {name: value for name, value in asdict(self).items() if name != "directory"}
        draft = self.directory / "demo.json.new"
        draft.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        draft.replace(self.directory / "demo.json")


def lock(directory: Path, url: str) -> IO[str]:
    """Keep other demos out of a directory until the returned file is closed."""
    file = (directory / "lock").open("a+", encoding="utf-8")
    file.seek(0)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        message = (
            f"another demo is running: {file.read() or 'it is just starting'}; what it keeps is in "
            f"{directory}. Use that one, or end it with Ctrl-C in its terminal. For one beside it, "
            "choose another --state, --port and --meter-port"
        )
        raise InUseError(message) from None
    file.truncate(0)
    file.write(f"{url} (process {os.getpid()})")
    file.flush()
    return file


def clear(directory: Path) -> None:
    """Forget everything."""
    for name in CONTENTS:
        path = directory / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
