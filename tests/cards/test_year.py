"""The card with a year of quarter-hours, and the cost of each reference power."""

import re

import pytest

from smartyp1.json_types import JsonDict

from . import house, house_now, house_sun, house_year
from .house_year import QUARTER_HOUR, Row
from .stage import Stage

YEAR = "smarty-p1-year"
LATER = "2026-11-21T17:45:00+00:00"
HIGH = house_year.at("2026-01-20T18:30")
# Where that quarter-hour is, of 386 days and 96 quarter-hours.
HIGH_AT = (30 + 31 + 19 + 0.5) / 386, (18 * 4 + 2.5) / 96

# A contrast of 2.8:1 with white, for energy above 4 kW.
BLUE = (0x0F, 0x4F, 0x77, 255)
RED = (0xDB, 0x44, 0x37, 255)


def year(**changes: object) -> JsonDict:
    return house_year.answers(house_year.household(), **changes)


def with_one_high(wh: int) -> JsonDict:
    """Return the answers of a year with 50 Wh in each quarter-hour but one."""
    rows = house_year.household()
    return house_year.answers([(time, wh if time == HIGH else 50) for time, _ in rows])


async def show(
    stage: Stage, answers: JsonDict, config: JsonDict | None = None, width: int = 390
) -> None:
    """Show the card with the reasons of its answer."""
    await stage.show(YEAR, answers=answers, config=config, width=width)
    await stage.click(stage.page.get_by_role("button", name="Why: Reference power"))


async def pixel(stage: Stage, x: float, y: float) -> tuple[int, ...]:
    """Return the colour, with its opacity, at a share of the picture's width and height."""
    found: list[int] = await stage.page.locator(f"{YEAR} canvas").evaluate(
        """(canvas, [x, y]) => [...canvas.getContext("2d").getImageData(
            Math.floor(canvas.width * x), Math.floor(canvas.height * y), 1, 1).data]""",
        [x, y],
    )
    return tuple(found)


async def test_a_year_and_the_classes(stage: Stage) -> None:
    await stage.show(YEAR, answers=year() | house_sun.answers(), width=1280)
    text = (await stage.text()).strip()
    # The answer and the classes come first, and all else only when asked for.
    assert text.startswith("Reference power 7 kW is the right reference power. In 12 months,")
    assert text.endswith("Why")
    await stage.click(stage.page.get_by_role("button", name="Why: Reference power"))
    text = await stage.text()
    for sentence in (
        "7 kW is the right reference power. In 12 months, you would have paid 43 € more with 12",
        "1,501 quarter-hours were above 7 kW in 12 months: 4.3% of the time, 553 kWh in excess.",
        "The house used 7,220 kWh, 27% of it from your roof.",
        "November 2025 \N{EN DASH} October 2026: 12 months, at today's prices, with VAT.",
        # The parts of a bar are only heard.
        "7 kW 212 € your contract (166 € fixed price, 46 € surcharge) 12 kW 255 € +43 € (254 €",
    ):
        assert sentence in text
    steps = "0\N{EN DASH}0.5 0.5\N{EN DASH}1.5 1.5\N{EN DASH}4"
    legend = f"From the grid {steps} 4\N{EN DASH}7 To the grid {steps} > 4 kW above 7 kW"
    assert legend in text
    assert "0 6 12 18 24" in text
    # The picture follows the theme.
    before = await pixel(stage, 0.6, 0.55)
    assert before[1] < before[0]
    await stage.page.evaluate(
        """() => {
            document.documentElement.style.setProperty("--energy-grid-return-color", "#00ff00");
            const hass = { ...stage.hass, themes: { darkMode: true } };
            document.querySelector("smarty-p1-year").hass = hass;
        }"""
    )
    await stage.settle()
    red, green, blue, _ = await pixel(stage, 0.6, 0.55)
    assert green > max(red, blue)
    await stage.page.evaluate("document.documentElement.style = ''")


async def test_each_class_of_a_narrow_card_has_its_words_in_one_line(stage: Stage) -> None:
    for language in ("en", "fr"):
        await stage.show(YEAR, answers=year(), width=320, language=language)
        words = stage.page.locator(f"{YEAR} .classes small")
        await words.first.wait_for()
        heights = await words.evaluate_all("all => all.map((each) => each.offsetHeight)")
        assert len(set(heights)) == 1


