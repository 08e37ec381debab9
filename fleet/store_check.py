"""Whether what is configured is a VictoriaMetrics that can be written to: asked once."""

import logging
from collections.abc import Iterable

import aiohttp

from smarty_p1_gateway import ConfigError

from .store_config import StoreConfig
from .store_process import (
    DIFFERENT,
    ERRORS,
    StoreError,
    StoreProcess,
    WrongStoreError,
    ask_each,
    check_status,
    open_session,
    why,
)

LOGGER = logging.getLogger(__name__)

_WRITE_TIMEOUT = aiohttp.ClientTimeout(total=5)


async def refuse_wrong_store(config: StoreConfig) -> None:
    """Raise ConfigError for what will never be a VictoriaMetrics that can be written to."""
    async with open_session() as session:
        answers = await ask_each(session, config.urls, config.login)
    _refuse_wrong(answers.values())


async def check_store(config: StoreConfig) -> None:
    """Raise ConfigError for what answers otherwise than it should; log who does not answer."""
    async with open_session() as session:
        answers = await ask_each(session, config.urls, config.login)
        _refuse_wrong(answers.values())
        if len({one.name for one in answers.values() if isinstance(one, StoreProcess)}) > 1:
            msg = f"[store] urls: {DIFFERENT}"
            raise ConfigError(msg)
        for url, answer in answers.items():
            try:
                if isinstance(answer, Exception):
                    raise answer
                # Its metrics may be for everybody, and writing not: nothing is written here.
                async with session.post(
                    f"{url}/write", data=b"", timeout=_WRITE_TIMEOUT, **config.login.options
                ) as response:
                    check_status(response, 204)
            except StoreError as error:
                msg = f"[store] {error}"
                raise ConfigError(msg) from None
            except ERRORS as error:
                LOGGER.warning("[store] VictoriaMetrics could not be asked (%s)", why(error))


def _refuse_wrong(answers: Iterable[StoreProcess | Exception]) -> None:
    for answer in answers:
        if isinstance(answer, WrongStoreError):
            msg = f"[store] {answer}"
            raise ConfigError(msg)
