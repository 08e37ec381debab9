"""The dialogs that change a meter that is set up, at ports that serve one client at a time."""

import asyncio
from collections.abc import AsyncGenerator
from itertools import count
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.components.repairs import (
    DOMAIN as REPAIRS,
    RepairsFlowContext,
    repairs_flow_manager,
)
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntryDisabler,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.const import CONF_PORT
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smarty_p1.const import (
    CONF_AUTHENTICATION_KEY,
    CONF_ENCRYPTION_KEY,
    CONF_REMOVE_KEY,
    CONF_VERIFY,
    CONF_WITHOUT_VERIFICATION,
    DOMAIN,
    SECTION_ADVANCED,
)
from custom_components.smarty_p1.coordinator import (
    failure_run,
)
from custom_components.smarty_p1.coordinator.repair_issues import Problem, raise_issue
from custom_components.smarty_p1.flows import meter_setup
from custom_components.smarty_p1.lib.port import probe
from tests.ha.conftest import EntryMaker
from tests.ha.dialogs import is_advanced_open, submit, suggested
from tests.ha.meter import (
    KEY,
    OTHER_AUTHENTICATION_KEY,
    OTHER_KEY,
    OTHER_SERIAL,
    PUBLISHED_KEY,
    SERIAL,
    MeterPort,
    encipher,
    literal_frame,
    with_value,
)
from tests.ha.support import TELEGRAM, links, set_up, values, wait_until

pytestmark = pytest.mark.usefixtures("short_wait", "short_setup")

RENEWED = encipher(TELEGRAM, 1, key=OTHER_KEY)
OF_OTHER_METER = encipher(
    with_value(TELEGRAM, "0-0:42.0.0", f"({OTHER_SERIAL.encode().hex().upper()})"), 1
)


@pytest.fixture
async def port() -> AsyncGenerator[MeterPort]:
    """Return a port that serves one client at a time."""
    async with MeterPort(exclusive=True) as server:
        yield server


@pytest.fixture
async def other_port() -> AsyncGenerator[MeterPort]:
    """Return another one."""
    async with MeterPort(exclusive=True) as server:
        yield server


async def start_reauth(
    hass: HomeAssistant, entry: MockConfigEntry, reason: str = "wrong_key"
) -> ConfigFlowResult:
    """Open the dialog as the coordinator does."""
    entry.async_start_reauth(hass, data={"reason": reason})
    await hass.async_block_till_done()
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["source"] == SOURCE_REAUTH
    form = await hass.config_entries.flow.async_configure(flow["flow_id"])
    assert form["step_id"] == "reauth_confirm"
    return form


async def start_reconfigure(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Open the dialog as the user does."""
    form: ConfigFlowResult = await entry.start_reconfigure_flow(hass)
    assert form["step_id"] == "reconfigure"
    assert form["errors"] == {}
    return form


async def is_read(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Wait until readings come, from a port with one client."""
    await wait_until(hass, lambda: entry.state is ConfigEntryState.LOADED)
    assert links(hass) == 1


def is_done(result: ConfigFlowResult, reason: str) -> bool:
    """Return whether the dialog ended well."""
    return (result["type"], result["reason"]) == (FlowResultType.ABORT, reason)


# --- new keys -------------------------------------------------------------------------------------


async def test_new_key(hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker) -> None:
    entry = await set_up(hass, port, make_entry)
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)

    form = await start_reauth(hass, entry)
    assert form["errors"] == {CONF_ENCRYPTION_KEY: "key_renewed"}
    assert form["description_placeholders"]
    assert form["description_placeholders"]["name"] == "Smarty 2574"
    assert form["description_placeholders"]["serial_number"] == SERIAL
    assert form["description_placeholders"]["present_port"] == port.url
    assert not is_advanced_open(form)
    assert CONF_PORT not in suggested(form)

    port.greeting = RENEWED
    result = await submit(hass, form, {CONF_ENCRYPTION_KEY: OTHER_KEY.lower()})

    assert is_done(result, "reauth_successful")
    assert entry.data == {CONF_PORT: port.url, CONF_ENCRYPTION_KEY: OTHER_KEY}
    await is_read(hass, entry)
    assert port.turned_away == 0
    assert values(hass)["smarty_energy_imported"] == "25678.901"
    assert er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id) == entities


