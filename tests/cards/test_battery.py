"""The card that says what a battery would be worth."""

from . import house_battery
from .stage import Stage

BATTERY = "smarty-p1-battery"


async def test_a_battery_and_another_one(stage: Stage) -> None:
    await stage.show(BATTERY, answers=house_battery.answers())
    text = await stage.text()
    assert (
        "A battery of 10 kWh and 5 kW would save about 190\N{EN DASH}204 \N{EURO SIGN} a year"
        in text
    )
    assert "With the battery, 3 kW would be the cheapest reference power, instead of 7 kW." in text
    assert "Without battery, 7 kW With battery, 3 kW" in text
    assert "Total a year 1,325 \N{EURO SIGN} 1,135 \N{EURO SIGN}" in text
    assert await stage.overflow() == []
    await stage.picture("battery")

    slider = stage.page.locator(f"{BATTERY} input").first
    assert await slider.get_attribute("aria-valuetext") == "10\N{NO-BREAK SPACE}kWh"
    await slider.press("ArrowRight")
    await stage.settle()
    assert "A battery of 11 kWh and 5 kW would save about 195\N{EN DASH}211" in await stage.text()

    slider = stage.page.locator(f"{BATTERY} input").nth(2)
    assert await slider.get_attribute("aria-valuetext") == "20\N{NO-BREAK SPACE}W"
    await slider.press("ArrowLeft")
    await stage.settle()
    text = await stage.text()
    assert "would save about 197\N{EN DASH}213" in text
    assert "pay for itself" not in text
    # 1800 / 197 = 9.1; what is too much is as much as may be.
    price = stage.page.get_by_label("Price")
    for entered, said in (
        ("1800", "The battery would pay for itself in about 9 years"),
        ("9e300", "The battery would not pay for itself within 25 years."),
    ):
        await price.fill(entered)
        await stage.settle()
        assert said in await stage.text()
    await stage.picture("battery-price")
    await price.fill("")
    await stage.settle()
    assert "arned back" not in await stage.text()
    assert await stage.overflow() == []
    assert not stage.errors


async def test_the_price_in_five_languages(stage: Stage) -> None:
    for language, said in {
        "de": "Sie rechnet sich nach etwa 9 Jahren",
        "fr": "Amortie après environ 9 ans",
        "lb": "Si wier no ongeféier 9 Joer erakritt",
        "pt": "Recuperada após cerca de 9 anos",
    }.items():
        await stage.show(BATTERY, language=language, answers=house_battery.answers())
        await stage.page.locator(f"{BATTERY} input[type=number]").fill("1800")
        await stage.settle()
        assert said in (await stage.text()).replace("\N{NO-BREAK SPACE}", " ")
        assert await stage.overflow() == []
    assert not stage.errors


async def test_what_is_missing_is_said(stage: Stage) -> None:
    for reason, text in (
        (
            "too_few_days",
            "This needs 300 measured days of the last twelve whole months; 46 are known.",
        ),
        (
            "no_feed_in_price",
            "The feed-in price is missing. Enter the value",
        ),
    ):
        refusal = {"reason": reason, "days": 46, "least_days": 300}
        answer = {"smarty_p1/what_if": {"what_if": None, "refusal": refusal}}
        await stage.show(BATTERY, answers=answer)
        assert text in await stage.text()
        assert await stage.page.locator(f"{BATTERY} input").count() == 0
    assert not stage.errors
