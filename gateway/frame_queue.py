"""Frames that wait for the broker, on disk: in order, over restarts, and bounded in bytes."""

import fcntl
import logging
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

LOGGER = logging.getLogger(__name__)

# What a row costs beside the frame, about.
_ROW_SIZE = 64
# A frame's number is that of its port, and which one of the port it is. So one small tree holds all
# of them in order: to add and remove a frame writes few pages, for memory cards wear out.
_BITS = 40
# So many that are gone leave the disk at once, although none is added; and so many leave a file
# that is worth making smaller.
_SOME = 16
_MANY = 100
# A process that is killed loses nothing that was committed. Only when the whole machine loses its
# power, what was written in the last moments may be lost; to wait for the disk each time would be
# slow, and wear cards out, too.
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


# What keeps SQLite from a file that is as it should be: no room, no permission, somebody else.
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


class QueueInUseError(Exception):
    """Another process has this queue."""


class NewFrame(NamedTuple):
    """A frame to wait: the port that it came from, where it is to be published, and its bytes."""

    port: str
    topic: str
    data: bytes


class WaitingFrame(NamedTuple):
    """A frame that waits, and the number to remove it by."""

    number: int
    topic: str
    data: bytes


class _Port:
    """What waits of one port. What has a number up to `done` is gone, if not yet from the disk."""

    def __init__(self, database: sqlite3.Connection, label: str) -> None:
        find = "SELECT number FROM ports WHERE label = ?"
        row = database.execute(find, (label,)).fetchone()
        if row is None:
            database.execute("INSERT INTO ports (label) VALUES (?)", (label,))
            row = database.execute(find, (label,)).fetchone()
        number: int = row[0]
        self.first = number << _BITS
        self.end = number + 1 << _BITS
        self.done = self.first
        self.undeleted = 0
        self.read(database)

    def read(self, database: sqlite3.Connection) -> None:
        """Find out what waits on disk."""
        self.length: int
        self.length, size, last = database.execute(
            "SELECT count(*), sum(length(data)), max(number) FROM frames"
            " WHERE number > ? AND number < ?",
            (self.first, self.end),
        ).fetchone()
        self.size: int = (size or 0) + self.length * _ROW_SIZE
        self.last: int = last or self.first

    def forget(self, number: int, size: int) -> bool:
        """Note that the oldest frame is gone; return whether it was there."""
        if number <= self.done:
            return False
        self.done = number
        self.undeleted += 1
        self.length -= 1
        self.size -= size + _ROW_SIZE
        return True


