"""Limits and times that the pages of the programs promise: each is the programs'."""

import re
from datetime import timedelta
from math import ceil

import pytest

from dev.checkout import PROGRAMS
from smarty_p1_fleet import collector_config, jetstream_objects, metrics
from smarty_p1_fleet.frames import frame_order, frame_verifier, nats_clock_check, reading_publisher
from smarty_p1_fleet.init import certificates
from smarty_p1_gateway import batching_event_loop, gateway_config, health, key_source
from smarty_p1_gateway.mqtt import mqtt_frames_publisher, mqtt_values_publisher
from smarty_p1_gateway.nats import (
    nats_acknowledged_publishing as batches,
    nats_frames_publisher as nats,
)
from smarty_p1_gateway.queue import async_frame_queue as memory, frame_queue_on_disk as disk

DOCS = PROGRAMS / "docs"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
KIB, MIB = 1024, 1024 * 1024
LIMITS = [
    ("fleet-guarantees", "frame of up to {} KB", nats._MAX_FRAME_BYTES / KIB),
    ("fleet-guarantees", "to its disk within {} s", batching_event_loop._BATCH_S),
    ("fleet-guarantees", "after at most {} seconds", jetstream_objects.ACK_WAIT_S),
    ("fleet-guarantees", "more than {} days before", frame_verifier._MAX_AGE_S / 86_400),
    ("fleet-guarantees", "more than {} s before that of a frame", frame_order.TOLERANCE_S),
    ("fleet-guarantees", "by more than {} s, nothing", nats_clock_check.MAX_DIFFERENCE_S),
    ("fleet-guarantees", "has at most {} KB", jetstream_objects.MAX_MESSAGE_BYTES / KIB),
    ("fleet-reference", "valid for {} days", certificates.LIFE / DAY),
    ("fleet-reference", "after up to {} seconds", 10 * ceil(reading_publisher._PAUSE_S / 10)),
    ("fleet-reference", "(at most {} meters)", collector_config._MAX_TITLES),
    ("fleet-reference", "(at most {} pairs", metrics._MAX_KNOWN_PAIRS),
    ("gateway", "the same text within {} seconds", key_source._COMMAND_TIMEOUT_S),
    ("gateway-nats", "tries them every {} seconds", nats._ASIDE_INTERVAL),
    ("gateway-nats", "an atomic batch of up to {}", batches.MAX_BATCH),
    ("gateway-nats", "takes longer than {} seconds still counts", batches.LATE_S),
    ("gateway-nats", "After {} seconds without an answer", batches.PATIENCE_S),
    ("gateway-nats", "after {} seconds in which a node knows no stream", nats._NO_STREAM_S),
    ("gateway-nats", "at most {} ports", gateway_config._MAX_PORTS),
    ("gateway-reference", "One meter fills {} MiB", gateway_config._DEFAULT_MEGABYTES),
    ("gateway-reference", "less than {} MiB free", disk._FREE_BYTES / MIB),
    ("gateway-reference", "up to {} MiB wait", memory._MAX_MEMORY_BYTES / MIB),
    ("gateway-reference", "the frames after {} seconds", mqtt_frames_publisher._GRACE),
    ("gateway-reference", "at {} KiB a second", mqtt_frames_publisher._BACKLOG_RATE / KIB),
    ("../../docs/mqtt", "`offline` after {} seconds", round(mqtt_values_publisher._STALE_AFTER_S)),
    ("gateway-reference", "has hung for {} seconds", health._MAX_SILENCE_S),
]


@pytest.mark.parametrize(("page", "text", "value"), LIMITS)
def test_a_number_on_a_page_is_the_programs(page: str, text: str, value: float) -> None:
    words = re.sub(r"\s+", " ", (DOCS / f"{page}.md").read_text("utf-8"))
    # 8 is not the end of 48.
    assert re.search(rf"(?<![\d.,]){re.escape(text.format(f'{value:,g}'))}", words)
