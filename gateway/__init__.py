"""The gateway: P1 ports to an MQTT broker.

Without a key, it passes on frames, sealed as the meters sent them: whoever listens and has the key
verifies tag and frame counter. With it, it publishes what the meters say, verified.
"""

from .config import GatewayConfig, read_config
from .config_table import ConfigError, ConfigTable, UnavailableError, read_toml
from .key_file import Keys, MeterKeys
from .key_source import KeysSource, read_keys, read_keys_source
from .service import run

__all__ = [
    "ConfigError",
    "ConfigTable",
    "GatewayConfig",
    "Keys",
    "KeysSource",
    "MeterKeys",
    "UnavailableError",
    "read_config",
    "read_keys",
    "read_keys_source",
    "read_toml",
    "run",
]
