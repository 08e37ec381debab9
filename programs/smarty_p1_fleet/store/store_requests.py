"""Requests to VictoriaMetrics: TLS, status of answers, and identity of the process that answers."""

import asyncio
import logging
import re
import ssl
from collections.abc import Mapping
from contextlib import suppress
from itertools import cycle
from typing import NamedTuple

import aiohttp

from smarty_p1_fleet.outage_log import AlreadyLoggedError, reason
from smarty_p1_gateway.config_table import raise_config_error
from smartyp1.bounds import bounded_body

from .store_config import StoreConfig
from .store_login import REFUSED_LOGIN_TEXTS, StoreLogin

LOGGER = logging.getLogger(__name__)

_MAX_NAME_CHARS = 256
# Request answers without compression. A compressed answer could expand to any size.
_PLAIN = {"Accept-Encoding": "identity"}
_HOST = "X-Server-Hostname"
# HTTP statuses of a server that is overloaded or unreachable. A later request may succeed.
_TEMPORARY = frozenset({429, 502, 503, 504})
_ASK_TIMEOUT = aiohttp.ClientTimeout(total=5)
_MAX_RESPONSE_BYTES = 4 * 1024 * 1024
_START_TIME = b"\nprocess_start_time_seconds "
_UPTIME = b"\nvm_app_uptime_seconds "
# Pattern of the metric that contains the data path. If two processes have started on one machine in
# the same second, only the data path distinguishes them.
_PATH = re.compile(rb'\nflag\{name="storageDataPath", ?value="([^"\n]{0,1000})"')
# Pattern of the metric that contains the version. The version begins with the program's name,
# except in the builds of Linux distributions.
_PRODUCT = re.compile(rb'\nvm_app_version\{[^}\n]{0,200}?\bversion="(vm[a-z]+|victoria-[a-z]+)\b')
_STORE = "victoria-metrics"
_CLUSTER = (
    "it is a part of VictoriaMetrics' cluster ({}), which does not say when its vmstorage have kept"
    " a value: a single-node VictoriaMetrics is needed"
)
_OTHER = (
    "{} answers, and not VictoriaMetrics itself, which alone can say when it has kept a value: give"
    " the address of VictoriaMetrics, also for /metrics"
)
_OF_CLUSTER = frozenset({"vminsert", "vmselect", "vmstorage"})
# Signs of programs that `vm_app_version` does not name. Each pair has the beginning of a metric's
# name, and the name of the only program with such a metric.
_TELLING = ((b"\nvm_rpc_", "vminsert"), (b"\nvmagent_", "vmagent"), (b"\nvmauth_", "vmauth"))
DIFFERENT = "its addresses lead to different processes: they must be those of one VictoriaMetrics"


class StoreError(AlreadyLoggedError):
    """Error for an unexpected answer of VictoriaMetrics."""


class WrongStoreError(StoreError):
    """Error if a program other than single-node VictoriaMetrics answers. Waiting does not help."""


class NotAllowedError(StoreError):
    """Error for a refused request. Perhaps the login does not allow it. Waiting does not help."""


ERRORS = (aiohttp.ClientError, OSError, TimeoutError, StoreError)


def open_session() -> aiohttp.ClientSession:
    """Return an HTTP session without cookies and decompression."""
    return aiohttp.ClientSession(
        headers=_PLAIN, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
    )


def host_of(response: aiohttp.ClientResponse) -> str:
    """Return the host name that VictoriaMetrics gives in a header, or "" without such a header."""
    return response.headers.get(_HOST, "")[:_MAX_NAME_CHARS]


def check_status(
    response: aiohttp.ClientResponse,
    status: int,
    advice: Mapping[int, str] = REFUSED_LOGIN_TEXTS,
) -> None:
    """Raise StoreError unless the HTTP status of `response` is `status`.

    `advice` has the end of the error's text for some statuses.
    """
    if response.status != status:
        msg = f"it answers with {response.status}{advice.get(response.status, '')}"
        raise StoreError(msg) if response.status in _TEMPORARY else NotAllowedError(msg)


def why(error: BaseException) -> str:
    """Return a text without secrets about an error of a request to VictoriaMetrics."""
    inner = getattr(error, "os_error", None) or error
    if isinstance(inner, ssl.SSLCertVerificationError):
        return f"TLS: its certificate is not trusted, {inner.verify_message}"
    if isinstance(inner, ssl.SSLError) and inner.reason:
        return f"TLS: {inner.reason}"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "it hangs up; over https:// it may want a certificate_file, or another one"
    return reason(error)


