"""Generator of a fleet's files: certificates, accounts, passwords, configurations, commands."""

from .file_generation import init
from .fleet_description import EXAMPLE, read_inputs
from .monitoring_check import check_monitoring

__all__ = ["EXAMPLE", "check_monitoring", "init", "read_inputs"]
