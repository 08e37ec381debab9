"""The collector: encrypted frames of a NATS cluster to verified values in VictoriaMetrics."""

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
