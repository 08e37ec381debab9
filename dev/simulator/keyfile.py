"""File with the encryption keys of the meters, one key on each line.

Only the owner of the file can read it.
"""

import os
import secrets
from pathlib import Path

KEY_BYTES = 16


class KeyFileError(Exception):
    """Error for a key file that cannot be used. The message names the line, but quotes no key."""


def read_keys(path: Path, count: int) -> tuple[list[bytes], int]:
    """Return the first `count` keys of the file `path`.

    If the file has fewer keys, random keys are added to it. Also return the number of added keys.
    Raises KeyFileError.
    """
    try:
        lines = path.read_text("ascii").splitlines()
    except FileNotFoundError:
        lines = []
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not plain text"
        raise KeyFileError(f"{path} cannot be read: {reason}") from None
    keys = [_key(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    missing = max(0, count - len(keys))
    if missing:
        new_keys = [secrets.token_bytes(KEY_BYTES) for _ in range(missing)]
        _append(path, new_keys)
        keys += new_keys
    return keys[:count], missing


def _key(path: Path, number: int, line: str) -> bytes:
    try:
        key = bytes.fromhex(line)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"{path}, line {number}: a key has {KEY_BYTES * 2} hex digits")
    return key


def _append(path: Path, keys: list[bytes]) -> None:
    try:
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError as error:
        raise KeyFileError(f"{path} cannot be written: {error.strerror}") from None
    with open(file, "r+", encoding="ascii") as lines:  # noqa: PTH123
        before = lines.read()
        if before and not before.endswith("\n"):
            lines.write("\n")
        lines.writelines(f"{key.hex().upper()}\n" for key in keys)
