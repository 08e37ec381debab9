"""The cards about the quality of supply: voltage, breaker and telegrams, interruptions, limits."""

import re

import pytest

from smartyp1.json_types import JsonDict

from . import house
from .house_quality import answers, event, events, limit, voltages
from .stage import Stage

CARD = "smarty-p1-quality"
MAX_TURNS = 50


async def show(stage: Stage, part: str, given: JsonDict | None = None, width: int = 390) -> str:
    """Show a card of the house and return its text."""
    await stage.show(CARD, answers=answers() | (given or {}), config={"part": part}, width=width)
    await shows(stage, "^(?!.*One moment).")
    return await said_by(stage)


async def shows(stage: Stage, words: str) -> None:
    for _ in range(MAX_TURNS):
        text = await said_by(stage)
        if re.search(words, text):
            return
        await stage.settle()
    pytest.fail(f"{words!r} is not in {text!r}")


async def said_by(stage: Stage) -> str:
    """Return the text of the page; a word in bold is a text of its own."""
    return re.sub(r" (?=[,.:;])", "", (await stage.text()).strip())


async def test_voltages(stage: Stage) -> None:
    text = await show(stage, "voltage")
    assert "Voltage 18:38:20 All three phases within 207–253 V." in text
    assert "L1 232 V 253 207 highest 236 V lowest 229 V" in text
    assert "L2 230 V highest 235 V lowest 228 V L3 231 V highest 235 V lowest 227 V 18:40" in text
    # The voltages are requested again after five minutes.
    for seconds, count in ((60, 1), (90, 2)):
        await stage.passes(seconds)
        assert len(await stage.asked("voltages")) == count
    await stage.show_table(CARD)
    rows = stage.card(CARD).get_by_role("table").locator("tr")
    assert await rows.nth(0).all_inner_texts() == ["Hour\tL1 (V)\tL2 (V)\tL3 (V)"]
    assert await rows.count() == 26

    outside = voltages(phases=2, L1={100: (250.0, 255.4), 101: (251.0, 254.0)})
    await show(stage, "voltage", {"smarty_p1/voltages": outside})
    assert await stage.card(CARD).locator(".beyond").count() == 2


async def test_supply_and_reception(stage: Stage) -> None:
    text = await show(stage, "supply")
    assert "Breaker and readings The breaker is on; last reading" in text
    assert "Operator's switch 1 / 2 Off / on" in text
    assert "Grid connection limit" not in text
    assert "Readings in 24 hours 99.2% 19:00 Gap 04:12–04:23: 11 min now" in text
    assert "Last message from the grid operator, 3 November 2026 Works on 12 November" in text
    await stage.send(house.live(received_at="2026-11-21T17:38:20+00:00"))
    await stage.passes(6)
    await shows(stage, r"last reading ([6-9]|1\d) s ago\.")
    await stage.send(house.live(values=house.values(breaker="disconnected")))
    await shows(stage, "Switched off: the breaker in the meter is open")
    silent = house.live(received_at="2026-11-21T17:12:05+00:00", state="failing")
    await stage.send(silent)
    await shows(stage, "last 18:12:05 No reading for 26 min, the last one at 18:12.")
    grey = "each => getComputedStyle(each).color"
    assert await stage.card(CARD).locator("dl").first.evaluate(grey) == "rgb(94, 94, 94)"

    message = event("2026-11-03T10:12:00+01:00", "message", text="<b>\x07\u202e" + "x" * 2000)
    found = events(messages=[message])
    assert "<b> xxx" in await show(stage, "supply", {"smarty_p1/events": found}, width=360)
    assert not await stage.overflow()
    box = await stage.card(CARD).bounding_box()
    assert box
    assert box["height"] < 520


