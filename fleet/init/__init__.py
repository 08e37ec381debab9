"""Generator of a fleet's files: certificates, accounts, passwords, configurations, commands."""

from .inputs import EXAMPLE
from .make import init

__all__ = ["EXAMPLE", "init"]
