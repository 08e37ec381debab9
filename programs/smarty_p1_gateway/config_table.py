"""Table of a TOML file that is checked key by key, with clear error messages.

A `ValueKind` checks one value. This module also reads settings that several tables have in common:
TLS, user name, and a password in a file or in an environment variable.
"""

import logging
import os
import re
import ssl
import tomllib
from collections.abc import Callable, Iterable, Sized
from pathlib import Path
from typing import Any, NoReturn

from smartyp1.json_types import JsonDict
from smartyp1.port.hosts import MAX_PORT, is_host
from smartyp1.publish.topics import MAX_TOPIC_BYTES, is_topic

LOGGER = logging.getLogger(__name__)

# Format of the configurations that `smarty-p1 fleet init` writes. Raise it with each new key. A
# program ignores unknown keys of a file with a higher format, so that it can go back.
FORMAT = 1
_MAX_FORMAT = 1_000_000
# Name that is also the name of a folder or of a NATS inbox.
is_plain_name = re.compile(r"[A-Za-z0-9_-]{1,64}").fullmatch
is_title = re.compile(r"[0-9A-Fa-f]{16}").fullmatch
# An error message shows an unknown key only if this pattern matches. A text with digits or with
# more than 24 characters may be a secret in the wrong place.
_is_plain_key = re.compile(r"[A-Za-z_-]{1,24}").fullmatch
# Maximum number of characters of a file with a secret.
_MAX_CHARS = 64 * 1024


class ConfigError(Exception):
    """Error for an unusable configuration. Its text names the fault and contains no secret."""


class UnavailableError(ConfigError):
    """Error for a configured resource that is unavailable now. A later attempt may succeed."""


def raise_config_error(text: str) -> NoReturn:
    """Raise ConfigError."""
    raise ConfigError(text) from None


def raise_unavailable(text: str) -> NoReturn:
    """Raise UnavailableError."""
    raise UnavailableError(text) from None


class WrongValueError(Exception):
    """Error for a value that its kind refuses. Its text, such as "must be a number", has no key."""


def refuse(fault: str) -> NoReturn:
    """Raise WrongValueError."""
    raise WrongValueError(fault) from None


type ValueKind[T] = Callable[[Any], T]
"""Function that returns the checked value of a key. It raises WrongValueError."""


def restricted_kind[T](
    kind: ValueKind[T], is_right: Callable[[T], object], fault: str
) -> ValueKind[T]:
    """Return the kind of the values of `kind` for which `is_right` returns a true value."""

    def check(value: Any) -> T:  # noqa: ANN401 - any value of TOML
        checked = kind(value)
        if not is_right(checked):
            refuse(fault)
        return checked

    return check


def at_most[T: Sized](kind: ValueKind[T], highest: int, what: str) -> ValueKind[T]:
    """Return the kind of the values of `kind` with at most `highest` parts, named `what`."""
    fault = f"must not have more than {highest} {what}"
    return restricted_kind(kind, lambda value: len(value) <= highest, fault)


def _any(value: Any) -> Any:  # noqa: ANN401 - any value of TOML
    return value


def of_type[T](cls: type[T], name: str) -> ValueKind[T]:
    """Return the kind of the values of a type. `name` is for the message."""
    return restricted_kind(_any, lambda value: type(value) is cls, f"must be {name}")


def one_of(texts: Iterable[str]) -> ValueKind[str]:
    """Return the kind of some texts."""
    known = [*texts]
    return restricted_kind(TEXT, known.__contains__, f"must be one of {', '.join(known)}")


def count_up_to(highest: int) -> ValueKind[int]:
    """Return the kind of the whole numbers from 1 to `highest`."""
    whole = of_type(int, "a whole number")
    return restricted_kind(
        whole, lambda number: 1 <= number <= highest, f"must be from 1 to {highest}"
    )


def number_up_to(highest: int, unit: str = "") -> ValueKind[float]:
    """Return the kind of the numbers from 0 to `highest`. `unit` is for the message."""
    return restricted_kind(
        _any,
        lambda value: type(value) in {int, float} and 0 <= value <= highest,
        f"must be from 0 to {highest}{unit}",
    )


