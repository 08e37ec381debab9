"""A meter in a house, with the states and the log of Home Assistant."""

import asyncio
from collections.abc import Generator
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.coordinator import telegram_source
from custom_components.smarty_p1.coordinator.telegram_source import TelegramMeter
from tests.ha import kit
from tests.ha.conftest import EntryMaker
from tests.ha.meter import KEY, MeterPort, seal
from tests.ha.support import (
    ENERGY,
    TELEGRAM,
    let_pass,
    own_log,
    set_up_entry,
    state_of,
    unload_entry,
    wait_until,
)
from tests.ha.topic import Clock


@pytest.fixture
def real_files(hass: HomeAssistant, tmp_path: Path) -> Generator[None]:
    """Let Home Assistant store real files."""
    hass.config.config_dir = str(tmp_path)
    with kit.real_store():
        yield


class House:
    """A meter at a port, its entry, and the states that people see of both."""

    entry: MockConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        port: MeterPort,
        make_entry: EntryMaker,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        self.hass = hass
        self.port = port
        self._make_entry = make_entry
        self._caplog = caplog

    async def begin(
        self, greeting: bytes | None = None, key: str | None = KEY, **data: bool
    ) -> None:
        """Set the meter up; it sends one telegram, and is silent then."""
        good = self.good() if key else seal(TELEGRAM)
        self.port.greeting = good if greeting is None else greeting
        self.entry = self._make_entry(self.port.url, key=key, **data)
        await set_up_entry(self.hass, self.entry)
        await self.hass.async_block_till_done()
        self.port.greeting = b""
        self._caplog.clear()

    async def again(self, greeting: bytes, **data: str) -> None:
        """Set the meter up again, with other data; it sends `text`."""
        entries = self.hass.config_entries
        await entries.async_unload(self.entry.entry_id)
        entries.async_update_entry(self.entry, data={**self.entry.data, **data})
        self.port.greeting = greeting
        await entries.async_setup(self.entry.entry_id)
        await self.hass.async_block_till_done()

    async def restart(self, greeting: bytes = b"") -> None:
        """Start anew; by default, the meter greets without a telegram."""
        entries = self.hass.config_entries
        if self.entry.state is ConfigEntryState.LOADED:
            assert await entries.async_unload(self.entry.entry_id)
        await self.port.wait_for_clients(0)
        self.port.greeting = greeting
        await entries.async_setup(self.entry.entry_id)
        await self.port.wait_for_clients(1)
        await self.hass.async_block_till_done()

    async def unload(self) -> None:
        assert await unload_entry(self.hass, self.entry)

    def good(self) -> bytes:
        return self.port.next_frame(TELEGRAM)

    async def send(self, *frames: bytes) -> None:
        """Send frames, and wait until each has been judged."""
        await wait_until(self.hass, lambda: self.coordinator.source.line.is_open)
        # After a reload, the connection of before may just be going.
        await asyncio.sleep(0.01)
        await self.port.wait_for_clients(1)
        for judged, frame in enumerate(frames, self._judged()):
            await self.port.send(frame)
            await wait_until(self.hass, partial(self._has_judged_more, judged))

    def _has_judged_more(self, frames: int) -> bool:
        return self._judged() > frames

    def _judged(self) -> int:
        reception = self.coordinator.source.reception
        others = reception.rejections.total() + reception.other_meters.total()
        return self.coordinator.readings + others

    async def passes(self, seconds: float) -> None:
        await let_pass(self.hass, seconds)

    @property
    def coordinator(self) -> TelegramMeter:
        coordinator: TelegramMeter = self.entry.runtime_data
        return coordinator

    @property
    def connection(self) -> str:
        return state_of(self.hass, "smarty_connection").state

    @property
    def energy(self) -> str:
        return state_of(self.hass, ENERGY).state

    @property
    def log(self) -> list[tuple[str, str]]:
        """Return the log since the beginning."""
        return own_log(self._caplog)

    @property
    def issues(self) -> dict[str, ir.IssueEntry]:
        """Return the repairs by their kind, but for the clock: the telegrams are of 2025."""
        return {
            str(issue.translation_key): issue
            for issue in ir.async_get(self.hass).issues.values()
            if issue.domain == "smarty_p1"
            and issue.active
            and issue.translation_key != "meter_clock"
        }

    @property
    def reauths(self) -> list[ConfigFlowResult]:
        """Return the dialogs that ask for new keys."""
        flows = self.hass.config_entries.flow.async_progress()
        return [flow for flow in flows if flow["context"]["source"] == SOURCE_REAUTH]

    @property
    def is_troubled(self) -> bool:
        return bool(self.issues or self.hass.config_entries.flow.async_progress())


@pytest.fixture
def house(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, caplog: pytest.LogCaptureFixture
) -> House:
    return House(hass, port, make_entry, caplog)


@pytest.fixture
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Stop the coordinator's clock, but neither the event loop nor its real connections."""
    return Clock(monkeypatch, datetime.fromisoformat("2025-07-03T08:30:00+00:00"))


@pytest.fixture
def patient_link(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a connection without bytes open, when half a minute passes in no time."""
    monkeypatch.setattr(telegram_source, "SILENCE_TIMEOUT_S", None)
