"""The dialogs that change a meter that is set up, at ports that serve one client at a time."""

import asyncio
from collections.abc import AsyncGenerator
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
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smarty_p1.coordinator.repair_issues import raise_issue
from custom_components.smarty_p1.flows.meter import port_key_and_found_meter
from custom_components.smarty_p1.lib.port.probing import probe
from custom_components.smarty_p1.lib.problem import Problem
from dev.altered_bytes import ALTERATIONS, Alteration, flipped, lost
from smartyp1.json_types import JsonDict
from tests.ha.dialogs import advance, is_advanced_open, is_done, submit, suggested
from tests.ha.meter import (
    KEY,
    OTHER_AUTHENTICATION_KEY,
    OTHER_KEY,
    OTHER_SERIAL,
    PUBLISHED_KEY,
    SERIAL,
    MeterPort,
    encipher,
    stored_frame,
)
from tests.ha.support import (
    OTHER_METER,
    OTHER_TITLE,
    TELEGRAM,
    Home,
    entered_data,
    links,
    remove_entry,
    set_up_entry,
    values,
    wait_until,
)

pytestmark = pytest.mark.usefixtures("short_wait", "short_setup")

RENEWED = encipher(TELEGRAM, 1, key=OTHER_KEY)
OF_OTHER_METER = encipher(OTHER_METER, 1, system_title=OTHER_TITLE)


async def exclusive_port() -> AsyncGenerator[MeterPort]:
    """Yield a port that serves one client at a time."""
    async with MeterPort(exclusive=True) as server:
        yield server


port = pytest.fixture(exclusive_port, name="port")
other_port = pytest.fixture(exclusive_port, name="other_port")


class Dialogs(Home):
    """Dialogs about one meter, and their results."""

    async def reauth(self, reason: str = "wrong_key") -> ConfigFlowResult:
        """Open the dialog as the coordinator does."""
        self.entry.async_start_reauth(self.hass, data={"reason": reason})
        await self.hass.async_block_till_done()
        (flow,) = self.hass.config_entries.flow.async_progress_by_handler("smarty_p1")
        assert flow["context"]["source"] == SOURCE_REAUTH
        form = await advance(self.hass, flow)
        assert form["step_id"] == "reauth_confirm"
        return form

    async def reconfigure(self) -> ConfigFlowResult:
        """Open the dialog as the user does."""
        form: ConfigFlowResult = await self.entry.start_reconfigure_flow(self.hass)
        assert form["step_id"] == "reconfigure"
        assert form["errors"] == {}
        return form

    async def submit(self, form: ConfigFlowResult, typed: JsonDict) -> ConfigFlowResult:
        return await submit(self.hass, form, typed)

    async def enter(self, form: ConfigFlowResult, typed: JsonDict) -> ConfigFlowResult:
        """Fill in the form, and do not wait."""
        return await advance(self.hass, form, typed)

    async def waits(self, typed: JsonDict) -> ConfigFlowResult:
        """Fill in the form, and wait until it waits for a telegram that does not come."""
        form = await self.reconfigure()
        connections = self.port.connections
        with patch.object(port_key_and_found_meter, "probe", probe):
            result = await self.enter(form, typed)
            await self.port.wait_for_connections(connections + 1)
        assert result["type"] is FlowResultType.SHOW_PROGRESS
        assert result["progress_action"] == "wait_for_same_meter"
        # The port is the probe's, and the last reading is still shown.
        assert self.entry.state is ConfigEntryState.LOADED
        assert links(self.hass) == 0
        assert not unavailable(self.hass)
        return result

    async def close(self, form: ConfigFlowResult) -> None:
        self.hass.config_entries.flow.async_abort(form["flow_id"])
        await self.hass.async_block_till_done()

    async def is_read(self, at: MeterPort | None = None) -> None:
        """Wait until readings come, from a port with a single client that was never refused."""
        await wait_until(self.hass, lambda: self.entry.state is ConfigEntryState.LOADED)
        await wait_until(self.hass, lambda: links(self.hass) == 1)
        # The entry's connection may still be coming up; it would take the next greeting of the
        # port.
        await wait_until(self.hass, lambda: (at or self.port).clients == 1)
        assert self.port.turned_away == 0