async def test_red_is_above_the_chosen_class_and_hatched_is_estimated(stage: Stage) -> None:
    rows: list[Row] = [(house_year.START + index * QUARTER_HOUR, 2500) for index in range(96 * 200)]
    answers = house_year.answers(rows)
    for each in answers["smarty_p1/quarter_hours"][1:]:
        each["answer"]["origins"] = [[0, 96 * 100, "leneda_estimated"]]
    await show(stage, answers)
    assert "estimated" in await stage.text()
    # In the turned map, the newest day is on top: measured is solid, estimated has stripes.
    assert {await pixel(stage, x / 40, 0.25) for x in range(4, 36)} == {RED}
    seen = {await pixel(stage, x / 40, 0.75) for x in range(4, 36)}
    assert {RED, (0, 0, 0, 0)} <= seen
    await stage.click(stage.page.locator(f"{YEAR} [role=radio]").filter(has_text="12 kW"))
    assert await pixel(stage, 0.5, 0.25) == pytest.approx(BLUE, abs=1)


async def test_telegrams_do_not_paint_again(stage: Stage) -> None:
    await show(stage, year())
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
    # 2 kWh are drawn and 1.5 kWh fed in within a quarter-hour: 8 kW, 0.25 kWh of them billed more.
    answers = with_one_high(2000)
    await show(stage, answers, config={"chooser": True}, width=1280)
    assert "1 quarter-hour was above 7 kW in 12 months: 0.3 kWh in excess." in await stage.text()
    assert await pixel(stage, *HIGH_AT) == RED
    await stage.page.evaluate("history.replaceState(null, '', '/smarty/year')")
    field = stage.page.locator(f"{YEAR} [role=slider]")
    box = await field.bounding_box()
    assert box
    x, y = (box["x"] + HIGH_AT[0] * box["width"], box["y"] + HIGH_AT[1] * box["height"])
    await stage.page.mouse.move(x, y)
    await stage.settle()
    assert "20 Jan, 18:30: 8.0 kW" in await stage.text()
    # In a dashboard of one's own, a view of that name may be anything.
    await stage.card(YEAR).evaluate("card => card.setConfig({ entry_id: null })")
    await stage.page.mouse.click(x, y)
    assert await stage.page.evaluate("location.pathname") == "/smarty/year"
    await stage.card(YEAR).evaluate("card => card.setConfig({ chooser: true })")
    await stage.settle()
    await stage.page.mouse.click(x, y)
    await stage.settle()
    assert await stage.page.evaluate("location.pathname") == "/smarty/now"

    # The same day from the list of the highest quarter-hours.
    assert "Highest quarter-hours 8.0 kW Tue 20 Jan, 18:30 0.2 kW" in await stage.text()
    await stage.page.evaluate("history.replaceState(null, '', '/smarty/year')")
    await stage.page.get_by_role("button", name="8.0 kW Tue 20 Jan, 18:30").click()
    assert await stage.page.evaluate("location.pathname") == "/smarty/now"

    await stage.show_table("smarty-p1-year")
    text = await stage.text()
    head = "Month Highest power Quarter-hours above 7 kW kWh above 7 kW "
    head += "November 2025 1 November 2025, 00:00: 0.2 kW 0 0.0"
    assert head in text
    assert "January 2026 20 Jan, 18:30: 8.0 kW 1 0.3 February 2026" in text


async def test_a_finger_opens_the_chosen_quarter_hour(stage: Stage) -> None:
    await show(stage, year(), config={"chooser": True})
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
    # The second tap is as near as a finger hits.
    assert await tap(x + 68, y - 9) == "/smarty/now"


async def test_keys_choose_a_quarter_hour_and_a_class(stage: Stage) -> None:
    await show(stage, year())
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
    await stage.press("Escape", at=field)
    assert await read.count() == 0

    radio = stage.page.locator(f"{YEAR} [role=radio]")
    assert await radio.evaluate_all("all => all.map(one => one.tabIndex)") == [-1, 0, -1, -1]
    await stage.press("ArrowDown", at=radio.nth(1))
    text = await stage.text()
    assert "With 12 kW, you would have paid 43 € more in 12 months than with your 7 kW." in text
    assert "above 12 kW in 12 months" in text
    assert await radio.nth(2).evaluate("one => one.matches(':focus')")
    assert await radio.nth(2).get_attribute("aria-checked") == "true"
    await radio.nth(2).press("ArrowUp")
    await stage.press("Home", at=radio.nth(1))
    assert (
        "With 3 kW, you would have paid 54 € more in 12 months than with your 7 kW."
        in await stage.text()
    )


