"""Messages of a meter to its household: options, sending, and the watch that decides when."""

from .message_options import (
    MessageOptions,
    async_share_target,
    has_same_target,
    offered_kinds,
    options_to_show,
    other_meters,
)
from .meter_watch import async_forget_messages, async_watch_messages
from .sending import async_send, gone_recipients

__all__ = [
    "MessageOptions",
    "async_forget_messages",
    "async_send",
    "async_share_target",
    "async_watch_messages",
    "gone_recipients",
    "has_same_target",
    "offered_kinds",
    "options_to_show",
    "other_meters",
]
