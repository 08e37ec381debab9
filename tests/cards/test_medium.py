"""The card of a gas, water or heat meter: today, how the month goes, and where water may leak."""

from datetime import date, datetime
from typing import Any

import pytest

from custom_components.smarty_p1.lib.entities.devices import MBUS_MODEL

from . import house, house_medium as media
from .stage import Stage

CARD = "smarty-p1-medium"
MAX_TURNS = 50


async def settled(stage: Stage) -> str:
    """Return what the page says once no card waits any more."""
    for _ in range(MAX_TURNS):
        text = await stage.text()
        if "One moment" not in text:
            return text
        await stage.settle()
    pytest.fail(f"It waits for too long: {text}")


async def said_by(stage: Stage, words: str) -> None:
    """Wait until the page says this."""
    for _ in range(MAX_TURNS):
        text = await stage.text()
        if words in text:
            return
        await stage.settle()
    pytest.fail(f"{words!r} is not in {text!r}")


async def test_gas_in_kwh_on_the_same_month_a_year_ago(stage: Stage) -> None:
    await stage.show(CARD, answers=media.answers(media.gas()))
    text = await settled(stage)
    # Today 0.4 of 4.5 m³ on a Saturday.
    assert "Gas 18:00 20 kWh today" in text
    # 15 weekdays of 5.9 and 5 others of 4.5 m³ are 111 m³; a year ago 14 of 5.4 and 6 of 4.
    assert "November by the 20th: 11% more than in November 2025" in text
    assert "1,243 kWh 1 7 14 21 28" in text
    assert "Today 1.80 m³, converted at 11.20 kWh/m³" in text
    assert not stage.errors
    assert not await stage.overflow()


async def test_gas_in_cubic_metres_until_the_bill_is_looked_up(stage: Stage) -> None:
    gas = media.gas(kwh_per_m3=None)
    await stage.show(CARD, answers=media.answers(gas))
    text = await settled(stage)
    assert "Gas 18:00 1.80 m³ today" in text
    assert "111.0 m³" in text
    assert "Meter reading 4,321.987 m³ Show kWh and euros" in text
    await stage.close()
    # Who may not change options is not sent there.
    await stage.show(CARD, answers=media.answers(gas), is_admin=False)
    assert "Show kWh" not in await settled(stage)


async def test_gas_in_euros_beside_the_same_days_a_year_ago(stage: Stage) -> None:
    gas = media.gas(costs=media.gas_costs())
    await stage.show(CARD, answers=media.answers(gas))
    text = await settled(stage)
    assert "Gas until 20 Nov, 24:00 110 € this month" in text
    assert (
        "This amount includes a fixed price of 10 €. November 2025 by the 20th: 100 € at "
        "today's price." in text
    )
    assert "111.00 m³ × 0.90 €, plus 20 of 30 days of the fixed price 15.00 €. With VAT," in text
    assert "at your own prices. Today 20 kWh" in text
    assert "Show costs" not in text
    assert "Show kWh" not in text
    chart = stage.page.get_by_role("slider", name="Choose a day")
    # The 1st is a Sunday: 4.5 m³ and half a euro; a year ago a Saturday, 4 m³.
    await chart.press("Home")
    await stage.settle()
    await said_by(stage, "1 November 4.55 € · 1 November 2025 4.10 €")
    assert not await stage.overflow()
    await stage.close()
    # Until a day is whole, and without a price, the card says what it said before.
    await stage.show(CARD, answers=media.answers(media.gas(costs=media.gas_costs(month=None))))
    text = await settled(stage)
    assert "Gas 18:00 20 kWh today November by the 20th: 11% more" in text
    assert "Show costs" not in text
    assert "Show kWh" not in text
    await stage.close()
    await stage.show(CARD, answers=media.answers(media.gas()))
    await said_by(stage, "at 11.20 kWh/m³ Show costs in euros")


async def test_water_and_the_night(stage: Stage) -> None:
    await stage.show(CARD, answers=media.answers(media.water()))
    text = await settled(stage)
    assert "Water 18:15 140 L today" in text
    assert "November by the 20th: 7% less than in October" in text
    assert "Last night 02:00\u201305:00: 0 L, no sign of a leak" in text
    assert "7.4 m³" in text


async def test_water_that_runs_in_every_hour_of_three_nights(stage: Stage) -> None:
    nights = {f"n2026_11_{day}": [3, 2, 4] for day in (19, 20, 21)}
    found = media.water(hours=media.hours(**nights))
    await stage.show(CARD, answers=media.answers(found))
    warning = "Water ran in every hour of 3 nights. Last night 02:00\u201305:00: 9 L"
    await said_by(stage, warning)


