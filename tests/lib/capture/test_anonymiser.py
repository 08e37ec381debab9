"""Anonymous captures: no true text survives, and the properties of the line do."""

import binascii
import re
from collections.abc import Iterator, MutableSequence
from datetime import datetime, timedelta
from itertools import batched, pairwise
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from dev.encoder import KEY, TITLE, frame, seal, telegram
from dev.simulator.frame import AUTHENTICATION_KEY
from dev.simulator.telegram import crc16
from dev.testing.random_examples import examples
from smartyp1.capture import anonymiser
from smartyp1.capture.anonymiser import PUBLISHED_KEY, AnonymousCapture, Replaced, anonymise
from smartyp1.capture.capture_file import CaptureError, Recording, capture_text, read_capture
from smartyp1.capture.summary import summarise
from smartyp1.p1.decoder import IDENTIFICATION, Decoder
from smartyp1.p1.frame_decryptor import FrameDecryptor
from smartyp1.p1.obis import OBJECTS
from smartyp1.p1.rejection_reasons import Reason, Rejection
from smartyp1.p1.telegram import Telegram

OTHER_KEY = bytes(range(16))
OTHER_TITLE = b"ITRxy\x01\x02\x2f"
TIME = "251122103000W"
TOTAL = "025678.901"
SERIAL = "SAG1030790002574"
LUXEMBOURG = ZoneInfo("Europe/Luxembourg")


def made_of(
    *chunks: bytes, seed: int = 1, key: bytes | None = KEY, keeps_message_forms: bool = False
) -> AnonymousCapture:
    recorded = [(1000 + 0.1004 * n, data) for n, data in enumerate(chunks)]
    chance = Random(seed)  # noqa: S311 - of a made-up meter
    decryptor = FrameDecryptor(key, AUTHENTICATION_KEY) if key else None
    return anonymise(recorded, decryptor, chance, keeps_message_forms=keeps_message_forms)


def line_of(made: AnonymousCapture) -> bytes:
    return b"".join(data for _, data in made.chunks)


def events(made: AnonymousCapture) -> list[Telegram | Rejection]:
    return Decoder(PUBLISHED_KEY if made.is_encrypted else None).feed(line_of(made))


def telegrams_of(made: AnonymousCapture) -> list[Telegram]:
    return [event for event in events(made) if isinstance(event, Telegram)]


def hexadecimal(text: str) -> str:
    return binascii.hexlify(text.encode("latin-1")).decode().upper()


def forms(text: str) -> list[bytes]:
    """Return each form that would give a text away, all in capitals."""
    plain = [text, text.replace(".", "")]
    return [form.upper().encode() for one in plain for form in (one, hexadecimal(one))]


def survivors(made: AnonymousCapture, *secrets: str) -> list[bytes]:
    everything = [line_of(made), *made.telegrams, capture_text(made).encode()]
    everything += [each.text for each in telegrams_of(made)]
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


@settings(max_examples=examples(50))
@given(st.data())
def test_no_true_text_survives_at_any_place(data: st.DataObject) -> None:
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
        (round(0.1004 * n, 3), len(chunk)) for n, chunk in enumerate(chunks)
    ]
    known = {"frame", "again"} if key else set()
    assert len(made.telegrams) >= sum(one in known or one == "telegram" for one in order)


def lived(counter: int, time: str, energy: str, gas: str) -> bytes:
    return frame(
        counter,
        telegram(
            f"0-0:1.0.0({time})",
            f"1-0:1.8.0({energy}*kWh)",
            "1-0:2.8.0(000000.000*kWh)",
            "1-0:1.7.0(02.345*kW)",
            "1-0:31.7.0(010*A)",
            "0-1:24.1.0(003)",
            f"0-1:96.1.0({hexadecimal('GAS 0790002574')})",
            f"0-1:24.2.1({time})({gas}*m3)",
            "0-4:24.2.1(632525252525S)(00000.000)",
        ),
    )


