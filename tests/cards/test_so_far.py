"""The card that says how much today and this month are so far."""

from . import house, house_now, house_sun
from .stage import Stage

CARD = "smarty-p1-so-far"
OPTIONS = "/config/integrations/integration/smarty_p1#config_entry=house"


async def test_today_and_this_month(stage: Stage) -> None:
    usual = {"days": 4, "imported_wh": 8400.0, "exported_wh": 1700.0, "peak_kw": 3.1, "cost": 3.5}
    until = "2026-11-21T17:38:20+00:00"
    answers = house_now.sums() | {"smarty_p1/usual": {"until": until, "usual": usual}}
    entity = {"entity_id": "sensor.peak", "platform": "smarty_p1", "translation_key": "demand_peak"}
    entities = {"sensor.peak": entity | {"device_id": house.DEVICE}}
    await stage.show(CARD, answers=answers, entities=entities, width=520)
    text = await stage.text()
    assert (
        "So far until 18:38 2.98 € so far today, usually 3.50 € by now. 10.8 kWh from the grid"
        in text
    )
    # 19 days of 17.64 kWh, one more, and 10.82 of today; 20 of 2.42 and 0.52.
    assert "From the grid 10.8 kWh 8.4 kWh 364 kWh To the grid 0.5 kWh 1.7 kWh 49 kWh" in text
    assert "Highest quarter-hour 9.4 kW 3.1 kW 14.5 kW Cost with VAT 2.98 € 3.50 € 97 €" in text
    assert not await stage.overflow()
    await stage.picture("so-far")
    # The highest opens its entity.
    await stage.page.evaluate(
        """document.addEventListener("hass-more-info", ({ detail }) => {
          window.opened = detail.entityId;
        })"""
    )
    button = stage.card(CARD).get_by_role("button", name="14.5")
    assert await house_now.height(button) >= 44
    await button.click()
    assert await stage.page.evaluate("window.opened") == "sensor.peak"
    # The days are asked for once a quarter-hour.
    for _ in range(3):
        await stage.send(house.live())
    count = "stage.asked.filter(({ type }) => type === 'smarty_p1/days').length"
    assert await stage.page.evaluate(count) == 1
    days = house_now.november(imported_wh=12345)
    await stage.page.evaluate("(answers) => stage.answer(answers)", house_now.sums(days=days))
    begun = house.quarter_hour(start="2026-11-21T17:45:00+00:00", end="2026-11-21T18:00:00+00:00")
    await stage.send(house.live(quarter_hour=begun))
    assert "From the grid 12.3 kWh 8.4 kWh 365 kWh" in await stage.text()
    # 10.8 + 3.2, and 364 + 38.
    await stage.show(CARD, answers=house_now.sums() | house_sun.answers())
    roof = "House 14.0 kWh 402 kWh From your roof 3.2 kWh, 23% 38 kWh, 9% From the grid"
    assert roof in await stage.text()
    assert not stage.errors


async def test_what_is_missing_is_said(stage: Stage) -> None:
    none = {"error": "nothing_counted"}
    answers = house_now.first_day() | {"smarty_p1/days": none, "smarty_p1/bill": none}
    await stage.show(CARD, answers=answers)
    assert "So far Nothing counted yet. Counting starts with the first" in await stage.text()
    today = house_now.day(21, imported_wh=31, quarter_hours=0, of_quarter_hours=74, peak=None)
    await stage.page.evaluate("all => stage.answer(all)", house_now.sums(days=[today], peak=None))
    await stage.passes(3)
    await stage.settle()
    assert "From the grid 0.0 kWh 0.0 kWh" in await stage.text()

    await stage.show(CARD, answers=house_now.sums(missing=["energy"], total=None))
    assert "Cost with VAT price missing" in await stage.text()
    link = stage.card(CARD).get_by_role("link", name="Enter the prices")
    assert await link.get_attribute("href") == OPTIONS

    error = {"error": "not_loaded"}
    disabled = {"smarty_p1/live": house.gone("disabled")}
    await stage.show(CARD, answers=disabled | {"smarty_p1/days": error, "smarty_p1/bill": error})
    assert "So far This meter is not being read at the moment." in await stage.text()

    # Energy to the grid is known before the first telegram.
    known = {"smarty_p1/meters": {"meters": [house.meter(state="waiting", feeds_in=None)]}}
    waiting = house.live(state="waiting", received_at=None, values={}, quarter_hour=None)
    await stage.show(CARD, answers=house_now.sums() | known | {"smarty_p1/live": waiting})
    assert "To the grid 0.5 kWh 49 kWh" in await stage.text()
    assert not stage.errors
