"""The card with the power now, and the power that may be switched on."""

import json
import re
from datetime import timedelta

import pytest

from dev.checkout import ROOT
from smartyp1.json_types import JsonDict

from . import house, house_hour, house_now, house_sun
from .stage import NOW, Stage

CARD = "smarty-p1-now"
LANGUAGES = ("en", "de", "fr", "lb", "pt")


async def color_of_number(stage: Stage) -> str:
    """Return the class by which the large number is coloured."""
    return (await stage.card(CARD).locator(".big").get_attribute("class") or "").split()[-1]


async def test_the_power_and_the_power_that_may_be_switched_on(stage: Stage) -> None:
    await stage.show(CARD)
    text = await stage.text()
    room = "You can switch on up to 6 kW more and stay within 7 kW."
    small = "Until 18:45, even up to 7 kW."
    assert f"From the grid 18:38:20 0.6 kW {room} {small}" in text
    assert "18:30\N{EN DASH}18:45 ≈ 0.7 of 7 kW" in text
    assert not await stage.overflow()
    await stage.picture("now")
    await stage.send(house_now.feeding())
    assert "To the grid 18:38:20 4.9 kW You can switch on up to 6 kW more" in await stage.text()
    assert await color_of_number(stage) == "feeds"
    # A phase above half of its share of the connection, 4.5 kW, stays in view for the day.
    assert await stage.card(CARD).locator(".phases").count() == 0
    await stage.send(house.live(values=house.values(power_net_l1=4.6)))
    await stage.send(house_now.feeding())
    assert await stage.card(CARD).locator('.phases [fill="var(--fed-in)"]').count() == 3
    height = await house_now.height(stage.card(CARD))
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
    # The whole card shows the coming excess of the quarter-hour, and the remedy.
    await stage.send(house_now.charging())
    assert await color_of_number(stage) == "excess"
    assert await stage.card(CARD).get_attribute("above") == ""
    assert await stage.card(CARD).locator(".sentence b").inner_text() == (
        "Switch off 8.6\u00a0kW until 18:45,"
    )
    assert await stage.card(CARD).locator(".mean .excess").inner_text() == "≈ 10.8"
    # The two digits of another reference power stay on one line.
    await stage.send(house.live(quarter_hour=house.quarter_hour(reference_kw=12.0)))
    assert await stage.card(CARD).get_attribute("above") is None
    label = stage.card(CARD).locator(".bar > .line small")
    assert await label.inner_text() == "12"
    assert await house_now.height(label) == 18


async def test_one_of_three_meters_is_chosen_by_click_and_key_for_all_cards(stage: Stage) -> None:
    await stage.show(CARD, CARD, answers=house_now.three_meters())
    text = await stage.text()
    assert "House 0.6 kW from the grid Heat pump 2.1 kW from the grid" in text
    assert "Smarty …\u2060012345 4.9 kW to the grid" in text
    radios = stage.card(CARD).get_by_role("radio")
    assert [await house_now.height(each) >= 44 for each in await radios.all()] == [True] * 3
    await stage.click(radios.nth(1))
    assert (await stage.text()).count("2.1 kW You can switch on up to 4.5 kW") == 2
    # No subscription was ended for the choice, and none is left over.
    assert await stage.page.evaluate("stage.subscriptions()") == len(await stage.asked("live")) == 3
    await stage.press("End", at=radios.nth(1))
    assert await radios.nth(2).get_attribute("aria-checked") == "true"
    assert "To the grid" in await stage.text()
    await stage.page.evaluate("document.querySelector('main').replaceChildren()")
    await stage.settle()
    assert await stage.page.evaluate("stage.subscriptions()") == 0

    # A card with a fixed meter offers no choice.
    await stage.show(CARD, answers=house_now.three_meters(), config={"entry_id": "b"})
    assert "2.1 kW" in await stage.text()
    assert await stage.card(CARD).get_by_role("radio").count() == 0
    # More meters are a menu, and only the chosen one is subscribed to.
    meters = [house.meter(entry_id=f"m{n}", title=f"Flat {n}") for n in range(1, 6)]
    await stage.show(CARD, CARD, answers={"smarty_p1/meters": {"meters": meters}})
    # A browser leaves an option as a user has left it, unless the card sets it.
    menus = await stage.page.locator(CARD).get_by_role("combobox").all()
    for menu, key, meter in ((0, "End", "m5"), (1, "Home", "m1"), (1, "End", "m5")):
        await menus[menu].press(key)
        await stage.settle()
        assert [await each.input_value() for each in menus] == [meter, meter]
    assert "m5" in {one["entry_id"] for one in await stage.asked("live")}
    assert await stage.page.evaluate("stage.subscriptions()") == 1


