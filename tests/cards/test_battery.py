"""The card that says what a battery would be worth."""

from . import house_battery, house_now, house_sun
from .stage import Stage

BATTERY = "smarty-p1-battery"


async def test_a_battery_and_another_one(stage: Stage) -> None:
    await stage.show(BATTERY, answers=house_battery.answers())
    text = await stage.text()
    assert "A battery of 10 kWh and 5 kW would save about 200 € a year" in text
    assert "Without battery, 7 kW With battery, 3 kW" in text
    assert "Total per year 1,330 € 1,140 €" in text
    await stage.picture("battery")

    for number, key, value, said in (
        (0, "ArrowRight", "11\u00a0kWh", "A battery of 11 kWh and 5 kW would save about 200"),
        (2, "ArrowLeft", "19\u00a0W", "would save about 210"),
    ):
        slider = stage.page.locator(f"{BATTERY} input").nth(number)
        await slider.press(key)
        await stage.settle()
        assert await slider.get_attribute("aria-valuetext") == value
        assert said in await stage.text()
    # 1800 / 197 = 9.1; a price above the maximum counts as the maximum.
    for entered, said in (
        ("1800", "The battery would pay for itself in about 9 years"),
        ("1 800,00 €", "The battery would pay for itself in about 9 years"),
        ("9" * 30, "The battery would not pay for itself within 25 years."),
        ("1.800", "This can be read as 1.80 or 1800. Enter the one that you mean."),
        ("9e300", "This is not an amount."),
    ):
        await stage.page.get_by_label("Price").fill(entered)
        await stage.settle()
        assert said in await stage.text()
    await stage.page.get_by_label("Price").fill("")
    await stage.settle()
    assert "pay for itself" not in await stage.text()
    assert await stage.overflow() == []
    assert not stage.errors


async def test_a_house_with_a_battery_is_asked_about_another_one(stage: Stage) -> None:
    of_house = house_sun.answers(with_battery=True)
    await stage.show(BATTERY, answers=house_battery.answers() | of_house)
    text = await stage.text()
    title = "What if you had another battery?"
    assert f"{title} In addition to the battery in the Energy dashboard." in text
    assert "Another battery, of 10 kWh and 5 kW, would save about 200 € a year" in text
    assert "With today's battery, 7 kW With another battery, 3 kW" in text
    await stage.picture("battery-another")
    of_house["smarty_p1/house"]["house"]["battery"][0]["capacity_kwh"] = 9.5
    await stage.show(BATTERY, answers=house_battery.answers() | of_house)
    assert "In addition to yours: 9.5 kWh in the Energy dashboard." in await stage.text()
    assert await stage.overflow() == []
    assert not stage.errors


async def test_what_is_missing_is_said(stage: Stage) -> None:
    for reason, text in (
        (
            "too_few_days",
            "needs measurements of 300 days from the last twelve calendar months. There are 46",
        ),
        ("no_feed_in_price", "The feed-in price is missing. Enter the value"),
    ):
        refusal = {"reason": reason, "days": 46, "least_days": 300}
        answer = {"smarty_p1/what_if": {"what_if": None, "refusal": refusal}}
        await stage.show(BATTERY, answers=answer)
        assert text in await stage.text()
        assert await stage.page.locator(f"{BATTERY} input").count() == 0
    # Only another meter lacks it: the price counts, and stays in its field.
    others = house_now.three_meters() | house_battery.answers()
    others["smarty_p1/what_if b"] = answer["smarty_p1/what_if"]
    await stage.show(BATTERY, answers=others, config={"chooser": True})
    await stage.page.get_by_label("Price").fill("1800")
    for meter in (1, 0):
        await stage.card(BATTERY).get_by_role("radio").nth(meter).click()
        await stage.settle()
    assert "The battery would pay for itself in about 9 years" in await stage.text()
    assert await stage.page.get_by_label("Price").input_value() == "1800"
    assert not stage.errors
