"""The three cards about the quality of supply: voltage, supply and reception, interruptions."""

import re

import pytest

from . import house
from .house import Json
from .house_quality import answers, event, events, voltages
from .stage import Stage

CARD = "smarty-p1-quality"
MAX_TURNS = 50
WAITING = "One moment|Einen Moment|Un instant|Ee Moment|Um momento"
PARTS = ("voltage", "supply", "interruptions")


async def show(
    stage: Stage,
    part: str | None = None,
    given: Json | None = None,
    width: int = 390,
    language: str = "en",
) -> str:
    """Show a card of the house and return what it says."""
    config = {} if part is None else {"part": part}
    given = given or answers()
    await stage.show(CARD, answers=given, config=config, width=width, language=language)
    return await settled(stage)


async def settled(stage: Stage) -> str:
    """Return what the page says once no card waits any more."""
    for _ in range(MAX_TURNS):
        text = await said_by(stage)
        if text and not re.search(WAITING, text):
            return text
        await stage.settle()
    pytest.fail(f"It waits for too long: {text}")


async def shows(stage: Stage, words: str) -> None:
    """Wait until the page says this."""
    for _ in range(MAX_TURNS):
        text = await said_by(stage)
        if re.search(words, text):
            return
        await stage.settle()
    pytest.fail(f"{words!r} is not in {text!r}")


async def said_by(stage: Stage) -> str:
    """Return what the page says; a word in bold is a text of its own."""
    return re.sub(r" (?=[,.:;])", "", await stage.text())


async def show_all(
    stage: Stage,
    width: int = 390,
    language: str = "en",
    time_format: str = "24",
    *,
    dark: bool = False,
) -> None:
    """Show the three below each other."""
    await stage.show(
        answers=answers(), width=width, language=language, time_format=time_format, dark=dark
    )
    for part in PARTS:
        await stage.page.evaluate(
            "([type, config]) => stage.place(type, config).then(() => 0)", [CARD, {"part": part}]
        )
    await settled(stage)


def silent(received_at: str | None = "2026-11-21T17:12:05+00:00", **changes: object) -> Json:
    """Return the message of a meter that does not speak any more."""
    return house.live(received_at=received_at, state="failing", **changes)


# --- Voltage -------------------------------------------------------------------------------------


async def test_voltages_are_within_their_limits_and_each_phase_has_its_row(stage: Stage) -> None:
    text = await show(stage)
    assert "Voltage 18:38:20 All three phases within 207–253 V." in text
    assert "L1 232 V 253 207 highest 236 lowest 229" in text
    assert "L2 230 V highest 235 lowest 228 L3 231 V highest 235 lowest 227 18:40" in text
    assert not stage.errors


async def test_a_voltage_that_was_outside_is_said_first(stage: Stage) -> None:
    outside = voltages(L1={100: (250.0, 255.4), 101: (251.0, 254.0)})
    text = await show(stage, given=answers(**{"smarty_p1/voltages": outside}))
    assert "Phase L1 was above 253 V for about 10 min, highest value 255 V." in text
    assert await stage.card(CARD).locator(".beyond").count() == 3


async def test_keys_read_the_time_and_the_range(stage: Stage) -> None:
    await show(stage)
    chart = stage.card(CARD).get_by_role("slider", name="Voltage of the last 24 hours")
    await chart.focus()
    await stage.page.keyboard.press("Home")
    await shows(stage, "18:40–18:45: L1 231–233 V, L2 232–234 V, L3 232–234 V")
    assert (await chart.get_attribute("aria-valuetext") or "").startswith("18:40–18:45: L1 231")
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        await stage.page.keyboard.press(key)
    await stage.settle()
    await shows(stage, "18:45–18:50:")
    await stage.page.keyboard.press("End")
    await stage.settle()
    await shows(stage, "18:35–18:40:")
    await stage.page.keyboard.press("Escape")
    await shows(stage, "All three phases within")


async def test_a_finger_reads_the_place_below_it_and_nothing_jumps(
    stage: Stage,
) -> None:
    await show(stage)
    chart = stage.card(CARD).get_by_role("slider")
    before = await chart.bounding_box()
    assert before
    await stage.page.mouse.move(before["x"] + before["width"] / 2, before["y"] + 20)
    await stage.settle()
    await shows(stage, "06:40–06:45:")
    assert await chart.bounding_box() == before


