"""Cards in a browser whose clock is wrong."""

from datetime import timedelta

import pytest

from . import house
from .house_all import Placed, views
from .stage import Stage

CLOCKS = (timedelta(), timedelta(days=3), timedelta(days=-6 * 365))
ALL = [card for cards in views().values() for card in cards]
_MARKUP = "card => card.shadowRoot.innerHTML.replace(/<!--.*?-->/g, '')"


@pytest.mark.parametrize("card", ALL, ids=str)
async def test_a_wrong_clock_changes_nothing(stage: Stage, card: Placed) -> None:
    seen = []
    for ahead in CLOCKS:
        await stage.show(card.type, answers=card.answers, config=card.config, ahead=ahead)
        drawn = [await stage.card(card.type).evaluate(_MARKUP)]
        for seconds in (9, 60):
            await stage.passes(seconds)
            await stage.settle()
            drawn.append(await stage.card(card.type).evaluate(_MARKUP))
        seen.append(drawn)
    right, *wrong = seen
    for drawn in wrong:
        assert drawn == right


async def test_the_curve_shows_the_hour_until_now_before_its_readings_come(stage: Stage) -> None:
    for ahead in CLOCKS:
        await stage.show("smarty-p1-now", ahead=ahead)
        assert "17:45 18:00 18:15 18:30" in await stage.text()


async def test_the_age_of_a_reading_is_by_the_time_of_home_assistant(stage: Stage) -> None:
    for ahead in CLOCKS:
        old = house.live(received_at="2026-11-21T17:24:10+00:00")
        await stage.show("smarty-p1-now", answers={"smarty_p1/live": old}, ahead=ahead)
        text = await stage.text()
        assert "Last value: from the grid last 18:24:10 0.6 kW" in text
        assert "No reading" not in text
