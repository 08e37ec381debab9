"""The card with the bill of a month, which can be laid beside the paper."""

import re

import pytest

from . import house, house_now, house_sun
from .house_bill import bills, earlier, running, show, without_energy_price, without_reference
from .stage import Stage

CARD = "smarty-p1-bill"
NOVEMBER = (
    "Energy 363.66 kWh × 0.1450 € 52.73 Supplier's fixed fee 20.8 of 30 days × 2.50 € 1.73 "
    "Grid charges, 7 kW 20.8 of 30 days × 12.84 € 8.89 Grid charges, per kWh "
    "363.66 kWh × 0.0510 € 18.55 "
    "Meter 20.8 of 30 days × 5.72 € 3.96 Surcharge above 7 kW 57.81 kWh × 0.0765 € 4.42 "
    "Electricity tax 363.66 kWh × 0.0010 € 0.36 Compensation mechanism 363.66 kWh × 0.0077 € 2.80 "
    "Total without VAT 93.44 VAT 8% 7.48 To the grid 48.98 kWh × 0.0782 € −3.83 "
    "Total so far until 21 Nov, 18:38 97.09 €"
)


async def clean(stage: Stage, picture: str) -> str:
    """Return what the card says, after a look at what must be right in all of its states."""
    await stage.picture(picture)
    assert not stage.errors
    assert not await stage.overflow()
    return (await stage.text()).strip()


async def test_the_bill_is_that_of_the_paper_line_by_line(stage: Stage) -> None:
    await show(stage, CARD, answers=bills() | house_sun.answers())
    text = await clean(stage, "bill-light-390-en")
    head = "November 2026 97.09 € so far until 21 Nov, 18:38 measured for 99.8% of the time "
    head += "Forecast until 30 November: 135 to 155 €"
    assert head in text
    assert "Solar power saved you 8 € this month: 38 kWh that you did not have to buy." in text
    assert NOVEMBER in text
    # The meter goes away and leaves its last bill.
    await stage.page.evaluate("stage.answer({'smarty_p1/bill': {error: 'not_loaded'}})")
    await stage.send(house.gone())
    assert NOVEMBER in await stage.text()
    # What is shown adds up, and each amount can be calculated.
    await show(stage, CARD, answers=bills(earlier()[0]))
    text = (await stage.text()).replace("−", "-").replace(",", "")
    for quantity, price, amount in re.findall(r"(\d[\d.]*) kWh × (-?[\d.]+) € (-?[\d.]+)", text):
        assert f"{abs(float(quantity) * float(price)) + 1e-9:.2f}" == amount.strip("-")
    amounts = re.findall(r"(?:€|%) (-?[\d.]+)(?= [A-Z])", text.split("Amount in €")[1])
    net = float(re.findall(r"Total without VAT (-?[\d.]+)", text)[0])
    assert sum(map(float, amounts[:-2])) == pytest.approx(net)
    total = float(re.findall(r"To pay ([\d.]+)", text)[0])
    assert net + float(amounts[-1]) + float(amounts[-2]) == pytest.approx(total)


async def test_turning_the_months_by_arrows_and_keys(stage: Stage) -> None:
    await show(stage, CARD, answers=bills(*earlier()[-3:], running()))
    before = stage.page.get_by_role("button", name="Previous month")
    assert await stage.page.get_by_role("button", name="Next month").is_disabled()
    box = await before.bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= 44
    await before.click()
    await stage.settle()
    text = await clean(stage, "bill-october")
    assert "October 2026 144.16 € measured for 100% of the time Line" in text
    assert "Supplier's fixed fee 1 month × 2.50 € 2.50" in text
    await before.focus()
    for key in ("ArrowLeft", "ArrowRight", "ArrowLeft", "ArrowLeft"):
        await stage.page.keyboard.press(key)
        await stage.settle()
    # The first known month is the last to turn to.
    assert "August 2026" in await stage.text()
    assert await before.is_disabled()


async def test_what_is_missing_has_a_link(stage: Stage) -> None:
    await show(stage, CARD, answers=bills(without_energy_price(running())))
    text = await clean(stage, "bill-no-energy-price")
    head = "November 2026 – € until 21 Nov, 18:38 measured for 99.8% of the time "
    assert head + "The sum of 38.27 € does not include" in text
    link = stage.page.get_by_role("link", name="Enter the prices")
    path = "/config/integrations/integration/smarty_p1#config_entry=house"
    assert await link.get_attribute("href") == path

    known = [without_reference(each) for each in (*earlier(), running())]
    await show(stage, CARD, "smarty-p1-months", answers=bills(*known), is_admin=False)
    text = await clean(stage, "bill-no-reference")
    sentence = "To show costs, this card needs your reference power. Your bill states this power."
    assert text.count(sentence) == 1
    assert text.count("An administrator can enter the missing value.") == 2
    # The energy has a price, so its costs are known.
    assert "20.00 € without the grid charges, the surcharge. They depend on" in text
    assert "Sum of known parts until 21 Nov, 18:38 20.00 €" in text
    assert await stage.page.get_by_role("link").count() == 0


async def test_screen_readers_hear_what_is_drawn(stage: Stage) -> None:
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


async def test_a_first_month_that_would_show_0_kwh_shows_nothing(stage: Stage) -> None:
    cards = (CARD, "smarty-p1-months", "smarty-p1-so-far")
    for first, energies in ((True, 0.049), (False, 0.051)):
        bill = without_reference(running(imported_kwh=energies, exported_kwh=0.0))
        bill |= {"subtotal": None, "missing": ["energy", *bill["missing"]]}
        of_day = {"imported_wh": energies * 1000, "exported_wh": 0, "quarter_hours": 0}
        days = {"days": [house_now.day(21, **of_day, cost=None)]}
        await show(stage, *cards, answers=bills(bill) | {"smarty_p1/days": days})
        text = await clean(stage, "first-minutes")
        assert ("Nothing has been counted yet." in text) == first
        assert ("No data yet." in text) == first
        assert ("kWh" in text) != first


async def test_errors_and_odd_answers_are_no_end(stage: Stage) -> None:
    for code, said in (
        ("nothing_counted", "The bill begins with the first quarter-hour."),
        ("not_loaded", "The bill returns with the next readings."),
        ("not_answered", "Home Assistant does not answer."),
    ):
        await show(stage, CARD, "smarty-p1-months", answers={"smarty_p1/bill": {"error": code}})
        assert (await clean(stage, f"bill-{code}")).count(said) == 2
    line = {"name": "energy", "quantity": None, "unit": "kWh", "price": None, "amount": None}
    long = {"name": "x" * 300, "quantity": 1e308, "unit": "€€€", "price": -1e-300, "amount": 1e20}
    unknown = dict.fromkeys(("vat_rate", "vat", "net", "reference_kw"))
    estimate = dict.fromkeys(("total", "low", "high"))
    odd = running(lines=[line, long], parts={}, estimate=estimate, **unknown)
    await show(stage, CARD, "smarty-p1-months", answers=bills(odd))
    text = await clean(stage, "bill-odd")
    assert "Energy – " in text
    assert "About" not in text