@pytest.mark.parametrize(
    ("phases", "said"), [(1, "Voltage within 207–253 V."), (2, "Both phases within 207–253 V.")]
)
async def test_a_house_with_fewer_phases_has_fewer_rows(
    stage: Stage, phases: int, said: str
) -> None:
    text = await show(stage, given=answers(**{"smarty_p1/voltages": voltages(phases=phases)}))
    assert said in text
    assert [name in text for name in ("L1", "L2", "L3")] == [n < phases for n in range(3)]


@pytest.mark.parametrize(
    ("live", "meter", "said"),
    [
        ({"received_at": None, "values": {}}, {"last_telegram": None}, "No voltage yet."),
        ({"values": {"power_net": 1.0}}, {}, "This meter does not send the voltage."),
        (
            {"received_at": "2026-11-19T17:00:00+00:00"},
            {},
            "No voltage was received in the last 24",
        ),
    ],
)
async def test_without_voltages_there_are_words(
    stage: Stage, live: Json, meter: Json, said: str
) -> None:
    given = {
        "smarty_p1/voltages": voltages(phases=0),
        "smarty_p1/live": house.live(**live),
        "smarty_p1/meters": {"meters": [house.meter(**meter)]},
    }
    assert said in await show(stage, given=given)


async def test_the_table_has_the_hours(stage: Stage) -> None:
    await show(stage)
    await stage.card(CARD).get_by_role("button", name="Show as table").click()
    await stage.settle()
    table = stage.card(CARD).get_by_role("table")
    assert (await table.locator("tr").nth(0).all_inner_texts()) == ["Hour\tL1 (V)\tL2 (V)\tL3 (V)"]
    assert await table.locator("tr").count() == 26
    assert (await table.locator("tr").nth(1).inner_text()).startswith("Sat 21, 18:00\t")


async def test_voltages_are_asked_again_after_five_minutes(stage: Stage) -> None:
    await show(stage)
    asked = "stage.asked.filter(({ type }) => type === 'smarty_p1/voltages').length"
    assert await stage.page.evaluate(asked) == 1
    await stage.passes(60)
    assert await stage.page.evaluate(asked) == 1
    await stage.passes(90)
    assert await stage.page.evaluate(asked) == 2


# --- Supply and reception ------------------------------------------------------------------------


async def test_the_house_is_connected_and_the_meter_speaks(stage: Stage) -> None:
    text = await show(stage, "supply")
    assert "Supply and reception The breaker is on; last telegram" in text
    assert "Breaker On Relay 1 / 2 Off / on Connection limit 69 kVA" in text
    assert "Telegrams in 24 hours 99.2% 19:00 gap 04:12–04:23: 11 min now" in text
    assert "Last message from the grid operator, 3 November 2026 Works on 12 November" in text


async def test_the_age_of_the_last_telegram_is_counted(stage: Stage) -> None:
    await show(stage, "supply")
    await stage.send(house.live(received_at="2026-11-21T17:38:20+00:00"))
    await stage.passes(6)
    await shows(stage, r"last telegram ([6-9]|1\d) s ago\.")


async def test_a_breaker_that_is_off_says_what_that_means(stage: Stage) -> None:
    await show(stage, "supply")
    await stage.send(house.live(values=house.values(breaker="disconnected")))
    await shows(stage, "Switched off: the breaker in the meter is open, so nothing comes")
    await shows(stage, "Breaker Off")
    await stage.send(house.live(values=house.values(breaker="ready_for_reconnection")))
    await shows(stage, "The power is cut. Press the button on the meter to switch it on again.")
    await stage.send(house.live(values=house.values(breaker=None)))
    await shows(stage, "Supply and reception Last telegram .* Breaker –")


async def test_silence_is_said_with_its_time_and_the_rest_is_grey(stage: Stage) -> None:
    text = await show(stage, "supply", answers(**{"smarty_p1/live": silent()}))
    assert "last 18:12:05 No telegram for 26 min, the last one at 18:12." in text
    grey = (
        await stage.card(CARD).locator("dl").first.evaluate("each => getComputedStyle(each).color")
    )
    assert grey == "rgb(94, 94, 94)"


