"""Limits and times that pages promise: each is the program's."""

import re
from datetime import timedelta

import pytest

from custom_components.smarty_p1.coordinator import tank_coordinator
from custom_components.smarty_p1.coordinator.leneda import client, download
from custom_components.smarty_p1.coordinator.market_prices.prices_ahead import ASK_AGAIN_AFTER
from custom_components.smarty_p1.coordinator.stored import (
    gas_water_heat_history as gas,
    voltage_extremes,
)
from custom_components.smarty_p1.energy_dashboard.house_sources import _MAX_DEVICES
from custom_components.smarty_p1.flows.boards import board_probe
from custom_components.smarty_p1.lib import clock_verdict, failure_detection
from custom_components.smarty_p1.lib.advice import daily_energy_forecast, goal
from custom_components.smarty_p1.lib.boards import running_count, tank_level
from custom_components.smarty_p1.lib.messages import goal_watch, water_watch
from custom_components.smarty_p1.lib.p1.decoder import _SHORT_FRAME_BYTES
from custom_components.smarty_p1.lib.port import probing, reconnecting_port
from custom_components.smarty_p1.lib.virtual.virtual_meter import MAX_BATTERIES, MAX_SILENCE_S
from custom_components.smarty_p1.lib.virtual_server import http_port
from custom_components.smarty_p1.sinks import p1_server
from dev.checkout import ROOT

DOCS = ROOT / "docs"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
KIB, MIB = 1024, 1024 * 1024
COVERED = [
    float(percent)
    for percent in re.findall(r"(?m)^covers (\d+) ", (DOCS.parent / "scripts/test").read_text())
]

TYPES = "../frontend/src/data/websocket-types.ts"
LIMITS = [
    ("batteries", "After {} seconds, the battery gets no answer", MAX_SILENCE_S),
    ("batteries", "share {} connections", http_port.MAX_CONNECTIONS),
    ("batteries", "at most {} from one address", http_port.MAX_CONNECTIONS_OF_ONE),
    ("dashboard", "captures of at most {} minutes", water_watch._MAX_PAUSE / MINUTE),
    ("dashboard", "{} L in an hour of the night", water_watch._FLOOD_LITRES),
    ("dashboard", "above the goal from {} €", goal_watch._MIN_ABOVE_EUR),
    ("dashboard", "€ and {} % on", goal_watch._MIN_ABOVE_SHARE * 100),
    ("dashboard", "what the last {} days did", goal._RECENT_DAYS),
    ("energy-dashboard", "gas older than {} days", gas.KEPT_HOURS / 24),
    ("leneda", "shows up to {} days from Leneda", gas.KEPT_DAYS),
    ("leneda", "for the last {} days, because", download._REVISED / DAY),
    ("leneda", "a period of at most {} days", client.MAX_PERIOD / DAY),
    ("p1-server", "At most {} clients", p1_server.MAX_CLIENTS),
    ("p1-server", "{} from one address", p1_server.MAX_CLIENTS_OF_ONE),
    ("p1-server", "sends more than {} KiB", p1_server._MAX_RECEIVED_BYTES / KIB),
    ("pulse-reader", "listens for up to {} seconds", board_probe.PULSE_TIMEOUT_S),
    ("pulse-reader", "at most {} kW are assumed", running_count.MAX_HOUSEHOLD_KW),
    ("rainwater-tank", "the median of the last {} seconds", tank_level.WINDOW),
    ("rainwater-tank", "seconds, every {} seconds", tank_coordinator._UPDATE_INTERVAL_S),
    ("setup", "waits at most {} seconds for", probing.PROBE_TIMEOUT_S),
    ("setup", "takes up to {} seconds", probing.PROBE_TIMEOUT_S),
    ("tariff", "the level of the last {} days", daily_energy_forecast._LEVEL_DAYS),
    ("tariff-actions", "at most {} minutes later", ASK_AGAIN_AFTER / MINUTE),
    ("troubleshooting", "Enter at most {} private IP addresses", MAX_BATTERIES),
    ("trust", "A telegram more than {} minutes older", clock_verdict.MAX_SUMMER_TIME / MINUTE),
    ("trust", "of the same kind and {} seconds without", failure_detection.MIN_DURATION_S),
    ("trust", "clocks more than {} minutes apart", clock_verdict.MAX_DEVIATION / MINUTE),
    ("trust", "that are at most {} days", clock_verdict.MAX_QUEUED / DAY),
    ("trust", "1, 2, 4 … {} seconds", reconnecting_port.MAX_DELAY_S),
    ("trust", "at most {} seconds in the local network", reconnecting_port.MAX_DELAY_IN_HOUSE_S),
    ("trust", "sent no byte for {} seconds", reconnecting_port.SILENCE_TIMEOUT_S),
    ("trust", "frame of up to {} KiB is always", _SHORT_FRAME_BYTES / KIB),
    (TYPES, "at most {} devices of the Energy dashboard", _MAX_DEVICES),
    (TYPES, "the last 24 hours: {} values", voltage_extremes.SLOTS),
    (TYPES, "Consumption of at most {} days", gas.KEPT_DAYS),
    (TYPES, "The last {} days; null for meters other than water", gas.KEPT_HOURS / 24),
    ("developing/tests", "below {} % coverage of the integration", COVERED[0]),
    ("developing/tests", "below {} % of the dialogs", COVERED[1]),
]


@pytest.mark.parametrize(("page", "text", "value"), LIMITS)
def test_a_number_on_a_page_is_the_programs(page: str, text: str, value: float) -> None:
    path = DOCS / (page if page == TYPES else f"{page}.md")
    words = re.sub(r"\s+(\* )?", " ", path.read_text("utf-8"))
    # 8 is not the end of 48.
    assert re.search(rf"(?<![\d.,]){re.escape(text.format(f'{value:,g}'))}", words)
