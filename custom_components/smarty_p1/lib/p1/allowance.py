"""How much the bytes of a line may cause: whoever writes to it must not have the reader overrun."""


class Allowance:
    """So much for each byte received, and what was not used is kept up to the `most` at once."""

    def __init__(self, a_byte: int, most: int) -> None:
        self._a_byte = a_byte
        self._most = most
        self.used = -most

    def left(self, received: int) -> int:
        """Return what is left when so many bytes of the line have come."""
        allowed = self._a_byte * received
        if allowed - self.used > self._most:
            self.used = allowed - self._most
        return allowed - self.used
