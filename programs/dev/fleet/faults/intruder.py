"""Attacker who has no keys, but can read the stream and publish frames for all meters."""

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from random import Random

import nats.errors
import nats.js.errors
from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg

from dev.altered_bytes import noise
from dev.fleet.cluster import NatsCluster
from dev.fleet.meters import FleetMeter
from smartyp1.p1.frame_header import title_text

from .forged_frames import FORGED, REPLIES, forge, pick, title_of

STREAM = "smarty_p1_frames"
SUBJECT = "smarty_p1.sealed"
USER = "intruder"
# Header by which this test finds the attacker's messages in the stream. Collectors ignore the
# header.
MARK = "Intruder"
_EVERY = 0.4
# Maximum number of old frames that the attacker publishes again after all telegrams are
# acknowledged.
_OLD_FRAMES = 100
_WEIGHTS = dict.fromkeys(FORGED, 1) | {"replay": 6, "junk": 1, "of an unknown meter": 1}


class Intruder:
    """Attacker that publishes replayed and forged frames."""

    def __init__(self, cluster: NatsCluster, no_meter: FleetMeter, chance: Random) -> None:
        self.published: Counter[str] = Counter()
        self._cluster = cluster
        # Forged telegrams name a meter that does not exist. If a telegram of this meter is stored,
        # a collector has accepted a forged telegram.
        self._meter = no_meter
        self._chance = chance

    async def run(self) -> None:
        """Publish replayed and forged frames until cancelled."""
        async with (
            await self._cluster.connect(outlasts_nodes=True) as admin,
            await self._cluster.connect(USER, outlasts_nodes=True) as gateway,
        ):
            stream, publisher = admin.jetstream(timeout=3), gateway.jetstream(timeout=3)
            while True:
                with suppress(OSError, nats.errors.Error, nats.js.errors.Error):
                    state = (await stream.stream_info(STREAM)).state
                    if state.messages:
                        pair = [
                            await stream.get_msg(
                                STREAM, self._chance.randint(state.first_seq, state.last_seq)
                            )
                            for _ in range(2)
                        ]
                        await self._publish(publisher, *pair)
                        # Publish a message whose reply subject is the subject of a harmful command,
                        # for example to delete the stream. If a collector answered the message, its
                        # answer would be this command. So collectors must not answer.
                        title = (pair[0].subject or "").rpartition(".")[2]
                        reply = self._chance.choice(REPLIES)
                        headers = {MARK: "1"}
                        await gateway.publish(f"{SUBJECT}.{title}", b"", reply, headers)
                        self.published["reply"] += 1
                await asyncio.sleep(_EVERY)

    async def replay(self, stream: JetStreamContext) -> None:
        """Publish up to _OLD_FRAMES random frames of the stream once more."""
        async with await self._cluster.connect(USER, outlasts_nodes=True) as gateway:
            publisher = gateway.jetstream(timeout=3)
            state = (await stream.stream_info(STREAM)).state
            sequences = range(state.first_seq, state.last_seq + 1)
            for sequence in self._chance.sample(sequences, min(len(sequences), _OLD_FRAMES)):
                message = await stream.get_msg(STREAM, sequence)
                title, headers = (message.subject or "").rpartition(".")[2], {MARK: "1"}
                await publisher.publish(f"{SUBJECT}.{title}", message.data or b"", headers=headers)
                self.published["replay at the end"] += 1

    async def _publish(
        self, publisher: JetStreamContext, message: RawStreamMsg, other_message: RawStreamMsg
    ) -> None:
        frame, headers = message.data or b"", {MARK: "1"}
        title = (message.subject or "").rpartition(".")[2]
        kind = pick(self._chance, _WEIGHTS)
        if frame[:1] != b"\xdb" or MARK in (message.headers or {}):
            return
        match kind:
            case "replay":
                pass
            case "junk":
                frame = noise(self._chance)
            case "of an unknown meter":
                title = title_text(self._chance.randbytes(8))
                frame = frame[:2] + bytes.fromhex(title) + frame[10:]
            case _:
                lie = self._meter.telegram_at(datetime.now(UTC))
                other_title = title_of(other_message.data or bytes(10))
                frame = forge(kind, frame, lie, other_title, self._chance)
                title = title_text(title_of(frame))
        await publisher.publish(f"{SUBJECT}.{title}", frame, headers=headers)
        self.published[kind] += 1
