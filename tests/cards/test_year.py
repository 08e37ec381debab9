"""The card that shows a year of quarter-hours, and what each reference power would have cost."""

import base64
from functools import cache

import pytest

from . import house, house_bill, house_year
from .house import Json
from .house_year import QUARTER_HOUR, Row
from .stage import Stage

YEAR = "smarty-p1-year"
LATER = "2026-11-21T17:45:00+00:00"


# A contrast of 2.8:1 with white, for what is above 4 kW.
BLUE = (0x64, 0xA0, 0xCB, 255)


@cache
def a_year() -> list[Row]:
    return house_year.household()


def year(**changes: object) -> Json:
    return house_year.answers(a_year(), **changes)


async def pixel(stage: Stage, x: float, y: float) -> tuple[int, ...]:
    """Return the colour, with its opacity, at a share of the picture's width and height."""
    found: list[int] = await stage.page.locator(f"{YEAR} canvas").evaluate(
        """(canvas, [x, y]) => [...canvas.getContext("2d").getImageData(
            Math.floor(canvas.width * x), Math.floor(canvas.height * y), 1, 1).data]""",
        [x, y],
    )
    return tuple(found)


async def asked(stage: Stage, command: str = "smarty_p1/quarter_hours") -> list[Json]:
    found: list[Json] = await stage.page.evaluate(
        "command => stage.asked.filter(({type}) => type === command)", command
    )
    return found


async def test_a_year_and_the_classes(stage: Stage) -> None:
    await stage.show(YEAR, answers=year(), width=1280)
    text = await stage.text()
    assert (
        "7 kW is the right reference power. In 12 months, you would have paid 43 € "
        "more with 12 kW, and 54 € more with 3 kW." in text
    )
    assert "1,501 quarter-hours were above 7 kW in 12 months: 4.3% of the time, 553 kWh." in text
    assert "12 months, at today's prices, with VAT November 2025 \N{EN DASH} October 2026" in text
    # The parts of a bar are only heard.
    assert (
        "3 kW 266 € +54 € (96 € fixed price, 170 € surcharge) "
        "7 kW 212 € your contract (166 € fixed price, 46 € surcharge) "
        "12 kW 255 € +43 € (254 € fixed price, 1 € surcharge) "
        "17 kW 342 € +130 € (342 € fixed price)"
    ) in text
    assert (
        "This card only compares. To change your reference power, ask your grid operator. Show"
        in text
    )
    steps = "0\N{EN DASH}0.5 0.5\N{EN DASH}1.5 1.5\N{EN DASH}4 > 4 kW"
    assert f"From the grid {steps} To the grid {steps} above 7 kW" in text
    assert "0 6 12 18 24 h" in text
    assert not stage.errors


async def test_another_class_is_chosen_with_the_keys(stage: Stage) -> None:
    await stage.show(YEAR, answers=year())
    radio = stage.page.locator(f"{YEAR} [role=radio]")
    assert await radio.evaluate_all("all => all.map(one => one.tabIndex)") == [-1, 0, -1, -1]
    await radio.nth(1).press("ArrowDown")
    await stage.settle()
    text = await stage.text()
    assert "With 12 kW, you would have paid 43 € more in 12 months than with your 7 kW." in text
    assert "above 12 kW in 12 months" in text
    assert await radio.nth(2).evaluate("one => one.matches(':focus')")
    assert await radio.nth(2).get_attribute("aria-checked") == "true"
    await radio.nth(2).press("ArrowUp")
    await radio.nth(1).press("Home")
    await stage.settle()
    assert (
        "With 3 kW, you would have paid 54 € more in 12 months than with your 7 kW."
        in await stage.text()
    )


