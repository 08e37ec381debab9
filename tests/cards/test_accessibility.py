"""What those need who see badly, or not: each card, in light and dark, as axe-core judges it."""

import pytest

from tests.axe import complaints

from . import house, house_all, house_bill, house_now
from .house_all import Placed
from .stage import Stage

CARDS = house_all.cards()
THREE = house_now.three_meters()
STATES = {
    "feeding": Placed("now", {"smarty_p1/live": house_now.feeding()}),
    "above": Placed("now", {"smarty_p1/live": house.live(values=house.values(power_net=19.9))}),
    "wrong key": Placed("now", {"smarty_p1/live": house_now.failing("wrong_key")}),
    "silent": Placed("now", {"smarty_p1/live": house_now.silent()}),
    "three meters": Placed("now", THREE),
    "meter of the bill": Placed("bill", THREE | house_bill.bills(), {"chooser": True}),
    "no meter": Placed("now", {"smarty_p1/meters": {"meters": []}}),
    "no right": Placed("now", {"smarty_p1/live": house.gone("unauthorized")}),
}


async def show(stage: Stage, card: Placed, *, dark: bool) -> None:
    await stage.show(card.type, answers=card.answers, config=card.config, dark=dark)
    for _ in range(100):
        if "One moment" not in await stage.text():
            break
        await stage.settle()
    # Axe waits by the clock.
    await stage.page.clock.resume()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("card", CARDS, ids=map(str, CARDS))
async def test_nobody_is_shut_out(stage: Stage, card: Placed, *, dark: bool) -> None:
    await show(stage, card, dark=dark)
    assert not await complaints(stage.page)
    table = stage.page.locator(card.type).get_by_role("button", name="Show as table")
    if await table.count():
        await table.click()
        assert not await complaints(stage.page)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("state", STATES)
async def test_nor_by_a_special_state(stage: Stage, state: str, *, dark: bool) -> None:
    await show(stage, STATES[state], dark=dark)
    assert not await complaints(stage.page)
