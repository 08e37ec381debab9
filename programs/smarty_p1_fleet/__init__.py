"""Collector: a program that reads encrypted frames from NATS and stores verified values.

The values are written to VictoriaMetrics.
"""

from .collector_config import CollectorConfig, read_config
from .frames.frame_rereader import read_again
from .meter_deletion import forget_meter
from .meter_exchange import exchange_meter
from .service import check, run
from .store.export_csv import CsvSpan, new_file, read_store_config, write_csv
from .stream_setup import make_stream

__all__ = [
    "CollectorConfig",
    "CsvSpan",
    "check",
    "exchange_meter",
    "forget_meter",
    "make_stream",
    "new_file",
    "read_again",
    "read_config",
    "read_store_config",
    "run",
    "write_csv",
]
