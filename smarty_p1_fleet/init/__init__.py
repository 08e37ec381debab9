"""Generator of a fleet's files: certificates, accounts, passwords, configurations, commands."""

from .file_generation import init
from .fleet_description import EXAMPLE, read_inputs
from .watching_check import check_watching

__all__ = ["EXAMPLE", "check_watching", "init", "read_inputs"]