async def test_what_is_above_the_chosen_class_is_one_red(stage: Stage) -> None:
    rows: list[Row] = [(house_year.START + index * QUARTER_HOUR, 2500) for index in range(96 * 200)]
    await stage.show(YEAR, answers=house_year.answers(rows))
    red = (0xDB, 0x44, 0x37, 255)
    assert await pixel(stage, 0.5, 0.5) == red
    await stage.page.locator(f"{YEAR} [role=radio]").filter(has_text="12 kW").click()
    await stage.settle()
    assert await pixel(stage, 0.5, 0.5) == pytest.approx(BLUE, abs=1)


async def test_red_and_counted_is_what_was_drawn_whatever_was_fed_in(stage: Stage) -> None:
    # 2 kWh are drawn and 1.5 kWh fed in within a quarter-hour: 8 kW, 0.25 kWh of them billed more.
    at = house_year.at("2026-01-20T18:30")
    rows: list[Row] = [(time, 2000 if time == at else 50) for time, _ in a_year()]
    answers = house_year.answers(rows)
    field = stage.page.locator(f"{YEAR} [role=slider]")
    await stage.show(YEAR, answers=answers, width=1280)
    assert "1 quarter-hour was above 7 kW in 12 months: 0.3 kWh." in await stage.text()
    days, day = 386, 30 + 31 + 19
    x, y = (day + 0.5) / days, (18 * 4 + 2.5) / 96
    assert await pixel(stage, x, y) == (0xDB, 0x44, 0x37, 255)
    box = await field.bounding_box()
    assert box
    await stage.page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    await stage.settle()
    assert "20 Jan, 18:30: 8.0 kW" in await stage.text()


async def test_the_reference_power_of_the_time_counts(stage: Stage) -> None:
    # 10 kW all the time; 12 kW were agreed until the end of April, and 7 kW since.
    rows: list[Row] = [(house_year.START + n * QUARTER_HOUR, 2500) for n in range(96 * 380)]
    answers = house_year.answers(rows)
    change = house_year.at("2026-05-01T00:00")
    before = sum(time < change for time, _ in rows)
    marks = [2] * before + [2 + 16] * (len(rows) - before)
    for each in answers["smarty_p1/quarter_hours"][1:]:
        each["answer"]["above"] = base64.b64encode(bytes(marks)).decode()
    for each in answers["smarty_p1/classes"]["above"]:
        if each["month"] < "2026-05":
            each["contract"] = {"reference_kw": [12.0], "quarter_hours": 0, "kwh": 0.0}
    await stage.show(YEAR, answers=answers, width=1280)
    text = await stage.text()
    # May to October: 184 days and the doubled hour of October, 0.75 kWh in each quarter-hour.
    assert (
        "17,668 quarter-hours were above 12 kW, then 7 kW in 12 months: 50.4% of the time" in text
    )
    assert "13,251 kWh" in text
    red = (0xDB, 0x44, 0x37, 255)
    assert await pixel(stage, 0.2, 0.5) == pytest.approx(BLUE, abs=1)
    assert await pixel(stage, 0.8, 0.5) == red
    # As if 3 kW had been agreed all the time.
    await stage.page.locator(f"{YEAR} [role=radio]").filter(has_text="3 kW").click()
    await stage.settle()
    assert await pixel(stage, 0.2, 0.5) == red
    assert "35,040 quarter-hours were above 3 kW in 12 months" in await stage.text()


async def test_what_was_estimated_is_hatched(stage: Stage) -> None:
    rows: list[Row] = [(house_year.START + index * QUARTER_HOUR, 1750) for index in range(96 * 200)]
    answers = house_year.answers(rows)
    for each in answers["smarty_p1/quarter_hours"][1:]:
        each["answer"]["origins"] = [[0, 96 * 100, "platform_estimated"]]
    await stage.show(YEAR, answers=answers)
    assert "estimated" in await stage.text()
    # Turned, the newest is on top: measured is solid, and of what is estimated, stripes are left.
    assert {await pixel(stage, x / 40, 0.25) for x in range(4, 36)} == {BLUE}
    seen = {await pixel(stage, x / 40, 0.75) for x in range(4, 36)}
    assert BLUE in seen
    assert (0, 0, 0, 0) in seen
    await stage.picture("year-estimated")


