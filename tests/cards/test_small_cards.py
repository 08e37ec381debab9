"""The cards of the energy so far, of where it went, of the best hours and of a battery."""

import pytest

from . import house, house_battery, house_hours, house_now, house_sun, house_where
from .house import Json
from .stage import Stage

SO_FAR, WHERE = "smarty-p1-so-far", "smarty-p1-where"
HOURS, BATTERY = "smarty-p1-hours", "smarty-p1-battery"
OPTIONS = "/config/integrations/integration/smarty_p1#config_entry=house"
NOT_LOADED: Json = {"error": "not_loaded"}
DISABLED = {
    "smarty_p1/live": house.gone("disabled"),
    "smarty_p1/days": NOT_LOADED,
    "smarty_p1/bill": NOT_LOADED,
}
SUMS = house_now.sums()
USUAL_DAY = {"days": 4, "imported_wh": 8400.0, "exported_wh": 1700.0, "peak_kw": 3.1, "cost": 3.5}
USUAL = {"smarty_p1/usual": {"until": house_now.NOW, "usual": USUAL_DAY, "reason": "more_sun"}}
GOAL: Json = {"is_last_year": False, "total": 130.0, "day_budget": 4.5, "recent_day": 5.1}
GOAL["passed_on"] = None
DEVICES = [row | {"cost": None} for row in house_where.ROWS if row["kind"] == "device"]
BLIND: Json = {"lack": "inverter", "house_wh": None, "cost": None}
ALONE = [row for row in house_where.ROWS if row["kind"] != "device"]
EMPTY = [row | {"wh": 0, "cost": 0.0} for row in house_where.ROWS]
WITH_BATTERY = house_battery.answers() | house_sun.answers(with_battery=True)
REFUSED = {"smarty_p1/start_costs": NOT_LOADED}
LACK = {"smarty_p1/start_costs": {"start_costs": None, "lack": "too_few_days"}}


def refusal(reason: str) -> Json:
    refused = {"reason": reason, "days": 46, "least_days": 300}
    return {"smarty_p1/what_if": {"what_if": None, "refusal": refused}}


@pytest.mark.parametrize(
    ("card", "answers", "said"),
    [
        (SO_FAR, SUMS | USUAL, "2.98 € so far today , usually 3.50 €. … kWh usually 8.4 364 kWh"),
        # 10.8 + 3.2, and 364 + 38.
        (SO_FAR, SUMS | house_sun.answers(), "House 14.0 kWh 402 kWh From your roof 3.2 kWh 38"),
        (SO_FAR, house_now.sums(goal=GOAL), "15 € above your goal . so far 97 € goal 130 € ≈ 145"),
        (SO_FAR, SUMS, "So far until 18:38 2.98 € … about 145 € . Set a goal"),
        (SO_FAR, DISABLED, "So far This meter is not being read at the moment."),
        (
            WHERE,
            house_where.answers(),
            "Always on: 18.41 € , 27% … Always on 250 W 149 kWh 18.41 €",
        ),
        (
            WHERE,
            house_where.answers(),
            "House 543 kWh 71.47 € Each kWh … 41 of them from your roof",
        ),
        (
            WHERE,
            house_where.answers(DEVICES, **BLIND),
            "The rest is not known without your inverter.",
        ),
        # Without devices, too, it is no matter of the first day.
        (WHERE, house_where.answers([], **BLIND), "The rest is not known without your inverter."),
        (WHERE, house_where.answers(EMPTY, house_wh=0), "This card shows whole days. The first"),
        (HOURS, house_hours.sunny(), "Car 16 kWh, 3 h Tomorrow 11:00 – 13:00 : about 0.23 €, 0.15"),
        (HOURS, house_hours.sunny(), "Usually, your roof then gives about 1.2 of the 2 kWh."),
        (HOURS, house_hours.answer([0.42, *[0.4] * 110], 1), "more than 5 cents cheaper than now."),
        # On a dashboard of one's own, it says why it says nothing more.
        (
            HOURS,
            house_hours.answer([0.4] * 111, 0),
            "The start makes no difference at your prices.",
        ),
        (HOURS, LACK, "The best hours need seven whole measured days."),
        (HOURS, REFUSED, "Best hours … This meter is not being read at the moment."),
        (BATTERY, house_battery.answers(), "With battery, 3 kW … per year 1,330 €"),
        (BATTERY, WITH_BATTERY, "another battery? In addition to the battery in"),
        (BATTERY, WITH_BATTERY, "With today's battery, 7 kW With another battery, 3 kW"),
        (BATTERY, refusal("too_few_days"), "300 days from the last twelve calendar months. There"),
        (BATTERY, refusal("no_feed_in_price"), "The feed-in price is missing. Enter the value"),
    ],
)
async def test_what_a_card_says(stage: Stage, card: str, answers: Json, said: str) -> None:
    await stage.show(card, answers=answers, width=520)
    text = await stage.text()
    assert [part for part in said.split(" … ") if part not in text] == []
    assert not await stage.overflow()


