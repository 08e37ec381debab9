"""Types that several answers share.

A class named `…Answer` is an object in JSON. Its docstrings are the description of the answer:
`python -m dev.websocket_types` writes them into the page and into the types of the cards.
"""

from datetime import datetime
from typing import NotRequired, TypedDict

type Time = str | datetime
"""Time in ISO 8601 with offset."""

type CalendarDay = str
"""Day such as "2026-12-31", in Luxembourg."""

type CalendarMonth = str
"""Month such as "2026-12"."""


class PeakAnswer(TypedDict):
    """Quarter-hour with the highest imported energy, as its mean power."""

    start: Time
    mean_kw: float


class EndedAidsAnswer(TypedDict):
    """Last day of each aid that lowered a published price, or will have lowered it."""

    state_aid: NotRequired[CalendarDay]


class OlderPricesAnswer(TypedDict):
    """Published prices that an amount uses after the last day for which they are published."""

    grid: NotRequired[CalendarDay]
    """That day, for each kind of price."""
    levies: NotRequired[CalendarDay]
    vat: NotRequired[CalendarDay]
    ended: NotRequired[EndedAidsAnswer]
    newer_known: NotRequired[bool]
    """Whether newer prices are published, although a yearly amount does not use them."""
