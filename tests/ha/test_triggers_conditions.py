"""The integration's own triggers and conditions, in automations, with readings of a meter."""

import re

import pytest
import yaml
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import condition as conditions, device_registry as dr
from homeassistant.helpers.entity_registry import EntityRegistry
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smarty_p1.condition import CONDITIONS
from custom_components.smarty_p1.trigger import TRIGGERS
from dev.checkout import ROOT
from smartyp1.json_types import JsonDict

from .meter import SERIAL, MeterPort, with_value
from .support import TELEGRAM, Home, device_of, fall_silent, let_pass, receive, state_of

PAGE = (ROOT / "docs" / "automations.md").read_text()
# The others are for other programs.
EXAMPLES = [
    text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "triggers:" in text
]
METER, GAS = SERIAL, f"{SERIAL}_GAS 079000257401"
POWER, VOLTAGE_L2, BREAKER = "1-0:1.7.0", "1-0:52.7.0", "0-0:96.3.10"
MESSAGE = f"({b'Kontroll'.hex().upper()})"


def one_phase(volts: str, others: str = "000.0") -> str:
    """Return a telegram of a meter with one phase, which sends volts of the others, too."""
    text = with_value(with_value(TELEGRAM, "1-0:32.7.0", f"({volts}*V)"), "1-0:72.7.0", "(001.1*V)")
    return with_value(text, VOLTAGE_L2, f"({others}*V)")


@pytest.fixture(autouse=True)
async def entry(
    request: pytest.FixtureRequest,
    home: Home,
    everything_enabled: None,  # noqa: ARG001 - before entities are made
) -> MockConfigEntry:
    """Return the entry of a meter with a reference power."""
    return await home.set_up(getattr(request, "param", TELEGRAM), reference_power=3)


def device_id(hass: HomeAssistant, identifier: str) -> str:
    """Return the device of a meter, as an automation names it."""
    [entry] = hass.config_entries.async_entries("smarty_p1")
    assert isinstance(entry, MockConfigEntry)
    return device_of(dr.async_get(hass), entry, identifier).id


async def automate(
    hass: HomeAssistant, *triggers: str, identifier: str = METER, **options: str
) -> list[ServiceCall]:
    """Return the calls of automations with these triggers, for a device."""
    target = {"device_id": device_id(hass, identifier)}
    chosen = {"options": options} if options else {}
    calls: list[ServiceCall] = async_mock_service(hass, "test", "seen")
    data = {"entity": "{{ trigger.entity_id }}"}
    automations: list[JsonDict] = [
        {
            "triggers": [{"trigger": f"smarty_p1.{trigger}", "target": target, **chosen}],
            "actions": [{"action": "test.seen", "data": {"trigger": trigger, **data}}],
        }
        for trigger in triggers
    ]
    assert await async_setup_component(hass, "automation", {"automation": automations})
    assert len(hass.states.async_entity_ids("automation")) == len(triggers)
    return calls


async def make_checker(
    hass: HomeAssistant, name: str, identifier: str = METER, **options: str
) -> conditions.ConditionChecker:
    config: JsonDict = {
        "condition": f"smarty_p1.{name}",
        "target": {"device_id": device_id(hass, identifier)},
        "options": options,
    }
    valid = await conditions.async_validate_condition_config(hass, config)
    return await conditions.async_from_config(hass, valid)


async def check(hass: HomeAssistant, name: str, identifier: str = METER, **options: str) -> bool:
    checker = await make_checker(hass, name, identifier, **options)
    result = checker.async_check()
    checker.async_unload()
    return bool(result)


FIRED = [
    ("reference_power_exceeded_soon", POWER, "(01.000*kW)", "(09.000*kW)"),
    ("reference_power_kept", POWER, "(09.000*kW)", "(01.000*kW)"),
    ("message_received", "0-0:96.13.0", "()", MESSAGE),
    ("message_received", "0-0:96.13.4", "()", MESSAGE),
    ("power_failure_counted", "0-0:96.7.21", "(00100)", "(00101)"),
    ("voltage_sag_counted", "1-0:52.32.0", "(00100)", "(00109)"),
    ("voltage_swell_counted", "1-0:72.36.0", "(00100)", "(00101)"),
    ("voltage_left_range", VOLTAGE_L2, "(207.0*V)", "(206.9*V)"),
    ("voltage_left_range", VOLTAGE_L2, "(253.0*V)", "(253.1*V)"),
    ("voltage_back_in_range", VOLTAGE_L2, "(253.1*V)", "(253.0*V)"),
    ("breaker_changed", BREAKER, "(1)", "(0)"),
    ("breaker_changed", BREAKER, "(0)", "(2)"),
    ("relay_changed", "0-2:96.3.10", "(1)", "(0)"),
]


