"""Amounts as printed on a bill: stored as meant, refused at their place, asked about once."""

from functools import partial

import pytest
from homeassistant.components.frontend.storage import async_user_store
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockUser
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smarty_p1.flows.form_inputs import FormInputs, Place
from custom_components.smarty_p1.lib.amounts import EUR, Amount
from smartyp1.json_types import JsonDict
from tests.ha.dialogs import (
    choose,
    contract_in,
    enter_aids,
    enter_contract,
    errors_of,
    is_created,
    open_repair,
    submit,
    suggested,
    told,
)
from tests.ha.refusals import Refusals, Row
from tests.ha.support import Home, reload_entry

AID = {"name": "Aide", "first_day": "2026-01-01"}
OPTIONS_FLOW = "/api/config/config_entries/options/flow"


@pytest.fixture
async def home(home: Home) -> Home:
    """Return a home whose meter answers each reload."""
    await home.set_up()
    home.answer()
    return home


async def enter(home: Home, **typed: object) -> ConfigFlowResult:
    return await enter_contract(home.hass, home.entry, typed)


async def send_again(
    hass: HomeAssistant, form: ConfigFlowResult, **typed: object
) -> ConfigFlowResult:
    """Send a shown page of the contract again, with other values for some fields."""
    shown = {name: value for name, value in suggested(form).items() if value is not None}
    shown = {
        name: {key: each for key, each in value.items() if each is not None}
        if isinstance(value, dict)
        else value
        for name, value in shown.items()
    }
    return await submit(hass, form, shown | typed)


async def test_every_amount_of_the_contract_is_stored_as_printed(home: Home) -> None:
    result = await enter(
        home,
        reference_power="7,0 kW",
        energy_price="0,1450 €/kWh",
        energy_fee="2,50\u00a0€/Monat",
        discount="1.20",
        second_price={"second_energy_price": "9,5 ct/kWh", "second_price_days": ["sun"]},
        feed_in={"feed_in_price": "€ 0,0800"},
        levies={"electricity_tax": "0,10 ct", "compensation": "\u22120,0371 €/kWh"},
        energy_sharing={"community_price": "12 ct"},
        network_prices={
            "network_fixed_price": "12,84 €",
            "network_variable_price": "0,0510",
            "meter_fee": "5.72 €",
            "surcharge_price": "0,0765",
        },
    )
    assert is_created(result), result
    stored: JsonDict = {
        "reference_power": 7.0,
        "energy_price": 0.145,
        "energy_fee": 2.5,
        "discount": 1.2,
        "second_energy_price": 0.095,
        "feed_in_price": 0.08,
        "electricity_tax": 0.001,
        "compensation": -0.0371,
        "community_price": 0.12,
        "network_fixed_price": 12.84,
        "network_variable_price": 0.051,
        "meter_fee": 5.72,
        "surcharge_price": 0.0765,
    }
    assert stored.items() <= contract_in(home.entry).items()
    aids = [{**AID, "per_kwh": "- 4,0 ct/kWh", "per_month": "1,5 €/mois"}]
    await enter_aids(home.hass, home.entry, {"aids": aids})
    assert home.entry.options["aids"] == [{**AID, "per_kwh": 0.04, "per_month": 1.5}]

    # The shown values can be sent unchanged.
    before = dict(home.entry.options)
    form = await home.details()
    result = await send_again(home.hass, form)
    assert is_created(result), result
    assert dict(home.entry.options) == before


async def test_a_value_with_three_decimals_is_shown_as_it_can_be_read(home: Home) -> None:
    contract = {"energy_fee": 2.125, "energy_price": 0.125}
    home.hass.config_entries.async_update_entry(home.entry, options={"contracts": [contract]})
    form = await home.page()
    assert (suggested(form)["energy_fee"], suggested(form)["energy_price"]) == ("2.1250", "0.125")
    await send_again(home.hass, await home.details())
    assert contract_in(home.entry)["energy_fee"] == 2.125