async def test_the_picture_follows_the_theme(stage: Stage) -> None:
    await stage.show(YEAR, answers=year(), width=1280)
    before = await pixel(stage, 0.6, 0.55)
    await stage.page.evaluate(
        """() => {
            document.documentElement.style.setProperty("--energy-grid-return-color", "#00ff00");
            const hass = { ...stage.hass, themes: { darkMode: true } };
            document.querySelector("smarty-p1-year").hass = hass;
        }"""
    )
    await stage.settle()
    assert before[1] < before[0]
    red, green, blue, _ = await pixel(stage, 0.6, 0.55)
    assert (red, blue) == (0, 0)
    assert green > 50


async def test_telegrams_do_not_paint_again(stage: Stage) -> None:
    await stage.show(YEAR, answers=year())
    # The tail has come, too.
    await stage.passes(1)
    await stage.page.evaluate(
        """() => {
            window.painted = 0;
            const put = CanvasRenderingContext2D.prototype.putImageData;
            CanvasRenderingContext2D.prototype.putImageData = function (...all) {
                window.painted += 1;
                return put.apply(this, all);
            };
        }"""
    )
    for power in range(5):
        await stage.send(house.live(values=house.values(power_net=power)))
    assert await stage.page.evaluate("painted") == 0
    await stage.page.set_viewport_size({"width": 600, "height": 900})
    for _ in range(50):
        await stage.settle()
        if await stage.page.evaluate("painted"):
            return
    pytest.fail("a wider card is not painted")


async def test_a_quarter_hour_is_read_and_its_day_opened(stage: Stage) -> None:
    rows: list[Row] = [
        (time, 3300 if time == house_year.at("2026-01-20T18:30") else 50) for time, _ in a_year()
    ]
    answers = house_year.answers(rows)
    await stage.show(YEAR, answers=answers, config={"chooser": True}, width=1280)
    await stage.page.evaluate("history.replaceState(null, '', '/smarty/year')")
    field = stage.page.locator(f"{YEAR} [role=slider]")
    box = await field.bounding_box()
    assert box
    days, day = 386, 30 + 31 + 19
    x = box["x"] + (day + 0.5) / days * box["width"]
    y = box["y"] + (18 * 4 + 2.5) / 96 * box["height"]
    await stage.page.mouse.move(x, y)
    await stage.settle()
    assert "20 Jan, 18:30: 13.2 kW" in await stage.text()
    # In a dashboard of one's own, a view of that name may be anything.
    await stage.card(YEAR).evaluate("card => card.setConfig({ entry_id: null })")
    await stage.page.mouse.click(x, y)
    assert await stage.page.evaluate("location.pathname") == "/smarty/year"
    await stage.card(YEAR).evaluate("card => card.setConfig({ chooser: true })")
    await stage.settle()
    await stage.page.mouse.click(x, y)
    await stage.settle()
    assert await stage.page.evaluate("location.pathname") == "/smarty/now"


async def test_a_finger_opens_what_it_has_chosen(stage: Stage) -> None:
    await stage.show(YEAR, answers=year(), config={"chooser": True})
    await stage.page.evaluate("history.replaceState(null, '', '/smarty/year')")
    box = await stage.page.locator(f"{YEAR} [role=slider]").bounding_box()
    assert box

    async def tap(x: float, y: float) -> str:
        await stage.tap(x, y)
        path: str = await stage.page.evaluate("location.pathname")
        return path

    x, y = box["x"] + 100, box["y"] + 200
    assert await tap(x, y) == "/smarty/year"
    read = await stage.page.locator(f"{YEAR} .read").text_content()
    assert await tap(x + 60, y) == "/smarty/year"
    assert await stage.page.locator(f"{YEAR} .read").text_content() != read
    # As near as a finger is the second time.
    assert await tap(x + 68, y - 9) == "/smarty/now"