class FrameQueue:
    """The frames that wait, of all ports. To be used from one thread, for it waits for the disk.

    Each port may fill its share of `most_bytes`, and loses its own oldest frames beyond that.
    """

    def __init__(self, path: Path, ports: Sequence[str], most_bytes: int) -> None:
        """Open the queue, and give the frames of ports that are gone to the first one.

        Raises QueueInUseError, OSError and sqlite3.Error.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = path.with_name(path.name + ".lock").open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise QueueInUseError from None
        self._share = most_bytes // len(ports)
        self._freed = 0
        self._database = _open(path)
        with self._database:
            self._ports = {label: _Port(self._database, label) for label in ports}
            self._adopt(self._ports[ports[0]])

    def _adopt(self, heir: _Port) -> None:
        """Give the frames of ports that are gone to one that is there."""
        known = self._database.execute("SELECT number, label FROM ports").fetchall()
        for number, label in known:
            if label not in self._ports:
                gone = _Port(self._database, label)
                self._database.execute(
                    "UPDATE frames SET number = number + ? WHERE number > ? AND number < ?",
                    (heir.last - gone.first, gone.first, gone.end),
                )
                self._database.execute("DELETE FROM ports WHERE number = ?", (number,))
                heir.read(self._database)

    def length(self, port: str) -> int:
        """Return how many frames of a port wait."""
        return self._ports[port].length

    def size(self, port: str) -> int:
        """Return how many bytes the frames of a port take, about."""
        return self._ports[port].size

    def last_topic(self, port: str) -> str | None:
        """Return the topic of the youngest frame of a port."""
        row = self._database.execute(
            "SELECT topic FROM frames WHERE number = ?", (self._ports[port].last,)
        ).fetchone()
        return row and str(row[0])

    def add(self, frames: Sequence[NewFrame]) -> Counter[str]:
        """Add frames, in order, all or none; return how many older ones went, by port."""
        last = {label: self._ports[label].last for label in {frame.port for frame in frames}}
        rows = []
        for frame in frames:
            last[frame.port] += 1
            rows.append((last[frame.port], frame.topic, frame.data))
        self._write(rows)
        for frame in frames:
            port = self._ports[frame.port]
            port.length += 1
            port.size += len(frame.data) + _ROW_SIZE
            port.last = last[frame.port]
        return +Counter({label: self._make_room(self._ports[label]) for label in last})

    def _write(self, rows: Iterable[tuple[int, str, bytes]] = ()) -> None:
        """Delete what is gone, and add: together, for that writes the same pages."""
        with self._database:
            for port in self._ports.values():
                if port.undeleted:
                    self._freed += self._database.execute(
                        "DELETE FROM frames WHERE number > ? AND number <= ?",
                        (port.first, port.done),
                    ).rowcount
            if self._freed > _MANY:
                self._freed = 0
                self._database.execute("PRAGMA incremental_vacuum").fetchall()
            self._database.executemany("INSERT INTO frames VALUES (?, ?, ?)", rows)
        # Not before: what could not be written is there again.
        for port in self._ports.values():
            port.undeleted = 0

    def _make_room(self, port: _Port) -> int:
        if port.size <= self._share:
            return 0
        count = 0
        for number, size in self._database.execute(
            "SELECT number, length(data) FROM frames WHERE number > ? AND number < ?"
            " ORDER BY number",
            (port.done, port.end),
        ):
            if port.size <= self._share:
                break
            count += port.forget(number, size)
        return count

    def oldest(self, port: str, count: int) -> list[WaitingFrame]:
        """Return the oldest frames of a port."""
        rows = self._database.execute(
            "SELECT number, topic, data FROM frames WHERE number > ? AND number < ?"
            " ORDER BY number LIMIT ?",
            (self._ports[port].done, self._ports[port].end, count),
        )
        return [WaitingFrame(*row) for row in rows]

    def remove(self, port: str, frames: Iterable[WaitingFrame]) -> None:
        """Remove the oldest frames of a port; those that are gone already do not matter.

        They leave the disk with the next one that is added, or when they are some. Until then a
        kill brings them back, and they come twice: that is refused where the key is.
        """
        for frame in frames:
            self._ports[port].forget(frame.number, len(frame.data))
        if self._ports[port].undeleted >= _SOME:
            # A disk that cannot be written now is tried again.
            with suppress(sqlite3.Error):
                self._write()

    def close(self) -> None:
        """Close the queue."""
        try:
            self._write()
        finally:
            self._database.close()
            self._lock.close()


def as_text(stored: bytes) -> str:
    """Return a text of the file, whatever has become of it."""
    return stored.decode(errors="replace")


def _open(path: Path) -> sqlite3.Connection:
    """Open the database; put one that is damaged aside, for a gateway must start."""
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
    # What a household uses is nobody else's business.
    path.touch(mode=0o600)
    with path.open("ab"):
        pass  # one that may not be written is not damaged
    database = sqlite3.connect(path)
    database.text_factory = as_text
    try:
        database.executescript(_SETTINGS)
        with closing(database.execute("PRAGMA integrity_check(1)")) as result:
            if result.fetchone() != ("ok",):
                raise _damage()
    except UnicodeDecodeError:  # in the message of an error
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
