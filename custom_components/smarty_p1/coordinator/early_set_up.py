"""A meter that has been read before is set up as soon as its port is open, not with a reading.

Home Assistant's start, and every automation with it, would wait for that reading otherwise. When
none comes in time, the set-up is withdrawn: it ends as one that has waited, and the entry says why.
"""

import asyncio
from datetime import datetime
from typing import override

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from . import port_coordinator
from .entry_types import AnyConfigEntry
from .failure_run import FailureRun
from .port_coordinator import PortCoordinator
from .setup_retry import has_dialog

# A gateway may be slow to answer, and so may the broker of a topic: what is wrong is told later.
OPENING_TIMEOUT = 1.0


class EarlySetUpCoordinator[D](PortCoordinator[D]):
    """Pushes the readings of a port whose source may be known from before.

    `first_push` is set when there is something to show.
    """

    _failure_run: FailureRun
    _is_known = False

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        super().__init__(hass, entry)
        self.first_push = asyncio.Event()
        self.last_update_success = False
        self._has_opened = False
        self._is_early = False
        self._deadline_job = HassJob(self._on_deadline, cancel_on_shutdown=True)
        self._cancel_deadline: CALLBACK_TYPE | None = None

    @override
    async def async_start(self) -> None:
        run = self._failure_run
        if run.untold:
            self._obstacle, run.untold = run.untold, None
            raise self._not_ready()
        # While it fails nobody waits for it, and the entry should go on saying why.
        if self._is_known and not run and not run.is_withdrawn:
            self._is_early = True
            await self._async_start_early()
        else:
            await super().async_start()

    async def _async_start_early(self) -> None:
        """Open the port. Raises ConfigEntryNotReady when that cannot be."""
        self._start_link()
        await self._wait_until_decided(OPENING_TIMEOUT)
        if self.losses:
            await self._wait_until_decided(port_coordinator.SETUP_TIMEOUT)  # for the second try
        if self.hass.is_stopping or (self.losses and not self._has_opened):
            raise self._not_ready()
        if not self.is_started:
            self._start_deadline()

    @override
    async def async_shutdown(self) -> None:
        """Stop waiting for readings."""
        await super().async_shutdown()
        self._stop_deadline()

    @override
    @callback
    def _on_open(self) -> None:
        super()._on_open()
        self._has_opened = True
        if self._is_early:
            self._setup_decided.set()

    @override
    @callback
    def _push(self, data: D) -> None:
        self._on_first()
        super()._push(data)

    @callback
    def _on_first(self) -> None:
        """Note that it is known what there is to show."""
        self.first_push.set()
        self._stop_deadline()

    @callback
    def _start_deadline(self) -> None:
        self._cancel_deadline = async_call_later(
            self.hass, port_coordinator.SETUP_TIMEOUT, self._deadline_job
        )

    @callback
    def _stop_deadline(self) -> None:
        if self._cancel_deadline:
            self._cancel_deadline()
            self._cancel_deadline = None

    @callback
    def _on_deadline(self, _now: datetime) -> None:
        """Withdraw the set-up, unless the user is just filling in a dialog."""
        entry = self.config_entry
        self._cancel_deadline = None
        if self._is_closed:
            return  # it is just unloaded, and might be loaded again
        if has_dialog(self.hass, entry):
            self._start_deadline()
            return
        self._failure_run.withdraw(self._obstacle)
        self.hass.config_entries.async_schedule_reload(entry.entry_id)