@pytest.fixture
def dialogs(home: Home) -> Dialogs:
    return Dialogs(home.hass, home.port, home.make_entry)


def unavailable(hass: HomeAssistant) -> list[str]:
    return [state.entity_id for state in hass.states.async_all() if state.state == "unavailable"]


async def test_a_reconfigured_meter_goes_on_showing_its_last_reading(dialogs: Dialogs) -> None:
    await dialogs.set_up()
    hass, port = dialogs.hass, dialogs.port
    changes = async_capture_events(hass, "state_changed")
    await dialogs.reauth()
    form = await dialogs.reconfigure()
    port.greeting = RENEWED
    connections = port.connections
    result = await dialogs.submit(form, {"encryption_key": OTHER_KEY})
    assert is_done(result, "reconfigure_successful")
    # The new key ends the other dialog that asks for the key.
    assert hass.config_entries.flow.async_progress() == []
    await dialogs.is_read()
    # The dialog's, and the meter's own.
    await port.wait_for_connections(connections + 2)
    await port.send(encipher(TELEGRAM, 3, key=OTHER_KEY))
    coordinator = dialogs.entry.runtime_data
    await wait_until(hass, lambda: coordinator.latest.telegram.frame_counter == 3)
    # With the old key, nothing is accepted any more.
    await port.send(encipher(TELEGRAM, 4))
    await wait_until(hass, lambda: coordinator.source.reception.rejections)
    assert coordinator.latest.telegram.frame_counter == 3
    states = [event.data["new_state"] for event in changes]
    assert [state.entity_id for state in states if state and state.state == "unavailable"] == []


# --- new keys -------------------------------------------------------------------------------------


async def test_new_key(dialogs: Dialogs) -> None:
    await dialogs.set_up()
    entry, registry = dialogs.entry, er.async_get(dialogs.hass)
    entities = er.async_entries_for_config_entry(registry, entry.entry_id)

    form = await dialogs.reauth()
    assert form["errors"] == {"encryption_key": "key_renewed"}
    told = {"name": "Smarty 2574", "serial_number": SERIAL, "present_port": dialogs.port.url}
    assert told.items() <= (form["description_placeholders"] or {}).items()
    assert not is_advanced_open(form)
    assert "port" not in suggested(form)

    dialogs.port.greeting = RENEWED
    result = await dialogs.submit(form, {"encryption_key": OTHER_KEY.lower()})
    assert is_done(result, "reauth_successful")
    assert entered_data(entry) == {"port": dialogs.port.url, "encryption_key": OTHER_KEY}
    await dialogs.is_read()
    assert values(dialogs.hass)["smarty_energy_imported"] == "25678.901"
    assert er.async_entries_for_config_entry(registry, entry.entry_id) == entities


@pytest.mark.parametrize("is_waiting", [False, True])
async def test_new_key_of_a_meter_that_was_never_read(
    dialogs: Dialogs, *, is_waiting: bool
) -> None:
    hass = dialogs.hass
    dialogs.entry = entry = dialogs.make_entry(dialogs.port.url)
    dialogs.port.greeting = RENEWED
    setup = hass.async_create_task(set_up_entry(hass, entry))
    if is_waiting:
        await dialogs.port.wait_for_clients(1)
        assert entry.state is ConfigEntryState.SETUP_IN_PROGRESS
        form = await hass.config_entries.flow.async_init(
            "smarty_p1",
            context={"source": SOURCE_REAUTH, "entry_id": entry.entry_id},
            data=dict(entry.data),
        )
        assert form["errors"] == {}
    else:
        assert await setup
        assert entry.runtime_data.condition.obstacle == "wrong_key"
        form = await dialogs.reauth()
    result = await dialogs.submit(form, {"encryption_key": OTHER_KEY})
    await setup
    assert is_done(result, "reauth_successful")
    await dialogs.is_read()


