"""The events: a message fires once, when it arrives."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from homeassistant.const import (
    EVENT_HOMEASSISTANT_STARTED,
    EVENT_STATE_CHANGED,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import CoreState, Event, EventStateChangedData, HomeAssistant, State
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    async_capture_events,
    async_mock_load_restore_state_from_storage,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from smartyp1.json_types import JsonDict

from .meter import with_value
from .support import TELEGRAM, Home, fall_silent, recorder_done

type Remember = Callable[[object], Awaitable[None]]

MESSAGE = "event.smarty_message"
REFERENCE = "0-0:96.13.0"


def with_message(text: str, reference: str = REFERENCE) -> str:
    return with_value(TELEGRAM, reference, f"({text.encode().hex().upper()})")


class Fired:
    """Fired events of an entity."""

    def __init__(self, hass: HomeAssistant, entity_id: str = MESSAGE) -> None:
        self._entity_id = entity_id
        self._changes: list[Event[EventStateChangedData]] = async_capture_events(
            hass, EVENT_STATE_CHANGED
        )

    @property
    def transitions(self) -> list[tuple[str | None, str | None]]:
        """Return the states before and after each change."""
        return [
            (old.state if (old := change.data["old_state"]) else None, new.state)
            for change in self._changes
            if change.data["entity_id"] == self._entity_id and (new := change.data["new_state"])
        ]

    @property
    def _details(self) -> list[JsonDict]:
        """Return the attributes of each event that a trigger takes for one."""
        return [
            dict(new.attributes)
            for change in self._changes
            if change.data["entity_id"] == self._entity_id
            and (old := change.data["old_state"])
            and (new := change.data["new_state"])
            and old.state != STATE_UNAVAILABLE
            and new.state not in {old.state, STATE_UNAVAILABLE, STATE_UNKNOWN}
        ]

    @property
    def texts(self) -> list[str]:
        details = self._details
        assert {detail["event_type"] for detail in details} <= {"message"}
        return [detail["text"] for detail in details]

    @property
    def disturbances(self) -> list[tuple[str, int, list[str] | None]]:
        """Return kind, number and phases of each disturbance."""
        return [
            (detail["event_type"], detail["count"], detail.get("phases"))
            for detail in self._details
        ]


LONG = "".join(chr(ord("a") + n % 26) for n in range(2044)) + "Zäh"


@pytest.mark.usefixtures("everything_enabled")
@pytest.mark.parametrize(
    ("sent", "fired"),
    [
        (["Kontroll den 3. Juli"] * 2 + ["Kontroll den 4. Juli"], [0, 2]),
        # A text that comes back after nothing is new; a missing line is no empty message.
        (["Peak", "", "Peak"], [0, 2]),
        (["Peak", None, "Peak"], [0]),
        ([LONG], [0]),
        # Filler is no message.
        (["Peak", "0000", "????", "1", "\xff" * 9, "Peak"], [0, 3, 5]),
    ],
    ids=["another", "empty", "missing", "long", "filler"],
)
async def test_a_new_text_fires_once(home: Home, sent: list[str | None], fired: list[int]) -> None:
    messages = Fired(home.hass)
    others = Fired(home.hass, "event.smarty_grid_operator_message_3")
    await home.set_up()
    assert messages.texts == []

    for text in sent:
        missing = with_value(TELEGRAM, REFERENCE, None)
        await home.receive(missing if text is None else with_message(text))

    assert messages.texts == [sent[n] for n in fired]
    assert others.texts == []
    state = home.state_of("smarty_message_text")
    assert (state.state, state.attributes["text"]) == (str(sent[-1])[:255], sent[-1])


async def test_a_text_is_not_news_after_a_restart(hass: HomeAssistant, home: Home) -> None:
    await home.set_up()
    await home.receive(with_message("Peak"))
    fired = hass.states.get(MESSAGE)
    messages = Fired(hass)

    await home.again(with_message("Peak"))
    await home.receive(with_message("Peak"))

    restored = hass.states.get(MESSAGE)
    assert fired
    assert restored
    assert (restored.state, restored.attributes["text"]) == (fired.state, "Peak")
    assert messages.texts == []

    await home.again(with_message("Off-peak"))
    assert messages.texts == ["Off-peak"]


async def test_a_text_that_is_there_at_first_waits_until_automations_listen(home: Home) -> None:
    home.hass.set_state(CoreState.starting)
    messages = Fired(home.hass)
    await home.set_up(with_message("Peak"))
    await home.receive(with_message("Peak"))
    assert messages.texts == []

    home.hass.set_state(CoreState.running)
    home.hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await home.hass.async_block_till_done()
    assert messages.texts == ["Peak"]
    await home.receive(with_message("Peak"))
    assert messages.texts == ["Peak"]


async def test_triggers_do_not_miss_a_text_that_ends_a_silence(home: Home) -> None:
    entry = await home.set_up()
    await home.receive(with_message("Peak"))
    messages = Fired(home.hass)
    await fall_silent(home.hass, entry)

    await home.receive(with_message("Off-peak"))

    first, second, third = messages.transitions
    assert first[1] == second[0] == STATE_UNAVAILABLE
    assert second[1] == third[0] == first[0]
    assert messages.texts == ["Off-peak"]


DISTURBANCE = "event.smarty_grid_disturbance"
FAILURES, SAGS_L1, SAGS_L2 = "0-0:96.7.21", "1-0:32.32.0", "1-0:52.32.0"


def with_counts(**counts: int) -> str:
    """Return a telegram whose meter has counted more than before."""
    text = TELEGRAM
    for reference, count in counts.items():
        text = with_value(text, globals()[reference], f"({count:05})")
    return text


async def test_each_counter_of_the_meter_fires_by_kind(home: Home) -> None:
    events = Fired(home.hass, DISTURBANCE)
    entry = await home.set_up(with_counts(FAILURES=10, SAGS_L1=20, SAGS_L2=0))
    assert events.disturbances == []  # not the counts of years

    await home.receive(with_counts(FAILURES=10, SAGS_L1=21, SAGS_L2=2))
    assert events.disturbances == [("voltage_sag", 3, ["L1", "L2"])]
    for _ in range(2):
        await home.receive(with_counts(FAILURES=12, SAGS_L1=21, SAGS_L2=3))
    expected = [("power_failure", 2, None), ("voltage_sag", 1, ["L2"])]
    assert events.disturbances[1:] == expected

    # A counter that is missing for a while counts on.
    last = with_counts(FAILURES=12, SAGS_L1=21, SAGS_L2=3)
    await home.receive(with_value(last, FAILURES, None), with_value(last, FAILURES, "()"), last)
    assert events.disturbances[1:] == expected
    # A failure ends the telegrams, and fires when they are back.
    await fall_silent(home.hass, entry)
    await home.receive(with_value(last, FAILURES, "(00013)"))
    assert events.disturbances[3:] == [("power_failure", 1, None)]
    # A failure that ended Home Assistant fires when Home Assistant is back.
    for _ in range(2):
        await home.again(with_value(last, FAILURES, "(00014)"))
    assert events.disturbances[4:] == [("power_failure", 1, None)]


@pytest.fixture
def remember(hass: HomeAssistant, hass_storage: JsonDict) -> Remember:
    """Return a function that lets a former Home Assistant have stored the counts of an event."""

    async def remember(stored: object) -> None:
        state = {
            "state": State(DISTURBANCE, STATE_UNKNOWN).as_dict(),
            "extra_data": stored,
            "last_seen": dt_util.utcnow().isoformat(),
        }
        hass_storage["core.restore_state"] = {"version": 1, "data": [state]}
        await async_mock_load_restore_state_from_storage(hass)

    return remember


async def test_a_failure_that_restarted_home_assistant_waits_until_automations_listen(
    home: Home, remember: Remember
) -> None:
    hass = home.hass
    await remember({"counts": {"power_failure ": 10}})
    hass.set_state(CoreState.starting)
    events = Fired(hass, DISTURBANCE)
    await home.set_up(with_counts(FAILURES=11))
    await home.receive(with_counts(FAILURES=11))
    assert events.disturbances == []

    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done()
    assert events.disturbances == [("power_failure", 1, None)]


@pytest.mark.parametrize("stored", [{}, {"counts": None}, {"counts": {"power_failure ": "x"}}])
async def test_counts_that_cannot_be_read_begin_anew(
    home: Home, remember: Remember, stored: dict[str, object]
) -> None:
    await remember(stored)
    events = Fired(home.hass, DISTURBANCE)
    await home.set_up(with_counts(FAILURES=10))
    assert events.disturbances == []

    await home.receive(with_counts(FAILURES=11))
    assert events.disturbances == [("power_failure", 1, None)]


async def test_an_event_is_not_written_with_every_telegram(home: Home) -> None:
    await home.set_up()
    await home.receive(TELEGRAM)
    event, energy = home.hass.states.get(MESSAGE), home.state_of("smarty_energy_imported")
    assert event
    before = event.last_reported, energy.last_reported

    await home.receive(TELEGRAM)

    assert event.last_reported == before[0]
    assert energy.last_reported > before[1]


@pytest.mark.usefixtures("recorder_mock")
async def test_a_message_is_in_the_logbook_in_its_own_words(
    home: Home, hass_ws_client: WebSocketGenerator
) -> None:
    begin = dt_util.utcnow() - timedelta(minutes=1)
    home.hass.config.components.add("frontend")  # the test kit does not install it
    assert await async_setup_component(home.hass, "logbook", {})
    home.hass.config.components.remove("frontend")
    await home.set_up()
    for text in ("Kontroll den 3. Juli", "x" * 900):
        await home.receive(with_value(TELEGRAM, "0-0:96.13.0", f"({text.encode().hex().upper()})"))
    await recorder_done(home.hass)

    client = await hass_ws_client()
    await client.send_json_auto_id({"type": "logbook/get_events", "start_time": begin.isoformat()})
    entries = (await client.receive_json())["result"]

    own = [entry for entry in entries if entry.get("message")]
    assert [entry["message"] for entry in own] == ["“Kontroll den 3. Juli”", f"“{'x' * 255}”"]
    for entry in own:
        assert entry["entity_id"].startswith("event.smarty")
        assert entry["name"].startswith("Smarty")
