"""The tables [keys] and [publish] of the configuration: how to decode and publish telegrams."""

import json
from dataclasses import dataclass
from pathlib import Path

from smartyp1.json_types import JsonDict, leaves
from smartyp1.publish.mqtt_discovery import Discovery, DiscoveryNames
from smartyp1.publish.mqtt_messages import LIFETIME
from smartyp1.publish.publish_format import (
    DEFAULT_PREFIX,
    DOMAIN,
    MAX_INTERVAL_S,
    REPEAT_EVERY_S,
    Format,
)

from .config_table import FLAG, TOPIC, ConfigTable, number_up_to, one_of, raise_config_error
from .key_file import Keys
from .key_source import read_keys_source

DEFAULT_LANGUAGE = "en"
# Texts, icons and manifest of the integration: in a clone of the repository, links to them.
_TEXTS = Path(__file__).parent / "texts"


@dataclass(frozen=True, slots=True)
class PublishConfig:
    """Options for publishing decoded telegrams. `min_interval` is in seconds.

    Without `discovery`, Home Assistant does not find the meters. Unchanged values are sent again
    every `repeat_every` seconds; 0 means with each telegram.
    """

    form: Format
    retain: bool
    min_interval: float
    discovery: Discovery | None
    repeat_every: float = REPEAT_EVERY_S


@dataclass(frozen=True, slots=True)
class DecodingConfig:
    """Keys of the meters, and the options for publishing their telegrams."""

    keys: Keys
    publish: PublishConfig


def read_decoding(top: ConfigTable) -> DecodingConfig | None:
    """Return the settings in the tables [keys] and [publish]. Return None without the table [keys].

    Raises ConfigError.
    """
    publish = top.table("publish")
    if "keys" not in top:
        if publish.keys:
            raise_config_error(
                "[publish] needs [keys]: without them, frames are published as they came"
            )
        return None
    table = top.table("keys")
    keys = read_keys_source(table, may_change=False).read_keys()
    table.end()
    decoding = DecodingConfig(keys, _read_publish(publish))
    publish.end()
    return decoding


def _read_publish(table: ConfigTable) -> PublishConfig:
    form = table.take_value("format", one_of(Format), Format.VALUES)
    interval = number_up_to(MAX_INTERVAL_S, " seconds")
    seconds = table.take_value("min_interval", interval, 0.0)
    repeat_every = table.take_value("repeat_every", interval, REPEAT_EVERY_S)
    retain = table.take_value("retain", FLAG, default=False)
    discovery = _read_discovery(table, seconds)
    return PublishConfig(Format(form), retain, seconds, discovery, repeat_every)


def _read_discovery(table: ConfigTable, seconds: float) -> Discovery | None:
    prefix = table.take_value("discovery_prefix", TOPIC, DEFAULT_PREFIX)
    language = table.take_value("language", one_of(_languages()), DEFAULT_LANGUAGE)
    if not table.take_value("discovery", FLAG, default=False):
        return None
    return Discovery(_load_texts(language), _load_origin(), prefix, seconds + LIFETIME)


def version() -> str:
    """Return the version of the program."""
    return str(_read("manifest.json")["version"])


def _read(*parts: str) -> JsonDict:
    content: JsonDict = json.loads(_TEXTS.joinpath(*parts).read_text("utf-8"))
    return content


def _languages() -> list[str]:
    """Return the languages in which entities have names, sorted."""
    return sorted(path.stem for path in (_TEXTS / "translations").glob("*.json"))


def _load_texts(language: str) -> DiscoveryNames:
    """Return the names of devices and entities in `language`, and their icons."""
    translations = _read("translations", f"{language}.json")
    names = {kind: translations[kind] for kind in ("device", "entity")}
    return DiscoveryNames(dict(leaves(names)), _read("icons.json")["entity"])


def _load_origin() -> dict[str, str]:
    """Return the origin of the discovery messages: name, version and web page of the program."""
    manifest = _read("manifest.json")
    return {
        "name": DOMAIN,
        "sw_version": manifest["version"],
        "support_url": manifest["documentation"],
    }