# --- what is entered, and what is stored then -----------------------------------------------------


async def test_new_key_is_wrong_too_or_of_another_meter(dialogs: Dialogs) -> None:
    await dialogs.set_up()
    entry, data = dialogs.entry, dict(dialogs.entry.data)
    dialogs.port.greeting = OF_OTHER_METER
    form = await dialogs.submit(await dialogs.reauth(), {"encryption_key": KEY})
    assert form["errors"] == {"base": "other_meter"}
    told = {"found": OTHER_SERIAL, "serial_number": SERIAL}
    assert told.items() <= (form["description_placeholders"] or {}).items()
    assert entry.data == data

    dialogs.port.greeting = dialogs.port.next_frame(TELEGRAM)
    form = await dialogs.submit(form, {"encryption_key": OTHER_KEY})
    assert form["step_id"] == "reauth_confirm"
    assert form["errors"] == {"encryption_key": "wrong_key"}
    assert entry.data == data
    await dialogs.is_read()  # while the user looks at the form
    dialogs.port.greeting = dialogs.port.next_frame(TELEGRAM)
    again = await dialogs.submit(form, {"encryption_key": ""})
    assert is_done(again, "reauth_successful")
    await dialogs.is_read()


@pytest.mark.parametrize("step", ["reauth", "reconfigure"])
@pytest.mark.parametrize(
    ("alteration", "error"),
    [
        (flipped(18), {"base": "altered_or_new_key"}),
        (flipped(-1), {"base": "altered_or_new_key"}),
        (flipped(700), {"port": "damaged"}),
        (ALTERATIONS["seven data bits"], {"port": "damaged"}),
        # The meter was read at this port: other bytes are its altered bytes.
        (lost(0, 5), {"port": "damaged"}),
        (lost(0, 500), {"port": "damaged"}),
        (lambda _data: b"\r\nstarted\r\n" * 20, {"port": "damaged"}),
    ],
)
async def test_the_right_key_is_never_called_wrong_and_a_new_one_is_taken(
    dialogs: Dialogs, step: str, alteration: Alteration, error: dict[str, str]
) -> None:
    await dialogs.set_up()
    dialogs.port.greeting = alteration(dialogs.port.next_frame(TELEGRAM))
    form = await (dialogs.reauth() if step == "reauth" else dialogs.reconfigure())
    form = await dialogs.submit(form, {"encryption_key": KEY})
    # A dialog for new keys has no field for the port.
    shown = {"base" if step == "reauth" else field: key for field, key in error.items()}
    assert form["errors"] == shown
    dialogs.port.greeting = alteration(RENEWED)
    form = await dialogs.submit(form, {"encryption_key": KEY})
    assert form["errors"] != {"encryption_key": "wrong_key"}

    dialogs.port.greeting = RENEWED
    result = await dialogs.submit(form, {"encryption_key": OTHER_KEY})
    done = "reauth_successful" if step == "reauth" else "reconfigure_successful"
    assert is_done(result, done)
    await dialogs.is_read()


