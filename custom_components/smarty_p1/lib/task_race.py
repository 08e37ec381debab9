"""Several works at the same time, of which none goes on without the others."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def run_until_first_exit(*works: Coroutine[Any, Any, object]) -> None:
    """Wait until one of several ends, end the others, and raise what it raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
