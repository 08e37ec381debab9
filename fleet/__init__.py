"""The collector: sealed frames of a NATS cluster to verified values in VictoriaMetrics."""

from .config import CollectorConfig, read_config
from .service import run

__all__ = ["CollectorConfig", "read_config", "run"]
