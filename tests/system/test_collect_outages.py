"""Collectors with a real NATS cluster and a real VictoriaMetrics, which are killed."""

import asyncio
from pathlib import Path

import pytest

from smartyp1.p1 import key_fingerprint
from tests.system.collectors import (
    GO_ON,
    KEY,
    STOP,
    TERMINATE,
    Collectors,
    expected_of,
    has_all,
    meters,
    missing,
    until_stored,
)
from tests.system.support import PATIENCE, TIMEOUT, until


@pytest.mark.timeout(TIMEOUT)
async def test_nothing_is_lost_or_let_in_whatever_is_killed(tmp_path: Path) -> None:
    async with Collectors(tmp_path) as fleet:
        sent = meters(20)
        fleet.write_keys(*sent)
        first = await fleet.start("first")
        await fleet.start("second")

        async def is_divided() -> bool:
            return [fleet.metrics(name).get("partitions") for name in ("first", "second")] == [8, 8]

        await until(is_divided, within=PATIENCE)

        async def send() -> None:
            while True:
                await fleet.send(*sent)
                await asyncio.sleep(0.5)

        sending = asyncio.create_task(send())
        await asyncio.sleep(3)
        # VictoriaMetrics loses what it has not yet written to the disk.
        await fleet.store.kill()
        await fleet.store.start()
        await asyncio.sleep(3)
        # A collector is away for so long that it loses its partitions, and knows nothing of it.
        first.send(STOP)
        await until(lambda: has_all(fleet, "second"), within=PATIENCE)
        first.send(GO_ON)
        await until(is_divided, within=PATIENCE)
        third = await fleet.start("third")

        async def is_divided_by_three() -> bool:
            names = ("first", "second", "third")
            found = [fleet.metrics(name).get("partitions", 0.0) for name in names]
            return sum(found) == 16 and max(found) == 6

        await until(is_divided_by_three, within=PATIENCE)
        third.send(TERMINATE)
        await until(is_divided, within=PATIENCE)
        await first.kill()
        await fleet.start("first")
        await until(is_divided, within=PATIENCE)
        await asyncio.sleep(2)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await until_stored(fleet, *sent)

        async def is_committed() -> bool:
            return not any(
                fleet.metrics(name)["oldest_age_seconds"] for name in ("first", "second")
            )

        await until(is_committed, within=PATIENCE)
        await fleet.store.kill()
        await fleet.store.start()
        assert missing(expected_of(*sent), fleet.stored())[:10] == []
        states = await fleet.js.key_value("smarty_p1_partitions")
        kept = [await states.get(str(number)) for number in range(16)]
        text = b"".join(entry.value or b"" for entry in kept).decode()
        for meter in sent:
            title_with_key = meter.title.hex().upper() + key_fingerprint(KEY).upper()
            assert f'"{title_with_key}":{meter.counter}' in text


@pytest.mark.timeout(TIMEOUT)
async def test_what_waits_for_the_store_grows_old(tmp_path: Path) -> None:
    async with Collectors(tmp_path) as fleet:
        [meter] = sent = meters(1)
        fleet.write_keys(meter)
        await fleet.store.kill()
        await fleet.start("first")

        await until(lambda: has_all(fleet, "first"), within=PATIENCE)
        assert fleet.metrics("first")["oldest_age_seconds"] == 0
        await fleet.send(meter)

        async def is_old() -> bool:
            return fleet.metrics("first")["oldest_age_seconds"] > 5

        await until(is_old, within=PATIENCE)
        await fleet.store.start()
        await until_stored(fleet, *sent)


@pytest.mark.timeout(TIMEOUT)
async def test_of_two_with_one_name_one_waits(tmp_path: Path) -> None:
    async with Collectors(tmp_path) as fleet:
        [meter] = sent = meters(1)
        fleet.write_keys(meter)

        def said() -> int:
            [log] = (tmp_path / "old").glob("*.log")
            return log.read_text(encoding="utf-8").count("Another collector is called old, too")

        async def is_said() -> bool:
            return said() > 0

        await fleet.start("old")
        await until(lambda: has_all(fleet, "old"), within=PATIENCE)
        new = await fleet.start("new", called="old")
        await until(lambda: has_all(fleet, "new"), within=PATIENCE)
        await until(is_said, within=PATIENCE)
        for _ in range(2):
            await fleet.send(meter)
            await until_stored(fleet, *sent)
        # It does not fight for them; one may be begun twice where the machine is slow.
        assert fleet.metrics("old")["partitions_begun_total"] < 2 * 16
        assert fleet.metrics("old")["partitions"] == 0

        await new.kill()
        await until(lambda: has_all(fleet, "old"), within=PATIENCE)
        await fleet.send(meter)
        await until_stored(fleet, *sent)
        assert said() == 1


@pytest.mark.timeout(TIMEOUT)
async def test_a_name_belongs_to_one_meter_in_all_partitions_and_after_a_kill(
    tmp_path: Path,
) -> None:
    async with Collectors(tmp_path) as fleet:
        # By their titles, they are in different partitions.
        known, other = meters(2)
        fleet.write_keys(known, other)
        await fleet.start("first")
        await fleet.send(known)
        await until_stored(fleet, known)
        await fleet.stop("first")
        await fleet.start("first")
        own, other.name = other.name, known.name
        await fleet.send(other)

        async def is_refused() -> bool:
            return fleet.metrics("first").get('rejected_total{reason="other_meter"}') == 1

        await until(is_refused, within=PATIENCE)
        other.name, other.expected = own, {}
        await fleet.send(known, other)
        await until_stored(fleet, known, other)
        assert fleet.metrics("first")['rejected_total{reason="other_meter"}'] == 1
