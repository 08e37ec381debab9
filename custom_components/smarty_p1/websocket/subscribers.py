"""Connections that follow one meter. All get the same messages."""

from abc import ABC, abstractmethod
from typing import ClassVar

from homeassistant.components.websocket_api.connection import ActiveConnection
from homeassistant.components.websocket_api.messages import construct_event_message
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..coordinator.entry_types import AnyConfigEntry
from ..lib.json_types import JsonMapping
from ..user_requests.access_rights import may_read, readable_meter
from .requests import BUSY, NOT_FOUND

# Maximum number of subscriptions of one user to one meter, because each one costs time at every
# message.
_MAX_OF_USER = 64


class Subscribers(ABC):
    """Subscriptions to one meter. Each gets a first message, then all get the same messages."""

    key: ClassVar[HassKey[dict[str, Subscribers]]]
    """Key of the meters that are followed now, by entry id."""
    or_pulse_reader: ClassVar = False

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._all: list[tuple[ActiveConnection, int]] = []
        self._stop: CALLBACK_TYPE | None = None

    @classmethod
    @callback
    def subscribe(cls, hass: HomeAssistant, connection: ActiveConnection, msg: JsonMapping) -> None:
        """Let a connection follow the meter of its request."""
        entry = readable_meter(
            hass, connection.user, msg["entry_id"], or_pulse_reader=cls.or_pulse_reader
        )
        if entry is None:
            connection.send_error(msg["id"], *NOT_FOUND)
            return
        followed = hass.data.setdefault(cls.key, {})
        if entry.entry_id not in followed:
            followed[entry.entry_id] = cls(hass, entry)
        followed[entry.entry_id].add(connection, msg["id"])

    @abstractmethod
    def _message(self) -> bytes:
        """Return the present message."""

    @abstractmethod
    def _follow(self) -> CALLBACK_TYPE:
        """Follow the meter from the first subscription on. Return a function that ends this."""

    @callback
    def add(self, connection: ActiveConnection, message_id: int) -> None:
        """Add the subscription of a request. A user with too many of them gets an error."""
        user_id, subscriber = connection.user.id, (connection, message_id)
        if sum(other.user.id == user_id for other, _ in self._all) >= _MAX_OF_USER:
            connection.send_error(message_id, *BUSY)
            return
        connection.send_result(message_id)
        if self._stop is None:
            self._stop = self._follow()
        self._all.append(subscriber)
        _send(subscriber, self._message())

        @callback
        def remove() -> None:
            # A subscriber whose user has lost the right to read the meter is removed already.
            if subscriber in self._all:
                self._all.remove(subscriber)
            self._stop_if_empty()

        connection.subscriptions[message_id] = remove

    @callback
    def send(self, message: bytes, refusal: bytes) -> None:
        """Send a message. A user who has lost the right to read the meter gets a last `refusal`."""
        users = {connection.user.id: connection.user for connection, _ in self._all}
        allowed = {name: may_read(self._hass, user, self._entry) for name, user in users.items()}
        for subscriber in tuple(self._all):
            is_allowed = allowed[subscriber[0].user.id]
            _send(subscriber, message if is_allowed else refusal)
            if not is_allowed:
                self._all.remove(subscriber)
        self._stop_if_empty()

    @callback
    def end(self, message: bytes) -> None:
        """Send a last message, and end all subscriptions."""
        for subscriber in self._all:
            _send(subscriber, message)
        self._all.clear()
        self._stop_if_empty()

    @callback
    def _stop_if_empty(self) -> None:
        if not self._all and self._stop:
            self._stop()
            self._stop = None
            del self._hass.data[self.key][self._entry.entry_id]


@callback
def _send(subscriber: tuple[ActiveConnection, int], message: bytes) -> None:
    connection, message_id = subscriber
    connection.send_message(construct_event_message(message_id, message))
