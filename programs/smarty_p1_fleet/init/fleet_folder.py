"""Folder of a fleet's generated files. Files that a user has edited are not overwritten."""

import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import Any

from smarty_p1_gateway.config_table import raise_config_error

# File with a digest of each generated file. If the digest of a file differs, a user has edited the
# file.
_RECORD = ".init.json"
_FOLDER = 0o700
_SECRET = 0o600
_PLAIN = 0o644


class FleetFiles:
    """Generated files of a fleet in a private folder. Their names are relative to this folder.

    `set_aside` are the names of files that a user has edited, and whether they have secrets: their
    generated text is in `<name>.new`. `used` are the names of files and folders of this run at the
    top of the folder.
    """

    def __init__(self, directory: Path) -> None:
        """Read the record of earlier runs. Raises ConfigError."""
        self.directory = directory
        self.set_aside: dict[str, bool] = {}
        self.used: set[str] = set()
        self.is_first = not (directory / _RECORD).exists()
        record = self._read_record()
        self._digests: dict[str, str] = record["files"]
        self.hashes: dict[str, str] = record["hashes"]

    def _read_record(self) -> dict[str, dict[str, str]]:
        record: Any = {"files": {}, "hashes": {}}
        try:
            if (text := self.read_text(_RECORD)) is not None:
                record = json.loads(text)
            return {
                key: {name: str(value) for name, value in record[key].items()}
                for key in ("files", "hashes")
            }
        except ValueError, KeyError, TypeError, AttributeError, RecursionError:
            raise_config_error(
                f"{self.directory / _RECORD} is damaged: without it, nothing that is there is"
                " overwritten; move it away"
            )

    def path(self, name: str) -> Path:
        """Return the path of the file `name`."""
        return self.directory / name

    def read_text(self, name: str) -> str | None:
        """Return the text of a file. Return None if there is no file. Raises ConfigError."""
        self.used.add(name.partition("/")[0])
        try:
            return self.path(name).read_text("utf-8-sig")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as err:
            reason = getattr(err, "strerror", None) or "it is no text"
            raise_config_error(f"{self.path(name)} cannot be read: {reason}")

    def write(self, name: str, text: str, *, is_secret: bool = False) -> None:
        """Write a generated file. If a user has edited this file, write `<name>.new` instead."""
        there = self.read_text(name)
        if there not in {None, text} and _digest(there or "") != self._digests.get(name):
            self.replace(f"{name}.new", text, is_secret=is_secret)
            self.set_aside[name] = is_secret
            return
        self.replace(name, text, is_secret=is_secret)
        self._digests[name] = _digest(text)

    def replace(self, name: str, text: str, *, is_secret: bool = False) -> None:
        """Write a file even if a user has edited it. Raises OSError."""
        if self.read_text(name) == text:
            return
        path = self.path(name)
        self.directory.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
        for parent in reversed(path.relative_to(self.directory).parents):
            (self.directory / parent).mkdir(mode=_FOLDER, exist_ok=True)
        # Write a new file, which has the right mode from its start, and then rename it. So nobody
        # reads half a file, or a secret that is not protected yet.
        new_path = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        mode = _SECRET if is_secret else _PLAIN
        try:
            with os.fdopen(
                os.open(new_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb"
            ) as file:
                file.write(text.encode())
                os.fsync(file.fileno())
            new_path.replace(path)
        except BaseException:
            new_path.unlink(missing_ok=True)
            raise

    def save(self) -> None:
        """Save digests and password hashes for later runs. Raises OSError."""
        record = {"files": self._digests, "hashes": self.hashes}
        self.replace(_RECORD, json.dumps(record, indent=1) + "\n", is_secret=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
