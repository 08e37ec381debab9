"""SQLite file of the frame queue. A damaged file is renamed to `.damaged`."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

LOGGER = logging.getLogger(__name__)

# If the process is killed, no committed frame is lost. A power cut may lose the latest frames. To
# prevent that, each transaction would need a sync, which is slow and wears memory cards out.
_SETTINGS = """
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA journal_size_limit = 4194304;
CREATE TABLE IF NOT EXISTS ports (number INTEGER PRIMARY KEY, label TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS frames (
    number INTEGER PRIMARY KEY, topic TEXT NOT NULL, data BLOB NOT NULL
);
"""
# Errors after which the file is still intact: no space, no permission, use by another process.
_NO_DAMAGE = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_IOERR,
}
_UNREADABLE = {sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ}


def as_text(stored: bytes) -> str:
    """Return a text that is stored in the database. Damaged bytes become replacement characters."""
    return stored.decode(errors="replace")


def open_file(path: Path) -> sqlite3.Connection:
    """Open the database. If the file is damaged, rename it and create a new one.

    So the gateway starts even with a damaged file.
    """
    try:
        return _connect(path)
    except sqlite3.DatabaseError as err:
        code = err.sqlite_errorcode
        if code & 0xFF in _NO_DAMAGE and code not in _UNREADABLE:
            raise
        LOGGER.error("%s is damaged; it is kept as %s.damaged", path, path)  # noqa: TRY400
    for suffix in ("", "-wal", "-shm"):
        file = path.with_name(path.name + suffix)
        if file.exists():
            file.replace(path.with_name(f"{path.name}.damaged{suffix}"))
    return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    # Only the owner may read the file, because its frames contain a household's consumption.
    path.touch(mode=0o600)
    with path.open("ab"):
        pass  # opening an unwritable file raises OSError, which does not count as damage
    database = sqlite3.connect(path)
    database.text_factory = as_text
    try:
        database.executescript(_SETTINGS)
        with closing(database.execute("PRAGMA integrity_check(1)")) as result:
            if result.fetchone() != ("ok",):
                raise _damage()
    except UnicodeDecodeError:  # SQLite's error message quotes damaged, undecodable text
        database.close()
        raise _damage() from None
    except sqlite3.Error:
        database.close()
        raise
    return database


def _damage() -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError("the check found damage")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error