def elsewhere(place: str) -> ValueKind[None]:
    """Return a kind without values, for a secret that belongs elsewhere."""
    return restricted_kind(_any, lambda _: False, f"does not belong here: use {place}")


FLAG = of_type(bool, "true or false")
PORT = count_up_to(MAX_PORT)
TEXT = restricted_kind(
    of_type(str, "a text in quotes"),
    lambda text: text.strip() and text.isprintable(),
    "must not be empty, and must not have invisible characters",
)
NAME = restricted_kind(
    TEXT,
    re.compile(r"[A-Za-z0-9_.-]{1,64}").fullmatch,
    "must have 1 to 64 of A-Z, a-z, 0-9, _, . and -",
)
PLAIN_NAME = restricted_kind(TEXT, is_plain_name, "must have 1 to 64 of A-Z, a-z, 0-9, _ and -")
TITLE = restricted_kind(
    TEXT, is_title, "must be the meter's system title, 16 hexadecimal digits in quotes"
)
HOST = restricted_kind(
    lambda value: TEXT(value).strip(),
    is_host,
    "must be a name or an address alone: a port is a key of its own",
)
# MQTT topic to which levels can be added.
TOPIC = restricted_kind(
    TEXT,
    lambda topic: is_topic(topic) and topic == topic.strip("/"),
    f"must be a topic of up to {MAX_TOPIC_BYTES} bytes, without + and #, and no / or $ at its ends",
)
TEXTS = restricted_kind(
    of_type(list, "a list of texts in quotes"),
    lambda texts: (
        texts and all(isinstance(text, str) and text and "\0" not in text for text in texts)
    ),
    "must be a list of texts in quotes",
)


