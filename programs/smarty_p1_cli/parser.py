"""Argument parser whose messages quote no argument, because any argument may be a key."""

import argparse
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn, override

from smartyp1.p1.keys import KeyFormatError, parse_key


class UsageError(Exception):
    """Error that ends the program with an exit status. Its text describes the fault.

    The status is 2 for an invalid use of the command line, and 1 if a later attempt may succeed.
    """

    def __init__(self, text: str, status: int = 2) -> None:
        super().__init__(text)
        self.status = status


type Commands = argparse._SubParsersAction[Any]  # noqa: SLF001 - it has no public name
"""Commands of a parser, to which a command can be added."""


def raise_usage_error(text: str) -> NoReturn:
    """Raise UsageError."""
    raise UsageError(text) from None


PROGRAM = "smarty-p1"
# Pattern of file names that messages may show. A name with a character such as : or @ may be a URL
# that contains a secret.
FILE_NAME = re.compile(r"(?:[A-Za-z]:)?[^:@%?#&;=]+")


class Parser(argparse.ArgumentParser):
    """Argument parser whose errors do not quote invalid arguments, because these may be keys."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - passed on to ArgumentParser
        # Options must not be abbreviated. The error for an ambiguous abbreviation would quote the
        # option's value, which may be a key.
        super().__init__(**options, allow_abbrev=False)

    @override
    def error(self, message: str) -> NoReturn:
        if message.startswith("unrecognized arguments"):
            message = "unrecognized arguments; a key with blanks needs quotes"
        elif "invalid choice" in message:
            message = self.get_default("expects") or (
                "the first argument must be decode, bill, classes, what-if, watch,"
                " gateway, collect or fleet"
            )
        elif "ignored explicit argument" in message:
            message = f"{message.partition(':')[0]} takes no value"
        elif " value: " in message:
            message = f"{message.partition(': invalid ')[0]}: invalid value"
        super().error(message)


def import_optional(name: str, needs: str, extra: str) -> ModuleType:
    """Return a module with optional dependencies. Raises UsageError if a dependency is missing.

    `needs` begins the message, such as "bills need". `extra` is the extra of the package that
    installs the dependency.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as err:
        raise_usage_error(f"{needs} {err.name}: install smarty-p1 with its extra [{extra}]")


@contextmanager
def config_errors(needs: str, extra: str, file: Path | None = None) -> Iterator[None]:
    """Raise UsageError for a ConfigError. `file` is the configuration that its message names.

    `needs` and `extra` are those of `import_optional`.
    """
    errors = import_optional("smarty_p1_gateway", needs, extra)
    try:
        yield
    except errors.ConfigError as err:
        raise UsageError(
            f"{err}" if file is None else f"{shown(str(file))}: {err}",
            1 if isinstance(err, errors.UnavailableError) else 2,
        ) from None


def matching(pattern: str, form: str) -> Callable[[str], str]:
    """Return a function that returns an argument that `pattern` matches.

    For other arguments, the function raises ArgumentTypeError with the text `form`.
    """

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise argparse.ArgumentTypeError(form)
        return text

    return check


def shown(name: str) -> str:
    """Return the file name `name`, or a text without `name` if `name` may contain a secret.

    The user may have entered a key, or an address with a password, instead of a file name.
    """
    if _is_key(name):
        return "a file whose name is a key"
    return name if FILE_NAME.fullmatch(name) else "the file"


def port_url(text: str) -> str:
    """Return `text`, the address of a port. Raises ArgumentTypeError if `text` is a key."""
    if _is_key(text):
        raise argparse.ArgumentTypeError("it is a key, and not the address of a port")
    return text


def _is_key(text: str) -> bool:
    try:
        parse_key(text)
    except KeyFormatError:
        return False
    return True
