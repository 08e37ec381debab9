"""The card that says where the energy went."""

import pytest

from .house import meter
from .house_where import ROWS, answers
from .stage import Stage

CARD = "smarty-p1-where"


@pytest.mark.parametrize("width", [360, 520])
@pytest.mark.parametrize("dark", [False, True])
async def test_devices_base_load_and_rest_add_up(stage: Stage, *, dark: bool, width: int) -> None:
    await stage.show(CARD, answers=answers(), dark=dark, width=width)
    text = await stage.text()
    assert "Always on: 18.41 € , 27% of the energy. Next: Car, 15.04 €." in text
    assert "Always on 250 W 149 kWh 18.41 € Car 86 kWh 15.04 € Hot water 71 kWh 5.16 €" in text
    assert "Everything else 217 kWh 29.30 € House 543 kWh 71.47 €" in text
    foot = "Not included: fixed prices 16.56 €, above 7 kW 3.46 €, to the grid −6.91 €."
    assert f"Each kWh at the price of its hour; from your roof: 0 €. {foot}" in text
    roof = "Hot water: 71 kWh, 41 of them from your roof, which would have earned 3.23 €."
    assert roof in text
    assert not await stage.overflow()
    await stage.picture(f"where-{width}-{'dark' if dark else 'light'}")


async def test_another_period_is_asked_for_by_keyboard(stage: Stage) -> None:
    await stage.show(CARD, answers=answers())
    radios = stage.card(CARD).get_by_role("radio")
    await radios.last.focus()
    await stage.page.keyboard.press("ArrowLeft")
    await stage.settle()
    asked = "stage.asked.filter(({ period }) => period).map(({ period }) => period)"
    assert await stage.page.evaluate(asked) == ["month", "yesterday"]


async def test_what_is_missing_is_said(stage: Stage) -> None:
    alone = [row for row in ROWS if row["kind"] != "device"]
    await stage.show(CARD, answers=answers(alone))
    link = stage.card(CARD).get_by_role("link", name="Add devices in the Energy dashboard")
    assert await link.get_attribute("href") == "/config/energy"
    await stage.show(CARD, answers=answers(alone), is_admin=False)
    assert "Add devices" not in await stage.text()
    # Of several meters, each has its own devices.
    two = [meter(), meter(entry_id="other", title="Smarty other")]
    await stage.show(CARD, answers=answers(alone) | {"smarty_p1/meters": {"meters": two}})
    assert (
        await stage.card(CARD).get_by_role("link", name="Choose devices of the house").count() == 1
    )
    assert "gear icon › Solar power and devices" in await stage.text()

    devices = [row | {"cost": None} for row in ROWS if row["kind"] == "device"]
    blind = answers(devices, lack="inverter", house_wh=None, cost=None)
    await stage.show(CARD, answers=blind)
    text = await stage.text()
    assert "The rest is not known without your inverter." in text
    assert "House" not in text
    # Without devices, too, it is no matter of the first day.
    await stage.show(CARD, answers=answers([], lack="inverter", house_wh=None, cost=None))
    text = await stage.text()
    assert "The rest is not known without your inverter." in text
    assert "whole days" not in text

    wrong = answers(devices, lack="devices")
    await stage.show(CARD, answers=wrong)
    assert "one of them counts something else." in await stage.text()

    unpriced = [row | {"cost": None} for row in ROWS]
    await stage.show(CARD, answers=answers(unpriced, cost=None, fixed=None))
    assert "Always on: 149 kWh , 27% of the energy. Next: Car, 86 kWh." in await stage.text()
    assert "€" not in await stage.text()

    lost = [ROWS[0], ROWS[1] | {"wh": 0, "cost": 0.0, "unknown_days": 20}]
    lost.append(ROWS[2] | {"unknown_days": 1})
    await stage.show(CARD, answers=answers(lost))
    text = await stage.text()
    assert "Car – – Hot water 71 kWh 5.16 €" in text
    assert "Next: Hot water, 5.16 €." in text
    assert "Car: not known on 20 days. Hot water: not known on 1 day." in text

    await stage.show(CARD, answers=answers(lost[:2]))
    assert "Next:" not in await stage.text()

    empty = [row | {"wh": 0, "cost": 0.0} for row in ROWS]
    await stage.show(CARD, answers=answers(empty, house_wh=0, cost=0.0))
    assert "This card shows whole days. The first one ends at midnight." in await stage.text()
