"""Tasks that end together."""

import asyncio

import pytest

from smartyp1.task_race import run_until_first_exit


async def test_the_end_of_one_task_ends_the_others_and_raises_its_error() -> None:
    ended = []

    async def goes_on(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    async def ends() -> None:
        await asyncio.sleep(0)

    async def fails() -> None:
        await asyncio.sleep(0)
        raise LookupError

    await run_until_first_exit(goes_on("first"), ends(), goes_on("second"))
    assert ended == ["first", "second"]
    with pytest.raises(LookupError):
        await run_until_first_exit(goes_on("third"), fails())
    assert ended[2:] == ["third"]
    task = asyncio.create_task(run_until_first_exit(goes_on("fourth")))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert ended[3:] == ["fourth"]
