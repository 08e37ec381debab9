"""The collector: sealed frames of a NATS cluster to verified values in VictoriaMetrics."""

from .again import read_again
from .config import CollectorConfig, read_config
from .export_csv import Span, export_csv, read_store_config
from .forget import forget
from .move_counters import load_counters, save_counters
from .refill import refill
from .service import check, run

__all__ = [
    "CollectorConfig",
    "Span",
    "check",
    "export_csv",
    "forget",
    "load_counters",
    "read_again",
    "read_config",
    "read_store_config",
    "refill",
    "run",
    "save_counters",
]
