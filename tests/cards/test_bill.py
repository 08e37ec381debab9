"""The bill of a month, to be laid beside the paper, and the card with the months side by side."""

from . import house, house_sun, house_today
from .house_bill import bill, bills, earlier, line, running, show
from .stage import Stage

CARD, MONTHS = "smarty-p1-bill", "smarty-p1-months"
NOVEMBER = (
    "Energy 363.66 kWh × 0.1450 € 52.73 Supplier's fixed fee 20.8 of 30 days × 2.50 € 1.73 "
    "Grid charges, 7 kW 20.8 of 30 days × 12.84 € 8.89 Grid charges, per kWh "
    "363.66 kWh × 0.0510 € 18.55 "
    "Meter 20.8 of 30 days × 5.72 € 3.96 Surcharge above 7 kW 57.81 kWh × 0.0765 € 4.42 "
    "Electricity tax 363.66 kWh × 0.0010 € 0.36 Compensation mechanism 363.66 kWh × 0.0077 € 2.80 "
    "Total without VAT 93.44 VAT 8% 7.48 To the grid 48.98 kWh × 0.0782 € −3.83 "
    "Total so far 97.09 €"
)


async def clean(stage: Stage, picture: str) -> str:
    """Return the text of the card, after a check that holds for all of its states."""
    await stage.picture(picture)
    assert not await stage.overflow()
    return (await stage.text()).strip()


async def test_the_bill_is_that_of_the_paper_line_by_line(stage: Stage) -> None:
    await show(stage, CARD, answers=bills() | house_sun.answers())
    text = await clean(stage, "bill-light-390-en")
    head = "November 2026 97.09 € so far until 21 Nov, 18:38 measured for 99.8% of the time "
    head += "Forecast until 30 November: 135 to 155 €"
    assert head in text
    box = await stage.page.get_by_role("button", name="Previous month").bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= 44
    assert "Solar power saved you 8 € this month: 38 kWh that you did not have to buy." in text
    assert NOVEMBER in text
    # The meter goes away and leaves its last bill.
    await stage.page.evaluate("stage.answer({'smarty_p1/bill': {error: 'not_loaded'}})")
    await stage.send(house.gone())
    assert NOVEMBER in await stage.text()


async def test_screen_readers_hear_the_drawn_values(stage: Stage) -> None:
    community = {"name": "community", "quantity": 90, "unit": "kWh", "price": 0.1, "amount": 9}
    shared = {"total": -6.38, "shared_kwh": 90, "community": community}
    entity = {"entity_id": "sensor.cost", "platform": "smarty_p1", "device_id": house.DEVICE}
    entities = {"sensor.cost": entity | {"translation_key": "cost_total"}}
    answers = bills(running(**shared, total_with_community=2.62))
    await show(stage, CARD, answers=answers, entities=entities)
    head = stage.card(CARD).locator(".big")
    assert (await head.inner_text()).split() == ["2.62", "€", "so", "far"]
    label = await head.get_by_role("button").get_attribute("aria-label")
    assert label is not None
    assert "Owed to supplier and community 2.62\xa0€" in label
    # A row without a quantity has its amount in the third column, too.
    row = stage.card(CARD).get_by_role("row").filter(has_text="Total without VAT")
    columns = await row.locator("[aria-colindex]").evaluate_all(
        "cells => cells.map(({ ariaColIndex, innerText }) => `${ariaColIndex} ${innerText}`)"
    )
    assert columns == ["1 Total without VAT", "3 93.44"]


async def values(stage: Stage) -> list[str]:
    """Return the texts at the ticks, from the first month to the last."""
    found = await stage.page.locator("svg text.value").evaluate_all(
        "texts => texts.map(each => [each.getBoundingClientRect().x, each.textContent]).sort((a, b) => a[0] - b[0]).map(each => each[1])"  # noqa: E501
    )
    return [each.replace("\u00a0", " ") for each in found]


async def tap(stage: Stage, column: int) -> None:
    """Tap on a month, counted from 0."""
    box = await stage.page.get_by_role("slider").bounding_box()
    assert box
    # The scale is left of the months.
    letter = await stage.page.locator("svg > text[y='230']").nth(column).bounding_box()
    assert letter
    await stage.page.mouse.click(letter["x"] + letter["width"] / 2, box["y"] + 60)
    await stage.settle()


async def test_twelve_whole_months_and_the_running_one(stage: Stage) -> None:
    await show(stage, MONTHS, answers=bills(), width=500)
    text = await clean(stage, "months-light-500-en")
    assert text.startswith(
        "Twelve months and this one € kWh 97 € a month on average The cheapest month was "
        "June, the most expensive December"
    )
    assert (
        "with VAT November so far 12 months Energy 59 € 855 € Grid, meter, levies 37 € 568 € "
        "Surcharge above 7 kW 5 € 58 € To the grid −4 € −316 € "
        "To pay after deducting feed-in 97 € 1,165 € "
        "November 2025 \N{EN DASH} October 2026: 12 months, each at its own prices, with VAT."
    ) in text
    shown = ["138", "167", "159", "140", "126", "91", "48", "−2", "29", "16", "108", "144", "≈ 145"]
    assert await values(stage) == shown
    await stage.show_table("smarty-p1-months")
    text = await clean(stage, "months-table")
    assert "Month Energy Grid, meter, levies Surcharge above 7 kW To the grid To pay" in text
    rows = await stage.page.locator(".behind tbody tr").all_inner_texts()
    assert len(rows) == 13