NOT_VERIFIED = {"verify": False}
OTHER = {"authentication_key": OTHER_AUTHENTICATION_KEY}
WITHOUT_KEY = {"encryption_key": None}
OTHER_ERROR = {"advanced": "other_authentication_key"}
KEY_MISSING = {"encryption_key": "key_missing"}
GOOD = encipher(TELEGRAM, 100)
OTHERWISE_SEALED = encipher(TELEGRAM, 100, authentication_key=OTHER_AUTHENTICATION_KEY)
# Differences of the entry from the usual entry, and the frame from the port. Then the typed values
# with their errors, None when they are stored, and the differences afterwards.
CHANGES: dict[str, tuple[JsonDict, bytes, list[tuple[Any, ...]], JsonDict]] = {
    "verification is switched on again": (
        *(NOT_VERIFIED, OTHERWISE_SEALED),
        [({"advanced": {**OTHER, "without_verification": False}}, None)],
        OTHER,
    ),
    "the published authentication key takes the place of another": (
        *(OTHER, GOOD),
        [
            ({"advanced": {}}, OTHER_ERROR),
            ({"advanced": {"authentication_key": PUBLISHED_KEY}}, None),
        ],
        {},
    ),
    "the meter no longer encrypts": (
        *(OTHER, stored_frame("plain")),
        [({}, {"encryption_key": "security_switched_off"}), ({"remove_key": True}, None)],
        WITHOUT_KEY,
    ),
    "the meter encrypts now": (
        *(WITHOUT_KEY, GOOD),
        [({}, KEY_MISSING), ({"encryption_key": KEY}, None)],
        {},
    ),
}


def entry_of(dialogs: Dialogs, changes: JsonDict) -> MockConfigEntry:
    others = {name: value for name, value in changes.items() if name != "encryption_key"}
    key = changes.get("encryption_key", KEY)
    return dialogs.make_entry(dialogs.port.url, key=key, **others)


@pytest.mark.parametrize(("before", "greeting", "steps", "after"), CHANGES.values(), ids=CHANGES)
async def test_typed_values_are_tried_and_stored(
    dialogs: Dialogs,
    before: JsonDict,
    greeting: bytes,
    steps: list[tuple[Any, ...]],
    after: JsonDict,
) -> None:
    dialogs.port.greeting = greeting
    dialogs.entry = entry_of(dialogs, before)
    form, data = await dialogs.reconfigure(), dict(dialogs.entry.data)
    for typed, errors in steps:
        form = await dialogs.submit(form, typed)
        if errors is not None:
            assert form["errors"] == errors
            assert dialogs.entry.data == data
    assert is_done(form, "reconfigure_successful")
    stored = {"port": dialogs.port.url, "encryption_key": KEY, **after}
    assert entered_data(dialogs.entry) == {
        name: value for name, value in stored.items() if value is not None
    }


async def test_the_form_offers_the_options_that_can_be_needed(dialogs: Dialogs) -> None:
    for changes in ({}, WITHOUT_KEY, OTHER, NOT_VERIFIED):
        dialogs.entry = entry_of(dialogs, changes)
        form = await dialogs.reconfigure()
        assert "remove_key" not in suggested(form)
        await remove_entry(dialogs.hass, dialogs.entry)
    assert is_advanced_open(form)
    assert suggested(form)["advanced"] == {"authentication_key": None, "without_verification": True}


async def test_a_key_is_removed_only_when_the_meter_does_not_encrypt(dialogs: Dialogs) -> None:
    dialogs.entry = entry_of(dialogs, OTHER)
    raise_issue(dialogs.hass, dialogs.entry, Problem.SECURITY_OFF, port=dialogs.port.url)
    form = await dialogs.reconfigure()
    assert suggested(form)["remove_key"] is None
    dialogs.port.greeting = stored_frame("plain")
    form = await dialogs.submit(form, {})
    assert form["errors"] == {"encryption_key": "security_switched_off"}
    for typed in ({"encryption_key": KEY}, {"advanced": {"authentication_key": PUBLISHED_KEY}}):
        form = await dialogs.submit(form, {"remove_key": True, **typed})
        assert form["errors"] == {"remove_key": "key_and_removal"}
    dialogs.port.greeting = GOOD
    form = await dialogs.submit(form, {"remove_key": True})
    assert form["errors"] == KEY_MISSING
    assert dialogs.entry.data["encryption_key"] == KEY
    dialogs.port.greeting = stored_frame("plain")
    result = await dialogs.submit(form, {"remove_key": True})
    assert is_done(result, "reconfigure_successful")
    assert entered_data(dialogs.entry) == {"port": dialogs.port.url}