async def test_heat_in_kwh_of_its_gigajoules(stage: Stage) -> None:
    await stage.show(CARD, answers=media.answers(media.heat()))
    text = await settled(stage)
    assert "Heat 18:00 20 kWh today" in text
    assert "November by the 20th: 20% more than in October" in text
    assert "1,000 kWh" in text
    assert "October 1,292 kWh" in text
    assert "Today 0.072 GJ" in text


async def test_the_meter_that_is_asked_for(stage: Stage) -> None:
    answers = media.answers(media.gas(), media.water(), media.heat())
    await stage.show(CARD, answers=answers, config={"entry_id": house.ENTRY, "meter": media.WATER})
    await said_by(stage, "140 L today")
    await stage.close()
    # As it is chosen in the form.
    await stage.show(CARD, answers=answers, config={"device": "device_heat"})
    await said_by(stage, "Heat 18:00")
    await stage.close()
    await stage.show(CARD, answers=answers, config={"meter": "of another house"})
    await said_by(stage, "The electricity meter does not read this meter")


async def test_the_index_of_the_last_telegram_is_counted(stage: Stage) -> None:
    reading = {"index": 828.277, "unit": "m3", "time": "2026-11-21T17:30:00+00:00", "flow": 0.08}
    live = {media.WATER: reading}
    await stage.show(CARD, answers=media.answers(media.water(), live=live))
    await said_by(stage, "Water 18:30 160 L today")
    # Another meter in its place begins at another index.
    await stage.send(house.live(media={media.WATER: reading | {"index": 1.5}}))
    await said_by(stage, "Water 18:30 140 L today")


async def test_a_reading_that_is_old_says_so(stage: Stage) -> None:
    answers = media.answers(media.water())
    at = datetime.fromisoformat
    await stage.show(CARD, answers=answers, now=at("2026-11-21T21:16:00+01:00"))
    await said_by(stage, "Water last 18:15")
    await stage.close()
    await stage.show(CARD, answers=answers, now=at("2026-11-22T00:20:00+01:00"))
    text = await settled(stage)
    assert "Water last 21 Nov, 18:15 \u2013 L today" in text
    assert "by the 20th" in text
    await stage.close()
    await stage.show(CARD, answers=answers, now=at("2026-11-24T12:00:00+01:00"))
    await said_by(stage, "No reading since 21 Nov, 18:15.")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            media.gas(days=None),
            "Gas 18:00 Meter reading 4,321.987 m³ at 18:00.",
        ),
        (
            media.gas(days=None, index=None, time=None),
            "Gas No reading yet. These meters are read about once an hour.",
        ),
        (
            media.gas(days=media.days(date(2026, 11, 21), media.gas_of)),
            "starts with the first whole day. Today 1.80 m³, converted at 11.20 kWh/m³",
        ),
        (
            media.gas(days=media.days(date(2026, 11, 16), media.gas_of)),
            "Since 16 November: 330 kWh by the 20th",
        ),
        (
            media.gas(days=media.days(date(2026, 9, 1), media.gas_of, d2026_11_05=None)),
            "so nothing is compared. November at least 1,177 kWh",
        ),
        (
            media.gas(days=media.days(date(2026, 10, 5), media.gas_of)),
            "November by the 20th: 1,243 kWh . Too little of October is known to compare.",
        ),
        (media.gas(type="constructor", unit=None, kwh_per_m3=None), "M-Bus meter 18:00 1.80 today"),
    ],
)
async def test_what_is_not_known_is_said(stage: Stage, found: dict[str, Any], said: str) -> None:
    await stage.show(CARD, answers=media.answers(found), config={"meter": media.GAS})
    await said_by(stage, said)
    assert not stage.errors
    assert not await stage.overflow()


async def test_without_another_meter_there_are_words(stage: Stage) -> None:
    await stage.show(CARD, answers=media.answers())
    await said_by(stage, "The electricity meter reads no gas, water or heat meter.")
    await stage.close()
    waiting = media.answers(state="waiting", media=[])
    await stage.show(CARD, answers=waiting, config={"meter": media.GAS})
    await said_by(stage, "No reading yet.")
    await stage.close()
    refused = media.answers(media.gas()) | {"smarty_p1/media": {"error": "unauthorized"}}
    await stage.show(CARD, answers=refused)
    await said_by(stage, "You are not allowed to see this meter")
    await stage.close()
    # Its index is known by the subscription, whatever becomes of the other answer.
    reading = {"index": 5.5, "unit": "m3", "time": "2026-11-21T17:30:00+00:00", "flow": None}
    broken = media.answers(media.gas(), live={media.GAS: reading})
    await stage.show(CARD, answers=broken | {"smarty_p1/media": {"error": "unreadable"}})
    await said_by(stage, "Meter reading 5.500 m³ at 18:30.")


