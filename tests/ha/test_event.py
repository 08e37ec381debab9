"""The events: a message fires once, when it arrives."""

import pytest
from homeassistant.const import (
    EVENT_HOMEASSISTANT_STARTED,
    EVENT_STATE_CHANGED,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import CoreState, Event, EventStateChangedData, HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_capture_events

from .conftest import EntryMaker
from .meter import MeterPort, with_value
from .support import TELEGRAM, receive, set_up, state_of

MESSAGE = "event.smarty_new_message"
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
    await hass.config_entries.async_reload(entry.entry_id)
    await receive(hass, port, with_message("Peak"))

    restored = hass.states.get(MESSAGE)
    assert fired
    assert restored
    assert (restored.state, restored.attributes["text"]) == (fired.state, "Peak")
    assert messages.texts == []

    port.greeting = port.next_frame(with_message("Off-peak"))
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
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
    entry.runtime_data._on_stale(dt_util.utcnow())

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
    assert not hass.states.get("event.smarty_new_channel_message_1")
    messages = Messages(hass, "event.smarty_new_channel_message_3")
    others = Messages(hass)

    await receive(hass, port, with_message("Peak", "0-0:96.13.3"))
    await receive(hass, port, with_message("Peak", "0-0:96.13.1"))

    assert messages.texts == ["Peak"]
    assert others.texts == []
    assert hass.states.get("event.smarty_new_channel_message_1")


async def test_a_long_text_is_whole(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    await set_up(hass, port, make_entry)
    messages = Messages(hass)
    text = "".join(chr(ord("a") + n % 26) for n in range(2044)) + "Zäh"

    await receive(hass, port, with_message(text))

    state = state_of(hass, "smarty_message")
    assert state.state == text[:255]
    assert state.attributes["text"] == text
    assert messages.texts == [text]
