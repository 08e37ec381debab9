"""Generator of a fleet's files: certificates, accounts, passwords, configurations, commands."""

from .file_generation import init
from .fleet_description import EXAMPLE

__all__ = ["EXAMPLE", "init"]
