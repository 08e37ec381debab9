"""Anonymous captures: nothing true survives, and what says something about the line does."""

import binascii
import re
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from dev.encoder import AUTHENTICATION_KEY, KEY, TITLE, crc, frame, seal, telegram
from smartyp1.capture import (
    PUBLISHED_KEY,
    Anonymous,
    CaptureError,
    Recording,
    Replaced,
    anonymise,
    read_capture,
    summarise,
    write_capture,
)
from smartyp1.p1 import OBJECTS, Decoder, Opener, Reason, Rejection, Telegram

OTHER_KEY = bytes(range(16))
OTHER_TITLE = b"ITRxy\x01\x02\x2f"
TIME = "251122103000W"
TOTAL = "025678.901"
SERIAL = "SAG1030790002574"
LUXEMBOURG = ZoneInfo("Europe/Luxembourg")


def made_of(*chunks: bytes, seed: int = 1, key: bytes | None = KEY) -> Anonymous:
    recorded = [(1000 + 0.1 * n, data) for n, data in enumerate(chunks)]
    chance = Random(seed)  # noqa: S311 - of a made-up meter
    return anonymise(recorded, Opener(key, AUTHENTICATION_KEY) if key else None, chance)


def line_of(made: Anonymous) -> bytes:
    return b"".join(data for _, data in made.chunks)


def events(made: Anonymous) -> list[Telegram | Rejection]:
    return Decoder(PUBLISHED_KEY if made.is_encrypted else None).feed(line_of(made))


def hexadecimal(text: str) -> str:
    return binascii.hexlify(text.encode("latin-1")).decode().upper()


def forms(text: str) -> list[bytes]:
    """Return what would give a text away, all in capitals."""
    plain = [text, text.replace(".", "")]
    return [form.upper().encode() for one in plain for form in (one, hexadecimal(one))]


def survivors(made: Anonymous, *secrets: str) -> list[bytes]:
    everything = [line_of(made), *made.telegrams, write_capture(made).encode()]
    everything += [e.text for e in events(made) if isinstance(e, Telegram)]
    everything += [
        bytes.fromhex(octets.decode())
        for text in made.telegrams
        for octets in re.findall(rb"\(((?:[0-9A-Fa-f]{2})+)\)", text)
    ]
    found = [form for secret in secrets for form in forms(secret)]
    return [form for form in found if any(form in each.upper() for each in everything)]


IDENTIFIERS = st.text("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", min_size=8, max_size=17).filter(
    lambda text: len(set(text)) > 2
)
REFERENCES = st.sampled_from([*OBJECTS, "0-0:96.1.1", "0-0:96.1.0", "0-5:96.1.0", "1-0:1.8.1"]) | (
    st.from_regex(r"[0-9]{1,3}-[0-9]:[0-9]{1,3}\.[0-9]\.[0-9]{1,2}", fullmatch=True)
)
PLACES = st.sampled_from(
    [
        "{ref}({id})",
        "{ref}({hex})",
        "{ref}({low})",
        "{ref}()({id})",
        "{ref}({time})({id}*m3)",
        "{ref}({total}*kWh)({hex})",
        "{ref}(00.123*{id})",
        "1-0:2.8.0(00123.456*{id})",
        "1-0:1.7.0(01.234*{id})",
        "{ref}(Compteur {id}, du {time}: {total})",
        "{ref}({message})",
        "{ref}(1){id}",
        "{ref}(1)({time})(0-0:96.7.19)({time})({total}*s)",
        "{ref}({total}",
        "{ref}({total}*kWh)",
        "{ref}({time})",
        "{id}({hex})",
        "{id}",
        " {hex} {time} {total}",
        "{ref}(é{id}\x01)",
    ]
)


