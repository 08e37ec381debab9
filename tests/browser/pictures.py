"""Makes the pictures of the documentation: `scripts/pictures`."""

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image, ImageChops
from playwright.async_api import Browser

from dev.checkout import ROOT
from dev.demo.client import Client
from dev.demo.meter_statistics import DOMAIN, entities_of
from dev.demo.state import State
from dev.ports import free_ports
from dev.simulator import Meter
from tests.system.browser import executable

from .household import PHONE, Household, Theme, browser_running, household
from .steps import choose_meter, open_contract, open_options, search_integration

IMAGES = ROOT / "docs" / "images"
MAX_BYTES = 120_000
READY_WITHIN = 900.0
# Flow rates are known after two captures, fifteen minutes apart at most; charts need some points.
SETTLE = 300.0
# A page whose texts stay the same for so long is drawn. Advice changes with the power: an end.
DRAWN_AFTER_S = 5.0
MAX_WAITS = 30
# Whether a request has no answer yet, or a card in view shows that it waits. Subscriptions have a
# callback, and a card below the window asks for nothing.
_IS_WAITING = """(cards) => {
    const { commands } = document.querySelector("home-assistant").hass.connection;
    const isInView = (card) => card.getBoundingClientRect().top < window.innerHeight;
    return [...commands.values()].some(({ callback }) => !callback) || cards.some(isInView);
}"""
WIDE = (1240, 900)
TALL = (1240, 1120)
HIGHEST = (1240, 1400)
# A dialog is never higher than the window, and its sections are taken whole.
FOR_DIALOGS = (1240, 1500)
COLOURS = 160
# Tests that take pictures of dialogs.
_TESTS = ("first_clicks", "first_day", "the_past")
# Taken by hand from Prometheus' page, while the commands of docs/fleet.md ran.
_BY_HAND = "fleet.png"
# Pixels below the last card.
_MARGIN = 24
_QUARTER_HOUR = timedelta(minutes=15)
_CHARGING_KW = 9.0
# Name of the car on the Energy dashboard of the demo.
_CAR = "Car"


async def main(*wanted: str) -> int:
    """Make all pictures; return the exit status."""
    path = executable()
    if path is None:
        sys.exit("pictures: there is no browser; scripts/test installs one")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "pictures"
        demo = asyncio.create_task(_picture_demo(Path(name) / "demo", folder, path))
        status = 0
        if wanted != ("demo",):
            tests = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "pytest", "-q", "--pictures", folder),
                *(ROOT / "tests" / "browser" / f"test_{test}.py" for test in _TESTS),
                cwd=ROOT,
            )
            status = await tests.wait()
        await demo
        made = {path.name for path in folder.glob("*.png")}
        shown = _shown_by_pages()
        for picture in sorted(made & shown):
            _shrink(folder / picture, IMAGES / picture)
    old = shown - made - {_BY_HAND}
    if old and not status and wanted != ("demo",):
        sys.exit(f"pictures: nothing makes {', '.join(sorted(old))}")
    return status


def _shown_by_pages() -> set[str]:
    """Return the names of the pictures that the documentation shows."""
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    return {
        name
        for page in pages
        for name in re.findall(r"\bimages/([\w-]+\.png)", page.read_text("utf-8"))
    }


def _evening(now: datetime) -> datetime:
    """Return the last moment at which the car of the first meter had charged for a while.

    The car charges for an hour at least: the picture must show its draw.
    """
    powers = Meter(State.first_meter).household.powers_at
    moment = now.replace(second=0, microsecond=0)
    while not all(
        sum(powers(moment + part * _QUARTER_HOUR).active) > _CHARGING_KW for part in range(-1, 4)
    ):
        moment -= _QUARTER_HOUR / 3
    return moment


