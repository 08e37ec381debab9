"""A process whose clock is wrong, as a test of a fleet makes it."""

import platform
import subprocess
import sys
import time

import pytest

from dev.fleet.faults.wrong_clock import set_clock

SCRIPT = "import sys, time\nfor line in sys.stdin: print(time.time(), time.monotonic(), flush=True)"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the code is for x86-64")
def test_only_the_time_of_day_is_wrong_and_becomes_right_again() -> None:
    command = [sys.executable, "-c", SCRIPT]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="ascii"
    ) as process:
        assert process.stdin
        assert process.stdout

        def differences() -> tuple[float, float]:
            assert process.stdin
            assert process.stdout
            begin = time.time(), time.monotonic()
            process.stdin.write("\n")
            process.stdin.flush()
            there = map(float, process.stdout.readline().split())
            wall, monotonic = (one - own for one, own in zip(there, begin, strict=True))
            return wall, monotonic

        differences()  # it runs
        for seconds in (-3700, 7200, 0):
            set_clock(process.pid, seconds)
            wall, monotonic = differences()
            assert wall == pytest.approx(seconds, abs=60)
            assert monotonic == pytest.approx(0, abs=60)
        process.stdin.close()
