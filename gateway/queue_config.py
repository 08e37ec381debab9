"""The table [queue] of the configuration: the file of the frame queue, and its maximum size."""

from pathlib import Path

from .config_table import ConfigTable

_DEFAULT_MEGABYTES = 256
_MEGABYTE_BYTES = 1024 * 1024


def read_queue(table: ConfigTable, folder: Path) -> tuple[Path, int]:
    """Return the path of the queue's file, and its maximum size in bytes.

    A relative path starts at `folder`. Raises ConfigError for a wrong value.
    """
    path = folder / table.take_text("path", "smarty-p1-queue.sqlite3")
    megabytes = table.take("max_megabytes", int, _DEFAULT_MEGABYTES)
    if megabytes < 1:
        table.fail("max_megabytes", "must be 1 or more")
    table.end()
    return path, megabytes * _MEGABYTE_BYTES