async def test_the_keys_go_through_the_year(stage: Stage) -> None:
    await stage.show(YEAR, answers=year())
    field = stage.page.locator(f"{YEAR} [role=slider]")
    read = stage.page.locator(f"{YEAR} .read")
    shown = []
    for key in ("ArrowRight", "ArrowUp", "ArrowDown", "ArrowLeft", "Home"):
        await field.press(key)
        await stage.settle()
        shown.append(((await read.text_content()) or "").split(": ")[0])
    # Turned, days go up and the time to the right.
    assert shown == [
        "21 Nov, 18:15",
        "21 Nov, 18:15",
        "20 Nov, 18:15",
        "20 Nov, 18:00",
        "1 November 2025, 00:00",
    ]
    await field.press("Escape")
    await stage.settle()
    assert await read.count() == 0


async def test_the_year_is_asked_once_and_then_what_is_new(stage: Stage) -> None:
    answers = year()
    await stage.show(YEAR, YEAR, answers=answers)
    first = {
        "type": "smarty_p1/quarter_hours",
        "entry_id": "house",
        "start": "2025-10-31T23:00:00.000Z",
        "quantity": "larger",
        "encoding": "base64",
    }
    tail = first | {"start": "2026-11-21T17:30:00+00:00"}
    assert await asked(stage) == [first, tail]
    new = house_year.answer([(house_year.END, 4000)])
    changed = [
        {"takes": {"start": tail["start"]}, "answer": new},
        *answers["smarty_p1/quarter_hours"],
    ]
    await stage.page.evaluate("all => stage.answer(all)", {"smarty_p1/quarter_hours": changed})
    await stage.send(house.live(quarter_hour=house.quarter_hour(start=LATER, time=LATER)))
    assert await asked(stage) == [first, tail, tail]
    await stage.page.locator(f"{YEAR} [role=slider]").first.press("End")
    await stage.settle()
    assert "21 Nov, 18:30: 16.0 kW" in await stage.text()
    # Who imports the past changes what has been answered.
    await stage.page.evaluate(
        "all => stage.answer(all)", house_year.meters(known_since="2025-01-01T00:00:00+01:00")
    )
    later = "2026-11-21T18:00:00+00:00"
    await stage.send(house.live(quarter_hour=house.quarter_hour(start=later, time=later)))
    assert (await asked(stage)).count(first) == 2
    # Whoever comes back asks for what is new, until the past is another.
    await stage.send(house.gone())
    await stage.send(house.live(quarter_hour=house.quarter_hour(start=later, time=later)))
    await stage.page.evaluate("stage.reconnect()")
    await stage.settle()
    assert (await asked(stage)).count(first) == 2
    assert (await asked(stage)).count(tail) >= 4
    new["past"] = "imported"
    await stage.page.evaluate("all => stage.answer(all)", {"smarty_p1/quarter_hours": changed})
    last = "2026-11-21T18:15:00+00:00"
    await stage.send(house.live(quarter_hour=house.quarter_hour(start=last, time=last)))
    await stage.send(house.live(quarter_hour=house.quarter_hour(start=last, time=last)))
    assert (await asked(stage)).count(first) == 3


async def test_months_stand_in_a_table(stage: Stage) -> None:
    rows: list[Row] = [
        (time, 3300 if time == house_year.at("2026-01-20T18:30") else 50) for time, _ in a_year()
    ]
    await stage.show(YEAR, answers=house_year.answers(rows))
    await stage.page.get_by_text("Show as table").click()
    await stage.settle()
    text = await stage.text()
    assert (
        "Month Highest power Times above 7 kW Energy above, kWh November 2025 1 November "
        "2025, 00:00: 0.2 kW 0 0.0" in text
    )
    assert "January 2026 20 Jan, 18:30: 13.2 kW 1 1.6 February 2026" in text


