"""Gateway: a program that publishes the data of P1 ports to an MQTT broker or to NATS.

Without keys, the gateway publishes encrypted frames as the meters sent them. Consumers with the key
verify tag and frame counter. With keys, the gateway verifies frames and publishes decoded values.
"""

from .config_table import ConfigError, ConfigTable, UnavailableError, read_toml
from .gateway_config import GatewayConfig, read_config
from .key_file import Keys, MeterKeys
from .key_source import KeysSource, read_keys_source
from .service import new_loop, run

__all__ = [
    "ConfigError",
    "ConfigTable",
    "GatewayConfig",
    "Keys",
    "KeysSource",
    "MeterKeys",
    "UnavailableError",
    "new_loop",
    "read_config",
    "read_keys_source",
    "read_toml",
    "run",
]
