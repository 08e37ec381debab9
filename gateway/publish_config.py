"""The tables `[keys]` and `[publish]`: what is decoded, and in which form it goes to the broker."""

from dataclasses import dataclass
from typing import Any

from smartyp1.publish import (
    DEFAULT_PREFIX,
    LIFETIME,
    MAX_INTERVAL,
    Discovery,
    Format,
)

from .config_table import ConfigError, ConfigTable
from .entity_texts import languages, load_origin, load_texts
from .keys import Keys, read_keys

DEFAULT_LANGUAGE = "en"
_FORMATS = ", ".join(f'"{each}"' for each in Format)


@dataclass(frozen=True, slots=True)
class PublishConfig:
    """What is published of decoded telegrams, and at most once in `min_interval` seconds.

    Without `discovery`, no Home Assistant finds the meters by itself.
    """

    form: Format
    retain: bool
    min_interval: float
    discovery: Discovery | None


@dataclass(frozen=True, slots=True)
class DecodingConfig:
    """The keys of the meters, and what is published of their telegrams."""

    keys: Keys
    publish: PublishConfig


def take_decoding(content: dict[str, Any]) -> DecodingConfig | None:
    """Take both tables out of a file, None when there are no keys. Raises ConfigError."""
    publish = ConfigTable("publish", content.pop("publish", {}))
    if "keys" not in content:
        if publish.is_left:
            msg = "[publish] needs [keys]: without them, frames are published as they came"
            raise ConfigError(msg)
        return None
    table = ConfigTable("keys", content.pop("keys"))
    keys = read_keys(table)
    table.end()
    if keys is None:
        table.fail("file", "is missing: where the keys of the meters are; or command")
    decoding = DecodingConfig(keys, _read_publish(publish))
    publish.end()
    return decoding


def _read_publish(table: ConfigTable) -> PublishConfig:
    text = table.take_text("format", Format.VALUES) or ""
    if text not in Format:
        table.fail("format", f"must be one of {_FORMATS}")
    seconds = table.take("min_interval", int, 0) or 0
    if not 0 <= seconds <= MAX_INTERVAL:
        table.fail("min_interval", f"must be from 0 to {MAX_INTERVAL} seconds")
    retain = table.take("retain", bool, default=False) or False
    return PublishConfig(Format(text), retain, seconds, _read_discovery(table, seconds))


def _read_discovery(table: ConfigTable, seconds: float) -> Discovery | None:
    prefix = table.take_topic("discovery_prefix") or DEFAULT_PREFIX
    language = table.take_text("language", DEFAULT_LANGUAGE) or ""
    if language not in (known := languages()):
        table.fail("language", f"must be one of {', '.join(known)}")
    if not table.take("discovery", bool, default=False):
        return None
    return Discovery(load_texts(language), load_origin(), prefix, seconds + LIFETIME)