async def test_what_is_missing_has_a_link(stage: Stage) -> None:
    for card, answers, name, path in (
        (SO_FAR, house_now.sums(missing=["energy"], total=None), "Enter the prices", OPTIONS),
        (
            WHERE,
            house_where.answers(ALONE),
            "Add devices in the Energy dashboard",
            "/config/energy",
        ),
    ):
        await stage.show(card, answers=answers)
        link = stage.card(card).get_by_role("link", name=name)
        assert await link.get_attribute("href") == path
        # Who may not change anything is not sent there.
        await stage.show(card, answers=answers, is_admin=False)
        assert await stage.card(card).get_by_role("link").count() == 0
    # Of several meters, each has its own devices.
    two = [house.meter(), house.meter(entry_id="other", title="Smarty other")]
    answers = house_where.answers(ALONE) | {"smarty_p1/meters": {"meters": two}}
    await stage.show(WHERE, answers=answers)
    link = stage.card(WHERE).get_by_role("link", name="Choose devices of the house")
    assert await link.count() == 1
    assert "gear icon › Solar power and devices" in await stage.text()
    await stage.show(SO_FAR, answers=house_now.sums(), is_admin=False)
    assert "heading for about 145 € . Today November" in await stage.text()


async def test_energy_so_far_opens_its_entity_and_is_asked_for_once_a_quarter_hour(
    stage: Stage,
) -> None:
    none = {"error": "nothing_counted"}
    entity = {"entity_id": "sensor.in", "platform": "smarty_p1", "device_id": house.DEVICE}
    entities = {"sensor.in": entity | {"translation_key": "energy_imported"}}
    answers = house_now.first_day() | {"smarty_p1/days": none, "smarty_p1/bill": none}
    await stage.show(SO_FAR, answers=answers, entities=entities)
    assert "So far Nothing counted yet. Counting starts with the first" in await stage.text()
    today = house_now.day(21, imported_wh=31, quarter_hours=0, of_quarter_hours=74, peak=None)
    await stage.page.evaluate("all => stage.answer(all)", house_now.sums(days=[today], peak=None))
    await stage.passes(3)
    await stage.settle()
    assert "From the grid 0.0 kWh 0.0 kWh" in await stage.text()

    await stage.show(SO_FAR, answers=house_now.sums(), entities=entities)
    await stage.page.evaluate(
        """document.addEventListener("hass-more-info", ({ detail }) => {
          window.opened = detail.entityId;
        })"""
    )
    button = stage.card(SO_FAR).get_by_role("button", name="364")
    assert await house_now.height(button) >= 44
    await button.click()
    assert await stage.page.evaluate("window.opened") == "sensor.in"
    await stage.click(stage.card(SO_FAR).get_by_role("button", name="Show as table"))
    parts = "Consumption 2.60 € To the grid −0.04 € Fixed costs 0.42 € Total 2.98 €"
    assert parts in await stage.text()
    for _ in range(3):
        await stage.send(house.live())
    assert len(await stage.asked("days")) == 1
    days = house_now.november(imported_wh=12345)
    await stage.page.evaluate("(answers) => stage.answer(answers)", house_now.sums(days=days))
    begun = house.quarter_hour(start="2026-11-21T17:45:00+00:00", end="2026-11-21T18:00:00+00:00")
    await stage.send(house.live(quarter_hour=begun))
    assert "From the grid 12.3 kWh 365 kWh" in await stage.text()
    # A bar is heard as a sentence.
    await stage.show(SO_FAR, answers=house_now.sums(goal=GOAL))
    shown = await stage.card(SO_FAR).get_by_role("img").get_attribute("aria-label")
    assert shown == "Goal 130\u00a0€: 97\u00a0€ so far, forecast 145\u00a0€."


