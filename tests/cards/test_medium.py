"""The card of a gas, water or heat meter: today, how the month goes, and where water may leak."""

from datetime import date, datetime

import pytest

from smartyp1.entities.devices import MBUS_MODEL

from . import house, house_medium as media
from .house import Json
from .stage import Stage

CARD = "smarty-p1-medium"


NIGHTS = {f"n2026_11_{day}": [3, 2, 4] for day in (19, 20, 21)}


@pytest.mark.parametrize(
    ("found", "words"),
    [
        # Today 0.4 of 4.5 m³ on a Saturday. 15 weekdays of 5.9 and 5 others of 4.5 m³ are 111 m³;
        # a year ago 14 of 5.4 and 6 of 4.
        (media.gas(), "Gas 18:00 20 kWh today … up to the 20th: 11% more than on … 1,243 kWh 1 7"),
        (media.gas(), "converted to kWh at 11.20 kWh/m³ Show costs in euros"),
        (media.gas(kwh_per_m3=None), "Gas 18:00 1.80 m³ today … 987 m³ Show kWh and euros"),
        (media.gas(costs=media.gas_costs()), "Gas until 20 Nov, 24:00 110 € this month … of 10 €."),
        (media.gas(costs=media.gas_costs()), "111.00 m³ × 0.90 €, plus the fixed price of 15.00 €"),
        # Until a day is whole, there are no costs.
        (media.gas(costs=media.gas_costs(month=None)), "Gas 18:00 20 kWh today November up to"),
        (media.water(), "Water 18:15 140 L today … up to the 20th: 7% less than on … 0 L, no sign"),
        (media.water(hours=media.hours(**NIGHTS)), "On the last 3 nights, … 02:00\u201305:00: 9 L"),
        (media.heat(), "Heat 18:00 20 kWh today … October 1,292 kWh … 0.072 GJ × 277.8 = 20 kWh"),
    ],
)
async def test_each_kind_has_its_units(stage: Stage, found: Json, words: str) -> None:
    await stage.show(CARD, answers=media.answers(found))
    await stage.sees(*words.split(" … "))


async def test_who_may_not_change_options_is_not_sent_there(stage: Stage) -> None:
    await stage.show(CARD, answers=media.answers(media.gas(kwh_per_m3=None)), is_admin=False)
    await stage.sees("Gas 18:00 1.80 m³ today")
    assert "Show kWh" not in await stage.text()


async def test_the_last_telegram_is_counted_and_an_old_reading_says_so(stage: Stage) -> None:
    reading = {"index": 828.277, "unit": "m3", "time": "2026-11-21T17:30:00+00:00", "flow": 0.08}
    live = {media.WATER: reading}
    await stage.show(CARD, answers=media.answers(media.water(), live=live))
    await stage.sees("Water 18:30 160 L today")
    # Another meter in its place begins at another index.
    await stage.send(house.live(media={media.WATER: reading | {"index": 1.5}}))
    await stage.sees("Water 18:30 140 L today")
    for time, words in (
        ("2026-11-21T21:16:00+01:00", "Water last 18:15"),
        ("2026-11-22T00:20:00+01:00", "Water last 21 Nov, 18:15 \u2013 L today"),
        ("2026-11-24T12:00:00+01:00", "No reading since 21 Nov, 18:15."),
    ):
        answers = media.answers(media.water())
        await stage.show(CARD, answers=answers, now=datetime.fromisoformat(time))
        await stage.sees(words)


