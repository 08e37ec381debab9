"""What ends the program with a message instead of a traceback."""


class UsageError(Exception):
    """The command line asks for something that cannot be; the text says what."""
