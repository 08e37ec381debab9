"""Connection to the NATS cluster for one command of an operator."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.errors import BucketNotFoundError

from smarty_p1_gateway import UnavailableError

from .collector_client import CollectorClient
from .collector_config import CollectorConfig
from .frame_stream import METERS

API_TIMEOUT = 10.0


@asynccontextmanager
async def connected(config: CollectorConfig) -> AsyncIterator[Client]:
    """Yield a connected client. Raises UnavailableError if NATS or a file cannot be used."""
    nats = CollectorClient(config.nats)

    async def ignore(_: Exception) -> None:
        pass

    async def closed() -> None:
        pass

    try:
        await nats.open(ignore, closed, reconnect=False)
        yield nats
    except BucketNotFoundError:
        msg = f"there is no bucket {METERS}: no collector has worked with this login"
        raise UnavailableError(msg) from None
    except OSError as error:
        msg = f"NATS or the file cannot be used: {error.strerror or type(error).__name__}"
        raise UnavailableError(msg) from None
    except NatsError as error:
        msg = f"NATS does not do it: {str(error) or type(error).__name__}"
        raise UnavailableError(msg) from None
    finally:
        with suppress(NatsError, OSError, TimeoutError):
            await nats.close()