async def test_a_day_is_chosen_with_the_keys_and_with_a_finger(stage: Stage) -> None:
    await stage.show(CARD, answers=media.answers(media.heat()))
    chart = stage.page.get_by_role("slider")
    assert await chart.get_attribute("aria-valuenow") == "20"
    await chart.press("Home")
    await stage.settle()
    await said_by(stage, "1 November 50 kWh · 1 October 42 kWh")
    await chart.press("ArrowRight")
    await stage.settle()
    assert await chart.get_attribute("aria-valuetext") == (
        "2 November 50\u00a0kWh · 2 October 42\u00a0kWh"
    )
    await chart.press("Escape")
    await stage.settle()
    await said_by(stage, "November by the 20th: 20% more")
    box = await chart.bounding_box()
    assert box
    await stage.page.mouse.move(box["x"] + 20.5 / 31 * box["width"], box["y"] + 50)
    await stage.settle()
    await said_by(stage, "21 November (so far) 20 kWh · 21 October 42 kWh")


async def test_the_table_has_the_days_of_both_months(stage: Stage) -> None:
    await stage.show(CARD, answers=media.answers(media.gas()))
    await stage.page.get_by_role("button", name="Show as table").click()
    await stage.settle()
    head = await stage.page.locator("thead th").all_inner_texts()
    assert head == ["Day", "November", "October", "November 2025"]
    assert await stage.page.locator("tbody tr").count() == 31
    cells = await stage.page.locator("tbody tr").nth(20).locator("td").all_inner_texts()
    assert [cell.replace("\u00a0", " ") for cell in cells] == [
        "20 kWh (so far)",
        "49 kWh",
        "60 kWh",
    ]
    assert not await stage.overflow()


async def test_the_name_is_that_of_the_user_and_tells_meters_apart(stage: Stage) -> None:
    other = media.gas(meter="GAS0790002579999")
    answers = media.answers(media.gas(), other)
    await stage.show(CARD, answers=answers)
    await said_by(stage, "Gas 4001")
    # With several electricity meters, the card also says by which one it is read.
    [meter] = answers["smarty_p1/meters"]["meters"]
    meters = [meter | {"title": "House"}, meter | {"entry_id": "b", "title": "Heat pump"}]
    answers["smarty_p1/meters"] = {"meters": meters}
    await stage.show(CARD, answers=answers, config={"entry_id": "b"})
    await said_by(stage, "Gas 4001, Heat pump")
    await stage.page.evaluate(
        """() => {
            const devices = { device_gas: { id: "device_gas", name_by_user: "Boiler" } };
            const { hass } = stage;
            document.querySelector("smarty-p1-medium").hass =
                { ...hass, devices, themes: { darkMode: false } };
        }"""
    )
    await stage.settle()
    await said_by(stage, "Boiler")


async def test_a_meter_is_chosen_by_its_device(stage: Stage) -> None:
    await stage.show(CARD, answers=media.answers(media.gas()), language="de")
    form = await stage.page.evaluate(
        """() => {
            const { schema, computeLabel } = customElements.get("smarty-p1-medium").getConfigForm();
            return schema.map((field) => [field.name, computeLabel(field), field.selector]);
        }"""
    )
    assert [field[:2] for field in form] == [
        ["entry_id", "Z\u00e4hler"],
        ["device", "Gas-, Wasser- oder W\u00e4rmez\u00e4hler"],
    ]
    [wanted] = form[1][2]["device"]["filter"]
    assert wanted == {"integration": "smarty_p1", "model": MBUS_MODEL}


async def show_all(
    stage: Stage,
    found: list[media.Json],
    **page: Any,  # noqa: ANN401 - as of the stage
) -> None:
    """Show a card for each of them."""
    first, *others = [each["meter"] for each in found]
    await stage.show(CARD, answers=media.answers(*found), config={"meter": first}, **page)
    for meter in others:
        await stage.page.evaluate(
            "([type, config]) => stage.place(type, config).then(() => 0)", [CARD, {"meter": meter}]
        )
    # What is not in view asks nothing.
    for card in await stage.page.locator(CARD).all():
        await card.scroll_into_view_if_needed()
        for _ in range(MAX_TURNS):
            await stage.settle()
            if await card.locator(".plot").count():
                break
    assert not stage.errors
    assert not await stage.overflow()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("language", ["en", "fr"])
async def test_pictures(stage: Stage, language: str, width: int, *, dark: bool) -> None:
    euros = media.gas(meter="GAS0790002579999", costs=media.gas_costs())
    found = [media.gas(), euros, media.water(), media.heat()]
    await show_all(stage, found, width=width, dark=dark, language=language, time_format="language")
    assert await stage.page.locator("ha-card").count() == len(found)
    await stage.picture(f"medium-{width}-{language}-{'dark' if dark else 'light'}")
