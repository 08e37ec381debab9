"""The messages of a partition, each to a telegram that counts, or to why it does not.

What becomes of a message depends only on those before it in the stream, and on names that were
given away for good, so that whoever reads the partition again comes to the same.
"""

from smartyp1.p1 import Telegram

from .commit_queue import Batch
from .frame_reader import FrameMessage
from .meter_bounds import MeterBounds
from .meter_names import OTHER_METER, MeterNames
from .meters import Meters
from .metrics import TELEGRAM
from .own_times import OwnTimes
from .rejections import title_in


class Intake:
    """Goes on from the counters and times of a partition's state."""

    def __init__(
        self, meters: Meters, names: MeterNames, times: OwnTimes, bounds: MeterBounds
    ) -> None:
        self._meters = meters
        self._names = names
        self._times = times
        self._bounds = bounds

    async def judge(self, message: FrameMessage, batch: Batch) -> Telegram | None:
        """Return the telegram in a message, if it counts; note in the batch what became of it.

        Raises NATS's errors.
        """
        event = await self._judge(message, batch)
        outcome = event if isinstance(event, str) else TELEGRAM
        batch.outcomes[outcome] += 1
        if isinstance(event, str):
            batch.rejected[title_in(message.subject), event] += 1
        return None if isinstance(event, str) else event

    async def _judge(self, message: FrameMessage, batch: Batch) -> Telegram | str:
        event = self._meters.judge(message.subject, message.data)
        if isinstance(event, str):
            return event
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
