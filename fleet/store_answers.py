"""Requests to VictoriaMetrics: session, errors, and checks of an answer's status, TLS and size."""

import ssl

import aiohttp

from .outage_log import AlreadyLoggedError, reason
from .store_login import REFUSED_LOGIN_TEXTS

_MAX_NAME_CHARS = 256
# Request answers without compression. A compressed answer could expand to any size.
_PLAIN = {"Accept-Encoding": "identity"}
_HOST = "X-Server-Hostname"


class StoreError(AlreadyLoggedError):
    """Error for an unexpected answer of VictoriaMetrics."""


class WrongStoreError(StoreError):
    """Error if a program other than a single VictoriaMetrics answers. Waiting does not help."""


ERRORS = (aiohttp.ClientError, OSError, TimeoutError, StoreError)


def open_session() -> aiohttp.ClientSession:
    """Return an HTTP session without cookies and decompression."""
    return aiohttp.ClientSession(
        headers=_PLAIN, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
    )


def host_of(response: aiohttp.ClientResponse) -> str:
    """Return the store's host name in the headers of an answer. Return "" if it is missing."""
    return response.headers.get(_HOST, "")[:_MAX_NAME_CHARS]


def check_status(response: aiohttp.ClientResponse, status: int) -> None:
    """Raise StoreError unless the HTTP status of `response` is `status`."""
    if response.status != status:
        msg = f"it answers with {response.status}{REFUSED_LOGIN_TEXTS.get(response.status, '')}"
        raise StoreError(msg)


def why(error: BaseException) -> str:
    """Return a text that may be logged for an error of a request to VictoriaMetrics."""
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
    parts = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        parts += chunk
        if len(parts) > most:
            msg = "its answer is too long"
            raise StoreError(msg)
    return bytes(parts)
