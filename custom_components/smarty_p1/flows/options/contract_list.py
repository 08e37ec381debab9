"""List of a meter's contracts in the options dialog: shown, with one to add, edit or remove."""

from collections.abc import Sequence

import voluptuous as vol
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import SelectSelector

from ...const import CONF_CONTRACTS, CONF_SINCE
from ...lib.amounts import EUR_PER_KWH, KW, amount_text
from ...lib.json_types import JsonDict, JsonMapping, without
from ...lib.prices.entered_contract import (
    Terms,
    entered_contracts,
    first_day,
    high_prices,
    in_order,
    with_confirmed_prices,
)
from ...user_requests.user_locale import UserLocale, async_user_locale
from ..shared_form_fields import list_field
from .contract_form import EditedContract

CONF_CONTRACT = "contract"
_ALWAYS = "always"


def contract_key(contract: Terms) -> str:
    """Return the key of a contract in the list. Its first day is unique."""
    return str(contract.get(CONF_SINCE, _ALWAYS))


def edited_contract(options: JsonMapping, key: str) -> EditedContract:
    """Return the contract of a key, with the others. It is empty if another dialog removed it."""
    contracts = {contract_key(contract): contract for contract in entered_contracts(options)}
    edited = contracts.pop(key, {})
    return EditedContract(edited, [*contracts.values()])


async def async_contract_names(hass: HomeAssistant, contracts: Sequence[Terms]) -> dict[str, str]:
    """Return the first day and the main terms of each contract, by its key."""
    locale = await async_user_locale(hass)
    return {
        contract_key(terms): locale.punctuated(":").join(
            filter(None, [await _async_day(hass, terms, locale), _main_terms(terms, locale)])
        )
        for terms in contracts
    }


async def async_contract_field(
    hass: HomeAssistant, contracts: Sequence[Terms]
) -> dict[vol.Marker, SelectSelector]:
    """Return the field to choose a contract, the latest one first."""
    names = [*reversed((await async_contract_names(hass, contracts)).items())]
    return {vol.Required(CONF_CONTRACT, default=names[0][0]): list_field(names)}


def with_contract(options: JsonMapping, edited: EditedContract, contract: JsonMapping) -> JsonDict:
    """Return the options with the given contract in place of the edited one. {} removes it.

    The user has confirmed the high prices of `contract`.
    """
    contracts = in_order([*edited.others, *([contract] if contract else [])])
    stored = without(options, {CONF_CONTRACTS})
    if contracts:
        stored[CONF_CONTRACTS] = contracts
    return with_confirmed_prices(stored, high_prices({CONF_CONTRACTS: [contract]}))


async def _async_day(hass: HomeAssistant, terms: Terms, locale: UserLocale) -> str:
    if day := first_day(terms):
        return await locale.async_text(hass, "common.contract_from", day=locale.day(day))
    return await locale.async_text(hass, "common.contract_always")


def _main_terms(terms: Terms, locale: UserLocale) -> str:
    """Return the reference power and the price of energy, such as "7 kW, 0.15 EUR/kWh"."""

    def shown(name: str, symbol: str) -> str:
        return locale.with_unit(amount_text(terms[name]), symbol)

    parts = []
    if "reference_power" in terms:
        parts.append(shown("reference_power", KW.symbol))
    if "energy_price" in terms:
        parts.append(shown("energy_price", EUR_PER_KWH.symbol))
    if "energy_price_entity" in terms:
        parts.append(str(terms["energy_price_entity"]))
    if "energy_margin" in terms:
        parts.append(f"+ {shown('energy_margin', EUR_PER_KWH.symbol)}")
    return ", ".join(parts)
