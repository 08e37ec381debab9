"""The platform that tests and the demo ask: what it answers, by what is known of the real one."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from dev.leneda import Platform

POINT = "LU0000012345678901234000000000001"
CODE = "1-1:1.29.0"
HEADERS = {"X-API-KEY": "the key", "X-ENERGY-ID": "LUXE-AB-CD-12345"}


@pytest.fixture
async def platform() -> AsyncGenerator[Platform]:
    async with Platform(key="the key", energy_id="LUXE-AB-CD-12345") as platform:
        platform.series[POINT, CODE] = lambda start: start.minute / 100
        yield platform


@pytest.fixture
async def session() -> AsyncGenerator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(headers=HEADERS) as session:
        yield session


async def ask(
    session: aiohttp.ClientSession, platform: Platform, start: str, end: str, code: str = CODE
) -> dict[str, Any]:
    query = {"startDateTime": start, "endDateTime": end, "obisCode": code}
    url = f"{platform.url}/metering-points/{POINT}/time-series"
    async with session.get(url, params=query, raise_for_status=True) as answer:
        told: dict[str, Any] = await answer.json()
        return told


async def test_quarter_hours(session: aiohttp.ClientSession, platform: Platform) -> None:
    told = await ask(session, platform, "2025-03-01T00:00:00Z", "2025-03-01T00:30:00Z")
    items = told.pop("items")
    assert told == {
        "meteringPointCode": POINT,
        "obisCode": CODE,
        "intervalLength": "PT15M",
        "unit": "kW",
    }
    assert items == [
        {
            "value": value,
            "startedAt": f"2025-03-01T00:{minute}:00Z",
            "type": "Actual",
            "version": 1,
            "calculated": False,
        }
        for value, minute in ((0.0, "00"), (0.15, "15"))
    ]
    [asked] = platform.requests
    assert (asked.point, asked.code) == (POINT, CODE)
    assert asked.end == datetime(2025, 3, 1, 0, 30, tzinfo=UTC)


async def test_odd_rows(session: aiohttp.ClientSession, platform: Platform) -> None:
    platform.gives_outside = platform.gives_twice = True
    platform.series[POINT, CODE] = lambda start: None if start.minute else 1.0
    platform.version = lambda _start: 2
    platform.is_estimated = lambda start: start.minute == 45
    told = await ask(session, platform, "2025-03-01T00:00:00Z", "2025-03-01T00:15:00Z")
    items = told["items"]
    starts = [item["startedAt"] for item in items]
    assert len(starts) == 2 * len(set(starts)) == 2 * 17
    assert starts[0] == "2025-03-01T02:00:00Z"
    assert "2025-02-28T22:00:00Z" in starts
    assert {item["value"] for item in items} == {None, 1.0}
    assert {item["type"] for item in items} == {"Actual", "Estimated"}
    assert {item["version"] for item in items} == {2}


@pytest.mark.parametrize(
    "headers", [{"X-API-KEY": "another"}, {"X-ENERGY-ID": "LUXE-AB-CD-99999"}, {"X-API-KEY": ""}]
)
async def test_wrong_key(platform: Platform, headers: dict[str, str]) -> None:
    async with aiohttp.ClientSession(headers=HEADERS | headers) as session:
        with pytest.raises(aiohttp.ClientResponseError) as caught:
            await ask(session, platform, "2025-03-01T00:00:00Z", "2025-03-01T01:00:00Z")
    assert caught.value.status == 401
    assert (platform.refused, platform.requests) == (1, [])
