"""Ids, units and names of the hourly statistics that the integration writes for a meter.

A statistic has an id such as `smarty_p1:1a2b3c4d_imported`. The eight hexadecimal digits are the
key of the meter. Every user of Home Assistant can see these ids, so the key does not show the
serial number.
"""

import hashlib
from collections.abc import Mapping
from enum import StrEnum

from homeassistant.const import UnitOfEnergy, UnitOfVolume
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util.unit_conversion import EnergyConverter, VolumeConverter

from ...const import CONF_STATISTICS_KEY, DOMAIN
from ...lib.entities.entity_description import CURRENCY
from ...lib.json_types import JsonDict, JsonMapping
from ..entry_types import AnyConfigEntry, short_title

_KEY_LENGTH = 8
# Maximum length of a name in the recorder's database.
_MAX_NAME_LENGTH = 255


class StatisticKind(StrEnum):
    """Kind of a statistic. The value is the end of the statistic's id."""

    IMPORTED = "imported"
    EXPORTED = "exported"
    COST = "cost"
    """Cost of the imported energy, without monthly prices and surcharge."""
    COMPENSATION = "compensation"
    """Revenue of the exported energy."""
    TOTAL = "total"
    """The bill: cost minus compensation, with monthly prices and surcharge."""
    GAS_VOLUME = "gas_volume"
    GAS_ENERGY = "gas_energy"
    GAS_COST = "gas_cost"

    @property
    def unit(self) -> str:
        """Return the unit of the hourly values."""
        if self in {StatisticKind.IMPORTED, StatisticKind.EXPORTED, StatisticKind.GAS_ENERGY}:
            return UnitOfEnergy.KILO_WATT_HOUR
        return UnitOfVolume.CUBIC_METERS if self is StatisticKind.GAS_VOLUME else CURRENCY

    @property
    def unit_class(self) -> str | None:
        """Return Home Assistant's class of the unit. Amounts of money have none."""
        return _UNIT_CLASSES.get(self.unit)

    @property
    def name_key(self) -> str:
        """Return the key of the statistic's name among the common texts."""
        return f"statistic_{self.value}"


_UNIT_CLASSES: Mapping[str, str] = {
    UnitOfEnergy.KILO_WATT_HOUR: EnergyConverter.UNIT_CLASS,
    UnitOfVolume.CUBIC_METERS: VolumeConverter.UNIT_CLASS,
}
ELECTRICITY = (
    StatisticKind.IMPORTED,
    StatisticKind.EXPORTED,
    StatisticKind.COST,
    StatisticKind.COMPENSATION,
    StatisticKind.TOTAL,
)
GAS = (StatisticKind.GAS_VOLUME, StatisticKind.GAS_ENERGY, StatisticKind.GAS_COST)


def statistics_key(entry: AnyConfigEntry) -> str:
    """Return the key of a meter's statistics.

    The key is made from the meter's first id: its serial number, or its metering point or entity if
    it had no cable at first. The key is stored, so it stays when the id changes.
    """
    if key := entry.data.get(CONF_STATISTICS_KEY):
        return str(key)
    return hashlib.sha256(str(entry.unique_id).encode()).hexdigest()[:_KEY_LENGTH]


def with_statistics_key(entry: AnyConfigEntry, data: JsonMapping) -> JsonDict:
    """Return new `data` of an entry, with the key of the entry's statistics."""
    return {**data, CONF_STATISTICS_KEY: statistics_key(entry)}


@callback
def store_statistics_key(hass: HomeAssistant, entry: AnyConfigEntry) -> None:
    """Store the key of a meter's statistics, so that it never changes."""
    data = with_statistics_key(entry, entry.data)
    hass.config_entries.async_update_entry(entry, data=data)


def statistic_id(key: str, kind: StatisticKind) -> str:
    """Return the id of a meter's statistic. `key` is the key of the meter's statistics."""
    return f"{DOMAIN}:{key}_{kind}"


@callback
def wanted_kinds(
    hass: HomeAssistant, kinds: tuple[StatisticKind, ...]
) -> tuple[StatisticKind, ...]:
    """Return `kinds`, but amounts of money only if Home Assistant has the same currency."""
    has_currency = hass.config.currency == CURRENCY
    return tuple(kind for kind in kinds if has_currency or kind.unit != CURRENCY)


async def async_statistic_names(
    hass: HomeAssistant, entry: AnyConfigEntry
) -> dict[StatisticKind, str]:
    """Return the names of a meter's statistics in Home Assistant's language.

    A statistic has one name for all users, so the language of a single user does not count.
    """
    texts = await async_get_translations(hass, hass.config.language, "common", {DOMAIN})
    title = short_title(entry)
    return {
        kind: f"{title} {texts[f'component.{DOMAIN}.common.{kind.name_key}']}"[:_MAX_NAME_LENGTH]
        for kind in StatisticKind
    }
