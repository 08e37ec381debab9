"""The collector: sealed frames of a NATS cluster to verified values in VictoriaMetrics."""

from .again import read_again
from .config import CollectorConfig, read_config
from .move_counters import load_counters, save_counters
from .service import run

__all__ = ["CollectorConfig", "load_counters", "read_again", "read_config", "run", "save_counters"]
