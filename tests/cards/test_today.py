"""The card of the quarter-hours of a day."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from . import house, house_today
from .house_today import COMMAND
from .stage import Stage

type Json = dict[str, Any]

CARD = "smarty-p1-today"
TODAY = date(2026, 11, 21)
HEADING = house.live(
    values=house.values(power_net=11.4),
    quarter_hour=house.quarter_hour(
        imported_wh=1440, running_kw=10.4, projected_kw=10.8, will_exceed=True
    ),
)


def meter(**changes: object) -> Json:
    """Return the answer about the meter."""
    return {"smarty_p1/meters": {"meters": [house.meter(**changes)]}}


async def height_of(stage: Stage) -> float:
    """Return how high the card is."""
    box = await stage.card(CARD).bounding_box()
    assert box
    return box["height"]


async def bar_at(stage: Stage, hour: float) -> tuple[float, float]:
    """Return where on the page a time of the day is, by the hours below the axis."""
    labels = {}
    for text in await stage.page.locator("svg.day text").all():
        if (content := await text.text_content()) in {"0", "12"}:
            labels[content] = await text.bounding_box()
    middle = {text: box["x"] + box["width"] / 2 for text, box in labels.items() if box}
    y = max(box["y"] for box in labels.values() if box) - 60
    return middle["0"] + (middle["12"] - middle["0"]) * (hour + 0.12) / 12, y


@pytest.mark.parametrize(
    ("width", "language", "theme"), [(390, "fr", "dark"), (1280, "en", "light")]
)
async def test_what_was_too_much_and_what_is_coming(
    stage: Stage, width: int, language: str, theme: str
) -> None:
    await stage.show(
        CARD,
        answers=house_today.answers() | {"smarty_p1/live": HEADING},
        width=width,
        language=language,
        dark=theme == "dark",
        scale=1 if width > 1000 else 2,
    )
    await stage.picture(f"today-{width}-{language}-{theme}")
    text = await stage.text()
    told = {
        "en": (
            "Saturday 21 November 11.9 kWh from the grid, 0.9 kWh to the grid. "
            "1 quarter-hour above 7 kW: 0.6 kWh, 0.05 €; the current quarter-hour "
            "will reach ≈ 10.8 kW"
        ),
        "fr": (
            "Samedi 21 novembre 11,9 kWh du réseau, 0,9 kWh injectés. 1 quart d'heure "
            "au-dessus de 7 kW : 0,6 kWh, 0,05 € ; prévision ≈ 10,8 kW"
        ),
    }
    assert told[language] in text
    assert "0 6 12 18 24 h" in text
    assert text.count("≈ 10") == 2  # in the sentence and at the bar
    assert not stage.errors
    assert not await stage.overflow()


async def test_a_bar_that_is_chosen_replaces_the_sentence(stage: Stage) -> None:
    await stage.show(CARD, answers=house_today.answers(), width=390, scale=2)
    height = await height_of(stage)
    chart = stage.page.get_by_role("slider")
    value = chart.get_attribute
    x, y = await bar_at(stage, 18.25)
    await stage.page.mouse.move(x, y)
    await stage.settle()
    await stage.picture("today-chosen")
    assert (
        "18:15\u201318:30: 9.4 kW from the grid. 0.6 kWh above 7 kW: 0.05 €" in await stage.text()
    )
    assert not await stage.page.locator(".said p").first.is_visible()
    assert await height_of(stage) == height
    # A click chooses the bar, which stays when the mouse goes; a second one takes the choice back.
    for told in ("18:15", "nothing chosen"):
        await stage.page.mouse.click(x, y)
        await stage.page.mouse.move(5, 5)
        await stage.settle()
        assert (await value("aria-valuetext") or "").startswith(told)
    # So does a finger, without a frame through the labels.
    for told in ("18:15", "nothing chosen"):
        await stage.tap(x, y)
        assert (await value("aria-valuetext") or "").startswith(told)
        assert await chart.evaluate("(node) => getComputedStyle(node).outlineStyle") == "none"
    for key, told in {
        "Home": "00:00\u201300:15: 0.3 kW from the grid.",
        "ArrowRight": "00:15\u201300:30: 0.3 kW from the grid.",
        "End": "18:30\u201318:45: will reach ≈ 0.7 kW from the grid.",
        "PageDown": "17:30\u201317:45: 0.3 kW from the grid.",
        "PageUp": "18:30\u201318:45: will reach ≈ 0.7 kW from the grid.",
        "ArrowLeft": "18:15\u201318:30: 9.4 kW from the grid. 0.6 kWh above 7 kW: 0.05 €",
    }.items():
        await stage.page.keyboard.press(key)
        await stage.settle()
        said = await chart.get_attribute("aria-valuetext") or ""
        assert said.replace("\u00a0", " ") == told
        assert told in await stage.text()
    await stage.page.keyboard.press("Escape")
    await stage.settle()
    assert await stage.page.locator(".said p").first.is_visible()
    assert not stage.errors


async def test_another_day_is_shown_and_asked_for_once(stage: Stage) -> None:
    await stage.show(CARD, answers=house_today.answers())
    await stage.page.get_by_role("radio", name="Friday 20 November").click()
    await stage.settle()
    told = "12 quarter-hours above 7 kW: 10.2 kWh, 0.84 €"
    assert (
        f"Friday 20 November 40.7 kWh from the grid, 0.9 kWh to the grid. {told}"
        in await stage.text()
    )
    await stage.picture("today-yesterday")
    asked = "stage.asked.filter((each) => each.end === '2026-11-20T23:00:00.000Z').length"
    assert await stage.page.evaluate(asked) == 2
    # The next quarter-hour: today would be asked again.
    await stage.send(
        house.live(
            received_at="2026-11-21T17:45:10+00:00",
            quarter_hour=house.quarter_hour(
                time="2026-11-21T17:45:10+00:00",
                start="2026-11-21T17:45:00+00:00",
                end="2026-11-21T18:00:00+00:00",
            ),
        )
    )
    assert await stage.page.evaluate(asked) == 2
    await stage.page.keyboard.press("ArrowRight")
    await stage.settle()
    assert "Saturday 21 November" in await stage.text()


async def test_a_day_is_chosen_in_the_calendar_and_among_the_highest(stage: Stage) -> None:
    await stage.show(CARD, answers=house_today.answers(), width=280)
    title = stage.card(CARD).get_by_role("button", name="Saturday 21 November, choose a day")
    await title.press("Enter")
    await stage.settle()
    assert not await stage.overflow()
    cells = stage.card(CARD).get_by_role("gridcell")
    focused = "document.querySelector('smarty-p1-today').shadowRoot.activeElement.dataset.day"
    assert await stage.page.evaluate(focused) == "2026-11-21"
    for key, day in (("ArrowDown", 21), ("ArrowUp", 14), ("Home", 9), ("ArrowRight", 10)):
        await stage.page.keyboard.press(key)
        await stage.settle()
        assert await stage.page.evaluate(focused) == f"2026-11-{day:02}"
    name = "Friday 20 November, 12 quarter-hours above 7\u00a0kW"
    # The month has no data before the 8th.
    assert await cells.filter(has_text="7").first.get_attribute("aria-disabled") == "true"
    await stage.picture("today-calendar-280")
    await stage.card(CARD).get_by_role("gridcell", name=name).click()
    await stage.settle()
    text = await stage.text()
    assert "Friday 20 November 40.7 kWh from the grid" in text
    assert "Highest power in November 10.4 kW at most Fri 20, 18:15\u201321:15: above 7 kW" in text
    assert "The house always uses 280 W . That costs at most 430 € a year." in text
    await stage.card(CARD).get_by_role("button", name="9.4").click()
    await stage.settle()
    assert "Saturday 21 November 11.9 kWh from the grid" in await stage.text()
    await title.press("Enter")
    await stage.page.keyboard.press("Escape")
    await stage.settle()
    assert await cells.count() == 0
    assert not stage.errors


async def test_a_tablet_on_a_wall_shows_today_again(stage: Stage) -> None:
    await stage.show(CARD, answers=house_today.answers())
    await stage.page.get_by_role("radio", name="Friday 20 November").click()
    await stage.passes(400)
    await stage.page.mouse.click(1, 1)
    await stage.passes(400)
    # Not while somebody is there.
    assert "Friday 20 November" in await stage.text()
    await stage.passes(220)
    await stage.settle()
    assert "Saturday 21 November" in await stage.text()


async def test_what_was_imported_is_seen_at_the_next_quarter_hour(stage: Stage) -> None:
    answers = house_today.answers()
    await stage.show(CARD, answers=answers)
    await stage.page.get_by_role("radio", name="Friday 20 November").click()
    await stage.settle()
    for each in answers["smarty_p1/quarter_hours"]:
        each["answer"]["past"] = "imported"
    await stage.page.evaluate("all => stage.answer(all)", answers)
    asked = "stage.asked.filter((each) => each.end === '2026-11-20T23:00:00.000Z').length"
    assert await stage.page.evaluate(asked) == 2
    later = "2026-11-21T17:45:10+00:00"
    start = "2026-11-21T17:45:00+00:00"
    running = house.quarter_hour(time=later, start=start, end="2026-11-21T18:00:00+00:00")
    await stage.send(house.live(received_at=later, quarter_hour=running))
    await stage.settle()
    assert await stage.page.evaluate(asked) == 4


async def test_turning_back_ends_with_the_first_day_that_is_known(stage: Stage) -> None:
    answers = house_today.answers() | meter(known_since="2026-11-13T00:00:00+01:00")
    await stage.show(CARD, answers=answers)
    back = stage.page.get_by_role("button", name="Previous day")
    on = stage.page.get_by_role("button", name="Next day")
    assert await on.is_disabled()
    for _ in range(8):
        await back.click()
        await stage.settle()
    assert "Friday 13 November 10.4 kWh from the grid" in await stage.text()
    assert await back.is_disabled()
    await on.click()
    await stage.settle()
    assert "Saturday 14 November" in await stage.text()
    assert not stage.errors


async def test_on_the_first_day_words_stand_beside_the_axis(stage: Stage) -> None:
    empty = {"answer": house_today.quarter_hours(TODAY, until=datetime.min.replace(tzinfo=UTC))}
    day = house_today.a_day(TODAY, imported_wh=200, exported_wh=0, above_wh=0, quarter_hours=0)
    answers = meter(known_since="2026-11-21T00:00:00+01:00") | {
        COMMAND: empty["answer"],
        "smarty_p1/days": {"days": [day | {"quarter_hours_above": 0, "peak": None}]},
        "smarty_p1/live": house.live(
            quarter_hour=house.quarter_hour(measured_since="2026-11-21T17:36:00+00:00", last=None)
        ),
    }
    for width in (390, 1280):
        await stage.show(CARD, answers=answers, width=width)
        await stage.picture(f"today-first-{width}")
        text = await stage.text()
        assert "No whole quarter-hour yet: the first one ends at 19:00." in text
        assert "7 kW reference power" in text
        assert "not measured" not in text
        assert not await stage.overflow()
    # Without a running quarter-hour, there is nothing to draw.
    silent = {"smarty_p1/live": house.live(values={}, quarter_hour=None)}
    await stage.show(CARD, answers=answers | silent)
    assert await stage.page.get_by_role("slider").count() == 0
    assert not stage.errors


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({}, "One moment…"),
        (
            {"smarty_p1/live": house.gone("disabled"), COMMAND: {"error": "not_loaded"}},
            "The meter is not being read at the moment.",
        ),
        ({COMMAND: {"error": "nothing_counted"}}, "No data yet."),
        ({COMMAND: {"error": "unreadable"}}, "Home Assistant does not answer."),
    ],
)
async def test_without_an_answer_there_are_words(stage: Stage, answers: Json, told: str) -> None:
    given = answers or {"smarty_p1/live": None}
    await stage.show(CARD, answers=house_today.answers() | given)
    assert told in await stage.text()


async def test_silence_is_no_estimate(stage: Stage) -> None:
    await stage.show(CARD, answers=house_today.answers() | {"smarty_p1/live": HEADING})
    await stage.passes(200)
    text = await stage.text()
    assert "heading" not in text
    assert "last 18:38:20" in text
    await stage.picture("today-silence")


async def test_what_is_not_known_and_what_is_of_the_portal_is_said(stage: Stage) -> None:
    answers = house_today.answers()
    for each in answers[COMMAND]:
        if each["takes"]["start"].startswith("2026-11-20T23"):
            each["answer"]["values"][40:44] = [None] * 4
            each["answer"]["origins"] = [[0, 36, "platform"], [36, 4, "platform_estimated"]]
    await stage.show(CARD, answers=answers, width=390, scale=2)
    await stage.picture("today-origins")
    text = await stage.text()
    assert "4 quarter-hours not measured" in text
    assert "40 quarter-hours from the Leneda portal, 4 estimated by the grid operator" in text
    x, y = await bar_at(stage, 9)
    await stage.page.mouse.move(x, y)
    await stage.settle()
    text = await stage.text()
    assert "09:00\u201309:15: 2.1 kW from the grid. Value estimated by the grid operator." in text
    x, y = await bar_at(stage, 10)
    await stage.page.mouse.move(x, y)
    await stage.settle()
    assert "10:00\u201310:15: not measured." in await stage.text()
    await stage.page.get_by_role("button", name="Show as table").click()
    rows = stage.page.locator("tbody tr")
    assert await rows.count() == 74
    estimated = ["09:00", "≈\u00a02.1", "≈\u00a00.0", ""]
    assert (await rows.nth(36).inner_text()).split("\t") == estimated
    assert (await rows.nth(41).inner_text()).split("\t") == ["10:15", "\u2013", "\u2013", ""]
    assert (await rows.nth(73).inner_text()).split("\t") == ["18:15", "9.4", "0.0", "0.60"]


async def test_without_sun_nothing_is_said_about_feeding_in(stage: Stage) -> None:
    answers = house_today.answers(sun=False) | meter(feeds_in=False)
    await stage.show(CARD, answers=answers, width=1280)
    await stage.page.get_by_role("button", name="Show as table").click()
    await stage.picture("today-no-sun")
    text = await stage.text()
    assert "12.9 kWh from the grid. 1 quarter-hour above 7 kW" in text
    assert "ed in" not in text
    assert "'exported'" not in str(await stage.page.evaluate("stage.asked"))


async def test_without_a_reference_power_the_highest_is_said(stage: Stage) -> None:
    none = {"reference_kw": None, "quarter_hours_above": 0, "above_wh": 0, "cost_above": None}
    days = {f"2026-11-{day}": none for day in range(15, 22)}
    live = house.live(quarter_hour=house.quarter_hour(reference_kw=None))
    answers = meter(reference_kw=None, excess_price=None) | {"smarty_p1/live": live}
    await stage.show(CARD, answers=house_today.answers(days=days) | answers)
    await stage.picture("today-no-reference")
    text = await stage.text()
    assert "11.9 kWh from the grid, 0.9 kWh to the grid. Highest quarter-hour: 9.4 kW." in text
    assert "above" not in text
    assert "reference" not in text
    assert "8 kW" in text  # the unit of the axis


@pytest.mark.parametrize(
    ("day", "count", "asked", "told"),
    [
        (date(2026, 10, 25), 100, 9, "02:15\u00a0A 02:30\u00a0A 02:45\u00a0A 02:00\u00a0B"),
        (date(2026, 3, 29), 92, 5, "01:15 01:30 01:45 03:00"),
    ],
)
async def test_the_days_when_the_clock_is_changed(
    stage: Stage, day: date, count: int, asked: int, told: str
) -> None:
    now = house_today.midnight(date(day.year, day.month, day.day + 1))
    answers = meter() | {
        COMMAND: house_today.quarter_hours(day, until=now),
        "smarty_p1/days": {"days": [house_today.a_day(day, until=now)]},
        "smarty_p1/live": house.live(
            received_at=now.isoformat(),
            quarter_hour=house.quarter_hour(
                time=now.isoformat(),
                start=now.isoformat(),
                end=(now + house_today.QUARTER).isoformat(),
                measured_since=now.isoformat(),
            ),
        ),
    }
    await stage.show(CARD, answers=answers, now=now, width=390, scale=2)
    await stage.page.get_by_role("button", name="Previous day").click()
    await stage.settle()
    await stage.page.get_by_role("button", name="Show as table").click()
    await stage.picture(f"today-{count}")
    times = await stage.page.locator("tbody th").all_inner_texts()
    assert len(times) == count
    assert " ".join(times[asked - 4 : asked]) == told or " ".join(times[asked : asked + 4]) == told
    await stage.page.get_by_role("slider").focus()
    for key in ["Home", *["ArrowRight"] * 11]:
        await stage.page.keyboard.press(key)
    await stage.settle()
    ends = {100: "02:45\u00a0A\u201302:00\u00a0B", 92: "03:45\u201304:00"}
    said = await stage.page.get_by_role("slider").get_attribute("aria-valuetext") or ""
    assert said.startswith(ends[count])


async def test_a_telegram_moves_only_the_running_bar(stage: Stage) -> None:
    await stage.show(CARD, answers=house_today.answers(), width=1280)
    await stage.page.evaluate(
        """() => {
          const root = document.querySelector("smarty-p1-today").shadowRoot;
          window.changes = [];
          const what = { subtree: true, childList: true, attributes: true, characterData: true };
          const note = (all) => window.changes.push(...all.map(({ target }) => target));
          new MutationObserver(note).observe(root, what);
          window.elements = root.querySelectorAll("*").length;
        }"""
    )
    for n in range(10):
        running = house.quarter_hour(projected_kw=1 + n / 10, imported_wh=120 + n)
        await stage.send(house.live(quarter_hour=running))
    # Its height, and its part that may be above.
    assert await stage.page.evaluate("new Set(window.changes).size") <= 3
    assert await stage.page.evaluate("window.changes.length") >= 9
    assert await stage.page.evaluate("window.elements") < 150


@pytest.mark.parametrize(
    "answers",
    [
        {"smarty_p1/days": {"days": []}},
        {
            COMMAND: {
                "start": "2026-11-20T23:00:00+00:00",
                "values": [1e300, 1e9, 0.4],
                "origins": [],
            }
        },
        {"smarty_p1/live": house.live(quarter_hour=None, values={}, received_at=None)},
        {
            "smarty_p1/live": house.live(
                quarter_hour=house.quarter_hour(
                    projected_kw=None, running_kw=None, exported_wh=None, reference_kw=0
                )
            )
        },
        meter(known_since=None, feeds_in=None, reference_kw=0.1, excess_price=None),
    ],
)
async def test_odd_answers_are_drawn_or_left_out(stage: Stage, answers: Json) -> None:
    for width in (200, 1280):
        await stage.show(CARD, answers=house_today.answers() | answers, width=width)
        await stage.page.get_by_role("slider").focus()
        await stage.page.keyboard.press("End")
        await stage.settle()
        text = await stage.text()
        assert "NaN" not in text
        assert "undefined" not in text
        assert "Infinity" not in text
        shapes = await stage.page.evaluate(
            "[...document.querySelector('smarty-p1-today').shadowRoot.querySelectorAll('svg *')]"
            ".map((each) => each.outerHTML).join(' ')"
        )
        assert "NaN" not in shapes
        assert "Infinity" not in shapes
        assert not await stage.overflow()
    assert not stage.errors
