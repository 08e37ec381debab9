"""The card of the quarter-hours of a day."""

import pytest

from . import house, house_today
from .stage import Stage

CARD = "smarty-p1-today"


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("dark", [False, True])
async def test_today_is_drawn(stage: Stage, width: int, language: str, dark: bool) -> None:
    heading = house.live(
        values=house.values(power_net=11.4),
        quarter_hour=house.quarter_hour(
            imported_wh=1440, running_kw=10.4, projected_kw=10.8, will_exceed=True
        ),
    )
    await stage.show(
        CARD,
        answers=house_today.answers() | {"smarty_p1/live": heading},
        width=width,
        language=language,
        dark=dark,
        scale=1 if width > 1000 else 2,
    )
    await stage.picture(f"today-{width}-{language}-{'dark' if dark else 'light'}")
    assert not stage.errors
    assert not await stage.overflow()