async def test_a_trigger_fires_once(hass: HomeAssistant, port: MeterPort) -> None:
    calls = await automate(hass, *{trigger: None for trigger, *_ in FIRED})

    async def fired(trigger: str, reference: str, value: str) -> int:
        await receive(hass, port, with_value(TELEGRAM, reference, value))
        return sum(call.data["trigger"] == trigger for call in calls)

    for trigger, reference, before, after in FIRED:
        await fired(trigger, reference, before)
        calls.clear()
        assert await fired(trigger, reference, before) == 0, trigger
        assert await fired(trigger, reference, after) == 1, trigger
        assert await fired(trigger, reference, after) == 1, trigger
        # Triggers are not about other entities of the device.
        assert {call.data["trigger"] for call in calls} <= {
            trigger,
            "reference_power_exceeded_soon",
            "reference_power_kept",
        }


async def test_a_valve_is_one_of_its_meter(hass: HomeAssistant, port: MeterPort) -> None:
    calls = await automate(hass, "valve_changed", identifier=GAS)

    await receive(hass, port, with_value(TELEGRAM, "0-2:24.4.0", "(1)"))
    assert calls == []
    await receive(hass, port, with_value(TELEGRAM, "0-1:24.4.0", "(0)"))
    await receive(hass, port, with_value(TELEGRAM, "0-1:24.4.0", "(1)"))
    assert [call.data["entity"] for call in calls][-1] == "sensor.gas_meter_7401_valve"
    assert await check(hass, "is_valve_open", GAS)
    await receive(hass, port, with_value(TELEGRAM, "0-1:24.4.0", "(0)"))
    assert not await check(hass, "is_valve_open", GAS)


async def test_a_voltage_must_be_outside_for_as_long_as_is_asked(home: Home) -> None:
    low, lower = (with_value(TELEGRAM, VOLTAGE_L2, f"({v}*V)") for v in ("201.0", "200.0"))
    calls = await automate(home.hass, "voltage_left_range", **{"for": "00:00:30"})

    await home.receive(low)
    await home.let_pass(10)
    await home.receive(lower)  # still outside: the time counts on
    await home.let_pass(29)
    assert len(calls) == 0
    await home.let_pass(31)
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("trigger", "before", "after"),
    [("reference_power_kept", "on", "off"), ("reference_power_exceeded_soon", "off", "on")],
)
async def test_a_warning_that_changes_during_an_outage_fires_afterwards(
    hass: HomeAssistant, trigger: str, before: str, after: str
) -> None:
    calls = await automate(hass, trigger, **{"for": "00:00:30"})
    for state in (before, after, "unavailable"):
        hass.states.async_set("binary_sensor.smarty_reference_power_warning", state)
        await hass.async_block_till_done()
    await let_pass(hass, 31)
    assert calls == []
    hass.states.async_set("binary_sensor.smarty_reference_power_warning", after)
    await hass.async_block_till_done()
    await let_pass(hass, 31)
    assert len(calls) == 1


TRUE_OR_NOT = [
    ("is_reference_power_exceeded_soon", POWER, "(09.000*kW)", True),
    ("is_reference_power_exceeded_soon", POWER, "(01.000*kW)", False),
    ("is_reference_power_exceeded_soon", POWER, "()", False),
    ("is_reference_power_kept", POWER, "(01.000*kW)", True),
    ("is_reference_power_kept", POWER, "(09.000*kW)", False),
    ("is_reference_power_kept", POWER, "()", False),
    ("is_voltage_out_of_range", VOLTAGE_L2, "(206.9*V)", True),
    ("is_voltage_out_of_range", VOLTAGE_L2, "(253.1*V)", True),
    ("is_voltage_out_of_range", VOLTAGE_L2, "(207.0*V)", False),
    ("is_voltage_out_of_range", VOLTAGE_L2, "(253.0*V)", False),
    ("is_voltage_out_of_range", VOLTAGE_L2, "()", False),
    ("is_breaker_connected", BREAKER, "(1)", True),
    ("is_breaker_connected", BREAKER, "(0)", False),
    ("is_breaker_connected", BREAKER, "(2)", False),
]