@pytest.mark.parametrize(("language", "width"), [("en", 390), ("fr", 390), ("de", 484)])
async def test_a_young_meter_is_offered_its_past_from_leneda(
    stage: Stage, language: str, width: int
) -> None:
    common = json.loads((ROOT / "frontend/src/texts/common.json").read_text("utf-8"))[language]
    young = house_now.first_day() | house_hour.YOUNG
    look: JsonDict = {"language": language, "dark": language == "fr", "width": width}
    await stage.show(CARD, answers=young, **look)
    link = stage.card(CARD).locator(".hint a")
    assert "config_entry=house" in (await link.get_attribute("href") or "")
    assert common["field_leneda"].replace("\u00a0", " ") in await stage.text()
    assert not await stage.overflow()
    await stage.picture(f"now-young-{language}-{width}")
    # Only an administrator can enter an account or a file.
    await stage.show(CARD, answers=young, is_admin=False, **look)
    assert "Leneda" not in await stage.text()
    for known in (
        {"has_leneda": True},
        {"known_since": "2026-10-24T00:00:00+02:00", "has_leneda": False},
    ):
        meter = house.meter(known_since="2026-11-21T00:00:00+01:00") | known
        await stage.show(CARD, answers=young | {"smarty_p1/meters": {"meters": [meter]}}, **look)
        assert "Leneda" not in await stage.text()


async def test_a_meter_known_for_ten_seconds_has_its_changes_since_then(stage: Stage) -> None:
    await stage.show(CARD)
    assert "No change" not in await stage.text()
    await stage.passes(10)
    await stage.send(house.live(received_at="2026-11-21T17:38:30+00:00"))
    text = await stage.text()
    assert "No change of 0.3 kW or more since 18:38" in text
    assert "last hour" not in text.replace("Last hour, kW", "")
    await stage.picture("now-ten-seconds")
    await stage.show(CARD, answers=house_hour.hour())
    assert "No change of 0.3 kW or more in the last hour" in await stage.text()


@pytest.mark.parametrize("width", [320, 340, 375, 390, 410, 430, 500, 620])
async def test_no_sentence_moves_the_parts_below_it_and_the_usual_one_leaves_no_hole(
    stage: Stage, width: int
) -> None:
    await stage.show(CARD, width=width)
    texts = json.loads((ROOT / "frontend/src/texts/now.json").read_text("utf-8"))
    sentences = [
        "above", "above_unpriced", "less", "less_unpriced", "past", "past_unpriced", "switch_off",
        "room", "room_own", "room_then", "none_then", "room_sun", "room_from", "room_only",
        "room_none", "highest", "not_present", "nothing_unverified", "awaited",
    ]  # fmt: skip
    values = {"R": "12\u00a0kW", "end": "18:45", "above": "1.9\u00a0kWh", "cost": "0.08\u00a0€"}
    values |= {"peak": "14.5\u00a0kW"} | dict.fromkeys(("less", "more", "keep"), "11.5\u00a0kW")
    values |= {"own": "4.5\u00a0kW"}

    def filled(language: str, key: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda m: values[m[1]], texts[language][key])

    shown = {
        f"{language} {key}": [filled(language, key), small and filled(language, small)]
        for language in LANGUAGES
        for key in sentences
        for small in (("short", "short_sun") if key == "room" else ("",))
    }
    measured = await stage.page.evaluate(
        """(shown) => {
          const { shadowRoot } = document.querySelector("smarty-p1-now");
          const answer = shadowRoot.querySelector(".answer");
          const sentence = answer.querySelector(".sentence");
          const small = answer.querySelector(".small");
          const end = (element) => element.getBoundingClientRect().bottom;
          return Object.entries(shown).map(([name, [text, beside]]) => {
            sentence.innerHTML = text.replace(/\\*\\*(.*?)\\*\\*/, "<b>$1</b>");
            small.textContent = beside;
            const parts = [...answer.querySelectorAll(".sentence, .big, .small")];
            const hole = end(answer) - Math.max(...parts.map(end));
            return [name, answer.getBoundingClientRect().height, hole];
          });
        }""",
        shown,
    )
    usual = next(height for name, height, _ in measured if name == "en room")
    assert [[name, height] for name, height, _ in measured if height != usual] == []
    # A line has 24 px. On the narrowest phones, some sentences need a line more.
    holes = [[name, hole] for name, _, hole in measured if name.endswith("room") and hole > 24]
    assert width < 360 or holes == []


