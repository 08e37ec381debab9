"""Which meter speaks, and whether it may say so.

A verified telegram proves that its writer has a key, and so whose system title it is; the serial
number in it is only what that meter says. So a title and a serial number belong together from the
first verified telegram on.
"""

from collections.abc import Callable
from typing import Protocol

from ..p1 import FrameDecryptor, Telegram
from .reading import MeterReader
from .telegram_limits import shown_name

# So many telegrams of another meter, and none of the port's own between them.
_ENOUGH = 3


type DecryptorOf = Callable[[bytes], FrameDecryptor | None]


class WhichMeter(Protocol):
    """Knows the meter of a port, and the keys of whatever speaks there.

    `decryptor_of` returns what opens the frames of a system title, None without its key; it is None
    itself where meters send plain telegrams.
    """

    decryptor_of: DecryptorOf | None

    def reader_of(self, telegram: Telegram) -> MeterReader | None:
        """Return what reads a telegram, None when it is of another meter than the port's.

        Its frame counter is remembered in any case.
        """


class NamedMeter:
    """The meter of a port is the one with a serial number, which somebody has chosen.

    It has one key, None when it sends plain telegrams.
    """

    def __init__(
        self, serial_number: str, reader: MeterReader, decryptor: FrameDecryptor | None
    ) -> None:
        self._serial_number = serial_number
        self._reader = reader
        self._decryptor = decryptor
        # Whoever has the key may be the meter.
        self.decryptor_of: DecryptorOf | None = (lambda _title: decryptor) if decryptor else None
        memory = reader.memory
        if memory.system_title:
            memory.names.setdefault(memory.system_title, shown_name(serial_number))

    def reader_of(self, telegram: Telegram) -> MeterReader | None:
        """Return the reader when the telegram names the meter, or its title proves it."""
        memory, title = self._reader.memory, telegram.system_title
        if self._decryptor and title is not None and telegram.frame_counter is not None:
            memory.note_counter(self._decryptor, title, telegram.frame_counter)
        if not self._is_ours(telegram):
            return None
        memory.system_title = title
        return self._reader

    def _is_ours(self, telegram: Telegram) -> bool:
        memory, title, name = self._reader.memory, telegram.system_title, telegram.serial_number
        has_our_name = name == self._serial_number
        if title is not None and title == memory.system_title:
            return name is None or has_our_name
        if name is None:
            return False
        if memory.system_title is None and not has_our_name:
            return False  # what belongs together is not known before the meter has spoken
        return memory.is_named(telegram) and has_our_name


class MeterRegistry(Protocol):
    """The meters of several ports, by their system titles."""

    def decryptor_of(self, title: bytes) -> FrameDecryptor | None:
        """Return what opens the frames of a system title, None without its key."""

    def reader_of(self, telegram: Telegram) -> MeterReader | None:
        """Return what reads a verified telegram, None when it names what is another meter's."""


class FirstMeter:
    """The meter of a port is the one that speaks there first, until it is exchanged.

    That is when another one has sent three telegrams in a row. `title` is its system title, None
    before there is one.
    """

    def __init__(self, meters: MeterRegistry, title: bytes | None = None) -> None:
        self.title = title
        self.decryptor_of: DecryptorOf | None = meters.decryptor_of
        self._meters = meters
        self._other_title = b""
        self._others = 0

    def reader_of(self, telegram: Telegram) -> MeterReader | None:
        """Return the reader of the port's meter when the telegram is of it."""
        title, reader = telegram.system_title, self._meters.reader_of(telegram)
        if title is None or reader is None:
            return None
        if self.title not in (None, title):
            self._others = self._others + 1 if title == self._other_title else 1
            self._other_title = title
            if self._others < _ENOUGH:
                return None
        self.title = title
        self._others = 0
        return reader
