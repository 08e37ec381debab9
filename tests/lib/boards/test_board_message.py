"""Values in a board's message: countable values, and the limits of a strange message's effect."""

import json
import threading

import pytest
from hypothesis import given, settings, strategies as st

from dev.testing.random_examples import examples
from dev.testing.table import rows
from smartyp1.boards.board_message import (
    Counted,
    MessageForm,
    MessageSurvey,
    MessageValue,
    parse_json,
    value_at,
)
from smartyp1.boards.pulse_meter import PulseMeter, Pulses
from smartyp1.stored_json import dump, load
from tests.json_copy import through_json


def survey(*messages: object, first_is_old: bool = False) -> MessageSurvey:
    """Return the survey of these messages."""
    found = MessageSurvey()
    for number, message in enumerate(messages):
        text = message if isinstance(message, str) else json.dumps(message)
        content = parse_json(text)
        assert content is not None
        found.add(content, is_old=first_is_old and not number)
    return found


def best(*messages: object) -> tuple[str, str] | None:
    """Return the path and the text of the value that is offered."""
    value = survey(*messages).best
    return (value.shown_path, value.text) if value else None


def paths(*messages: object) -> list[str]:
    """Return the paths of all values that can be chosen."""
    return [value.shown_path for value in survey(*messages).values]


@pytest.mark.parametrize(
    ("messages", "offered"),
    rows("""
# Tasmota: a counter beside a time; then a second counter that does not change.
{"Time": "2026-01-01T00:00:00", "COUNTER": {"C1": 51990, "C2": 7}}; \
    {"Time": "2026-01-01T00:00:10", "COUNTER": {"C1": 52000, "C2": 7}} | COUNTER.C1 52000
# Numbers as texts, in an array, with a decimal point.
{"n": [{"total": "8.0"}]}; {"n": [{"total": "9.0"}]} | n.0.total 9.0
# A number that goes up and down is the quality of the radio link.
{"c": 1, "rssi": 90}; {"c": 2, "rssi": 94}; {"c": 3, "rssi": 88} | c 3
# Energy in kWh and fractions are no pulses.
{"TotalKWH": 5, "p": 1.5, "n": 3}; {"TotalKWH": 6, "p": 2.5, "n": 4} | n 4
{"TotalKWH": 5}; {"TotalKWH": 6} |
{"energy": 12}; {"energy": 12.001} |
# A count outranks a state. Several counts, or several states, need a choice.
{"n": 1, "s": true}; {"n": 2, "s": false} | n 2
{"n": 1, "uptime": 10}; {"n": 2, "uptime": 20} |
{"contact": true, "tamper": false}; {"contact": false, "tamper": true} |
{"contact": true, "linkquality": 3}; {"contact": false} | contact false
{"door": "OPEN"}; {"door": "CLOSED"} | door CLOSED
{"in": 0}; {"in": 1}; {"in": 0} | in 0
# No number has risen yet, or no number can be counted.
{"n": 5}; {"n": 5} |
{"event": "single"}; {"event": "double"} |
[]; {} |
    """),
)
def test_the_only_value_that_moves_is_offered(messages: str, offered: str) -> None:
    assert " ".join(best(*messages.split("; ")) or ()) == offered


def test_values_to_choose_from() -> None:
    assert paths({"a": 1, "b": {"c": True, "d": -3, "e": 1.5, "f": None, "g": "text"}}) == [
        "a",
        "b.c",
    ]
    # Values that have moved come first.
    assert paths({"a": 1, "b": 1}, {"a": 1, "b": 2}) == ["b", "a"]
    # A path may be damaged in one message.
    assert paths({"a": 1}, {"a": None}, {"a": 2}) == ["a"]
    assert paths({"a": 1}, {"a": "text"}, {"a": 2}) == []


def test_a_retained_message_may_be_from_before_a_restart_of_the_board() -> None:
    value = survey({"n": 60_000}, {"n": 5}, {"n": 6}, first_is_old=True).best
    assert value == MessageValue(MessageForm(Counted.COUNT, ("n",)), "6", has_moved=True)
    # Later, a restart is one fall among many rises.
    counts = [{"n": count} for count in (*range(9), 0, *range(9))]
    assert best(*counts) == ("n", "8")