WRONG = [
    Row(f"{field}: amount_{kind}", typed, {f"amount_{kind}": shown})
    for field, kind, typed, shown in (
        (
            *("energy_price", "ambiguous", {"energy_price": "1.450"}),
            "Energy price: “1.450” =\xa01.45\xa0/\xa01450",
        ),
        (
            *("discount", "out_of_range", {"discount": "-1"}),
            "Monthly discount: “-1” (0\xa0\N{EN DASH}\N{WORD JOINER}\xa010000\xa0€)",
        ),
        (
            *("energy_fee", "unit", {"energy_fee": "21 €/Jahr"}),
            "Supplier's fixed fee: “21 €/Jahr” (€)",
        ),
        (
            *("feed_in", "malformed", {"feed_in": {"feed_in_price": "x" * 1000}}),
            f"Fixed feed-in price: “{'x' * 40}…”",
        ),
        (
            *("levies", "out_of_range", {"levies": {"compensation": "-101"}}),
            "Compensation mechanism: “-101” (-100\xa0\N{EN DASH}\N{WORD JOINER}\xa0100\xa0€/kWh)",
        ),
        (
            *("network_prices", "unit"),
            {"network_prices": {"meter_fee": "5,7 ct/kWh", "surcharge_price": "0,08 €/Monat"}},
            "Meter rental per month: “5,7 ct/kWh” (€); Surcharge price: “0,08 €/Monat” (€/kWh)",
        ),
    )
]
WRONG.append(
    Row(
        "reference_power: reference_power_malformed, energy_price: amount_malformed",
        {"reference_power": "seven", "energy_price": "abc"},
        {"amount_malformed": "Energy price: “abc”"},
    )
)
WRONG_AID = Row(
    "aids: amount_malformed",
    {"aids": [{**AID, "per_kwh": "0,04"}, {**AID, "per_month": "1,5,0"}]},
    {"amount_malformed": "State aid and rebates 2, Reduction per month: “1,5,0”"},
)


async def test_an_error_names_the_field_the_row_and_the_text(home: Home, refuses: Refusals) -> None:
    await refuses.each("contract", partial(enter_contract, home.hass, home.entry), WRONG)
    await refuses.each("aids", partial(enter_aids, home.hass, home.entry), [WRONG_AID])
    assert not home.entry.options


async def test_a_high_price_is_asked_about_once(hass: HomeAssistant, home: Home) -> None:
    form = await enter(home, energy_price="15")
    assert (form["step_id"], errors_of(form)) == ("contract", {"energy_price": "amount_unusual"})
    assert (
        told(form)["amount_unusual"] == "Energy price: “15” =\xa015\xa0€/kWh\xa0(>\xa01\xa0€/kWh)"
    )
    # Another high price is another question; the same price is taken, also with other signs.
    form = await send_again(hass, form, energy_price="145 ct")
    assert (
        told(form)["amount_unusual"]
        == "Energy price: “145 ct” =\xa01.45\xa0€/kWh\xa0(>\xa01\xa0€/kWh)"
    )
    form = await send_again(hass, form, energy_price="1,45")
    assert form["step_id"] == "contract_details"

    result = await send_again(hass, form, feed_in={"feed_in_price": "1 €"})
    assert is_created(result)
    stored = contract_in(home.entry)
    assert (stored["energy_price"], stored["feed_in_price"]) == (1.45, 1)
    assert home.entry.options["high_prices_confirmed"] == [1.45]
    form = await enter_aids(hass, home.entry, {"aids": [{**AID, "per_kwh": "4"}]})
    assert errors_of(form) == {"aids": "amount_unusual"}
    result = await send_again(hass, form)
    assert is_created(result)
    assert home.entry.options["high_prices_confirmed"] == [1.45, 4]
    assert not home.issue("high_prices")

    await enter(home, energy_price="0,145")
    await enter_aids(hass, home.entry, {})
    assert "high_prices_confirmed" not in home.entry.options


@pytest.mark.parametrize(
    ("power", "price", "published"),
    [
        ("100", "138,85", None),
        ("100", "138,86", "138.85"),
        ("7", "1284", "12.84"),
        ("6,5", "12,85", "12.84"),
        ("", "274.35", None),
        ("", "27435", None),
        ("500", "999", None),
    ],
)
async def test_a_fixed_price_above_the_published_one_is_asked_about(
    home: Home, power: str, price: str, published: str | None
) -> None:
    contract = {"network_fixed_price": price}
    form = await enter(home, reference_power=power, network_prices=contract, since="2026-02-01")
    if price == "27435":
        # The price is above any accepted amount.
        assert errors_of(form) == {"network_prices": "amount_out_of_range"}
    elif published is None:
        assert is_created(form)
    else:
        assert errors_of(form) == {"network_prices": "amount_unusual"}
        assert f"(>\xa0{published}\xa0€)" in told(form)["amount_unusual"]
        assert is_created(await send_again(home.hass, form))