async def test_new_key_after_telegrams_that_fail_for_half_a_minute(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failure_run, "LEAST_DURATION", 0.2)
    entry = await set_up(hass, port, make_entry)
    for counter in count(1):
        await port.send(encipher(TELEGRAM, counter, key=OTHER_KEY))
        await asyncio.sleep(0.01)
        if hass.config_entries.flow.async_progress():
            break
    (form,) = hass.config_entries.flow.async_progress()
    assert form["context"]["title_placeholders"] == {"name": entry.title}

    port.greeting = encipher(TELEGRAM, counter + 1, key=OTHER_KEY)
    result = await submit(hass, form, {CONF_ENCRYPTION_KEY: OTHER_KEY})

    assert is_done(result, "reauth_successful")
    await is_read(hass, entry)
    assert hass.config_entries.flow.async_progress() == []


async def test_new_key_ends_the_other_dialog_that_asks_for_it(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    await start_reauth(hass, entry)

    port.greeting = RENEWED
    form = await start_reconfigure(hass, entry)
    result = await submit(hass, form, {CONF_ENCRYPTION_KEY: OTHER_KEY})

    assert is_done(result, "reconfigure_successful")
    assert hass.config_entries.flow.async_progress() == []


async def test_new_key_while_home_assistant_waits_to_try_again(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = make_entry(port.url)
    port.greeting = RENEWED
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY

    result = await submit(hass, await start_reauth(hass, entry), {CONF_ENCRYPTION_KEY: OTHER_KEY})

    assert is_done(result, "reauth_successful")
    await is_read(hass, entry)


async def test_new_key_while_home_assistant_is_trying(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = make_entry(port.url)
    port.greeting = RENEWED
    setup = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
    await port.wait_for_clients(1)
    assert entry.state is ConfigEntryState.SETUP_IN_PROGRESS
    flow = await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_REAUTH, "entry_id": entry.entry_id},
        data=dict(entry.data),
    )
    assert flow["errors"] == {}
    result = await submit(hass, flow, {CONF_ENCRYPTION_KEY: OTHER_KEY})
    await setup

    assert is_done(result, "reauth_successful")
    assert port.turned_away == 0
    await is_read(hass, entry)


async def test_new_key_is_wrong_too(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    data = dict(entry.data)
    form = await start_reauth(hass, entry)

    port.greeting = port.next_frame(TELEGRAM)
    result = await submit(hass, form, {CONF_ENCRYPTION_KEY: OTHER_KEY})

    assert result["step_id"] == "reauth_confirm"
    assert result["errors"] == {CONF_ENCRYPTION_KEY: "wrong_key"}
    assert entry.data == data
    await is_read(hass, entry)  # while the user looks at the form

    again = await submit(hass, result, {CONF_ENCRYPTION_KEY: ""})
    assert is_done(again, "reauth_successful")
    assert port.turned_away == 0


async def test_new_key_of_another_meter(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    data = dict(entry.data)
    form = await start_reauth(hass, entry)

    port.greeting = OF_OTHER_METER
    result = await submit(hass, form, {CONF_ENCRYPTION_KEY: KEY})

    assert result["errors"] == {"base": "other_meter"}
    placeholders = result["description_placeholders"]
    assert placeholders
    assert (placeholders["found"], placeholders["serial_number"]) == (OTHER_SERIAL, SERIAL)
    assert entry.data == data


@pytest.mark.parametrize(
    ("advanced", "stored"),
    [
        (
            {CONF_AUTHENTICATION_KEY: OTHER_AUTHENTICATION_KEY},
            {CONF_AUTHENTICATION_KEY: OTHER_AUTHENTICATION_KEY},
        ),
        ({CONF_WITHOUT_VERIFICATION: True}, {CONF_VERIFY: False}),
    ],
)
async def test_other_authentication_key(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    advanced: dict[str, Any],
    stored: dict[str, Any],
) -> None:
    entry = await set_up(hass, port, make_entry)
    data = dict(entry.data)

    form = await start_reauth(hass, entry, "other_authentication_key")
    assert form["errors"] == {SECTION_ADVANCED: "other_authentication_key"}
    assert is_advanced_open(form)
    assert CONF_WITHOUT_VERIFICATION in suggested(form)[SECTION_ADVANCED]

    port.greeting = encipher(TELEGRAM, 100, authentication_key=OTHER_AUTHENTICATION_KEY)
    result = await submit(hass, form, {SECTION_ADVANCED: advanced})

    assert is_done(result, "reauth_successful")
    assert entry.data == {**data, **stored}
    await is_read(hass, entry)


async def test_verification_is_switched_on_again(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = make_entry(port.url, **{CONF_VERIFY: False})
    port.greeting = encipher(TELEGRAM, 100, authentication_key=OTHER_AUTHENTICATION_KEY)
    assert await hass.config_entries.async_setup(entry.entry_id)
    form = await start_reconfigure(hass, entry)
    assert is_advanced_open(form)
    assert suggested(form)[SECTION_ADVANCED] == {
        CONF_AUTHENTICATION_KEY: None,
        CONF_WITHOUT_VERIFICATION: True,
    }

    port.greeting = encipher(TELEGRAM, 101, authentication_key=OTHER_AUTHENTICATION_KEY)
    result = await submit(
        hass,
        form,
        {
            SECTION_ADVANCED: {
                CONF_AUTHENTICATION_KEY: OTHER_AUTHENTICATION_KEY,
                CONF_WITHOUT_VERIFICATION: False,
            }
        },
    )

    assert is_done(result, "reconfigure_successful")
    assert CONF_VERIFY not in entry.data
    assert entry.data[CONF_AUTHENTICATION_KEY] == OTHER_AUTHENTICATION_KEY


async def test_published_authentication_key_takes_the_place_of_another(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = make_entry(port.url, **{CONF_AUTHENTICATION_KEY: OTHER_AUTHENTICATION_KEY})
    port.greeting = encipher(TELEGRAM, 1)

    form = await start_reconfigure(hass, entry)
    refused = await submit(hass, form, {SECTION_ADVANCED: {}})
    assert refused["errors"] == {SECTION_ADVANCED: "other_authentication_key"}
    result = await submit(
        hass, refused, {SECTION_ADVANCED: {CONF_AUTHENTICATION_KEY: PUBLISHED_KEY}}
    )

    assert is_done(result, "reconfigure_successful")
    assert entry.data == {CONF_PORT: port.url, CONF_ENCRYPTION_KEY: KEY}


# --- another port, encryption switched on or off --------------------------------------------------


async def test_another_port(
    hass: HomeAssistant, port: MeterPort, other_port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    form = await start_reconfigure(hass, entry)
    assert suggested(form) == {
        CONF_PORT: port.url,
        CONF_ENCRYPTION_KEY: None,
        SECTION_ADVANCED: {CONF_AUTHENTICATION_KEY: None},
    }

    other_port.greeting = encipher(TELEGRAM, 100)
    result = await submit(hass, form, {CONF_PORT: other_port.address})

    assert is_done(result, "reconfigure_successful")
    assert entry.data == {CONF_PORT: other_port.url, CONF_ENCRYPTION_KEY: KEY}
    await is_read(hass, entry)
    assert (port.clients, other_port.clients) == (0, 1)


async def test_nothing_is_changed_when_everything_is_left_as_it_is(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    data = dict(entry.data)
    form = await start_reconfigure(hass, entry)

    port.greeting = port.next_frame(TELEGRAM)
    result = await submit(hass, form, {CONF_PORT: " "})

    assert is_done(result, "reconfigure_successful")
    assert entry.data == data
    await is_read(hass, entry)
    assert port.turned_away == 0


async def test_another_port_where_another_meter_is(
    hass: HomeAssistant, port: MeterPort, other_port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    data = dict(entry.data)
    form = await start_reconfigure(hass, entry)

    port.greeting = port.next_frame(TELEGRAM)
    other_port.greeting = OF_OTHER_METER
    result = await submit(hass, form, {CONF_PORT: other_port.url})

    assert result["errors"] == {CONF_PORT: "other_meter"}
    placeholders = result["description_placeholders"]
    assert placeholders
    assert (placeholders["found"], placeholders["serial_number"]) == (OTHER_SERIAL, SERIAL)
    assert placeholders["port"] == other_port.url
    assert placeholders["present_port"] == port.url
    assert entry.data == data
    await is_read(hass, entry)


async def test_port_of_another_entry(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    other = make_entry("socket://127.0.0.1:1", serial=OTHER_SERIAL)
    entry = await set_up(hass, port, make_entry)

    result = await submit(hass, await start_reconfigure(hass, entry), {CONF_PORT: "127.0.0.1:1"})

    assert result["errors"] == {CONF_PORT: "port_in_use"}
    assert result["description_placeholders"]
    assert result["description_placeholders"]["title"] == other.title
    assert entry.state is ConfigEntryState.LOADED


async def test_port_with_a_secret_is_not_shown(hass: HomeAssistant, make_entry: EntryMaker) -> None:
    url = "esphome://127.0.0.1:1/?key=c2VjcmV0&port_name=P1"
    entry = make_entry(url)

    form = await start_reconfigure(hass, entry)
    assert suggested(form)[CONF_PORT] is None
    assert "c2VjcmV0" not in str(form["description_placeholders"])

    result = await submit(hass, form, {})
    assert result["errors"]
    assert result["errors"].keys() == {CONF_PORT}
    assert "c2VjcmV0" not in str(result["description_placeholders"])
    assert suggested(result)[CONF_PORT] is None
    assert entry.data[CONF_PORT] == url


@pytest.mark.parametrize("is_known", [False, True])
async def test_meter_no_longer_encrypts(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    *,
    is_known: bool,
) -> None:
    entry = make_entry(port.url, **{CONF_AUTHENTICATION_KEY: OTHER_AUTHENTICATION_KEY})
    port.greeting = literal_frame("plain")
    if is_known:
        raise_issue(hass, entry, Problem.SECURITY_OFF, port=port.url)
    form = await start_reconfigure(hass, entry)
    assert (CONF_REMOVE_KEY in suggested(form)) is is_known

    if not is_known:
        form = await submit(hass, form, {})
        assert form["errors"] == {CONF_ENCRYPTION_KEY: "security_switched_off"}
        assert suggested(form)[CONF_REMOVE_KEY] is None
    result = await submit(hass, form, {CONF_REMOVE_KEY: True})

    assert is_done(result, "reconfigure_successful")
    assert entry.data == {CONF_PORT: port.url}


async def test_key_is_not_removed_when_the_meter_encrypts(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = make_entry(port.url)
    raise_issue(hass, entry, Problem.SECURITY_OFF, port=port.url)
    port.greeting = encipher(TELEGRAM, 1)

    result = await submit(hass, await start_reconfigure(hass, entry), {CONF_REMOVE_KEY: True})

    assert result["errors"] == {CONF_ENCRYPTION_KEY: "key_missing"}
    assert entry.data[CONF_ENCRYPTION_KEY] == KEY


async def test_meter_encrypts_now(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = make_entry(port.url, key=None)
    port.greeting = encipher(TELEGRAM, 1)
    form = await start_reconfigure(hass, entry)
    assert CONF_REMOVE_KEY not in suggested(form)

    refused = await submit(hass, form, {})
    assert refused["errors"] == {CONF_ENCRYPTION_KEY: "key_missing"}
    result = await submit(hass, refused, {CONF_ENCRYPTION_KEY: KEY})

    assert is_done(result, "reconfigure_successful")
    assert entry.data == {CONF_PORT: port.url, CONF_ENCRYPTION_KEY: KEY}


async def test_form_that_is_filled_in_badly_leaves_the_readings_alone(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)

    result = await submit(
        hass,
        await start_reconfigure(hass, entry),
        {
            CONF_ENCRYPTION_KEY: PUBLISHED_KEY,
            SECTION_ADVANCED: {CONF_AUTHENTICATION_KEY: "nonsense"},
        },
    )

    assert result["errors"] == {
        CONF_ENCRYPTION_KEY: "key_published",
        SECTION_ADVANCED: "authentication_key_malformed",
    }
    assert entry.state is ConfigEntryState.LOADED
    assert port.connections == 1


# --- the entry is never left unloaded -------------------------------------------------------------


async def begin(hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry) -> ConfigFlowResult:
    """Let the dialog wait for a telegram that does not come."""
    form = await start_reconfigure(hass, entry)
    connections = port.connections
    with patch.object(meter_setup, "probe", probe):
        result = await hass.config_entries.flow.async_configure(form["flow_id"], {})
        await port.wait_for_connections(connections + 1)
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    assert result["progress_action"] == "wait_for_same_meter"
    assert entry.state is ConfigEntryState.NOT_LOADED
    return result


async def test_dialog_is_closed_while_it_waits(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    result = await begin(hass, port, entry)

    port.greeting = port.next_frame(TELEGRAM)
    hass.config_entries.flow.async_abort(result["flow_id"])

    await is_read(hass, entry)
    assert port.turned_away == 0


@pytest.mark.parametrize("turns", range(6))
async def test_dialog_is_closed_at_any_moment(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, turns: int
) -> None:
    entry = await set_up(hass, port, make_entry)
    form = await start_reconfigure(hass, entry)
    port.greeting = port.next_frame(TELEGRAM)
    await hass.config_entries.flow.async_configure(
        form["flow_id"], {CONF_ENCRYPTION_KEY: OTHER_KEY}
    )
    for _ in range(turns):
        await asyncio.sleep(0)

    hass.config_entries.flow.async_abort(form["flow_id"])

    await hass.async_block_till_done()
    await is_read(hass, entry)
    assert entry.data[CONF_ENCRYPTION_KEY] == KEY


async def test_dialog_is_closed_while_home_assistant_is_trying(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = make_entry(port.url)
    setup = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
    await port.wait_for_clients(1)
    form = await start_reconfigure(hass, entry)
    await hass.config_entries.flow.async_configure(form["flow_id"], {})
    await asyncio.sleep(0.01)

    hass.config_entries.flow.async_abort(form["flow_id"])
    await port.send(encipher(TELEGRAM, 1))
    assert await setup

    await is_read(hass, entry)
    assert port.connections == 1


async def test_browser_is_gone_when_the_telegram_comes(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    form = await start_reauth(hass, entry)
    port.greeting = RENEWED

    await hass.config_entries.flow.async_configure(
        form["flow_id"], {CONF_ENCRYPTION_KEY: OTHER_KEY}
    )
    await hass.async_block_till_done()

    assert entry.data[CONF_ENCRYPTION_KEY] == OTHER_KEY
    await is_read(hass, entry)


async def test_mistake_while_waiting(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, caplog: pytest.LogCaptureFixture
) -> None:
    entry = await set_up(hass, port, make_entry)
    form = await start_reconfigure(hass, entry)
    port.greeting = port.next_frame(TELEGRAM)

    with patch.object(meter_setup, "probe", side_effect=RuntimeError("a mistake")):
        result = await submit(hass, form, {})

    assert result["errors"] == {"base": "unknown"}
    await is_read(hass, entry)
    assert "a mistake" in caplog.text
    caplog.clear()


async def test_entry_is_reloaded_meanwhile(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    port.exclusive = False
    form = await start_reconfigure(hass, entry)
    with patch.object(meter_setup, "probe", probe):
        await hass.config_entries.flow.async_configure(
            form["flow_id"], {CONF_ENCRYPTION_KEY: OTHER_KEY}
        )
        await port.wait_for_connections(2)
    port.greeting = port.next_frame(TELEGRAM)
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED

    port.greeting = encipher(TELEGRAM, 2, key=OTHER_KEY)
    await port.wait_for_clients(2)  # the entry and the probe
    await port.send(RENEWED)
    await hass.async_block_till_done()

    result = await hass.config_entries.flow.async_configure(form["flow_id"])
    assert is_done(result, "reconfigure_successful")
    await is_read(hass, entry)
    assert entry.runtime_data.latest.telegram.frame_counter == 2


async def test_entry_is_disabled_meanwhile(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    result = await begin(hass, port, entry)

    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    hass.config_entries.flow.async_abort(result["flow_id"])
    await hass.async_block_till_done()

    assert entry.state is ConfigEntryState.NOT_LOADED
    await port.wait_for_clients(0)


async def test_entry_is_removed_meanwhile(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    result = await begin(hass, port, entry)

    await hass.config_entries.async_remove(entry.entry_id)
    hass.config_entries.flow.async_abort(result["flow_id"])
    await hass.async_block_till_done()

    await port.wait_for_clients(0)
    assert hass.config_entries.async_entries(DOMAIN) == []


async def test_home_assistant_stops_meanwhile(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    result = await begin(hass, port, entry)

    hass.set_state(CoreState.stopping)
    hass.config_entries.flow.async_abort(result["flow_id"])
    await hass.async_block_till_done()

    assert entry.state is ConfigEntryState.NOT_LOADED
    await port.wait_for_clients(0)
    hass.set_state(CoreState.running)


async def test_disabled_entry_is_not_set_up(
    hass: HomeAssistant, port: MeterPort, other_port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    other_port.greeting = encipher(TELEGRAM, 100)

    result = await submit(hass, await start_reconfigure(hass, entry), {CONF_PORT: other_port.url})

    assert is_done(result, "reconfigure_successful")
    assert entry.data[CONF_PORT] == other_port.url
    assert entry.state is ConfigEntryState.NOT_LOADED


# --- repairs, secrets -----------------------------------------------------------------------------


async def test_repair_leads_to_the_dialog(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    hass_client: ClientSessionGenerator,
) -> None:
    for component in (REPAIRS, "http"):
        assert await async_setup_component(hass, component, {})
    entry = await set_up(hass, port, make_entry)
    raise_issue(hass, entry, Problem.NO_TELEGRAM, port=port.url)
    client = await hass_client()

    response = await client.post(
        "/api/repairs/issues/fix",
        json={"handler": DOMAIN, "issue_id": f"no_telegram_{entry.entry_id}"},
    )
    explanation = await response.json()
    assert explanation["step_id"] == "confirm"
    response = await client.post(f"/api/repairs/issues/fix/{explanation['flow_id']}", json={})
    end = await response.json()

    assert (end["type"], end["reason"]) == ("abort", "reconfigure")
    kind, flow_id = end["next_flow"]
    assert kind == "config_flow"
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["flow_id"] == flow_id
    assert flow["step_id"] == "reconfigure"
    assert flow["context"]["source"] == SOURCE_RECONFIGURE
    assert flow["context"]["entry_id"] == entry.entry_id


async def test_repair_of_a_meter_that_is_removed_meanwhile(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    assert await async_setup_component(hass, REPAIRS, {})
    entry = await set_up(hass, port, make_entry)
    raise_issue(hass, entry, Problem.NO_TELEGRAM, port=port.url)
    repairs = repairs_flow_manager(hass)
    assert repairs
    context = RepairsFlowContext(issue_id=f"no_telegram_{entry.entry_id}")
    explanation = await repairs.async_init(DOMAIN, context=context)
    await hass.config_entries.async_remove(entry.entry_id)

    end = await repairs.async_configure(explanation["flow_id"], {})

    assert (end["type"], end["reason"]) == (FlowResultType.ABORT, "entry_removed")


async def test_stored_keys_are_never_shown_nor_logged(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    hass_client: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    assert await async_setup_component(hass, "config", {})
    secrets = (KEY, OTHER_KEY, OTHER_AUTHENTICATION_KEY)
    entry = await set_up(hass, port, make_entry)
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_AUTHENTICATION_KEY: OTHER_AUTHENTICATION_KEY}
    )
    client = await hass_client()
    path = "/api/config/config_entries/flow"

    async def shown(form: ConfigFlowResult) -> str:
        text: str = await (await client.get(f"{path}/{form['flow_id']}")).text()
        return text.upper()

    forms = [await start_reauth(hass, entry), await start_reconfigure(hass, entry)]
    for form in forms:
        text = await shown(form)
        assert "PASSWORD" in text
        assert not any(secret in text for secret in secrets)
    for greeting in (RENEWED, literal_frame("plain"), OF_OTHER_METER):
        port.greeting = greeting
        forms[1] = await submit(hass, forms[1], {})
        text = await shown(forms[1])
        assert '"ERRORS":{"' in text.replace(" ", "")
        assert not any(secret in text for secret in secrets)

    result = await submit(
        hass, forms[1], {CONF_ENCRYPTION_KEY: OTHER_KEY, CONF_PORT: "127.0.0.1:1"}
    )
    assert result["errors"] == {CONF_PORT: "port_unreachable"}
    assert not any(secret in str(result["description_placeholders"]) for secret in secrets)
    logged = caplog.text.upper()
    for secret in secrets:
        assert secret not in logged
        assert repr(bytes.fromhex(secret)).upper() not in logged