@pytest.mark.parametrize("seed", range(20))
def test_the_events_stay_true(seed: int) -> None:
    # Across the end of summer time, whose hour comes twice.
    first = lived(41, "251026025500S", "999998.500", "00678.901")
    second = lived(44, "251026020510W", "999999.750", "00679.001")
    made = made_of(b"\0\r\n" + first, second[:400], second[400:], seed=seed)
    one, two = telegrams_of(made)

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
        assert b"%04X" % crc16(event.text[:-6]) == event.text[-6:-2]
        assert 0.781 <= event.objects["1-0:1.7.0"] <= 2.111  # type: ignore[operator]
        assert event.objects["1-0:2.8.0"] == event.objects["1-0:31.7.0"] == 0
        assert 4 not in event.channels
        assert event.channels[1].time == event.time
        assert event.channels[1].type == "gas"
    energy = [event.objects["1-0:1.8.0"] for event in (one, two)]
    gas = [event.channels[1].value or 0 for event in (one, two)]
    # 1.25 kWh and 2.345 kW have one factor; gas has another.
    power = one.objects["1-0:1.7.0"]
    assert energy[1] - energy[0] == pytest.approx(power * 1.25 / 2.345, abs=0.003)  # type: ignore[operator]
    assert 0.032 <= gas[1] - gas[0] <= 0.092
    assert one.serial_number == two.serial_number
    assert one.channels[1].serial_number == two.channels[1].serial_number


def wh(number: int) -> str:
    return f"({number // 1000:06d}.{number % 1000:03d}*kWh)"


def whole(number: object) -> int:
    assert isinstance(number, float)
    return round(number * 1000)


STEPS = st.lists(st.integers(20, 3000), min_size=1, max_size=8)


@settings(max_examples=examples(50))
@given(
    st.integers(1, 10**9 - 10**5),
    st.integers(1, 400_000_000),
    st.integers(1, 400_000_000),
    STEPS,
    STEPS,
    st.integers(0, 2**32),
)
def test_no_total_and_no_difference_survives(  # noqa: PLR0913, PLR0917
    begin: int, day: int, night: int, days: list[int], nights: list[int], seed: int
) -> None:
    # 1.8.0 has no tariffs; 2.8.0 is the sum of 2.8.1 and 2.8.2; 3.8.0 never counts.
    steps = [(rise, 0) for rise in days] + [(0, rise) for rise in nights]
    sums = [(sum(a for a, _ in steps[:n]), sum(b for _, b in steps[:n])) for n in range(len(steps))]
    rows = [(begin + a + b, day + a, night + b) for a, b in sums]
    frames = [
        frame(
            n + 1,
            telegram(
                f"1-0:1.8.0{wh(total)}",
                f"1-0:2.8.0{wh(by_day + by_night)}",
                f"1-0:2.8.1{wh(by_day)}",
                f"1-0:2.8.2{wh(by_night)}",
                "1-0:3.8.0(000000.000*kvarh)",
                "1-0:1.7.0(60.000*kW)",
                "1-0:2.7.0(00.000*kW)",
                f"0-0:96.7.21({3 + n:05d})",
            ),
        )
        for n, (total, by_day, by_night) in enumerate(rows)
    ]
    found = telegrams_of(made_of(*frames, seed=seed))
    assert len(found) == len(rows)

    # The first power is 60 kW, so a thousandth of it is 0.06 W.
    factor = whole(found[0].objects["1-0:1.7.0"]) / 60_000
    assert 0.333 <= factor <= 0.901
    assert {one.objects["1-0:2.7.0"] for one in found} == {0}
    assert {one.objects["1-0:3.8.0"] for one in found} == {0}
    failures = [one.objects["0-0:96.7.21"] for one in found]
    assert [b - a for a, b in pairwise(failures)] == [1] * (len(rows) - 1)  # type: ignore[operator]
    for column, reference in ((0, "1-0:1.8.0"), (1, "2.8.1"), (2, "2.8.2")):
        true = [row[column] for row in rows]
        new = [whole(_total_of(one, reference)) for one in found]
        assert not set(true) & set(new)
        for (a, b), (x, y) in zip(pairwise(true), pairwise(new), strict=True):
            assert y >= x
            assert abs((y - x) - factor * (b - a)) <= 2
            assert b == a or y - x != b - a
    for one in found:
        parts = [whole(_total_of(one, name)) for name in ("2.8.1", "2.8.2")]
        assert abs(whole(_total_of(one, "2.8.0")) - sum(parts)) <= 1