@pytest.mark.parametrize("is_disabled", [False, True])
async def test_the_frame_counter_was_reset(dialogs: Dialogs, *, is_disabled: bool) -> None:
    dialogs.port.counter = 5000
    await dialogs.set_up()
    hass, entry, port = dialogs.hass, dialogs.entry, dialogs.port
    if is_disabled:
        await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    port.greeting = encipher(TELEGRAM, 1)
    form = await dialogs.reconfigure()
    assert "counter_reset" not in suggested(form)
    for _ in range(2):
        form = await dialogs.submit(form, {})
        assert form["errors"] == {"base": "replay"}
    result = await dialogs.submit(form, {"counter_reset": True})
    assert is_done(result, "reconfigure_successful")
    if is_disabled:
        await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    await wait_until(hass, lambda: entry.runtime_data.latest is not None)
    await wait_until(hass, lambda: entry.runtime_data.latest.telegram.frame_counter == 1)


@pytest.mark.parametrize(
    ("typed", "after"), [(OTHER, OTHER), ({"without_verification": True}, NOT_VERIFIED)]
)
async def test_other_authentication_key(dialogs: Dialogs, typed: JsonDict, after: JsonDict) -> None:
    await dialogs.set_up()
    data = dict(dialogs.entry.data)
    form = await dialogs.reauth("other_authentication_key")
    assert form["errors"] == OTHER_ERROR
    assert is_advanced_open(form)
    assert "without_verification" in suggested(form)["advanced"]
    dialogs.port.greeting = OTHERWISE_SEALED
    result = await dialogs.submit(form, {"advanced": typed})
    assert is_done(result, "reauth_successful")
    assert dialogs.entry.data == {**data, **after}
    await dialogs.is_read()


# --- another port ---------------------------------------------------------------------------------


@pytest.mark.parametrize("is_disabled", [False, True])
async def test_another_port(dialogs: Dialogs, other_port: MeterPort, *, is_disabled: bool) -> None:
    await dialogs.set_up()
    entry, port = dialogs.entry, dialogs.port
    entries = dialogs.hass.config_entries
    if is_disabled:
        await entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    form = await dialogs.reconfigure()
    assert suggested(form) == {
        "port": port.url,
        "encryption_key": None,
        "advanced": {"authentication_key": None},
    }

    # Another entry has this port.
    other = dialogs.make_entry("socket://127.0.0.1:1", serial=OTHER_SERIAL)
    form = await dialogs.submit(form, {"port": "127.0.0.1:1"})
    assert form["errors"] == {"port": "port_in_use"}
    assert (form["description_placeholders"] or {})["title"] == other.title

    # Another meter is at the port.
    port.greeting = port.next_frame(TELEGRAM)
    other_port.greeting = OF_OTHER_METER
    form = await dialogs.submit(form, {"port": other_port.url})
    assert form["errors"] == {"port": "other_meter"}
    told = {"found": OTHER_SERIAL, "serial_number": SERIAL}
    told |= {"port": other_port.url, "present_port": port.url}
    assert told.items() <= (form["description_placeholders"] or {}).items()
    assert entered_data(entry) == {"port": port.url, "encryption_key": KEY}
    if not is_disabled:
        await dialogs.is_read()

    other_port.greeting = GOOD
    result = await dialogs.submit(form, {"port": other_port.address})
    assert is_done(result, "reconfigure_successful")
    assert entered_data(entry) == {"port": other_port.url, "encryption_key": KEY}
    if is_disabled:
        assert entry.state is ConfigEntryState.NOT_LOADED
        return
    await dialogs.is_read(other_port)
    await port.wait_for_clients(0)
    await other_port.wait_for_clients(1)


