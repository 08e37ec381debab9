"""Virtual meter of the demo's meter 1. It is added to the integrations homewizard and shelly."""

from collections.abc import AsyncIterator

from .client import AlreadyThereError, Client
from .home_assistant import HOST

# Offset of the virtual meter's port from the port of the first meter. All meters, boards and the
# broker have lower ports.
_PORT_OFFSET = 199


def virtual_port(meter_port: int) -> int:
    """Return the TCP port of the virtual meter. `meter_port` is the port of the first meter."""
    return meter_port + _PORT_OFFSET


async def add_virtual(client: Client, entry_id: str, meter_port: int) -> AsyncIterator[str]:
    """Enable the virtual meter of a config entry. Add it to the integrations homewizard and shelly.

    Yield a description of each step. Home Assistant then counts the energy twice, so a repair issue
    warns the user.
    """
    port = virtual_port(meter_port)
    yield f"switching the virtual meter of meter 1 on, at {HOST}:{port}"
    options = {"enabled": True, "address": HOST, "port": port}
    await client.set_options(entry_id, virtual_meter=options)
    for handler, fields in (
        ("homewizard", {"ip_address": f"{HOST}:{port}"}),
        ("shelly", {"host": HOST, "port": port}),
    ):
        try:
            await client.run_flow(handler, **fields)
        except AlreadyThereError:
            continue
        yield f"added it with the config flow of {handler}"
