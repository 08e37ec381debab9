"""Asking the national platform: each answer is told apart and bounded, and no text has a secret."""

import logging
import traceback
from datetime import timedelta

import pytest
from homeassistant.core import HomeAssistant

from custom_components.smarty_p1.coordinator.leneda import client as leneda_client
from custom_components.smarty_p1.coordinator.leneda.client import (
    Credentials,
    LenedaError,
    SeriesRequest,
    async_series,
)
from custom_components.smarty_p1.lib.leneda import LenedaRow, read_time_series
from dev.leneda import Fault, Platform
from dev.ports import free_ports
from tests.ha.leneda import ENERGY_ID, IMPORTED, KEY, POINT, PRIVATE, QUARTER_HOUR, REMAINING, utc

START = utc("2026-11-17 23:00")
END = START + timedelta(days=1)


async def ask(
    hass: HomeAssistant, *, key: str = KEY, point: str = POINT, code: str = IMPORTED
) -> tuple[LenedaRow, ...]:
    request = SeriesRequest(point, code, START, END)
    series = await async_series(hass, Credentials(key, ENERGY_ID), request, read_time_series)
    return series.rows


async def refusal(hass: HomeAssistant, *, key: str = KEY, point: str = POINT) -> str:
    """Return why nothing comes, after a look at what an error may say."""
    with pytest.raises(LenedaError) as caught:
        await ask(hass, key=key, point=point)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert not [secret for secret in (*PRIVATE, key, point) if secret in told]
    return caught.value.reason


async def test_a_day(hass: HomeAssistant, platform: Platform) -> None:
    platform.series[POINT, IMPORTED] = lambda start: 0.412 if start.minute else 3.96
    platform.version = lambda start: 2 if start < START + timedelta(hours=1) else 1
    platform.is_estimated = lambda start: start == START

    rows = await ask(hass)

    assert len(rows) == 96
    assert rows[0] == LenedaRow(START, 3.96, is_measured=False, version=2)
    assert rows[1] == LenedaRow(START + QUARTER_HOUR, 0.412, is_measured=True, version=2)
    assert rows[-1] == LenedaRow(END - QUARTER_HOUR, 0.412, is_measured=True, version=1)
    [asked] = platform.requests
    assert (asked.point, asked.code, asked.start, asked.end) == (POINT, IMPORTED, START, END)


@pytest.mark.usefixtures("platform")
async def test_unknown_point_and_code_without_right(hass: HomeAssistant) -> None:
    assert await refusal(hass, point=POINT[:-1] + "9") == "leneda_unknown_point"
    with pytest.raises(LenedaError) as caught:
        await ask(hass, code=REMAINING)
    assert caught.value.reason == "leneda_unknown_point"


async def test_another_key(hass: HomeAssistant, platform: Platform) -> None:
    assert await refusal(hass, key="another") == "leneda_invalid_auth"
    assert platform.refused == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault.FORBIDDEN, "leneda_forbidden"),
        (Fault.NOT_FOUND, "leneda_not_found"),
        (Fault.TOO_MANY, "leneda_too_many"),
        (Fault.SERVER, "leneda_server"),
        (Fault.BROKEN_JSON, "leneda_not_understood"),
        (Fault.NO_OBJECT, "leneda_not_understood"),
        (Fault.TOO_LARGE, "leneda_answer_too_large"),
        (Fault.REDIRECT, "leneda_not_understood"),
        (Fault.DISCONNECTED, "leneda_unreachable"),
    ],
)
async def test_refusals(
    hass: HomeAssistant,
    platform: Platform,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
    reason: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    platform.fault = fault
    assert await refusal(hass) == reason
    # With the key, whoever is redirected to could read everything.
    assert not platform.followed
    assert not [secret for secret in PRIVATE if secret in caplog.text]

    platform.fault = None
    assert len(await ask(hass)) == 96


async def test_a_slow_answer(
    hass: HomeAssistant, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leneda_client, "TIMEOUT", 0.05)
    platform.fault = Fault.SLOW
    assert await refusal(hass) == "leneda_too_slow"


async def test_nobody_there(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leneda_client, "BASE_URL", f"http://127.0.0.1:{free_ports()}/api")
    assert await refusal(hass) == "leneda_unreachable"
