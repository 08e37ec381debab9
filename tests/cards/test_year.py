"""The card that shows a year of quarter-hours, and what each reference power would have cost."""

from . import house_year
from .stage import Stage

YEAR = "smarty-p1-year"


async def test_a_year_and_the_classes(stage: Stage) -> None:
    await stage.show(YEAR, answers=house_year.answers(), width=1280, scale=2)
    text = await stage.text()
    assert "7 kW is right. In 12 months 12 kW would have cost 43 € more, 3 kW 54 € more." in text
    assert "1,501 quarter-hours above 7 kW in 12 months: 4.3% of the time, 553 kWh." in text
    assert not stage.errors
    assert not await stage.overflow()
    await stage.picture("year-1280")
