"""Wrong clock of a running process, and of the stream's leader during a run.

The clock of the leader is first slow, then fast. A part that is killed meanwhile gets the wrong
clock again.

The process keeps its monotonic clock; only the time of day differs, as after a failed
synchronisation. A library that is preloaded cannot do this to NATS, which is linked statically. So
the process gets another `clock_gettime` in its own copy of the kernel's vDSO. This needs Linux on
x86-64, and the right to write the memory of the process.
"""

import asyncio
import re
import struct
import time
from contextlib import suppress
from pathlib import Path

from nats.js import JetStreamContext

from dev.fleet.fleet import Fleet
from dev.fleet.stream import ERRORS
from dev.reliability.result import tell

from .intruder import STREAM

# Parts of the run: the clock is slow, right, fast, and right again. A little more than an hour,
# because collectors reject a telegram that is an hour early.
_CLOCKS = ((0.15, 0), (0.35, -3700), (0.5, 0), (0.7, 3700))
_LOOK_INTERVAL_S = 0.2
_MAX_WAIT_S = 60.0
_FUNCTION = b"__vdso_clock_gettime\0"
# mov eax, 228 (clock_gettime); syscall; test edi, edi (CLOCK_REALTIME); jnz +7;
# add qword [rsi], SECONDS; ret
_CODE = bytes.fromhex("b8e4000000 0f05 85ff 7507 488106")
_RETURN = b"\xc3"
_JUMP = b"\xe9"
_JUMP_SIZE = 5
_DYNAMIC_SYMBOLS = 11
_SECTION, _SYMBOL = struct.Struct("<IIQQQQIIQQ"), struct.Struct("<IBBHQQ")


def set_clock(pid: int, seconds: int) -> None:
    """Let the clock of the process `pid` differ from this machine's clock by `seconds`."""
    begin, end = _vdso_of(pid)
    with Path(f"/proc/{pid}/mem").open("r+b", buffering=0) as memory:
        memory.seek(begin)
        image = memory.read(end - begin)
        function = _find_function(image)
        # The end of the vDSO is unused.
        place = len(image) - 64
        memory.seek(begin + place)
        memory.write(_CODE + struct.pack("<i", seconds) + _RETURN)
        memory.seek(begin + function)
        memory.write(_JUMP + struct.pack("<i", place - function - _JUMP_SIZE))


def _vdso_of(pid: int) -> tuple[int, int]:
    for line in Path(f"/proc/{pid}/maps").read_text("utf-8").splitlines():
        if line.endswith("[vdso]"):
            begin, _, end = line.partition(" ")[0].partition("-")
            return int(begin, 16), int(end, 16)
    raise LookupError(f"the process {pid} has no vDSO")


def _find_function(image: bytes) -> int:
    """Return the offset of the function that reads clocks."""
    [offset] = struct.unpack_from("<Q", image, 0x28)
    [count] = struct.unpack_from("<H", image, 0x3C)
    sections = [_SECTION.unpack_from(image, offset + n * _SECTION.size) for n in range(count)]
    for section in sections:
        if section[1] != _DYNAMIC_SYMBOLS:
            continue
        names = sections[section[6]][4]
        for at in range(section[4], section[4] + section[5], _SYMBOL.size):
            name, *_, value, _ = _SYMBOL.unpack_from(image, at)
            if image.startswith(_FUNCTION, names + name):
                return int(value)
    raise LookupError("the vDSO has no function for clocks")


async def disturb_clock(fleet: Fleet, stream: JetStreamContext, seconds: float) -> None:
    """Let the clock of the stream's leader be wrong twice. Then wait until cancelled."""
    begin = time.monotonic()
    for end, wrong_by in _CLOCKS:
        # Take the leader of now, so that wrong times stand in the stream.
        node = fleet.cluster.nodes[await _leader(stream)]
        if wrong_by:
            tell(f"the clock of the leader is wrong by {wrong_by} s")
        changed = 0
        while time.monotonic() < begin + end * seconds:
            if wrong_by and node.pid != changed:
                with suppress(OSError):
                    set_clock(node.pid, wrong_by)
                    changed = node.pid
            await asyncio.sleep(_LOOK_INTERVAL_S)
        if changed:
            with suppress(OSError):
                set_clock(node.pid, 0)
            tell("the clock is right")
    await asyncio.Event().wait()


async def _leader(stream: JetStreamContext) -> int:
    """Return the number of the stream's leader, counted from 0."""
    async with asyncio.timeout(_MAX_WAIT_S):
        while True:
            with suppress(*ERRORS):
                info = await stream.stream_info(STREAM)
                if info.cluster and (name := re.fullmatch(r"node(\d)", info.cluster.leader or "")):
                    return int(name[1]) - 1
            await asyncio.sleep(_LOOK_INTERVAL_S)