async def read_answer(response: aiohttp.ClientResponse, most: int) -> bytes:
    """Return the body of an answer. Raises StoreError if it has more than `most` bytes."""
    body = await bounded_body(response.content.iter_any(), most)
    if body is None:
        raise StoreError("its answer is too long")
    return body


class StoreProcess(NamedTuple):
    """VictoriaMetrics process. `name` identifies it, `uptime` is in seconds."""

    name: str
    host: str
    uptime: float


class StoreAnswers(NamedTuple):
    """Processes of one VictoriaMetrics by address, and the errors of the other addresses."""

    processes: dict[str, StoreProcess]
    errors: list[Exception]

    @property
    def are_different(self) -> bool:
        """Return whether the addresses lead to different processes."""
        return len({process.name for process in self.processes.values()}) > 1

    def first(self) -> tuple[str, StoreProcess]:
        """Return the first address that answered, and its process. Raises an error of ERRORS."""
        if not self.processes:
            raise self.errors[0]
        return next(iter(self.processes.items()))


async def ask_each(session: aiohttp.ClientSession, config: StoreConfig) -> StoreAnswers:
    """Return the answers of the addresses. Raises WrongStoreError if another program answers.

    With `metrics_url`, all addresses lead through a proxy to one process. Then only `metrics_url`
    is asked.
    """
    urls = [config.metrics_url] if config.metrics_url else config.urls
    asking = (_ask(session, url, config.login) for url in urls)
    answers = await asyncio.gather(*asking, return_exceptions=True)
    found = StoreAnswers({}, [])
    for url, answer in zip(config.urls, cycle(answers), strict=False):
        if isinstance(answer, StoreProcess):
            found.processes[url] = answer
        elif isinstance(answer, WrongStoreError) or not isinstance(answer, ERRORS):
            raise answer
        else:
            found.errors.append(answer)
    return found


async def _ask(session: aiohttp.ClientSession, url: str, login: StoreLogin) -> StoreProcess:
    async with session.get(f"{url}/metrics", timeout=_ASK_TIMEOUT, **login.options) as response:
        check_status(response, 200)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise StoreError("its metrics are compressed")
        text = b"\n" + await read_answer(response, _MAX_RESPONSE_BYTES)
        host = host_of(response)
    refuse_others(text)
    start, uptime = _value_of(_START_TIME, text), _value_of(_UPTIME, text)
    path = _PATH.search(text)
    parts = (start, host, path[1].decode(errors="replace") if path else "")
    return StoreProcess(" ".join(part for part in parts if part), host, float(uptime))


def refuse_others(text: bytes) -> None:
    """Raise WrongStoreError if the metrics `text` come from another program, such as vmauth.

    The first line of `text` must be empty, because the patterns begin with a line break.
    """
    match = _PRODUCT.search(text)
    product = match[1].decode() if match else ""
    if product == _STORE:
        return
    product = product or next((name for sign, name in _TELLING if sign in text), "")
    if product:
        raise WrongStoreError((_CLUSTER if product in _OF_CLUSTER else _OTHER).format(product))


async def check_store(config: StoreConfig, *, is_thorough: bool = True) -> None:
    """Raise ConfigError if a program other than single-node VictoriaMetrics answers.

    With `is_thorough`, also raise ConfigError if the addresses lead to different processes, or if a
    test write is refused. The thorough check also logs the addresses that do not answer.
    """
    async with open_session() as session:
        try:
            answers = await ask_each(session, config)
            if is_thorough:
                await _check_thoroughly(session, config, answers)
        except StoreError as error:
            raise_config_error(f"[store] {error}")


async def _check_thoroughly(
    session: aiohttp.ClientSession, config: StoreConfig, answers: StoreAnswers
) -> None:
    """Raise StoreError for different processes, or for a refused question or test write."""
    if answers.are_different:
        raise StoreError(f"urls: {DIFFERENT}")
    errors, options = [*answers.errors], config.login.options
    for url in answers.processes:
        # The metrics may be public although writing needs a login. So test the login by an empty
        # write.
        try:
            async with session.post(
                f"{url}/write", data=b"", timeout=_ASK_TIMEOUT, **options
            ) as response:
                check_status(response, 204)
        except ERRORS as error:
            errors.append(error)
    for failure in errors:
        if isinstance(failure, StoreError):
            raise failure
        LOGGER.warning("[store] VictoriaMetrics could not be asked (%s)", why(failure))


def _value_of(name: bytes, text: bytes) -> str:
    value = text.partition(name)[2].partition(b"\n")[0].strip()
    with suppress(ValueError):
        float(value)
        return value.decode()
    raise StoreError(f"its metrics have no {name.decode().strip()}: is it VictoriaMetrics?")
