"""What the cards say of a house with panels: now, so far, on the bill and in a year."""

from typing import Any

from . import house_bill, house_now, house_sun, house_year
from .stage import Stage

NOW, SO_FAR, BILL, YEAR = (f"smarty-p1-{name}" for name in ("now", "so-far", "bill", "year"))


def answers(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - an answer is of any
    return house_sun.answers(**changes) | house_bill.bills()


async def text_of(stage: Stage) -> str:
    """Return what the page says; bold words stand apart there."""
    return (await stage.text()).replace(" ,", ",")


async def test_now(stage: Stage) -> None:
    await stage.show(NOW, answers=answers(), states=house_sun.states(1500))
    assert "The house uses 2.1 kW, 1.5 of it from your roof." in await text_of(stage)
    # A minute and a half later, the inverter has said nothing new.
    await stage.passes(95)
    await stage.settle()
    assert "The house uses" not in await text_of(stage)
    await stage.show(NOW, answers=answers(with_battery=True), states=house_sun.states(1100, 400))
    assert "The house uses 2.1 kW, 1.5 of it from roof and battery." in await text_of(stage)
    without = {"smarty_p1/house": {"house": None}}
    await stage.show(NOW, answers=without, states=house_sun.states(1500))
    assert "The house uses" not in await text_of(stage)
    assert not stage.errors


async def test_so_far(stage: Stage) -> None:
    await stage.show(SO_FAR, answers=house_now.sums() | house_sun.answers())
    text = await stage.text()
    # 10.8 + 3.2, and 364 + 38.
    assert "House 14.0 kWh 402 kWh From your roof 3.2 kWh, 23% 38 kWh, 9% From the grid" in text
    assert not await stage.overflow()


async def test_the_bill(stage: Stage) -> None:
    await house_bill.show(stage, BILL, answers=answers())
    text = await stage.text()
    assert "Solar power saved you 8 € this month: 38 kWh that you did not have to buy." in text
    assert "The solar saving does not count surcharges above 7 kW that solar power avoided." in text
    for _ in range(3):
        await stage.page.get_by_role("button", name="Previous month").click()
        await stage.settle()
    assert (
        "Solar power saved you 66 € in August: 303 kWh that you did not have to buy."
        in await text_of(stage)
    )


async def test_the_year(stage: Stage) -> None:
    await stage.show(YEAR, answers=house_year.answers() | house_sun.answers())
    # The twelve months before November: 5250 kWh drawn, 1972.25 of the roof, 428.18 EUR.
    assert (
        "The house used 7,220 kWh, 27% of it from your roof. Solar power saved "
        "you 428 € in these 12 months." in await text_of(stage)
    )