async def test_the_first_day_says_when_the_comparison_begins(stage: Stage) -> None:
    rows = house_year.household(house_year.at("2026-11-21T07:15"))
    answers = house_year.answers(rows) | house_year.meters(known_since="2026-11-21T00:00:00+01:00")
    await stage.show(YEAR, answers=answers)
    text = await stage.text()
    assert (
        "The reference powers are compared from 1 January on, when the first whole month is known."
        in text
    )
    assert "No quarter-hour was above 7 kW so far." in text
    assert "21 Nov" in text
    assert await stage.page.locator(f"{YEAR} [role=radiogroup]").count() == 0
    await stage.picture("year-first-day")


async def test_before_the_first_quarter_hour(stage: Stage) -> None:
    refused = {"error": "nothing_counted"}
    both = {"smarty_p1/quarter_hours": refused, "smarty_p1/classes": refused}
    await stage.show(YEAR, answers=both)
    words = "No data yet. It appears here with the first whole quarter-hour."
    await stage.page.get_by_text(words).wait_for()
    assert not stage.errors


async def test_five_months_are_not_called_a_year(stage: Stage) -> None:
    rows = [row for row in a_year() if row[0] >= house_year.at("2026-06-01")]
    await stage.show(YEAR, answers=house_year.answers(rows))
    text = await stage.text()
    assert "7 kW is the right reference power. In 5 months, you would have paid" in text
    assert "5 months, at today's prices, with VAT June 2026 \N{EN DASH} October 2026" in text


async def test_without_a_reference_power_nothing_is_yours(stage: Stage) -> None:
    answers = year(reference_kw=None) | house_year.meters(reference_kw=None) | house_bill.bills()
    await stage.show(YEAR, answers=answers, width=1280)
    text = await stage.text()
    assert "5,252 kWh from the grid, 4,036 kWh to the grid in 12 months." in text
    assert "above" not in text
    assert await stage.page.get_by_role("radio").count() == 0
    link = stage.page.get_by_role("link", name="Enter the reference power")
    path = "/config/integrations/integration/smarty_p1#config_entry=house"
    assert await link.get_attribute("href") == path
    await stage.picture("year-no-reference")
    await stage.show(YEAR, answers=answers, is_admin=False)
    assert "Enter the reference power" not in await stage.text()


async def test_a_power_that_is_no_class_stays_yours(stage: Stage) -> None:
    await stage.show(YEAR, answers=year(reference_kw=5.0) | house_year.meters(reference_kw=5.0))
    text = await stage.text()
    assert "(96 € fixed price, 170 € surcharge) 5 kW \N{EN DASH} your contract 7 kW 212 €" in text
    assert "7 kW would have been the cheapest in 12 months: 212 €." in text
    assert "above 5 kW in 12 months" in text


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("language", ["en", "fr"])
async def test_how_it_looks(stage: Stage, width: int, language: str, *, dark: bool) -> None:
    await stage.show(YEAR, answers=year(), width=width, dark=dark, language=language, scale=2)
    if dark:
        await stage.page.get_by_role("radio").first.click()
        await stage.page.locator(f"{YEAR} [role=slider]").press("End")
        await stage.settle()
    # Half is drawn, a quarter fed in: neither empty nor of one color.
    assert (await pixel(stage, 0.5, 0.5))[3] > 0
    await stage.picture(f"year-{width}-{language}-{'dark' if dark else 'light'}")


async def test_odd_answers_throw_nothing(stage: Stage) -> None:
    rows = a_year()[:96]
    good = house_year.answer(rows)
    for odd in (
        good | {"values": "%%%"},
        good | {"values": ""},
        good | {"values": "AAA="},
        good | {"values": [None, 5, 99999, -3]},
        good | {"start": "never"},
    ):
        answers = {"smarty_p1/quarter_hours": odd, "smarty_p1/classes": year()["smarty_p1/classes"]}
        await stage.show(YEAR, answers=answers)
        assert len(await stage.text()) > len("A year of quarter-hours")
    assert not stage.errors