def _clock_ahead(ahead: timedelta) -> dict[str, str]:
    """Return the environment of programs whose clock is ahead; timers are not."""
    libraries = [*Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")]
    if not libraries:
        sys.exit(
            "pictures: there is no libfaketime; scripts/packages faketime installs it on Debian"
        )
    return {
        **os.environ,
        "LD_PRELOAD": str(libraries[0]),
        "FAKETIME": f"{ahead.total_seconds():+.0f}s",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


async def _picture_demo(state: Path, folder: Path, path: str) -> None:
    now = datetime.now(UTC)
    ahead = _evening(now) - now
    process = await asyncio.create_subprocess_exec(
        *(ROOT / "scripts" / "demo", "--state", state),
        *("--port", f"{(port := free_ports())}", "--meter-port", f"{free_ports(2)}"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        env=_clock_ahead(ahead),
    )
    try:
        assert process.stdout
        async with asyncio.timeout(READY_WITHIN):
            while b"ready: " not in (line := await process.stdout.readline()):
                assert line, "the demo has ended"
        await asyncio.sleep(SETTLE)
        async with (
            Client.logged_in(f"http://127.0.0.1:{port}") as client,
            browser_running(path) as browser,
        ):
            await _picture_pages(client, browser, folder, ahead)
    finally:
        process.terminate()
        await process.wait()


async def _picture_pages(client: Client, browser: Browser, folder: Path, ahead: timedelta) -> None:
    (entry_id,) = await client.entries(DOMAIN)
    entities = await entities_of(client, entry_id)
    registry = await client.command(
        "config/entity_registry/get", entity_id=entities["energy_imported"]
    )

    async def take(
        language: str,
        pages: dict[str, str],
        size: tuple[int, int] = WIDE,
        theme: Theme = "light",
        then: Callable[[Household], Awaitable[None]] | None = None,
    ) -> None:
        async with household(
            client.url,
            browser,
            language=language,
            size=size,
            theme=theme,
            pictures=folder,
            ahead=ahead,
        ) as who:
            for name, path in pages.items():
                await who.opens(path)
                await _until_drawn(who)
                await who.takes_picture(name)
            if then:
                await then(who)

    now, bill = "/dashboard-smarty/now", "/dashboard-smarty/bill"
    await take("en", {"dashboard-now": now, "energy": "/energy", "energy-now": "/energy/now"})
    await take(
        "en",
        {
            "device": f"/config/devices/device/{registry['device_id']}",
            "dashboard-others": "/dashboard-smarty/others",
            "dashboard-quality": "/dashboard-smarty/quality",
            "dashboard-bill": bill,
        },
        TALL,
    )
    await take("en", {"dashboard-year": "/dashboard-smarty/year"}, HIGHEST)
    await take("en", {"dashboard-dark": now}, theme="dark")
    await take("en", {"dashboard-phone": now}, PHONE)
    for language in ("de", "fr", "lb", "pt"):
        await take(language, {f"dashboard-now-{language}": now})
    for language in ("de", "fr"):
        await take(language, {f"dashboard-bill-{language}": bill}, TALL)
    await take("en", {}, FOR_DIALOGS, then=_picture_dialogs)
    await _add_car(client, entry_id)
    await take("en", {}, HIGHEST, then=_picture_planned_car)


async def _add_car(client: Client, entry_id: str) -> None:
    """Enter the car as a load that the plan knows. Cards of other pictures would show it, too."""
    flows = "/api/config/config_entries/subentries/flow"
    step = await client.post(flows, handler=[entry_id, "load"])
    flow = f"{flows}/{step['flow_id']}"
    await client.post(flow, next_step_id="car")
    car = {"name": "Car", "kwh": "9", "max_kw": "11", "by_workdays": "07:00:00"}
    preferences = await client.command("energy/get_prefs")
    (measured_by,) = (
        device["stat_consumption"]
        for device in preferences["device_consumption"]
        if device["name"] == _CAR
    )
    await client.post(flow, **car, more={"measured_by": measured_by})


async def _until_drawn(who: Household) -> None:
    """Wait until all is answered, and the texts stay the same, apart from their numbers.

    A card that is refused because Home Assistant is busy asks again seconds later.
    """
    before = None
    for _ in range(MAX_WAITS):
        await who.settles()
        texts = re.sub(r"[\d.,:]+", "", await who.text())
        is_waiting = await who.page.locator("p[role=status]").evaluate_all(_IS_WAITING)
        if texts == before and not is_waiting:
            return
        before = texts
        await asyncio.sleep(DRAWN_AFTER_S)


async def _picture_planned_car(who: Household) -> None:
    """Take the year with a plan for the car, and what a plan for a device would have saved."""
    await who.opens("/dashboard-smarty/year")
    year, what_if = (who.page.locator(f"smarty-p1-{card}") for card in ("year", "what-if"))
    await year.get_by_role("button", name="With a plan for the car").click()
    for kind in ("Plan", "Battery"):
        await what_if.get_by_role("button", name=kind, exact=True).click()
    await what_if.get_by_role("combobox").select_option(label=_CAR)
    await year.get_by_role("table").wait_for()
    await _until_drawn(who)
    await who.takes_picture("dashboard-year-plan", of=year)
    await who.takes_picture("what-if", of=what_if)


async def _picture_dialogs(who: Household) -> None:
    """Take the dialogs for sources beside the first meter, and sections of the options."""
    step = "config.step"
    await search_integration(who)
    await who.takes_picture("menu", of=who.dialog)
    await choose_meter(who)
    await who.takes_picture("meter", of=who.dialog)
    await search_integration(who)
    await who.chooses(who.texts.own(f"{step}.user.menu_options.pulse"))
    await who.chooses(who.texts.own(f"{step}.pulse.menu_options.pulse_port"))
    await who.sees(who.texts.own(f"{step}.pulse_port.title"))
    await who.takes_picture("pulse-reader", of=who.dialog)
    await search_integration(who)
    await who.chooses(who.texts.own(f"{step}.user.menu_options.tank"))
    await who.sees(who.texts.own(f"{step}.tank.data.distance_empty"))
    await who.takes_picture("rainwater-tank", of=who.dialog)
    await open_contract(who)
    await who.takes_picture("options", of=who.dialog)
    for name in ("p1_server", "mqtt"):
        await open_options(who, "other_programs")
        await who.chooses(who.texts.own(f"options.step.other_programs.menu_options.{name}"))
        await who.page.locator("ha-switch").first.click()
        await who.takes_picture(name.replace("_", "-"), of=who.dialog)


def _without_empty_end(picture: Image.Image) -> Image.Image:
    """Return the picture without the area below its last card."""
    background = Image.new("RGB", picture.size, picture.getpixel((0, picture.height - 1)))
    box = ImageChops.difference(picture, background).getbbox()
    end = picture.height if box is None else min(picture.height, box[3] + _MARGIN)
    return picture.crop((0, 0, picture.width, end))


def _shrink(source: Path, target: Path) -> None:
    """Store a picture with few colours."""
    picture = _without_empty_end(Image.open(source).convert("RGB"))
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)
    size = target.stat().st_size
    print(f"pictures: {target.name} {picture.width} x {picture.height}, {size / 1000:.0f} kB")  # noqa: T201 - progress
    if size > MAX_BYTES:
        sys.exit(f"pictures: {target.name} has more than {MAX_BYTES} bytes")


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
