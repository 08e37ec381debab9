"""Ports at which an output listens. A port that cannot be used now is tried again."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

from ..const import LOGGER
from ..coordinator.background_tasks import SupervisedTask
from ..coordinator.repair_issues import is_raised, raise_issue, withdraw_issues
from ..coordinator.telegram_source import TelegramMeter
from ..lib.problem import Problem

RETRY_INTERVAL_S = 30.0


class Port(NamedTuple):
    """Port number, and the function that opens the port."""

    number: int
    open: Callable[[], Awaitable[None]]


class ListeningPorts:
    """Ports of one output. A repair issue names the ports that cannot be used now.

    The meter is set up without them, because the address or a port may become available later.
    `closed` has the ports that are not open yet.
    """

    def __init__(
        self,
        coordinator: TelegramMeter,
        problem: Problem,
        address: str,
        ports: Iterable[Port],
        on_attempt: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare the ports. `on_attempt` is called after each attempt to open them."""
        self.closed = [*ports]
        self._coordinator = coordinator
        self._problem = problem
        self._address = address
        self._on_attempt = on_attempt

    async def async_open(self) -> None:
        """Open the ports. Those that fail are tried again until the entry is unloaded."""
        await self._async_attempt()
        hass, entry = self._coordinator.hass, self._coordinator.config_entry
        SupervisedTask(hass, entry, self._keep_trying, self._problem).start()

    async def _keep_trying(self) -> None:
        while self.closed:
            await asyncio.sleep(RETRY_INTERVAL_S)
            await self._async_attempt()

    async def _async_attempt(self) -> None:
        hass, entry = self._coordinator.hass, self._coordinator.config_entry
        problem, before = self._problem, len(self.closed)
        errors: dict[Port, str] = {}
        for port in self.closed:
            try:
                await port.open()
            except OSError as err:
                errors[port] = err.strerror or str(err)
        self.closed = [*errors]
        if not errors:
            withdraw_issues(hass, entry, [problem])
        elif len(errors) < before or not is_raised(hass, entry, problem):
            numbers = ", ".join(str(port.number) for port in errors)
            error = next(iter(errors.values()))
            LOGGER.warning("%s: %s cannot use port %s: %s", entry.title, problem, numbers, error)
            raise_issue(hass, entry, problem, address=self._address, port=numbers, error=error)
        self._on_attempt()
