"""Reader of parked frames. It stores frames whose key has come, and removes them from the stream.

Two collectors may read the same frames at the same time. Both then write the same values.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing, suppress

from nats.aio.msg import Msg
from nats.errors import Error as NatsError, TimeoutError as NoAnswerError
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig
from nats.js.errors import NotFoundError

from smarty_p1_fleet.jetstream_objects import read_once, subject_of
from smarty_p1_fleet.metrics import CollectorMetrics
from smarty_p1_fleet.outage_log import outage_of, reason
from smarty_p1_fleet.store.register_selection import RegisterSelection
from smarty_p1_fleet.store.store_writer import Store, StoreRestartedError
from smarty_p1_gateway import Keys, UnavailableError
from smarty_p1_gateway.nats.nats_acknowledged_publishing import STREAM as FRAMES_STREAM
from smartyp1.fault_log import FaultLog

from .clock_comparison import ClockComparison
from .frame_message import FrameMessage, read_message
from .frame_verifier import TELEGRAM, FrameVerifier, fingerprints_of
from .parked_frames import (
    EARLY,
    LATE,
    STREAM,
    ParkedFrame,
    ParkedSubject,
    Parking,
    all_subjects,
    make_parked_stream,
    mark_of,
    times_of,
)
from .reprocess import Reprocessed, reprocess_frames, until_kept

LOGGER = logging.getLogger(__name__)

_LOOK_INTERVAL_S = 5.0
# Maximum number of subjects and of frames that are read together. Their values are then on the disk
# of VictoriaMetrics after about 20 s, and the frames are removed.
_MAX_SUBJECTS = 500
_MAX_FRAMES = 50_000

# Last sequence number and number of messages of the stream, keys, and whether the clocks agree.
type _State = tuple[int, int, Keys, bool]


class ParkedFramesReader:
    """Reader of the frames that are parked for one store."""

    def __init__(  # noqa: PLR0913
        self,
        store: Store,
        metrics: CollectorMetrics,
        registers: RegisterSelection,
        clocks: ClockComparison,
        make_judge: Callable[[], FrameVerifier],
        *,
        name: str,
    ) -> None:
        """Take the parts of a collector. `name` is the configured name of its store."""
        self._store = store
        self._metrics = metrics
        self._registers = registers
        self._clocks = clocks
        self._make_judge = make_judge
        self._name = name
        self._outage = outage_of("Reading parked frames")
        self._faults = FaultLog(LOGGER, name)
        self._seen: _State | None = None

    async def run(self, js: JetStreamContext, parking: Parking, keys: Callable[[], Keys]) -> None:
        """Read parked frames as soon as they may be stored, until cancelled."""
        self._seen = None
        while True:
            try:
                await self.look(js, parking, keys())
            except (
                NatsError,
                OSError,
                TimeoutError,
                StoreRestartedError,
                UnavailableError,
            ) as error:
                self._outage.note(reason(error))
            except Exception as error:  # noqa: BLE001 - it must not end the fetching of new frames
                self._faults.note("the reading of parked frames", error)
            else:
                self._outage.end()
            await asyncio.sleep(_LOOK_INTERVAL_S)

    async def look(self, js: JetStreamContext, parking: Parking, keys: Keys) -> None:
        """Store all parked frames that may be stored now.

        Raises the errors of NATS, StoreRestartedError and UnavailableError.
        """
        try:
            state = (await js.stream_info(STREAM)).state
        except NotFoundError:
            # Somebody has deleted the stream.
            await make_parked_stream(js, (await js.stream_info(FRAMES_STREAM)).config)
            return
        seen = state.last_seq, state.messages, keys, self._clocks.do_agree
        # With the same frames, keys and clocks as at the last look, there is nothing to read.
        if seen == self._seen:
            return
        subjects = await self._subjects(js)
        self._show(subjects)
        ready = [
            subject
            for subject in subjects
            if subject.may_be_read(
                fingerprints_of(keys, subject.title), do_clocks_agree=self._clocks.do_agree
            )
        ]
        if ready:
            await self._read(js, parking, keys, ready[:_MAX_SUBJECTS])
        else:
            self._seen = seen

    async def _subjects(self, js: JetStreamContext) -> list[ParkedSubject]:
        pattern = all_subjects(store=self._name)
        info = await js.stream_info(STREAM, subjects_filter=pattern)
        return [found for text in info.state.subjects or () if (found := ParkedSubject.parse(text))]

    def _show(self, subjects: Collection[ParkedSubject]) -> None:
        no_key = {subject.title for subject in subjects if subject.mark not in {LATE, EARLY}}
        early = {subject.title for subject in subjects if subject.mark == EARLY}
        self._metrics.waiting_titles.set(len(no_key))
        self._metrics.early_titles.set(len(early))

    async def _read(
        self, js: JetStreamContext, parking: Parking, keys: Keys, ready: Collection[ParkedSubject]
    ) -> None:
        """Store the frames of the subjects `ready`, or park them with another mark."""
        last: dict[ParkedSubject, int] = {}

        async def work() -> Reprocessed:
            judge, result = self._make_judge(), Reprocessed()
            async with aclosing(_frames(js, ready)) as batches:
                async for batch in batches:
                    messages = [message for _, message in batch]
                    verdicts = await reprocess_frames(
                        messages, judge, self._store, self._registers, result
                    )
                    waiting = [
                        _waiting_frame(subject, message, verdict.mark, keys)
                        for (subject, message), verdict in zip(batch, verdicts, strict=True)
                        if verdict.mark
                    ]
                    await parking.park(waiting)
                    last.update((subject, message.sequence) for subject, message in batch)
                    if result.outcomes.total() >= _MAX_FRAMES:
                        break
            return result

        result = await until_kept(self._store, work)
        for subject, sequence in last.items():
            await js.purge_stream(STREAM, seq=sequence + 1, subject=str(subject))
        self._metrics.caught_up.inc(result.outcomes.total())
        if result.outcomes[TELEGRAM]:
            LOGGER.info("Frames that were parked: %s", result)


def _waiting_frame(
    subject: ParkedSubject, message: FrameMessage, mark: str, keys: Keys
) -> ParkedFrame:
    """Return a frame that still waits. Its new mark has all keys that were tried until now."""
    if mark not in {LATE, EARLY}:
        mark = mark_of(fingerprints_of(keys, subject.title), subject.tried)
    identity = f"{message.sequence}.{mark}"
    return ParkedFrame(subject.title, mark, message.data, identity, message.arrived, message.latest)


async def _frames(
    js: JetStreamContext, subjects: Collection[ParkedSubject]
) -> AsyncGenerator[list[tuple[ParkedSubject, FrameMessage]]]:
    """Yield batches of parked frames in the order of their parking. Raises NATS's errors."""
    by_name = {str(subject): subject for subject in subjects}
    async with aclosing(read_once(js, STREAM, by_name, ConsumerConfig())) as batches:
        # No answer comes if another collector has removed the remaining frames, because it has
        # stored them.
        with suppress(NoAnswerError):
            async for batch in batches:
                yield [_read(message, by_name[message.subject]) for message in batch]


def _read(message: Msg, subject: ParkedSubject) -> tuple[ParkedSubject, FrameMessage]:
    found = read_message(message)
    arrived, parked = times_of(message.headers)
    return subject, found._replace(
        subject=subject_of(subject.title), arrived=arrived or found.arrived, latest=parked
    )
