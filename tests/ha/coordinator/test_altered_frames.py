"""Frames that are altered on the way to Home Assistant are no reason to doubt the key."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import product

import pytest
from homeassistant.core import HomeAssistant

from custom_components.smarty_p1.coordinator.telegram_source import note_proof
from custom_components.smarty_p1.lib.p1.frame_decryptor import FrameDecryptor
from custom_components.smarty_p1.lib.p1.telegram import Telegram
from dev.altered_bytes import ALTERATIONS, flipped, lost
from dev.testing.random_examples import each
from tests.ha.coordinator.conftest import House
from tests.ha.dialogs import repair_text
from tests.ha.meter import KEY, OTHER_AUTHENTICATION_KEY, OTHER_KEY, PUBLISHED_KEY, encipher
from tests.ha.support import FORGED, TELEGRAM, wait_until
from tests.ha.topic import Clock

pytestmark = pytest.mark.usefixtures("patient_link")

A_DAY = 86_400
# Bytes near the start: the frame counter, and the letters of the identification.
EARLY = flipped(17)
LATE = flipped(700)


def frames(
    counters: Iterable[int], key: str = KEY, authentication_key: str = PUBLISHED_KEY
) -> list[bytes]:
    return [
        encipher(TELEGRAM, counter, key=key, authentication_key=authentication_key)
        for counter in counters
    ]


async def send_for_a_minute(house: House, *data: bytes) -> None:
    await house.send(*data[:-2])
    await house.passes(31)
    await house.send(data[-2])
    await house.passes(31)
    await house.send(data[-1])


def obstacle(house: House) -> str | None:
    return house.coordinator.condition.obstacle


@pytest.mark.parametrize(
    "name", ["telnet mode doubles FF", "LF becomes CR LF", "a lost byte", "seven data bits"]
)
async def test_altered_frames_are_damaged_and_no_dialog_asks_for_a_key(
    house: House, name: str
) -> None:
    await house.begin()
    alteration = ALTERATIONS[name]
    # Some frames have no byte that an alteration changes. Lost bytes are replaced by idle bytes.
    sent = frames(range(1000, 1030))
    altered = [alteration(frame) + b"\0" * 20 for frame in sent if alteration(frame) != frame]
    await send_for_a_minute(house, *altered[:8])
    assert obstacle(house) == "damaged"
    assert not house.reauths
    for data in altered[8:18]:
        await house.passes(30)
        await house.send(data)
    await house.passes(11)
    assert house.issues.keys() == {"no_telegram"}
    issue = house.issues["no_telegram"]
    reason = await repair_text(house.hass, issue.issue_id, "reason")
    assert "altered or cut on the way" in reason
    assert "telnet mode" in reason
    assert house.port.url in reason
    [line] = [line for _, line in house.log if "altered" in line]
    assert "altered or cut on the way" in line

    await house.send(encipher(TELEGRAM, 2000))
    assert not house.is_troubled
    assert house.energy == "25678.901"


@pytest.mark.parametrize(
    "keys", [(OTHER_KEY, PUBLISHED_KEY), (KEY, OTHER_AUTHENTICATION_KEY)], ids=["key", "other"]
)
async def test_frames_that_no_key_reads_name_both_causes_for_a_day_also_after_a_restart(
    house: House, stopped_clock: Clock, keys: tuple[str, str]
) -> None:
    await house.begin(encipher(TELEGRAM, 100))
    unreadable = frames(range(1000, 1008), *keys)
    stopped_clock.now += timedelta(hours=12)
    await house.restart()
    await send_for_a_minute(house, *unreadable)
    await wait_until(house.hass, lambda: obstacle(house) == "altered_or_new_key")
    assert not house.is_troubled

    stopped_clock.now += timedelta(hours=11)
    await house.restart()
    await send_for_a_minute(house, *unreadable)
    assert not house.reauths

    stopped_clock.now += timedelta(hours=1, seconds=1)
    await send_for_a_minute(house, *unreadable)
    [flow] = house.reauths
    assert flow["context"]["entry_id"] == house.entry.entry_id


async def test_an_altered_frame_that_the_key_reads_ends_the_doubt_for_a_day(house: House) -> None:
    await house.begin()
    unreadable = frames(range(1000, 1008), key=OTHER_KEY)
    await house.passes(A_DAY - 60)
    await house.send(LATE(encipher(TELEGRAM, 999)))
    await house.passes(A_DAY - 120)
    await send_for_a_minute(house, *unreadable)
    assert not house.reauths
    await house.passes(120)
    await send_for_a_minute(house, *unreadable)
    assert house.reauths

    await house.send(LATE(encipher(TELEGRAM, 1100)))
    await house.passes(11)
    assert not house.reauths


async def test_a_proof_is_of_one_key(house: House) -> None:
    await house.begin()
    await house.again(encipher(FORGED, 5), encryption_key=OTHER_KEY)
    await send_for_a_minute(house, *frames(range(1000, 1008)))

    assert house.reauths


@pytest.mark.usefixtures("short_setup")
async def test_the_telegram_of_a_dialog_proves_the_key(hass: HomeAssistant, house: House) -> None:
    telegram = FrameDecryptor(bytes.fromhex(KEY)).decrypt(encipher(TELEGRAM, 900))
    assert isinstance(telegram, Telegram)
    note_proof(hass, {"encryption_key": KEY}, telegram)
    await house.begin(b"")
    await send_for_a_minute(house, *map(EARLY, frames(range(1000, 1008))))

    assert obstacle(house) == "altered_or_new_key"
    assert not house.reauths


CUTS = [lost(0, 3), lost(0, 12), lost(0, 40), lambda data: data[700:], lambda _data: b"ok\r\n" * 99]


@pytest.mark.usefixtures("short_setup")
@pytest.mark.parametrize("case", each(3, [*product((KEY, None), range(len(CUTS)))]))
async def test_rubbish_at_the_port_of_a_meter_that_was_read_is_altered_or_cut(
    house: House, stopped_clock: Clock, case: tuple[str | None, int]
) -> None:
    key, cut = case
    await house.begin(key=key)

    async def send_rubbish() -> None:
        report = house.coordinator.source.report
        for seconds in (40, 35):
            sent = b"".join(map(CUTS[cut], frames(range(1000, 1004))))
            size = report.size + len(sent)
            await house.port.send(sent)
            await wait_until(house.hass, lambda: report.size == size)  # noqa: B023
            await house.passes(seconds)

    await send_rubbish()
    assert obstacle(house) == "damaged"
    stopped_clock.now += timedelta(hours=12)
    await house.restart()
    await send_rubbish()
    assert obstacle(house) == "damaged"
    stopped_clock.now += timedelta(hours=13)
    await house.restart()
    await send_rubbish()
    # A day later, nothing but a length that is left speaks for the meter.
    assert obstacle(house) == ("damaged" if cut == 0 else "not_p1")
    assert "other_meter_unreadable" not in house.issues


@pytest.mark.usefixtures("short_setup")
@pytest.mark.parametrize("is_known", [True, False], ids=["read before", "new"])
async def test_bytes_without_a_frame_show_their_problem(house: House, *, is_known: bool) -> None:
    async def send(*bursts: bytes) -> None:
        report = house.coordinator.source.report
        for burst in bursts:
            size = report.size + len(burst)
            await house.port.send(burst)
            await wait_until(house.hass, lambda: report.size == size)  # noqa: B023
            await house.passes(10)

    await house.begin(None if is_known else b"")
    sent = frames(range(1000, 1008))
    await send(*(data.hex().encode() for data in sent))
    assert obstacle(house) == "bytes_as_text"
    await send(*(data[40:] for data in sent))
    assert obstacle(house) == "damaged"
    await send(encipher(TELEGRAM, 2000))
    assert house.connection == "receiving"


async def test_a_frame_whose_mark_is_lost_is_a_reading(house: House) -> None:
    await house.begin()
    await house.send(*(lost(0, 2)(frame) for frame in frames(range(1000, 1003))))
    assert house.coordinator.readings == 4
    assert not house.coordinator.source.reception.rejections


async def test_titles_altered_on_the_way_are_no_other_meter(house: House) -> None:
    await house.begin()
    # The first block is altered, too, so nothing shows that the key fits.
    altered = [
        flipped(20)(flipped(2 + at)(data)) for at, data in enumerate(frames(range(1000, 1008)))
    ]
    await send_for_a_minute(house, *altered)
    assert obstacle(house) == "damaged"
    assert not house.is_troubled


async def test_one_telegram_in_sixteen_is_a_poor_line_shown_once(house: House) -> None:
    await house.begin()
    sent = iter(frames(range(1000, 3000)))
    states = []
    for _ in range(12):
        for _ in range(3):
            await house.send(LATE(next(sent)))
            await house.passes(50)
            states.append(house.connection)
        await house.send(next(sent))
        await house.passes(5)
        states.append(house.connection)
    assert states[:4] == ["receiving", "damaged", "damaged", "receiving"]
    first = states.index("poor_line")
    assert first <= 10
    assert set(states[first:]) == {"poor_line"}
    assert house.issues.keys() == {"poor_line"}
    errors = [text for level, text in house.log if level == "ERROR"]
    assert len(errors) == 2
    assert "altered or cut" in errors[0]
    assert "again and again" in errors[1]
    assert not house.reauths
    # The last reading is shown for its minute.
    assert house.energy == "25678.901"
    await house.passes(60)
    assert house.energy == "unavailable"

    for _ in range(25):
        await house.send(next(sent))
        await house.passes(40)
    assert house.connection == "receiving"
    assert not house.is_troubled
    assert [text for level, text in house.log if level == "ERROR"] == errors
