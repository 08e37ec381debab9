"""Error that ends the program with a message instead of a traceback."""


class UsageError(Exception):
    """Error for an invalid use of the command line. Its text describes the fault."""
