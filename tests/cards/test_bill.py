"""The card with the bill of a month, which can be laid beside the paper."""

import re

import pytest

from . import house
from .house import Json
from .house_bill import (
    bill,
    bills,
    earlier,
    line,
    lines,
    running,
    show,
    without_energy_price,
    without_reference,
)
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
NOVEMBRE = (
    "Énergie 363,66 kWh × 0,1450 € 52,73 Prime du fournisseur 20,8 jours sur 30 × 2,50 € 1,73 "
    "Réseau, 7 kW 20,8 jours sur 30 × 12,84 € 8,89 Réseau, par kWh 363,66 kWh × 0,0510 € 18,55 "
    "Compteur 20,8 jours sur 30 × 5,72 € 3,96 Frais au-dessus de 7 kW 57,81 kWh × 0,0765 € 4,42 "
    "Taxe sur l'électricité 363,66 kWh × 0,0010 € 0,36 Mécanisme de compensation "
    "363,66 kWh × 0,0077 € 2,80 Total hors TVA 93,44 TVA 8 % 7,48 "
    "Injecté 48,98 kWh × 0,0782 € −3,83 "
    "Total jusqu'ici jusqu'au 21 nov., 18:38 97,09 €"
)


async def clean(stage: Stage, picture: str) -> str:
    """Return what the card says, after a look at what must be right in all of its states."""
    await stage.picture(picture)
    assert not stage.errors
    assert not await stage.overflow()
    return (await stage.text()).strip()


async def test_the_bill_is_that_of_the_paper_line_by_line(stage: Stage) -> None:
    await show(stage, CARD, answers=bills())
    text = await clean(stage, "bill-light-390-en")
    assert (
        "November 2026 97.09 € so far until 21 Nov, 18:38 99.8% measured Forecast: about 145 "
        "€ by 30" in text
    )
    assert NOVEMBER in text
    assert text.endswith("The surcharge for energy above 7 kW comes on top of the grid price.")


async def test_the_bill_in_french(stage: Stage) -> None:
    await show(stage, CARD, answers=bills(), language="fr", dark=True, width=500)
    text = await clean(stage, "bill-dark-500-fr")
    assert "Novembre 2026 97,09 € jusqu'ici jusqu'au 21 nov., 18:38 99,8 % mesuré" in text
    assert "Prévision : environ 145 € au 30 novembre" in text
    assert NOVEMBRE in text


async def test_what_is_shown_adds_up_and_each_amount_can_be_calculated(stage: Stage) -> None:
    for each in earlier()[::4]:
        await show(stage, CARD, answers=bills(each))
        text = (await stage.text()).replace("−", "-").replace(",", "")
        for quantity, price, amount in re.findall(
            r"(\d[\d.]*) kWh × (-?[\d.]+) € (-?[\d.]+)", text
        ):
            assert f"{abs(float(quantity) * float(price)) + 1e-9:.2f}" == amount.strip("-")
        amounts = re.findall(r"(?:€|%) (-?[\d.]+)(?= [A-Z])", text.split("Amount in €")[1])
        net = float(re.findall(r"Total without VAT (-?[\d.]+)", text)[0])
        fed_in, vat = float(amounts[-1]), float(amounts[-2])
        assert sum(map(float, amounts[:-2])) == pytest.approx(net)
        sign = -1 if "Credit" in text else 1
        total = sign * float(re.findall(r"(?:To pay|Credit) ([\d.]+)", text)[0])
        assert net + vat + fed_in == pytest.approx(total)
        await stage.close()


async def test_turning_the_months_by_arrows_and_keys(stage: Stage) -> None:
    await show(stage, CARD, answers=bills())
    earlier_month = stage.page.get_by_role("button", name="Previous month")
    later_month = stage.page.get_by_role("button", name="Next month")
    assert await later_month.is_disabled()
    box = await earlier_month.bounding_box()
    assert box
    assert box["width"] >= 44
    assert box["height"] >= 44
    await earlier_month.click()
    await stage.settle()
    text = await clean(stage, "bill-october")
    assert "October 2026 144.16 € 100% measured Line" in text
    assert "To pay 144.16 €" in text
    assert "Supplier's fixed fee 1 month × 2.50 € 2.50" in text
    assert "by 31" not in text
    await earlier_month.focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowRight"):
        await stage.page.keyboard.press(key)
        await stage.settle()
    assert "September 2026" in await stage.text()


async def test_the_first_month_known_is_the_last_to_turn_to(stage: Stage) -> None:
    await show(stage, CARD, answers=bills(*earlier()[-1:], running()))
    await stage.page.get_by_role("button", name="Previous month").click()
    await stage.settle()
    assert "October 2026" in await stage.text()
    assert await stage.page.get_by_role("button", name="Previous month").is_disabled()


async def test_without_an_energy_price_there_is_no_total_and_a_link(stage: Stage) -> None:
    await show(stage, CARD, answers=bills(without_energy_price(running())))
    text = await clean(stage, "bill-no-energy-price")
    assert "November 2026 – € until 21 Nov, 18:38" in text
    assert (
        "38.27 € without the energy itself. Enter the energy price to complete "
        "the bill. Enter the prices "
        "On the meter's page: gear icon \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} Contract"
    ) in text
    assert "Energy 363.66 kWh price missing Grid charges, 7 kW 20.8 of 30 days" in text
    assert "Grid charges and levies until 21 Nov, 18:38 38.27 €" in text
    link = stage.page.get_by_role("link", name="Enter the prices")
    path = "/config/integrations/integration/smarty_p1#config_entry=house"
    assert await link.get_attribute("href") == path