async def test_a_long_message_of_odd_characters_does_not_break_the_card(stage: Stage) -> None:
    message = event("2026-11-03T10:12:00+01:00", "message", text="<b>\x07\u202e" + "x" * 2000)
    given = answers(**{"smarty_p1/events": events(messages=[message])})
    text = await show(stage, "supply", given, width=360)
    assert "<b> xxx" in text
    assert not await stage.overflow()
    box = await stage.card(CARD).bounding_box()
    assert box
    assert box["height"] < 520


async def test_on_the_first_day_the_hours_are_those_since_the_beginning(stage: Stage) -> None:
    reception = events()["reception"] | {
        "since": "2026-11-21T15:42:00+00:00",
        "received": [None] * 165 + [1.0] * 3,
        "longest_gaps": [],
    }
    given = answers(**{"smarty_p1/events": events(messages=[], reception=reception)})
    text = await show(stage, "supply", given)
    assert "Telegrams since 16:42 100% 19:00 no gap longer than a minute now" in text
    assert "No message from the grid operator yet" in text


# --- Interruptions -------------------------------------------------------------------------------


async def test_a_year_of_interruptions(stage: Stage) -> None:
    text = await show(stage, "interruptions")
    assert (
        "Interruptions No interruption in the last 30 days; last short voltage drop: 18 October."
        in text
    )
    assert "12 months with date earlier, no date" in text
    assert (
        "Power failures 2 with date 22 earlier, no date "
        "Short voltage drops 10 with date 28 earlier, no date "
        "Short voltage rises 3 with date 4 earlier, no date"
    ) in text
    assert (
        "The meter only counts interruptions. Earlier interruptions therefore have no date." in text
    )
    assert await stage.card(CARD).locator("path.voltage_sag").count() == 1


async def test_marks_are_read_with_keys(stage: Stage) -> None:
    await show(stage, "interruptions")
    await stage.card(CARD).get_by_role("slider").focus()
    await stage.page.keyboard.press("End")
    await stage.settle()
    await shows(stage, "Interruptions 18 October, 14:02: 1 short voltage drop \\(L1\\)")
    await stage.page.keyboard.press("Home")
    await stage.settle()
    await shows(stage, "Interruptions 6 December 2025, 13:20: 1 power failure")


async def test_what_came_while_nothing_was_read_is_between_two_times(stage: Stage) -> None:
    vague = event("2026-11-18T06:40:00+01:00", "power_failure", after="2026-11-17T21:10:00+00:00")
    given = answers(**{"smarty_p1/events": events(disturbances=[vague])})
    text = await show(stage, "interruptions", given)
    when = "between 17 November, 22:10 and 18 November, 06:40"
    assert f"1 power failure in the last 30 days, the last one {when}." in text
    await stage.card(CARD).get_by_role("button", name="Show as table").click()
    await stage.settle()
    await shows(stage, f"{when} 1 power failure –")


async def test_a_kind_that_is_not_counted_has_a_dash_and_words(stage: Stage) -> None:
    found = events(disturbances=[], undated={"voltage_sag": 28, "voltage_swell": 0})
    text = await show(stage, "interruptions", answers(**{"smarty_p1/events": found}))
    assert (
        "Power failures – with date – earlier, no date "
        "Short voltage drops 0 with date 28 earlier, no date "
        "Short voltage rises 0 with date 0 earlier, no date"
    ) in text
    assert text.count("not counted by this meter") == 1


async def test_a_new_disturbance_is_asked_for_at_once(stage: Stage) -> None:
    await show(stage, "interruptions")
    happened = events(disturbances=[event("2026-11-21T18:38:30+01:00", "power_failure")])
    await stage.page.evaluate("each => stage.answer({ 'smarty_p1/events': each })", happened)
    await stage.send(house.live(values=house.values(power_failures=25)))
    await shows(stage, "1 power failure in the last 30 days")


