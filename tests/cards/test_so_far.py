"""The card that says how much today and this month are so far."""

from . import house, house_now
from .stage import Stage

CARD = "smarty-p1-so-far"
OPTIONS = "/config/integrations/integration/smarty_p1#config_entry=house"


async def test_today_and_this_month(stage: Stage) -> None:
    usual = {"days": 4, "imported_wh": 8400.0, "exported_wh": 1700.0, "peak_kw": 3.1, "cost": 3.5}
    until = "2026-11-21T17:38:20+00:00"
    answers = house_now.sums() | {"smarty_p1/usual": {"until": until, "usual": usual}}
    await stage.show(CARD, answers=answers, width=520)
    text = await stage.text()
    assert (
        "So far until 18:38 2.98 € so far today, usually 3.50 € by now. 10.8 kWh from the grid"
        in text
    )
    assert "Forecast: about 145 € by 30 November" in text
    # 19 days of 17.64 kWh, one more, and 10.82 of today; 20 of 2.42 and 0.52.
    assert "From the grid 10.8 kWh 8.4 kWh 364 kWh To the grid 0.5 kWh 1.7 kWh 49 kWh" in text
    assert "Highest quarter-hour 9.4 kW 3.1 kW 14.5 kW Cost with VAT 2.98 € 3.50 € 97 €" in text
    assert "Usual: the mean of the last 4 Saturdays until 18:38." in text
    assert (
        "Today 2.98 €: consumption 2.60, to the grid \N{MINUS SIGN}0.04, fixed costs 0.42." in text
    )
    assert not stage.errors
    assert not await stage.overflow()
    await stage.picture("so-far")


async def test_it_is_asked_once_a_quarter_hour(stage: Stage) -> None:
    await stage.show(CARD, answers=house_now.sums())
    for _ in range(3):
        await stage.send(house.live())
    count = "stage.asked.filter(({ type }) => type === 'smarty_p1/days').length"
    assert await stage.page.evaluate(count) == 1
    days = house_now.november(imported_wh=12345)
    await stage.page.evaluate("(answers) => stage.answer(answers)", house_now.sums(days=days))
    begun = house.quarter_hour(start="2026-11-21T17:45:00+00:00", end="2026-11-21T18:00:00+00:00")
    await stage.send(house.live(quarter_hour=begun))
    assert "From the grid 12.3 kWh 365 kWh" in await stage.text()


async def test_the_first_day_is_no_empty_frame(stage: Stage) -> None:
    error = {"error": "nothing_counted"}
    answers = house_now.first_day() | {"smarty_p1/days": error, "smarty_p1/bill": error}
    await stage.show(CARD, answers=answers)
    text = await stage.text()
    assert "So far Nothing counted yet. Counting starts with the first telegram." in text
    today = house_now.day(
        21, imported_wh=31, quarter_hours=0, of_quarter_hours=74, peak=None, cost=0.3
    )
    begun = {"since": "2026-11-21T00:00:00+01:00", "peak": None, "total": 0.3}
    answers = house_now.sums(days=[today], **begun)
    del answers["smarty_p1/bill"]["months"][0]["estimate"]
    await stage.page.evaluate("(answers) => stage.answer(answers)", answers)
    await stage.passes(3)
    await stage.settle()
    text = await stage.text()
    assert "From the grid 0.0 kWh 0 kWh" in text
    assert "Highest quarter-hour \N{EN DASH} \N{EN DASH}" in text
    assert "Counted since 21 November. Readings are known for 0% of today." in text


async def test_a_missing_price_is_said_with_a_link(stage: Stage) -> None:
    await stage.show(CARD, answers=house_now.sums(missing=["energy"], total=None))
    assert "Cost with VAT price missing" in await stage.text()
    link = stage.card(CARD).get_by_role("link")
    assert await link.inner_text() == "Enter the prices"
    assert await link.get_attribute("href") == OPTIONS
    await stage.picture("so-far-price-missing")


async def test_a_meter_that_is_disabled_is_not_about_to_be_known(stage: Stage) -> None:
    error = {"error": "not_loaded"}
    answers = {
        "smarty_p1/live": house.gone("disabled"),
        "smarty_p1/days": error,
        "smarty_p1/bill": error,
    }
    await stage.show(CARD, answers=answers)
    assert "So far This meter is not being read at the moment." in await stage.text()


async def test_the_highest_opens_its_entity(stage: Stage) -> None:
    entity = {"entity_id": "sensor.peak", "platform": "smarty_p1", "translation_key": "demand_peak"}
    entities = {"sensor.peak": entity | {"device_id": house.DEVICE}}
    await stage.show(CARD, answers=house_now.sums(), entities=entities)
    await stage.page.evaluate(
        """document.addEventListener("hass-more-info", ({ detail }) => {
          window.opened = detail.entityId;
        })"""
    )
    button = stage.card(CARD).get_by_role("button", name="14.5")
    assert await house_now.height(button) >= 44
    await button.click()
    assert await stage.page.evaluate("window.opened") == "sensor.peak"


async def test_what_was_fed_in_is_known_before_the_first_telegram(stage: Stage) -> None:
    known = {"smarty_p1/meters": {"meters": [house.meter(state="waiting", feeds_in=None)]}}
    waiting = house.live(state="waiting", received_at=None, values={}, quarter_hour=None)
    answers = house_now.sums() | known | {"smarty_p1/live": waiting}
    await stage.show(CARD, answers=answers)
    assert "To the grid 0.5 kWh 49 kWh" in await stage.text()