async def test_a_form_that_is_read_again_has_the_stored_values(
    hass: HomeAssistant, home: Home
) -> None:
    form = await enter(home, energy_price="15")
    assert errors_of(form) == {"energy_price": "amount_unusual"}
    options = {"contracts": [{"energy_fee": 2.5}]}
    hass.config_entries.async_update_entry(home.entry, options=options)
    form = await hass.config_entries.options.async_configure(form["flow_id"])
    assert errors_of(form) == {}
    shown = suggested(form)
    assert (shown["energy_fee"], shown.get("energy_price")) == ("2.5", None)


async def test_a_high_monthly_price_is_asked_about_once(hass: HomeAssistant, home: Home) -> None:
    # A total of the bill that was typed as a fee of the supplier
    form = await enter(home, energy_price="0,145", energy_fee="1 234,56 €", discount="50")
    assert errors_of(form) == {"energy_fee": "amount_unusual"}
    assert "“1 234,56 €” =\xa01234.56\xa0€\xa0(>\xa050\xa0€)" in told(form)["amount_unusual"]
    form = await send_again(hass, form, energy_fee="250", discount="51")
    assert errors_of(form) == dict.fromkeys(("energy_fee", "discount"), "amount_unusual")
    # Each field names its own amount.
    assert "“51”" not in (form["errors"] or {})["energy_fee"]
    form = await send_again(hass, form, energy_fee="600 €/an", energy_fee_per="year", discount="1")
    assert form["step_id"] == "contract_details"
    assert is_created(await send_again(hass, form))
    form = await enter_aids(hass, home.entry, {"aids": [{**AID, "per_month": "-51"}]})
    assert errors_of(form) == {"aids": "amount_unusual"}
    assert is_created(await send_again(hass, form))
    assert contract_in(home.entry)["energy_fee"] == 600


async def test_amounts_of_the_gas_bill(home: Home, refuses: Refusals) -> None:
    typed = {"gas_kwh_per_m3": "11,20 kWh/Nm³"}
    label = "Price of a cubic metre of gas 2, Fixed gas price per month"
    told = {"amount_ambiguous": f"{label}: “1.650” =\xa01.65\xa0/\xa01650"}
    january, first = {"gas_price": "1,02", "since": "1.1.2027"}, {"gas_price": "89,5 ct/m³"}
    wrong = [january, {**first, "gas_fixed_price": "1.650"}]
    row = Row("gas_prices: amount_ambiguous", {"gas_prices": wrong}, told)
    form = await refuses(await home.page("gas"), [row], typed)
    prices = [january, {**first, "gas_fixed_price": "16,50 € / mois"}]
    result = await submit(home.hass, form, {**typed, "gas_prices": prices})
    assert is_created(result)
    stored: list[JsonDict] = [
        {"gas_price": 0.895, "gas_fixed_price": 16.5},
        {"gas_price": 1.02, "since": "2027-01-01"},
    ]
    options = {"gas_kwh_per_m3": 11.2, "gas_prices": stored}
    assert dict(home.entry.options) == options
    shown = suggested(await home.page("gas"))["gas_prices"]
    assert shown == [
        {"gas_price": "0.895", "gas_fixed_price": "16.5"},
        {"gas_price": "1.02", "since": "2027-01-01"},
    ]


