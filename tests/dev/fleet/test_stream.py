"""What a run reads of the collectors' state is what they keep."""

from typing import cast

import nats.js.errors
from nats.js import JetStreamContext
from nats.js.kv import KeyValue

from dev.fleet.stream import committed_counters
from smarty_p1_fleet.partition_state import PartitionState

TITLE = b"SAGgp\x04\x10\x30"
OTHER = b"SAGgp\x04\x10\x31"
FINGERPRINT = bytes(range(8))


class FakeBucket:
    """Has the states of two partitions."""

    async def get(self, key: str) -> KeyValue.Entry:
        counters = {"3": {TITLE + FINGERPRINT: 7}, "5": {OTHER + FINGERPRINT: 8}}.get(key)
        if counters is None:
            raise nats.js.errors.KeyNotFoundError
        text = PartitionState().advanced(40, 1.5, counters).to_json()
        return KeyValue.Entry("", key, text, 1, None, None, None)


class FakeStream:
    """Has one bucket."""

    async def key_value(self, _: str) -> FakeBucket:
        return FakeBucket()


async def test_counters_are_found_by_the_meters_title() -> None:
    found = await committed_counters(cast("JetStreamContext", FakeStream()))
    assert found == {TITLE.hex().upper(): 7, OTHER.hex().upper(): 8}
