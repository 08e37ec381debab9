"""The meters' keys: from a file that its owner alone can read, or from a command."""

import logging
import os
import re
import selectors
import signal
import stat
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, override

from smartyp1.p1 import DEFAULT_AUTHENTICATION_KEY

from .config_table import ConfigError, ConfigTable, UnavailableError, expand

LOGGER = logging.getLogger(__name__)

MOST_LINES = 1_000_000
MOST_BYTES = 64 * 1024 * 1024
_COMMAND_TIMEOUT = 30.0
_KEY_SIZE = 16
_EVERY_METER = "*"
_TITLE = re.compile(r"[0-9A-Fa-f]{16}")
_KEY = re.compile(r"[0-9A-Fa-f]{32}")
_LINES_SHOWN = 3


class _KeysError(Exception):
    """The keys cannot be read; the text says why, and nothing of them."""


@dataclass(frozen=True, slots=True)
class MeterKeys:
    """The keys of a meter, 16 bytes each."""

    encryption: bytes = field(repr=False)
    authentication: bytes = field(default=DEFAULT_AUTHENTICATION_KEY, repr=False)


class Keys:
    """The keys of meters by system title."""

    def __init__(
        self,
        by_title: Mapping[bytes, bytes],
        otherwise: bytes | None,
        second: Mapping[bytes, bytes] | None = None,
    ) -> None:
        """Take keys as they stand one behind the other: 16 or 32 bytes.

        `second` has those of a second line for the same title.
        """
        # As bytes: a country has 300,000 meters.
        self._by_title = by_title
        self._otherwise = otherwise
        self._second = second or {}

    @property
    def count(self) -> int:
        """Return how many meters are named."""
        return len(self._by_title)

    @override
    def __repr__(self) -> str:
        every = " and every other" if self._otherwise else ""
        return f"<Keys of {len(self._by_title)} meters{every}>"

    def of(self, system_title: bytes) -> MeterKeys | None:
        """Return the keys of the meter with a system title of 8 bytes, None without any."""
        joined = self._by_title.get(system_title, self._otherwise)
        return None if joined is None else _separate(joined)

    def all_of(self, system_title: bytes) -> tuple[MeterKeys, ...]:
        """Return the keys of each line of a meter, in their order: none, one or two."""
        first, second = self.of(system_title), self._second.get(system_title)
        if first is None:
            return ()
        return (first,) if second is None else (first, _separate(second))


def _separate(joined: bytes) -> MeterKeys:
    encryption, authentication = joined[:_KEY_SIZE], joined[_KEY_SIZE:]
    return MeterKeys(encryption, authentication or DEFAULT_AUTHENTICATION_KEY)


@dataclass(frozen=True, slots=True)
class KeysSource:
    """Where keys are read from, at the start and again later: a file, or else a command.

    With `may_change`, a meter may have two lines, of which one has its next key.
    """

    file: Path | None
    command: tuple[str, ...]
    may_change: bool = False

    def read(self) -> Keys:
        """Return the keys. Raises ConfigError, which says nothing of them."""
        try:
            content = _read_file(self._place) if self._place else _read_output(self.command)
            return _parse(content, may_change=self.may_change)
        except _KeysError as err:
            if self.file:
                msg = f"[keys] file {err}"
                raise ConfigError(msg) from None
            # What it asks may be away.
            msg = f"[keys] command {err}"
            raise UnavailableError(msg) from None

    def signature(self) -> tuple[object, ...] | None:
        """Return what is another one when the file has changed, None when it cannot be asked."""
        try:
            if self._place:
                status = self._place.stat()
                return self._place, status.st_ino, status.st_size, status.st_mtime_ns
        except OSError:
            pass
        return None

    @property
    def _place(self) -> Path | None:
        """Return the file, or what has come for it since.

        systemd hands out credentials at the start only. What a reload of its unit brings is in
        another directory, which is empty at the start.
        """
        file = self.file
        credentials, runtime = map(os.environ.get, ("CREDENTIALS_DIRECTORY", "RUNTIME_DIRECTORY"))
        if file and credentials and runtime and file.parent == Path(credentials):
            newer = Path(runtime) / file.name
            return newer if newer.exists() else file
        return file


def read_keys_source(table: ConfigTable, *, may_change: bool = False) -> KeysSource | None:
    """Return what a table `[keys]` names, None when it names nothing. Raises ConfigError."""
    file = table.take_text("file")
    command = table.take_texts("command")
    if file and command:
        table.fail("file", "and command are both there: one of them is enough")
    if not file and not command:
        return None
    return KeysSource(expand(table, "file", file) if file else None, command, may_change)


def read_keys(table: ConfigTable) -> Keys | None:
    """Return the keys that a table `[keys]` names, None when it names none. Raises ConfigError."""
    source = read_keys_source(table)
    return source.read() if source else None


def _read_file(path: Path) -> bytes:
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                msg = "is no regular file"
                raise _KeysError(msg)
            if status.st_mode & _forbidden_bits(path, status):
                msg = "may be read or written by others than its owner: chmod 600 it"
                raise _KeysError(msg)
            return _read(file)
    except OSError as err:
        msg = f"cannot be read: {err.strerror}"
        raise _KeysError(msg) from None


