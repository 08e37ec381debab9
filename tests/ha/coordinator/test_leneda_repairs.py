"""What is said when the platform's key stops working, or when it counts something else."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from homeassistant.components.repairs import RepairsFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.coordinator.leneda import download as leneda_download
from custom_components.smarty_p1.lib.history import QuarterHour
from dev.leneda import Platform
from tests.ha.leneda import ENERGY_ID, IMPORTED, KEY, POINT, PRIVATE, QUARTER_HOUR
from tests.ha.measured import as_span
from tests.ha.repairs import fill_in, open_repair
from tests.ha.support import Home, issue_of, wait_until

ACCOUNT = {"api_key": KEY, "energy_id": ENERGY_ID, "consumption_point": POINT}
NEW_KEY = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let requests follow each other without a pause."""
    monkeypatch.setattr(leneda_download, "PAUSE", 0.0)


@pytest.fixture
async def entry(home: Home, platform: Platform) -> MockConfigEntry:
    """Return an entry with an account whose key is not known any more."""
    platform.key = NEW_KEY
    entry = await home.set_up(leneda=ACCOUNT)
    home.answer()
    await home.wait_until(lambda: home.issue("leneda_key") is not None)
    return entry


async def mend(
    hass: HomeAssistant, entry: MockConfigEntry, typed: dict[str, str]
) -> RepairsFlowResult:
    form = await open_repair(hass, f"leneda_key_{entry.entry_id}")
    assert form["type"] is FlowResultType.FORM
    assert KEY not in repr(form)
    return await fill_in(hass, form, typed)


async def test_a_new_key_is_tried_and_taken(
    hass: HomeAssistant, entry: MockConfigEntry, platform: Platform
) -> None:
    wrong: list[tuple[dict[str, str], dict[str, str]]] = [
        ({"api_key": KEY}, {"api_key": "leneda_invalid_auth"}),
        ({"energy_id": ENERGY_ID}, {"api_key": "leneda_key_malformed"}),
        ({"api_key": NEW_KEY, "energy_id": " "}, {"energy_id": "leneda_energy_id_malformed"}),
    ]
    for typed, errors in wrong:
        assert (await mend(hass, entry, typed))["errors"] == errors
        assert entry.options["leneda"] == ACCOUNT
        assert issue_of(hass, entry, "leneda_key")

    result = await mend(hass, entry, {"api_key": NEW_KEY, "energy_id": ENERGY_ID})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert entry.options["leneda"] == {**ACCOUNT, "api_key": NEW_KEY}
    assert not issue_of(hass, entry, "leneda_key")
    asked = len(platform.requests)
    await wait_until(hass, lambda: len(platform.requests) > asked)


async def test_without_an_account_nothing_is_left_to_repair(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(entry, options={})
    form = await open_repair(hass, f"leneda_key_{entry.entry_id}")
    assert (form["type"], form["reason"]) == (FlowResultType.ABORT, "entry_removed")

    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert not issue_of(hass, entry, "leneda_key")


# Each quarter-hour another one, so that shifts show.
def power(start: datetime) -> float:
    return 0.4 + start.hour / 10 + start.minute / 100


@pytest.fixture
def midnight() -> datetime:
    local = dt_util.utcnow().astimezone(dt_util.get_time_zone("Europe/Luxembourg"))
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(dt_util.UTC)


@pytest.mark.parametrize(
    ("platform_kw", "problem"),
    [(power, None), (lambda start: power(start) * 4, "leneda_factor_four")],
)
async def test_days_are_compared(  # noqa: PLR0913, PLR0917
    hass: HomeAssistant,
    home: Home,
    platform: Platform,
    midnight: datetime,
    platform_kw: Callable[[datetime], float],
    problem: str | None,
) -> None:
    platform.series[POINT, IMPORTED] = platform_kw
    entry = await home.set_up()
    start, number = midnight - 4 * DAY, 0
    series = entry.runtime_data.books.quarter_hours
    while start < midnight:
        number += 1
        series.append([as_span(QuarterHour(start, power(start), power(start) / 8), number)])
        start += QUARTER_HOUR
    await hass.async_block_till_done()
    home.answer()

    def told() -> dict[str, dict[str, str]]:
        return {
            issue.translation_key: issue.translation_placeholders or {}
            for issue in ir.async_get(hass).issues.values()
            if issue.active and issue.translation_key and issue.translation_key.startswith("leneda")
        }

    async def ask(**changes: str) -> None:
        hass.config_entries.async_update_entry(entry, options={"leneda": {**ACCOUNT, **changes}})
        platform.requests.clear()
        assert await hass.config_entries.async_reload(entry.entry_id)
        # When history is asked for, the comparison is over.
        await home.wait_until(
            lambda: [each for each in platform.requests if each.code == IMPORTED][1:] != []
        )

    await ask()
    assert set(told()) == ({problem} if problem else set())
    if problem:
        assert told()[problem]["day"] == f"{midnight - DAY + timedelta(hours=12):%Y-%m-%d}"
        # 42.6 kWh are 24 hours of `power`; a day can have an hour more or less. All users see the
        # same text, so it has whole Wh: no language writes these with a point.
        own, other_wh = (int(told()[problem][key]) for key in ("own", "leneda"))
        assert (own, other_wh) == (pytest.approx(42_600, abs=3000), pytest.approx(own * 4, abs=2))
        assert not [secret for secret in PRIVATE if secret in repr(told())]

        # It ends as soon as the days agree.
        other = f"{POINT[:-1]}5"
        platform.series[other, IMPORTED] = power
        await ask(consumption_point=other)
        assert told() == {}
