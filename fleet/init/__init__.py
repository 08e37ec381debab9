"""Makes the files of a fleet: certificates, accounts, passwords, configurations, next commands."""

from .inputs import EXAMPLE
from .make import init

__all__ = ["EXAMPLE", "init"]
