"""The meters' clock."""

from datetime import UTC, datetime, timedelta

import pytest

from dev.simulator import Clock

START = datetime.fromisoformat("2026-01-31T18:00+01:00")


def test_is_the_wall_s_by_default() -> None:
    before = datetime.now(UTC)
    assert before <= Clock().now() <= datetime.now(UTC)


def test_runs_faster_from_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = 100.0
    monkeypatch.setattr("dev.simulator.clock.time.monotonic", lambda: seconds)
    clock = Clock(START, speed=60)
    assert clock.now() == START
    seconds += 2
    assert clock.now() == START + timedelta(minutes=2)


@pytest.mark.parametrize("speed", [0, -1])
def test_does_not_stand_still_nor_run_backwards(speed: float) -> None:
    with pytest.raises(ValueError, match="forward"):
        Clock(speed=speed)
