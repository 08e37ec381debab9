"""The collector: sealed frames of a NATS cluster to verified values in VictoriaMetrics."""

from .config import CollectorConfig, read_config
from .move_counters import load_counters, save_counters
from .service import check, run

__all__ = ["CollectorConfig", "check", "load_counters", "read_config", "run", "save_counters"]
