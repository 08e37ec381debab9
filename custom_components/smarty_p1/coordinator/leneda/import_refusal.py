"""Error for a file of Leneda's portal that was not imported."""


class ImportRefusedError(Exception):
    """Error for a file that was not imported. `key` and `placeholders` give the translated text."""

    def __init__(self, *, key: str, **placeholders: str) -> None:
        super().__init__(key)
        self.key = key
        self.placeholders = placeholders