async def test_a_day_is_chosen_with_the_keys_and_with_a_finger(stage: Stage) -> None:
    await stage.show(CARD, answers=media.answers(media.heat()))
    chart = stage.page.get_by_role("slider")
    assert await chart.get_attribute("aria-valuenow") == "20"
    await chart.press("Home")
    await stage.sees("1 November 50 kWh · 1 October 42 kWh")
    await chart.press("ArrowRight")
    await stage.sees("2 November 50 kWh · 2 October 42 kWh")
    await chart.press("Escape")
    await stage.sees("November up to the 20th: 20% more")
    box = await chart.bounding_box()
    assert box
    await stage.page.mouse.move(box["x"] + 20.5 / 31 * box["width"], box["y"] + 50)
    await stage.sees("21 November (so far) 20 kWh · 21 October 42 kWh")
    await stage.click(stage.page.get_by_role("button", name="Show as table"))
    head = await stage.page.locator("thead th").all_inner_texts()
    assert head == ["Day", "November", "October"]
    assert await stage.page.locator("tbody tr").count() == 31
    cells = await stage.page.locator("tbody tr").nth(20).locator("td").all_inner_texts()
    assert [cell.replace("\u00a0", " ") for cell in cells] == ["20 kWh (so far)", "42 kWh"]
    assert not await stage.overflow()


async def test_a_meter_is_chosen_by_its_device_and_has_the_name_of_the_user(stage: Stage) -> None:
    answers = media.answers(media.gas(), media.water(), media.heat())
    for config, words in (
        ({"entry_id": house.ENTRY, "meter": media.WATER}, "140 L today"),
        # As it is chosen in the form.
        ({"device": "device_heat"}, "Heat 18:00"),
        (
            {"meter": "of another house"},
            "The electricity meter is not reading this gas, water or heat meter",
        ),
    ):
        await stage.show(CARD, answers=answers, config=config)
        await stage.sees(words)

    answers = media.answers(media.gas(), media.gas(meter="GAS0790002579999"))
    await stage.show(CARD, answers=answers)
    await stage.sees("Gas 4001")
    # With several electricity meters, the card also says by which one it is read.
    [meter] = answers["smarty_p1/meters"]["meters"]
    meters = [meter | {"title": "House"}, meter | {"entry_id": "b", "title": "Heat pump"}]
    answers["smarty_p1/meters"] = {"meters": meters}
    await stage.show(CARD, answers=answers, config={"entry_id": "b"}, language="de")
    await stage.sees("Gas 4001, Heat pump")
    await stage.page.evaluate(
        """() => {
            const devices = { device_gas: { id: "device_gas", name_by_user: "Boiler" } };
            const { hass } = stage;
            document.querySelector("smarty-p1-medium").hass =
                { ...hass, devices, themes: { darkMode: false } };
        }"""
    )
    await stage.sees("Boiler")
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


async def test_an_unknown_or_refused_meter_has_words(stage: Stage) -> None:
    reading = {"index": 5.5, "unit": "m3", "time": "2026-11-21T17:30:00+00:00", "flow": None}
    begun = media.days(date(2026, 11, 21), media.gas_of)
    odd = media.gas(type="constructor", unit=None, kwh_per_m3=None)
    for answers, words in (
        (media.answers(media.gas(days=None)), "Gas 18:00 Meter reading 4,321.987 m³ at 18:00."),
        (media.answers(media.gas(days=None, index=None, time=None)), "Gas No reading yet."),
        (media.answers(media.gas(days=begun)), "starts with the first whole day. Today 1.80 m³"),
        (media.answers(odd), "M-Bus meter 18:00 1.80 today"),
        (media.answers(state="waiting", media=[]), "No reading yet."),
        (
            media.answers(media.gas()) | {"smarty_p1/media": {"error": "unauthorized"}},
            "You are not allowed to see this meter",
        ),
        # Its index is known by the subscription, whatever becomes of the other answer.
        (
            media.answers(media.gas(), live={media.GAS: reading})
            | {"smarty_p1/media": {"error": "unreadable"}},
            "Meter reading 5.500 m³ at 18:30.",
        ),
    ):
        await stage.show(CARD, answers=answers, config={"meter": media.GAS})
        await stage.sees(words)
        assert not await stage.overflow()
    await stage.show(CARD, answers=media.answers())
    await stage.sees("The electricity meter reads no gas, water or heat meter.")
