"""What is wrong with a key; the base of all errors. None of their texts ever contains a key."""


class P1Error(Exception):
    """The base of all errors of this package."""


class KeyFormatError(P1Error):
    """A key is not 16 bytes written as 32 hexadecimal digits."""
