"""The meters of a village send what they write down, one after the other, and lies between."""

import asyncio
from pathlib import Path

from dev.fleet.meters import key_of, make_meters, next_key_of
from dev.fleet.truth import Attack, Record, Sent, read_record
from dev.fleet.village import Village
from dev.simulator import Server
from smartyp1.p1 import Decoder, Telegram

METERS = 3
SEED = 6


async def test_what_is_read_is_what_is_written_down(tmp_path: Path) -> None:
    meters = make_meters(SEED, 1, METERS)
    record = Record(tmp_path / "record")
    async with Server(meters, interval=1e9, faults=["silence"]) as server:
        readers = []
        # Nobody reads the last one.
        for port in server.ports[:-1]:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            readers.append((reader, writer))
        while server.connections() < len(readers):
            await asyncio.sleep(0.01)
        # Of the second one, the key changes in the middle.
        village = Village(SEED, meters, server, record, {2: next_key_of(SEED, 2)})
        await village.send(seconds=12, interval=1.2)
        await asyncio.sleep(0.2)
    record.close()
    received = [await reader.read() for reader, _ in readers]
    for _, writer in readers:
        writer.close()

    events = [*read_record([tmp_path / "record"])]
    sent = [event for event in events if isinstance(event, Sent)]
    assert [one.meter for one in sent[:METERS]] == [1, 2, 3]
    # Not all at once.
    assert sent[-1].moment - sent[0].moment > 9
    assert [one.was_read for one in sent] == [one.meter < METERS for one in sent]
    attacks = [event for event in events if isinstance(event, Attack)]
    again = {attack.digest for attack in attacks if attack.kind == "replay"}
    assert again
    assert again <= {one.digest for one in sent}
    assert not any(attack.digest for attack in attacks if attack.kind != "replay")
    for number, data in enumerate(received, 1):
        keys = [key_of(SEED, number), next_key_of(SEED, number)]
        told = [
            [
                one.text.decode("ascii")
                for one in Decoder(key).feed(data)
                if isinstance(one, Telegram)
            ]
            for key in keys
        ]
        assert told[0] + told[1] == [one.text for one in sent if one.meter == number]
        assert bool(told[0])
        assert bool(told[1]) == (number == 2)
