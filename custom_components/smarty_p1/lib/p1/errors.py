"""Base class of all errors, and the error for a malformed key. Error texts never hold a key."""


class P1Error(Exception):
    """Base class of all errors for telegrams, keys and ports. Their texts never contain a key."""


class KeyFormatError(P1Error):
    """Error for a key that does not have 16 bytes (32 hexadecimal digits)."""
