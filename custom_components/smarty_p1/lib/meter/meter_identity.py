"""Decision whether a telegram is from the meter of a port.

A verified telegram proves that its sender has the key for the telegram's DLMS system title. The
serial number in a telegram is only a claim of the sender. So the first verified telegram of a
system title decides which serial number belongs to that title.
"""

from collections.abc import Callable
from typing import Protocol

from ..p1.frame_decryptor import FrameDecryptor
from ..p1.telegram import Telegram
from .meter_clock import MeterClock
from .meter_memory import MeterMemory
from .meter_reader import MeterReader
from .object_count_and_rate_limits import shown_name

# After this number of telegrams in a row from another meter, that meter replaces the port's meter.
_MIN_FOREIGN_TELEGRAMS = 3


type DecryptorOf = Callable[[bytes], FrameDecryptor | None]


class MeterRegistry(Protocol):
    """Meters, found by their DLMS system titles."""

    @property
    def decryptor_of(self) -> DecryptorOf | None:
        """Function that returns the decryptor for a system title, or None if there is no key.

        The function is None for plain telegrams.
        """

    def reader_of(self, telegram: Telegram) -> MeterReader | None:
        """Return the reader of the meter that sent a telegram. Return None for another meter.

        In both cases, the telegram's frame counter is remembered.
        """

    def memory_of(self, title: bytes) -> MeterMemory | None:
        """Return the memory of the meter with the system title `title`, None if it is unknown."""


class WhichMeter(MeterRegistry, Protocol):
    """The one meter of a port, and the keys for all telegrams that arrive at the port.

    Telegrams of other meters may arrive at the port, too.
    """

    @property
    def title(self) -> bytes | None:
        """Return the system title of the port's meter, None if it is unknown."""


class NamedMeter:
    """Meter of a port. The user has chosen the meter by its serial number.

    `decryptor` is None if the meter sends plain telegrams.
    """

    def __init__(
        self, serial_number: str, reader: MeterReader, decryptor: FrameDecryptor | None
    ) -> None:
        self._serial_number = serial_number
        self._reader = reader
        self._decryptor = decryptor
        # The meter's system title may still be unknown. So this function returns the same decryptor
        # for every system title.
        self.decryptor_of: DecryptorOf | None = (lambda _title: decryptor) if decryptor else None
        memory = reader.memory
        if memory.system_title:
            memory.names.setdefault(memory.system_title, shown_name(serial_number))

    @property
    def title(self) -> bytes | None:
        """Return the last system title of this meter, None before its first telegram."""
        return self._reader.memory.system_title

    def reader_of(self, telegram: Telegram) -> MeterReader | None:
        """Return the reader if the telegram is from this meter. Return None for any other telegram.

        The telegram must have this meter's serial number. Only a telegram with this meter's last
        system title may lack the serial number. For a verified telegram with another system title,
        a further condition applies. The first telegram with that system title must have had this
        meter's serial number.
        """
        memory, title = self._reader.memory, telegram.system_title
        if self._decryptor and title is not None and telegram.frame_counter is not None:
            memory.note_counter(self._decryptor, title, telegram.frame_counter)
        if not self._is_ours(telegram):
            return None
        if title != memory.system_title:
            memory.clock = MeterClock()  # another module, with another clock
            memory.system_title = title
        return self._reader

    def memory_of(self, title: bytes) -> MeterMemory | None:
        """Return the memory of this meter, None for the system title of another meter.

        Before the first telegram, any system title may be this meter's.
        """
        memory = self._reader.memory
        return memory if memory.system_title in {None, title} else None

    def _is_ours(self, telegram: Telegram) -> bool:
        memory, title, name = self._reader.memory, telegram.system_title, telegram.serial_number
        has_our_name = name == self._serial_number
        if title is not None and title == memory.system_title:
            return name is None or has_our_name
        if name is None:
            return False
        if memory.system_title is None and not has_our_name:
            # Return before the call of `is_named`, because `is_named` would remember the foreign
            # system title.
            return False
        return memory.is_named(telegram) and has_our_name


class FirstMeter:
    """Meter of a port: at first, the meter that sends the first telegram.

    If three telegrams in a row come from the same other meter, the other meter becomes the port's
    meter. `title` is the DLMS system title of the port's meter, None before the first telegram.
    """

    def __init__(self, meters: MeterRegistry, title: bytes | None) -> None:
        self.title = title
        self.decryptor_of: DecryptorOf | None = meters.decryptor_of
        self._meters = meters
        self._other_title = b""
        self._others = 0

    def reader_of(self, telegram: Telegram) -> MeterReader | None:
        """Return the reader for a telegram of the port's meter. Return None for another meter."""
        title, reader = telegram.system_title, self._meters.reader_of(telegram)
        if title is None or reader is None:
            return None
        if self.title not in (None, title):
            self._others = self._others + 1 if title == self._other_title else 1
            self._other_title = title
            if self._others < _MIN_FOREIGN_TELEGRAMS:
                return None
        self.title = title
        self._others = 0
        return reader

    def memory_of(self, title: bytes) -> MeterMemory | None:
        """Return the memory of the meter with the system title `title`, None if it is unknown."""
        return self._meters.memory_of(title)
