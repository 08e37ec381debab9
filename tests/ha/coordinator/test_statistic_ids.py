"""Ids and names of a meter's statistics: they outlast any change of the meter."""

import hashlib
from unittest.mock import Mock

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.coordinator.statistics.meter_statistics import MeterStatistics
from custom_components.smarty_p1.coordinator.statistics.statistic_ids import (
    ELECTRICITY,
    GAS,
    StatisticKind,
    async_statistic_names,
    statistic_id,
    statistics_key,
    store_statistics_key,
    wanted_kinds,
    with_statistics_key,
)
from custom_components.smarty_p1.lib.bill.household import Household
from tests.ha.meter import SERIAL
from tests.ha.support import own_log, smarty_entry

POINT = "LU0000010000000000000000001234567"


def entry_of(hass: HomeAssistant, unique_id: str, **data: str) -> MockConfigEntry:
    """Return the entry of a meter that was added before its statistics."""
    entry = smarty_entry(title=f"Smarty {unique_id}", unique_id=unique_id, data=data)
    entry.add_to_hass(hass)
    return entry


@pytest.mark.parametrize("first_id", [SERIAL, POINT])
def test_the_key_stays_when_the_meter_gets_another_id(hass: HomeAssistant, first_id: str) -> None:
    entry = entry_of(hass, first_id)
    digest = hashlib.sha256(first_id.encode()).hexdigest()
    assert statistics_key(entry) == digest[:8]

    store_statistics_key(hass, entry)
    data = with_statistics_key(entry, {"port": "socket://1.2.3.4:5"})
    hass.config_entries.async_update_entry(entry, unique_id="SAG9999", data=data)
    store_statistics_key(hass, entry)

    assert entry.data == {"port": "socket://1.2.3.4:5", "statistics_key": digest[:8]}
    imported = statistic_id(statistics_key(entry), StatisticKind.IMPORTED)
    assert imported == f"smarty_p1:{digest[:8]}_imported"


async def test_costs_are_only_in_euros(hass: HomeAssistant) -> None:
    energies = (StatisticKind.IMPORTED, StatisticKind.EXPORTED)
    for currency, count in (("CHF", 2), ("EUR", 5)):
        await hass.config.async_update(currency=currency)
        assert wanted_kinds(hass, ELECTRICITY)[:2] == energies
        assert len(wanted_kinds(hass, ELECTRICITY)) == count
        assert len(wanted_kinds(hass, GAS)) == (3 if currency == "EUR" else 2)


async def test_names_describe_the_statistic_without_a_serial_number(hass: HomeAssistant) -> None:
    entry = entry_of(hass, SERIAL)
    names = await async_statistic_names(hass, entry)
    assert names[StatisticKind.IMPORTED] == "Smarty 2574 Energy imported (by hour, corrected)"
    hass.config.language = "de"
    names = await async_statistic_names(hass, entry)
    assert names[StatisticKind.TOTAL] == "Smarty 2574 Gesamtkosten (stündlich, korrigiert)"
    assert len({*names.values()}) == len(StatisticKind)
    assert SERIAL not in "".join(names.values())


async def test_without_a_recorder_nothing_is_written(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    statistics = MeterStatistics(hass, entry_of(hass, SERIAL))
    statistics.async_start(Household(), Mock())
    statistics.start_writing()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not statistics.is_available
    assert not await statistics.async_wait_until_written()
    assert await statistics.async_remove_hours([])
    assert own_log(caplog) == []