async def test_port_with_a_secret_is_not_shown(dialogs: Dialogs) -> None:
    url = "esphome://127.0.0.1:1/?key=c2VjcmV0&port_name=P1"
    dialogs.entry = dialogs.make_entry(url)
    form = await dialogs.reconfigure()
    for errors in (set(), {"port"}):
        assert (form["errors"] or {}).keys() == errors
        assert suggested(form)["port"] is None
        assert "c2VjcmV0" not in str(form["description_placeholders"])
        form = await dialogs.submit(form, {})
    assert dialogs.entry.data["port"] == url


# --- the entry is never left unloaded -------------------------------------------------------------


@pytest.mark.parametrize("meanwhile", ["nothing", "other_dialog", "disabled", "removed", "stops"])
async def test_dialog_is_closed_while_it_waits(dialogs: Dialogs, meanwhile: str) -> None:
    await dialogs.set_up()
    hass, entry, port = dialogs.hass, dialogs.entry, dialogs.port
    form = await dialogs.waits({})
    if meanwhile == "nothing":
        port.greeting = port.next_frame(TELEGRAM)
    elif meanwhile == "other_dialog":
        port.exclusive = False
        await dialogs.close(await dialogs.waits({}))
    elif meanwhile == "disabled":
        await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    elif meanwhile == "removed":
        await remove_entry(hass, entry)
    else:
        hass.set_state(CoreState.stopping)
    # The dialog of a removed entry has ended with the entry.
    if meanwhile != "removed":
        await dialogs.close(form)
    if meanwhile in {"nothing", "other_dialog"}:
        await dialogs.is_read()
        await port.wait_for_clients(1)
        return
    assert entry.state is (
        ConfigEntryState.LOADED if meanwhile == "stops" else ConfigEntryState.NOT_LOADED
    )
    await port.wait_for_clients(0)
    assert len(hass.config_entries.async_entries("smarty_p1")) == (meanwhile != "removed")
    hass.set_state(CoreState.running)


async def test_dialog_is_closed_while_home_assistant_is_trying(dialogs: Dialogs) -> None:
    hass, port = dialogs.hass, dialogs.port
    dialogs.entry = dialogs.make_entry(port.url)
    setup = hass.async_create_task(set_up_entry(hass, dialogs.entry))
    await port.wait_for_clients(1)
    form = await dialogs.reconfigure()
    await dialogs.enter(form, {})
    await asyncio.sleep(0.01)
    hass.config_entries.flow.async_abort(form["flow_id"])
    await port.send(encipher(TELEGRAM, 1))
    assert await setup
    await dialogs.is_read()
    assert port.connections == 1


async def test_mistake_while_waiting_and_nothing_is_changed(
    dialogs: Dialogs, caplog: pytest.LogCaptureFixture
) -> None:
    await dialogs.set_up()
    form = await dialogs.reconfigure()
    dialogs.port.greeting = dialogs.port.next_frame(TELEGRAM)
    with patch.object(port_key_and_found_meter, "probe", side_effect=RuntimeError("a mistake")):
        result = await dialogs.submit(form, {})
    assert result["errors"] == {"base": "unknown"}
    await dialogs.is_read()
    assert "a mistake" in caplog.text
    caplog.clear()
    # No field is changed.
    data = dict(dialogs.entry.data)
    dialogs.port.greeting = dialogs.port.next_frame(TELEGRAM)
    result = await dialogs.submit(result, {"port": " "})
    assert is_done(result, "reconfigure_successful")
    assert dialogs.entry.data == data
    await dialogs.is_read()