@pytest.mark.parametrize("width", [390, 510])
async def test_nothing_moves_in_ten_minutes_of_changing_load(stage: Stage, width: int) -> None:
    answers = house_sun.answers(with_battery=True)
    messages = [
        house.live(house=house_sun.powers(1.2, 0.4)),
        house_now.feeding() | {"house": house_sun.powers(6.0, 0.0)},
    ]
    messages += [
        house.live(
            house=house_sun.powers(0.4 + power / 4, 0.1),
            values=house.values(power_net=power),
            quarter_hour=house.quarter_hour(imported_wh=wh),
        )
        for power in (0.02, 0.6, 2.1, 5.4, 6.6, 11.4, -0.3)
        for wh in (20.0, 900.0, 1500.0)
    ]
    await stage.show(CARD, answers=answers | {"smarty_p1/live": messages[0]}, width=width)
    await stage.passes(1)
    await stage.page.evaluate(
        """() => {
            window.shifts = [];
            const places = ({ sources }) =>
                sources.map(({ previousRect: { x, y }, currentRect }) =>
                    [x, y, currentRect.x, currentRect.y]);
            const note = (list) => shifts.push(...list.getEntries().map(places));
            new PerformanceObserver(note).observe({ type: "layout-shift" });
        }"""
    )
    advice = set()
    for second in range(10, 600, 10):
        time = (NOW + timedelta(seconds=second)).isoformat()
        message = messages[second // 10 % len(messages)] | {"received_at": time}
        await stage.passes(10)
        await stage.send(message)
        advice.add(await stage.card(CARD).locator(".answer").inner_text())
        # The browser measures when it draws.
        await stage.card(CARD).screenshot()
    assert len(advice) > 10
    assert await stage.page.evaluate("shifts") == []


async def test_old_values_are_not_called_current(stage: Stage) -> None:
    # The clock of a tablet may be minutes off.
    await stage.show(CARD, ahead=timedelta(minutes=7))
    await stage.send(house.live(received_at="2026-11-21T17:38:30+00:00"))
    assert "From the grid 18:38:30 0.6 kW" in await stage.text()
    await stage.passes(80)
    text = await stage.text()
    assert "Last value: from the grid last 18:38:30 0.6 kW This is the last value" in text
    assert "No reading for" not in text
    await stage.passes(60)
    assert "No reading for 2 minutes" in await stage.text()
    assert await color_of_number(stage) == "old"
    await stage.send(house.live(received_at="2026-11-21T17:40:20+00:00"))
    assert "From the grid 18:40:20 0.6 kW" in await stage.text()
    # Without a card, nothing was heard: this is no silence.
    await stage.page.evaluate("window.card = document.querySelector('smarty-p1-now')")
    await stage.page.evaluate("card.remove()")
    await stage.passes(600)
    await stage.page.evaluate("stage.answer({'smarty_p1/live': null})")
    await stage.page.evaluate("document.querySelector('main').append(card)")
    await stage.sees("Last value: from the grid")
    assert "No reading for" not in await stage.text()

    another_day = house.live(received_at="2026-11-19T17:24:10+00:00")
    await stage.show(CARD, answers={"smarty_p1/live": another_day})
    assert "Last value: from the grid last 19 Nov, 18:24:10 0.6 kW" in await stage.text()


async def test_the_link_to_the_remedy_is_large_enough_for_a_finger(stage: Stage) -> None:
    await stage.show(CARD, answers={"smarty_p1/live": house_now.failing("wrong_key")})
    link = stage.card(CARD).get_by_role("link", name="Enter the key")
    assert await house_now.height(link) >= 44