@st.composite
def odd_lines(draw: st.DrawFn, identifier: str) -> str:
    return draw(PLACES).format(
        ref=draw(REFERENCES),
        id=identifier,
        hex=hexadecimal(identifier),
        low=hexadecimal(identifier).lower(),
        time=TIME,
        total=TOTAL,
        message=hexadecimal(f"Le compteur {identifier} à {TOTAL} le {TIME}"),
    )


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_nothing_true_survives_wherever_it_stands(data: st.DataObject) -> None:
    identifier = data.draw(IDENTIFIERS)
    lines = data.draw(st.lists(odd_lines(identifier), min_size=1, max_size=6))
    text = telegram(f"0-0:1.0.0({TIME})", f"1-0:1.8.0({TOTAL}*kWh)", *lines)
    text = seal(text.decode("latin-1").replace("253694471", identifier))
    whole = frame(7_654_321, text)
    at = data.draw(st.integers(0, len(whole)))
    pieces = {
        "frame": whole,
        "again": whole,
        "end": whole[at:],
        "beginning": whole[:at],
        "other meter": frame(1, text, key=OTHER_KEY, title=OTHER_TITLE),
        "other authentication key": frame(2, text, authentication_key=bytes(16)),
        "telegram": text,
        "wrong checksum": text.replace(b"!", b"?!"),
        "end of a telegram": text[at:],
        "beginning of a telegram": text[:at],
        "noise": b"\0\xff\x80" + identifier.encode() + b"\0",
    }
    order = data.draw(st.lists(st.sampled_from(list(pieces)), min_size=1, max_size=5))
    key = data.draw(st.sampled_from([KEY, KEY, None]))
    chunks = [pieces[name] for name in order]
    made = made_of(*chunks, seed=data.draw(st.integers(0, 2**32)), key=key)

    assert survivors(made, identifier, SERIAL, TIME, TOTAL) == []
    for title in (TITLE, OTHER_TITLE):
        assert title not in line_of(made)
    assert [(time, len(chunk)) for time, chunk in made.chunks] == [
        (round(0.1 * n, 3), len(chunk)) for n, chunk in enumerate(chunks)
    ]
    known = {"frame", "again"} if key else set()
    assert len(made.telegrams) >= sum(one in known or one == "telegram" for one in order)


@pytest.mark.parametrize(
    "line",
    [
        "1-0:1.7.0(01.234*MUSTERMANN)",
        "1-0:1.8.0(025678.901*MUSTERMANN)",
        "0-1:24.2.1(251122103000W)(00001.000*MUSTERMANN)",
        "1-3:0.2.8(MUSTERMANN)",
        "0-1:24.1.0(003)(MUSTERMANN)",
    ],
)
def test_a_name_survives_in_no_unit(line: str) -> None:
    made = made_of(frame(1, telegram(line)))
    assert len(made.telegrams) == 1
    assert survivors(made, "MUSTERMANN") == []


def lived(counter: int, time: str, energy: str, gas: str) -> bytes:
    return frame(
        counter,
        telegram(
            f"0-0:1.0.0({time})",
            f"1-0:1.8.0({energy}*kWh)",
            "1-0:2.8.0(000000.000*kWh)",
            "1-0:1.7.0(02.345*kW)",
            "0-1:24.1.0(003)",
            f"0-1:96.1.0({hexadecimal('GAS 0790002574')})",
            f"0-1:24.2.1({time})({gas}*m3)",
            "0-4:24.2.1(632525252525S)(00000.000)",
        ),
    )


@pytest.mark.parametrize("seed", range(20))
def test_what_happens_stays_true(seed: int) -> None:
    # Across the end of summer time, whose hour comes twice.
    first = lived(41, "251026025500S", "999998.500", "00678.901")
    second = lived(44, "251026020510W", "999999.750", "00679.001")
    made = made_of(b"\0\r\n" + first, second[:400], second[400:], seed=seed)
    one, two = (event for event in events(made) if isinstance(event, Telegram))

    assert line_of(made).startswith(b"\0\r\n\xdb\x08")
    assert line_of(made)[3 + 10 : 3 + 14] == first[10:14]
    assert one.time
    assert two.time
    assert one.frame_counter
    assert two.frame_counter
    assert (two.time - one.time).total_seconds() == 610
    assert two.frame_counter - one.frame_counter == 3
    assert one.system_title == two.system_title
    for event, letter, at in ((one, b"S", "02:55:00"), (two, b"W", "02:05:10")):
        assert event.time
        assert re.search(rb"0-0:1\.0\.0\([0-9]{12}(.)\)", event.text)[1] == letter  # type: ignore[index]
        true = datetime(2025, 10, 26, 2, tzinfo=event.time.tzinfo)
        assert (event.time - true).days % 7 in (0, 6)
        assert f"{event.time:%H:%M:%S}" == at
        assert event.time.astimezone(LUXEMBOURG).utcoffset() == event.time.utcoffset()
        assert b"%04X" % crc(event.text[:-6]) == event.text[-6:-2]
        assert event.objects["1-0:1.7.0"] == 2.345
        assert event.objects["1-0:2.8.0"] == 0
        assert 4 not in event.channels
        assert event.channels[1].time == event.time
        assert event.channels[1].type == "gas"
    energy = [event.objects["1-0:1.8.0"] for event in (one, two)]
    gas = [event.channels[1].value or 0 for event in (one, two)]
    assert energy[1] - energy[0] == pytest.approx(1.25)  # type: ignore[operator]
    assert gas[1] - gas[0] == pytest.approx(0.1)
    assert one.serial_number == two.serial_number
    assert one.channels[1].serial_number == two.channels[1].serial_number