@pytest.mark.parametrize(
    ("profile", "accepted", "shown", "mark"),
    [
        ({"language": "de", "number_format": "language"}, "fr", "Energiepreis: „2,345“", ","),
        ({"language": "de", "number_format": "comma_decimal"}, "fr", "Energiepreis: „2,345“", "."),
        ({"language": "en", "number_format": "decimal_comma"}, "fr", "Energy price: “2,345”", ","),
        (
            None,
            "xx, fr-LU;q=0.9, en;q=0.8",
            "Prix de l'énergie\N{NO-BREAK SPACE}: «\N{NO-BREAK SPACE}2,345\N{NO-BREAK SPACE}»",
            ",",
        ),
        (None, "lb", "Energiepräis: „2,345“", ","),
        ({"language": "../../secrets"}, "pt-PT", "Preço da energia: «2,345»", ","),
        ("damaged", "", "Energy price: “2,345”", "."),
        # The first 20 languages of a browser count.
        (None, "xx, " * 19 + "lb", "Energiepräis: „2,345“", ","),
        (None, "xx, " * 20 + "lb", "Energy price: “2,345”", "."),
    ],
)
async def test_messages_and_numbers_are_in_the_language_of_the_user(  # noqa: PLR0913, PLR0917
    home: Home,
    hass_client: ClientSessionGenerator,
    hass_admin_user: MockUser,
    profile: object,
    accepted: str,
    shown: str,
    mark: str,
) -> None:
    assert await async_setup_component(home.hass, "config", {})
    home.hass.config_entries.async_update_entry(
        home.entry, options={"contracts": [{"energy_price": 0.145}]}
    )
    store = await async_user_store(home.hass, hass_admin_user.id)
    await store.async_set_item("language", profile)
    client = await hass_client()
    headers = {"Accept-Language": accepted}

    async def post(path: str, body: JsonDict) -> JsonDict:
        answer = await client.post(f"{OPTIONS_FLOW}{path}", json=body, headers=headers)
        assert answer.status == 200
        result: JsonDict = await answer.json()
        return result

    menu = await post("", {"handler": home.entry.entry_id})
    for page in ("contracts", "contract_edit"):
        form = await post(f"/{menu['flow_id']}", {"next_step_id": page})
    [suggested] = [
        field["description"]["suggested_value"]
        for field in form["data_schema"]
        if field["name"] == "energy_price"
    ]
    assert suggested == f"0{mark}145"
    form = await post(f"/{menu['flow_id']}", {"energy_price": "2,345"})
    assert f" {shown} =\xa02{mark}3450\xa0/\xa02345. " in form["errors"]["energy_price"]


CONTRACT = {"reference_power": 7.0, "energy_price": 15.0, "compensation": -0.04}
STORED = {
    "contracts": [CONTRACT],
    "aids": [{**AID, "per_kwh": 4.0}],
}


async def test_a_high_price_from_before_raises_a_repair(home: Home) -> None:
    home.hass.config_entries.async_update_entry(home.entry, options=STORED)
    await reload_entry(home.hass, home.entry)
    await home.hass.async_block_till_done()
    assert home.issue("high_prices")

    menu = await open_repair(home.hass, f"high_prices_{home.entry.entry_id}")
    assert menu["menu_options"] == ["correct", "keep"]
    assert (menu["description_placeholders"] or {})["prices"] == (
        "- Energy price: **15\xa0€/kWh**\n"
        "- State aid and rebates 1, Reduction per kilowatt-hour: **4\xa0€/kWh**"
    )
    # To correct them, the list of contracts opens.
    result = await choose(home.hass, menu, "correct")
    assert result["type"] is FlowResultType.ABORT
    _, flow_id = result["next_flow"]
    form = await home.hass.config_entries.options.async_configure(flow_id)
    assert form["step_id"] == "contracts"
    form = await submit(home.hass, form, {"next_step_id": "contract_edit"})
    assert suggested(form)["energy_price"] == "15"
    assert home.issue("high_prices")
    form = await send_again(home.hass, form, energy_price="0,15")
    await send_again(home.hass, form)
    assert contract_in(home.entry)["energy_price"] == 0.15
    assert home.issue("high_prices")
    await enter_aids(home.hass, home.entry, {"aids": [{**AID, "per_kwh": "0,04"}]})
    assert not home.issue("high_prices")


async def test_a_confirmed_high_price_is_not_asked_about_again(home: Home) -> None:
    home.hass.config_entries.async_update_entry(home.entry, options=STORED)
    await reload_entry(home.hass, home.entry)
    menu = await open_repair(home.hass, f"high_prices_{home.entry.entry_id}")
    result = await choose(home.hass, menu, "keep")
    assert is_created(result)
    assert dict(home.entry.options) == {**STORED, "high_prices_confirmed": [4.0, 15.0]}
    await reload_entry(home.hass, home.entry)
    await home.hass.async_block_till_done()
    assert not home.issue("high_prices")

    # Another high price raises a repair again.
    contracts = [{**CONTRACT, "feed_in_price": 8.0}]
    options = {**home.entry.options, "contracts": contracts}
    home.hass.config_entries.async_update_entry(home.entry, options=options)
    await reload_entry(home.hass, home.entry)
    await home.hass.async_block_till_done()
    assert home.issue("high_prices")


async def test_a_stored_number_that_is_refused_is_named_as_it_is_written(
    hass: HomeAssistant,
) -> None:
    inputs = FormInputs()
    label = "options.step.goal_and_messages.data.goal_amount"
    assert inputs.read_amount(Place("goal_amount", label), 20000.5, Amount(EUR, 10_000)) is None
    assert inputs.errors == {"goal_amount": "amount_out_of_range"}
    [text] = (await inputs.async_shown(hass)).values()
    assert "20000.5" in text