async def test_a_reload_waits_until_the_dialog_has_tested_the_port(dialogs: Dialogs) -> None:
    await dialogs.set_up()
    hass, entry, port = dialogs.hass, dialogs.entry, dialogs.port
    form = await dialogs.waits({"encryption_key": OTHER_KEY})
    paused = entry.runtime_data
    hass.config_entries.async_schedule_reload(entry.entry_id)
    for _ in range(100):
        await asyncio.sleep(0)
    assert entry.state is ConfigEntryState.LOADED
    assert not paused.line.is_open

    port.greeting = encipher(TELEGRAM, 2, key=OTHER_KEY)
    await port.send(RENEWED)
    await hass.async_block_till_done()
    result = await advance(hass, form)
    assert is_done(result, "reconfigure_successful")
    await wait_until(hass, lambda: entry.state is ConfigEntryState.LOADED)
    assert entry.runtime_data is not paused
    await wait_until(hass, lambda: entry.runtime_data.latest is not None)
    assert entry.runtime_data.latest.telegram.frame_counter == 2


# --- repairs, secrets -----------------------------------------------------------------------------


async def test_repair_leads_to_the_dialog(dialogs: Dialogs) -> None:
    hass = dialogs.hass
    assert await async_setup_component(hass, REPAIRS, {})
    await dialogs.set_up()
    entry_id = dialogs.entry.entry_id
    raise_issue(hass, dialogs.entry, Problem.NO_TELEGRAM, port=dialogs.port.url)
    repairs = repairs_flow_manager(hass)
    assert repairs
    context = RepairsFlowContext(issue_id=f"no_telegram_{entry_id}")
    explanation, late = [await repairs.async_init("smarty_p1", context=context) for _ in range(2)]
    assert explanation["step_id"] == "confirm"
    end = await repairs.async_configure(explanation["flow_id"], {})

    assert is_done(end, "reconfigure")
    (flow,) = hass.config_entries.flow.async_progress()
    assert [*end["next_flow"]] == ["config_flow", flow["flow_id"]]
    assert flow["step_id"] == "reconfigure"
    assert flow["context"]["source"] == SOURCE_RECONFIGURE
    assert flow["context"]["entry_id"] == entry_id

    # The meter is removed during the dialog.
    await hass.config_entries.async_remove(entry_id)
    end = await repairs.async_configure(late["flow_id"], {})
    assert is_done(end, "entry_removed")


async def test_stored_keys_are_never_shown_nor_logged(
    dialogs: Dialogs, hass_client: ClientSessionGenerator, caplog: pytest.LogCaptureFixture
) -> None:
    hass = dialogs.hass
    caplog.set_level("DEBUG")
    assert await async_setup_component(hass, "config", {})
    secrets = (KEY, OTHER_KEY, OTHER_AUTHENTICATION_KEY)
    await dialogs.set_up()
    data = {**dialogs.entry.data, "authentication_key": OTHER_AUTHENTICATION_KEY}
    hass.config_entries.async_update_entry(dialogs.entry, data=data)
    client = await hass_client()
    path = "/api/config/config_entries/flow"

    async def shown(form: ConfigFlowResult) -> str:
        text: str = await (await client.get(f"{path}/{form['flow_id']}")).text()
        return text.upper()

    forms = [await dialogs.reauth(), await dialogs.reconfigure()]
    for form in forms:
        text = await shown(form)
        assert "PASSWORD" in text
        assert not any(secret in text for secret in secrets)
    for greeting in (RENEWED, stored_frame("plain"), OF_OTHER_METER):
        dialogs.port.greeting = greeting
        forms[1] = await dialogs.submit(forms[1], {})
        text = await shown(forms[1])
        assert '"ERRORS":{"' in text.replace(" ", "")
        assert not any(secret in text for secret in secrets)

    result = await dialogs.submit(forms[1], {"encryption_key": OTHER_KEY, "port": "127.0.0.1:1"})
    assert result["errors"] == {"port": "port_unreachable"}
    assert not any(secret in str(result["description_placeholders"]) for secret in secrets)
    logged = caplog.text.upper()
    for secret in secrets:
        assert secret not in logged
        assert repr(bytes.fromhex(secret)).upper() not in logged
