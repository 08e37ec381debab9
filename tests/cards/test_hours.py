"""The card of the best hours."""

import pytest

from .house_hours import answer, sunny
from .stage import Stage

CARD = "smarty-p1-hours"


@pytest.mark.parametrize("width", [360, 520])
@pytest.mark.parametrize("dark", [False, True])
async def test_the_best_start_is_named_and_drawn(stage: Stage, *, dark: bool, width: int) -> None:
    await stage.show(CARD, answers=sunny(), dark=dark, width=width)
    text = await stage.text()
    said = "Tomorrow 11:00 – 13:00 : about 0.23 €, 0.15 € cheaper than now."
    assert (
        f"until tomorrow 24:00 Washing 2 kWh, 2 h Dishwasher 1 kWh, 2 h Car 16 kWh, 3 h {said}"
        in text
    )
    assert "Usually, your roof then gives about 1.2 of the 2 kWh." in text
    assert "now 0.38 0.23 Sun 0 6 12 18" in text
    assert not await stage.overflow()
    await stage.picture(f"hours-{width}-{'dark' if dark else 'light'}")


async def test_a_key_and_a_finger_tell_another_start(stage: Stage) -> None:
    await stage.show(CARD, answers=sunny())
    slider = stage.card(CARD).get_by_role("slider")
    assert await slider.get_attribute("aria-valuetext") == "Start Sun 22, 11:00: about 0.23\u00a0€"
    await slider.focus()
    await stage.page.keyboard.press("Home")
    await stage.settle()
    assert "Start Sat 21, 18:30: about 0.38 €" in await stage.text()
    await stage.page.keyboard.press("Escape")
    await stage.settle()
    assert "cheaper than now" in await stage.text()
    # The cost of a start stands over its bar, also 30 px before the end of the chart.
    for key in ("End", *["ArrowLeft"] * 10):
        await stage.page.keyboard.press(key)
    await stage.settle()
    assert "Start Sun 22, 19:30" in await stage.text()
    found = [slider.locator("line").first, slider.locator("text[style]")]
    line, cost = [await each.bounding_box() for each in found]
    assert line
    assert cost
    assert abs(cost["x"] + cost["width"] / 2 - line["x"]) < 2
    # Another load has another best start.
    await stage.card(CARD).get_by_role("radio", name="Car").click()
    await stage.settle()
    assert "Start Sun" not in await stage.text()
    asked = "stage.asked.filter(({ kw }) => kw).map(({ hours }) => hours)"
    assert await stage.page.evaluate(asked) == [2, 3]


async def test_it_says_that_no_hour_is_better_or_leaves_itself_out(stage: Stage) -> None:
    await stage.show(CARD, answers=answer([0.42, *[0.4] * 110], 1))
    assert (
        "No hour until tomorrow 24:00 is more than 5 cents cheaper than now." in await stage.text()
    )
    assert await stage.card(CARD).get_by_role("slider").count() == 0
    await stage.show(CARD, answers=answer([0.3, *[0.4] * 110], 0))
    assert "Now is a good time : about 0.30 €." in await stage.text()
    await stage.show(CARD, answers=answer([0.4] * 111, 0), config={"hides": True})
    assert not await stage.card(CARD).is_visible()
    # On a dashboard of one's own, it says why.
    await stage.show(CARD, answers=answer([0.4] * 111, 0))
    assert "The start makes no difference at your prices." in await stage.text()
    lack = {"smarty_p1/start_costs": {"start_costs": None, "lack": "too_few_days"}}
    await stage.show(CARD, answers=lack)
    assert "The best hours need seven whole measured days." in await stage.text()


async def test_a_card_that_may_leave_itself_out_shows_nothing_until_the_costs_are_known(
    stage: Stage,
) -> None:
    refused = {"smarty_p1/start_costs": {"error": "not_loaded"}}
    await stage.show(CARD, answers=refused, config={"hides": True})
    assert "Best hours" not in await stage.text()
    await stage.show(CARD, answers=refused)
    await stage.sees("Best hours", "This meter is not being read at the moment.")
    await stage.show(CARD, answers=sunny(), config={"hides": True})
    await stage.sees("Best hours", "0.15 € cheaper than now")


async def test_loads_are_those_of_the_form(stage: Stage) -> None:
    loads = [{"name": "Sauna", "kwh": 9, "hours": 1.5}]
    await stage.show(CARD, answers=sunny(), config={"loads": loads})
    asked = "stage.asked.filter(({ kw }) => kw).map(({ kw }) => kw)"
    assert await stage.page.evaluate(asked) == [6]
    wrong = (
        "document.createElement('smarty-p1-hours').setConfig({ loads: [{ kwh: 9, hours: 25 }] })"
    )
    with pytest.raises(Exception, match="loads: name, kwh and hours"):
        await stage.page.evaluate(wrong)
