"""An anonymous capture, from the call that starts it to the file that a repair offers."""

from pathlib import Path

import pytest
from playwright.async_api import Browser

from dev.demo.meter_statistics import DOMAIN
from dev.testing.real_programs import IN_ONE_LOOP, PATIENCE, until
from smartyp1.capture.capture_file import read_capture
from smartyp1.p1.decoder import Decoder
from smartyp1.p1.telegram import Telegram
from tests.system.home import Home

from .conftest import KEY
from .household import PHONE, Household, household

pytestmark = [IN_ONE_LOOP, pytest.mark.slow]

ISSUE = "issues.capture_ended"
NAME = "Smarty"


async def open_repair(who: Household) -> None:
    title = who.texts.own(f"{ISSUE}.title").replace("{name}", NAME)
    await who.opens("/config/repairs")
    await who.sees(title)
    await who.chooses(title)
    await who.sees(who.texts.own(f"{ISSUE}.fix_flow.step.init.menu_options.discard"))


async def test_the_content_of_a_capture_is_seen_before_it_is_written(
    home: Home, address: str, browser: Browser, pictures: Path | None
) -> None:
    await home.add_meter(address, KEY)
    await home.until_settled()
    await home.client.command(
        "call_service",
        domain=DOMAIN,
        service="capture",
        service_data={"step": "start", "minutes": 1},
        return_response=True,
    )

    async def has_ended() -> bool:
        found = await home.client.command("repairs/list_issues")
        return any(issue["translation_key"] == "capture_ended" for issue in found["issues"])

    await until(has_ended, within=60 + PATIENCE)
    async with household(
        home.client.url, browser, language="fr", theme="dark", size=PHONE, pictures=pictures
    ) as who:
        await open_repair(who)
        await who.sees("1-0:1.8.0(")
        await who.takes_picture("capture-repair-fr", of=who.dialog)
    folder = home.directory / "config" / DOMAIN
    assert not folder.exists()

    async with household(home.client.url, browser, pictures=pictures) as who:
        await open_repair(who)
        await who.takes_picture("capture-repair", of=who.dialog)
        await who.leaves_by(who.texts.own(f"{ISSUE}.fix_flow.step.init.menu_options.write"))
        await who.sees("capture-1.jsonl")
        await who.takes_picture("capture-repair-written", of=who.dialog)

    chunks, key = read_capture((folder / "capture-1.jsonl").read_text("ascii"))
    decoder = Decoder(key)
    telegrams = [
        event for _, data in chunks for event in decoder.feed(data) if isinstance(event, Telegram)
    ]
    assert len(telegrams) > 30
    assert home.meter.device_name not in str(telegrams)
    await until(lambda: is_over(home))


async def is_over(home: Home) -> bool:
    found = await home.client.command("repairs/list_issues")
    return not any(issue["translation_key"] == "capture_ended" for issue in found["issues"])
