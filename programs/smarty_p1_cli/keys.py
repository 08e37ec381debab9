"""Keys of a meter, from the command line, from files or from environment variables."""

import argparse
import os
import sys
from pathlib import Path

from smartyp1.p1.keys import DEFAULT_AUTHENTICATION_KEY, KeyFormatError, parse_key

from .parser import Parser, raise_usage_error

KEY_VARIABLE = "SMARTY_P1_KEY"
AUTHENTICATION_KEY_VARIABLE = "SMARTY_P1_AUTHENTICATION_KEY"
PUBLISHED_KEY = (
    "the encryption key is the published authentication key, which is the same for all meters and"
    " decrypts nothing: enter the meter's own, from the grid operator"
)


def key_options() -> Parser:
    """Return a parser with the options for keys. All commands that take keys use it."""
    keys = Parser(add_help=False)
    group = keys.add_argument_group(
        "keys",
        "32 hexadecimal digits each. Other users of the machine can see a command line: prefer the"
        f" files, or the variables {KEY_VARIABLE} and {AUTHENTICATION_KEY_VARIABLE}.",
    )
    group.add_argument("--key", metavar="HEX", help="the meter's encryption key")
    group.add_argument("--key-file", metavar="FILE", type=Path, help="a file with it on line 1")
    group.add_argument("--authentication-key", metavar="HEX", help="if not the published one")
    group.add_argument("--authentication-key-file", metavar="FILE", type=Path)
    return keys


def _read_key_text(argument: str | None, file: Path | None, variable: str) -> str | None:
    if argument is not None:
        return argument
    if file is None:
        return os.environ.get(variable) or None
    try:
        lines = file.read_text("utf-8-sig").strip().splitlines()
    except (OSError, UnicodeDecodeError) as err:
        reason = getattr(err, "strerror", None) or "it is no text"
        # The user may have typed a key instead of the file's name. So the message does not name the
        # file.
        raise_usage_error(f"cannot read the key file: {reason}")
    return lines[0] if lines else ""


def _parse(text: str, name: str) -> bytes:
    try:
        return parse_key(text)
    except KeyFormatError as err:
        raise_usage_error(f"the {name} is malformed: {err}")


def read_key_arguments(arguments: argparse.Namespace) -> tuple[bytes | None, bytes]:
    """Return the encryption key and the authentication key.

    The encryption key is None if it is not given. The authentication key has a default. Raises
    UsageError for a malformed key or an unreadable file.
    """
    key = _read_key_text(arguments.key, arguments.key_file, KEY_VARIABLE)
    authentication_key = _read_key_text(
        arguments.authentication_key,
        arguments.authentication_key_file,
        AUTHENTICATION_KEY_VARIABLE,
    )
    encryption_key = None if key is None else _parse(key, "encryption key")
    if encryption_key == DEFAULT_AUTHENTICATION_KEY:
        print(PUBLISHED_KEY, file=sys.stderr)
    return (
        encryption_key,
        DEFAULT_AUTHENTICATION_KEY
        if authentication_key is None
        else _parse(authentication_key, "authentication key"),
    )
