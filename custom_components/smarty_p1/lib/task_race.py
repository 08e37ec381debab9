"""Concurrent coroutines that all stop when the first of them ends."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def run_until_first_exit(*coroutines: Coroutine[Any, Any, object]) -> None:
    """Wait until one coroutine ends, cancel all others, and raise its exception, if any."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