@pytest.mark.usefixtures("entry")
async def test_only_conditions_about_voltages_change_without_a_state(hass: HomeAssistant) -> None:
    # A phase without voltage counts no longer after a day.
    polled = set()
    for name in CONDITIONS:
        checker = await make_checker(hass, name)
        if checker.needs_polling:
            polled.add(name)
        checker.async_unload()
    assert polled == {"is_voltage_out_of_range", "is_voltage_in_range"}


async def test_a_condition(hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry) -> None:
    for name, reference, value, expected in TRUE_OR_NOT:
        await receive(hass, port, with_value(TELEGRAM, reference, value))
        assert await check(hass, name) is expected, (name, value)

    await receive(hass, port, with_value(TELEGRAM, VOLTAGE_L2, "(190.0*V)"))
    assert await check(hass, "is_voltage_in_range")
    assert not await check(hass, "is_voltage_in_range", behavior="all")
    # The second relay is connected.
    assert await check(hass, "is_relay_connected")
    assert not await check(hass, "is_relay_connected", behavior="all")

    # No condition is true of a meter that is unavailable.
    await fall_silent(hass, entry)
    await hass.async_block_till_done()
    for name in CONDITIONS:
        for behavior in ("any", "all"):
            assert "valve" in name or not await check(hass, name, behavior=behavior)


@pytest.mark.parametrize("behavior", ["first", "all"])
@pytest.mark.parametrize("entry", [one_phase("230.1")], indirect=True, ids=["one_phase"])
async def test_a_phase_that_the_meter_does_not_have_does_not_count(
    hass: HomeAssistant, port: MeterPort, behavior: str
) -> None:
    assert not await check(hass, "is_voltage_out_of_range")
    assert await check(hass, "is_voltage_in_range", behavior="all")
    calls = await automate(hass, "voltage_left_range", "voltage_back_in_range", behavior=behavior)
    for volts in ("190.0", "230.1"):
        await receive(hass, port, one_phase(volts))
    told = [call.data["trigger"] for call in calls]
    assert told == ["voltage_left_range", "voltage_back_in_range"]
    # A phase that was there and is lost is out of range.
    await receive(hass, port, one_phase("230.1", "230.1"))
    await receive(hass, port, one_phase("230.1"))
    assert await check(hass, "is_voltage_out_of_range")


async def test_a_unit_that_the_user_has_chosen_changes_nothing(
    hass: HomeAssistant, port: MeterPort, entity_registry: EntityRegistry
) -> None:
    entity_registry.async_update_entity_options(
        "sensor.smarty_voltage_l2", "sensor", {"unit_of_measurement": "kV"}
    )
    await hass.async_block_till_done()
    await receive(hass, port, with_value(TELEGRAM, VOLTAGE_L2, "(190.0*V)"))

    state = state_of(hass, "sensor.smarty_voltage_l2")
    assert state.state == "0.19"
    assert await check(hass, "is_voltage_out_of_range")


async def test_the_editor_offers_the_triggers_and_conditions_of_a_device(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator
) -> None:
    assert await async_setup_component(hass, "automation", {"automation": []})
    client = await hass_ws_client()
    valve = {"valve_changed", "is_valve_open"}
    for identifier in (METER, GAS):
        offered = []
        for kind in ("triggers", "conditions"):
            target = {"device_id": device_id(hass, identifier)}
            await client.send_json_auto_id({"type": f"get_{kind}_for_target", "target": target})
            offered += (await client.receive_json())["result"]
        own = {name.removeprefix("smarty_p1.") for name in offered if name.startswith("smarty_p1.")}
        assert own == valve if identifier == GAS else own >= {*TRIGGERS, *CONDITIONS} - valve


async def test_the_examples_of_the_documentation_are_automations(hass: HomeAssistant) -> None:
    configs = [
        yaml.safe_load(example.replace("YOUR_METER", device_id(hass, METER)))
        for example in EXAMPLES
    ]
    assert await async_setup_component(hass, "automation", {"automation": configs})

    states = hass.states.async_all("automation")
    assert [state.state for state in states] == ["on"] * len(EXAMPLES)
    ids = [state.entity_id for state in states]
    await hass.services.async_call("automation", "turn_off", {"entity_id": ids}, blocking=True)
