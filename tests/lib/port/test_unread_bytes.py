"""What bytes without a telegram show: altered frames, frames as text, or nothing."""

import base64
import json
from collections.abc import Callable, Iterable
from itertools import accumulate
from random import Random

import pytest

from dev.altered_bytes import lost
from dev.encoder import frame, telegram
from smartyp1.failure_detection import ReadingProblem
from smartyp1.port.unread_bytes import UnreadBytes

TEXT = telegram("1-0:1.8.0(000001.000*kWh)", f"0-0:96.13.0({'41' * 480})")
FRAMES = [frame(counter, TEXT) for counter in range(1000, 1004)]
NOISE = Random(1)  # noqa: S311 - reproducible
AS_TEXT: dict[str, Callable[[bytes], str]] = {
    "hex": lambda data: data.hex(),
    "hex with spaces": lambda data: data.hex(" ").upper() + "\r\n",
    "hex with colons in log lines": lambda data: f"[D][uart:114]: <<< {data.hex(':')}\n",
    "hex with 0x": lambda data: ", ".join(f"0x{byte:02x}" for byte in data),
    "hex with offsets and letters": lambda data: "".join(
        f"{at:08x}: {data[at : at + 16].hex(' ', 2)}  ................\n"
        for at in range(0, len(data), 16)
    ),
    "octal escapes": lambda data: "".join(f"\\{byte:03o}" for byte in data),
    "decimal": lambda data: ", ".join(map(str, data)) + "\n",
    "escapes": repr,
    "base64": lambda data: base64.b64encode(data).decode(),
    "base64 in lines": lambda data: base64.encodebytes(data).decode(),
    "JSON with hex": lambda data: json.dumps({"SerialReceived": data.hex()}),
    "JSON with hex, cut": lambda data: json.dumps({"SerialReceived": data.hex()})[300:],
    "JSON with base64": lambda data: json.dumps({"t": 1, "d": base64.b64encode(data).decode()}),
    "JSON with decimals": lambda data: json.dumps({"Time": 1, "bytes": [*data]}),
}


def seen(bursts: Iterable[bytes], *pauses: float, part: int = 400) -> ReadingProblem | None:
    """Return the problem after bursts at these times, which gateways cut into parts."""
    unread = UnreadBytes()
    for burst, begin in zip(bursts, accumulate(pauses, initial=5.0), strict=False):
        for at in range(0, len(burst), part):
            unread.add_bytes(burst[at : at + part], begin + at / 10_000)
    return unread.problem


def inverted(number: int) -> list[bytes]:
    """Return noise as inverted frames make it: at a meter's pace, but each of its own length."""
    return [NOISE.randbytes(NOISE.randrange(423, 443)) for _ in range(number)]


@pytest.mark.parametrize("number", [3, 12, 40, 300])
def test_three_equal_bursts_at_the_pace_of_a_meter_are_altered_frames(number: int) -> None:
    cut = [lost(0, number)(data) for data in FRAMES]
    assert seen(cut[:3], 10, 10) is ReadingProblem.DAMAGED
    assert seen(cut[:3], 9, 11.2) is ReadingProblem.DAMAGED
    # A program that connects during a frame sees the end of the first one.
    assert seen([cut[0][50:], *cut[1:]], 10, 10, 10) is ReadingProblem.DAMAGED
    assert seen(cut[:2], 10) is None
    assert seen([cut[0], cut[1], cut[2] + b"x"], 10, 10) is None
    assert seen(cut[:3], 10, 13) is None
    assert seen(cut[:3], 1, 1) is None


def test_noise_other_devices_and_prompts_stay_unknown() -> None:
    for _ in range(20):
        assert seen(inverted(4), 10, 10, 10) is None
    # An adapter that inverts the bytes and not the line keeps their number.
    for texts in (FRAMES, [TEXT] * 4):
        assert seen([bytes(byte ^ 0xFF for byte in data) for data in texts], 10, 10, 10) is None
    # Most bytes of another device stay.
    reports = [bytes(range(200)) + NOISE.randbytes(90) for _ in range(4)]
    assert seen(reports, 10, 10, 10) is None
    for burst in (b"\0" * 500, b"login: " * 20, b"T=21.5 C; H=45 %\r\n" * 9, b"ok\r\n" * 99):
        assert seen([burst] * 3, 10, 10) is None
    # A message in a telegram is hexadecimal.
    plain = telegram(f"0-0:96.13.0({'41' * 480})")[:-20]
    assert seen([plain]) is None
    assert seen([]) is None


@pytest.mark.parametrize("name", AS_TEXT)
def test_frames_as_text_are_found_from_the_first_one_on(name: str) -> None:
    texts = [AS_TEXT[name](data).encode() for data in FRAMES[:3]]
    assert seen(texts[:1]) is ReadingProblem.BYTES_AS_TEXT
    assert seen(texts, 10, 10) is ReadingProblem.BYTES_AS_TEXT


def test_bytes_that_came_twice_are_altered() -> None:
    doubled = bytes(byte for byte in FRAMES[0] for _ in range(2))
    assert seen([doubled]) is ReadingProblem.DAMAGED
    assert seen([doubled[33:]]) is ReadingProblem.DAMAGED


def test_a_found_telegram_forgets_the_bytes_and_memory_is_bounded() -> None:
    unread = UnreadBytes()
    assert not unread.add_bytes(FRAMES[0].hex().encode(), 0)
    assert unread.add_bytes(b"41", 10)
    assert not unread.add_bytes(b"41", 10.1)
    assert unread.add_bytes(b"41" * 100_000, 10.2)
    assert unread.problem is ReadingProblem.BYTES_AS_TEXT
    unread.clear()
    assert unread.problem is None
    assert not unread.add_bytes(b"login: " * 200, 20)
    assert unread.problem is None