HOSTILE = [
    '{"a":' + "9" * 15_000 + "}",
    "[" * 16_000,
    '{"a":' * 3_000 + "1" + "}" * 3_000,
    '{"a":' + "x" * 20_000,
    '{"a":1' + " " * 20_000 + "}",
    '{"a":NaN,"b":Infinity,"c":-Infinity,"d":1e999}',
    '{"a":tru',
    '[{"a":1},',
    "[1, 2",
    'OUNTER":{"C1":52000}}',
    json.dumps({"k" * 65: 1, "": 2, "new\nline": 3, "\x00": 4}),
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_strange_message_is_neither_a_pulse_nor_a_value(text: str) -> None:
    meter = PulseMeter(1000)
    assert meter.read_line(text, 0) == []
    assert meter.survey.has_messages
    assert meter.survey.values == []


def test_a_long_plain_text_is_no_damaged_json() -> None:
    assert parse_json("x" * 20_000) is None


def test_a_message_that_is_too_deep_for_a_small_stack() -> None:
    read: list[object] = []
    size = threading.stack_size(256 * 1024)
    try:
        thread = threading.Thread(target=lambda: read.append(parse_json("[" * 16_000)))
        thread.start()
    finally:
        threading.stack_size(size)
    thread.join()
    assert read == [{}]


def test_number_and_depth_of_values_are_bounded() -> None:
    found = survey({f"k{n}": n for n in range(500)})
    found.add({f"j{n}": "1" for n in range(500)})
    assert [value.shown_path for value in found.values] == [f"k{n}" for n in range(100)]

    def nested(depth: int) -> dict[str, object]:
        return {"a": nested(depth - 1) if depth > 1 else 1}

    assert paths(nested(8)) == [".".join("a" * 8)]
    assert paths(nested(9)) == []
    [value] = survey({"k" * 64: {"l" * 64: 1}}).values
    assert len(value.shown_path) <= 101


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(st.text(max_size=9), json_values), min_size=1, max_size=3))
@settings(max_examples=examples(15))
def test_each_value_is_found_again_at_its_stored_path(messages: list[object]) -> None:
    texts = [json.dumps(message) for message in messages]
    meter = PulseMeter(1000)
    assert all(meter.read_line(text, 0) == [] for text in texts)
    for value in meter.survey.values:
        form = load(MessageForm, through_json(dump(value.form)))
        assert form == value.form
        contents = [parse_json(text) for text in texts]
        assert value.text in [content and value_at(content, form.path) for content in contents]
        assert sum(event.pulses for event in PulseMeter(1000, form).read_line(texts[0], 0)) <= 1


COUNTS = MessageForm(Counted.COUNT, ("COUNTER", "C1"))


def test_a_count_at_a_path() -> None:
    meter = PulseMeter(1000, COUNTS)
    at = 0
    for text in (
        '{"COUNTER":{"C1":51990}}',
        '{"COUNTER":{"C1":52000,"C2":1}}',
        '{"COUNTER":{"C1":"52003"}}',
        '{"COUNTER":{"C1":52003}}',  # sent twice
        '{"COUNTER":{"C1":null}}',
        '{"COUNTER":{"C1":52010.5}}',
        '{"COUNTER":{"C1":-1}}',
        '{"COUNTER":{"C1":true}}',
        '{"COUNTER":{"C1":[52020]}}',
        '{"COUNTER":52020}',
        '{"STATE":{"C1":52020}}',
        "52020",
        "blink",
        "ON",
    ):
        meter.read_line(text, at := at + 10)
    assert meter.pulses == 13
    assert meter.read_line('{"COUNTER":{"C1":7}}', at, is_old=True) == [Pulses(0, 7)]
    assert meter.read_line('{"COUNTER":{"C1":52004}}', at, is_old=True) == [Pulses(1, 52_004)]


@pytest.mark.parametrize(
    ("active", "inactive"),
    [("true", "false"), ('"ON"', '"OFF"'), ('"closed"', '"open"'), ("1", "0"), ('"HIGH"', '"LOW"')],
)
def test_a_state_at_a_path(active: str, inactive: str) -> None:
    meter = PulseMeter(1000, MessageForm(Counted.STATE, ("contact",)))

    def pulses_after(value: str, *, is_old: bool = False) -> int:
        meter.read_line(f'{{"contact":{value}}}', 0, is_old=is_old)
        return meter.pulses

    assert pulses_after(active, is_old=True) == 0
    assert [pulses_after(value) for value in (active, inactive, inactive, active)] == [0, 0, 0, 1]
    # Two messages for one pulse, and a repeated state.
    assert [pulses_after(value) for value in (active, "null", inactive, active)] == [1, 1, 1, 2]
    assert [pulses_after(active) for _ in range(20)] == [2] * 20
