"""Messages of a meter to its household: options, sending, and the watch that decides when."""

from .message_options import MessageOptions, offered_kinds
from .meter_watch import async_forget_messages, async_watch_messages
from .sending import async_send, gone_recipients

__all__ = [
    "MessageOptions",
    "async_forget_messages",
    "async_send",
    "async_watch_messages",
    "gone_recipients",
    "offered_kinds",
]
