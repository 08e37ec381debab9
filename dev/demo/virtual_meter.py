"""Virtual meter of the demo's meter 1.

Home Assistant's integrations homewizard and shelly read this virtual meter.
"""

from collections.abc import AsyncIterator

from .client import AlreadyThereError, Client
from .home_assistant import HOST

# The port of the virtual meter is the port of the first meter plus this number. Meters (up to 198),
# boards and the broker have lower ports.
_PORT_OFFSET = 199


def virtual_port(meter_port: int) -> int:
    """Return the TCP port of the virtual meter. `meter_port` is the port of the first meter."""
    return meter_port + _PORT_OFFSET


async def add_virtual(client: Client, entry_id: str, meter_port: int) -> AsyncIterator[str]:
    """Enable the virtual meter of a config entry. Add it to the integrations homewizard and shelly.

    Yield a description of each step. A repair issue then warns the user that the Energy dashboard
    would count the energy of the added devices twice.
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
