"""Virtual meter of the demo's meter 1.

Home Assistant's integrations homewizard and shelly read this virtual meter.
"""

from functools import partial

from .client import Client, attempt
from .home_assistant import HOST
from .progress import Progress

# The port of the virtual meter is the port of the first meter plus this number. Meters (up to 198),
# boards and the broker have lower ports.
_PORT_OFFSET = 199


def virtual_port(meter_port: int) -> int:
    """Return the TCP port of the virtual meter. `meter_port` is the port of the first meter."""
    return meter_port + _PORT_OFFSET


async def add_virtual(client: Client, entry_id: str, meter_port: int, progress: Progress) -> None:
    """Enable the virtual meter of a config entry. Add it to the integrations homewizard and shelly.

    A repair issue then warns the user that the Energy dashboard would count the energy of the added
    devices twice.
    """
    port = virtual_port(meter_port)
    options = {"enabled": True, "address": HOST, "port": port}
    step = f"switching the virtual meter of meter 1 on, at {HOST}:{port}"
    enable = partial(client.set_options, entry_id, virtual_meter=options)
    if not await attempt(progress, step, enable):
        return
    for handler, fields in (
        ("homewizard", {"ip_address": f"{HOST}:{port}"}),
        ("shelly", {"host": HOST, "port": port}),
    ):
        step = f"adding it with the config flow of {handler}"
        await attempt(progress, step, partial(client.run_flow, handler, **fields))
