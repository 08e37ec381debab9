"""Stored state of messages: an edited file is refused, or works."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, Any, get_args

import pytest

from dev.checkout import ROOT
from dev.testing.times import utc
from smartyp1.failure_detection import ObstacleWithIssue, ReadingProblem
from smartyp1.json_types import JsonDict, JsonMapping
from smartyp1.messages.excess_warning import ExcessState
from smartyp1.messages.goal_watch import GoalState
from smartyp1.messages.grid_watch import GridState
from smartyp1.messages.message import KINDS, PHRASES, HouseholdMessage, Kind, Placeholders
from smartyp1.messages.meter_watches import MessageState
from smartyp1.messages.outbox import Outbox
from smartyp1.messages.plan_watch import ToldPlan
from smartyp1.messages.silence_remedy import REMEDIES
from smartyp1.messages.silence_watch import SilenceState
from smartyp1.messages.voltage_watch import VoltageState
from smartyp1.messages.water_watch import WaterCapture, watch_water
from smartyp1.stored_json import Mark, dump, load
from tests.json_copy import through_json

TRANSLATIONS = ROOT / "custom_components" / "smarty_p1" / "translations"
MORNING = "2026-11-17T08:00:00+01:00"
# A file with all that it can have.
STORED: JsonDict = {
    "since": {kind.value: MORNING for kind in Kind},
    "outbox": {
        "day": "2026-11-17",
        "sent": 2,
        "waiting": [
            {"key": "power_failure", "values": {"count": 2}},
            {
                "key": "voltage_outside",
                "values": {"phase": "L1", "volts": 1.5, "since_at": MORNING},
            },
        ],
        "alarmed_at": {"phase_lost L1": MORNING},
    },
    "silence": {"told_since": MORNING, "has_asked_for_key": False},
    "excess": {"warned_at": MORNING, "warned_kw": 4.5},
    "goal": {
        "last_day": "2026-11-16",
        "days_above": 2,
        "month": "2026-11-01",
        "is_forecast_told": True,
        "is_passing_told": False,
    },
    "grid": {"texts": {"message": "A"}, "counts": {"voltage_sag L1": 1}, "exchanged": ["G1"]},
    "voltage": {"told_on": "2026-11-16"},
    "phases": {"connected": ["L1"]},
    "water": {
        "W1": {
            "captures": [[MORNING, 5000.5]],
            "nights": 2,
            "last_night": "2026-11-16",
            "is_flood_told": False,
            "leak_since": MORNING,
        }
    },
    "sun": ["sensor.inverter"],
    "plans": {"load": [MORNING, MORNING, MORNING, False]},
    "failures": {"load load_lacks": "2026-11-16T06:00:00+00:00"},
    "reported_in": "2026-11-01",
}
WRONG: tuple[object, ...] = (
    *(False, True, 0, -1, 1.5, 10**16, float("nan"), float("inf"), None),
    *("", "x", "9999-12-31", "0001-01-01T00:00:00+00:00", "2026-11-17T08:00:00"),
    *([], {}, [None], {"": None}),
)
# A text may be any, and these values may be unknown, negative or fractions.
IS_TEXT = re.compile(
    r"outbox\.waiting\.1\.values\.phase|grid\.texts\.message|(grid\.exchanged|sun|phases\.\w+)\.0"
)
IS_NUMBER = re.compile(
    r"outbox\.waiting\.\d\.values\.(count|volts)|water\.W1\.captures\.0\.1|excess\.warned_kw"
)
IS_COUNT = re.compile(r"outbox\.sent|goal\.days_above|grid\.counts\..*|water\.W1\.nights")
IS_FLAG = re.compile(r"goal\.is_.*|water\.W1\.is_.*|silence\.has_.*|plans\.load\.3")
IS_DAY = re.compile(r"outbox\.day|goal\.(last_day|month)|voltage\..*|.*\.last_night|reported_in")
IS_OPTIONAL = re.compile(
    r"silence\.told.*|excess\..*|grid\.(texts|counts|exchanged)|water\.W1\.leak_since|plans\.load\.0"
)
IS_MAPPING = re.compile(r"since|water|plans|failures|grid\.(texts|counts)|outbox\.alarmed_at")
IS_LIST = re.compile(r"outbox\.waiting|water\.W1\.captures|grid\.exchanged|phases\.connected|sun")


def is_right(path: str, value: object) -> bool:
    """Return whether a path of the file may have a value."""
    is_number = type(value) in {int, float} and abs(float(str(value))) < 1e300
    return (
        (bool(IS_TEXT.fullmatch(path)) and isinstance(value, str))
        or (bool(IS_NUMBER.fullmatch(path)) and is_number)
        or (bool(IS_COUNT.fullmatch(path)) and type(value) is int and 0 <= value <= 10**15)
        or (bool(IS_FLAG.fullmatch(path)) and isinstance(value, bool))
        or (value is None and bool(IS_DAY.fullmatch(path) or IS_OPTIONAL.fullmatch(path)))
        or (bool(IS_MAPPING.fullmatch(path)) and value == {})
        or (bool(IS_LIST.fullmatch(path)) and value == [])
    )


def changed(data: Any, path: str = "") -> Iterator[tuple[str, object, Any]]:  # noqa: ANN401
    """Yield the data with each value replaced by each wrong one, with the path and the value."""
    for value in WRONG if path else ():
        yield path, value, value
    items = data.items() if isinstance(data, dict) else ()
    for key, item in enumerate(data) if isinstance(data, list) else items:
        for at, value, new in changed(item, f"{path}.{key}".removeprefix(".")):
            copy = data.copy()
            copy[key] = new
            yield at, value, copy


def test_a_file_is_read_as_it_was_written() -> None:
    assert through_json(dump(load(MessageState, STORED))) == STORED


def test_each_wrong_value_is_refused() -> None:
    tried = 0
    for path, value, stored in changed(STORED):
        tried += 1
        if is_right(path, value):
            assert dump(load(MessageState, stored)) == stored, path
            continue
        with pytest.raises(ValueError):  # noqa: PT011 - no text
            pytest.fail(f"{path} = {value!r}: {load(MessageState, stored)}")
    assert tried > 500


def without(stored: JsonMapping, name: str) -> JsonDict:
    return {key: value for key, value in stored.items() if key != name}


def test_each_missing_value_is_refused() -> None:
    for part, fields in STORED.items():
        lacking = [without(STORED, part)]
        if part in {"outbox", "silence", "grid"}:
            lacking += [STORED | {part: without(fields, name)} for name in fields]
        assert all(map(_is_refused, lacking))


def _is_refused(stored: object) -> bool:
    try:
        load(MessageState, stored)
    except ValueError:
        return True
    return False


def test_a_value_that_nothing_reads_is_ignored_and_an_added_one_has_its_default() -> None:
    counted = STORED | {"outbox": STORED["outbox"] | {"sent_first": 1}}
    assert load(MessageState, counted) == load(MessageState, STORED)

    @dataclass
    class Later:
        kept: int
        added: Annotated[int, Mark.ADDED_LATER] = 3

    assert load(Later, {"kept": 1}) == Later(1)
    assert load(Later, {"kept": 1, "added": 2}) == Later(1, 2)


LANGUAGES = sorted(path.stem for path in TRANSLATIONS.glob("*.json"))


@pytest.mark.parametrize("key", [key for key in KINDS if not key.startswith("monthly_report")])
def test_a_message_needs_the_values_of_its_text(key: str) -> None:
    rule = HouseholdMessage(key).rule
    names, optional = {*rule.values.split()}, {*rule.optional.split()}
    for language in LANGUAGES:
        texts = json.loads((TRANSLATIONS / f"{language}.json").read_text())["common"]
        text = texts[f"message_{key}_title"] + texts[f"message_{key}_text"]
        shown = {*re.findall(r"{(\w+)}", text)}
        # Without an optional value, a text lacks a phrase, and no other placeholder.
        assert shown <= names | (optional & {*PHRASES}), language
    values = all_values(names | optional)
    assert not _is_refused_message(key, values)
    assert not _is_refused_message(key, {name: values[name] for name in names})
    assert _is_refused_message(key, values | {"another": 5})
    for name in values:
        if name in names:
            left = {other: values[other] for other in values if other != name}
            assert _is_refused_message(key, left)
        wrongs: list[object] = ["L", 5, None, [], "2026-11-17"]
        for wrong in wrongs:
            is_text = isinstance(values[name], str) and name not in PHRASES
            if type(wrong) is not str or not is_text or values[name] == MORNING:
                if type(wrong) is type(values[name]) and isinstance(wrong, int):
                    continue
                assert _is_refused_message(key, values | {name: wrong}), (name, wrong)


def all_values(names: Iterable[str]) -> Placeholders:
    """Return a right value of each name."""
    values: Placeholders = {}
    for name in names:
        values[name] = MORNING if name.endswith("_at") else 5
        if name in {"text", "phase", "object", "name", "runs"}:
            values[name] = "L1"
        elif name in PHRASES:
            values[name] = min(PHRASES[name])
    return values


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PHRASES)
def test_each_choice_of_a_phrase_has_a_text(language: str, name: str) -> None:
    texts = json.loads((TRANSLATIONS / f"{language}.json").read_text())
    for choice in PHRASES[name]:
        if name == "meter":
            assert texts["device"][choice]["name"]
        else:
            assert texts["common"][f"message_{name}_{choice}"]


def test_each_problem_of_a_meter_has_a_remedy() -> None:
    assert REMEDIES.keys() == {*ReadingProblem, *get_args(ObstacleWithIssue)}
    # A house without a cable has none to check.
    assert REMEDIES[ReadingProblem.LENEDA_AWAITED].value == "leneda"


def _is_refused_message(key: str, values: object) -> bool:
    waiting = [{"key": key, "values": values}]
    return _is_refused(STORED | {"outbox": STORED["outbox"] | {"waiting": waiting}})


def test_the_messages_of_a_state_read_late_are_not_repeated() -> None:
    older, now = load(MessageState, STORED), datetime.fromisoformat("2026-11-17T12:00:00+01:00")
    begun = MessageState().switched(Kind, now)
    assert MessageState().after(older) == older
    assert begun.after(older) == older.switched(Kind, now)
    # News stays, and earlier messages are not repeated.
    newer = replace(
        begun,
        outbox=Outbox(now.date(), 1, (HouseholdMessage("silent", {"since_at": MORNING}),)),
        goal=GoalState(now.date(), 1, date(2026, 11, 1)),
        voltage=VoltageState({"L1": now}, None, now),
        silence=SilenceState(now),
        plans={"car": ToldPlan(None, now, now)},
    )
    joined = newer.after(older)
    assert (joined.outbox.sent, len(joined.outbox.waiting)) == (3, 3)
    assert joined.goal == GoalState(now.date(), 1, date(2026, 11, 1), is_forecast_told=True)
    assert joined.voltage == VoltageState({"L1": now}, date(2026, 11, 16), now)
    assert joined.silence == SilenceState(now)
    assert joined.part("plans") == newer.plans
    off = joined.switched([Kind.FAILED_LOAD], now)
    assert (off.part("plans"), off.failures) == (None, older.failures)
    assert (joined.since, joined.reported_in) == (older.since, older.reported_in)
    # The messages of another day or month do not count.
    december = replace(
        newer, goal=GoalState(month=date(2026, 12, 1)), outbox=Outbox(date(2026, 12, 1))
    )
    assert december.after(older).goal == GoalState(month=date(2026, 12, 1))
    assert december.after(older).outbox.sent == 0


def test_a_switch_that_is_turned_off_forgets() -> None:
    before, now = datetime.fromisoformat(MORNING), datetime.fromisoformat("2026-11-17T12:00+01:00")
    sag = HouseholdMessage("voltage_sag", {"count": 2})
    passed = HouseholdMessage("goal_passed", {"so_far_eur": 81.5, "goal_eur": 80})
    state = MessageState(
        since={Kind.SILENT: before, Kind.GRID: before, Kind.ABOVE_GOAL: before},
        outbox=Outbox(now.date(), 2, (sag, passed)),
        silence=SilenceState(before),
        excess=ExcessState(None, before),
        goal=GoalState(date(2026, 11, 16), 2, date(2026, 11, 1)),
        grid=GridState({"message": "A"}, {"power_failure": 1}),
    )
    assert load(MessageState, dump(state)) == state
    assert state.switched([Kind.ABOVE_GOAL, Kind.SOON_ABOVE], now) == MessageState(
        since={Kind.ABOVE_GOAL: before, Kind.SOON_ABOVE: now},
        # The messages of the day still count.
        outbox=Outbox(now.date(), 2, (passed,)),
        excess=ExcessState(None, before),
        goal=state.goal,
    )


def test_of_more_than_eight_water_meters_the_newest_are_remembered() -> None:
    capture, state = WaterCapture(utc("2026-11-17 00:10"), 5000.0), MessageState().water
    for name in "abcdefghij":
        state, _ = watch_water(state, {name: capture})
    assert "".join(state) == "cdefghij"
    assert load(MessageState, dump(MessageState(water=state))).water == state
