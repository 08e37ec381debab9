"""The connection of a publisher: sent when it changes, and repeated before it expires."""

from smartyp1.failure_detection import Condition, FailureState, ReadingProblem
from smartyp1.publish.connection_message import ConnectionMessage
from smartyp1.publish.mqtt_messages import Message

RECEIVING = Condition(FailureState.RECEIVING, has_value=True)
FAILING = Condition(FailureState.FAILING, obstacle=ReadingProblem.LINK_LOST)


def sent(state: str) -> Message:
    return Message("a/b/connection", state, retain=True)


def test_a_change_is_sent_at_once_and_a_state_each_minute() -> None:
    connection = ConnectionMessage()
    assert connection.take_message("a/b", 5) is None
    connection.repeat(5)
    assert connection.take_message("a/b", 5) is None
    assert connection.note_condition(RECEIVING, 10)
    assert connection.take_message("a/b", 10) == sent("receiving")
    assert connection.due_at == 70
    assert not connection.note_condition(RECEIVING, 20)
    assert connection.take_message("a/b", 69) is None
    assert connection.note_condition(FAILING, 69)
    assert connection.take_message("a/b", 69) == sent("link_lost")
    assert connection.take_message("a/b", 129) == sent("link_lost")
    # A broker that was restarted may retain nothing.
    connection.repeat(130)
    assert connection.take_message("a/b", 130) == sent("link_lost")
