"""A gateway within this process, the broker that it publishes to, and a port that it reads."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from dev.encoder import KEY, TITLE
from dev.meter_port import MeterPort
from dev.ports import free_ports
from smarty_p1_gateway import read_config, run

HOST = "127.0.0.1"
PATIENCE = 240.0
_NOT_AUTHORIZED = 0x87


class Message(NamedTuple):
    """A published message."""

    topic: str
    payload: bytes
    retain: bool


async def until(condition: Callable[[], bool]) -> None:
    """Wait for an effect of other programs."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)


class _Fields:
    """The fields of a packet, one after the other."""

    def __init__(self, content: bytes) -> None:
        self.rest = content

    def take(self, size: int) -> bytes:
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken

    def text(self) -> bytes:
        return self.take(int.from_bytes(self.take(2)))

    def skip_properties(self) -> None:
        self.take(self.take(1)[0])  # the properties in these tests have less than 128 bytes


class Subscription(NamedTuple):
    """A topic to which a client subscribes, and whether it wants its own messages."""

    topic: str
    writer: asyncio.StreamWriter
    no_local: bool

    def tell(self, payload: bytes, *, retain: bool) -> None:
        name = self.topic.encode()
        content = len(name).to_bytes(2) + name + b"\0" + payload
        size, digits = len(content), b""
        while size > 0x7F:
            digits += bytes([size & 0x7F | 0x80])
            size >>= 7
        self.writer.write(bytes([0x30 | retain]) + digits + bytes([size]) + content)


