"""The collector: encrypted frames of a NATS cluster to verified values in VictoriaMetrics."""

from .config import CollectorConfig, read_config
from .export_csv import Span, export_csv, read_store_config
from .forget import forget
from .reprocess import read
from .service import check, run

__all__ = [
    "CollectorConfig",
    "Span",
    "check",
    "export_csv",
    "forget",
    "read",
    "read_config",
    "read_store_config",
    "run",
]
