"""The events: a message fires once, when it arrives."""

import pytest
from homeassistant.const import (
    EVENT_HOMEASSISTANT_STARTED,
    EVENT_STATE_CHANGED,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import CoreState, Event, EventStateChangedData, HomeAssistant, State
from pytest_homeassistant_custom_component.common import (
    async_capture_events,
    mock_restore_cache_with_extra_data,
)

from .conftest import EntryMaker
from .meter import MeterPort, with_value
from .support import TELEGRAM, fall_silent, receive, reload, set_up, state_of

MESSAGE = "event.smarty_message"
REFERENCE = "0-0:96.13.0"


def with_message(text: str, reference: str = REFERENCE) -> str:
    """Return a telegram with this message."""
    return with_value(TELEGRAM, reference, f"({text.encode().hex().upper()})")


class Messages:
    """What the event of a message has fired."""

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
    def texts(self) -> list[str]:
        """Return the text of each event that a trigger takes for one."""
        texts = []
        for change in self._changes:
            old, new = change.data["old_state"], change.data["new_state"]
            if (
                change.data["entity_id"] == self._entity_id
                and old
                and new
                and old.state != STATE_UNAVAILABLE
                and new.state not in {old.state, STATE_UNAVAILABLE, STATE_UNKNOWN}
            ):
                assert new.attributes["event_type"] == "message"
                texts.append(new.attributes["text"])
        return texts


async def test_a_new_text_fires_once(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    messages = Messages(hass)
    await set_up(hass, port, make_entry)
    assert messages.texts == []

    for text in ("Kontroll den 3. Juli", "Kontroll den 3. Juli", "Kontroll den 4. Juli"):
        await receive(hass, port, with_message(text))
    await receive(hass, port, TELEGRAM)

    assert messages.texts == ["Kontroll den 3. Juli", "Kontroll den 4. Juli"]


async def test_a_text_that_comes_back_after_nothing_is_new(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    await set_up(hass, port, make_entry)
    messages = Messages(hass)

    for text in ("Peak", "", "Peak"):
        await receive(hass, port, with_message(text))

    assert messages.texts == ["Peak", "Peak"]


async def test_a_missing_line_is_not_an_empty_message(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    await set_up(hass, port, make_entry)
    messages = Messages(hass)

    await receive(hass, port, with_message("Peak"))
    await receive(hass, port, with_value(TELEGRAM, REFERENCE, None))
    await receive(hass, port, with_message("Peak"))

    assert messages.texts == ["Peak"]


async def test_a_text_is_not_news_after_a_restart(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    await receive(hass, port, with_message("Peak"))
    fired = hass.states.get(MESSAGE)
    messages = Messages(hass)

    port.greeting = port.next_frame(with_message("Peak"))
    await reload(hass, entry)
    await receive(hass, port, with_message("Peak"))

    restored = hass.states.get(MESSAGE)
    assert fired
    assert restored
    assert (restored.state, restored.attributes["text"]) == (fired.state, "Peak")
    assert messages.texts == []

    port.greeting = port.next_frame(with_message("Off-peak"))
    await reload(hass, entry)
    assert messages.texts == ["Off-peak"]


async def test_a_text_that_is_there_at_first_fires_once_there_is_a_state(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    messages = Messages(hass)
    await set_up(hass, port, make_entry, with_message("Peak"))
    assert messages.texts == ["Peak"]

    await receive(hass, port, with_message("Peak"))
    assert messages.texts == ["Peak"]


async def test_a_text_that_is_there_at_first_waits_until_automations_listen(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    hass.set_state(CoreState.starting)
    messages = Messages(hass)
    await set_up(hass, port, make_entry, with_message("Peak"))
    assert messages.texts == []

    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done()
    assert messages.texts == ["Peak"]


async def test_triggers_do_not_miss_a_text_that_ends_a_silence(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    await receive(hass, port, with_message("Peak"))
    messages = Messages(hass)
    await fall_silent(hass, entry)

    await receive(hass, port, with_message("Off-peak"))

    first, second, third = messages.transitions
    assert first[1] == second[0] == STATE_UNAVAILABLE
    assert second[1] == third[0] == first[0]
    assert messages.texts == ["Off-peak"]


@pytest.mark.usefixtures("everything_enabled")
async def test_each_message_has_its_own_event(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    await set_up(hass, port, make_entry)
    assert not hass.states.get("event.smarty_channel_message_1")
    messages = Messages(hass, "event.smarty_channel_message_3")
    others = Messages(hass)

    await receive(hass, port, with_message("Peak", "0-0:96.13.3"))
    await receive(hass, port, with_message("Peak", "0-0:96.13.1"))

    assert messages.texts == ["Peak"]
    assert others.texts == []
    assert hass.states.get("event.smarty_channel_message_1")


@pytest.mark.usefixtures("everything_enabled")
async def test_a_long_text_is_whole(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    await set_up(hass, port, make_entry)
    messages = Messages(hass)
    text = "".join(chr(ord("a") + n % 26) for n in range(2044)) + "Zäh"

    await receive(hass, port, with_message(text))

    state = state_of(hass, "smarty_message_text")
    assert state.state == text[:255]
    assert state.attributes["text"] == text
    assert messages.texts == [text]


DISTURBANCE = "event.smarty_grid_disturbance"
FAILURES, SAGS_L1, SAGS_L2 = "0-0:96.7.21", "1-0:32.32.0", "1-0:52.32.0"


def with_counts(**counts: int) -> str:
    """Return a telegram whose meter has counted more than before."""
    text = TELEGRAM
    for reference, count in counts.items():
        text = with_value(text, globals()[reference], f"({count:05})")
    return text


class Disturbances:
    """What the meter's counters have fired."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._changes: list[Event[EventStateChangedData]] = async_capture_events(
            hass, EVENT_STATE_CHANGED
        )

    @property
    def fired(self) -> list[tuple[str, int, list[str] | None]]:
        """Return kind, number and phases of each event that a trigger takes for one."""
        found: list[tuple[str, int, list[str] | None]] = []
        for change in self._changes:
            old, new = change.data["old_state"], change.data["new_state"]
            if (
                change.data["entity_id"] == DISTURBANCE
                and old
                and new
                and old.state != STATE_UNAVAILABLE
                and new.state not in {old.state, STATE_UNAVAILABLE, STATE_UNKNOWN}
            ):
                details = new.attributes
                found.append((details["event_type"], details["count"], details.get("phases")))
        return found


async def test_what_the_meter_counts_fires_by_kind(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    disturbances = Disturbances(hass)
    await set_up(hass, port, make_entry, with_counts(FAILURES=10, SAGS_L1=20, SAGS_L2=30))
    assert disturbances.fired == []  # not the counts of years

    await receive(hass, port, with_counts(FAILURES=10, SAGS_L1=21, SAGS_L2=32))
    assert disturbances.fired == [("voltage_sag", 3, ["L1", "L2"])]
    for _ in range(2):
        await receive(hass, port, with_counts(FAILURES=12, SAGS_L1=21, SAGS_L2=33))
    assert disturbances.fired[1:] == [("power_failure", 2, None), ("voltage_sag", 1, ["L2"])]


async def test_a_counter_that_is_missing_meanwhile_counts_on(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    await set_up(hass, port, make_entry, with_counts(FAILURES=10))
    disturbances = Disturbances(hass)

    await receive(hass, port, with_value(TELEGRAM, FAILURES, None))
    await receive(hass, port, with_value(TELEGRAM, FAILURES, "()"))
    await receive(hass, port, with_counts(FAILURES=10))
    assert disturbances.fired == []
    await receive(hass, port, with_counts(FAILURES=11))
    assert disturbances.fired == [("power_failure", 1, None)]


async def test_a_failure_that_ended_the_telegrams_fires_when_they_are_back(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry, with_counts(FAILURES=10))
    disturbances = Disturbances(hass)

    await fall_silent(hass, entry)
    await receive(hass, port, with_counts(FAILURES=11))

    assert disturbances.fired == [("power_failure", 1, None)]


async def test_a_failure_that_ended_home_assistant_fires_when_it_is_back(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry, with_counts(FAILURES=10))
    disturbances = Disturbances(hass)

    for _ in range(2):
        port.greeting = port.next_frame(with_counts(FAILURES=11))
        await reload(hass, entry)

    assert disturbances.fired == [("power_failure", 1, None)]


@pytest.mark.parametrize("stored", [{}, {"counts": None}, {"counts": {"power_failure ": "x"}}])
async def test_counts_that_cannot_be_read_begin_anew(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, stored: dict[str, object]
) -> None:
    mock_restore_cache_with_extra_data(hass, [(State(DISTURBANCE, STATE_UNKNOWN), stored)])
    disturbances = Disturbances(hass)
    await set_up(hass, port, make_entry, with_counts(FAILURES=10))
    assert disturbances.fired == []

    await receive(hass, port, with_counts(FAILURES=11))
    assert disturbances.fired == [("power_failure", 1, None)]


async def test_an_event_is_not_written_with_every_telegram(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    await set_up(hass, port, make_entry)
    await receive(hass, port, TELEGRAM)
    event, energy = hass.states.get(MESSAGE), state_of(hass, "smarty_energy_imported")
    assert event
    before = event.last_reported, energy.last_reported

    await receive(hass, port, TELEGRAM)

    assert event.last_reported == before[0]
    assert energy.last_reported > before[1]