async def test_a_thousand_disturbances_are_few_elements(stage: Stage) -> None:
    kinds = ("power_failure", "voltage_sag", "voltage_swell")
    many = [
        event(f"2026-{1 + n % 11:02}-{1 + n % 20:02}T{n % 24:02}:10:00+01:00", kinds[n % 3])
        for n in range(1000)
    ]
    given = answers(**{"smarty_p1/events": events(disturbances=many)})
    text = await show(stage, "interruptions", given, width=1280)
    assert (
        "Power failures 334 with date 22 earlier, no date "
        "Short voltage drops 333 with date 28 earlier, no date "
        "Short voltage rises 333 with date 4 earlier, no date"
    ) in text
    assert await stage.card(CARD).locator("svg *").count() < 250
    assert not stage.errors


# --- All three -----------------------------------------------------------------------------------


@pytest.mark.parametrize("part", PARTS)
async def test_a_meter_without_telegrams_has_words(stage: Stage, part: str) -> None:
    nothing = events(disturbances=[], undated={}, messages=[])
    nothing["reception"] |= {"since": None, "received": [None] * 168, "longest_gaps": []}
    given = {
        "smarty_p1/voltages": voltages(phases=0),
        "smarty_p1/events": nothing,
        "smarty_p1/live": silent(None, values={}, quarter_hour=None),
        "smarty_p1/meters": {
            "meters": [house.meter(last_telegram=None, phases=None, connection_kva=None)]
        },
    }
    text = await show(stage, part, given)
    said = {
        "voltage": "No voltage yet. It appears with the first telegram.",
        "supply": "No telegram yet. Values appear here with the first one.",
        "interruptions": "No counts yet. They appear with the first telegram of the meter.",
    }
    assert said[part] in text
    assert await stage.card(CARD).locator("svg").count() == 0


@pytest.mark.parametrize("part", PARTS)
async def test_a_meter_that_is_not_read_has_words(stage: Stage, part: str) -> None:
    refused = {f"smarty_p1/{name}": {"error": "not_loaded"} for name in ("voltages", "events")}
    text = await show(stage, part, refused | {"smarty_p1/live": house.gone("disabled")})
    assert "not being read" in text
    assert "undefined" not in text


@pytest.mark.parametrize("part", PARTS)
async def test_odd_answers_are_words_or_nothing(stage: Stage, part: str) -> None:
    odd: Json = {
        "smarty_p1/voltages": {"start": "soon", "limits": [None], "phases": {"N": {}, "L2": {}}},
        "smarty_p1/events": {
            "disturbances": None,
            "undated": {"voltage_sag": "many"},
            "messages": 3,
        },
        "smarty_p1/live": house.live(values={"breaker": 7, "power_threshold": "much"}),
    }
    text = await show(stage, part, odd)
    assert not stage.errors
    assert not {"NaN", "undefined", "Invalid"} & set(text.split())


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, True])
async def test_pictures(stage: Stage, *, language: str, width: int, dark: bool) -> None:
    await show_all(stage, language=language, width=width, dark=dark)
    assert not await stage.overflow()
    await stage.picture(f"quality-{language}-{width}-{'dark' if dark else 'light'}")


async def test_another_part_is_refused_and_the_form_offers_the_three(stage: Stage) -> None:
    await show(stage, language="fr")
    refused = await stage.page.evaluate(
        """() => { const card = document.querySelector("smarty-p1-quality");
        try { card.setConfig({ type: "x", part: "weather" }); }
        catch (error) { return error.message; } }"""
    )
    assert refused == "part: voltage, supply, interruptions"
    form = await stage.page.evaluate(
        """() => { const form = customElements.get("smarty-p1-quality").getConfigForm();
        return [form.schema.map(form.computeLabel), form.schema[1].selector.select.options] }"""
    )
    assert form == [
        ["Compteur", "Contenu"],
        [
            {"value": "voltage", "label": "Tension"},
            {"value": "supply", "label": "Alimentation et réception"},
            {"value": "interruptions", "label": "Perturbations"},
        ],
    ]


async def test_interruptions_are_as_wide_as_the_section(stage: Stage) -> None:
    await show_all(stage)
    columns = await stage.page.evaluate(
        """[...document.querySelectorAll('smarty-p1-quality')]
        .map((each) => each.getGridOptions().columns)"""
    )
    assert columns == [12, 12, "full"]
