"""Unexpected errors: their cost, and their lines in the log."""

import asyncio
import logging
from functools import partial

import pytest

from smartyp1.fault_log import FaultLog, Listeners


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def fail(*_: object) -> None:
    # The log shows the line that raises.
    msg = "user:secret@host"
    raise ValueError(msg)


def test_an_error_is_logged_once_and_then_by_its_number(caplog: pytest.LogCaptureFixture) -> None:
    faults = FaultLog("Meter")
    for _ in range(1000):
        assert faults.call(fail) is None
    assert faults.call(partial(fail, 1)) is None
    faults.note_fault("another part", ValueError())
    faults.note_fault("fail", KeyError())
    assert lines(caplog) == [
        "Meter: error in fail (ValueError); all else goes on",
        "Meter: error in fail (ValueError), 10 times; all else goes on",
        "Meter: error in fail (ValueError), 100 times; all else goes on",
        "Meter: error in fail (ValueError), 1000 times; all else goes on",
        "Meter: error in another part (ValueError); all else goes on",
        "Meter: error in fail (KeyError); all else goes on",
    ]
    assert caplog.records[0].exc_info


def test_a_text_that_may_hold_a_secret_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    FaultLog("Port", hides_texts=True).call(fail)
    [line] = lines(caplog)
    assert "in fail" in line
    assert "secret" not in caplog.text


async def test_results_pass_through() -> None:
    faults = FaultLog("Meter")

    async def double(number: int) -> int:
        return 2 * number

    async def fail_later() -> int:
        raise KeyError

    assert faults.call(int, "7") == 7
    assert await faults.attempt(double, 4) == 8
    assert await faults.attempt(fail_later) is None


def test_a_failing_listener_stops_no_other() -> None:
    heard: list[int] = []
    listeners = Listeners[int](FaultLog("Meter"))
    removals = [listeners.add(listener) for listener in (heard.append, fail, heard.append)]
    listeners.call(1)
    assert heard == [1, 1]
    removals[2]()
    removals[1]()
    listeners.call(2)
    assert heard == [1, 1, 2]


async def test_work_is_called_again_ever_more_seldom_until_it_is_done(
    caplog: pytest.LogCaptureFixture,
) -> None:
    delays: list[float] = []
    results = iter([OSError, ValueError, OSError, ValueError, None])

    async def work() -> None:
        if error := next(results):
            raise error

    async def pause(delay: float) -> None:
        delays.append(delay)

    faults = FaultLog("Meter")
    await faults.until_done("the task", work, first=10, longest=40, pause=pause)

    for delay, expected in zip(delays, [10, 20, 40, 40], strict=True):
        assert 0.8 * expected <= delay <= 1.2 * expected
    assert lines(caplog) == [
        "Meter: error in the task (OSError); it is tried again",
        "Meter: error in the task (ValueError); it is tried again",
    ]


async def test_after_a_long_time_without_an_error_delays_begin_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    delays: list[float] = []
    passed = iter([0.0, 0.0, 0.0, 0.0, 0.0, 41.0, 41.0, 41.0])
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: next(passed, 41.0))
    results = iter([OSError, OSError, OSError, None])

    async def work() -> None:
        if error := next(results):
            raise error

    async def pause(delay: float) -> None:
        delays.append(delay)

    await FaultLog("Meter").until_done("task", work, first=10, longest=40, pause=pause)

    for delay, expected in zip(delays, [10, 20, 10], strict=True):
        assert 0.8 * expected <= delay <= 1.2 * expected


async def test_a_cancelled_task_ends() -> None:
    work = asyncio.Event()
    task = asyncio.create_task(FaultLog("Meter").until_done("task", partial(wait, work)))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def wait(event: asyncio.Event) -> None:
    await event.wait()
