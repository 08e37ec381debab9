"""Trying a port names the exact fault."""

import asyncio
from collections.abc import Collection

import pytest

from dev.altered_bytes import ALTERATIONS, flipped, lost
from dev.encoder import KEY, TITLE, frame, stored_example, telegram
from dev.simulator.frame import AUTHENTICATION_KEY
from smartyp1.failure_detection import Obstacle, ReadingProblem
from smartyp1.p1.keys import P1Error
from smartyp1.port.errors import LinkError, ProbeError
from smartyp1.port.probing import probe
from smartyp1.problem import Problem
from tests.lib.port.test_reconnecting_port import gateway

pytestmark = pytest.mark.usefixtures("_no_delays")

OTHER_KEY = bytes(range(16))


@pytest.fixture
def _no_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smartyp1.port.probing._REOPEN_DELAY_S", 0.01)


async def tell(
    *pieces: bytes,
    key: bytes | None = KEY,
    close: bool = False,
    within: float = 0.3,
    proved_titles: Collection[bytes] = (),
    is_proved_port: bool = False,
) -> Obstacle:
    """Probe a port that delivers these pieces; return the problem."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if not close:
            await reader.read()

    async with gateway(serve) as port:
        url = f"socket://127.0.0.1:{port}"
        with pytest.raises(P1Error) as info:
            await probe(
                *(url, key),
                timeout=within,
                proved_titles=proved_titles,
                is_proved_port=is_proved_port,
            )
    assert isinstance(info.value, LinkError | ProbeError)
    return info.value.problem


async def test_each_fault_of_a_port() -> None:
    garbage = bytes(range(256))
    assert await tell() is ReadingProblem.NOTHING_RECEIVED
    assert await tell(garbage) is ReadingProblem.NOT_P1
    assert await tell(garbage, close=True) is ReadingProblem.NOT_P1
    assert await tell(stored_example("plain").data[:-9]) is ReadingProblem.NOT_P1
    assert (
        await tell(stored_example("plain").data[:-6] + b"0000\r\n", key=None)
        is ReadingProblem.DAMAGED
    )
    assert await tell(frame(1, b"no telegram")) is ReadingProblem.DAMAGED
    assert await tell(frame(1), key=None) is ReadingProblem.KEY_MISSING
    assert await tell(frame(1), key=OTHER_KEY) is ReadingProblem.WRONG_KEY
    assert await tell(*map(frame, range(3)), key=OTHER_KEY) is ReadingProblem.WRONG_KEY
    assert (
        await tell(stored_example("other_authentication_key").data)
        is ReadingProblem.OTHER_AUTHENTICATION_KEY
    )
    assert await tell(stored_example("plain").data) is Problem.SECURITY_OFF
    assert await tell(frame(1, telegram(name=None))) is ReadingProblem.NO_DEVICE_NAME


async def test_a_gateway_that_serves_another_client() -> None:
    # The probe ends by itself, so a slow machine gets time for each connection.
    assert await tell(b"Port already in use\r\n", within=20) is ReadingProblem.PORT_BUSY
    assert await tell(close=True, within=20) is ReadingProblem.PORT_BUSY


async def test_the_meter_is_found_behind_noise_and_lost_connections() -> None:
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        damaged = bytearray(frame(connections))
        damaged[50] ^= 1
        if connections == 1:
            writer.write(frame(1)[100:] + damaged)
            return
        writer.write(frame(2, telegram(name=None)) + frame(3))
        await reader.read()

    async with gateway(serve) as port:
        found = await probe(f"socket://127.0.0.1:{port}", KEY, AUTHENTICATION_KEY, timeout=20)

    assert found.frame_counter == 3
    assert found.serial_number == "SAG1030790002574"


@pytest.mark.parametrize("key", [KEY, None], ids=["key", "no key"])
async def test_junk_on_the_line_cannot_choose_the_fault(key: bytes | None) -> None:
    true = stored_example("plain").data if key is None else frame(9)
    junk = frame(1, key=OTHER_KEY) + (b"" if key is None else stored_example("plain").data)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(10):
            writer.write(junk)
            await asyncio.sleep(0.02)
        writer.write(true)
        await reader.read()

    async with gateway(serve) as port:
        found = await probe(f"socket://127.0.0.1:{port}", key, timeout=20)

    assert found.serial_number is not None


@pytest.mark.parametrize("key", [OTHER_KEY, None], ids=["wrong key", "no key"])
async def test_a_clear_fault_is_named_when_another_telegram_was_due(
    key: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smartyp1.port.probing._MIN_LISTENING_S", 0.3)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"".join(map(frame, range(3))))
        await reader.read()

    loop = asyncio.get_running_loop()
    start = loop.time()
    async with gateway(serve) as port:
        problem = ReadingProblem.WRONG_KEY if key else ReadingProblem.KEY_MISSING
        with pytest.raises(ProbeError, match=f"^{problem}$"):
            await probe(f"socket://127.0.0.1:{port}", key, timeout=20)
    assert 0.3 <= loop.time() - start < 5


TEXT = telegram("1-0:1.8.0(000001.000*kWh)", f"0-0:96.13.0({'41' * 480})")
FRAMES = [frame(counter, TEXT) for counter in range(1000, 1004)]
UNREADABLE = [flipped(18)(data) for data in FRAMES]
TAG_CHANGED = [flipped(-1)(data) for data in FRAMES]


@pytest.mark.parametrize("name", sorted(ALTERATIONS.keys() - {"a changed tag"}))
async def test_altered_frames_are_damaged_with_the_right_key(name: str) -> None:
    assert await tell(*map(ALTERATIONS[name], FRAMES)) is ReadingProblem.DAMAGED


async def test_a_line_with_even_parity_is_no_wrong_key() -> None:
    even = bytes(byte & 0x7F | (byte & 0x7F).bit_count() % 2 << 7 for byte in range(256))
    # This length stays as it is.
    text = telegram(
        "1-0:1.8.0(000001.123*kWh)", "1-0:1.7.0(00.001*kW)", f"0-0:96.13.0({'41' * 300})"
    )
    frames = [frame(counter, text).translate(even) for counter in range(5000, 5004)]
    assert await tell(*frames) is ReadingProblem.DAMAGED


@pytest.mark.parametrize("number", [*range(3, 20), 40, 700])
async def test_frames_without_their_start_are_no_other_device(number: int) -> None:
    cut = [lost(0, number)(data) for data in FRAMES]
    # A meter that was never read here is recognised by the length alone.
    assert await tell(*cut) is (ReadingProblem.DAMAGED if number <= 10 else ReadingProblem.NOT_P1)
    for key in (KEY, OTHER_KEY, None):
        assert await tell(*cut, key=key, is_proved_port=True) is ReadingProblem.DAMAGED


async def test_frames_as_text_have_a_problem_of_their_own_with_any_key() -> None:
    for key in (KEY, OTHER_KEY, None):
        assert await tell(FRAMES[0].hex().encode(), key=key) is ReadingProblem.BYTES_AS_TEXT


async def test_frames_without_their_start_are_altered_at_the_pace_of_a_meter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, seconds in (("_PERIOD_S", 0.2), ("_PAUSE_S", 0.1), ("_TOLERANCE_S", 0.1)):
        monkeypatch.setattr(f"smartyp1.port.unread_bytes.{name}", seconds)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for data in FRAMES[:3]:
            writer.write(data[40:])
            await asyncio.sleep(0.2)
        await reader.read()

    async with gateway(serve) as port:
        with pytest.raises(ProbeError, match=f"^{ReadingProblem.DAMAGED}$"):
            await probe(f"socket://127.0.0.1:{port}", KEY, timeout=0.8)


async def test_other_bytes_at_a_port_that_was_read_lately_are_altered_bytes() -> None:
    rubbish = bytes(range(256)), b"\0" * 900, b"log: started\r\n", FRAMES[0][300:]
    for data in rubbish:
        assert await tell(data) is ReadingProblem.NOT_P1
        assert await tell(data, is_proved_port=True) is ReadingProblem.DAMAGED
    assert await tell(is_proved_port=True) is ReadingProblem.NOTHING_RECEIVED
    for at in range(2, 10):
        altered = [flipped(at, at % 5)(data) for data in FRAMES]
        assert await tell(*altered, proved_titles={TITLE}) is ReadingProblem.DAMAGED


async def test_a_key_that_was_right_in_the_last_day_is_not_called_wrong() -> None:
    for altered, doubt in (
        (UNREADABLE, ReadingProblem.WRONG_KEY),
        (TAG_CHANGED, ReadingProblem.OTHER_AUTHENTICATION_KEY),
    ):
        assert await tell(*altered) is doubt
        assert await tell(*altered, proved_titles={TITLE}) is ReadingProblem.ALTERED_OR_NEW_KEY
        # The proof of another meter does not count.
        assert await tell(*altered, proved_titles={bytes(8)}) is doubt
        # An altered frame that the key reads shows that the key is right.
        assert await tell(*altered[:1], flipped(700)(FRAMES[1])) is ReadingProblem.DAMAGED