class Broker:
    """An MQTT 5 broker that keeps retained messages, passes messages on, and publishes wills.

    It refuses the topics for which `refuses` is true, and packets of more than `largest` bytes.
    """

    def __init__(self) -> None:
        self.port = free_ports()
        self.messages: list[Message] = []
        self.kept: dict[str, bytes] = {}
        self.refuses: Callable[[str], bool] = lambda _: False
        self.largest = 0xFFFF
        self.clients = 0
        self.qos: dict[str, int] = {}
        self.will: tuple[str, bytes] | None = None
        self.subscriptions: list[Subscription] = []

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve as long as the context lasts; then end without a goodbye."""
        server = await asyncio.start_server(self._serve, HOST, self.port)
        try:
            yield
        finally:
            server.close()
            server.close_clients()
            await until(lambda: not self.clients)

    def at(self, topic: str) -> list[bytes]:
        return [message.payload for message in self.messages if message.topic == topic]

    async def until(self, topic: str, *payloads: bytes) -> None:
        """Wait until this, and nothing else, came at a topic."""
        await until(lambda: len(self.at(topic)) >= len(payloads))
        assert self.at(topic) == [*payloads]

    async def until_last(self, topic: str, payload: bytes) -> None:
        await until(lambda: self.at(topic)[-1:] == [payload])

    def publish(self, topic: str, payload: bytes) -> None:
        """Keep and pass on a message of another program."""
        self._note(topic, payload, retain=True)

    def _note(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool,
        writer: asyncio.StreamWriter | None = None,
    ) -> None:
        self.messages.append(Message(topic, payload, retain))
        for subscription in self.subscriptions:
            is_own = subscription.writer is writer and subscription.no_local
            if subscription.topic == topic and not is_own:
                subscription.tell(payload, retain=False)
        if retain and payload:
            self.kept[topic] = payload
        elif retain:
            self.kept.pop(topic, None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.clients += 1
        will: tuple[str, bytes] | None = None
        try:
            with suppress(asyncio.IncompleteReadError, OSError):
                while True:
                    first, packet = await _read(reader)
                    match first >> 4:
                        case 1:
                            self.will = will = _will(packet)
                            limit = b"\x27" + self.largest.to_bytes(4)
                            writer.write(bytes([0x20, 8, 0, 0, len(limit)]) + limit)
                        case 3:
                            self._on_publish(first, packet, writer)
                        case 8:
                            self._on_subscribe(packet, writer)
                        case 12:
                            writer.write(b"\xd0\0")
                        case 14:
                            will = None
                            break
        finally:
            self.clients -= 1
            self.subscriptions = [
                subscription
                for subscription in self.subscriptions
                if subscription.writer is not writer
            ]
            writer.close()
            if will:
                self._note(*will, retain=True)

    def _on_publish(self, first: int, packet: _Fields, writer: asyncio.StreamWriter) -> None:
        topic = packet.text().decode()
        self.qos[topic] = first >> 1 & 3
        number = packet.take(2) if self.qos[topic] else b""
        packet.skip_properties()
        is_refused = self.refuses(topic)
        if not is_refused:
            self._note(topic, packet.rest, retain=bool(first & 1), writer=writer)
        if number:
            reason = bytes([_NOT_AUTHORIZED if is_refused else 0])
            writer.write(b"\x40\x03" + number + reason)

    def _on_subscribe(self, packet: _Fields, writer: asyncio.StreamWriter) -> None:
        number = packet.take(2)
        packet.skip_properties()
        added = []
        while packet.rest:
            topic = packet.text().decode()
            added.append(Subscription(topic, writer, bool(packet.take(1)[0] & 4)))
        self.subscriptions += added
        content = number + b"\0" + bytes(len(added))
        writer.write(bytes([0x90, len(content)]) + content)
        for subscription in added:
            if subscription.topic in self.kept:
                subscription.tell(self.kept[subscription.topic], retain=True)


async def _read(reader: asyncio.StreamReader) -> tuple[int, _Fields]:
    first, size, shift = (await reader.readexactly(1))[0], 0, 0
    while True:
        digit = (await reader.readexactly(1))[0]
        size |= (digit & 0x7F) << shift
        shift += 7
        if digit < 0x80:
            return first, _Fields(await reader.readexactly(size))


def _will(packet: _Fields) -> tuple[str, bytes] | None:
    packet.text()
    packet.take(1)
    flags = packet.take(1)[0]
    packet.take(2)
    packet.skip_properties()
    packet.text()
    if flags & 0x3C != 0x2C:  # a will that is retained, with QoS 1
        return None
    packet.skip_properties()
    return packet.text().decode(), packet.text()


@contextmanager
def full(file: Path, table: str) -> Iterator[None]:
    """Let a table of a database take no rows as long as the context lasts."""
    with closing(sqlite3.connect(file)) as database:
        database.execute(
            f"CREATE TRIGGER full BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
        yield
        database.execute("DROP TRIGGER full")


class Gateway:
    """The running program of `smarty-p1 gateway` with a configuration."""

    def __init__(
        self, directory: Path, broker: Broker, *lines: MeterPort, options: str = ""
    ) -> None:
        """Read ports called house, shed and attic; `options` come before them."""
        self.path = directory / "gateway.toml"
        self._lines = lines
        ports = "".join(
            f'[[port]]\naddress = "{line.url}"\nname = "{name}"\n'
            for line, name in zip(lines, ("house", "shed", "attic"), strict=False)
        )
        self.path.write_text(
            f'[mqtt]\nhost = "{HOST}"\nport = {broker.port}\n{options}\n{ports}', encoding="utf-8"
        )

    def remove_names(self) -> None:
        text = re.sub(r'(?m)^name = ".*"\n', "", self.path.read_text("utf-8"))
        self.path.write_text(text, "utf-8")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        """Run as long as the context lasts, and end as by a signal."""
        task = asyncio.create_task(run(read_config(self.path)))
        try:
            for line in self._lines:
                await line.wait_for_clients(1)
            yield task
        finally:
            task.cancel()
            await asyncio.wait([task])
            for line in self._lines:
                await line.wait_for_clients(0)


def keys(directory: Path, *, title: str = TITLE.hex(), key: bytes = KEY) -> str:
    """Write a file of keys; return the table [keys]."""
    path = directory / "keys"
    path.write_text(f"{title} {key.hex()}\n", "ascii")
    path.chmod(0o600)
    return f'[keys]\nfile = "{path}"\n'
