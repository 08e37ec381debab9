"""Message with the connection of a publisher to its meter, which needs no telegram."""

from math import inf

from ..entities.reception_sensors import CONNECTION
from ..failure_detection import Condition
from .mqtt_messages import Message, connection_topic
from .publish_format import REPEAT_EVERY_S


class ConnectionMessage:
    """State of the connection. It is sent, retained, when it has changed, and every minute."""

    def __init__(self) -> None:
        self._state = ""
        self.due_at = inf
        """Time at which `take_message` has a message."""

    def note_condition(self, condition: Condition, now: float) -> bool:
        """Note the condition of the source at the time `now`. Return whether a message is due."""
        state = str(CONNECTION.value_fn(condition))
        if state != self._state:
            self._state, self.due_at = state, now
        return now >= self.due_at

    def repeat(self, now: float) -> None:
        """Send the state again, because the broker may have lost it."""
        if self._state:
            self.due_at = now

    def take_message(self, root: str, now: float) -> Message | None:
        """Return the message if it is due. `root` is the meter's root topic."""
        if now < self.due_at:
            return None
        self.due_at = now + REPEAT_EVERY_S
        return Message(connection_topic(root), self._state, retain=True)