def test_what_the_line_does_stays() -> None:
    whole = frame(5)
    line = [whole, whole, whole[:40], frame(6), frame(7, key=OTHER_KEY), telegram()]
    found, true = (
        [one.reason if isinstance(one, Rejection) else "telegram" for one in each]
        for each in (events(made_of(*line)), Decoder(KEY).feed(b"".join(line)))
    )
    assert found == ["telegram", Reason.REPLAY, Reason.TAG, "telegram", Reason.TAG, "downgrade"]
    assert found == true


def test_two_captures_of_one_meter_have_nothing_in_common() -> None:
    one, two = (made_of(lived(1, TIME, TOTAL, "00001.000"), seed=seed) for seed in (1, 2))
    [first], [second] = events(one), events(two)
    assert isinstance(first, Telegram)
    assert isinstance(second, Telegram)
    for name in ("system_title", "serial_number", "time", "frame_counter", "identification"):
        assert getattr(first, name) != getattr(second, name)
    assert first.objects["1-0:1.8.0"] != second.objects["1-0:1.8.0"]


def test_a_file_holds_what_was_written() -> None:
    made = made_of(frame(5), b"", frame(6)[:90])
    text = write_capture(made)
    assert read_capture(text) == (made.chunks, PUBLISHED_KEY)
    assert KEY.hex() not in text.lower()
    head = text.splitlines()[0]
    odd = [
        f'{head}\n[{time}, ""]'
        for time in ("NaN", "1e400", "1" + 400 * "0", "[" * 200_000, 5000 * "1")
    ]
    other = text.replace('"version": 1', '"version": 2')
    for wrong in ("", "[]", "{}", other, text + "[0]", text.replace("[0.1, ", "[0.1, 1, "), *odd):
        with pytest.raises(CaptureError):
            read_capture(wrong)


def test_what_a_capture_holds_is_told_without_what_is_true() -> None:
    message = hexadecimal(f"Le compteur {SERIAL} du {TIME}")
    first = lived(41, TIME, TOTAL, "00678.901")
    odd = telegram(f"1-0:1.8.0({TOTAL}*kWh)", f"0-0:96.13.0({message})", f"0-0:1.0.0({SERIAL}")
    made = made_of(first, b"\x07", frame(42, odd), frame(43, key=OTHER_KEY))
    found = summarise(made)

    shown = [*found.last_telegram, *found.kept, *found.moved, *found.changed]
    shown_and_read = [*shown, *(bytes.fromhex(each).decode("latin-1") for each in octets_in(shown))]
    for secret in (SERIAL, TIME, TOTAL, message):
        assert [each for each in shown_and_read if secret.upper() in each.upper()] == []
    assert (found.telegrams, found.chunks, found.is_encrypted) == (2, 4, True)
    assert (found.size, found.seconds) == (len(line_of(made)), 0.3)
    assert found.replaced[Replaced.TITLES] == 2
    assert found.replaced[Replaced.NOISE] == 1
    assert Replaced.UNOPENED in found.replaced
    assert found.last_telegram[0].startswith("/Lux5")
    assert len(found.last_telegram[-2]) < len(message)
    assert "1-0:1.7.0" in found.kept
    assert set(found.moved) == {"0-0:1.0.0", "1-0:1.8.0", "1-0:2.8.0", "0-1:24.2.1", "0-4:24.2.1"}
    assert set(found.changed) == {"0-0:42.0.0", "0-1:96.1.0", "0-0:96.13.0"}
    assert summarise(made_of(b"\0")).last_telegram == ()


def test_of_what_a_capture_holds_512_objects_are_told() -> None:
    lines = [f"0-{number // 250}:97.{number % 250}.0(1)" for number in range(600)]
    found = summarise(made_of(*(frame(40 + n, telegram(*lines[n::3])) for n in range(3))))

    assert found.telegrams == 3
    assert len({*found.kept, *found.moved, *found.changed}) == 512


def octets_in(lines: list[str]) -> list[str]:
    return [octets for line in lines for octets in re.findall(r"\(((?:[0-9A-Fa-f]{2})+)\)", line)]


def test_a_recording_takes_no_more_than_there_is_room_for() -> None:
    recording = Recording(most_bytes=5, most_chunks=3)
    for time, data in enumerate((b"ab", b"cd", b"ef", b"g")):
        recording.add(float(time), data)
    assert recording.is_full
    assert recording.chunks == [(0.0, b"ab"), (1.0, b"cd")]
    assert recording.size == 4

    recording = Recording(most_bytes=5, most_chunks=1)
    recording.add(0.0, b"ab")
    assert not recording.is_full
    recording.add(1.0, b"cd")
    assert recording.is_full
    assert recording.chunks == [(0.0, b"ab")]
