"""The card that says what is going on, and what may be switched on."""

from . import house
from .stage import Stage


async def test_the_power_and_what_may_be_switched_on(stage: Stage) -> None:
    await stage.show("smarty-p1-now")
    text = await stage.text()
    assert "You draw 18:38:20 0.6 kW" in text
    assert not stage.errors
    assert not await stage.overflow()
    await stage.picture("now")


async def test_each_telegram_is_shown(stage: Stage) -> None:
    await stage.show("smarty-p1-now")
    await stage.send(house.live(values=house.values(power_net=-4.94)))
    assert "You feed in 18:38:20 4.9 kW" in await stage.text()
