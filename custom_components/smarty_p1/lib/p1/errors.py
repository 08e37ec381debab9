"""Base class of all errors, and the error for a malformed key. Error texts never hold a key."""


class P1Error(Exception):
    """Base class of the errors of this package."""


class KeyFormatError(P1Error):
    """Error for a key that is not 16 bytes, written as 32 hexadecimal digits."""
