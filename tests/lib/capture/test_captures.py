"""Every capture is decoded the same, in any chunks and by any decoder."""

from pathlib import Path

import pytest
from dsmr_parser import telegram_specifications
from dsmr_parser.parsers import TelegramParser

from dev.simulator.frame import AUTHENTICATION_KEY
from dev.simulator.telegram import crc16
from smartyp1.capture.capture_file import read_capture
from smartyp1.p1.decoder import Decoder, Event
from smartyp1.p1.frame_finder import FrameSplitter
from smartyp1.p1.rejection_reasons import Rejection
from smartyp1.p1.telegram import Telegram

CAPTURES = sorted((Path(__file__).parents[2] / "captures").glob("*.jsonl"))


def shown(found: list[Event]) -> list[object]:
    return [one if isinstance(one, Rejection) else one.as_dict() for one in found]


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_a_capture_is_decoded_the_same_by_all(path: Path) -> None:
    chunks, key = read_capture(path.read_text("ascii"))
    line = b"".join(data for _, data in chunks)
    found = Decoder(key).feed(line)
    telegrams = [event for event in found if isinstance(event, Telegram)]
    assert telegrams

    decoder = Decoder(key)
    assert shown([event for _, data in chunks for event in decoder.feed(data)]) == shown(found)
    decoder = Decoder(key)
    assert shown([one for at in range(len(line)) for one in decoder.feed(line[at : at + 1])]) == (
        shown(found)
    )

    # Without a decoder's memory of earlier telegrams.
    frames: dict[tuple[bytes, int], bytes] = {}
    for each in FrameSplitter().feed(line):
        frames.setdefault((each.system_title, each.frame_counter), each.data)
    sealed = telegram_specifications.MSN
    parser = TelegramParser(sealed)
    plain_parser = TelegramParser({**sealed, "general_global_cipher": False})
    for telegram in telegrams:
        end = telegram.text.rindex(b"!")
        assert int(telegram.text[end + 1 : end + 5], 16) == crc16(telegram.text[: end + 1])
        if key and telegram.system_title and telegram.frame_counter is not None:
            data = frames[telegram.system_title, telegram.frame_counter]
            [alone] = Decoder(key).feed(data)
            assert shown([alone]) == shown([telegram])
            other = parser.parse(data.hex(), key.hex(), AUTHENTICATION_KEY.hex())
        else:
            other = plain_parser.parse(telegram.text.decode("latin-1"))
        assert other.P1_MESSAGE_TIMESTAMP.value == telegram.time
        assert float(other.ELECTRICITY_IMPORTED_TOTAL.value) == telegram.objects["1-0:1.8.0"]
        assert float(other.CURRENT_ELECTRICITY_USAGE.value) == telegram.objects["1-0:1.7.0"]
