"""The card with the months side by side."""

from . import house_bill
from .stage import Stage

CARD = "smarty-p1-months"


async def test_months(stage: Stage) -> None:
    await stage.show("smarty-p1-bill", CARD, answers=house_bill.bills())
    text = await stage.text()
    print(text)
    assert not stage.errors
    assert not await stage.overflow()
    await stage.picture("months")
