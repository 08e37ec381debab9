"""The card that says what is going on, and what may be switched on."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from . import house, house_now
from .stage import NOW, ROOT, Stage

type Json = dict[str, Any]

CARD = "smarty-p1-now"
REMEDY = "/config/integrations/integration/smarty_p1#config_entry=house"
LANGUAGES = ("en", "de", "fr", "lb", "pt")


async def color_of_number(stage: Stage) -> str:
    """Return the class by which the large number is coloured."""
    return (await stage.card(CARD).locator(".big").get_attribute("class") or "").split()[-1]


async def test_the_power_and_what_may_be_switched_on(stage: Stage) -> None:
    await stage.show(CARD)
    text = await stage.text()
    assert (
        "From the grid 18:38:20 0.6 kW You can switch on up to 6 kW more and stay within 7 kW."
        in text
    )
    assert (
        "You can switch on up to 7 kW more, but only until 18:45. 18:30\N{EN DASH}18:45 ≈ "
        "0.7 of 7 kW" in text
    )
    assert "L1 0.2 kW L2 0.3 kW L3 0.1 kW" in text
    assert not stage.errors
    assert not await stage.overflow()
    await stage.picture("now")


async def test_a_meter_without_a_cable_shows_yesterday(stage: Stage) -> None:
    await stage.show(CARD, answers=house_now.without_cable())
    text = await stage.text()
    assert "Yesterday until Fri 20 Nov, 24:00 9.4 kWh" in text
    assert "2.31 € (consumption 1.84, fixed costs 0.47)" in text
    assert "Highest quarter-hour 7.9 kW at 18:30" in text
    assert await stage.card(CARD).locator(".excess").inner_text() == "above your 7\u00a0kW"
    assert "For the current power, you need a cable at the meter." in text
    assert not stage.errors
    assert not await stage.overflow()
    await stage.picture("now-without-cable")
    # Another of the seven days.
    await stage.card(CARD).locator("[data-day='2026-11-19']").click()
    await stage.settle()
    assert "Thursday 19 November until Thu 19 Nov, 24:00 17.6 kWh" in await stage.text()


async def test_each_telegram_is_shown_until_the_connection_is_lost(stage: Stage) -> None:
    await stage.show(CARD)
    height = await house_now.height(stage.card(CARD))
    await stage.send(house_now.feeding())
    text = await stage.text()
    assert (
        "To the grid 18:38:20 4.9 kW You can switch on up to 6 kW more while the sun shines" in text
    )
    assert await color_of_number(stage) == "feeds"
    await stage.page.evaluate("stage.disconnect()")
    await stage.settle()
    text = await stage.text()
    assert "Last value: to the grid last 18:38:20 4.9 kW No connection to Home Assistant" in text
    assert "switch on" not in text
    assert await color_of_number(stage) == "old"
    assert await house_now.height(stage.card(CARD)) == pytest.approx(height, abs=24)
    await stage.page.evaluate("stage.reconnect()")
    await stage.settle()
    assert "From the grid 18:38:20 0.6 kW You can switch on" in await stage.text()


async def test_red_are_the_cost_and_the_part_above(stage: Stage) -> None:
    await stage.show(CARD, answers={"smarty_p1/live": house_now.charging()}, dark=True)
    assert await color_of_number(stage) == "draws"
    text = await stage.text()
    assert (
        "It costs 0.08 € more unless you switch off 8.6 kW until 18:45. From 18:45 on, use "
        "4.4 kW less." in text
    )
    assert await stage.card(CARD).locator(".costs b").inner_text() == "It costs 0.08\u00a0€ more"
    assert await stage.card(CARD).locator(".mean .excess").inner_text() == "≈ 10.8"
    await stage.picture("now-charging-dark")


@pytest.mark.parametrize("width", [390, 360])
async def test_no_sentence_moves_what_is_below_it(stage: Stage, width: int) -> None:
    """In all languages, two lines are enough, and three on the narrowest phones."""
    await stage.show(CARD, width=width)
    texts = json.loads((ROOT / "frontend/src/texts/now.json").read_text("utf-8"))
    sentences = [
        "above", "less", "switch_off", "room", "room_then", "none_then", "room_sun", "room_from",
        "room_only", "room_none", "highest", "not_present", "nothing_unverified", "awaited",
    ]  # fmt: skip
    values = {"R": "12\u00a0kW", "end": "18:45", "so_far": "0.9\u00a0kWh", "by_end": "1.9\u00a0kWh"}
    values |= {"cost": "0.08\u00a0€", "earned": "0.39\u00a0€", "peak": "14.5\u00a0kW"}
    values |= dict.fromkeys(("less", "more", "keep"), "18.6\u00a0kW") | {"above": "1.9\u00a0kWh"}
    shown = {
        f"{language} {key}": re.sub(r"\{(\w+)\}", lambda m: values[m[1]], texts[language][key])
        for language in LANGUAGES
        for key in sentences
    }
    heights = await stage.page.evaluate(
        """(shown) => {
          const { shadowRoot } = document.querySelector("smarty-p1-now");
          const answer = shadowRoot.querySelector(".answer");
          const sentence = answer.querySelector(".sentence");
          return Object.entries(shown).map(([name, text]) => {
            sentence.innerHTML = text.replace(/\\*\\*(.*?)\\*\\*/, "<b>$1</b>");
            return [name, answer.getBoundingClientRect().height];
          });
        }""",
        shown,
    )
    room = 66 if width == 390 else 90
    assert [name for name, height in heights if height != room] == []


async def test_the_first_day_says_what_will_be_whole_when(stage: Stage) -> None:
    await stage.show(CARD, answers=house_now.first_day())
    text = await stage.text()
    assert (
        "First whole quarter-hour ends 19:00 First bar on the Energy dashboard from 19:00 on "
        "First whole day 22 November First whole month December" in text
    )
    assert "18:30\N{EN DASH}18:45, counted since 18:36" in text
    assert "of 7 kW" not in text
    await stage.picture("now-first-day")
    last = {"start": "2026-11-21T17:45:00+00:00", "mean_kw": 0.5}
    begun = {"start": "2026-11-21T18:00:00+00:00", "end": "2026-11-21T18:15:00+00:00"}
    times = {"time": "2026-11-21T18:02:00+00:00", "measured_since": "2026-11-21T18:00:00+00:00"}
    await stage.send(house.live(quarter_hour=house.quarter_hour(**begun, **times, last=last)))
    assert "First whole quarter-hour" not in await stage.text()


async def test_nothing_is_shown_that_could_not_be_verified(stage: Stage) -> None:
    await stage.show(CARD, answers={"smarty_p1/live": house_now.failing("wrong_key")})
    text = await stage.text()
    assert "The key does not fit this meter" in text
    assert f"for the key of meter {house.SERIAL}." in text
    assert (
        "No verified value yet \N{EN DASH} kW Unverified values are neither shown nor counted."
        in text
    )
    link = stage.card(CARD).get_by_role("link")
    assert await link.inner_text() == "Enter the key"
    assert await link.get_attribute("href") == REMEDY
    assert await house_now.height(link) >= 44
    await stage.picture("now-wrong-key")
    await link.click()
    assert stage.page.url.endswith(REMEDY)


async def test_what_was_read_last_is_not_called_the_present(stage: Stage) -> None:
    silent = house_now.silent()
    await stage.show(CARD, answers={"smarty_p1/live": silent})
    text = await stage.text()
    assert "No telegram for 14 minutes" in text
    assert "Check the connection" in text
    assert "last 18:24:10 0.6 kW This is the last value received, not the current one." in text
    assert "of 7 kW" not in text
    assert await color_of_number(stage) == "old"
    await stage.picture("now-silent")
    await stage.passes(120)
    assert "No telegram for 16 minutes" in await stage.text()
    await stage.send(house.live(received_at="2026-11-21T17:40:20+00:00"))
    text = await stage.text()
    assert "No telegram for" not in text
    assert "From the grid 18:40:20 0.6 kW" in text


async def test_what_comes_no_more_grows_old(stage: Stage) -> None:
    """Also when nothing says so: the connection may be lost."""
    await stage.show(CARD)
    await stage.passes(80)
    text = await stage.text()
    assert "Last value: from the grid last 18:38:20 0.6 kW" in text
    assert "No telegram for" not in text
    await stage.passes(60)
    assert "No telegram for 2 minutes" in await stage.text()


async def test_what_was_not_listened_for_is_no_silence(stage: Stage) -> None:
    await stage.show(CARD)
    await stage.page.evaluate("window.card = document.querySelector('smarty-p1-now')")
    await stage.page.evaluate("card.remove()")
    await stage.passes(600)
    await stage.page.evaluate("stage.answer({'smarty_p1/live': null})")
    await stage.page.evaluate("document.querySelector('main').append(card)")
    # Whether it is in view, the browser says when it has drawn it.
    await stage.page.get_by_text("Last value: from the grid").wait_for()
    text = await stage.text()
    assert "Last value: from the grid last 18:38:20 0.6 kW" in text
    assert "No telegram for" not in text


@pytest.mark.parametrize(
    ("message", "title"),
    [
        (house.gone("not_loaded"), "This meter is not being read"),
        (house_now.failing("of_a_later_version"), "No telegram is accepted"),
        (house.gone("unauthorized"), "You are not allowed to see this meter"),
        (house.gone("removed"), "You are not allowed to see this meter"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
async def test_no_state_leaves_an_empty_frame(stage: Stage, message: Json, title: str) -> None:
    await stage.show(CARD, answers={"smarty_p1/live": message})
    text = await stage.text()
    assert title in text
    assert "0.0" not in text
    assert not stage.errors
    # And after there was a value.
    await stage.send(house.live())
    await stage.send(message)
    await stage.passes(30)
    assert title in await stage.text()
    if message["state"] in {"unauthorized", "removed"}:
        assert "0.6" not in await stage.text()


async def test_without_a_reference_power_there_is_a_link_to_enter_it(stage: Stage) -> None:
    answers = house_now.without_reference()
    await stage.show(CARD, answers=answers)
    text = await stage.text()
    assert "The highest quarter-hour this month: 14.5 kW." in text
    assert "18:45" not in text
    link = stage.card(CARD).get_by_role("link")
    assert await link.inner_text() == "Enter the reference power"
    assert await link.get_attribute("href") == REMEDY


async def test_one_phase_is_not_drawn_beside_itself(stage: Stage) -> None:
    meter = house.meter(phases=1, source="entities", integration="ESPHome")
    await stage.show(CARD, answers={"smarty_p1/meters": {"meters": [meter]}})
    text = await stage.text()
    assert "0.7 of 7 kW" in text
    assert "Read by ESPHome, not verified" in text
    await stage.picture("now-entities")
    assert "L1" not in text


async def test_one_of_three_meters_is_chosen_for_all_cards(stage: Stage) -> None:
    await stage.show(CARD, CARD, answers=house_now.three_meters())
    text = await stage.text()
    assert "House 0.6 kW from the grid" in text
    assert "Heat pump 2.1 kW from the grid" in text
    assert "Smarty …\u2060012345 4.9 kW to the grid" in text
    radios = stage.card(CARD).get_by_role("radio")
    assert await radios.count() == 3
    for each in await radios.all():
        assert await house_now.height(each) >= 44
    assert await stage.page.evaluate("stage.subscriptions()") == 3
    await stage.picture("now-three-meters")
    await radios.nth(1).click()
    await stage.settle()
    assert (await stage.text()).count("2.1 kW You can switch on up to 4.5 kW") == 2
    # No subscription was ended for it, nor is one left over.
    live = "stage.asked.filter(({ type }) => type === 'smarty_p1/live').length"
    assert await stage.page.evaluate(live) == 3
    await radios.nth(1).press("End")
    await stage.settle()
    assert await radios.nth(2).get_attribute("aria-checked") == "true"
    assert "To the grid" in await stage.text()
    await stage.page.evaluate(
        "document.querySelectorAll('smarty-p1-now').forEach((card) => card.remove())"
    )
    await stage.settle()
    assert await stage.page.evaluate("stage.subscriptions()") == 0


async def test_many_meters_are_a_menu(stage: Stage) -> None:
    meters = [house.meter(entry_id=f"m{n}", title=f"Flat {n}") for n in range(1, 6)]
    await stage.show(CARD, answers={"smarty_p1/meters": {"meters": meters}})
    assert await stage.page.evaluate("stage.subscriptions()") == 1
    menu = stage.card(CARD).get_by_role("combobox")
    assert await house_now.height(menu) >= 44
    await menu.select_option("m4")
    await stage.settle()
    asked = await stage.page.evaluate("stage.asked.map(({ entry_id }) => entry_id)")
    assert "m4" in asked
    assert await stage.page.evaluate("stage.subscriptions()") == 1


async def test_a_card_with_a_meter_of_its_own_offers_no_other(stage: Stage) -> None:
    await stage.show(CARD, answers=house_now.three_meters(), config={"entry_id": "b"})
    assert "2.1 kW" in await stage.text()
    assert await stage.card(CARD).get_by_role("radio").count() == 0
    assert await stage.page.evaluate("stage.subscriptions()") == 1


@pytest.mark.parametrize("minutes", [-7, 7])
async def test_the_clock_of_the_page_may_be_wrong(stage: Stage, minutes: int) -> None:
    await stage.show(
        CARD, "smarty-p1-quality", config={"part": "supply"}, now=NOW + timedelta(minutes=minutes)
    )
    await stage.send(house.live(received_at="2026-11-21T17:38:30+00:00"))
    text = await stage.text()
    assert "From the grid 18:38:30 0.6 kW" in text
    assert re.search(r"last telegram \d s ago", text)
    # What has come before stays old.
    await stage.passes(90)
    assert "Last value: from the grid last 18:38:30" in await stage.text()


async def test_a_value_of_another_day_says_so(stage: Stage) -> None:
    await stage.show(
        CARD, answers={"smarty_p1/live": house.live(received_at="2026-11-19T17:24:10+00:00")}
    )
    assert "Last value: from the grid last 19 Nov, 18:24:10 0.6 kW" in await stage.text()