async def test_another_period_is_asked_for_by_keyboard(stage: Stage) -> None:
    await stage.show(WHERE, answers=house_where.answers())
    await stage.press("ArrowLeft", at=stage.card(WHERE).get_by_role("radio").last)
    assert [one["period"] for one in await stage.asked("shares")] == ["month", "yesterday"]


async def test_a_key_and_a_finger_tell_another_start(stage: Stage) -> None:
    await stage.show(HOURS, answers=house_hours.sunny())
    assert "now 0.38 0.23 Sun 0 6 12 18" in await stage.text()
    slider = stage.card(HOURS).get_by_role("slider")
    assert await slider.get_attribute("aria-valuetext") == "Start Sun 22, 11:00: about 0.23\u00a0€"
    await stage.press("Home", at=slider)
    assert "Start Sat 21, 18:30: about 0.38 €" in await stage.text()
    await stage.press("Escape")
    assert "cheaper than now" in await stage.text()
    # The cost of a start stands over its bar, also 30 px before the end of the chart.
    await stage.press("End", *["ArrowLeft"] * 10)
    assert "Start Sun 22, 19:30" in await stage.text()
    found = [slider.locator("line").first, slider.locator("text[style]")]
    line, cost = [await each.bounding_box() for each in found]
    assert line
    assert cost
    assert abs(cost["x"] + cost["width"] / 2 - line["x"]) < 2
    # Another load has another best start.
    await stage.click(stage.card(HOURS).get_by_role("radio", name="Car"))
    assert "Start Sun" not in await stage.text()
    # A new load is the first one again.
    config = {"loads": [{"name": "Sauna", "kwh": 9, "hours": 1.5}]}
    await stage.card(HOURS).evaluate("(card, config) => card.setConfig(config)", config)
    await stage.settle()
    asked = [(one["kw"], one["hours"]) for one in await stage.asked("start_costs")]
    assert asked == [(1, 2), (16 / 3, 3), (6, 1.5)]
    with pytest.raises(Exception, match="loads: name, kwh and hours"):
        await stage.card(HOURS).evaluate(
            "card => card.setConfig({ loads: [{ kwh: 9, hours: 25 }] })"
        )


async def test_the_best_hours_leave_themselves_out_until_they_differ(stage: Stage) -> None:
    for answers in (house_hours.answer([0.4] * 111, 0), REFUSED):
        await stage.show(HOURS, answers=answers, config={"hides": True})
        assert "Best hours" not in await stage.text()
    await stage.show(HOURS, answers=house_hours.sunny(), config={"hides": True})
    await stage.sees("Best hours", "0.15 € cheaper than now")


async def test_a_battery_is_chosen_by_keys_and_has_a_price(stage: Stage) -> None:
    # Only another meter lacks a price: what was typed stays in its field.
    others = house_now.three_meters() | house_battery.answers()
    others["smarty_p1/what_if b"] = refusal("no_feed_in_price")["smarty_p1/what_if"]
    await stage.show(BATTERY, answers=others, config={"chooser": True})
    for number, key, value, said in (
        (0, "ArrowRight", "11\u00a0kWh", "A battery of 11 kWh and 5 kW would save about 200"),
        (2, "ArrowLeft", "19\u00a0W", "would save about 210"),
    ):
        slider = stage.page.locator(f"{BATTERY} input").nth(number)
        await stage.press(key, at=slider)
        assert await slider.get_attribute("aria-valuetext") == value
        assert said in await stage.text()
    # 1800 / 197 = 9.1; a price above the maximum counts as the maximum.
    price = stage.page.get_by_label("Price")
    for entered, said in (
        ("9" * 30, "The battery would not pay for itself within 25 years."),
        ("1.800", "This can be read as 1.80 or 1800. Enter the one that you mean."),
        ("9e300", "This is not an amount."),
        ("1 800,00 €", "The battery would pay for itself in about 9 years"),
    ):
        await price.fill(entered)
        await stage.settle()
        assert said in await stage.text()
    for meter in (1, 0):
        await stage.click(stage.card(BATTERY).get_by_role("radio").nth(meter))
        assert await price.count() == 1 - meter
    assert "The battery would pay for itself in about 9 years" in await stage.text()
    assert await price.input_value() == "1 800,00 €"
    await price.fill("")
    await stage.settle()
    assert "pay for itself" not in await stage.text()
