"""Exchange of meters: at no time do two titles write to one series, at either of two collectors."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, tzinfo
from types import SimpleNamespace
from typing import cast

import pytest
from nats.js import JetStreamContext

from dev.encoder import KEY, frame, telegram
from dev.testing.random_examples import examples
from smarty_p1_fleet import meter_exchange, meter_names
from smarty_p1_fleet.collector_config import CollectorConfig
from smarty_p1_fleet.meter_exchange import exchange_meter
from smarty_p1_fleet.meter_names import MeterNames
from smarty_p1_gateway import ConfigError, UnavailableError
from smartyp1.p1.frame_decryptor import FrameDecryptor
from smartyp1.p1.telegram import Telegram
from tests.fleet.made_up import Fleet

OLD, NEW, NAME = b"SAGgp\x04\x10\x30", b"SAGgp\x04\x10\x31", "SAG103"
BEGIN = 1_784_620_800  # 2026-07-21 10:00 in Luxembourg


class World:
    """Two collectors, the stream, and a clock that only moves when somebody waits.

    `written` has the title whose telegram is in the series of NAME, by time.
    """

    def __init__(self, fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.bucket = fleet.bucket
        self.collectors = fleet.new_names(), fleet.new_names()
        self.sent: list[tuple[bytes, int]] = []
        self.waiting: list[tuple[bytes, int]] = []
        self.written: dict[int, bytes] = {}
        self.conflicts = 0
        self.during = SimpleNamespace(work=None)
        clock = SimpleNamespace(monotonic=lambda: self.now, time=lambda: BEGIN + self.now)
        monkeypatch.setattr(meter_names, "time", clock)
        monkeypatch.setattr(meter_exchange, "time", clock)
        monkeypatch.setattr(meter_exchange, "datetime", _Datetime(self))
        monkeypatch.setattr(meter_exchange, "asyncio", SimpleNamespace(sleep=self._sleep))
        for name, made in (
            ("connected", self._opened), ("open_reader", self._opened),
            ("until_acknowledged", self._acknowledged), ("first_since", self._first_since),
        ):  # fmt: skip
            monkeypatch.setattr(meter_exchange, name, made)

    async def _sleep(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now += 1
            if self.during.work:
                await self.during.work()

    @asynccontextmanager
    async def _opened(self, *_: object) -> AsyncIterator[World]:
        yield self

    async def _acknowledged(self, *_: object) -> bool:
        return True

    async def _first_since(
        self, _: JetStreamContext, title: bytes, since: datetime
    ) -> tuple[int, ...]:
        begin = since.timestamp() - BEGIN
        return 1, 1, sum(who == title and at >= begin for who, at in self.sent)

    async def key_value(self, _: str) -> object:
        async def put(key: str, value: bytes) -> int:
            return self.bucket.put(key, value)

        return SimpleNamespace(get=self.bucket.get, update=self.bucket.update, put=put)

    async def counters(self, _: float, __: float, matching: str) -> dict[bytes, tuple[int, float]]:
        found: dict[bytes, tuple[int, float]] = {}
        for at, title in sorted(self.written.items()):
            if title.hex().upper() in matching:
                found[title] = 1, float(BEGIN + at)
        return found

    async def send(self, title: bytes, which: int, name: str = NAME) -> None:
        """Let a meter send a telegram, which one of the collectors gets."""
        self.sent.append((title, int(self.now)))
        await self._take(title, int(self.now), self.collectors[which], name)

    async def _take(self, title: bytes, at: int, collector: MeterNames, name: str) -> None:
        when = datetime.fromtimestamp(BEGIN + at, UTC)
        text = telegram(f"0-0:1.0.0({when:%y%m%d}{when.hour + 2:02}{when:%M%S}S)", name=name)
        event = FrameDecryptor(KEY).decrypt(frame(1, text, title=title))
        assert isinstance(event, Telegram)
        if not await collector.may_write(event):
            self.waiting.append((title, at))
        elif name == NAME:
            self.conflicts += self.written.get(at, title) != title
            self.written[at] = title

    async def read_again(self) -> None:
        waiting, self.waiting = self.waiting, []
        for title, at in waiting:
            await self._take(title, at, self.collectors[at % 2], NAME)

    async def exchange(self, old: bytes = OLD, new: bytes = NEW) -> str:
        config = cast("CollectorConfig", SimpleNamespace(store=SimpleNamespace(name="store")))
        return await exchange_meter(config, old, new)

    def check(self) -> None:
        """Check that the series has no telegrams of both meters, one between those of the other."""
        assert not self.conflicts
        changes = [title for _, title in sorted(self.written.items())]
        assert changes == sorted(changes), "the old meter's telegrams come first"


class _Datetime:
    def __init__(self, world: World) -> None:
        self._world = world

    def now(self, _: object) -> datetime:
        return datetime.fromtimestamp(BEGIN + self._world.now, UTC)

    @staticmethod
    def fromtimestamp(moment: float, zone: tzinfo) -> datetime:
        return datetime.fromtimestamp(moment, zone)


@pytest.fixture
def world(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(fleet, monkeypatch)


async def test_frames_of_the_new_meter_wait_and_are_stored_and_later_ones_of_the_old_wait(
    world: World,
) -> None:
    await world.send(OLD, 0)
    world.now = 100
    await world.send(OLD, 1)
    world.now = 200
    await world.send(NEW, 0)
    assert world.waiting == [(NEW, 200)]
    with pytest.raises(UnavailableError, match="still sends: its last frame is not 300 s old"):
        await world.exchange()
    world.now = 500
    told = await world.exchange()
    assert told.startswith(
        f"{NAME} belongs to {NEW.hex().upper()}, for telegrams after 2026-07-21 "
    )
    await world.send(OLD, 0)
    world.now += 1
    await world.send(OLD, 1)
    world.now += 1
    await world.send(NEW, 1)
    world.now += 6
    await world.read_again()
    assert {title for title, _ in world.waiting} == {OLD}
    assert sum(title == NEW for title in world.written.values()) == 2
    world.check()
    # Frames of the old meter from before are read again, also after a loss of the store.
    before, world.written = world.written, {}
    world.waiting = [(OLD, 0), (OLD, 100), (NEW, 200)]
    await world.read_again()
    assert world.written == {at: title for at, title in before.items() if at <= 200}


async def test_the_old_meter_sends_during_the_exchange_and_keeps_its_name(world: World) -> None:
    await world.send(OLD, 1)
    await world.send(OLD, 0)
    world.now = 400

    async def work() -> None:
        if world.now == 403:
            await world.send(OLD, 0)
            await world.send(NEW, 1)

    world.during.work = work
    with pytest.raises(UnavailableError, match="has sent a frame just now: it keeps SAG103"):
        await world.exchange()
    world.now += 10
    await world.read_again()
    assert (world.waiting, [*world.written.values()]) == ([(NEW, 403)], [OLD, OLD])
    world.check()


async def test_an_exchange_is_repeated_after_its_command_was_ended(world: World) -> None:
    await world.send(OLD, 0)
    world.now = 400

    async def end() -> None:
        raise KeyboardInterrupt

    world.during.work = end
    with pytest.raises(KeyboardInterrupt):
        await world.exchange()
    world.during.work = None
    world.now += 10
    for title in (OLD, NEW):
        await world.send(title, 0)
    world.now += 400
    await world.exchange()
    await world.read_again()
    assert world.waiting == [(OLD, 411)]
    world.check()


async def test_an_impossible_exchange_is_named(world: World) -> None:
    with pytest.raises(ConfigError, match="owns no serial number"):
        await world.exchange()
    await world.send(OLD, 0)
    world.now = 400
    await world.exchange()
    with pytest.raises(ConfigError, match=f"belongs to the meter {NEW.hex().upper()}"):
        await world.exchange()
    # Back, and to a meter that had a name.
    await world.send(NEW, 0)
    world.now = 900
    await world.exchange(NEW, OLD)
    await world.send(OLD, 1)
    assert world.waiting == []
    # A meter gets another serial number.
    await world.send(OLD, 1, "SAG104")
    assert len(world.waiting) == 1
    assert "gets the next serial number" in await world.exchange(OLD, OLD)
    world.now += 6
    await world.send(OLD, 1, "SAG104")
    assert len(world.waiting) == 1


@pytest.mark.parametrize("seed", range(examples(30)))
async def test_no_order_of_frames_lets_two_meters_write_one_series(world: World, seed: int) -> None:
    chosen = random.Random(seed)  # noqa: S311 - no secret

    async def step() -> None:
        world.now += chosen.choice((1, 2, 7))
        for title in chosen.sample((OLD, NEW), 2):
            if chosen.random() < 0.3:
                await world.send(title, chosen.randrange(2))
            world.now += chosen.randrange(2)

    async def during() -> None:
        if chosen.random() < 0.02:
            await world.send(chosen.choice((OLD, NEW)), chosen.randrange(2))

    done = 0
    await world.send(OLD, 0)
    for _ in range(60):
        for _ in range(10):
            await step()
        world.now += chosen.choice((0, 301))
        world.during.work = during
        with suppress(ConfigError):
            await world.exchange(*chosen.choice(((OLD, NEW), (NEW, OLD))))
            done += 1
        world.during.work = None
        await world.read_again()
        assert not world.conflicts
        if done == 2:
            return
    pytest.fail("no two exchanges took place")