async def test_without_a_reference_power_both_cards_show_energy(stage: Stage) -> None:
    known = [without_reference(each) for each in (*earlier(), running())]
    await show(stage, CARD, "smarty-p1-months", answers=bills(*known), is_admin=False)
    text = await clean(stage, "bill-no-reference")
    sentence = "To show costs, this card needs your reference power. Your bill states this power."
    assert text.count(f"{sentence} An administrator can enter the missing value.") == 2
    assert "From the grid 363.66 kWh To the grid 48.98 kWh Highest quarter-hour 11 Nov" in text
    assert "438 kWh a month Least energy from the grid in June, most in December" in text
    assert "€" not in text.split("Amount in €")[1]
    assert await stage.page.get_by_role("link").count() == 0


async def test_what_is_received(stage: Stage) -> None:
    june = bill(
        "2026-11",
        lines("12", "0", "930.1", "0.692553"),
        until="2026-11-21T18:38:20+01:00",
        estimate={"total": -30.4, "low": -60.2, "high": -30.4},
    )
    await show(stage, CARD, answers=bills(june))
    text = await clean(stage, "bill-received")
    assert "November 2026 54.34 € credit so far until" in text
    assert "Forecast: about 30 € credit by 30 November" in text
    assert "(30 to" not in text
    assert text.endswith("Credit so far until 21 Nov, 18:38 54.34 €")


async def test_a_dynamic_price_sharing_and_what_is_not_in_the_amounts(stage: Stage) -> None:
    found = [line("energy", "263.662", "0.098765"), *lines("363.662", "57.812", "48.975")[1:]]
    more: Json = {
        "unpriced_kwh": 12.3,
        "shared_kwh": 100.0,
        "sharing_known_kwh": 300.0,
        "may_owe_less_network": 5.51,
        "since": "2026-11-03T00:00:00+01:00",
        "measured_share": 0.9723,
        "quarter_hours": 1990,
        "platform_quarter_hours": 400,
        "estimated_quarter_hours": 8,
    }
    await show(stage, CARD, answers=bills(bill("2026-11", found, **more)))
    text = await clean(stage, "bill-dynamic-shared")
    assert "Energy 263.66 kWh × 0.098765 € on average 26.04" in text
    assert "12.30 kWh have no known price and are billed at the mean price of the month." in text
    assert "To the energy community 100.00 kWh price missing" in text
    assert "Enter the community's price to include it. Enter the prices" in text
    assert "Energy sharing is known so far for 300.00 kWh of the 363.66 kWh from the grid." in text
    assert "Counted since 3 November; the paper bill covers the whole month." in text
    assert "400 of 1,990 quarter-hours come from Leneda." in text
    assert "8 of 1,990 quarter-hours are estimated by the grid operator." in text
    assert await stage.page.locator("b", has_text="97.2% measured").count() == 1


async def test_a_change_within_the_month_and_lines_that_nobody_knows(stage: Stage) -> None:
    found = [
        line("energy", "100", "0.145"),
        line("network_fixed", 10 / 30, "12.84", "month"),
        line("network_fixed", 20 / 30, "19.61", "month"),
        line("network_variable", "93.6", "0.051"),
        line("surcharge", "6.4", "0.0765"),
        line("snow_tax", "100", "0.01"),
    ]
    changes: Json = {"imported_kwh": 100.0}
    await show(stage, CARD, answers=bills(bill("2026-09", found, "0", **changes)))
    text = await clean(stage, "bill-change")
    assert "Grid charges, fixed part 10 of 30 days × 12.84 € 4.28" in text
    assert "Grid charges, fixed part 20 of 30 days × 19.61 € 13.07" in text
    assert "Surcharge above reference power 6.40 kWh × 0.0765 € 0.49" in text
    assert "snow_tax 100.00 kWh × 0.0100 € 1.00" in text
    assert "Total without VAT" not in text
    assert "Prices and amounts are without VAT." in text
    assert text.endswith("replaces the grid price.")


@pytest.mark.parametrize(
    ("code", "is_admin", "said"),
    [
        ("nothing_counted", True, "The bill begins with the first quarter-hour."),
        (
            "not_loaded",
            True,
            "The bill returns with the next readings.",
        ),
        ("not_answered", True, "Home Assistant does not answer."),
    ],
)
async def test_no_bill_yet(stage: Stage, code: str, is_admin: bool, said: str) -> None:  # noqa: FBT001
    answers = {"smarty_p1/bill": {"error": code}}
    await show(stage, CARD, "smarty-p1-months", answers=answers, is_admin=is_admin)
    text = await clean(stage, f"bill-{code}")
    assert text.startswith("Bill ")
    assert text.count(said) == 2


async def test_a_meter_that_goes_away_leaves_its_last_bill(stage: Stage) -> None:
    await show(stage, CARD, answers=bills())
    await stage.page.evaluate("stage.answer({'smarty_p1/bill': {error: 'not_loaded'}})")
    await stage.send(house.gone())
    assert NOVEMBER in await stage.text()


async def test_odd_answers_are_no_end(stage: Stage) -> None:
    odd = running(
        lines=[
            {"name": "energy", "quantity": None, "unit": "kWh", "price": None, "amount": None},
            {"name": "x" * 300, "quantity": 1e308, "unit": "€€€", "price": -1e-300, "amount": 1e20},
        ],
        vat_rate=None,
        vat=None,
        net=None,
        parts={},
        reference_kw=None,
        estimate={"total": None},
    )
    await show(stage, CARD, "smarty-p1-months", answers=bills(odd))
    text = await clean(stage, "bill-odd")
    assert "Energy – " in text
    assert "About" not in text
