"""Year of a household with changes, and the market prices that a changed contract needs."""

from collections.abc import Sequence
from contextlib import suppress

from ..coordinator.chosen_entity_ids import current_ids
from ..coordinator.counted_household import household_state_of
from ..coordinator.loads.entered_loads import entered_cars
from ..coordinator.market_prices.energy_charts import DownloadError
from ..coordinator.meter_coordinator import MeterCoordinator
from ..coordinator.statistics.load_energy import NoLoadStatisticError, async_load_energies
from ..energy_dashboard.house_sources import async_house_devices
from ..lib.advice.what_if_year import WhatIfError, WhatIfRefusal, last_twelve_months
from ..lib.answers.what_if import WhatIfQuestion, markets_report, what_if_report
from ..lib.json_types import JsonDict, JsonMapping
from ..lib.plan.usual_house import LoadEnergy
from ..lib.prices.market_price_series import sources_at
from ..lib.prices.zone_price_response import ZONE
from .answer_queue import async_aside


async def async_what_if(
    coordinator: MeterCoordinator,
    changes: Sequence[JsonMapping],
    feed_in_price: float | None = None,
    *,
    own_car: Sequence[LoadEnergy] = (),
    is_of_few: bool = False,
) -> JsonDict:
    """Return a year of the household now and with `changes`.

    `WhatIfQuestion` describes the other parameters. Raises WhatIfError if the data of the meter do
    not suffice.
    """
    hass, records = coordinator.hass, coordinator.records
    household, sources = household_state_of(coordinator), records.household.price_sources
    cars = cars_charged_here(coordinator)
    if device := next((change["device"] for change in changes if "device" in change), None):
        own_car = await _async_device_energy(coordinator, device)
        names = await async_house_devices(hass, coordinator.config_entry)
        cars = [names[device]] if device in names else []
    question = WhatIfQuestion(
        changes,
        feed_in_price,
        sources_at(sources, household.until) if sources else None,
        records.prices.markets,
        own_car,
        cars,
        is_of_few,
    )
    return await async_aside(hass, what_if_report, household, question)


def cars_charged_here(coordinator: MeterCoordinator) -> list[str]:
    """Return the names of the entered cars that the measured months contain."""
    cars = entered_cars(coordinator.config_entry)
    return [car.name for car in cars if car.measured_by or car.charged_here == "yes"]


async def async_what_if_devices(coordinator: MeterCoordinator) -> list[dict[str, str]]:
    """Return the devices of the house that can be the planned car."""
    names = await async_house_devices(coordinator.hass, coordinator.config_entry)
    return [{"id": device, "name": name} for device, name in names.items()]


async def async_car_energy(coordinator: MeterCoordinator, statistic: str) -> list[LoadEnergy]:
    """Return the energy of a car in the year, [] without statistics of it."""
    start, end = last_twelve_months(household_state_of(coordinator))
    with suppress(NoLoadStatisticError):
        return await async_load_energies(coordinator.hass, [statistic], start, end)
    return []


async def _async_device_energy(coordinator: MeterCoordinator, device: str) -> list[LoadEnergy]:
    """Return the energy of a device of the Energy dashboard in the year, [] if it is not listed."""
    hass, entry = coordinator.hass, coordinator.config_entry
    if device not in await async_house_devices(hass, entry):
        return []
    # The dashboard keeps the old id of an entity that was renamed.
    return await async_car_energy(coordinator, current_ids(hass, entry, [device])[device])


async def async_markets(coordinator: MeterCoordinator) -> list[JsonDict]:
    """Return the markets that another contract can follow, with their known prices."""
    household, markets = household_state_of(coordinator), coordinator.records.prices.markets
    return await async_aside(coordinator.hass, markets_report, household, markets)


async def async_download_prices(
    coordinator: MeterCoordinator, changes: Sequence[JsonMapping]
) -> None:
    """Download the prices of a zone if a change asks for it. Raises WhatIfError if it fails."""
    if not any(change.get("download") and change.get("market") == ZONE for change in changes):
        return
    start, end = last_twelve_months(household_state_of(coordinator))
    try:
        await coordinator.records.prices.async_download(start, end)
    except DownloadError:
        raise WhatIfError(WhatIfRefusal.DOWNLOAD_FAILED) from None
