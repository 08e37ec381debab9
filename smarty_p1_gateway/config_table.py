"""Table of a TOML file that is checked key by key, with clear error messages.

This module also reads settings that several tables have in common: TLS, user name, and a password
in a file or in an environment variable.
"""

import logging
import os
import re
import ssl
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from smartyp1.port.hosts import MAX_PORT, is_host
from smartyp1.publish.topics import is_topic

LOGGER = logging.getLogger(__name__)

# Format of the configurations that `smarty-p1 fleet init` writes. Raise it with each new key. A
# program ignores unknown keys of a file with a higher format, so that it can go back.
FORMAT = 1
_MAX_FORMAT = 1_000_000
NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
# Name that is also the name of a folder or of a NATS inbox.
PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
TITLE = re.compile(r"[0-9A-Fa-f]{16}")
# An error message shows an unknown key only if this pattern matches. A text with digits or with
# more than 24 characters may be a secret in the wrong place.
_PLAIN_KEY = re.compile(r"[A-Za-z_-]{1,24}")
# Maximum length of a topic in bytes. MQTT permits 65,535 bytes, but nobody can read such a topic.
_MAX_TOPIC_BYTES = 256
# Maximum number of characters of a file with a secret.
_MAX_CHARS = 64 * 1024


class ConfigError(Exception):
    """Error for an unusable configuration. Its text names the fault and contains no secret."""


class UnavailableError(ConfigError):
    """Error for a configured resource that is unavailable now. A later attempt may succeed."""


class ConfigTable:
    """Table of a TOML file. Its keys are taken one by one.

    At the end, `end` rejects a table with a key that was not taken.
    """

    def __init__(self, name: str, content: object, *, is_newer: bool = False) -> None:
        """Take the parsed table `content`. Raises ConfigError if it is not a table.

        With `is_newer`, `end` only warns of a key that was not taken.
        """
        if not isinstance(content, dict):
            msg = f"[{name}] must be a table"
            raise ConfigError(msg)
        self._name = name
        self._is_newer = is_newer
        self._content: dict[str, Any] = dict(content)

    def fail(self, key: str, fault: str) -> NoReturn:
        """Raise ConfigError with the table, the key and the fault, such as "must be a number"."""
        msg = f"[{self._name}] {key} {fault}"
        raise ConfigError(msg) from None

    def take[T, D = None](self, key: str, kind: type[T], default: D = None) -> T | D:  # type: ignore[assignment]
        """Return the value of `key`, or `default` if the table lacks it.

        Raises ConfigError if the value has a different type than `kind`.
        """
        if key not in self._content:
            return default
        value = self._content.pop(key)
        if type(value) is not kind:
            names = {str: "a text in quotes", int: "a whole number", bool: "true or false"}
            self.fail(key, f"must be {names.get(kind, 'a list')}")
        return value

    def take_seconds(self, key: str, highest: int, default: float) -> float:
        """Return a number of seconds from 0 to `highest`, or `default` if the table lacks `key`.

        Raises ConfigError for other values.
        """
        value = self._content.pop(key, default)
        if type(value) not in {int, float} or not 0 <= value <= highest:
            self.fail(key, f"must be from 0 to {highest} seconds")
        return float(value)

    def take_text[D: str | None = None](self, key: str, default: D = None) -> str | D:  # type: ignore[assignment]
        """Return a printable text that is not empty, or `default` if the table lacks `key`.

        Raises ConfigError for other values.
        """
        text = self.take(key, str, default)
        if text is not None and (not text.strip() or not text.isprintable()):
            self.fail(key, "must not be empty, nor have signs in it that cannot be seen")
        return text

    def take_match(self, key: str, pattern: re.Pattern[str], form: str) -> str | None:
        """Return a text that `pattern` matches, or None if the table lacks `key`.

        Raises ConfigError for other values. `form` describes the pattern.
        """
        text = self.take_text(key)
        if text is not None and not pattern.fullmatch(text):
            self.fail(key, f"must {form}")
        return text

    def take_name(self) -> str | None:
        """Return the name, or None if the table lacks it. Raises ConfigError for other values."""
        return self.take_match("name", NAME, "have 1 to 64 of A-Z, a-z, 0-9, _, . and -")

    def take_title(self) -> str | None:
        """Return the system title, or None if the table lacks it.

        Raises ConfigError for other values.
        """
        form = "be the meter's system title, 16 hexadecimal digits in quotes"
        return self.take_match("title", TITLE, form)

    def take_texts(self, key: str) -> tuple[str, ...]:
        """Return the texts of a list, or () if the table lacks `key`.

        Raises ConfigError for other values.
        """
        texts = self.take(key, list)
        if texts is None:
            return ()
        are_texts = (isinstance(text, str) and text and "\0" not in text for text in texts)
        if not texts or not all(are_texts):
            self.fail(key, "must be a list of texts in quotes")
        return tuple(texts)

    def take_host[D: str | None = None](self, key: str, default: D = None) -> str | D:  # type: ignore[assignment]
        """Return a host name or an IP address, or `default` if the table lacks `key`.

        Raises ConfigError for other values.
        """
        host = self.take_text(key, default)
        if host is None:
            return host
        if not is_host(host.strip()):
            self.fail(key, "must be a name or an address alone: a port is a key of its own")
        return host.strip()

    def take_topic(self, key: str) -> str | None:
        """Return an MQTT topic to which levels can be added, or None if the table lacks `key`.

        Raises ConfigError for other values.
        """
        topic = self.take_text(key)
        if topic is None:
            return None
        if not is_topic(topic) or topic.startswith("/") or topic.endswith("/"):
            self.fail(key, "must be a topic, without + and #, and no / or $ at its ends")
        if len(topic.encode()) > _MAX_TOPIC_BYTES:
            self.fail(key, f"must not be longer than {_MAX_TOPIC_BYTES} bytes")
        return topic

    def take_port(self, key: str, default: int | None) -> int | None:
        """Return the number of a TCP port, or `default` if the table lacks `key`.

        Raises ConfigError for other values.
        """
        return self.take_count(key, MAX_PORT, default)

    def take_count(self, key: str, highest: int, default: int | None = None) -> int | None:
        """Return a whole number from 1 to `highest`, or `default` if the table lacks `key`.

        Raises ConfigError for other values.
        """
        number = self.take(key, int, default)
        if number is not None and not 1 <= number <= highest:
            self.fail(key, f"must be from 1 to {highest}")
        return number

    @property
    def is_left(self) -> bool:
        """Return whether the table has a key that was not taken."""
        return bool(self._content)

    def end(self) -> None:
        """Raise ConfigError if the table has a key that was not taken.

        In the table of a newer file, log a warning instead.
        """
        if unknown := next(iter(self._content), None):
            shown = unknown if _PLAIN_KEY.fullmatch(unknown) else "a key"
            if not self._is_newer:
                self.fail(shown, "is not known")
            LOGGER.warning(
                "[%s] %s is not known to this version, and ignored: the file is newer",
                self._name,
                shown,
            )