def _total_of(telegram: Telegram, name: str) -> float | None:
    match = re.search(rb"1-0:%s\(([0-9.]{10})\*kWh\)" % name[-5:].encode(), telegram.text)
    return float(match[1]) if match else None


def test_of_a_register_that_begins_anew_the_rise_is_scaled() -> None:
    numbers = ("999999.900", "000000.100", "000000.400")
    frames = [frame(n + 1, telegram(f"1-0:1.8.0({one}*kWh)")) for n, one in enumerate(numbers)]
    for seed in range(10):
        first, second, third = (
            whole(one.objects["1-0:1.8.0"]) for one in telegrams_of(made_of(*frames, seed=seed))
        )
        # 200 and 300 Wh, times a third to 0.9.
        assert 65 <= second - first <= 182
        assert abs((third - second) - 1.5 * (second - first)) <= 5


def test_each_channel_has_a_factor_of_its_own() -> None:
    # The meter's register may count in steps, which give the factor away.
    index = "0-{}:24.2.1(251122103000W)(0{}.000*m3)"
    frames = [
        frame(
            n + 1,
            telegram(index.format(1, at), index.format(2, at), f"1-0:1.8.0({at:06d}.000*kWh)"),
        )
        for n, at in enumerate((1000, 2000))
    ]
    one, two = telegrams_of(made_of(*frames))
    numbers = [
        [whole(each.objects["1-0:1.8.0"]), *(whole(each.channels[n].value) for n in (1, 2))]
        for each in (one, two)
    ]
    rises = [b - a for a, b in zip(*numbers, strict=True)]
    assert len(set(rises)) == 3
    assert all(333_000 <= rise <= 901_000 for rise in rises)


@st.composite
def alike(draw: st.DrawFn, *, is_plain: bool) -> tuple[str, str]:
    one = draw(st.text("aeMZ019 .,()" + "é\xdf" * (not is_plain), min_size=3, max_size=40))
    two = draw(st.text("bcXY28 .,()", min_size=len(one), max_size=len(one)))
    # A plain text may be one in hexadecimal, and is then taken for that.
    return ("x" * is_plain + one, "y" * is_plain + two)


def of_message(message: str, reference: str, *, is_plain: bool = False) -> bytes:
    text = message if is_plain else hexadecimal(message)
    return telegram(f"{reference}({text})", "1-0:1.7.0(01.234*kW)")


@pytest.mark.parametrize("is_plain", [False, True])
@settings(max_examples=examples(50))
@given(data=st.data())
def test_of_a_message_only_its_length_is_known(data: st.DataObject, is_plain: bool) -> None:  # noqa: FBT001
    """Two messages of the same length give the same capture, verified or cut at any place."""
    messages = data.draw(alike(is_plain=is_plain))
    reference = data.draw(st.sampled_from([f"0-0:96.13.{n}" for n in range(6)]))
    cut = data.draw(st.integers(0, 130))
    lines = []
    for message in messages:
        text = of_message(message, reference, is_plain=is_plain)
        # The last digits are a CRC, which is the CRC of the true text.
        cuts = (text[:-6], text[cut:-6], text[: min(cut, len(text) - 6)])
        made = made_of(frame(1, text), text, *(b"\0" + each for each in cuts))
        lines.append([data for _, data in made.chunks[1:]] + made.telegrams)
        assert len(made.telegrams) == 2
    assert lines[0] == lines[1]


