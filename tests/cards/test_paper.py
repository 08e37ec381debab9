"""Each view in forced colours and on paper, which both leave CSS backgrounds out."""

from io import BytesIO
from itertools import combinations
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from .stage import Stage
from .test_accessibility import VIEWS, show_view

# Content of an A4 page in px, with the browser's margins.
PAPER_PX = 718
# Mean difference of two pictures without their hues, from 0 to 255, that is seen.
MIN_DIFFERENCE = 6
BLANK = 255
# Their pictures follow the card without a drawing that has a width of its own.
WITHOUT_CHART = {"year", "yesterday"}

SCRIPT = Path(__file__).with_name("paper.js").read_text("utf-8")


async def dots(stage: Stage) -> dict[str, dict[str, Image.Image]]:
    """Return pictures of the dots and squares of each card without their hues, by their fill."""
    found: dict[str, dict[str, Image.Image]] = {}
    for index, card in enumerate(await stage.page.locator("main > *").all()):
        for dot in await card.locator(".dot:visible").all():
            fill = await dot.locator("> rect").get_attribute("fill") or ""
            picture = Image.open(BytesIO(await dot.screenshot())).convert("L").resize((10, 10))
            found.setdefault(str(index), {})[fill] = picture
    return found


@pytest.mark.parametrize("view", VIEWS)
async def test_a_view_says_the_same_in_forced_colours(stage: Stage, view: str) -> None:
    await show_view(stage, view, "en")
    await stage.page.evaluate(SCRIPT)
    assert await stage.page.evaluate("paper.lost()") == []
    await stage.page.emulate_media(forced_colors="active")
    try:
        assert await stage.page.evaluate("paper.unmarked()") == []
        for pictures in (await dots(stage)).values():
            for (fill, one), (other_fill, other) in combinations(pictures.items(), 2):
                difference = ImageStat.Stat(ImageChops.difference(one, other)).mean[0]
                assert difference >= MIN_DIFFERENCE, f"{fill} looks like {other_fill}"
        for bar in await stage.page.locator(".bar:visible").all():
            picture = Image.open(BytesIO(await bar.screenshot()))
            assert sum(picture.convert("L").histogram()[:BLANK]), await bar.inner_html()
    finally:
        await stage.page.emulate_media(forced_colors="none")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("view", VIEWS)
async def test_a_view_follows_the_width_of_the_paper(stage: Stage, view: str, width: int) -> None:
    await show_view(stage, view, "en")
    await stage.page.evaluate(SCRIPT)
    await stage.page.set_viewport_size({"width": width, "height": 3000})
    await stage.page.evaluate("paper.openTables()")
    for _ in range(3):
        await stage.settle()
    await stage.page.emulate_media(media="print")
    try:
        printed = await stage.page.evaluate("paper.printed", PAPER_PX)
        assert not printed["faults"]
        assert printed["count"] or view in WITHOUT_CHART
    finally:
        await stage.page.emulate_media(media="null")
