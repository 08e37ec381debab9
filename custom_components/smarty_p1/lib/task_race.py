"""Coroutines that run at the same time. As soon as one of them ends, all others are cancelled."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def run_until_first_exit(*coroutines: Coroutine[Any, Any, object]) -> None:
    """Run coroutines until the first one ends, then cancel all others.

    Raises the exception of the coroutine that ended first, if it has raised one.
    """
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