@pytest.mark.parametrize("keeps_message_forms", [False, True])
def test_words_and_capitals_of_messages(keeps_message_forms: bool) -> None:  # noqa: FBT001
    message = "Compteur de M. Muster: 12"
    text = of_message(message, "0-0:96.13.0")
    [one] = telegrams_of(made_of(frame(1, text), keeps_message_forms=keeps_message_forms))
    new = one.objects["0-0:96.13.0"]
    assert isinstance(new, str)
    has_form = re.fullmatch(r"[A-Z][a-z]{7} [a-z]{2} [A-Z]\. [A-Z][a-z]{5}: [0-9]{2}", new)
    assert (has_form is not None) is keeps_message_forms
    assert len(new.ljust(25)) == len(message)
    assert not {"Muster", "Compteur"} & set(new.split())


@pytest.mark.parametrize(
    "time",
    # The second time is of a clock that was never set: it would give the shift of all times away.
    ["991231235959W", "700101000000W", "251341000000W", "091122103000W"],
)
def test_a_time_that_cannot_be_shifted_is_none(time: str) -> None:
    made = made_of(frame(1, telegram(f"0-0:1.0.0({time})", f"0-1:24.2.1({time})(00001.000*m3)")))
    assert made.telegrams[0].count(b"(632525252525W)") == 2
    assert time.encode() not in line_of(made)


@pytest.mark.parametrize(
    ("time", "is_kept"),
    [
        ("091231235959W", False),
        ("100101000000W", True),
        ("691231000000W", True),
        ("700101000000W", False),
    ],
)
def test_times_of_60_years_are_shifted_within_them(time: str, is_kept: bool) -> None:  # noqa: FBT001
    for seed in range(10):
        [one] = telegrams_of(made_of(frame(1, telegram(f"0-0:1.0.0({time})")), seed=seed))
        assert (one.time is not None) is is_kept
        assert one.time is None or one.time.year <= 2069


def test_20000_times_are_shifted() -> None:
    start = datetime(2025, 11, 22)  # noqa: DTZ001
    times = [f"{start + timedelta(seconds=n):%y%m%d%H%M%S}W" for n in range(20_002)]
    made = made_of(
        *(
            telegram(*(f"0-0:1.0.0({one})" for one in some))
            for some in batched(times, 500, strict=False)
        )
    )
    assert len(made.telegrams) == 41
    new = re.findall(rb"0-0:1\.0\.0\((.*?)\)", b"".join(made.telegrams))
    assert [n for n, one in enumerate(new) if one == b"632525252525W"] == [20_000, 20_001]


class Nearest(Random):
    """Chance that tries the nearest weeks first, and draws the lowest numbers."""

    def shuffle(self, x: MutableSequence[Any]) -> None:
        x[:] = sorted(x, key=abs)

    def uniform(self, a: float, b: float) -> float:
        return min(a, b)


class Latest(Random):
    """Chance that tries the latest weeks first, and draws the highest numbers."""

    def shuffle(self, x: MutableSequence[Any]) -> None:
        x[:] = sorted(x, reverse=True)

    def uniform(self, a: float, b: float) -> float:
        return max(a, b)


@pytest.mark.parametrize(
    ("chance", "weeks", "kw", "watts"),
    # 9998.5 W times a third, 10000.5 W times 0.9.
    [(Nearest(1), -2, "09.999", 3333), (Latest(1), 416, "10.000", 9000)],
)
def test_the_bounds_of_chance(chance: Random, weeks: int, kw: str, watts: int) -> None:
    text = telegram("0-0:1.0.0(250122103000W)", f"1-0:1.7.0({kw}*kW)")
    made = anonymise([(0.0, frame(1, text))], FrameDecryptor(KEY, AUTHENTICATION_KEY), chance)
    [one] = telegrams_of(made)
    assert one.time
    shift = one.time.replace(tzinfo=None) - datetime(2025, 1, 22, 10, 30)  # noqa: DTZ001
    assert shift == timedelta(weeks=weeks)
    assert whole(one.objects["1-0:1.7.0"]) == watts


def test_of_64_values_each_is_looked_at() -> None:
    nothing = "632525252525S"
    made = made_of(frame(1, telegram(f"0-0:98.1.0({')('.join([nothing] * 66)})")))
    # The last value has the rest, which is no time.
    assert made.telegrams[0].count(nothing.encode()) == 63


