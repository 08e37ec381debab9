"""Errors of forms: the field at which an error is shown, and the error's translation key.

An error of a port or source has its problem. An error of an entered value is a FieldError.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from homeassistant.const import CONF_BASE, CONF_PORT

from ..const import CONF_ENCRYPTION_KEY, SECTION_ADVANCED
from ..coordinator.mqtt_port import topic_of
from ..coordinator.stored.throttled_store import UnreadableNowError
from ..lib.failure_detection import Obstacle, ReadingProblem
from ..lib.port.address_masking import MASK
from ..lib.port.errors import LinkError, ProbeError
from ..lib.port.serial_port import normalise_port
from ..lib.problem import Problem
from ..lib.publish.topics import is_topic

NOT_READ = CONF_BASE, "stored_not_read"
"""Field and translation key of an error: a stored file cannot be read now."""
# Only these: all other problems are shown at the port. For a field inside a section, Home Assistant
# needs the section's name instead of the field's name.
_FIELDS: Mapping[Obstacle, str] = {
    ReadingProblem.KEY_MISSING: CONF_ENCRYPTION_KEY,
    ReadingProblem.WRONG_KEY: CONF_ENCRYPTION_KEY,
    Problem.SECURITY_OFF: CONF_ENCRYPTION_KEY,
    ReadingProblem.OTHER_AUTHENTICATION_KEY: SECTION_ADVANCED,
    ReadingProblem.ALTERED_OR_NEW_KEY: CONF_BASE,
    ReadingProblem.REPLAY: CONF_BASE,
    ReadingProblem.NO_DEVICE_NAME: CONF_BASE,
}
# Problems of a port that a form tells as an unreachable port.
_UNREACHABLE = {
    ReadingProblem.LINK_LOST,
    ReadingProblem.PORT_CLOSED,
    ReadingProblem.PORT_SILENT,
}
_GATEWAY_SCHEMES = {"socket", "tcp", "rfc2217"}


class FieldError(Exception):
    """Error at a field of a form: the field, the translation key of its text, and placeholders."""

    def __init__(self, field: str, key: str, **placeholders: str) -> None:
        super().__init__(key)
        self.field = field
        self.key = key
        self.placeholders = placeholders


class FormErrors:
    """Errors of all fields of a submitted form. The first error of a field counts."""

    def __init__(self) -> None:
        self._refused: dict[str, str] = {}
        """Translation keys of the errors, keyed by field."""
        self.placeholders: dict[str, str] = {}
        """Placeholders in the texts of the errors."""

    @property
    def errors(self) -> dict[str, str]:
        """Return the translation keys of all errors, keyed by field."""
        return self._refused

    def begin(self) -> None:
        """Forget the errors of the form that was submitted before."""
        self._refused, self.placeholders = {}, {}

    def refuse(self, field: str, key: str, **placeholders: str) -> None:
        """Add an error of a field, unless the field has one.

        All errors of a form share their placeholders. So an error with another value of a
        placeholder waits until the error before is mended.
        """
        shared = self.placeholders | placeholders
        if field not in self.errors and shared.items() >= self.placeholders.items():
            self._refused[field] = key
            self.placeholders = shared

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Add the error that a check raises. The checks after the context then also run."""
        try:
            yield
        except FieldError as err:
            self.refuse(err.field, err.key, **err.placeholders)

    def check(self) -> None:
        """Raise FieldError if there is an error, so that no later check runs."""
        for field, key in self.errors.items():
            raise FieldError(field, key)


def field_error(err: BaseException) -> FieldError:
    """Return `err` as a FieldError, with its field and translation key."""
    match err:
        case FieldError():
            return err
        case UnreadableNowError():
            return FieldError(*NOT_READ)
        case LinkError(problem=problem) | ProbeError(problem=problem):
            shown = ReadingProblem.PORT_UNREACHABLE if problem in _UNREACHABLE else problem
            return FieldError(_FIELDS.get(problem, CONF_PORT), shown.value)
        case _:
            return FieldError(CONF_BASE, "unknown")


def check_address(text: str, *, takes_topic: bool) -> None:
    """Raise FieldError if `text` is not the complete address of a port.

    With `takes_topic`, an MQTT topic is accepted, too.
    """
    port = normalise_port(text)
    if not port:
        raise FieldError(CONF_PORT, "port_missing")
    # A form shows a stored port with MASK in the place of its secret. If the entered port contains
    # MASK, the user has changed such a shown port. Refuse the entered port, because its secret is
    # missing.
    if MASK in port:
        raise FieldError(CONF_PORT, "port_masked")
    if port.startswith("/"):
        return
    if takes_topic and (topic := topic_of(port)) is not None:
        if not is_topic(topic):
            raise FieldError(CONF_PORT, "topic_malformed")
        return
    if _lacks_number(port):
        raise FieldError(CONF_PORT, "port_number_missing")


def _lacks_number(port: str) -> bool:
    """Return whether a URL needs a port number but has no valid one."""
    try:
        url = urlsplit(port)
        is_complete = bool(url.hostname and url.port)
    except ValueError:  # the port number is missing or too high, or a bracket is not closed
        return True
    return not is_complete and (url.scheme in _GATEWAY_SCHEMES or not url.netloc)
