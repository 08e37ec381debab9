"""The card of the quarter-hours of a day."""

from smartyp1.json_types import JsonDict

from . import house, house_today
from .house_today import COMMAND
from .stage import Stage

CARD = "smarty-p1-today"
LATER = "2026-11-21T17:45:10+00:00"
HEADING = house.live(
    values=house.values(power_net=11.4),
    quarter_hour=house.quarter_hour(
        imported_wh=1440, running_kw=10.4, projected_kw=10.8, will_exceed=True
    ),
)
# How often Friday was asked for.
ASKED = "stage.asked.filter((each) => each.end === '2026-11-20T23:00:00.000Z').length"


def meter(**changes: object) -> JsonDict:
    return {"smarty_p1/meters": {"meters": [house.meter(**changes)]}}


def next_quarter_hour() -> JsonDict:
    start, end = "2026-11-21T17:45:00+00:00", "2026-11-21T18:00:00+00:00"
    running = house.quarter_hour(time=LATER, start=start, end=end)
    return house.live(received_at=LATER, quarter_hour=running)


async def choose_friday(stage: Stage) -> None:
    await stage.click(stage.page.get_by_role("radio", name="Friday 20 November"))


async def bar_at(stage: Stage, hour: float) -> tuple[float, float]:
    """Return where on the page a time of the day is, by the hours below the axis."""
    labels = {}
    for text in await stage.page.locator("svg.day text").all():
        if (content := await text.text_content()) in {"0", "12"}:
            labels[content] = await text.bounding_box()
    middle = {text: box["x"] + box["width"] / 2 for text, box in labels.items() if box}
    y = max(box["y"] for box in labels.values() if box) - 60
    return middle["0"] + (middle["12"] - middle["0"]) * (hour + 0.12) / 12, y


async def test_a_day_another_one_and_its_table(stage: Stage) -> None:
    answers = house_today.answers()
    for each in answers[COMMAND]:
        if each["takes"]["start"].startswith("2026-11-20T23"):
            each["answer"]["values"][40:44] = [None] * 4
            each["answer"]["origins"] = [[0, 36, "leneda"], [36, 4, "leneda_estimated"]]
    await stage.show(CARD, answers=answers | {"smarty_p1/live": HEADING}, width=1280)
    await stage.picture("today-1280-en-light")
    text = await stage.text()
    assert "Saturday 21 November 11.9 kWh from the grid, 0.9 kWh to the grid. 1 quarter" in text
    assert text.count("≈ 10") == 2  # in the sentence and at the bar
    assert "0 6 12 18 24" in text
    assert "4 quarter-hours not measured" in text
    assert "40 quarter-hours from the Leneda portal, 4 estimated by the grid" in text
    assert not await stage.overflow()
    await stage.show_table("smarty-p1-today")
    rows = stage.page.locator("tbody tr")
    assert await rows.count() == 74
    estimated = ["09:00", "≈\u00a02.1", "≈\u00a00.0", ""]
    assert (await rows.nth(36).inner_text()).split("\t") == estimated
    assert (await rows.nth(41).inner_text()).split("\t") == ["10:15", "\u2013", "\u2013", ""]
    assert (await rows.nth(73).inner_text()).split("\t") == ["18:15", "9.4", "0.0", "0.60"]

    await choose_friday(stage)
    assert "Friday 20 November 40.7 kWh from the grid, 0.9 kWh to the grid." in await stage.text()
    assert await stage.page.evaluate(ASKED) == 2
    # In the next quarter-hour, the past is asked for again only after an import.
    await stage.send(next_quarter_hour())
    assert await stage.page.evaluate(ASKED) == 2
    await stage.press("ArrowRight")
    assert "Saturday 21 November" in await stage.text()
    # A tablet on a wall shows today again, but not while it is used.
    await choose_friday(stage)
    await stage.passes(400)
    await stage.page.mouse.click(1, 1)
    await stage.passes(400)
    assert "Friday 20 November" in await stage.text()
    await stage.passes(220)
    await stage.settle()
    assert "Saturday 21 November" in await stage.text()


async def test_an_import_is_seen_at_the_next_quarter_hour(stage: Stage) -> None:
    answers = house_today.answers()
    await stage.show(CARD, answers=answers)
    await choose_friday(stage)
    for each in answers["smarty_p1/quarter_hours"]:
        each["answer"]["past"] = "imported"
    await stage.page.evaluate("all => stage.answer(all)", answers)
    await stage.send(next_quarter_hour())
    await stage.settle()
    assert await stage.page.evaluate(ASKED) == 4


