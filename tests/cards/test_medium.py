"""The card of a gas, water or heat meter: today, how the month goes, and where water may leak."""

from . import house_medium as media
from .stage import Stage

CARD = "smarty-p1-medium"


async def test_gas_in_kwh_on_the_same_month_a_year_ago(stage: Stage) -> None:
    await stage.show(CARD, answers=media.answers(media.gas()))
    text = await stage.text()
    # Today 0.4 of 4.5 m³ on a Saturday.
    assert "Gas 18:00 20 kWh today" in text
    assert not stage.errors
    assert not await stage.overflow()
    await stage.picture("gas")
