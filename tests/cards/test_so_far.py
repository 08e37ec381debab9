"""The card that says how much today and this month are so far."""

import pytest

from . import house, house_now, house_sun
from .stage import Stage

CARD = "smarty-p1-so-far"
OPTIONS = "/config/integrations/integration/smarty_p1#config_entry=house"


async def test_today_and_this_month(stage: Stage) -> None:
    usual = {"days": 4, "imported_wh": 8400.0, "exported_wh": 1700.0, "peak_kw": 3.1, "cost": 3.5}
    usual |= {"house_wh": 11600.0, "own_wh": 3200.0}
    until = "2026-11-21T17:38:20+00:00"
    known = {"until": until, "usual": usual, "reason": "more_sun"}
    answers = house_now.sums() | {"smarty_p1/usual": known}
    entity = {"entity_id": "sensor.in", "platform": "smarty_p1"}
    imported = {"translation_key": "energy_imported", "device_id": house.DEVICE}
    entities = {"sensor.in": entity | imported}
    await stage.show(CARD, answers=answers, entities=entities, width=520)
    text = await stage.text()
    assert "So far until 18:38 More sun than usual: 2.98 € so far today , usually 3.50 €." in text
    assert "November is heading for about 145 € . Set a goal" in text
    # 19 days of 17.64 kWh, one more, and 10.82 of today.
    assert "From the grid 10.8 kWh usually 8.4 364 kWh" in text
    assert not await stage.overflow()
    # The month's energy opens its entity.
    await stage.page.evaluate(
        """document.addEventListener("hass-more-info", ({ detail }) => {
          window.opened = detail.entityId;
        })"""
    )
    button = stage.card(CARD).get_by_role("button", name="364")
    assert await house_now.height(button) >= 44
    await button.click()
    assert await stage.page.evaluate("window.opened") == "sensor.in"
    await stage.card(CARD).get_by_role("button", name="Show as table").click()
    await stage.settle()
    parts = "Consumption 2.60 € To the grid −0.04 € Fixed costs 0.42 € Total 2.98 €"
    assert parts in await stage.text()
    # The days are asked for once a quarter-hour.
    for _ in range(3):
        await stage.send(house.live())
    count = "stage.asked.filter(({ type }) => type === 'smarty_p1/days').length"
    assert await stage.page.evaluate(count) == 1
    days = house_now.november(imported_wh=12345)
    await stage.page.evaluate("(answers) => stage.answer(answers)", house_now.sums(days=days))
    begun = house.quarter_hour(start="2026-11-21T17:45:00+00:00", end="2026-11-21T18:00:00+00:00")
    await stage.send(house.live(quarter_hour=begun))
    assert "From the grid 12.3 kWh usually 8.4 365 kWh" in await stage.text()
    # 10.8 + 3.2, and 364 + 38.
    await stage.show(CARD, answers=house_now.sums() | house_sun.answers())
    roof = "House 14.0 kWh 402 kWh From your roof 3.2 kWh 38 kWh From the grid"
    assert roof in await stage.text()
    assert not stage.errors


async def test_what_is_missing_is_said(stage: Stage) -> None:
    none = {"error": "nothing_counted"}
    answers = house_now.first_day() | {"smarty_p1/days": none, "smarty_p1/bill": none}
    await stage.show(CARD, answers=answers)
    assert "So far Nothing counted yet. Counting starts with the first" in await stage.text()
    today = house_now.day(21, imported_wh=31, quarter_hours=0, of_quarter_hours=74, peak=None)
    await stage.page.evaluate("all => stage.answer(all)", house_now.sums(days=[today], peak=None))
    await stage.passes(3)
    await stage.settle()
    assert "From the grid 0.0 kWh 0.0 kWh" in await stage.text()

    await stage.show(CARD, answers=house_now.sums(missing=["energy"], total=None))
    assert "Price missing" in await stage.text()
    link = stage.card(CARD).get_by_role("link", name="Enter the prices")
    assert await link.get_attribute("href") == OPTIONS

    error = {"error": "not_loaded"}
    disabled = {"smarty_p1/live": house.gone("disabled")}
    await stage.show(CARD, answers=disabled | {"smarty_p1/days": error, "smarty_p1/bill": error})
    assert "So far This meter is not being read at the moment." in await stage.text()
    assert not stage.errors


GOAL = {"is_last_year": False, "day_budget": 4.5, "recent_day": 5.1, "passed_on": None}


@pytest.mark.parametrize("width", [360, 520])
@pytest.mark.parametrize("dark", [False, True])
async def test_a_goal_beside_the_forecast(stage: Stage, *, dark: bool, width: int) -> None:
    answers = house_now.sums(goal=GOAL | {"total": 130.0}) | house_sun.answers()
    await stage.show(CARD, answers=answers, dark=dark, width=width)
    said = (
        "November is heading for about 145 € : 15 € above your goal . so far 97 € goal 130 € ≈ 145"
    )
    assert said in await stage.text()
    assert "Within 130 €: 4.50 € a day until 30 November; lately 5.10 €." in await stage.text()
    assert not await stage.overflow()
    shown = await stage.card(CARD).get_by_role("img").get_attribute("aria-label")
    assert shown == "Goal 130\u00a0€: 97\u00a0€ so far, forecast 145\u00a0€."
    await stage.picture(f"so-far-{width}-{'dark' if dark else 'light'}")


async def test_nobody_but_an_administrator_is_asked_for_a_goal(stage: Stage) -> None:
    await stage.show(CARD, answers=house_now.sums(), is_admin=False)
    assert "heading for about 145 € . Today" in await stage.text()