class ConfigTable:
    """Table of a TOML file. Its keys are taken one by one.

    At the end, `end` rejects a table with a key that was not taken.
    """

    def __init__(self, name: str, content: object, *, is_newer: bool = False) -> None:
        """Take the parsed table `content`. Raises ConfigError if it is not a table.

        With `is_newer`, `end` only warns of a key that was not taken.
        """
        if not isinstance(content, dict):
            raise_config_error(f"[{name}] must be a table")
        self._name = name
        self._is_newer = is_newer
        self._content: JsonDict = dict(content)

    def __contains__(self, key: str) -> bool:
        """Return whether the table has a key that was not taken yet."""
        return key in self._content

    def fail(self, key: str, fault: str) -> NoReturn:
        """Raise ConfigError with the table, the key and the fault, such as "must be a number"."""
        raise_config_error(f"[{self._name}] {key} {fault}")

    def take_value[T, D = None](self, key: str, kind: ValueKind[T], default: D = None) -> T | D:  # type: ignore[assignment]
        """Return the value of `key`, or `default` if the table lacks it.

        Raises ConfigError for a value that is not of the kind.
        """
        return self.checked(key, kind, self._content.pop(key)) if key in self else default

    def need[T](self, key: str, kind: ValueKind[T], what: str) -> T:
        """Return the value of `key`. Raises ConfigError if it is wrong or missing.

        `what` describes it in the message.
        """
        if key not in self:
            self.fail(key, f"is missing: {what}")
        return self.checked(key, kind, self._content.pop(key))

    def checked[T](self, key: str, kind: ValueKind[T], value: object) -> T:
        """Return a value of the kind. Raises ConfigError with `key` for another value."""
        try:
            return kind(value)
        except WrongValueError as err:
            self.fail(key, str(err))

    def take_format(self) -> None:
        """Take `format`, which may say that the file is newer than this program."""
        self._is_newer = self.take_value("format", count_up_to(_MAX_FORMAT), FORMAT) > FORMAT

    def table(self, name: str) -> ConfigTable:
        """Return the table `name` in this one, an empty one if it is missing."""
        return ConfigTable(name, self._content.pop(name, {}), is_newer=self._is_newer)

    def tables(self, key: str, limit: int, shown: str = "", name: str = "") -> list[ConfigTable]:
        """Return the tables of a list. Raises ConfigError if it is empty, too long, or no list.

        Messages call the list `shown`, and a table `name` with its number.
        """
        tables, shown = self._content.pop(key, None), shown or f"[[{key}]]"
        if not isinstance(tables, list) or not tables:
            raise_config_error(f"{shown}: none is listed")
        if len(tables) > limit:
            raise_config_error(f"there are more than {limit} {shown}")
        return [
            ConfigTable(f"{name or key} {number}", table, is_newer=self._is_newer)
            for number, table in enumerate(tables, start=1)
        ]

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys that were not taken yet."""
        return tuple(self._content)

    def end(self) -> None:
        """Raise ConfigError if the table has a key that was not taken.

        In the table of a newer file, log a warning instead.
        """
        for unknown in self.keys[:1]:
            shown = unknown if _is_plain_key(unknown) else "a key"
            if not self._is_newer:
                self.fail(shown, "is not known")
            LOGGER.warning(
                "[%s] %s is not known to this version, and ignored: the file is newer",
                self._name,
                shown,
            )


def read_toml(path: Path) -> ConfigTable:
    """Return the content of a TOML file. Raises ConfigError, whose text quotes no content."""
    try:
        content = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as err:
        raise_config_error(f"cannot be read: {err.strerror}")
    except UnicodeDecodeError:
        raise_config_error("is no text in UTF-8")
    except tomllib.TOMLDecodeError as err:
        # Tell only the place of the error. The error's own text may quote a secret.
        raise_config_error(f"is no TOML: line {err.lineno}, column {err.colno}")
    except ValueError, RecursionError:
        raise_config_error("has a number with too many digits in it, or too many brackets")
    return ConfigTable("top of the file", content)


def check_distinct(tables: str, key: str, values: Iterable[str | None]) -> None:
    """Raise ConfigError if two of `tables` have the same value of `key`."""
    present = [value for value in values if value]
    if len(set(present)) < len(present):
        raise_config_error(f"two {tables} have the same {key}")


def read_tls(table: ConfigTable) -> ssl.SSLContext | None:
    """Return the TLS context that verifies the server. Return None if TLS is off.

    Raises ConfigError.
    """
    ca_file = table.take_value("ca_file", TEXT)
    if not table.take_value("tls", FLAG, ca_file is not None):
        return None
    return table.checked("ca_file", make_tls, ca_file)


def make_tls(ca_file: str | Path | None) -> ssl.SSLContext:
    """Return the TLS context that verifies the server. Raises WrongValueError."""
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        refuse("cannot be used: there is no certificate (PEM) in it")
    except OSError as err:
        refuse(f"cannot be used: {err.strerror}")
    if ca_file:
        # The certificate of an authority that the user has made often lacks extensions. Only the
        # strict checks of RFC 5280 demand these extensions, so skip the strict checks.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def read_user(table: ConfigTable, variable: str) -> tuple[str | None, str | None]:
    """Return the user name and the password, each None if not configured.

    The password may be in a file or in the environment variable `variable`. Raises ConfigError.
    """
    username = table.take_value("username", TEXT)
    table.take_value("password", elsewhere(f"password_file, or ${variable}"))
    password = table.take_value("password_file", line_of_file, os.environ.get(variable) or None)
    if password is not None and username is None:
        table.fail("username", "is missing: there is a password without one")
    return username, password


def expanded_path(value: object) -> Path:
    """Return a path with its $VARIABLES replaced. Raises WrongValueError if one is not set."""
    expanded = os.path.expandvars(TEXT(value))
    if "$" in expanded:
        refuse("names a $VARIABLE that is not set here")
    return Path(expanded)


def content_of_file(value: object) -> str:
    """Return the content of a file, at most _MAX_CHARS. Raises WrongValueError."""
    try:
        with expanded_path(value).open(encoding="utf-8-sig") as file:
            return file.read(_MAX_CHARS)
    except OSError as err:
        refuse(f"cannot be read: {err.strerror}")
    except UnicodeDecodeError:
        refuse("cannot be read: it is no text")


def line_of_file(value: object) -> str:
    """Return the first line of a file. Raises WrongValueError if it is empty."""
    line = next(iter(content_of_file(value).splitlines()), "")
    if not line:
        refuse("is empty")
    return line


def file_state(path: Path) -> tuple[int, ...] | None:
    """Return values that change whenever a file changes. Return None for an unreadable file.

    Links are followed, because some programs renew a secret by changing only a link.
    """
    try:
        status = path.stat()
    except OSError:
        return None
    # Include the time of the inode's change, because `chmod 600` changes no other time.
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
