"""Error that ends the program with a message instead of a traceback."""


class UsageError(Exception):
    """Invalid use of the command line. The text describes the fault."""