def test_of_512_lines_each_is_looked_at() -> None:
    text = telegram(*["1-0:32.7.0(231.4*V)"] * 600)
    # Four lines come before.
    assert made_of(text).telegrams[0].count(b"(231.4*V)") == 508


def test_each_sign_of_an_identifier_may_become_any_of_its_kind() -> None:
    # A sign that never came would be the true one, after some captures of one meter.
    found: list[set[str]] = [set(), set(), set()]
    for seed in range(200):
        text = made_of(frame(1, telegram("0-0:97.1.0(A1b)")), seed=seed).telegrams[0]
        new = re.findall(rb"97\.1\.0\((.*?)\)", text)[0].decode()
        for signs, sign in zip(found, new, strict=True):
            signs.add(sign)
    assert found == [set("ABCDEF"), set("0123456789"), set("abcdef")]


@pytest.mark.parametrize("filler", [16 * "30", 16 * "F", "----", "3F3F", 4 * "\xff"])
def test_filler_instead_of_an_identifier_stays(filler: str) -> None:
    line = f"0-2:96.1.0({filler})"
    made = made_of(frame(1, telegram(line, "0-1:96.1.0(4730303331)")))
    assert line.encode("latin-1") in made.telegrams[0]
    assert b"(4730303331)" not in made.telegrams[0]


def test_no_frame_has_its_true_counter() -> None:
    counters = [0x1D2C3B4A, 0x1D2C3B4B]
    foreign = [frame(counter, key=OTHER_KEY, title=OTHER_TITLE) for counter in counters]
    for key in (KEY, None):
        made = made_of(*foreign, foreign[0][:20], *map(frame, counters), key=key)
        assert [counter for counter in counters if counter.to_bytes(4) in line_of(made)] == []


def test_the_faults_of_the_line_stay() -> None:
    whole = frame(5)
    line = [whole, whole, whole[:40], frame(6), frame(7, key=OTHER_KEY), telegram()]
    found, true = (
        [one.reason if isinstance(one, Rejection) else "telegram" for one in each]
        for each in (events(made_of(*line)), Decoder(KEY).feed(b"".join(line)))
    )
    assert found == [
        *("telegram", Reason.REPLAY, Reason.ALTERED),
        *("telegram", Reason.TAG, "downgrade"),
    ]
    assert found == true


@pytest.mark.parametrize("blank", [b"\r\n", b"\n", b" "])
def test_a_blank_line_before_a_telegram_stays(blank: bytes) -> None:
    text = telegram(f"0-0:1.0.0({TIME})", f"1-0:1.8.0({TOTAL}*kWh)")
    made = made_of(*(frame(counter, blank + text) for counter in (1, 2)))
    assert [type(event) for event in events(made)] == [Telegram, Telegram]
    usual = made_of(frame(1, text), frame(2, text))
    assert made.telegrams == [blank + own for own in usual.telegrams]
    assert made.replaced == usual.replaced


def test_bytes_that_look_like_a_header_move_nothing() -> None:
    whole = frame(5)
    odd = whole[:40] + frame(6, title=OTHER_TITLE)[:20] + whole[60:]
    *_, last = events(made_of(odd, telegram()))
    assert isinstance(last, Telegram)


def test_of_a_line_of_ends_each_place_is_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    searched = 0

    class Counting:
        """The pattern of an identification, which counts the bytes it is tried on."""

        def finditer(self, data: bytes, start: int, end: int) -> Iterator[re.Match[bytes]]:
            nonlocal searched
            searched += end - start
            return pattern.finditer(data, start, end)

    pattern = IDENTIFICATION
    monkeypatch.setattr(anonymiser, "IDENTIFICATION", Counting())
    line = b"/Abc\n!0000" * 1000
    made = made_of(line, telegram(), line)
    assert len(made.telegrams) == 1
    assert 0 < searched <= len(line_of(made))


