"""Collector: reads encrypted frames from NATS, writes verified values to VictoriaMetrics."""

from .config import CollectorConfig, read_config
from .export_csv import Span, read_store_config, write_csv
from .forget import forget_meter
from .reprocess import read
from .service import check, run

__all__ = [
    "CollectorConfig",
    "Span",
    "check",
    "forget_meter",
    "read",
    "read_config",
    "read_store_config",
    "run",
    "write_csv",
]
