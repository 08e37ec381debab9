"""The table [store] of a configuration: addresses of VictoriaMetrics, and the login."""

import logging
import os
import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from smarty_p1_gateway import ConfigTable
from smarty_p1_gateway.config_table import (
    TEXT,
    TEXTS,
    at_most,
    elsewhere,
    expanded_path,
    line_of_file,
    refuse,
    restricted_kind,
)

from .store_login import StoreLogin

LOGGER = logging.getLogger(__name__)

STORE_PASSWORD_VARIABLE = "SMARTY_P1_STORE_PASSWORD"  # noqa: S105 - its name
DEFAULT_NAME = "store"
_NAME = restricted_kind(
    TEXT,
    re.compile(r"[A-Za-z0-9_-]{1,32}").fullmatch,
    "must have 1 to 32 of A-Z, a-z, 0-9, _ and -",
)
_USERNAME = restricted_kind(TEXT, lambda text: ":" not in text, "must not have a colon in it")
_MAX_ADDRESSES = 8
_MAX_AUTH_KEY_CHARS = 1024
# This pattern refuses a URL with a login, because URLs are shown in logs and in lists of processes.
_URL = re.compile(r"https?://[A-Za-z0-9.:_\[\]-]+(?:/[A-Za-z0-9._~/:-]*)?")
_TEXTS = at_most(TEXTS, _MAX_ADDRESSES, "addresses")
_AUTH_KEY = at_most(line_of_file, _MAX_AUTH_KEY_CHARS, "characters in its first line")
_IS_CLUSTER = re.compile(r"/(?:insert|select)/(?:[0-9]+|multitenant)(?::[0-9]+)?(?:/|$)").search
_FILES = ("password_file", "token_file", "ca_file", "certificate_file", "key_file")
_OF_TLS = frozenset(_FILES[2:])


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """Settings of one VictoriaMetrics with one address or several.

    `delete_auth_key` permits the deletion of series. `metrics_url` is VictoriaMetrics' own address
    if `urls` lead to a proxy. `name` stands for this VictoriaMetrics in NATS: NATS gives each frame
    to one of the collectors whose settings have the same `name`.
    """

    urls: tuple[str, ...]
    login: StoreLogin = field(default_factory=StoreLogin)
    delete_auth_key: str | None = field(default=None, repr=False)
    metrics_url: str | None = None
    name: str = DEFAULT_NAME


def read_store(table: ConfigTable) -> StoreConfig:
    """Return the settings in the table [store]. Raises ConfigError."""
    key = "urls" if "urls" in table else "url"
    urls, metrics_url = _read_urls(table), table.take_value("metrics_url", _url)
    username, password, files = _read_login(table)
    if not all(url.startswith("https:") for url in urls):
        for file in _OF_TLS & files.keys():
            table.fail(file, f"is for https://, which {key} has not")
    is_secret = username is not None or "token_file" in files
    if is_secret and not all(map(_is_safe, (*urls, metrics_url or "https:"))):
        LOGGER.warning("[store] the login goes over the network unencrypted: https:// protects it")
    login = StoreLogin(files, username, password)
    auth_key = table.take_value("delete_auth_key_file", _AUTH_KEY)
    return StoreConfig(
        urls, login, auth_key, metrics_url, table.take_value("name", _NAME, DEFAULT_NAME)
    )


def _read_urls(table: ConfigTable) -> tuple[str, ...]:
    if "urls" not in table:
        return (table.need("url", _url, "VictoriaMetrics, such as http://127.0.0.1:8428"),)
    if "url" in table:
        table.fail("url", "and urls are both there: one of them is enough")
    return table.take_value("urls", _urls, ())


def _urls(value: object) -> tuple[str, ...]:
    return tuple(map(_url, _TEXTS(value)))


def _url(value: object) -> str:
    url = TEXT(value)
    try:
        parts = urlsplit(url)
        is_usable = parts.hostname and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or not _URL.fullmatch(url):
        refuse("must be like http://127.0.0.1:8428, without a login in it")
    if _IS_CLUSTER(parts.path):
        refuse(
            "is an address of VictoriaMetrics' cluster, which does not say when its vmstorage"
            " have kept a value: a single-node VictoriaMetrics is needed",
        )
    return url.rstrip("/")


def _is_safe(url: str) -> bool:
    if url.startswith("https:"):
        return True
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _read_login(table: ConfigTable) -> tuple[str | None, str | None, dict[str, Path]]:
    """Return the user name, the password, and the paths of the login files.

    The paths are in a dict, by their keys in _FILES. Raises ConfigError.
    """
    username = table.take_value("username", _USERNAME)
    for name in ("password", "token"):
        table.take_value(name, elsewhere(f"{name}_file"))
    files = {key: file for key in _FILES if (file := table.take_value(key, expanded_path))}
    password = None if "password_file" in files else os.environ.get(STORE_PASSWORD_VARIABLE) or None
    has_password = password or "password_file" in files
    if username is None and "password_file" in files:
        table.fail("username", "is missing: there is a password without one")
    if username and "token_file" in files:
        table.fail("username", "and token_file are both there: one of them is enough")
    if username and not has_password:
        table.fail("password_file", f"is missing, and so is ${STORE_PASSWORD_VARIABLE}")
    if ("certificate_file" in files) != ("key_file" in files):
        missing = "key_file" if "certificate_file" in files else "certificate_file"
        table.fail(missing, "is missing: certificate and key belong together")
    return username, password, files