async def test_a_bar_is_chosen_with_finger_and_keys(stage: Stage) -> None:
    await stage.show(CARD, answers=house_today.answers(), width=390, scale=2)
    before = await stage.card(CARD).bounding_box()
    chart = stage.page.get_by_role("slider")
    told = "18:15\u201318:30: 9.4 kW from the grid. 0.6 kWh above 7 kW: 0.05 €"
    await stage.page.mouse.move(*await bar_at(stage, 18.25))
    await stage.settle()
    assert told in await stage.text()
    assert await stage.card(CARD).bounding_box() == before
    await chart.focus()
    await stage.press("Home", "End", "ArrowLeft")
    said = await chart.get_attribute("aria-valuetext") or ""
    assert said.replace("\u00a0", " ") == told
    await stage.press("Escape")
    assert told not in await stage.text()


async def test_a_pinch_on_the_chart_zooms_the_page(stage: Stage) -> None:
    await stage.show(CARD, answers=house_today.answers(), width=390, scale=2)
    x, y = await bar_at(stage, 12)
    session = await stage.page.context.new_cdp_session(stage.page)
    await session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    for kind, apart in (("touchStart", 20), *(("touchMove", 20 + 12 * n) for n in range(1, 6))):
        points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
        event = {"type": kind, "touchPoints": points}
        await session.send("Input.dispatchTouchEvent", event)
    await session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    await stage.settle()
    assert await stage.page.evaluate("visualViewport.scale") > 1.1
    await session.detach()


async def test_a_day_is_chosen_in_the_calendar_with_finger_and_keys(stage: Stage) -> None:
    await stage.show(CARD, answers=house_today.answers(), width=280, first_weekday="monday")
    title = stage.card(CARD).get_by_role("button", name="Saturday 21 November, choose a day")
    await stage.press("Enter", at=title)
    assert not await stage.overflow()
    cells = stage.card(CARD).get_by_role("gridcell")
    focused = "document.querySelector('smarty-p1-today').shadowRoot.activeElement.dataset.day"
    for key, day in (("ArrowDown", 21), ("ArrowUp", 14), ("Home", 9), ("ArrowRight", 10)):
        await stage.press(key)
        assert await stage.page.evaluate(focused) == f"2026-11-{day:02}"
    # The month has no data before the 8th.
    assert await cells.filter(has_text="7").first.get_attribute("aria-disabled") == "true"
    name = "Friday 20 November, 12 quarter-hours above 7\u00a0kW"
    await stage.click(stage.card(CARD).get_by_role("gridcell", name=name))
    text = await stage.text()
    assert "Friday 20 November 40.7 kWh from the grid" in text
    assert "Even at night, the house uses about 280 W . That costs at most 430 € a year." in text
    await stage.click(stage.page.get_by_role("radio", name="Saturday 21 November"))
    # From a day that is not in the row, a button leads back.
    back_to_today = stage.card(CARD).get_by_role("button", name="Today", exact=True)
    assert await back_to_today.count() == 0
    await stage.press("Enter", at=title)
    await stage.click(stage.card(CARD).get_by_role("gridcell", name="Thursday 12 November"))
    assert "Thursday 12 November 10.4 kWh from the grid" in await stage.text()
    await stage.click(back_to_today)
    await title.press("Enter")
    await stage.press("Escape")
    assert await cells.count() == 0
    await title.press("Enter")
    for seconds, is_open in ((590, True), (20, False)):
        await stage.passes(seconds)
        await stage.settle()
        assert (await cells.count() > 0) is is_open
    assert await title.evaluate("title => title.getRootNode().activeElement === title")

    # Turning back ends with the first known day.
    known = meter(known_since="2026-11-20T00:00:00+01:00")
    await stage.show(CARD, answers=house_today.answers() | known)
    back, on = (stage.page.get_by_role("button", name=f"{to} day") for to in ("Previous", "Next"))
    for turn, shown in ((back, "Friday 20 November"), (on, "Saturday 21 November")):
        await stage.click(turn)
        assert shown in await stage.text()
        assert await turn.is_disabled()


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
    # Height of a bar, and its part that may be above.
    assert await stage.page.evaluate("new Set(window.changes).size") <= 3
    assert await stage.page.evaluate("window.changes.length") >= 9
    assert await stage.page.evaluate("window.elements") < 150