def _open_at_once(path: str, flags: int) -> int:
    # A pipe is refused, and not waited for.
    return os.open(path, flags | os.O_NONBLOCK)


def _forbidden_bits(path: Path, status: os.stat_result) -> int:
    """Return the permissions that a file of keys must not have.

    A credential of systemd is root's, mode 0400, with an access list that lets the service's user
    read it. The mode shows that list's mask in the bits of the group: 0440.
    """
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if directory and status.st_uid == 0 and path.parent == Path(directory):
        return stat.S_IWGRP | stat.S_IXGRP | stat.S_IRWXO
    return stat.S_IRWXG | stat.S_IRWXO


def _read_output(command: Sequence[str]) -> bytes:
    try:
        process = subprocess.Popen(  # noqa: S603 - it is the operator's own
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            # Whatever goes wrong with keys is better not logged.
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as err:
        msg = f"cannot be run: {err.strerror}"
        raise _KeysError(msg) from None
    assert process.stdout is not None  # noqa: S101 - a pipe
    end = time.monotonic() + _COMMAND_TIMEOUT
    try:
        with process.stdout:
            text = _read_until(process.stdout, end)
        status = process.wait(end - time.monotonic())
    except BaseException as err:
        # With whatever it started.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if isinstance(err, TimeoutError | subprocess.TimeoutExpired):
            msg = f"did not end within {_COMMAND_TIMEOUT:.0f} seconds"
            raise _KeysError(msg) from None
        raise
    if status:
        msg = f"failed with status {status}"
        raise _KeysError(msg)
    return text


def _read_until(pipe: IO[bytes], end: float) -> bytes:
    """Read all, however long others keep the pipe open. Raises TimeoutError."""
    text = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while selector.select(max(0.0, end - time.monotonic())):
            part = os.read(pipe.fileno(), 64 * 1024)
            if not part:
                return bytes(text)
            text += part
            _check_size(text)
    raise TimeoutError


def _read(file: IO[bytes]) -> bytes:
    text = file.read(MOST_BYTES + 1)
    _check_size(text)
    return text


def _check_size(text: bytes | bytearray) -> None:
    if len(text) > MOST_BYTES:
        msg = f"has more than {MOST_BYTES // 1024**2} MiB"
        raise _KeysError(msg)


def _parse(content: bytes, *, may_change: bool) -> Keys:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        msg = "is no text in UTF-8"
        raise _KeysError(msg) from None
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        msg = f"has more than {MOST_LINES:,} lines"
        raise _KeysError(msg)
    # The empty title is that of every other meter.
    by_title: dict[bytes, bytes] = {}
    second: dict[bytes, bytes] = {}
    published: list[int] = []
    for number, title, keys in _entries(lines):
        if keys[:_KEY_SIZE] == DEFAULT_AUTHENTICATION_KEY:
            published.append(number)
        if title not in by_title:
            by_title[title] = keys
            continue
        if not may_change or not title:
            msg = f"line {number}: its meter stands on an earlier line, too"
            raise _KeysError(msg)
        _check_second(number, by_title[title], second.get(title), keys)
        second[title] = keys
    if not by_title:
        msg = "has no key in it"
        raise _KeysError(msg)
    if published:
        _warn_of_published(published)
    otherwise = by_title.pop(b"", None)
    return Keys(by_title, otherwise, second)


def _check_second(number: int, first: bytes, second: bytes | None, keys: bytes) -> None:
    """Raise _KeysError when a line cannot be the second one of its meter."""
    if second is not None:
        msg = f"line {number}: its meter stands on two earlier lines: remove the oldest key"
    elif first[:_KEY_SIZE] == keys[:_KEY_SIZE]:
        msg = f"line {number}: its meter stands on an earlier line with the same key"
    else:
        return
    raise _KeysError(msg)


def _warn_of_published(lines: Sequence[int]) -> None:
    # The file is not refused: the other meters of it go on.
    shown = ", ".join(map(str, lines[:_LINES_SHOWN]))
    more = f" and {len(lines) - _LINES_SHOWN:,} more" if len(lines) > _LINES_SHOWN else ""
    LOGGER.warning(
        "[keys] line%s %s%s: the encryption key there is the published authentication key, which is"
        " the same for all meters and decrypts nothing: enter the one of the operator's letter",
        "s" if len(lines) > 1 else "",
        shown,
        more,
    )


def _entries(lines: Iterable[str]) -> Iterable[tuple[int, bytes, bytes]]:
    """Yield number, title (empty for every meter) and keys, one behind the other, of each line."""
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        title, *keys = words
        if title != _EVERY_METER and not _TITLE.fullmatch(title):
            msg = f"line {number}: it must begin with a system title, 16 hexadecimal digits, or *"
            raise _KeysError(msg)
        if len(keys) not in {1, 2} or not all(map(_KEY.fullmatch, keys)):
            msg = f"line {number}: one or two keys must follow, 32 hexadecimal digits each"
            raise _KeysError(msg)
        yield (
            number,
            b"" if title == _EVERY_METER else bytes.fromhex(title),
            bytes.fromhex("".join(keys)),
        )