async def test_interruptions(stage: Stage) -> None:
    text = await show(stage, "interruptions")
    assert (
        "Interruptions No interruption in the last 30 days; last short voltage drop: 18 October."
        in text
    )
    assert "Power failures 2 recorded 22 older Short voltage drops 10 recorded 28" in text
    assert await stage.card(CARD).locator("path.voltage_sag").count() == 5
    # A new disturbance is asked for at once.
    happened = events(disturbances=[event("2026-11-21T18:38:30+01:00", "power_failure")])
    await stage.page.evaluate("each => stage.answer({ 'smarty_p1/events': each })", happened)
    await stage.send(house.live(values=house.values(power_failures=25)))
    await shows(stage, "1 power failure in the last 30 days")

    found = events(disturbances=[], undated={"voltage_sag": 28, "voltage_swell": 0})
    # These words are as long as both counts are in some languages.
    given = answers() | {"smarty_p1/events": found}
    part = {"part": "interruptions"}
    await stage.show(CARD, answers=given, config=part, width=480, language="pt")
    assert not await stage.overflow()


async def test_limits_of_the_operator(stage: Stage) -> None:
    text = await show(stage, "limits")
    assert "2 limits in twelve months, all obeyed, at the latest after 12 s." in text
    # Newest first.
    assert (
        "18 Oct, 23:50 – 19 Oct, 00:40 Boiler: 2.0 kW → 0.0 kW, after 3 s "
        "3 Feb, 17:02–19:30 Car: 11.0 kW → 4.1 kW, after 12 s" in text
    )
    await stage.show_table(CARD)
    rows = stage.card(CARD).get_by_role("table").locator("tr")
    assert await rows.all_inner_texts() == [
        "From\tTo\tLoad\tBefore (kW)\tLimit (kW)\tAfter (kW)\tObeyed after (s)",
        "18 October 2026, 23:50:00\t19 October 2026, 00:40:00\tBoiler\t2.00\t0.00\t0.00\t3",
        "3 February 2026, 17:02:13\t3 February 2026, 19:30:00\tCar\t11.04\t4.20\t4.14\t12",
    ]
    ignored = limit("2026-11-20T18:00:00+01:00", "2026-11-20T19:00:00+01:00")
    ignored |= {"kw_after": None, "obeyed_after": None}
    now = limit("2026-11-21T18:30:00+01:00", None)
    long = now | {"load": "Wärmepumpe im Nebengebäude am Ende des Gartens", "kw_before": None}
    for limits, words in (
        ([ignored, limit("2026-11-19T17:00:00+00:00", "2026-11-19T18:00:00+00:00")], "1 of 2"),
        ([ignored], "Car: 11.0 kW, not seen to obey"),
        ([ignored, now], "Limited since 18:30: Car (4.2 kW)."),
        ([long, now], "Gartens: – → 4.1 kW, after 12 s"),
        ([], "The grid operator has not limited a load yet."),
    ):
        found = {"smarty_p1/events": events(limits=limits)}
        assert words in await show(stage, "limits", found, width=320)
        assert not await stage.overflow()


async def test_keys_and_a_finger_read_the_time_and_the_range(stage: Stage) -> None:
    await show(stage, "voltage")
    chart = stage.card(CARD).get_by_role("slider", name="Voltage of the last 24 hours")
    await chart.focus()
    await stage.page.keyboard.press("Home")
    await shows(stage, "18:40–18:45: L1 231–233 V, L2 232–234 V, L3 232–234 V")
    assert (await chart.get_attribute("aria-valuetext") or "").startswith("18:40–18:45: L1 231")
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        await stage.page.keyboard.press(key)
    await shows(stage, "18:45–18:50:")
    await stage.page.keyboard.press("End")
    await shows(stage, "18:35–18:40:")
    await stage.page.keyboard.press("Escape")
    await shows(stage, "All three phases within")
    box = await chart.bounding_box()
    assert box
    await stage.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    await shows(stage, "06:40–06:45:")
    assert await chart.bounding_box() == box

    await show(stage, "interruptions")
    await stage.card(CARD).get_by_role("slider").press("End")
    await shows(stage, "Interruptions 18 October, 14:02: 1 short voltage drop \\(L1\\)")
    await stage.page.keyboard.press("Home")
    await shows(stage, "Interruptions 6 December 2025, 13:20: 1 power failure")