async def test_a_part_of_the_months_is_hidden_and_shown_again(stage: Stage) -> None:
    await show(stage, MONTHS, answers=bills(), width=500)
    before = await values(stage)
    await stage.show_table(MONTHS)
    cells = stage.page.locator(".behind tbody tr")
    table = [
        [
            int(cell.replace("\N{MINUS SIGN}", "-"))
            for cell in await row.locator("td").all_inner_texts()
        ]
        for row in await cells.all()
    ]
    buttons = stage.page.locator(".parts button")
    names = await buttons.all_inner_texts()
    assert names == ["Energy", "Grid, meter, levies", "Surcharge above 7\u00a0kW", "To the grid"]
    drawn = stage.page.locator(".chart path[d]:not([d=''])")
    paths = await drawn.count()
    for part, name in enumerate(names):
        button = stage.page.get_by_role("button", name=name, pressed=True)
        await stage.press("Enter", at=button)
        button = stage.page.get_by_role("button", name=name, pressed=False)
        assert (
            await button.evaluate("one => getComputedStyle(one).textDecorationLine")
            == "line-through"
        )
        # Without a part, there are no ticks, no forecast, and the sums of the other parts.
        assert await drawn.count() == paths - 4
        shown = [int(text.replace("\N{MINUS SIGN}", "-")) for text in await values(stage)]
        for value, row in zip(shown, table, strict=True):
            assert abs(value - (sum(row[:4]) - row[part])) <= 1
        await stage.click(button)
        assert await values(stage) == before
        assert await drawn.count() == paths
    for name in names:
        await stage.click(stage.page.get_by_role("button", name=name))
    assert set(await values(stage)) == {"0"}


async def test_a_month_that_is_tapped_turns_the_bill(stage: Stage) -> None:
    unknown = dict.fromkeys(("net", "vat", "total"))
    known = earlier()
    known[4] |= {**unknown, "missing": ["surcharge"], "parts": {}}
    await show(stage, CARD, MONTHS, answers=bills(*known, running()), width=500)
    asked = {"type": "smarty_p1/bill", "months": 13, "entry_id": "house"}
    assert await stage.asked("bill") == [asked]
    await tap(stage, 7)
    text = await clean(stage, "months-june")
    assert "June 2026 2.10 € credit" in text
    assert "with VAT June 11 months" in text
    # Turned by the other card, this one follows.
    await stage.click(stage.page.get_by_role("button", name="Next month"))
    assert "with VAT July 11 months" in await stage.text()
    # A month without a total is a gap.
    assert len(await values(stage)) == 12
    await tap(stage, 4)
    assert "with VAT March 11 months Energy – " in await stage.text()


async def test_a_chosen_date_holds_for_all_cards(stage: Stage) -> None:
    await show(stage, CARD, "smarty-p1-today", answers=bills() | house_today.answers())
    day = stage.page.locator("smarty-p1-today .pick")
    month = stage.page.locator("smarty-p1-bill h2")

    async def chosen() -> list[str]:
        return [await each.inner_text() for each in (day, month)]

    assert await chosen() == ["Saturday 21 November", "November 2026"]
    await stage.click(stage.page.get_by_role("button", name="Previous month"))
    assert await chosen() == ["Saturday 31 October", "October 2026"]
    for name in ("Previous day", "Next day", "Next day"):
        await stage.click(stage.page.get_by_role("button", name=name))
    assert await chosen() == ["Sunday 1 November", "November 2026"]
    # The cards of another view are made when it is opened.
    await stage.click(stage.page.get_by_role("button", name="Previous month"))
    await stage.page.evaluate("document.querySelector('main').replaceChildren()")
    await stage.page.evaluate("stage.place('smarty-p1-today', {}).then(() => 0)")
    await stage.settle()
    assert await day.inner_text() == "Saturday 31 October"
    await stage.page.evaluate("stage.place('smarty-p1-bill', {}).then(() => 0)")
    await stage.settle()
    await stage.click(stage.page.get_by_role("button", name="Next month"))
    assert await chosen() == ["Saturday 21 November", "November 2026"]


async def test_a_busy_home_assistant_is_asked_again_until_the_card_is_removed(stage: Stage) -> None:
    answers = bills()
    await stage.show(MONTHS, answers=answers | {"smarty_p1/bill": {"error": "busy"}})
    for _ in range(10):
        assert "One moment…" in await stage.text()
        await stage.passes(5)
    # The first refusal after a minute is shown; the pause before it is 8.8 s at most.
    for _ in range(4):
        await stage.passes(5)
    assert "Home Assistant does not answer." in await stage.text()
    odd = bill(
        "2026-10", [line("energy", "1e9", "0.145")], parts={"energy": -5e11, "network": None}
    )
    months = bills(odd, running(exported_kwh=None, parts={"energy": 97.09}))
    await stage.page.evaluate("answers => stage.answer(answers)", months)
    await stage.passes(9)
    await stage.settle()
    assert "97 €" in await clean(stage, "months-odd")
    assert not await stage.page.locator("path[d*=NaN], path[d*=Infinity]").count()

    await stage.show(MONTHS, answers={"smarty_p1/bill": {"error": "busy"}})
    await stage.page.evaluate("document.querySelector('main').replaceChildren()")
    before = await stage.asked("bill")
    assert before
    await stage.passes(30)
    assert await stage.asked("bill") == before
