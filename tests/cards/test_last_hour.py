"""The curve of the last hour on the card of the present power."""

from datetime import timedelta

import pytest

from smartyp1.json_types import JsonDict

from . import house, house_hour, house_now
from .house_hour import state
from .stage import NOW, Stage

CARD = "smarty-p1-now"
WASHING = {
    "switch.wash": state("on", "18:35:27", friendly_name="Washing machine"),
    "sensor.wash": state("2050", "18:35:29", unit_of_measurement="W"),
}


def drawing(**changes: object) -> JsonDict:
    """Return a message while the house uses 2.8 kW."""
    values = house.values(power_net=2.8, power_net_l1=2.33, power_net_l2=0.23, power_net_l3=0.23)
    return house.live(values=values, **changes)


EVENING = {"smarty_p1/live": drawing()} | house_hour.EVENING
EVENING["smarty_p1/last_hour"]["devices"] = ["sensor.wash"]
ENTITIES = house.entities() | {
    name: {"entity_id": name, "device_id": "machine"} for name in WASHING
}


async def line(stage: Stage) -> str:
    """Return the line above the curve."""
    text = await stage.card(CARD).locator(".step").inner_text()
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize("width", [360, 484])
async def test_the_newest_step_and_its_device(stage: Stage, width: int) -> None:
    await stage.show(CARD, answers=EVENING, states=WASHING, entities=ENTITIES, width=width)
    assert await line(stage) == "+2.1 kW at 18:35 · L1 · when Washing machine switched on"
    assert not await stage.overflow()
    await stage.picture(f"last-hour-{width}")
    # On a phone, the whole card is in view; beside others, the curve takes the height that is left.
    assert await house_now.height(stage.card(CARD)) < 640
    await stage.page.evaluate("document.querySelector('main > *').style.height = '700px'")
    await stage.settle()
    assert await house_now.height(stage.card(CARD).locator(".frame svg")) > 300
    config = {"names": False}
    await stage.show(CARD, answers=EVENING, states=WASHING, entities=ENTITIES, config=config)
    assert await line(stage) == "+2.1 kW at 18:35 · L1"


async def test_no_text_of_the_curve_covers_another(stage: Stage) -> None:
    oven = [(f"18:{n}:30", f"18:{n + 1}:10", 2.0, 1) for n in (20, 22, 24, 26)]
    # Below the axis, marks are as high as the text of the beginning.
    young = house_hour.hour(*oven, always=-3.0, gap=("17:38:30", "18:20:00"))
    later = NOW + timedelta(minutes=7, seconds=30)
    at_once = {"smarty_p1/live": drawing(received_at=later.isoformat())} | house_hour.hour()
    at_once["smarty_p1/last_hour"]["start"] = (later - timedelta(hours=1)).isoformat()
    for answers, now in ((young, NOW), (at_once, later)):
        for width in (320, 390, 520):
            await stage.show(CARD, answers=answers, width=width, time_format="12", now=now)
            assert not await stage.overflow()


async def test_a_live_reading_moves_the_curve_and_a_lost_connection_makes_it_grey(
    stage: Stage,
) -> None:
    await stage.show(CARD, answers={"smarty_p1/live": drawing()} | house_hour.SILENT)
    for seconds in (30, 40):
        await stage.passes(10)
        at = f"2026-11-21T17:38:{seconds}+00:00"
        await stage.send(
            house.live(received_at=at, values=house.values(power_net=0.7, power_net_l1=0.23))
        )
    assert await line(stage) == "−2.1 kW at 18:38 · L1"
    await stage.page.evaluate("stage.disconnect()")
    await stage.settle()
    assert await stage.card(CARD).locator(".hour.old .frame svg").count() == 1
    await stage.picture("last-hour-lost")


async def test_a_time_is_chosen_by_keys_and_by_a_finger(stage: Stage) -> None:
    await stage.show(CARD, answers=EVENING)
    slider = stage.card(CARD).get_by_role("slider")
    name = await slider.get_attribute("aria-label") or ""
    assert "Power in the last hour, from 0.7 to 4.8" in name.replace("\u00a0", " ")
    # Without a choice, the value is the present, at the end of the hour.
    ends = [await slider.get_attribute(f"aria-value{end}") for end in ("now", "max")]
    assert ends == ["359", "359"]
    await slider.focus()
    await stage.press("Shift+ArrowLeft", "Shift+ArrowLeft")
    assert await line(stage) == "18:30:00 · 0.7 kW · −2.4 kW · L2"
    await stage.press("ArrowRight")
    assert (await line(stage)).startswith("18:30:10 · 0.7 kW")
    # The chosen time stays the same while the curve moves, and so does its power.
    height = await (cross := stage.card(CARD).locator("circle.chosen")).get_attribute("cy") or ""
    await stage.passes(20)
    await stage.send(drawing(received_at="2026-11-21T17:38:40+00:00"))
    assert (await line(stage)).startswith("18:30:10 · 0.7 kW")
    assert await cross.get_attribute("cy") == height
    await stage.press("Escape")
    assert (await line(stage)).startswith("+2.1 kW at 18:35")
    box = await slider.bounding_box()
    assert box
    assert box["height"] / 2 < float(height) < box["height"]
    await stage.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert (await line(stage)).startswith("18:0")


async def test_a_pulse_reader_has_its_power_and_its_curve_alone(stage: Stage) -> None:
    unknown = {"reference_kw": None, "known_since": None, "phases": None, "feeds_in": None}
    reader = house.meter(
        source="pulses", title="Heat pump", device_id=None, serial_number=None, **unknown
    )
    only = {"values": {"power_net": 2.8}, "quarter_hour": None}
    answers = {
        "smarty_p1/meters": {"meters": [], "pulse_readers": [reader]},
        "smarty_p1/live": house.live(**only),
        "smarty_p1/last_hour": house_hour.EVENING["smarty_p1/last_hour"] | {"phases": []},
    }
    await stage.show(CARD, answers=answers, config={"entry_id": house.ENTRY}, width=484)
    assert await line(stage) == "+2.1 kW at 18:35"
    text = await stage.text()
    assert "Heat pump 18:38:20 2.8 kW" in text
    for absent in ("grid", "switch", "quarter-hour", "reference", "L1"):
        assert absent not in text
    assert not await stage.overflow()
    await stage.picture("last-hour-pulses")
    # The meter has no house and no days: nothing is requested in vain.
    asked = await stage.page.evaluate("stage.asked.map(({ type }) => type)")
    assert {*asked} == {"smarty_p1/meters", "smarty_p1/live", "smarty_p1/last_hour"}
    await stage.send(house.live(state="failing", obstacle="entity_unavailable", **only))
    assert "This is the last value received, not the current one." in (text := await stage.text())
    assert "Heat pump 18:38:20 2.8 kW" in text
    # Without an id, a card shows a meter, and another card shows no reader.
    for type_, config in ((CARD, {}), ("smarty-p1-bill", {"entry_id": house.ENTRY})):
        await stage.show(type_, answers=answers, config=config)
        assert "Heat pump" not in await stage.text()
