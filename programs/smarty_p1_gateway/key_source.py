"""Source of the meters' keys: a file that only its owner can read, or a command."""

import os
import selectors
import signal
import stat
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .config_table import (
    TEXTS,
    ConfigTable,
    WrongValueError,
    expanded_path,
    file_state,
    raise_config_error,
    raise_unavailable,
    refuse,
)
from .key_file import Keys, parse_keys

MAX_BYTES = 64 * 1024 * 1024
_COMMAND_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class KeysSource:
    """File or command that provides the keys, at the start and at each reload.

    With `may_change`, a meter may have two lines: the current key and the next key.
    """

    file: Path | None
    command: tuple[str, ...]
    may_change: bool

    def read_keys(self) -> Keys:
        """Return the keys. Raises ConfigError, whose text contains no key."""
        try:
            content = _read_file(self._place) if self._place else _read_output(self.command)
            return parse_keys(content, may_change=self.may_change)
        except WrongValueError as err:
            if self.file:
                raise_config_error(f"[keys] file {err}")
            # The command may get the keys from a server that is unavailable now. A later attempt
            # may succeed, so raise UnavailableError.
            raise_unavailable(f"[keys] command {err}")

    def signature(self) -> tuple[object, ...] | None:
        """Return values that change whenever the file changes.

        Return None for a command or for an unreadable file.
        """
        place = self._place
        state = file_state(place) if place else None
        return None if state is None else (place, *state)

    @property
    def _place(self) -> Path | None:
        """Return the path of the key file, or of its newer copy after a reload.

        systemd copies a credential only when the service starts. A reload of the unit copies the
        new file into RuntimeDirectory, which is empty until then.
        """
        file = self.file
        credentials, runtime = map(os.environ.get, ("CREDENTIALS_DIRECTORY", "RUNTIME_DIRECTORY"))
        if file and credentials and runtime and file.parent == Path(credentials):
            newer = Path(runtime) / file.name
            return newer if newer.exists() else file
        return file


def read_keys_source(table: ConfigTable, *, may_change: bool) -> KeysSource:
    """Return the source of keys in the table `[keys]`. Raises ConfigError."""
    file, command = table.take_value("file", expanded_path), table.take_value("command", TEXTS, [])
    if file and command:
        table.fail("file", "and command are both there: one of them is enough")
    if not file and not command:
        table.end()  # the message names a key that is typed wrong
        table.fail("file", "is missing: the file with the meters' keys; or use command")
    return KeysSource(file, tuple(command), may_change)


def _read_file(path: Path) -> bytes:
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                refuse("is no regular file")
            if status.st_mode & _forbidden_bits(path, status):
                refuse("may be read or written by others than its owner: chmod 600 it")
            text = file.read(MAX_BYTES + 1)
            _check_size(text)
            return text
    except OSError as err:
        refuse(f"cannot be read: {err.strerror}")


def _open_at_once(path: str, flags: int) -> int:
    # With O_NONBLOCK, opening a named pipe does not wait for a writer. The caller then refuses the
    # pipe.
    return os.open(path, flags | os.O_NONBLOCK)


def _forbidden_bits(path: Path, status: os.stat_result) -> int:
    """Return the permission bits that a key file must not have.

    A systemd credential belongs to root, and an access control list allows the service's user to
    read it. The operating system shows the mask of this list as the group's bits of the mode. So
    the bit for reading by the group is set although the group may not read the file. For a
    credential, this bit is allowed.
    """
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if directory and status.st_uid == 0 and path.parent == Path(directory):
        return stat.S_IWGRP | stat.S_IXGRP | stat.S_IRWXO
    return stat.S_IRWXG | stat.S_IRWXO


def _read_output(command: Sequence[str]) -> bytes:
    try:
        process = subprocess.Popen(  # noqa: S603 - the operator has configured the command
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            # The command's error output may contain keys, so discard it.
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as err:
        refuse(f"cannot be run: {err.strerror}")
    assert process.stdout is not None  # noqa: S101 - Popen was called with a pipe
    end = time.monotonic() + _COMMAND_TIMEOUT_S
    try:
        with process.stdout:
            text = _read_until(process.stdout, end)
        status = process.wait(end - time.monotonic())
    except BaseException as err:
        # Kill the command and also the processes that it has started.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if isinstance(err, TimeoutError | subprocess.TimeoutExpired):
            refuse(f"did not end within {_COMMAND_TIMEOUT_S:.0f} seconds")
        raise
    if status:
        refuse(f"failed with status {status}")
    return text


def _read_until(pipe: IO[bytes], end: float) -> bytes:
    """Return all output of a pipe. Raises TimeoutError if the pipe is still open at `end`."""
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


def _check_size(text: bytes | bytearray) -> None:
    if len(text) > MAX_BYTES:
        refuse(f"has more than {MAX_BYTES // 1024**2} MiB")
