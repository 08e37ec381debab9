"""The card with the bill of a month, which can be laid beside the paper."""

from . import house_bill
from .stage import Stage

CARD = "smarty-p1-bill"


async def test_the_bill_line_by_line(stage: Stage) -> None:
    await stage.show(CARD, answers=house_bill.bills())
    text = await stage.text()
    print(text)
    assert not stage.errors
    assert not await stage.overflow()
    await stage.picture("bill")