async def test_a_part_of_the_costs_is_hidden_and_shown_again(stage: Stage) -> None:
    await show(stage, year())
    card = stage.card(YEAR)
    sentence = await card.locator(".sentence").first.inner_text()

    async def costs() -> list[int]:
        return [
            int(re.sub(r"\D", "", text))
            for text in await card.locator(".classes .number").all_inner_texts()
        ]

    whole = await costs()
    parts = []
    for name, color in (("fixed price", "quiet"), ("surcharge", "excess")):
        bars = card.locator(f".classes rect[fill='var(--{color})']")
        before = await bars.count()
        await stage.press("Enter", at=card.get_by_role("button", name=name, pressed=True))
        hidden = card.get_by_role("button", name=name, pressed=False)
        line = await hidden.evaluate("one => getComputedStyle(one).textDecorationLine")
        assert (before > 0, await bars.count(), line) == (True, 0, "line-through")
        parts.append(await costs())
        # The answer is that of the whole costs.
        assert await card.locator(".sentence").first.inner_text() == sentence
        assert not await stage.overflow()
        await stage.picture(f"year-without-{color}")
        await stage.press("Enter", at=hidden)
        assert (await bars.count(), await costs()) == (before, whole)
    # Each part is rounded.
    assert all(abs(sum(row[1:]) - row[0]) <= 1 for row in zip(whole, *parts, strict=True))


async def test_a_class_is_chosen_for_one_meter(stage: Stage) -> None:
    answers = year() | house_now.three_meters()
    await show(stage, answers, config={"chooser": True})
    chosen = stage.card(YEAR).locator(".classes [aria-checked=true]")
    for name, kw in (("12 kW", 12), ("Heat pump", 7), ("House", 12)):
        await stage.page.get_by_role("radio", name=name).click()
        for _ in range(5):
            await stage.settle()
        assert (await chosen.inner_text()).split()[0] == str(kw)


async def test_the_year_is_requested_once_and_then_the_new_quarter_hours(stage: Stage) -> None:
    answers = year()
    await stage.show(YEAR, YEAR, answers=answers)
    await stage.click(stage.page.get_by_role("button", name="Why").first)
    first = {
        "type": "smarty_p1/quarter_hours",
        "entry_id": "house",
        "start": "2025-10-31T23:00:00.000Z",
        "quantity": "larger",
        "encoding": "base64",
    }
    tail = first | {"start": "2026-11-21T17:30:00+00:00"}
    assert await stage.asked("quarter_hours") == [first, tail]
    new = house_year.answer([(house_year.END, 4000)])
    changed = [
        {"takes": {"start": tail["start"]}, "answer": new},
        *answers["smarty_p1/quarter_hours"],
    ]
    await stage.page.evaluate("all => stage.answer(all)", {"smarty_p1/quarter_hours": changed})
    await stage.send(house.live(quarter_hour=house.quarter_hour(start=LATER, time=LATER)))
    assert await stage.asked("quarter_hours") == [first, tail, tail]
    await stage.press("End", at=stage.page.locator(f"{YEAR} [role=slider]").first)
    assert "21 Nov, 18:30: 16.0 kW" in await stage.text()
    # An import of the past changes earlier answers.
    await stage.page.evaluate(
        "all => stage.answer(all)", house_year.meters(known_since="2025-01-01T00:00:00+01:00")
    )
    later = "2026-11-21T18:00:00+00:00"
    await stage.send(house.live(quarter_hour=house.quarter_hour(start=later, time=later)))
    assert (await stage.asked("quarter_hours")).count(first) == 2
    # A card that comes back requests the new quarter-hours, until the past changes.
    await stage.send(house.gone())
    await stage.send(house.live(quarter_hour=house.quarter_hour(start=later, time=later)))
    await stage.page.evaluate("stage.reconnect()")
    await stage.settle()
    assert (await stage.asked("quarter_hours")).count(first) == 2
    assert (await stage.asked("quarter_hours")).count(tail) >= 4
    new["past"] = "imported"
    await stage.page.evaluate("all => stage.answer(all)", {"smarty_p1/quarter_hours": changed})
    last = "2026-11-21T18:15:00+00:00"
    await stage.send(house.live(quarter_hour=house.quarter_hour(start=last, time=last)))
    await stage.send(house.live(quarter_hour=house.quarter_hour(start=last, time=last)))
    assert (await stage.asked("quarter_hours")).count(first) == 3


async def test_a_plan_is_asked_for_by_a_button(stage: Stage) -> None:
    answers = house_year.with_plan(house_year.household(), house_year.planned_classes())
    await stage.show(YEAR, answers=answers, width=390)
    assert "A plan saves" not in await stage.text()
    await stage.click(stage.page.get_by_role("button", name="With a plan for the car"))
    text = await stage.text()
    for sentence in (
        "A plan saves about 169 € a year with your 7 kW.",
        "With the plan, 3 kW would cost 55 € less.",
        "Charge on one phase with 3 kW: on three phases, the car cannot charge below 4.1 kW.",
        "Reference power Now At once By plan 3 kW 1,400 € 1,420 € 1,128 € 7 kW 1,352 € 1,390 €",
    ):
        assert sentence in text
