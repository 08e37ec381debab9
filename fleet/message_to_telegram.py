"""The messages of a partition, each to a telegram that counts, or to why it does not.

What becomes of a message depends only on those before it in the stream, on the keys, and on names
that were given away for good, so that whoever reads the partition again comes to the same.
"""

from smarty_p1_gateway import Keys
from smartyp1.p1 import Telegram

from .commit_queue import Batch
from .frame_reader import FrameMessage
from .key_rotation import KeyRotations
from .meter_bounds import MeterBounds
from .meter_names import OTHER_METER, MeterNames
from .meters import Meters
from .metrics import TELEGRAM
from .own_times import OwnTimes
from .subjects import title_of
from .waiting_titles import PASSED_OVER, WaitingTitles


class Intake:
    """Goes on from the counters and times of a partition's state."""

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        meters: Meters,
        names: MeterNames,
        times: OwnTimes,
        bounds: MeterBounds,
        rotations: KeyRotations,
        waiting: WaitingTitles,
    ) -> None:
        self.waiting = waiting
        self._meters = meters
        self._names = names
        self._times = times
        self._bounds = bounds
        self._rotations = rotations

    def use(self, keys: Keys) -> list[bytes]:
        """Take other keys; return the titles that are to be read again because of them."""
        self._meters.use(keys)
        self._names.use(keys)
        return self.waiting.use(keys)

    async def judge(
        self, message: FrameMessage, batch: Batch, *, is_read_again: bool = False
    ) -> Telegram | None:
        """Return the telegram in a message, if it counts; note in the batch what became of it.

        One of a title that is to be read again is left for then. Raises NATS's errors.
        """
        title = title_of(message.subject)
        if not is_read_again and title is not None and self.waiting.is_read_again(title):
            self.waiting.leave(title, message.sequence, message.arrived)
            return None
        event = await self._judge(message, batch)
        outcome = event if isinstance(event, str) else TELEGRAM
        if title is not None and outcome in PASSED_OVER:
            self.waiting.pass_over(title, message.sequence, message.arrived)
        batch.outcomes[outcome] += 1
        if isinstance(event, str):
            batch.rejected[title.hex().upper() if title else "", event] += 1
        return None if isinstance(event, str) else event

    def end(self, batch: Batch) -> None:
        """Note in a batch what must be known of the keys behind it."""
        self.waiting.expire(batch.arrived)
        batch.waiting = self.waiting.state
        batch.rotations, self._rotations.changed = self._rotations.changed, {}

    async def _judge(self, message: FrameMessage, batch: Batch) -> Telegram | str:
        event = self._meters.judge(message.subject, message.data, message.arrived)
        if isinstance(event, str):
            return event
        self.waiting.note_verified(event.system_title or b"")
        title_with_key = self._meters.title_with_key(event.system_title or b"")
        # Verified, whatever it says: it does not come again.
        batch.counters[title_with_key] = event.frame_counter or 0
        if not await self._names.may_write(event):
            return OTHER_METER
        bounded = self._bounds.apply(event)
        time = self._times.judge(title_with_key, bounded, message.arrived)
        if isinstance(time, str):
            return time
        if time is not None:
            batch.times[title_with_key] = time
        return bounded