def take_format(content: dict[str, Any]) -> bool:
    """Remove `format` from a file's content. Return whether the file is newer than this program.

    Raises ConfigError for a wrong value.
    """
    table = ConfigTable("top of the file", {"format": content.pop("format", FORMAT)})
    return (table.take_count("format", _MAX_FORMAT) or 0) > FORMAT


def take_tables(content: object, name: str, limit: int) -> list[Any]:
    """Return a list of tables. Raises ConfigError if it is empty, too long, or no list."""
    if not isinstance(content, list) or not content:
        msg = f"{name}: none is listed"
        raise ConfigError(msg)
    if len(content) > limit:
        msg = f"there are more than {limit} {name}"
        raise ConfigError(msg)
    return content


def check_distinct(tables: str, key: str, values: Iterable[str | None]) -> None:
    """Raise ConfigError if two of `tables` have the same value of `key`."""
    present = [value for value in values if value]
    if len(set(present)) < len(present):
        msg = f"two {tables} have the same {key}"
        raise ConfigError(msg)


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file. Raises ConfigError, whose text quotes no content."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as err:
        msg = f"cannot be read: {err.strerror}"
        raise ConfigError(msg) from None
    except UnicodeDecodeError:
        msg = "is no text in UTF-8"
        raise ConfigError(msg) from None
    except tomllib.TOMLDecodeError as err:
        # Tell only the place of the error. The error's own text may quote a secret.
        msg = f"is no TOML: line {err.lineno}, column {err.colno}"
        raise ConfigError(msg) from None
    except ValueError, RecursionError:
        msg = "has a number with too many digits in it, or too many brackets"
        raise ConfigError(msg) from None


def read_tls(table: ConfigTable) -> ssl.SSLContext | None:
    """Return the TLS context that verifies the server. Return None if TLS is off.

    Raises ConfigError.
    """
    ca_file = table.take_text("ca_file")
    if not table.take("tls", bool, default=ca_file is not None):
        return None
    return make_tls(table, ca_file)


def make_tls(table: ConfigTable, ca_file: str | Path | None) -> ssl.SSLContext:
    """Return the TLS context that verifies the server. Raises ConfigError."""
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        table.fail("ca_file", "cannot be used: there is no certificate (PEM) in it")
    except OSError as err:
        table.fail("ca_file", f"cannot be used: {err.strerror}")
    if ca_file:
        # The certificate of an authority that the user has made often lacks extensions. Only the
        # strict checks of RFC 5280 demand these extensions, so skip the strict checks.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def read_user(table: ConfigTable, variable: str) -> tuple[str | None, str | None]:
    """Return the user name and the password, each None if not configured.

    The password may be in a file or in the environment variable `variable`. Raises ConfigError.
    """
    username = table.take_text("username")
    password = _read_password(table, variable)
    if password is not None and username is None:
        table.fail("username", "is missing: there is a password without one")
    return username, password


def _read_password(table: ConfigTable, variable: str) -> str | None:
    if table.take("password", str) is not None:
        table.fail("password", f"does not belong here: use password_file, or ${variable}")
    text = read_secret(table, "password_file")
    if text is None:
        return os.environ.get(variable) or None
    return first_line(table, "password_file", text)


def first_line(table: ConfigTable, key: str, text: str) -> str:
    """Return the first line of the file that `key` names. Raises ConfigError if it is empty."""
    line = next(iter(text.splitlines()), "")
    if not line:
        table.fail(key, "is empty")
    return line


def expand(table: ConfigTable, key: str, file: str) -> Path:
    """Return a path with its $VARIABLES replaced. Raises ConfigError if a variable is not set."""
    expanded = os.path.expandvars(file)
    if "$" in expanded:
        table.fail(key, "names a $VARIABLE that is not set here")
    return Path(expanded)


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


def read_secret(table: ConfigTable, key: str) -> str | None:
    """Return the content of the file that `key` names. Return None if the table lacks `key`.

    $VARIABLES in the path are replaced. Raises ConfigError.
    """
    file = table.take_text(key)
    return None if file is None else read_file(table, key, expand(table, key, file))


def read_file(table: ConfigTable, key: str, path: Path) -> str:
    """Return the content of the file that `key` names, at most _MAX_CHARS. Raises ConfigError."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            return file.read(_MAX_CHARS)
    except OSError as err:
        table.fail(key, f"cannot be read: {err.strerror}")
    except UnicodeDecodeError:
        table.fail(key, "cannot be read: it is no text")
