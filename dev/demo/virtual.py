"""The virtual meter of the first meter, read by Home Assistant's own homewizard and shelly."""

from collections.abc import AsyncIterator

from .client import AlreadyThereError, Client
from .home_assistant import HOST

# Behind the first meter's port: above those of all meters and of what --all adds.
_DISTANCE = 199


def virtual_port(meter_port: int) -> int:
    """Return the port of the virtual meter."""
    return meter_port + _DISTANCE


async def add_virtual(client: Client, entry_id: str, meter_port: int) -> AsyncIterator[str]:
    """Switch the virtual meter of an entry on, and add it as other meters; say each step.

    It counts twice then, and Home Assistant says so in a repair.
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
