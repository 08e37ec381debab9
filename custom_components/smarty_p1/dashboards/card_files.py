"""Files of the dashboard cards in memory.

The build puts a digest of its content into the name of each file, except the loader. So a file is
only taken whole, and only with the content of its version: an update, a downgrade or a copy by hand
can replace the files at any time.
"""

import re
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from .cards_loader_digest import LOADER_DIGEST

LOADER = "smarty-p1.js"

_NAME = re.compile(r"smarty-p1[a-z.-]*-([0-9A-F]{8})\.(?:js|json)", re.ASCII)
_MAX_FILE_BYTES = 1_000_000


class CardFiles:
    """Contents of the files of the cards that have been read, by name."""

    def __init__(self, folder: Path, loader_digest: str = LOADER_DIGEST) -> None:
        """Read nothing yet. `loader_digest` is the digest of the loader of this version."""
        self._folder = folder
        self._loader_digest = loader_digest
        self._contents: dict[str, bytes] = {}

    def read_all(self) -> None:
        """Read all files of the folder."""
        with suppress(OSError):
            for path in self._folder.iterdir():
                self.read_file(path.name)

    def get(self, name: str) -> bytes | None:
        """Return the content of a file that has been read, otherwise None."""
        return self._contents.get(name)

    def read_file(self, name: str) -> bytes | None:
        """Read a file, and return its content.

        Return None if the file is missing, incomplete or of another version.
        """
        digest = self._digest(name)
        if digest is None:
            return None
        try:
            with (self._folder / name).open("rb") as file:
                content = file.read(_MAX_FILE_BYTES)
        except OSError:
            return None
        if sha256(content).hexdigest()[: len(digest)].upper() != digest:
            return None
        self._contents[name] = content
        return content

    def _digest(self, name: str) -> str | None:
        """Return the digest that a file must have. Return None if it is no file of the cards."""
        if name == LOADER:
            return self._loader_digest
        match = _NAME.fullmatch(name)
        return match[1] if match else None
