"""The tables [keys] and [publish] of the configuration: how to decode and publish telegrams."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smartyp1.publish.mqtt_discovery import Discovery, DiscoveryNames
from smartyp1.publish.mqtt_messages import LIFETIME
from smartyp1.publish.publish_format import (
    DEFAULT_PREFIX,
    DOMAIN,
    MAX_INTERVAL,
    REPEAT_EVERY,
    Format,
)

from .config_table import ConfigError, ConfigTable
from .key_file import Keys
from .key_source import read_keys

DEFAULT_LANGUAGE = "en"
# Possible directories of the texts, icons and manifest. The first directory exists in an installed
# package, the second in a clone of the repository.
_TEXT_DIRECTORIES = (
    Path(__file__).parent / "texts",
    Path(__file__).resolve().parents[1] / "custom_components" / "smarty_p1",
)
_FORMATS = ", ".join(f'"{format_}"' for format_ in Format)


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
    repeat_every: float = REPEAT_EVERY


@dataclass(frozen=True, slots=True)
class DecodingConfig:
    """Keys of the meters, and the options for publishing their telegrams."""

    keys: Keys
    publish: PublishConfig


def read_decoding(
    content: dict[str, Any], make_table: Callable[[str, object], ConfigTable]
) -> DecodingConfig | None:
    """Return the settings in the tables [keys] and [publish]. Return None without the table [keys].

    Raises ConfigError.
    """
    publish = make_table("publish", content.pop("publish", {}))
    if "keys" not in content:
        if publish.is_left:
            msg = "[publish] needs [keys]: without them, frames are published as they came"
            raise ConfigError(msg)
        return None
    table = make_table("keys", content.pop("keys"))
    keys = read_keys(table)
    table.end()
    if keys is None:
        table.fail("file", "is missing: where the keys of the meters are; or command")
    decoding = DecodingConfig(keys, _read_publish(publish))
    publish.end()
    return decoding


def _read_publish(table: ConfigTable) -> PublishConfig:
    text = table.take_text("format", Format.VALUES)
    if text not in Format:
        table.fail("format", f"must be one of {_FORMATS}")
    seconds = table.take_seconds("min_interval", MAX_INTERVAL, 0)
    repeat_every = table.take_seconds("repeat_every", MAX_INTERVAL, REPEAT_EVERY)
    retain = table.take("retain", bool, default=False)
    discovery = _read_discovery(table, seconds)
    return PublishConfig(Format(text), retain, seconds, discovery, repeat_every)


def _read_discovery(table: ConfigTable, seconds: float) -> Discovery | None:
    prefix = table.take_topic("discovery_prefix") or DEFAULT_PREFIX
    language = table.take_text("language", DEFAULT_LANGUAGE)
    if language not in (languages := _languages()):
        table.fail("language", f"must be one of {', '.join(languages)}")
    if not table.take("discovery", bool, default=False):
        return None
    return Discovery(_load_texts(language), _load_origin(), prefix, seconds + LIFETIME)


def version() -> str:
    """Return the version of the program."""
    return str(_read("manifest.json")["version"])


def _directory() -> Path:
    return next(place for place in _TEXT_DIRECTORIES if (place / "manifest.json").exists())


def _read(*parts: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(_directory().joinpath(*parts).read_text(encoding="utf-8"))
    return content


def _languages() -> list[str]:
    """Return the languages in which entities have names, sorted."""
    return sorted(path.stem for path in (_directory() / "translations").glob("*.json"))


def _load_texts(language: str) -> DiscoveryNames:
    """Return the names of devices and entities in `language`, and their icons."""
    translations = _read("translations", f"{language}.json")
    names = {kind: translations[kind] for kind in ("device", "entity")}
    return DiscoveryNames(dict(_leaves(names)), _read("icons.json")["entity"])


def _load_origin() -> dict[str, str]:
    """Return the origin of the discovery messages: name, version and web page of the program."""
    manifest = _read("manifest.json")
    return {
        "name": DOMAIN,
        "sw_version": manifest["version"],
        "support_url": manifest["documentation"],
    }


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the dotted path and the text of each leaf of a nested mapping."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
