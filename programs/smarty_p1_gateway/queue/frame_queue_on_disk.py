"""Queue of encrypted frames in an SQLite file: ordered, persistent, bounded in bytes.

A damaged file is renamed to `.damaged`.
"""

import fcntl
import logging
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import NamedTuple

from smartyp1.p1.frame_header import title_text

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
CREATE TABLE IF NOT EXISTS titles (title BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS memory (name TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
"""
# Errors that are not a sign of damage to the file: no space, no permission, use by another process,
# no memory, or a failed read or write. A file that ends too early is an exception.
_NO_DAMAGE = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_IOERR,
}


def _as_text(stored: bytes) -> str:
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
        if code & 0xFF in _NO_DAMAGE and code != sqlite3.SQLITE_IOERR_SHORT_READ:
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
    # Raise OSError now if the file cannot be written. SQLite would notice this only at a later
    # statement. `open_file` would take that error for a damaged file, and rename the file.
    with path.open("ab"):
        pass
    database = sqlite3.connect(path)
    database.text_factory = _as_text
    try:
        database.executescript(_SETTINGS)
        with closing(database.execute("PRAGMA integrity_check(1)")) as result:
            if result.fetchone() != ("ok",):
                raise _damage()
    except UnicodeDecodeError:
        # SQLite's error message quotes a part of the damaged file, and the quoted bytes are not
        # valid text. So a UnicodeDecodeError means that the file is damaged.
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


# Approximate number of bytes that a row of the database takes in addition to its frame.
_ROW_SIZE = 64
# A frame's number consists of the number of its sub-queue and of a sequential number. The
# sequential number takes the lowest _BITS bits. So one index orders all frames, and a write changes
# few pages of the file, which spares memory cards.
_BITS = 40
# A frame that is removed from the queue is deleted from the disk later: when a frame is added, when
# a sub-queue has _SOME removed frames, or when the queue is closed. After more than _MANY
# deletions, the file is made smaller.
_SOME = 16
_MANY = 100
# First bytes of an encrypted frame: general-glo-ciphering, and the length of its system title.
_FRAME_START = b"\xdb\x08"
# Number of bytes that the queue leaves free on the disk. SQLite needs space to delete frames, so on
# a full disk, the queue could never become smaller again.
_FREE_BYTES = 8 * 1024 * 1024
# Maximum number of system titles that a port can set aside. The frames of such a title wait in a
# sub-queue of their own, because NATS does not accept them now. A port has one meter, which may be
# replaced. Further titles are noise or forged.
_MAX_TITLES = 4
# A title with fewer frames that are set aside is probably noise. For example, ciphertext looks like
# the header of a short frame about once in four days.
MIN_METER_FRAMES = 3
_ASIDE = re.compile(r"(.+) ([0-9A-F]{16})", re.DOTALL)


class QueueInUseError(Exception):
    """Error for a queue that another process has locked."""


class NewFrame(NamedTuple):
    """New frame. `port` is the label of its P1 port, `topic` its MQTT topic."""

    port: str
    topic: str
    data: bytes


class WaitingFrame(NamedTuple):
    """Frame in the queue. `number` identifies it."""

    number: int
    topic: str
    data: bytes


class _Port:
    """Sub-queue of a port: either its main sub-queue, or the sub-queue of one system title.

    The sub-queue of a system title has the frames that are set aside, because NATS does not accept
    them now. Frames up to the number `done` are removed from the sub-queue, but perhaps not yet
    deleted from the disk.
    """

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
        """Read the count, the size and the highest number of the frames from the disk."""
        self.length: int
        self.length, size, last = database.execute(
            "SELECT count(*), sum(length(data)), max(number) FROM frames"
            " WHERE number > ? AND number < ?",
            (self.first, self.end),
        ).fetchone()
        self.size: int = (size or 0) + self.length * _ROW_SIZE
        self.last: int = last or self.first

    def forget(self, number: int, size: int) -> bool:
        """Remove the frame `number`, which is the oldest frame. `size` is its size in bytes.

        Return False if this frame was removed before.
        """
        if number <= self.done:
            return False
        self.done = number
        self.undeleted += 1
        self.length -= 1
        self.size -= size + _ROW_SIZE
        return True


class FrameQueue:
    """Queue of the frames of all P1 ports. Its methods wait for the disk: call them in one thread.

    Each port may fill an equal share of `most_bytes`. Beyond that, the port's oldest frames are
    dropped. If the frames of a system title cannot be published now, they are set aside in a
    sub-queue of their own. Frames that are set aside are dropped first.
    """

    def __init__(
        self, path: Path, ports: Sequence[str], most_bytes: int, titles: Collection[bytes] = ()
    ) -> None:
        """Open the queue. Move the frames of ports that are not in `ports` to the ports in `ports`.

        `titles` has the configured system titles. Frames of a title that was configured before, and
        is not configured now, are dropped. Raises QueueInUseError, OSError and sqlite3.Error.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._directory = path.parent
        self._share = most_bytes // len(ports)
        self._freed = 0
        # Sub-queues whose removed frames are still on the disk.
        self._undeleted: set[_Port] = set()
        with ExitStack() as opened:
            lock = opened.enter_context(path.with_name(path.name + ".lock").open("a"))
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise QueueInUseError from None
            self._database = opened.enter_context(closing(open_file(path)))
            with self._database:
                self._drop_removed_titles(titles)
                self._ports = {label: _Port(self._database, label) for label in ports}
                self._aside: dict[str, dict[str, _Port]] = {label: {} for label in ports}
                self._adopt()
            self._files = opened.pop_all()

    def _drop_removed_titles(self, titles: Collection[bytes]) -> None:
        """Drop the frames of titles that are no longer configured, and remember `titles`.

        Without `titles`, do nothing.

        A removed title is usually that of a tenant who has left. Its frames must not be published
        later as frames of another port. A title that was never configured is a mistake in the
        configuration, so its frames stay.
        """
        if not titles:
            return
        known = {row[0] for row in self._database.execute("SELECT title FROM titles")}
        for title in sorted(known.difference(titles)):
            count = self._database.execute(
                "DELETE FROM frames WHERE substr(data, 1, 10) = ?", (_FRAME_START + title,)
            ).rowcount
            self._freed += count
            if count:
                text = "%d waiting frames of %s are dropped: no [[port]] has this title any more"
                LOGGER.warning(text, count, title_text(title))
        self._database.execute("DELETE FROM titles")
        self._database.executemany(
            "INSERT INTO titles VALUES (?)", [(title,) for title in set(titles)]
        )

    def _adopt(self) -> None:
        """Load the sub-queues of frames that are set aside.

        If a port is no longer in the configuration, move its frames to the configured port that has
        the fewest bytes at that moment. So the frames of several removed ports are divided among
        the configured ports. A single port could not keep all these frames within its share.
        """
        rows = self._database.execute("SELECT number, label FROM ports").fetchall()
        for number, label in rows:
            match = _ASIDE.fullmatch(label)
            if label in self._ports:
                continue
            if match and match[1] in self._aside:
                self._aside[match[1]][match[2]] = _Port(self._database, label)
            else:
                gone = _Port(self._database, label)
                heir = min(self._ports.values(), key=lambda port: port.size)
                self._database.execute(
                    "UPDATE frames SET number = number + ? WHERE number > ? AND number < ?",
                    (heir.last - gone.first, gone.first, gone.end),
                )
                self._database.execute("DELETE FROM ports WHERE number = ?", (number,))
                heir.read(self._database)

    def _parts(self, port: str) -> list[_Port]:
        """Return the sub-queues of a port. The main sub-queue comes last."""
        return [*self._aside[port].values(), self._ports[port]]

    def length(self, port: str) -> int:
        """Return the number of a port's frames, including frames that are set aside."""
        return sum(part.length for part in self._parts(port))

    def size(self, port: str) -> int:
        """Return the approximate size of a port's frames in bytes, including frames set aside."""
        return sum(part.size for part in self._parts(port))

    def titles_aside(self, port: str, min_frames: int = 0) -> tuple[str, ...]:
        """Return a port's system titles whose frames are set aside, because NATS refuses them.

        Leave out the titles with fewer than `min_frames` frames.
        """
        # The event loop calls this method, and the queue's thread may change the dict at the same
        # time. So copy the dict first, in one step.
        parts = tuple(self._aside[port].items())
        return tuple(title for title, part in parts if part.length >= min_frames)

    def length_aside(self, port: str) -> int:
        """Return the number of a port's frames that are set aside, because NATS refuses them."""
        return self.length(port) - self._ports[port].length

    def last_topic(self, port: str) -> str | None:
        """Return the MQTT topic of a port's newest frame. Return None if the port has no frames."""
        row = self._database.execute(
            "SELECT topic FROM frames WHERE number = ?", (self._ports[port].last,)
        ).fetchone()
        return row and str(row[0])

    def add_frames(self, frames: Sequence[NewFrame]) -> Counter[str]:
        """Add all frames in order, or none. Return the number of dropped frames of each port.

        Raises sqlite3.Error if the disk fails or is nearly full.
        """
        if shutil.disk_usage(self._directory).free < _FREE_BYTES:
            self._write()
            raise sqlite3.OperationalError(
                f"less than {_FREE_BYTES // 1024**2} MiB of the disk are free"
            )
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
        return +Counter({label: self._make_room(label) for label in last})

    def _write(self, rows: Iterable[tuple[int, str, bytes]] = ()) -> None:
        """Delete the removed frames from the disk, and add `rows`.

        Both happen in one transaction, so that fewer pages are written.
        """
        with self._database:
            for port in self._undeleted:
                self._freed += self._database.execute(
                    "DELETE FROM frames WHERE number > ? AND number <= ?", (port.first, port.done)
                ).rowcount
            if self._freed > _MANY:
                self._freed = 0
                self._database.execute("PRAGMA incremental_vacuum").fetchall()
            self._database.executemany("INSERT INTO frames VALUES (?, ?, ?)", rows)
        # Reset the counters only after the transaction. If it fails, the removed frames stay on the
        # disk and must still count.
        for port in self._undeleted:
            port.undeleted = 0
        self._undeleted.clear()

    def _make_room(self, label: str) -> int:
        excess = self.size(label) - self._share
        count = 0
        for part in self._parts(label):
            if excess <= 0:
                break
            before = part.size
            for number, size in self._database.execute(
                "SELECT number, length(data) FROM frames WHERE number > ? AND number < ?"
                " ORDER BY number",
                (part.done, part.end),
            ):
                if before - part.size >= excess:
                    break
                count += self._forget(part, number, size)
            excess -= before - part.size
        return count

    def _forget(self, part: _Port, number: int, size: int) -> bool:
        is_gone = part.forget(number, size)
        if is_gone:
            self._undeleted.add(part)
        return is_gone

    def oldest(self, port: str, count: int, title: str | None = None) -> list[WaitingFrame]:
        """Return up to `count` of the oldest frames of a port.

        If `title` is a system title, return only frames that are set aside for this title.
        """
        part = self._part(port, title)
        if part is None:
            return []
        rows = self._database.execute(
            "SELECT number, topic, data FROM frames WHERE number > ? AND number < ?"
            " ORDER BY number LIMIT ?",
            (part.done, part.end, count),
        )
        return [WaitingFrame(*row) for row in rows]

    def _part(self, port: str, title: str | None) -> _Port | None:
        return self._ports[port] if title is None else self._aside[port].get(title)

    def set_aside(self, port: str, title: str, frame: WaitingFrame) -> int:
        """Move the oldest frame of a port to the sub-queue of its system title.

        If the port would have more than _MAX_TITLES such sub-queues, delete the smallest of them.
        Return the number of frames in the deleted sub-queue. Return 0 if no sub-queue was deleted,
        or if it had fewer than MIN_METER_FRAMES frames, which are probably noise. Raises
        sqlite3.Error.
        """
        queue, aside = self._ports[port], self._aside[port]
        if frame.number <= queue.done:
            return 0
        gone = None
        if title not in aside and len(aside) >= _MAX_TITLES:
            # Delete the sub-queue with the fewest frames. A meter sends many frames with its system
            # title, but noise seldom contains the same title twice. So this title is probably
            # noise.
            gone = min(aside, key=lambda name: aside[name].length)
        with self._database:
            if gone is not None:
                self._delete(aside[gone])
            part = aside.get(title) or _Port(self._database, f"{port} {title}")
            self._database.execute(
                "UPDATE frames SET number = ? WHERE number = ?", (part.last + 1, frame.number)
            )
        aside[title] = part
        if gone is not None:
            self._undeleted.discard(aside[gone])
        self._forget(queue, frame.number, len(frame.data))
        part.last += 1
        part.length += 1
        part.size += len(frame.data) + _ROW_SIZE
        lost = aside.pop(gone).length if gone is not None else 0
        return lost if lost >= MIN_METER_FRAMES else 0

    def end_aside(self, port: str, title: str) -> None:
        """Delete the sub-queue for the frames of `title` that were set aside, if it is empty."""
        part = self._aside[port].get(title)
        if part is None or part.length:
            return
        # Ignore a failure of the disk, because a later call of this method tries again.
        with suppress(sqlite3.Error):
            with self._database:
                self._delete(part)
            self._undeleted.discard(part)
            del self._aside[port][title]

    def _delete(self, part: _Port) -> None:
        number = part.first >> _BITS
        span = part.first, part.end
        self._database.execute("DELETE FROM frames WHERE number > ? AND number < ?", span)
        self._database.execute("DELETE FROM ports WHERE number = ?", (number,))

    def remove(self, port: str, frames: Iterable[WaitingFrame], title: str | None = None) -> None:
        """Remove frames that `oldest` returned. Ignore frames that are removed or were never here.

        Removed frames leave the disk when a frame is added, or when there are _SOME removed frames.
        If the program is killed before that, the frames are in the queue again. Receivers with the
        key expect such repetitions.
        """
        part = self._part(port, title)
        if part is None:
            return
        for frame in frames:
            self._forget(part, frame.number, len(frame.data))
        if part.undeleted >= _SOME:
            # Ignore a failure of the disk, because a later call of this method tries again.
            with suppress(sqlite3.Error):
                self._write()

    def contents(self) -> dict[str, str]:
        """Return the other contents of the file by name, as `store_contents` has stored them."""
        return dict(self._database.execute("SELECT name, content FROM memory").fetchall())

    def store_contents(self, contents: Iterable[tuple[str, str]]) -> None:
        """Store contents that are no frames, by name. Raises sqlite3.Error."""
        with self._database:
            self._database.executemany("INSERT OR REPLACE INTO memory VALUES (?, ?)", contents)

    def close(self) -> None:
        """Delete the removed frames from the disk, and close the queue. Raises sqlite3.Error."""
        try:
            self._write()
        finally:
            self._files.close()
