"""Splitter of a board's bytes into lines of text."""

MAX_LINE_SIZE = 256

_CR, _LF = b"\r\n"


class LineSplitter:
    """Splitter of a board's bytes into lines, which end in CR, LF or CRLF.

    Lines of more than `MAX_LINE_SIZE` bytes or with unprintable characters are dropped as noise.
    """

    def __init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """Forget the unfinished line. The next bytes begin a new line."""
        self._line = bytearray()
        self._is_too_long = False
        self._last = _LF

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that `data` completes, without their line ends."""
        lines = []
        for byte in data:
            if byte in {_CR, _LF}:
                if byte == _CR or self._last != _CR:
                    lines += self._end_line()
            elif len(self._line) < MAX_LINE_SIZE:
                self._line.append(byte)
            else:
                self._is_too_long = True
            self._last = byte
        return lines

    def _end_line(self) -> list[str]:
        line, self._line = self._line, bytearray()
        is_too_long, self._is_too_long = self._is_too_long, False
        try:
            text = line.decode()
        except UnicodeDecodeError:
            return []
        text = text.replace("\t", " ").strip(" ")
        return [text] if text.isprintable() and not is_too_long else []
