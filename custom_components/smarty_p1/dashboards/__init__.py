"""Dashboards that show a meter: "Smarty" with its own cards, and the Energy dashboard."""

from .bill_picture import async_bill_picture
from .cards_view import async_serve_cards
from .energy_dashboard_setup import (
    ENERGY_URL,
    EnergySource,
    async_fill_when_known,
    async_missing_sources,
)
from .energy_source_issues import Offer, async_move, async_offers, async_undo, async_watch_sources
from .sidebar import (
    async_hand_over,
    async_set_sidebar,
    async_show_in_sidebar,
    async_shown_dashboard,
    free_path,
    is_in_sidebar,
    is_possible,
)

__all__ = [
    "ENERGY_URL",
    "EnergySource",
    "Offer",
    "async_bill_picture",
    "async_fill_when_known",
    "async_hand_over",
    "async_missing_sources",
    "async_move",
    "async_offers",
    "async_serve_cards",
    "async_set_sidebar",
    "async_show_in_sidebar",
    "async_shown_dashboard",
    "async_undo",
    "async_watch_sources",
    "free_path",
    "is_in_sidebar",
    "is_possible",
]