def test_a_file_holds_the_written_capture() -> None:
    made = made_of(frame(5), b"", frame(6)[:90])
    text = capture_text(made)
    assert read_capture(text) == (made.chunks, PUBLISHED_KEY)
    assert KEY.hex() not in text.lower()
    head = text.splitlines()[0]
    odd = [
        f'{head}\n[{time}, ""]'
        for time in ("NaN", "1e400", "1" + 400 * "0", "[" * 200_000, 5000 * "1")
    ]
    changes = (('"version": 1', '"version": 2'), ("public", "other"), ("[0.1, ", "[0.1, 1, "))
    others = [text.replace(*change) for change in changes]
    for wrong in ("", "[]", "{}", *others, text + "[0]", *odd):
        with pytest.raises(CaptureError):
            read_capture(wrong)


def test_the_summary_of_a_capture_has_no_true_text() -> None:
    message = hexadecimal(f"Le compteur {SERIAL} du {TIME}")
    first = lived(41, TIME, TOTAL, "00678.901")
    odd = telegram(f"1-0:1.8.0({TOTAL}*kWh)", f"0-0:96.13.0({message})", f"0-0:1.0.0({SERIAL}")
    made = made_of(first, b"\x07", frame(42, odd), frame(43, key=OTHER_KEY))
    found = summarise(made)

    shown = [*found.last_telegram, *found.kept, *found.scaled, *found.moved, *found.changed]
    shown_and_read = [*shown, *(bytes.fromhex(each).decode("latin-1") for each in octets_in(shown))]
    for secret in (SERIAL, TIME, TOTAL, message):
        assert [each for each in shown_and_read if secret.upper() in each.upper()] == []
    assert (found.telegrams, found.chunks, found.is_encrypted) == (2, 4, True)
    assert (found.size, found.seconds) == (len(line_of(made)), 0.301)
    assert found.replaced[Replaced.TITLES] == 2
    assert found.replaced[Replaced.NOISE] == 1
    assert Replaced.UNOPENED in found.replaced
    assert found.last_telegram[0].startswith("/Lux5")
    assert len(found.last_telegram[-2]) < len(message)
    assert "1-3:0.2.8" in found.kept
    assert "1-0:1.7.0" in found.scaled
    assert set(found.moved) == {"0-0:1.0.0", "1-0:1.8.0", "1-0:2.8.0", "0-1:24.2.1", "0-4:24.2.1"}
    assert set(found.changed) == {"0-0:42.0.0", "0-1:96.1.0", "0-0:96.13.0", "1-0:31.7.0"}
    assert summarise(made_of(b"\0")).last_telegram == ()


def test_the_summary_of_a_capture_has_at_most_512_objects() -> None:
    lines = [f"0-{number // 250}:97.{number % 250}.0(1)" for number in range(600)]
    found = summarise(made_of(*(frame(40 + n, telegram(*lines[n::3])) for n in range(3))))

    assert found.telegrams == 3
    assert len({*found.kept, *found.scaled, *found.moved, *found.changed}) == 512


def octets_in(lines: list[str]) -> list[str]:
    return [octets for line in lines for octets in re.findall(r"\(((?:[0-9A-Fa-f]{2})+)\)", line)]


def test_a_recording_has_8_mib_and_200000_chunks() -> None:
    recording = Recording()
    recording.add_chunk(0.0, bytes(8 * 1024 * 1024))
    assert not recording.is_full
    recording.add_chunk(0.0, b"x")
    assert recording.is_full

    recording = Recording()
    for _ in range(200_000):
        recording.add_chunk(0.0, b"")
    assert not recording.is_full
    recording.add_chunk(0.0, b"")
    assert recording.is_full


def test_a_file_has_16_mib() -> None:
    most = 16 * 1024 * 1024
    with pytest.raises(CaptureError, match="no capture"):
        read_capture("x" * most)
    with pytest.raises(CaptureError, match="more than 16777216 characters"):
        read_capture("x" * (most + 1))


def test_of_a_long_line_76_signs_are_shown() -> None:
    short, long = (f"0-0:97.{n}.0({'1' * (63 + n)})" for n in (1, 2))
    assert len(short) == 76
    lines = summarise(made_of(frame(1, telegram(short, long)))).last_telegram
    assert [(len(line), line.endswith("...")) for line in lines if ":97." in line] == [
        (76, False),
        (76, True),
    ]
