"""The events of a meter: messages of the grid operator when they arrive."""

from .description import DescribedEvent, are_sent

EVENT_MESSAGE = "message"
ATTR_TEXT = "text"


def _message(key: str, reference: str, *, enabled: bool = False) -> DescribedEvent:
    references = ((reference,),)
    return DescribedEvent(
        key=key,
        translation_key=key,
        event_types=(EVENT_MESSAGE,),
        entity_registry_enabled_default=enabled,
        references=references,
        exists_fn=are_sent(references),
        value_fn=lambda reading: reading.telegram.objects.get(reference),
    )


EVENTS: tuple[DescribedEvent, ...] = (
    _message("message", "0-0:96.13.0", enabled=True),
    _message("channel_message_1", "0-0:96.13.1"),
    _message("channel_message_2", "0-0:96.13.2"),
    _message("channel_message_3", "0-0:96.13.3"),
    _message("channel_message_4", "0-0:96.13.4"),
    _message("channel_message_5", "0-0:96.13.5"),
)
