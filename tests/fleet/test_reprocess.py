"""Reading again: how fast it may be."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import pytest

from smarty_p1_fleet.frames import reprocess


@pytest.mark.parametrize(("took", "pause"), [(0.02, 0.02), (0.1, 0.1), (3.0, 0.1)])
async def test_a_pause_is_as_long_as_its_batch_but_not_longer_than_a_tenth_of_a_second(
    monkeypatch: pytest.MonkeyPatch, took: float, pause: float
) -> None:
    clock = iter((100.0, 100.0 + took))
    sleep = AsyncMock()
    monkeypatch.setattr(reprocess, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr("smarty_p1_fleet.frames.reprocess.asyncio.sleep", sleep)
    unused: Any = None
    await reprocess.reprocess_frames([], unused, unused, unused, reprocess.Reprocessed())
    sleep.assert_awaited_once_with(pytest.approx(pause))
