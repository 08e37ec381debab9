"""Reports about a line: sizes, places, times and numbers of frames, and no private text."""

import json
import re
from collections.abc import Iterable

import pytest

from dev.encoder import KEY, frame, stored_example, telegram
from dev.testing.private_texts import PRIVATE_TEXTS, line_with, private_parts
from smartyp1.json_types import JsonDict
from smartyp1.p1.decoder import Decoder
from smartyp1.p1.line_report import LineReport


def report_of(chunks: Iterable[tuple[float, bytes]], key: bytes | None = KEY) -> LineReport:
    """Return the report about chunks of a line, each with its time."""
    decoder = Decoder(key)
    decoder.report = report = LineReport()
    for now, data in chunks:
        report.add_bytes(len(data), now)
        decoder.feed(data)
    return report


def test_frames_and_refusals_have_time_place_and_size() -> None:
    first, wrong = frame(1000), frame(1001, key=bytes(16))
    report = report_of(
        [(0, b"noise"), (0.5, first), (10, wrong[:50]), (10.1, wrong[50:]), (20, first)]
    )
    size = len(first)
    facts = report.facts(30)
    [title] = {item.pop("title") for item in (*facts["frames"], *facts["refused"])}
    assert re.fullmatch("id-[0-9a-f]{8}", title)
    assert facts["bytes"] == 5 + 3 * size
    assert facts["bursts"] == [
        {"seconds_ago": 30, "size": 5 + size},
        {"seconds_ago": 20, "size": size},
        {"seconds_ago": 10, "size": size},
    ]
    assert facts["frames"] == [
        {"seconds_ago": 29.5, "end": 5 + size, "size": size, "result": "verified", "counter": 0}
    ]
    assert facts["refused"] == [
        {"seconds_ago": 19.9, "end": 5 + 2 * size, "size": size, "result": "tag", "counter": 1},
        {"seconds_ago": 10, "end": 5 + 3 * size, "size": size, "result": "replay", "counter": 0},
    ]
    assert facts["rejections"] == {"tag": 1, "replay": 1}
    assert "seconds_ago" not in json.dumps(report.facts())


def test_a_frame_that_is_cut_short_ends_where_the_next_one_begins() -> None:
    cut = frame(1)[:-30]
    facts = report_of([(0, cut + frame(2) + frame(3))]).facts()
    assert [(item["end"], item["size"], item["result"]) for item in facts["refused"]] == [
        (len(cut) + 18, len(cut) + 18, "altered"),
    ]
    assert [item["size"] for item in facts["frames"]] == [len(frame(2))] * 2


def test_a_plain_telegram_has_its_own_size() -> None:
    text = telegram("1-0:1.7.0(01.000*kW)")
    damaged = text.replace(b"01.000", b"02.000")
    facts = report_of([(0, b"\0" * 9 + text), (10, damaged)], None).facts(10)
    assert facts["frames"] == [
        {"seconds_ago": 10, "end": 9 + len(text) - 2, "size": len(text) - 2, "result": "plain"}
    ]
    assert [item["result"] for item in facts["refused"]] == ["crc"]
    assert facts["telegram"]["objects"] == {"1-3:0.2.8": "42", "1-0:1.7.0": 1.0}


def test_only_the_last_twenty_frames_are_kept() -> None:
    chunks = [(10 * n, frame(n) + frame(n, key=bytes(16))) for n in range(1, 31)]
    facts = report_of(chunks).facts(300)
    for name in ("bursts", "frames", "refused"):
        assert [item["seconds_ago"] for item in facts[name]] == [10 * n for n in range(19, -1, -1)]
    assert facts["rejections"] == {"tag": 30}
    assert facts["telegram"]["objects"]["1-0:1.8.0"] == 30


def test_the_telegram_has_the_numbers_and_times_of_known_objects() -> None:
    example = stored_example("three_phase_gas_water_heat")
    told = report_of([(0, example.data)]).facts()["telegram"]
    objects: JsonDict = told["objects"]
    assert (told["verification"], told["size"]) == ("verified", len(example.telegram))
    assert told["time"] == objects["0-0:1.0.0"] == "2025-07-03T10:30:00+02:00"
    assert (objects["1-0:1.8.0"], objects["0-0:96.7.21"]) == (25678.901, 99)
    assert objects["1-1:31.4.0"] == [100.0, -63.0]
    assert objects["0-1:24.2.1"] == ["2025-07-03T10:30:00+02:00", 678.901, "m3"]
    assert not {name for name in objects if "96.13." in name or "96.1.0" in name}
    water = told["channels"]["2"]
    assert (water["type"], water["value"], water["unit"], water["valve"]) == (
        "water", 28.103, "m3", 0,
    )  # fmt: skip
    assert water["meter"] != told["channels"]["1"]["meter"]


def test_numbers_that_may_be_identifiers_are_left_out() -> None:
    lines = ("1-0:1.8.0(253694471*kWh)", "0-0:96.7.21(253694471)", "1-0:2.8.0(99999999.999*kWh)")
    told = report_of([(0, telegram(*lines))], None).facts()["telegram"]
    assert told["objects"] == {
        "1-3:0.2.8": "42",
        "1-0:1.8.0": None,
        "0-0:96.7.21": None,
        "1-0:2.8.0": 99999999.999,
    }


def test_identifiers_are_replaced_at_random_by_equal_texts() -> None:
    twice = telegram("0-1:96.1.0(4D31)", "0-2:96.1.0(4D31)", "0-3:96.1.0(4D32)")
    report = report_of([(0, twice)], None)
    one, other = (report.facts()["telegram"] for _ in range(2))
    names = [channel["meter"] for channel in one["channels"].values()]
    assert names[0] == names[1] != names[2]
    assert one["meter"] not in names
    assert not {one["meter"], *names} & {
        other["meter"], *(channel["meter"] for channel in other["channels"].values())
    }  # fmt: skip


@pytest.mark.parametrize("text", PRIVATE_TEXTS)
@pytest.mark.parametrize("key", [KEY, None], ids=["key", "no key"])
def test_no_private_text_is_in_a_report(text: str, key: bytes | None) -> None:
    facts = report_of([(0, line_with(text, 1, text))], key).facts(0)
    assert facts["telegram"]["objects"]["1-0:1.8.0"] == 25678.901
    assert facts["refused"]
    assert not private_parts(json.dumps(facts))
