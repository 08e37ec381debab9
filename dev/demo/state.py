"""Stored state of a demo. The next start of the demo reads it."""

import fcntl
import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

# Files and directories that `clear` deletes. Only the file `lock` of a demo is missing here.
CONTENTS = ("config", "keys", "home-assistant.log", "simulator.log", "demo.json")


class UnusableError(Exception):
    """Error for a demo that cannot start. It is raised before any program is started."""


@dataclass
class State:
    """Content of `demo.json`: numbers and ports of meters, a config entry, starts of the heater."""

    directory: Path
    # Port of meter 1, and the number that meter 1 has in the simulator. They differ from the
    # defaults of `scripts/p1 simulate`, so that this command can run beside the demo.
    meter_port: int = 20101
    first_meter: int = 101
    # Id of the config entry of meter 1, "" before it is added.
    entry: str = ""
    # Times at which the demo was started, as ISO 8601. From then on, a water heater runs for an
    # hour. They are kept, because the registers have counted its energy.
    heater: list[str] = field(default_factory=list)

    @classmethod
    def load(cls, directory: Path) -> State:
        """Return the stored state, or a new state if no file exists."""
        path = directory / "demo.json"
        try:
            content = json.loads(path.read_text("utf-8"))
            return cls(directory, **content)
        except FileNotFoundError:
            return cls(directory)
        except (OSError, ValueError, TypeError) as error:
            raise UnusableError(f"{path} cannot be read; --fresh starts over") from error

    def save(self) -> None:
        """Replace `demo.json` in one step, so that no reader sees an incomplete file."""
        content = {name: value for name, value in asdict(self).items() if name != "directory"}
        draft = self.directory / "demo.json.new"
        draft.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
        draft.replace(self.directory / "demo.json")


def lock(directory: Path, url: str) -> IO[str]:
    """Lock a directory, so that no other demo can use it. Return the open lock file."""
    file = (directory / "lock").open("a+", encoding="utf-8")
    file.seek(0)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UnusableError(
            f"another demo is running: {file.read() or 'it is just starting'}; what it keeps is in "
            f"{directory}. Use that one, or end it with Ctrl-C in its terminal. For one beside it, "
            "choose another --state, --port and --meter-port"
        ) from None
    file.truncate(0)
    file.write(f"{url} (process {os.getpid()})")
    file.flush()
    return file


def clear(directory: Path) -> None:
    """Delete all files that demos have written into a directory, except the lock."""
    for name in CONTENTS:
        path = directory / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
