"""Waits until an address of Prometheus shows something, and takes a picture of it."""

import json
import shutil
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from .page import PROMETHEUS

# Seconds: what a picture must show to be one, and how often a fleet's values are asked for.
_SPAN, _STEP = 60, 10
_PATIENCE = 240.0
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class NothingToSeeError(Exception):
    """What the address asks for did not come."""


def look(url: str, picture: Path) -> list[dict[str, Any]]:
    """Return what the address shows, once it shows something. Raises NothingToSeeError."""
    deadline = time.monotonic() + _PATIENCE
    while not (shown := _ask(url)):
        if time.monotonic() > deadline:
            msg = f"nothing to see within {_PATIENCE:.0f} s: {urllib.parse.unquote(url)}"
            raise NothingToSeeError(msg)
        time.sleep(1)
    _take(url, picture)
    return shown


def _ask(url: str) -> list[dict[str, Any]]:
    """Return the series of the page's expression, none when it is too early for them.

    Raises NothingToSeeError.
    """
    parts = urllib.parse.urlsplit(url)
    if parts.path != "/graph":
        return [{"metric": {}}] if _get(parts.path) and not _firing() else []
    query = dict(urllib.parse.parse_qsl(parts.query))
    asked = {"query": query["g0.expr"]}
    if query["g0.tab"] == "1":
        return _series("query", asked)
    now = time.time()
    span = {"start": f"{now - _SPAN}", "end": f"{now}", "step": f"{_STEP}"}
    series = _series("query_range", asked | span)
    return series if all(len(one["values"]) > _SPAN / _STEP for one in series) else []


def _series(kind: str, asked: dict[str, str]) -> list[dict[str, Any]]:
    answer = _get(f"/api/v1/{kind}?{urllib.parse.urlencode(asked)}")
    found: list[dict[str, Any]] = json.loads(answer)["data"]["result"] if answer else []
    return found


def _firing() -> list[str]:
    alerts = json.loads(_get("/api/v1/alerts"))["data"]["alerts"]
    return [one["labels"]["alertname"] for one in alerts if one["state"] == "firing"]


def _get(path: str) -> bytes:
    try:
        with urllib.request.urlopen(f"{PROMETHEUS}{path}", timeout=10) as answer:  # noqa: S310
            content: bytes = answer.read()
            return content
    except urllib.error.HTTPError as error:
        msg = f"{error.url}: {error.code}"
        raise NothingToSeeError(msg) from None
    except OSError:
        # Its program has only just been started.
        return b""


def _take(url: str, picture: Path) -> None:
    browser_path = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser_path is None:
        print(f"no picture of it: none of {', '.join(_BROWSERS)} is here", flush=True)
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1100, "height": 800})
        page.goto(url, wait_until="networkidle")
        page.screenshot(path=picture, full_page=True)
        browser.close()


def main(folder: Path, url: str) -> int:
    """Look, and tell what is there; return the exit status."""
    name = f"{len(list(folder.glob('*.png'))) + 1}.png"
    try:
        shown = look(url, folder / name)
    except NothingToSeeError as error:
        print(error, file=sys.stderr)
        return 1
    for one in shown:
        value = one.get("value", one.get("values", [["", ""]])[-1])[-1]
        print("seen:", json.dumps(one["metric"], sort_keys=True), value, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
